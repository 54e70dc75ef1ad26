#include "ctl/options.h"

#include <QDir>

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
    CommandHelp{"site", "site new|validate|show",
                "The site file: what is wanted.\n"
                "  new       write one to begin with; refuses to replace one without --force.\n"
                "            --public-name NAME    the name that visitors use\n"
                "            --upstream-name NAME  the name by which the VPS finds the home (default home6.ZONE)\n"
                "            --vps-name NAME       the VPS's own name (default vps.ZONE)\n"
                "            --zone NAME           the DNS zone (default: the public name without its first label)\n"
                "            --dns-server SERVER   the zone's primary, a name or an address (default ns1.ZONE)\n"
                "            --interface-id ID     of the home server, e.g. ::11 or its MAC address;\n"
                "                                  without it the server is this machine\n"
                "            --host-key SHA256:…   fingerprint of the VPS's SSH host key\n"
                "            --mail ADDRESS        where the certification authority may write to\n"
                "            --agree-to-terms      agree to the terms of the certification authority\n"
                "            Without any of these it writes the handbook's example.\n"
                "  validate  say what is wrong (exit 2) or deserves a word (exit 0).\n"
                "  show      print it in short; with --json as the file has it, defaults left out.",
                "sixgatectl site new --public-name cloud.example.org --interface-id ::11"},
    CommandHelp{
        "secret", "secret set NAME | list | remove NAME",
        "The secrets of the site, in the store that --secrets names.\n"
        "  set       read the value from standard input; on a terminal ask for it and show nothing.\n"
        "  list      names of those that are stored, and of those that the site needs and are missing.\n"
        "  remove    forget one.\n"
        "Their names are dns.ACCOUNT.key, dns.ACCOUNT.acme-key and vps.VPS.passphrase (if the SSH key has one).",
        "sixgatectl secret set dns.main.key < key.txt"},
    CommandHelp{"home", "home [explain [--ip-json FILE]]",
                "The home's prefix, each server's addresses, why each is fit or not, and whether the server answered.\n"
                "  explain   the choice alone, without the proof; with --ip-json from the output of\n"
                "            `ip -j -6 address` that somebody attached to a question (\"-\": standard input).",
                "ip -j -6 address | sixgatectl home explain --ip-json -"},
    CommandHelp{"plan", "plan [--only dns|vps]",
                "What apply would change, in its order, with the differences of files. Touches nothing.",
                "sixgatectl plan"},
    CommandHelp{
        "apply", "apply [--only dns|vps]",
        "Does what plan prints, then proves the four paths. Ctrl-C before the VPS's new configuration is in use\n"
        "takes everything back, the records too; after that apply finishes first.",
        "sixgatectl apply"},
    CommandHelp{"check", "check",
                "Proves the four paths of every public name, each from its vantage point.\n"
                "A path that could not be checked counts like a broken one: exit 3.",
                "sixgatectl check --json | jq .allWork"},
};

const char *const general = "Options\n"
                            "  --site FILE      the site file (default: ~/.config/sixgate/site.json)\n"
                            "  --secrets STORE  keychain (default), dir:FOLDER, file:FILE, systemd, or stdin\n"
                            "  --json           print JSON instead of text (see the handbook, json.md)\n"
                            "  --help, --version\n"
                            "\n"
                            "Exit codes: 0 all well; 1 failed; 2 bad usage or input;\n"
                            "            3 plan has changes, or a path is broken or could not be checked.\n";

// Options that take a value; those of `site new` are kept by name.
const QStringList &valued()
{
    static const QStringList list = {
        QStringLiteral("--site"),     QStringLiteral("--secrets"),      QStringLiteral("--only"),
        QStringLiteral("--ip-json"),  QStringLiteral("--public-name"),  QStringLiteral("--upstream-name"),
        QStringLiteral("--vps-name"), QStringLiteral("--zone"),         QStringLiteral("--dns-server"),
        QStringLiteral("--host-key"), QStringLiteral("--interface-id"), QStringLiteral("--mail"),
    };
    return list;
}

QString defaultSiteFile()
{
    // Qt's standard paths need an application name; the place is fixed by the XDG base directory specification.
    const QString base = qEnvironmentVariable("XDG_CONFIG_HOME");
    return (base.startsWith(QLatin1Char('/')) ? base : QDir::homePath() + QStringLiteral("/.config")) +
           QStringLiteral("/sixgate/site.json");
}

tl::unexpected<Finished> usage(const QString &sentence, bool json)
{
    return tl::unexpected<Finished>({sentence, BadInput, true, json});
}

tl::unexpected<Finished> print(const QString &text)
{
    return tl::unexpected<Finished>({text, AllWell, false, false});
}

// Which options make sense where; all others are a mistake worth a word.
tl::expected<void, Finished> checkPlace(const Options &options, const QStringList &used)
{
    const QString command = options.words.value(0);
    const QString sub = options.words.value(1);
    for (const QString &name : used) {
        const bool scope = name == QLatin1String("--only");
        const bool ip = name == QLatin1String("--ip-json");
        const bool fits = scope ? command == QLatin1String("plan") || command == QLatin1String("apply")
                          : ip  ? command == QLatin1String("home") && sub == QLatin1String("explain")
                                : command == QLatin1String("site") && sub == QLatin1String("new");
        if (!fits)
            return usage(QStringLiteral("%1 does not go with \"%2\"; see sixgatectl %3 --help.")
                             .arg(name, options.words.join(QLatin1Char(' ')), command),
                         options.json);
    }
    return {};
}

} // namespace

Error noSuchCommand(const QString &command)
{
    return {ErrorCode::Invalid,
            QStringLiteral("There is no command \"%1\"; see sixgatectl --help.").arg(command.left(40)),
            {},
            {}};
}

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
                               "sixgatectl COMMAND --help says more about each.\n\n");
    }
    for (const CommandHelp &one : commands) {
        if (command == QLatin1String(one.name))
            text = QStringLiteral("usage: sixgatectl [OPTIONS] %1\n\n%2\n\nExample\n  %3\n\n")
                       .arg(QLatin1String(one.usage), QString::fromUtf8(one.what), QString::fromUtf8(one.example));
    }
    return text + QString::fromUtf8(general);
}

tl::expected<Options, Finished> parseOptions(const QStringList &arguments)
{
    Options options;
    options.siteFile = defaultSiteFile();
    options.secrets = QStringLiteral("keychain");
    options.json = arguments.contains(QStringLiteral("--json"));
    QStringList used;
    bool wantsHelp = false;
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        QString name = arguments[i];
        if (!name.startsWith(QLatin1String("-")) || name == QLatin1String("-")) {
            options.words << name;
            continue;
        }
        QString value;
        const qsizetype equals = name.indexOf(QLatin1Char('='));
        const bool attached = equals > 0;
        if (attached) {
            value = name.mid(equals + 1);
            name.truncate(equals);
        }
        if (name == QLatin1String("--help") || name == QLatin1String("-h")) {
            wantsHelp = true;
            continue;
        }
        if (name == QLatin1String("--version"))
            return print(QStringLiteral("sixgatectl " SIXGATE_VERSION "\n"));
        if (!attached && name == QLatin1String("--json"))
            continue;
        if (!attached && (name == QLatin1String("--force") || name == QLatin1String("--agree-to-terms"))) {
            if (name == QLatin1String("--force"))
                options.force = true;
            else
                options.given[name] = QStringLiteral("yes");
            used << name;
            continue;
        }
        if (attached && (name == QLatin1String("--json") || name == QLatin1String("--force") ||
                         name == QLatin1String("--agree-to-terms")))
            return usage(QStringLiteral("The option %1 takes no value.").arg(name), options.json);
        if (!valued().contains(name))
            return usage(QStringLiteral("There is no option %1; see sixgatectl --help.").arg(arguments[i].left(40)),
                         options.json);
        if (!attached) {
            if (i + 1 >= arguments.size() || arguments[i + 1].startsWith(QLatin1String("--")))
                return usage(QStringLiteral("The option %1 needs a value; see sixgatectl --help.").arg(name),
                             options.json);
            value = arguments[++i];
        }
        if (value.isEmpty())
            return usage(QStringLiteral("The option %1 has an empty value.").arg(name), options.json);
        if (name == QLatin1String("--site")) {
            options.siteFile = value;
            options.siteNamed = true;
        } else if (name == QLatin1String("--secrets"))
            options.secrets = value;
        else if (name == QLatin1String("--ip-json"))
            options.ipJson = value;
        else if (name == QLatin1String("--only")) {
            if (value != QLatin1String("dns") && value != QLatin1String("vps"))
                return usage(QStringLiteral("--only takes dns or vps, for example --only dns."), options.json);
            options.scope = value == QLatin1String("dns") ? PlanScope::Dns : PlanScope::Vps;
        } else
            options.given[name] = value;
        if (name != QLatin1String("--site") && name != QLatin1String("--secrets"))
            used << name;
    }
    const QString command = options.words.value(0);
    if (wantsHelp || command == QLatin1String("help")) {
        const QString topic = command == QLatin1String("help") ? options.words.value(1) : command;
        const bool known =
            topic.isEmpty() || std::any_of(commands.begin(), commands.end(),
                                           [&](const CommandHelp &one) { return topic == QLatin1String(one.name); });
        return known ? print(help(topic)) : usage(noSuchCommand(topic).summary, options.json);
    }
    if (command.isEmpty())
        return usage(QStringLiteral("A command is missing, for example: sixgatectl check. See sixgatectl --help."),
                     options.json);
    if (auto fits = checkPlace(options, used); !fits)
        return tl::unexpected<Finished>(fits.error());
    return options;
}

} // namespace sixgate::ctl
