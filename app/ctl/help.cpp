#include "ctl/options.h"

#include <QDir>
#include <QFile>
#include <QRegularExpression>

#include <algorithm>
#include <array>

namespace sixgate::ctl
{

namespace
{

struct CommandHelp {
    const char *name;
    const char *usage;
    const char *what;
    const char *example;
};

constexpr std::array commands = {
    CommandHelp{
        "site", "site new|validate|show|home-snippet [SERVER]|router-url [NAME]",
        "The site file: what is wanted.\n"
        "  new       write one to begin with; refuses to replace one without --force.\n"
        "            --public-name NAME    the name that visitors use\n"
        "            --upstream-name NAME  the name by which the VPS finds the home (default home6.ZONE)\n"
        "            --vps-name NAME       the VPS's own name (default vps.ZONE)\n"
        "            --zone NAME           the DNS zone (default: the public name without its first label)\n"
        "            --dns-server SERVER   the zone's primary, a name or an address (default ns1.ZONE)\n"
        "            --provider NAME       in place of it: the provider that keeps the zone, see dns providers;\n"
        "                                  of powerdns --dns-server names the server with its API (HOST[:PORT])\n"
        "            --credential NAME=VALUE  what it wants that is no secret, e.g. user=me@example.org\n"
        "            --update-url URL      of the provider \"custom\"\n"
        "            --interface-id ID     of the home server, e.g. ::11 or its MAC address;\n"
        "            --lan-name NAME       in place of it: its name in the LAN, e.g. nas.local or nas.fritz.box;\n"
        "                                  without either the server is this machine\n"
        "            --host-key \"TYPE SHA256:…\"  the VPS's SSH host key; vps trust fetches it\n"
        "            --mail ADDRESS        where the certification authority may write to\n"
        "            --agree-to-terms      agree to the terms of the certification authority\n"
        "            Without any of these it writes the handbook's example.\n"
        "  validate  say what is wrong (exit 2) or deserves a word (exit 0).\n"
        "  show      print it in short; with --json as the file has it, defaults left out.\n"
        "  home-snippet [apache|nginx|caddy]  what the home's web server is told so that it hands challenges of the\n"
        "            certification authority over to the VPS (services with \"challenge\": \"http\"), where to put "
        "it,\n"
        "            and how to make the server read it; without a word for each kind of server.\n"
        "  router-url [NAME]  what to enter in a FRITZ!Box or OpenWrt, so that it tells the provider the new prefix "
        "by\n"
        "            itself, of one name or of each; or why that is not possible, and which way instead.",
        "sixgatectl site new --public-name cloud.example.org --interface-id ::11"},
    CommandHelp{
        "dns", "dns providers [NAME]",
        "The providers of DNS that Sixgate knows; with a name: what it can do, what is not proven, and what to\n"
        "enter in the site file. Files of your own may lie in the folder \"providers\" beside the site file.",
        "sixgatectl dns providers desec"},
    CommandHelp{"secret", "secret set NAME | list | remove NAME",
                "The secrets of the site, in the store that --secrets names.\n"
                "  set       read the value from standard input; on a terminal ask for it and show nothing.\n"
                "  list      names of those that are stored, and of those that the site needs and are missing.\n"
                "  remove    forget one.\n"
                "Their names are dns.ACCOUNT.key and dns.ACCOUNT.acme-key, and where they are needed "
                "vps.VPS.passphrase (of the\n"
                "SSH key), vps.VPS.password (to log in with) and vps.VPS.sudo-password.",
                "sixgatectl secret set dns.main.key < key.txt"},
    CommandHelp{
        "home", "home [explain [--ip-json FILE] | ipv4]",
        "The home's prefix, each server's addresses, why each is fit or not, and whether the server answered.\n"
        "  explain   the choice alone, without the proof; with --ip-json from the output of\n"
        "            `ip -j -6 address` that somebody attached to a question (\"-\": standard input).\n"
        "  ipv4      whether visitors can come by IPv4, and so whether you need a VPS: asks the router and the\n"
        "            echo services of the site file. Works without a site file, too.",
        "ip -j -6 address | sixgatectl home explain --ip-json -"},
    CommandHelp{"plan", "plan [--only dns|vps]",
                "What apply would change, in its order, with the differences of files. Touches nothing.",
                "sixgatectl plan"},
    CommandHelp{
        "apply", "apply [--only dns|vps] [--replace-newer] [--no-check]",
        "Does what plan prints, then proves the four paths. Ctrl-C before the VPS's new configuration is in use\n"
        "takes everything back, the records too; after that apply finishes first. A second Ctrl-C leaves at once: "
        "what\n"
        "runs on the VPS goes on by itself, and the next apply goes on from there.\n"
        "  --replace-newer  also what a newer Sixgate has set up on the VPS is replaced.\n"
        "  --no-check       does not prove the four paths afterwards; what it changed itself is read back in any case.",
        "sixgatectl apply"},
    CommandHelp{
        "vps", "vps trust|keys|push-key|rollback|remove|replace",
        "The VPS as a machine of yours.\n"
        "  trust [--new-key]  fetch its SSH host key, show it, and write it to the site file once you have compared "
        "it.\n"
        "            --host-key KEY  the key as you know it: no question is asked, another one is refused.\n"
        "            --new-key  also where another key is pinned: the same machine has a new one.\n"
        "  keys      the SSH keys that may log in there.\n"
        "    keys install [--key FILE]  let this computer in: makes the key FILE where there is none (default\n"
        "            ~/.ssh/sixgate_ed25519), brings it there with the password, asked for once, and from then on\n"
        "            logs in with it.\n"
        "    keys add FILE     let another computer in, by its public key (\"-\": standard input).\n"
        "    keys remove FINGERPRINT  keep a computer out, for example a lost one.\n"
        "  push-key  make this machine's key for the push, and write it to the site file: with it, and after an "
        "apply,\n"
        "            this machine may tell the VPS the home's new address, and nothing else.\n"
        "    push-key add FILE  the key of another machine (\"-\": standard input).\n"
        "  rollback  back to the deployment before the current one.\n"
        "  remove    take everything away again that Sixgate brought to the VPS. Visitors over IPv6 are not "
        "concerned.\n"
        "            --keep-packages  leave the Debian packages.\n"
        "  replace --address IPV4 [--address IPV6]  move to a bare new machine: sets it up, leads visitors there,\n"
        "            and takes everything away from the old one.\n"
        "            Without an address: goes on with a move that broke off, and cleans the old machine.\n"
        "            --host-key KEY  of the new machine; else you are asked to compare it.\n"
        "            --user NAME, --port NUMBER  where the new machine's login is another one.\n"
        "            --bring-key     asks for the new machine's password, and brings the SSH key with it\n"
        "            --abandon-old   the old machine is gone: do not go there any more. Without an address: nothing "
        "else.\n"
        "  --yes     do not ask before doing what was shown (remove, replace, rollback).",
        "sixgatectl vps trust"},
    CommandHelp{
        "keep", "keep",
        "Keeps the site reachable until it is ended: sees each change of the home's address, proves it, and sets the\n"
        "DNS records and tells the VPS at the same time. Needs the secret dns.ACCOUNT.key and, for the push, a key\n"
        "(vps push-key); the administrator's key is not needed on this machine. One a site and machine; several\n"
        "machines agree on who leads. Units for systemd: see the handbook, keep.md.",
        "sixgatectl --secrets systemd keep"},
    CommandHelp{"status", "status [check|pause|resume] [--follow]",
                "What the keeper on this machine sees and has done; exit 3 where something is not as it should be.\n"
                "  check     let it look at everything now, and try again what was refused.\n"
                "  pause, resume  let it change nothing for a while.\n"
                "  --follow  print each change until Ctrl-C.",
                "sixgatectl status"},
    CommandHelp{"history", "history",
                "How long each change of the home's address was felt, and what became otherwise; --json has all of it.",
                "sixgatectl history"},
    CommandHelp{
        "alarm", "alarm test",
        "Whom the site file's \"alarm\" names is told when something at the home is wrong for long, or the home\n"
        "falls silent, and when it is over.\n"
        "  test      send a test message on every channel from this machine, and say what answered; exit 1 where\n"
        "            one could not be told.\n"
        "Secrets: alarm.mail.password (where the mail server has a login), alarm.WEBHOOK.url.",
        "sixgatectl alarm test"},
    CommandHelp{
        "check", "check [--explain] [--report FILE] [--watch] [--format FORMAT]",
        "Proves the four paths of every public name, each from its vantage point, and tells what is wrong.\n"
        "A path that could not be checked counts like a broken one: exit 3.\n"
        "  --explain  also each path's steps, how the cause was found, and what it explains.\n"
        "  --report FILE  also write all of it to FILE, with addresses, names, people and keys replaced, to\n"
        "            show to others. --force replaces a file that is there.\n"
        "  --watch   check again and again, and print a line for each change, until Ctrl-C.\n"
        "            --interval SECONDS  10 to 3600, default 60.\n"
        "  --format FORMAT  text (default); json (as --json); nagios: one line, and the exit codes of a plugin;\n"
        "            prometheus: metrics as text.\n"
        "  --path PATH  only this path: v4, upstream, v6 or lan; may be given more than once.\n"
        "sixgatectl help CODE tells more about a condition, for example: sixgatectl help stale-aaaa;\n"
        "sixgatectl help codes lists all codes.",
        "sixgatectl check --json | jq .allWork"},
};

const char *const general = "Options\n"
                            "  --site FILE      the site file (default: ~/.config/sixgate/site.json)\n"
                            "  --secrets STORE  keychain (default), dir:FOLDER, file:FILE, systemd, or stdin\n"
                            "  --json           print JSON instead of text (see the handbook, json.md)\n"
                            "  --help, --version\n"
                            "\n"
                            "Exit codes: 0 all well; 1 failed; 2 bad usage or input;\n"
                            "            3 plan has changes; a path is broken or could not be checked; check found "
                            "an error.\n";

/// Every code, with its page's heading.
QString codes()
{
    QString text = QStringLiteral("What check can find; sixgatectl help CODE says more about each.\n\n");
    const QDir pages(QStringLiteral(":/sixgate/handbook/conditions"));
    for (const QString &name : pages.entryList({QStringLiteral("*.md")}, QDir::Files, QDir::Name)) {
        QFile page(pages.filePath(name));
        if (name == QLatin1String("README.md") || !page.open(QIODevice::ReadOnly))
            continue;
        text += QStringLiteral("  %1 %2\n")
                    .arg(name.chopped(3).leftJustified(24), QString::fromUtf8(page.readLine()).mid(2).trimmed());
    }
    return text;
}

} // namespace

QString help(const QString &command)
{
    QString text;
    if (command.isEmpty()) {
        text = QStringLiteral("sixgatectl: makes a home behind carrier-grade NAT reachable, and proves it.\n\n"
                              "usage: sixgatectl [OPTIONS] COMMAND\n\n");
        for (const CommandHelp &one : commands)
            text += QStringLiteral("  %1\n").arg(QLatin1String(one.usage));
        text += QStringLiteral("\nExample\n"
                               "  sixgatectl site new --public-name cloud.example.org --interface-id ::11\n"
                               "  sixgatectl plan && sixgatectl apply\n\n"
                               "sixgatectl COMMAND --help says more about each.\n"
                               "sixgatectl help CODE says more about a condition that check has found; \"help codes\"\n"
                               "lists them all.\n\n");
    }
    for (const CommandHelp &one : commands) {
        if (command == QLatin1String(one.name))
            text = QStringLiteral("usage: sixgatectl [OPTIONS] %1\n\n%2\n\nExample\n  %3\n\n")
                       .arg(QLatin1String(one.usage), QString::fromUtf8(one.what), QString::fromUtf8(one.example));
    }
    return text + QString::fromUtf8(general);
}

QString conditionPage(const QString &code)
{
    if (code == QLatin1String("codes"))
        return codes();
    static const QRegularExpression form(QStringLiteral("\\A[a-z0-9-]+\\z"));
    if (!form.match(code).hasMatch())
        return {};
    QFile page(QStringLiteral(":/sixgate/handbook/conditions/%1.md").arg(code));
    return page.open(QIODevice::ReadOnly) ? QString::fromUtf8(page.readAll()) : QString();
}

bool isCommand(const QString &name)
{
    return std::any_of(commands.begin(), commands.end(),
                       [&](const CommandHelp &one) { return name == QLatin1String(one.name); });
}

} // namespace sixgate::ctl
