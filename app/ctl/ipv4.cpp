#include "ctl/ipv4.h"

#include "ctl/commands.h"
#include "ctl/json.h"
#include "decide/ipv4situation.h"
#include "engine/ipv4.h"

namespace sixgate::ctl
{

namespace
{

template <class T>
QJsonValue errorOf(const Known<T> &known)
{
    return json(known ? std::optional<Error>() : std::optional<Error>(known.error()));
}

QJsonObject json(const Ipv4Sight &sight)
{
    using ctl::json;
    QJsonValue own = QJsonValue::Null;
    if (sight.own) {
        QJsonArray list;
        for (const LocalIpv4 &one : *sight.own)
            list.append(QJsonObject{{QStringLiteral("interface"), one.interface},
                                    {QStringLiteral("address"), one.address.text()},
                                    {QStringLiteral("prefixLength"), one.prefixLength}});
        own = list;
    }
    const bool gateway = sight.home && *sight.home && (*sight.home)->gateway;
    QJsonValue router = QJsonValue::Null;
    if (sight.router)
        router = QJsonObject{
            {QStringLiteral("address"), sight.router->address.text()},
            {QStringLiteral("software"), sight.router->software},
            {QStringLiteral("wan"), sight.router->wan ? QJsonValue(sight.router->wan->text()) : QJsonValue::Null},
            {QStringLiteral("connection"), sight.router->connection},
            {QStringLiteral("status"), sight.router->status},
            {QStringLiteral("hidesPrivate"), sight.router->hidesPrivate}};
    QJsonArray echo;
    for (const EchoSeen &one : sight.echo)
        echo.append(
            QJsonObject{{QStringLiteral("service"), one.service},
                        {QStringLiteral("address"), one.address ? QJsonValue(one.address->text()) : QJsonValue::Null},
                        {QStringLiteral("error"), errorOf(one.address)}});
    return {{QStringLiteral("addresses"), own},
            {QStringLiteral("gateway"),
             gateway ? QJsonValue((*sight.home)->gateway->text()) : QJsonValue(QJsonValue::Null)},
            {QStringLiteral("router"), router},
            {QStringLiteral("routerError"), errorOf(sight.router)},
            {QStringLiteral("echo"), echo}};
}

} // namespace

int runHomeIpv4(const Options &options, Output &output, std::stop_token stop)
{
    const QString command = QStringLiteral("home ipv4");
    // Whether a VPS is needed is asked before there is a site.
    std::vector<EchoService> echo;
    if (const auto site = siteOf(options)) {
        echo = site->echo;
    } else if (site.error().code != ErrorCode::NotFound || options.siteNamed) {
        giveUp(output, site.error(), command);
        return BadInput;
    }
    output.activity(QStringLiteral("Looking at the home's IPv4"));
    const auto sight = lookAtIpv4(echo, stop);
    output.quiet();
    if (!sight)
        return giveUp(output, sight.error(), command);
    const Ipv4Verdict verdict = judgeIpv4(*sight);

    output.print(output.strong(verdict.title) + QLatin1Char('\n') + verdict.text + QStringLiteral("\n\n"));
    for (const QString &line : verdict.evidence)
        output.print(QStringLiteral("  %1\n").arg(harmless(line)));
    QJsonObject out = document(command);
    out[QStringLiteral("kind")] = ipv4KindName(verdict.kind);
    out[QStringLiteral("confirmed")] = verdict.confirmed;
    out[QStringLiteral("title")] = verdict.title;
    out[QStringLiteral("text")] = verdict.text;
    out[QStringLiteral("evidence")] = QJsonArray::fromStringList(verdict.evidence);
    out[QStringLiteral("seen")] = json(*sight);
    output.document(out);
    return verdict.kind == Ipv4Kind::Unknown ? Failed : AllWell;
}

} // namespace sixgate::ctl
