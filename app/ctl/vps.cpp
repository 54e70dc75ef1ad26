#include "ctl/vps.h"

#include "ctl/commands.h"
#include "ctl/consoletalk.h"
#include "ctl/input.h"
#include "running/sitework.h"

#include <QFile>

#include <unistd.h>

namespace sixgate::ctl
{

namespace
{

constexpr qsizetype mostKeyFile = 16 * 1024;

/// The machine that the options describe; nothing where they describe none.
Result<std::optional<NewMachine>> newMachine(const Options &options)
{
    const auto given = options.given.find(QStringLiteral("--address"));
    if (given == options.given.end()) {
        for (const char *option : {"--user", "--port", "--host-key", "--bring-key"}) {
            if (options.has(option))
                return fail(
                    ErrorCode::Invalid,
                    QStringLiteral("%1 is of the new machine, whose --address is missing.").arg(QLatin1String(option)));
        }
        return std::optional<NewMachine>();
    }
    NewMachine machine;
    for (const QString &text : given->second) {
        const auto address = parseIpAddress(text);
        if (!address)
            return fail(ErrorCode::Invalid, QStringLiteral("--address: %1").arg(address.error().summary));
        machine.addresses.push_back(*address);
    }
    if (options.has("--user")) {
        auto user = Login::parse(options.value("--user"));
        if (!user)
            return fail(ErrorCode::Invalid, QStringLiteral("--user: %1").arg(user.error().summary));
        machine.user = std::move(*user);
    }
    if (options.has("--port")) {
        auto port = Port::parse(options.value("--port"));
        if (!port)
            return fail(ErrorCode::Invalid, QStringLiteral("--port: %1").arg(port.error().summary));
        machine.port = *port;
    }
    return std::optional(std::move(machine));
}

} // namespace

Outcome confirmHostKey(const Options &options, Output &output, const QString &machine, const PresentedHostKey &key,
                       std::stop_token stop)
{
    if (const QString text = options.value("--host-key"); !text.isEmpty()) {
        const auto known = HostKeyPin::parse(text);
        if (!known)
            return fail(ErrorCode::Invalid, QStringLiteral("--host-key: %1").arg(known.error().summary), {},
                        known.error().fix);
        if (known->fits(key.type, key.fingerprint))
            return {};
        return fail(ErrorCode::HostKey,
                    QStringLiteral("%1 presents another host key than --host-key tells.").arg(machine),
                    QStringLiteral("Presented: %1 %2 (%3).").arg(key.type, key.fingerprint.text(), key.md5),
                    QStringLiteral("Compare it on the console of that machine; nothing was changed."));
    }
    output.print(
        QStringLiteral("%1 presents this host key (%2):\n  %3\n  %4\n"
                       "Compare one of the two with what the machine itself shows: in the provider's web page, or "
                       "on its\nconsole (the web console, not SSH):\n"
                       "  ssh-keygen -l -f /etc/ssh/ssh_host_%5_key.pub        (the second form: with -E md5)\n")
            .arg(machine, key.type, key.fingerprint.text(), key.md5,
                 key.type == QLatin1String("ssh-ed25519") ? QStringLiteral("ed25519") : QStringLiteral("ecdsa")));
    return askYes(output, QStringLiteral("Is it the same? [y/N] "),
                  QStringLiteral("compare it, then add --host-key \"%1 %2\"").arg(key.type, key.fingerprint.text()),
                  stop);
}

Result<QByteArray> publicKeyLine(const QString &file, std::stop_token stop)
{
    if (file == QLatin1String("-"))
        return readInput(STDIN_FILENO, ReadUntil::End, mostKeyFile, stop);
    QFile in(file);
    if (!in.open(QIODevice::ReadOnly))
        return fail(ErrorCode::NotFound, QStringLiteral("%1 cannot be read: %2.").arg(file, in.errorString()));
    return in.read(mostKeyFile + 1);
}

int runVpsJob(const Options &options, Output &output, Site site, SecretStore &secrets, RunStops stops)
{
    const QString what = options.words.value(1);
    const QString command = options.words.mid(0, 2).join(QLatin1Char(' '));
    ConsoleTalk talk(options, output);
    const std::stop_token stop = stops.stop;
    SiteWork work(std::move(site), options.siteFile, secrets, talk, std::move(stops));
    if (what == QLatin1String("rollback"))
        return talk.ended(work.run(RollBackOrder()), command);
    if (what == QLatin1String("remove"))
        return talk.ended(work.run(RemoveOrder{options.has("--keep-packages")}), command);
    auto machine = newMachine(options);
    if (!machine)
        return giveUp(output, machine.error(), command);
    if (*machine && options.has("--bring-key")) {
        auto password =
            askSecret(output, QStringLiteral("Password of the new machine's user (used once, kept nowhere): "),
                      ReadUntil::LineEnd,
                      {ErrorCode::Invalid, QStringLiteral("No password was given on standard input."), {}, {}}, stop);
        if (!password)
            return giveUp(output, password.error(), command);
        (*machine)->password = std::make_shared<const Secret>(std::move(*password));
    }
    return talk.ended(work.run(ReplaceOrder{std::move(*machine), options.has("--abandon-old")}), command);
}

} // namespace sixgate::ctl
