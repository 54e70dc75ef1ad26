#include "ctl/commands.h"
#include "ctl/json.h"
#include "decide/addresses.h"
#include "engine/engine.h"
#include "observe/home.h"

#include <QFile>

#include <cstdio>

namespace sixgate::ctl
{

namespace
{

constexpr qint64 mostBytes = 16 * 1024 * 1024;

Result<LinkSeen> linkFrom(const QString &path)
{
    QFile file(path);
    const bool open =
        path == QLatin1String("-") ? file.open(stdin, QIODevice::ReadOnly) : file.open(QIODevice::ReadOnly);
    if (!open)
        return fail(ErrorCode::NotFound, QStringLiteral("--ip-json: %1 could not be read.").arg(path),
                    file.errorString());
    const QByteArray text = file.read(mostBytes + 1);
    if (text.size() > mostBytes)
        return fail(ErrorCode::Invalid, QStringLiteral("--ip-json: %1 is longer than 16 MiB.").arg(path));
    return parseIpJson(text);
}

/// The servers of the site file where one is to be had; otherwise this machine alone.
std::vector<std::pair<QString, AddressSource>> sourcesOf(const Options &options, Outcome &told)
{
    std::vector<std::pair<QString, AddressSource>> sources;
    const auto site = siteOf(options);
    if (site) {
        for (const HomeServer &server : site->servers)
            sources.emplace_back(server.name.text(), server.address);
    } else if (site.error().code != ErrorCode::NotFound)
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

int explain(const Options &options, Output &output)
{
    const auto link = options.ipJson.isEmpty() ? readLink() : linkFrom(options.ipJson);
    if (!link) {
        // A file that cannot be read is bad input, too.
        giveUp(output, link.error(), QStringLiteral("home explain"));
        return options.ipJson.isEmpty() ? Failed : BadInput;
    }
    // Somebody else's addresses are judged as they are; the site file of this machine says nothing about them.
    Outcome told;
    const auto sources = options.ipJson.isEmpty()
                             ? sourcesOf(options, told)
                             : std::vector<std::pair<QString, AddressSource>>{{QString(), AddressOfThisMachine{}}};
    if (!told)
        return giveUp(output, told.error(), QStringLiteral("home explain"));

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
    if (auto fits = noMoreWords(options, explains ? 2 : 1); !fits)
        return giveUp(output, fits.error(), {});
    if (explains)
        return explain(options, output);

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
    return all ? AllWell : Failed;
}

} // namespace sixgate::ctl
