#include "homezone.h"

#include "model/provider.h"
#include "storage/providerfile.h"

#include <QUrlQuery>

#include <algorithm>

namespace sixgate::test
{

using namespace std::chrono_literals;

namespace
{

constexpr auto secret = "Wg0nl2TbXmGmYwFQ4uYlqX8k5o3xT6cBzr7ZkqVtE1s=";

const char *zoneText = "$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 10\n@ NS ns1\nns1 A 127.0.0.1\n"
                       "vps A 198.51.100.10\nvps AAAA 2001:db8:b::10\n"
                       "www CNAME far\nfar CNAME dyn\nupdate A 127.0.0.9\n";

} // namespace

Result<Secret> OneKey::get(const QString &, const Deadline &, std::stop_token)
{
    return Secret(QByteArray(secret));
}

Site site()
{
    Site out{1, parsed<Label>("home"), {}, {}, {}, {}};
    out.servers.push_back({parsed<Label>("nas"), AddressFromInterfaceId{parsed<InterfaceId>("::11")}, std::nullopt});
    out.dns.push_back(
        {parsed<Label>("main"), parsed<Hostname>("example.org"),
         UpdateAccess{parsed<Hostname>("ns1.example.org"), *Port::fromNumber(53), {parsed<KeyName>("setter")}, {}}});
    out.vps.push_back({parsed<Label>("vps"),
                       parsed<Hostname>("vps.example.org"),
                       *Port::fromNumber(22),
                       parsed<Login>("root"),
                       {},
                       {},
                       AcmeSettings{parsed<HttpsUrl>("https://ca.example.net/dir")}});
    out.services.push_back({parsed<Label>("cloud"),
                            {parsed<Hostname>("www.example.org")},
                            parsed<Hostname>("home6.example.org"),
                            parsed<Label>("nas"),
                            *Port::fromNumber(443),
                            parsed<UrlPath>("/")});
    return out;
}

Observation seen(const char *home)
{
    Observation out;
    ServerSeen server{parsed<Label>("nas"), {}};
    if (*home)
        server.proven = parsed<Ipv6Address>(home);
    else
        server.proven = fail(ErrorCode::Network, QStringLiteral("The server does not answer."));
    out.home.servers.push_back(server);
    out.home.prefixes = std::vector{parsed<Ipv6Prefix>("2001:db8:1::/64")};
    out.vps.ipv4 = std::vector{parsed<Ipv4Address>("198.51.100.10")};
    out.vps.ipv6 = std::vector{parsed<Ipv6Address>("2001:db8:b::10")};
    return out;
}

Change changeOf(const char *name, const char *from, const char *to, RecordType type)
{
    const auto host = parsed<Hostname>(name);
    SetRecords sets{parsed<Label>("main"), {host, type, 60s, {QString::fromLatin1(to)}}, {host, type, 60s, {}}};
    if (*from)
        sets.expected.values.push_back(QString::fromLatin1(from));
    Change one;
    one.id = QStringLiteral("dns.%1.%2").arg(QLatin1String(name), recordTypeName(type));
    one.action = sets;
    return one;
}

QString at(const char *name, RecordType type)
{
    const auto answer =
        queryServer(serverAt("127.0.0.1"), parsed<Hostname>(name), type, false, Deadline::after(2s), {});
    if (!answer)
        return answer.error().summary;
    const auto values = answer->find(parsed<Hostname>(name), type).values;
    return QStringList(values.begin(), values.end()).join(QLatin1Char(' '));
}

/// Whatever it holds; an empty value deletes it.
void setRecord(const char *name, RecordType type, const char *value)
{
    const TsigKey key{parsed<KeyName>("setter"), TsigAlgorithm::HmacSha256, Secret(QByteArray(secret)), {}};
    std::vector<QString> values;
    if (*value)
        values.push_back(QString::fromLatin1(value));
    const auto done =
        updateRecordSet(serverAt("127.0.0.1"), parsed<Hostname>("example.org"),
                        {parsed<Hostname>(name), type, 60s, values}, nullptr, key, Deadline::after(3s), {});
    if (!done)
        qFatal("%s", qPrintable(done.error().summary));
}

Provider::Provider(const Identity &identity)
    : m_server("127.0.0.9", 443, tlsSession(identity, {}, [this](SSL *ssl) { serve(ssl); }))
{
}

std::vector<QString> Provider::take()
{
    const std::lock_guard lock(m_mutex);
    m_calls.clear();
    return std::exchange(m_asked, {});
}

std::vector<QString> Provider::takeCalls()
{
    const std::lock_guard lock(m_mutex);
    m_asked.clear();
    return std::exchange(m_calls, {});
}

void Provider::serve(SSL *ssl)
{
    while (true) {
        const QByteArray request = readRequest(ssl);
        if (request.isEmpty())
            return;
        const QString target = QString::fromLatin1(request.split(' ').value(1));
        const QUrlQuery query(target.section(QLatin1Char('?'), 1));
        const QString name = query.queryItemValue(QStringLiteral("hostname"));
        QStringList values =
            QString::fromUtf8(QByteArray::fromPercentEncoding(query.queryItemValue(QStringLiteral("myip")).toLatin1()))
                .split(QLatin1Char(','));
        values.sort();
        QByteArray word = "good";
        {
            const std::lock_guard lock(m_mutex);
            m_asked.push_back(name);
            m_calls.push_back(name + QLatin1Char('=') + values.join(QLatin1Char(',')));
            for (const QString &key : {QString(), name}) {
                if (const auto found = words.find(key); found != words.end())
                    word = found->second;
            }
        }
        if (word == "good") {
            for (const QString &value : values)
                setRecord(qPrintable(name), value.contains(QLatin1Char(':')) ? RecordType::AAAA : RecordType::A,
                          qPrintable(value));
        }
        writeAll(ssl, "HTTP/1.1 200 OK\r\nContent-Length: " + QByteArray::number(word.size()) + "\r\n\r\n" + word);
    }
}

/// Five names at that provider, whose limits are these.
Site siteAtProvider(UpdateRules rules, LimitScope scope, std::optional<std::chrono::hours> refresh)
{
    const auto shelf = loadProviders({});
    ProviderDefinition definition = shelf.providers.at(parsed<Label>("custom"));
    definition.rules = std::move(rules);
    definition.scope = scope;
    definition.refresh = refresh;
    definition.leastTtl = 5s;
    Site out = site();
    out.dns.front().access =
        ProviderAccess{parsed<Label>("custom"),
                       {{parsed<Label>("user"), QStringLiteral("me")}},
                       QStringLiteral("https://update.example.org/nic/update?hostname={host}&myip={addresses}"),
                       std::make_shared<const ProviderDefinition>(definition)};
    Service &service = out.services.front();
    service.publicNames.clear();
    for (const char *name : {"n1.example.org", "n2.example.org", "n3.example.org", "n4.example.org"})
        service.publicNames.push_back(parsed<Hostname>(name));
    service.upstreamName = parsed<Hostname>("n5.example.org");
    return out;
}

UpdateRules window(std::chrono::seconds span, int most)
{
    UpdateRules rules;
    rules.windows = {{span, most}};
    rules.pause = 60s;
    rules.longestPause = 3600s;
    return rules;
}

std::unique_ptr<Daemon> startZone()
{
    auto daemon = startKnot(QStringLiteral("127.0.0.1@53"),
                            QStringLiteral("key:\n  - id: setter\n    algorithm: hmac-sha256\n    secret: %1\n"
                                           "acl:\n  - id: set\n    key: setter\n    action: update\n"
                                           "zone:\n  - domain: example.org\n    file: site\n    acl: set\n")
                                .arg(QString::fromLatin1(secret)),
                            {{QStringLiteral("site"), QString::fromLatin1(zoneText)}});
    daemon->waitUntilItAnswers(serverAt("127.0.0.1"), "example.org");
    return daemon;
}

void emptyZone()
{
    for (int i = 1; i <= 5; ++i) {
        for (const RecordType type : {RecordType::A, RecordType::AAAA})
            setRecord(qPrintable(QStringLiteral("n%1.example.org").arg(i)), type, "");
    }
}

QString whyOf(const HomeRecords::Set &set, const char *record)
{
    for (const KeptRecord &one : set.records) {
        if (one.record == QLatin1String(record))
            return one.right ? QStringLiteral("right") : one.why;
    }
    return QStringLiteral("not there");
}

} // namespace sixgate::test
