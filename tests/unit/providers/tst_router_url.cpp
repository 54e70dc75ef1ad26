// What to enter in a router, for which providers, and why not for the others.

#include "definitions.h"

#include "decide/routerurl.h"
#include "model/urlsecrets.h"

#include <QTest>

using namespace sixgate;
using namespace sixgate::test;

namespace
{

template <class T>
T parsed(const char *text)
{
    return *T::parse(QString::fromLatin1(text));
}

Site siteAt(const char *provider)
{
    Site site{1, parsed<Label>("home"), {}, {}, {}, {}};
    site.servers.push_back({parsed<Label>("nas"), AddressFromInterfaceId{parsed<InterfaceId>("::11")}, std::nullopt});
    const QString kind = QString::fromLatin1(provider);
    DnsAccount account{parsed<Label>("main"), host("example.org"), WatchedAccess()};
    if (kind == QLatin1String("rfc2136")) {
        account.access = UpdateAccess{host("ns1.example.org"), *Port::fromNumber(53), {parsed<KeyName>("k")}, {}};
    } else if (kind != QLatin1String("watched")) {
        ProviderAccess access{
            parsed<Label>(provider), {}, {}, std::make_shared<const ProviderDefinition>(definition(provider))};
        if (kind == QLatin1String("custom"))
            access.url = QStringLiteral("https://dyn.example.net/nic/update?hostname={host}&myip={addresses}");
        for (const CredentialField &one : access.definition->needs) {
            if (!one.secret)
                access.plain.emplace(one.name, QStringLiteral("me"));
        }
        account.access = access;
    }
    site.dns.push_back(account);
    site.vps.push_back({parsed<Label>("vps"),
                        host("vps.example.org"),
                        *Port::fromNumber(22),
                        parsed<Login>("root"),
                        {},
                        {},
                        AcmeSettings{parsed<HttpsUrl>("https://ca.example.net/dir")}});
    site.services.push_back({parsed<Label>("cloud"),
                             {host("cloud.example.org")},
                             host("home6.example.org"),
                             parsed<Label>("nas"),
                             *Port::fromNumber(443),
                             parsed<UrlPath>("/")});
    return site;
}

} // namespace

class TestRouterUrl : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void urls_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("box");  // the FRITZ!Box's URL, or a part of why not
        QTest::addColumn<QString>("wrt");  // OpenWrt's
        QTest::addColumn<QString>("user"); // the field for it
        const auto row = [](const char *provider, const char *name, const char *box, const char *wrt,
                            const char *user) {
            QTest::addRow("%s %s", provider, name)
                << QString::fromLatin1(provider) << QString::fromLatin1(name) << QString::fromLatin1(box)
                << QString::fromLatin1(wrt) << QString::fromLatin1(user);
        };
        row("desec", "cloud.example.org",
            "https://update.dedyn.io/?hostname=<domain>&myipv4=preserve&myipv6=<ip6lanprefix>",
            "https://[USERNAME]:[PASSWORD]@update.dedyn.io/?hostname=[DOMAIN]&myipv4=preserve&myipv6=[IP]/64",
            "example.org");
        row("desec", "home6.example.org",
            "https://update.dedyn.io/?hostname=<domain>&myipv4=preserve&myipv6=<ip6lanprefix>",
            "https://[USERNAME]:[PASSWORD]@update.dedyn.io/?hostname=[DOMAIN]&myipv4=preserve&myipv6=[IP]/64",
            "example.org");
        row("dynv6", "cloud.example.org", "not a zone's own address", "not a zone's own address", "");
        row("ipv64", "cloud.example.org",
            "https://ipv64.net/nic/update?domain=example.org&praefix=cloud&ip=198.51.100.10&ipv6prefix=<ip6lanprefix>",
            "https://[USERNAME]:[PASSWORD]@ipv64.net/nic/"
            "update?domain=example.org&praefix=cloud&ip=198.51.100.10&ipv6prefix=[IP]/64",
            "sixgate");
        row("ipv64", "home6.example.org", "which must have none", "which must have none", "");
        for (const char *whole : {"strato", "noip", "duckdns", "cloudflare", "custom", "ovh", "hetzner"})
            row(whole, "cloud.example.org", "takes whole addresses", "takes whole addresses", "");
        row("rfc2136", "cloud.example.org", "signed DNS messages", "signed DNS messages", "");
        row("watched", "cloud.example.org", "kept by something else already", "kept by something else already", "");
        row("desec", "other.example.org", "no public or upstream name", "no public or upstream name", "");
    }
    void urls()
    {
        QFETCH(QString, provider);
        QFETCH(QString, name);
        QFETCH(QString, box);
        QFETCH(QString, wrt);
        QFETCH(QString, user);
        const Site site = siteAt(qPrintable(provider));
        const auto vps = parsed<Ipv4Address>("198.51.100.10");
        for (const RouterKind kind : allRouterKinds) {
            const QString wanted = kind == RouterKind::FritzBox ? box : wrt;
            const auto one = routerUrl(site, host(qPrintable(name)), kind, vps);
            if (!one) {
                QVERIFY2(one.error().summary.contains(wanted), qPrintable(one.error().summary));
                QVERIFY(!one.error().fix.isEmpty());
                continue;
            }
            QCOMPARE(one->url, wanted);
            QCOMPARE(one->user, user);
            QCOMPARE(one->domain, name);
            QCOMPARE(one->passwordSecret, QStringLiteral("dns.main.token"));
            QVERIFY(!one->password.isEmpty() && !one->notes.isEmpty());
        }
    }

    // Every definition gives either a URL or a reason, and no URL has a placeholder of Sixgate's left.
    void everyDefinition()
    {
        int with = 0;
        for (const auto &[label, one] : loadProviders({}).providers) {
            if (one.addresses == ProviderWay::Update)
                continue;
            const auto url = routerUrl(siteAt(qPrintable(label.text())), host("cloud.example.org"),
                                       RouterKind::FritzBox, parsed<Ipv4Address>("198.51.100.10"));
            if (!url) {
                QVERIFY(!url.error().summary.isEmpty() && !url.error().fix.isEmpty());
                continue;
            }
            ++with;
            QVERIFY2(url->url.startsWith(QLatin1String("https://")) && !url->url.contains(QLatin1Char('{')),
                     qPrintable(url->url));
            QVERIFY(one.router.mode != RouterPrefix::Mode::None);
        }
        QCOMPARE(with, 2);
    }

    void theVpsIsNotKnown()
    {
        const auto url = routerUrl(siteAt("ipv64"), host("cloud.example.org"), RouterKind::FritzBox, std::nullopt);
        QVERIFY(!url);
        QCOMPARE(url.error().code, ErrorCode::NotFound);
        QVERIFY(url.error().fix.contains(QLatin1String("\"addresses\" of the VPS")));
        QVERIFY2(url.error().summary.contains(QLatin1String("is not known")), qPrintable(url.error().summary));
    }

    void hostPartThatMoves()
    {
        Site site = siteAt("desec");
        site.servers.front().address = AddressOfThisMachine();
        const auto url = routerUrl(site, host("cloud.example.org"), RouterKind::FritzBox, std::nullopt);
        QVERIFY(url);
        QVERIFY(url->notes.join(QLatin1Char(' ')).contains(QLatin1String("RFC 7217")));
    }

    void masked_data()
    {
        QTest::addColumn<QString>("url");
        QTest::addColumn<QString>("shown");
        QTest::addColumn<QString>("where"); // of a secret that its name tells
        const auto row = [](const char *url, const char *shown, const char *where) {
            QTest::newRow(url) << QString::fromLatin1(url) << QString::fromLatin1(shown) << QString::fromUtf8(where);
        };
        row("https://a.example/u?host={host}&ip={v6}", "https://a.example/u?host={host}&ip={v6}", "");
        row("https://a.example/u?password={password}&x=", "https://a.example/u?password={password}&x=", "");
        row("https://a.example/u?token=&x=1", "https://a.example/u?token=&x=***", "");
        row("https://a.example/u?passwd=geheim", "https://a.example/u?passwd=***", "parameter “passwd”");
        row("https://a.example/u?pass-word=geheim#x", "https://a.example/u?pass-word=***", "parameter “pass-word”");
        row("https://me:geheim@a.example/u", "https://***@a.example/u", "before the host");
        row("http://me:ge/heim@a.example/u", "http://***@a.example/u", "before the host");
        row("https://a.example:8443/u/@me", "https://a.example:8443/u/@me", "");
        row("https://me:geh@eim@a.example?x=1", "https://***@a.example?x=***", "before the host");
        row("me:geheim@a.example", "***@a.example", "before the host");
        row("https://a.example/dynamic/a1b2c3d4e5f6a7b8c9d0e1/", "https://a.example/dynamic/***/", "the path");
        row("https://a.example/u?a1b2c3d4e5f6a7b8c9d0e1", "https://a.example/u?***", "name of a parameter");
        row("https://a.example/u?q=a1b2c3d4e5f6a7b8c9d0e1", "https://a.example/u?q=***", "parameter “q”");
        row("https://very-long-host-name-2026.example/nic/update",
            "https://very-long-host-name-2026.example/nic/update", "");
        row("https://me:12/34@a.example.net/u", "https://***@a.example.net/u", "before the host");
        row("https://me.example:12/34@a.example.net/u", "https://***@a.example.net/u", "before the host");
        row("https://me:1?2@a.example.net/u", "https://***@a.example.net/u", "before the host");
        row("https://a.example/u?system=dyndns&zone=very-long-zone.example.org&ttl=60",
            "https://a.example/u?system=***&zone=***&ttl=***", "");
        row("https://a.example/u?h={host}&a=x{v4},{v6}", "https://a.example/u?h={host}&a=x{v4},{v6}", "");
        row("https://a.example/u?id=abcdefgh", "https://a.example/u?id=***", "parameter “id”");
        row("https://a.example/u?a1b2c3d4e5f6a7b8=x", "https://a.example/u?***=***", "name of a parameter");
        row("https://a.example/u/1234567890123", "https://a.example/u/***", "the path");
        row("https://a.example/nic/update.v2.php", "https://a.example/nic/update.v2.php", "");
        row("", "", "");
        row("?&=&@", "?&=&@", "");
    }
    void masked()
    {
        QFETCH(QString, url);
        QFETCH(QString, shown);
        QFETCH(QString, where);
        QCOMPARE(maskedUrl(url), shown);
        const auto secret = literalSecretIn(url);
        QCOMPARE(secret.has_value(), !where.isEmpty());
        if (secret)
            QVERIFY2(secret->where.contains(where), qPrintable(secret->where));
    }
};

QTEST_GUILESS_MAIN(TestRouterUrl)
#include "tst_router_url.moc"
