#include "ctl/commands.h"
#include "ctl/json.h"

#include <algorithm>
#include <cstdio>
#include <termios.h>
#include <unistd.h>

namespace sixgate::ctl
{

namespace
{

using namespace std::chrono_literals;

constexpr auto patience = 60s; // a keychain may ask the user to unlock it
constexpr qsizetype mostBytes = 64 * 1024;

/// Echo is off while this lives.
class NoEcho
{
public:
    NoEcho()
    {
        m_changed = tcgetattr(STDIN_FILENO, &m_before) == 0;
        termios silent = m_before;
        silent.c_lflag &= ~tcflag_t(ECHO);
        if (m_changed)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    ~NoEcho()
    {
        if (m_changed)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &m_before);
    }
    NoEcho(const NoEcho &) = delete;
    NoEcho &operator=(const NoEcho &) = delete;

private:
    termios m_before{};
    bool m_changed = false;
};

Result<Secret> readValue(Output &output, const QString &name)
{
    const bool terminal = isatty(STDIN_FILENO);
    std::optional<NoEcho> hidden;
    if (terminal) {
        output.remark(QStringLiteral("Value of %1 (not shown): ").arg(name));
        hidden.emplace();
    }
    QByteArray bytes;
    bytes.reserve(mostBytes + 1); // one allocation: no copy of a secret stays behind
    char c = 0;
    while (bytes.size() <= mostBytes) {
        const ssize_t got = ::read(STDIN_FILENO, &c, 1);
        if (got <= 0 || (terminal && c == '\n'))
            break;
        bytes.append(c);
    }
    if (terminal)
        output.remark(QStringLiteral("\n"));
    if (bytes.size() > mostBytes)
        return fail(ErrorCode::Invalid, QStringLiteral("The value is longer than 64 KiB."));
    // The line end that echo and editors add is not part of it.
    while (bytes.endsWith('\n') || bytes.endsWith('\r'))
        bytes.chop(1);
    if (bytes.isEmpty())
        return fail(
            ErrorCode::Invalid, QStringLiteral("The value of %1 is empty.").arg(name), {},
            QStringLiteral("Give it on standard input, for example: sixgatectl secret set %1 < key.txt").arg(name));
    return Secret(std::move(bytes));
}

std::vector<QString> wantedBy(const Site &site)
{
    std::vector<QString> names;
    for (const DnsAccount &account : site.dns) {
        names.push_back(dnsKeySecret(account));
        names.push_back(dnsAcmeKeySecret(account));
    }
    return names;
}

int list(Output &output, SecretStore &store, const Site &site)
{
    const auto names = store.list();
    if (!names)
        return giveUp(output, names.error(), QStringLiteral("secret list"));
    const auto wanted = wantedBy(site);
    QJsonArray stored, missing;
    for (const QString &name : *names) {
        stored.append(name);
        output.print(name + QLatin1Char('\n'));
    }
    for (const QString &name : wanted) {
        if (std::find(names->begin(), names->end(), name) != names->end())
            continue;
        missing.append(name);
        output.print(QStringLiteral("%1  %2\n").arg(name, output.bad(QStringLiteral("missing"))));
    }
    QJsonObject out = document(QStringLiteral("secret list"));
    out[QStringLiteral("place")] = store.place();
    out[QStringLiteral("stored")] = stored;
    out[QStringLiteral("missing")] = missing;
    output.document(out);
    return AllWell;
}

int done(Output &output, const QString &command, const QString &name, const QString &sentence)
{
    output.print(sentence);
    QJsonObject out = document(command);
    out[QStringLiteral("name")] = name;
    output.document(out);
    return AllWell;
}

} // namespace

int runSecret(const Options &options, Output &output, std::stop_token stop)
{
    const QString what = options.words.value(1);
    const QString name = options.words.value(2);
    const QString command = QStringLiteral("secret ") + what;
    const bool lists = what == QLatin1String("list");
    const bool sets = what == QLatin1String("set");
    if (!lists && !sets && what != QLatin1String("remove"))
        return giveUp(output,
                      {ErrorCode::Invalid,
                       QStringLiteral("\"secret\" takes set NAME, list or remove NAME, for example: sixgatectl secret "
                                      "set dns.main.key."),
                       {},
                       {}},
                      {});
    if (auto fits = noMoreWords(options, lists ? 2 : 3); !fits)
        return giveUp(output, fits.error(), command);
    if (!lists && name.isEmpty())
        return giveUp(
            output,
            {ErrorCode::Invalid,
             QStringLiteral("The name of the secret is missing, for example: sixgatectl %1 dns.main.key.").arg(command),
             {},
             {}},
            command);
    const auto site = siteOf(options);
    if (!site) {
        giveUp(output, site.error(), command);
        return BadInput;
    }
    if (sets && options.secrets == QLatin1String("stdin"))
        return giveUp(output,
                      {ErrorCode::Invalid,
                       QStringLiteral("--secrets stdin keeps nothing, so nothing can be stored there."),
                       {},
                       QStringLiteral("Name a store that keeps it: keychain, dir:FOLDER or file:FILE.")},
                      command);
    auto store = openSecretStore(options.secrets, site->name);
    if (!store)
        return giveUp(output, store.error(), command);
    if (lists)
        return list(output, **store, *site);
    if (sets) {
        const auto value = readValue(output, name);
        if (!value)
            return giveUp(output, value.error(), command);
        if (auto kept = (*store)->set(name, *value, Deadline::after(patience), stop); !kept)
            return giveUp(output, kept.error(), command);
        return done(output, command, name, QStringLiteral("Stored %1 in %2.\n").arg(name, (*store)->place()));
    }
    if (auto gone = (*store)->remove(name, Deadline::after(patience), stop); !gone)
        return giveUp(output, gone.error(), command);
    return done(output, command, name, QStringLiteral("Removed %1 from %2.\n").arg(name, (*store)->place()));
}

} // namespace sixgate::ctl
