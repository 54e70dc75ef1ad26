#include "ctl/commands.h"
#include "ctl/input.h"
#include "ctl/ipv4.h"
#include "ctl/json.h"
#include "decide/addresses.h"
#include "engine/engine.h"
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

/// The servers of the site file where one is to be had; otherwise this machine alone.
std::vector<std::pair<QString, AddressSource>> sourcesOf(const Options &options, Outcome &told)
{
    std::vector<std::pair<QString, AddressSource>> sources;
    const auto site = siteOf(options);
    if (site) {
        for (const HomeServer &server : site->servers)
            sources.emplace_back(server.name.text(), server.address);
    } else if (site.error().code != ErrorCode::NotFound || options.siteNamed)
        told = passOn(site);
    if (sources.empty())
        sources.emplace_back(QString(), AddressOfThisMachine{});
    return sources;
}

AddressChoice choose(const AddressSource &source, const LinkSeen &link)
{
    if (const auto *own = std::get_if<AddressOfThisMachine>(&source))
        return chooseOwnAddress(link.addresses, own->interface);
    return chooseFromInterfaceId(link, std::get<AddressFromInterfaceId>(source).id);
}

QJsonValue chosenJson(const AddressChoice &choice)
{
    return choice.chosen ? QJsonValue(choice.chosen->text()) : QJsonValue(QJsonValue::Null);
}

int explain(const Options &options, Output &output, std::stop_token stop)
{
    const bool given = options.has("--ip-json");
    const auto link = given ? linkFrom(options.value("--ip-json"), stop) : readLink();
    if (!link) {
        // A file that cannot be read is bad input, too.
        giveUp(output, link.error(), QStringLiteral("home explain"));
        return !given || link.error().code == ErrorCode::Cancelled ? Failed : BadInput;
    }
    // Somebody else's addresses are judged as they are; the site file of this machine says nothing about them.
    Outcome told;
    const auto sources = given ? std::vector<std::pair<QString, AddressSource>>{{QString(), AddressOfThisMachine{}}}
                               : sourcesOf(options, told);
    if (!told) {
        giveUp(output, told.error(), QStringLiteral("home explain"));
        return BadInput;
    }

    QJsonArray prefixes;
    for (const Ipv6Prefix &prefix : homePrefixes(*link))
        prefixes.append(prefix.text());
    QJsonArray servers;
    AddressChoice first;
    for (size_t i = 0; i < sources.size(); ++i) {
        const AddressChoice choice = choose(sources[i].second, *link);
        if (i == 0)
            first = choice;
        servers.append(QJsonObject{{QStringLiteral("server"), sources[i].first},
                                   {QStringLiteral("chosen"), chosenJson(choice)},
                                   {QStringLiteral("candidates"), json(choice.candidates)}});
        if (!sources[i].first.isEmpty())
            output.print(output.strong(sources[i].first) + QLatin1Char('\n'));
        output.print(choice.chosen ? QStringLiteral("Chosen: %1\n").arg(output.good(choice.chosen->text()))
                                   : QStringLiteral("Chosen: none; no address is fit to be published.\n"));
        output.print(output.candidates(choice.candidates));
    }
    QJsonObject out = document(QStringLiteral("home explain"));
    out[QStringLiteral("prefixes")] = prefixes;
    out[QStringLiteral("chosen")] = chosenJson(first);
    out[QStringLiteral("candidates")] = json(first.candidates);
    out[QStringLiteral("servers")] = servers;
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
