#include "ctl/commands.h"
#include "ctl/input.h"
#include "ctl/ipv4.h"
#include "ctl/json.h"
#include "decide/addresses.h"
#include "engine/engine.h"
#include "engine/home.h"
#include "observe/home.h"
#include "transport/fd.h"

#include <QFile>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace sixgate::ctl
{

namespace
{

constexpr qint64 mostBytes = 16 * 1024 * 1024;

Result<LinkSeen> linkFrom(const QString &path, std::stop_token stop)
{
    const bool piped = path == QLatin1String("-");
    const QString place = QStringLiteral("--ip-json %1").arg(piped ? QStringLiteral("(standard input)") : path);
    // Non-blocking: a named pipe that nobody writes to must not hold up the program.
    const Fd file(piped ? -1 : ::open(QFile::encodeName(path).constData(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!piped && !file.valid())
        return fail(ErrorCode::NotFound, QStringLiteral("%1: The input could not be read.").arg(place),
                    QString::fromLocal8Bit(std::strerror(errno)));
    auto text = readInput(piped ? STDIN_FILENO : file.get(), ReadUntil::End, mostBytes, stop);
    auto link = text ? parseIpJson(*text) : Result<LinkSeen>(passOn(text));
    if (!link && link.error().code != ErrorCode::Cancelled)
        link.error().summary = QStringLiteral("%1: %2").arg(place, link.error().summary);
    return link;
}

/// The servers of the site file; nothing where there is none.
std::vector<HomeServer> serversOf(const Options &options, Outcome &told)
{
    const auto site = siteOf(options);
    if (!site && (site.error().code != ErrorCode::NotFound || options.siteNamed))
        told = passOn(site);
    return site ? site->servers : std::vector<HomeServer>();
}

QJsonValue chosenJson(const AddressChoice &choice)
{
    return choice.chosen ? QJsonValue(choice.chosen->text()) : QJsonValue(QJsonValue::Null);
}

int explain(const Options &options, Output &output, std::stop_token stop)
{
    const bool given = options.has("--ip-json");
    // Somebody else's addresses are judged as they are; the site file of this machine says nothing about them.
    Outcome told;
    auto servers = given ? std::vector<HomeServer>() : serversOf(options, told);
    if (!told) {
        giveUp(output, told.error(), QStringLiteral("home explain"));
        return BadInput;
    }
    const bool named = !servers.empty();
    if (!named)
        servers.push_back({*Label::parse(QStringLiteral("this-machine")), AddressOfThisMachine{}, std::nullopt});
    const auto link = given ? linkFrom(options.value("--ip-json"), stop)
                            : readLinkFor(servers, Deadline::after(std::chrono::seconds(3)), stop);
    if (!link) {
        // A file that cannot be read is bad input, too.
        giveUp(output, link.error(), QStringLiteral("home explain"));
        return !given || link.error().code == ErrorCode::Cancelled ? Failed : BadInput;
    }

    QJsonArray prefixes;
    for (const Ipv6Prefix &prefix : homePrefixes(*link))
        prefixes.append(prefix.text());
    QJsonArray chosen;
    for (const HomeServer &server : servers) {
        const AddressChoice choice = chooseAddress(server, *link);
        const QString name = named ? server.name.text() : QString();
        chosen.append(QJsonObject{{QStringLiteral("server"), name},
                                  {QStringLiteral("chosen"), chosenJson(choice)},
                                  {QStringLiteral("candidates"), json(choice.candidates)}});
        if (named)
            output.print(output.strong(name) + QLatin1Char('\n'));
        output.print(choice.chosen ? QStringLiteral("Chosen: %1\n").arg(output.good(choice.chosen->text()))
                                   : QStringLiteral("Chosen: none; no address is fit to be published.\n"));
        output.print(output.candidates(choice.candidates));
    }
    QJsonObject out = document(QStringLiteral("home explain"));
    out[QStringLiteral("prefixes")] = prefixes;
    const AddressChoice first = chooseAddress(servers.front(), *link);
    out[QStringLiteral("chosen")] = chosenJson(first);
    out[QStringLiteral("candidates")] = json(first.candidates);
    out[QStringLiteral("servers")] = chosen;
    output.document(out);
    return AllWell;
}

} // namespace

int runHome(const Options &options, Output &output, std::stop_token stop)
{
    const bool explains = options.words.value(1) == QLatin1String("explain");
    const bool ipv4 = options.words.value(1) == QLatin1String("ipv4");
    if (auto fits = noMoreWords(options, explains || ipv4 ? 2 : 1); !fits)
        return giveUp(output, fits.error(), {});
    if (ipv4)
        return runHomeIpv4(options, output, stop);
    if (explains)
        return explain(options, output, stop);

    const QString command = QStringLiteral("home");
    auto site = siteOf(options);
    if (!site) {
        giveUp(output, site.error(), command);
        return BadInput;
    }
    // Looking at the home needs no secret.
    class NoSecrets final : public SecretStore
    {
    public:
        Result<Secret> get(const QString &, const Deadline &, std::stop_token) override { return none(); }
        Outcome set(const QString &, const Secret &, const Deadline &, std::stop_token) override { return none(); }
        Result<std::vector<QString>> list() override { return none(); }
        Outcome remove(const QString &, const Deadline &, std::stop_token) override { return none(); }
        QString place() const override { return {}; }

    private:
        static tl::unexpected<Error> none()
        {
            return fail(ErrorCode::NotFound, QStringLiteral("No secret is needed."));
        }
    } secrets;
    Engine engine(std::move(*site), secrets, {[&](const QString &text) { output.activity(text); }, {}, {}});
    output.activity(QStringLiteral("Looking at the home"));
    const auto home = engine.observeHome(stop);
    output.quiet();
    if (!home)
        return giveUp(output, home.error(), command);
    output.print(output.home(*home));
    QJsonObject out = document(command);
    const QJsonObject body = json(*home);
    for (auto one = body.begin(); one != body.end(); ++one)
        out[one.key()] = one.value();
    output.document(out);
    const bool all = std::all_of(home->servers.begin(), home->servers.end(),
                                 [](const ServerSeen &server) { return server.proven.has_value(); });
    return all && home->prefixes ? AllWell : Failed;
}

} // namespace sixgate::ctl
