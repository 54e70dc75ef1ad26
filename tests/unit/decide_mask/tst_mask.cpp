// What strangers may see: by tables of single texts, and by random ones of which nothing may be left.

#include "decide/mask.h"

#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRandomGenerator>
#include <QRegularExpression>
#include <QTest>

#include <functional>
#include <map>

using namespace sixgate;

namespace
{

QString utf8(const char *text)
{
    return QString::fromUtf8(text);
}

Hostname host(const char *name)
{
    return *Hostname::parse(utf8(name));
}

Label label(const char *name)
{
    return *Label::parse(utf8(name));
}

/// A home of the family "meier": zones meier.de and wölkchen.net, a VPS below the former, a name server elsewhere.
Site meiers()
{
    Site site{1, label("home"), {}, {}, {}, {}};
    const auto account = [](const char *name, const char *zone, const char *key) {
        return DnsAccount{label(name), host(zone),
                          UpdateAccess{host("ns.provider.net"),
                                       *Port::parse(utf8("53")),
                                       {*KeyName::parse(utf8(key))},
                                       TsigKeyRef{*KeyName::parse(utf8("acme-meier"))}}};
    };
    site.dns = {account("main", "meier.de", "meier-key.home"), account("second", "wölkchen.net", "sixgate")};
    site.vps = {{label("vps"),
                 host("vps.meier.de"),
                 *Port::parse(utf8("22")),
                 *Login::parse(utf8("root")),
                 QString(),
                 {},
                 {*HttpsUrl::parse(utf8("https://acme.authority.org/dir")), {}, true}}};
    const auto service = [](const char *name, std::vector<Hostname> names) {
        return Service{label(name),  std::move(names),          host("home6.meier.de"),
                       label("nas"), *Port::parse(utf8("443")), *UrlPath::parse(utf8("/"))};
    };
    site.services = {service("cloud", {host("cloud.meier.de"), host("files.wölkchen.net")})};
    return site;
}

/// Whether `word` stands in `text` on its own, in whatever case.
bool standsIn(const QString &word, const QString &text)
{
    const QRegularExpression alone(
        QStringLiteral("(?<![\\p{L}\\p{N}:.-])%1(?![\\p{L}\\p{N}:-]|\\.\\p{N})").arg(QRegularExpression::escape(word)),
        QRegularExpression::CaseInsensitiveOption | QRegularExpression::UseUnicodePropertiesOption);
    return alone.match(text).hasMatch();
}

} // namespace

class TestMask : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void texts_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("masked");
        const auto row = [](const char *name, const char *text, const char *masked) {
            QTest::newRow(name) << utf8(text) << utf8(masked);
        };
        // IPv6
        row("address", "at 2003:e4:1f00:a700::11.", "at 2001:db8:a001::101.");
        row("upper case", "2003:E4:1F00:A7FF::AB", "2001:db8:a001:1::101");
        row("the same in two forms", "2003:e4:0:1::a 2003:00E4:0000:0001:0000:0:0:000A",
            "2001:db8:a001:1::101 2001:db8:a001:1::101");
        row("one /56, two /64", "2003:e4:1:100::a 2003:e4:1:1ff::a", "2001:db8:a001::101 2001:db8:a001:1::101");
        row("two /56, one identifier", "2003:e4:1:100::a 2003:e4:1:200::a", "2001:db8:a001::101 2001:db8:a002::101");
        row("identifier alone", "2003:e4:1:100::a has ::a", "2001:db8:a001::101 has ::101");
        row("identifier of a MAC address", "::5054:ff:fe12:3456", "::101");
        row("prefix", "2003:e4:1:100::/56 holds 2003:e4:1:101::/64", "2001:db8:a001::/56 holds 2001:db8:a001:1::/64");
        row("documentation", "2001:db8:1:1::11", "2001:db8:a001:1::101");
        row("what is given stands there", "2003:e4::1 2001:db8:a001::2 ::101",
            "2001:db8:a002::102 2001:db8:a003::103 ::104");
        row("URL", "https://[2003:e4::1]:8443/x", "https://[2001:db8:a001::101]:8443/x");
        row("zone id", "fe80::1234:5678%eth0", "fe80::101%eth0");
        row("unique local", "fd12:3456:789a:1::5", "fd00:db8:a001:1::101");
        row("site-local", "fec0::5", "fec0:0:a001::101");
        row("carries IPv4", "::ffff:93.184.1.2 64:ff9b::93.184.1.2", "::ffff:192.0.2.1 64:ff9b::c000:201");
        row("nobody's", "listen [::]:443 and ::1", "listen [::]:443 and ::1");
        row("a router's mask", "::11/::ffff:ffff:ffff:ffff", "::101/::ffff:ffff:ffff:ffff");
        row("with text at its end", "2003:e4::1: refused; 2003:e4::1, too",
            "2001:db8:a001::101: refused; "
            "2001:db8:a001::101, too");
        row("JSON", R"({"address":"2003:e4::1","text":"a\n2003:e4::1\t2003:e4::1"})",
            R"({"address":"2001:db8:a001::101","text":"a\n2001:db8:a001::101\t2001:db8:a001::101"})");
        row("no addresses", "at 12:30:45 std::cout Foo::Bar 1:2", "at 12:30:45 std::cout Foo::Bar 1:2");
        row("eight pairs are an address", "20:03:0e:04:00:00:00:01", "2001:db8:a001:1::101");
        // IPv4
        row("public", "93.184.1.2 and 93.184.1.3:443", "192.0.2.1 and 192.0.2.2:443");
        row("documentation v4", "192.0.2.1 192.0.2.2", "192.0.2.3 192.0.2.4");
        row("private", "192.168.178.20 192.168.178.1 192.168.2.1", "192.168.1.1 192.168.1.2 192.168.2.2");
        row("private 10", "10.20.30.40/8", "10.0.1.1/8");
        row("private 172", "172.20.1.1", "172.16.1.1");
        row("carrier's", "100.99.1.2", "100.64.1.1");
        row("link-local v4", "169.254.9.9", "169.254.1.1");
        row("everybody's", "127.0.0.1 0.0.0.0 255.255.255.0 192.0.0.2", "127.0.0.1 0.0.0.0 255.255.255.0 192.0.0.2");
        row("network", "192.168.178.0/24", "192.168.1.1/24");
        row("no address: octets", "version 1.2.3 300.1.1.1", "version 1.2.3 300.1.1.1");
        row("with a port behind a dot", "93.184.1.2.443", "192.0.2.1.443");
        row("dashes", "ip-93-184-1-2 has 93.184.1.2", "ip-192-0-2-1 has 192.0.2.1");
        row("a date is no address", "2026-11-26 06:46", "2026-11-26 06:46");
        row("settings of OpenWrt", "uci set firewall.@rule[-1].name=x; uci add_list dhcp.@dnsmasq[0].rebind_domain=x",
            "uci set firewall.@rule[-1].name=x; uci add_list dhcp.@dnsmasq[0].rebind_domain=x");
        row("no settings of OpenWrt", "dhcp@dnsmasq[0] firewall.@rule", "user1@host1[0] user2@host2");
        // Names
        row("names of the site", "cloud.meier.de home6.meier.de vps.meier.de meier.de",
            "cloud.example.org home6.example.org vps.example.org example.org");
        row("other names of the zone", "nas.meier.de is not a.b.meier.de", "host.example.org is not host2.example.org");
        row("second zone, both forms", "files.wölkchen.net files.xn--wlkchen-90a.net FILES.WÖLKCHEN.NET",
            "cloud.example.org cloud.example.org cloud.example.org");
        row("two zones", "cloud.meier.de files.wölkchen.net", "cloud.example.org cloud.example.net");
        row("others' names", "ns.provider.net www.beispiel.de", "ns.example other2.example");
        row("trailing dot", "cloud.meier.de.", "cloud.example.org.");
        row("with an underscore", "_acme-challenge.cloud.meier.de", "_acme-challenge.cloud.example.org");
        row("wildcard", "*.meier.de", "*.example.org");
        row("in a file's name", "/etc/apache2/sites-available/sixgate-cloud.meier.de.conf",
            "/etc/apache2/sites-available/host.example.org.conf");
        row("a log of a name", "cloud.meier.de_access.log", "cloud.example.org_access.log");
        row("certbot's count", "/etc/letsencrypt/live/cloud.meier.de-0001/fullchain.pem",
            "/etc/letsencrypt/live/cloud.example.org-0001/fullchain.pem");
        row("other's name in a file's name", "www.beispiel.de.conf", "other1.example.conf");
        row("files are no names", "/var/log/syslog.log site.json memory.json.damaged apache2.service /usr/lib/run.pl",
            "/var/log/syslog.log site.json memory.json.damaged apache2.service /usr/lib/run.pl");
        row("a name like a file", "see www.perl.pl", "see other1.example");
        row("settings are no names", "net.ipv6.conf.all.forwarding=1 net.ipv6.conf.eth0.max_addresses=0",
            "net.ipv6.conf.all.forwarding=1 net.ipv6.conf.eth0.max_addresses=0");
        row("secrets' names", "dns.main.key vps.vps.passphrase vps.vps.sudo-password",
            "dns.main.key vps.vps.passphrase vps.vps.sudo-password");
        row("reverse name", "2.1.184.93.in-addr.arpa", "other1.example");
        row("JSON escape before a name", R"("x\ncloud.meier.de")", R"("x\ncloud.example.org")");
        row("in a URL", "https://cloud.meier.de:8443/a?b=www.beispiel.de",
            "https://cloud.example.org:8443/a?b=other2.example");
        // People and keys
        row("mail", "ada.meier@beispiel.de", "user1@other1.example");
        row("who and where", "made by ada@laptop", "made by user1@host1");
        row("root is everybody", "root@vps.meier.de", "root@vps.example.org");
        row("who at an address", "ada@[2003:e4::1] ada@93.184.1.2", "user1@[2001:db8:a001::101] user1@192.0.2.1");
        row("home folder", "/home/ada/.ssh/id_ed25519 /home/bob.meier", "/home/user1/.ssh/id_ed25519 /home/user2");
        row("home folder, escaped", R"("\/home\/ada\/x")", R"("\/home\/user1\/x")");
        row("one person", "/home/ada is ada@laptop", "/home/user1 is user1@host1");
        row("MAC", "52:54:00:AB:cd:ef 52-54-00-ab-cd-ef 5254.00ab.cdef",
            "02:00:5e:00:53:01 02-00-5e-00-53-01 0200.5e00.5301");
        row("documentation MAC", "02:00:5e:00:53:01", "02:00:5e:00:53:02");
        row("lladdr:", "mac:52:54:00:ab:cd:ef.", "mac:02:00:5e:00:53:01.");
        row("SSH key", "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDfrJ3M5A3H9wIqXXE.", "SHA256:uNiV…(1).");
        row("SSH key, MD5", "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", "MD5:16:27…(1)");
        row("whole key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1vX0zTg3Qk7yUe2hNc4m ada@laptop",
            "ssh-ed25519 AAAA…(1) user1@host1");
        row("key of the DNS", "key meier-key.home and acme-meier", "key key1 and key2");
        row("everybody's key", "/etc/sixgate by sixgate", "/etc/sixgate by sixgate");
        row("a word that is no login", "root may log in", "root may log in");
        row("nothing", "", "");
        row("the placeholder", "a\xEF\xBF\xBC b", "a? b");
    }

    void texts()
    {
        QFETCH(QString, text);
        QFETCH(QString, masked);
        Masker masker(meiers());
        QCOMPARE(masker.mask(text), masked);
        QCOMPARE(masker.mask(text), masked); // and the next time
    }

    void ofTheService_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("masked");
        const auto row = [](const char *name, const char *text, const char *masked) {
            QTest::newRow(name) << utf8(text) << utf8(masked);
        };
        // The login
        row("login", "vps does not let ada log in: ada, (ada) \"ada\" ada's user=ada.",
            "vps does not let user1 log in: user1, (user1) \"user1\" user1's user=user1.");
        row("login, of one person", "ssh ada@vps.meier.de, /home/ada/.ssh/id, /var/log/ada.log",
            "ssh user1@vps.example.org, /home/user1/.ssh/id, /var/log/user1.log");
        row("login, in JSON", R"("a\nada\tada")", R"("a\nuser1\tuser1")");
        row("login, parts of words", "adapt Canada ada2 2ada _ada", "adapt Canada ada2 2ada _ada");
        row("login, a name with it", "ada.meier.de", "host.example.org");
        row("login, in capitals", "Ada, the language", "Ada, the language");
        // Paths
        row("probe", "GET /s/TOKEN: status 200", "GET /path1: status 200");
        row("probe of the root", "GET /: status 200", "GET /: status 200");
        row("probe of another one", "GET /index.php/apps/secret%20one: status 302", "GET /path1: status 302");
        row("redirects", "/a → /b/2003:e4 → /a", "/path1 → /path2:e4 → /path1");
        row("redirects from the root", "/ → /s/TOKEN → /", "/ → /path1 → /");
        row("in a URL, by whatever case", "https://cloud.meier.de/s/TOKEN redirects; https://CLOUD.MEIER.DE/S/token",
            "https://cloud.example.org/path1 redirects; https://cloud.example.org/path2");
        row("and what lies below it", "https://cloud.meier.de/s/TOKEN/x.html", "https://cloud.example.org/path1x.html");
        row("one person's folder in it", "GET /home/ada/x: status 200", "GET /path1: status 200");
        row("other paths", "/s/TOKENS /etc/apache2/x.conf → a consequence",
            "/s/TOKENS /etc/apache2/x.conf "
            "→ a consequence");
        // Authorities
        row("issuer", "names: cloud.meier.de; issuer: CN=Meier Home CA,O=Familie Meier; valid from 2026",
            "names: cloud.example.org; issuer: authority1; valid from 2026");
        row("issuer, wherever it stands again",
            "which CN=A is known, O=B (C) issued; only\nissuer CN=A is known, O=B (C); valid until 2026",
            "which authority1 issued; only\nissuer authority1; valid until 2026");
        row("issuer with a semicolon", R"(issuer CN=Meier\; Sons,O=X\,Y; valid until)",
            "issuer authority1; valid until");
        row("in brackets", "does not trust (CN=Meier (old) CA,O=Meier).", "does not trust (authority1).");
        row("in a sentence", "CN=Meier Home CA is not among the authorities",
            "authority1 is not among the authorities");
        row("in another one", "certificate of CN=Meier Inc. Home is missing.", "certificate of authority1 is missing.");
        row("at the end", "intermediate certificate of OU=x+CN=Meier.\nNext",
            "intermediate certificate of authority1.\nNext");
        row("two of them", "issuer: CN=A; valid\nissuer: CN=B; valid\nissuer: CN=A; valid",
            "issuer: authority1; valid\nissuer: authority2; valid\nissuer: authority1; valid");
        row("subject", "subject: CN=nas,O=Familie Meier; issuer: CN=R11,O=Let's Encrypt,C=US; valid",
            "subject: authority1; issuer: CN=R11,O=Let's Encrypt,C=US; valid");
        row("a name alone", "issuer: CN=nas.meier.de; valid", "issuer: CN=host.example.org; valid");
        for (const char *known :
             {"CN=R11,O=Let's Encrypt,C=US", "CN=(STAGING) Riddling Rhubarb R12,O=(STAGING) Let's Encrypt,C=US",
              "CN=ZeroSSL ECC Domain Secure Site CA,O=ZeroSSL,C=AT", "CN=WR1,O=Google Trust Services,C=US",
              "CN=GTS CA 1P5,O=Google Trust Services LLC,C=US",
              "CN=DigiCert TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US", R"(CN=Thawte,OU=www.x,O=DigiCert\, Inc.,C=US)",
              "CN=Sectigo RSA Domain Validation Secure Server CA,O=Sectigo Limited,L=Salford,ST=Greater "
              "Manchester,C=GB",
              "CN=GlobalSign Atlas R3 DV TLS CA,O=GlobalSign nv-sa,C=BE",
              "CN=Buypass Class 2 CA 5,O=Buypass AS-983163327,C=NO",
              "CN=Actalis Domain Validation Server CA G3,O=Actalis S.p.A.,L=Ponte San Pietro,ST=Bergamo,C=IT"}) {
            const QByteArray text = QByteArray("issuer: ") + known + "; valid. (" + known + ") is not known here.";
            row(known, text.constData(), text.constData());
        }
        for (const char *other : {"CN=R3,O=Let's Encrypt Meier", "CN=Let's Encrypt", "O=DigiCertain",
                                  "OU=Sectigo,CN=Meier", R"(CN=Meier\,O=ZeroSSL)"}) {
            row(other, ("issuer: " + QByteArray(other) + "; valid").constData(), "issuer: authority1; valid");
        }
    }

    void ofTheService()
    {
        QFETCH(QString, text);
        QFETCH(QString, masked);
        Site site = meiers();
        site.vps[0].user = *Login::parse(utf8("ada"));
        site.services[0].probePath = *UrlPath::parse(utf8("/s/TOKEN/"));
        Masker masker(site);
        QCOMPARE(masker.mask(text), masked);
        QCOMPARE(masker.mask(text), masked);
    }

    // A path of that name must not hide that a person follows.
    void aServiceBelowHome()
    {
        Site site = meiers();
        site.services[0].probePath = *UrlPath::parse(utf8("/home"));
        QCOMPARE(Masker(site).mask(utf8("/home/ada/.ssh")), utf8("/home/user1/.ssh"));
    }

    void consistentInOneReport()
    {
        Masker masker(meiers());
        const QString first = masker.mask(utf8("2003:e4::1 192.168.0.9 www.beispiel.de"));
        QCOMPARE(masker.mask(utf8("www.beispiel.de 192.168.0.9 2003:e4::1 and 2003:e4::2")),
                 utf8("other1.example 192.168.1.1 2001:db8:a001::101 and 2001:db8:a001::102"));
        QCOMPARE(first, utf8("2001:db8:a001::101 192.168.1.1 other1.example"));
        Masker other(meiers());
        QCOMPARE(other.mask(utf8("2003:e4::2")), utf8("2001:db8:a001::101"));
    }

    // The lab's own site lies in documentation space.
    void documentationSite()
    {
        Site site = meiers();
        site.dns[0].zone = host("example.org");
        site.services[0].publicNames = {host("cloud.example.org")};
        Masker masker(site);
        const QString text = masker.mask(utf8("cloud.example.org example.org"));
        QCOMPARE(text, utf8("cloud.example.net example.net"));
    }

    void manyAddresses()
    {
        Masker masker(meiers());
        std::map<QString, QString> given;
        const auto check = [&](const QString &address) {
            const QString masked = masker.mask(address);
            for (const auto &[in, out] : given)
                QVERIFY2((in == address) == (out == masked), qPrintable(in + u' ' + out));
            given[address] = masked;
        };
        for (int i = 0; i < 256; ++i)
            check(QStringLiteral("192.168.1.%1").arg(i)); // the whole of one network
        for (int i = 0; i < 256; ++i)
            check(QStringLiteral("192.168.%1.7").arg(i));
        for (int i = 0; i < 1200; ++i)
            check(QStringLiteral("93.%1.%2.1").arg(i / 200).arg(i % 200));
        for (int i = 0; i < 300; ++i)
            check(QStringLiteral("2003:e4:%1:%2::%3").arg(i % 3).arg(i % 50, 0, 16).arg(i, 0, 16));
    }

    /// Whatever stands around it: nothing of a text's own is left, the same stays the same, different stays different.
    void randomTexts_data()
    {
        QTest::addColumn<quint32>("seed");
        for (quint32 seed = 1; seed <= 40; ++seed)
            QTest::addRow("seed %u", seed) << seed;
    }

    void randomTexts()
    {
        QFETCH(quint32, seed);
        QRandomGenerator random(seed);
        const auto below = [&random](quint32 most) { return random.bounded(most); };
        const auto hex = [&](quint32 most) { return QString::number(below(most), 16); };
        const auto label = [&] {
            QString text;
            for (quint32 i = 0; i < 3 + below(6); ++i)
                text += QChar(u'a' + int(below(26)));
            return text;
        };
        const std::vector<std::function<QString()>> kinds = {
            [&] {
                return QStringLiteral("2%1:%2:%3:%4:%5:%6:%7:%8")
                    .arg(QStringLiteral("0%1").arg(below(90), 2, 10, QLatin1Char('0')), hex(65536), hex(4), hex(65536),
                         hex(65536), hex(65536), hex(65536), hex(65536));
            },
            [&] { return QStringLiteral("2001:db8:%1:%2::%3").arg(hex(3), hex(300), hex(65536)); },
            [&] {
                return QStringLiteral("2001:db8:a00%1::10%2").arg(below(5)).arg(1 + below(8));
            }, // as it gives itself
            [&] { return QStringLiteral("fd%1:%2::%3").arg(below(90) + 10).arg(hex(65536), hex(65535)); },
            [&] { return QStringLiteral("fe80::%1:%2").arg(hex(65536), hex(65535)); },
            [&] {
                return QStringLiteral("%1.%2.%3.%4")
                    .arg(11 + below(80))
                    .arg(below(256))
                    .arg(below(256))
                    .arg(below(256));
            },
            [&] { return QStringLiteral("192.0.2.%1").arg(1 + below(20)); },
            [&] { return QStringLiteral("10.0.%1.%2").arg(below(4)).arg(below(256)); },
            [&] { return QStringLiteral("192.168.%1.%2").arg(below(3)).arg(below(256)); },
            [&] { return QStringLiteral("100.64.%1.%2").arg(below(3)).arg(below(256)); },
            [&] { return label() + QStringLiteral(".meier.de"); },
            [&] { return label() + u'.' + label() + QStringLiteral(".wölkchen.net"); },
            [&] { return label() + u'.' + label() + QStringLiteral(".org"); },
            [&] { return QStringLiteral("cloud.example.%1").arg(utf8(below(2) == 0 ? "org" : "net")); },
            [&] {
                return QStringLiteral("52:54:%1:%2:%3:%4")
                    .arg(10 + below(90))
                    .arg(10 + below(90))
                    .arg(10 + below(90))
                    .arg(10 + below(90));
            },
        };
        const std::vector<QString> around = {
            utf8("%1"),       utf8("https://%2:8443/x"), utf8("(%1)"), utf8("\"%1\":\"%1\""), utf8("at %1, then"),
            utf8("[%1]:443"), utf8("a\\n%1\\t"),         utf8("%1; "), utf8("saw: %1."),      utf8("%1/64"),
            utf8("key=%1")};
        QStringList originals;
        QString text;
        for (int i = 0; i < 60; ++i) {
            // Some of them again, some in upper case.
            const QString one = i > 10 && below(4) == 0 ? originals[below(quint32(originals.size()))]
                                                        : kinds[below(quint32(kinds.size()))]();
            originals << one;
            const QString shape = around[below(quint32(around.size()))];
            QString in = shape;
            in.replace(utf8("%1"), below(5) == 0 ? one.toUpper() : one);
            in.replace(utf8("%2"), one.contains(u':') && !one.contains(u'.') ? u'[' + one + u']' : one);
            text += in + (below(3) == 0 ? u'\n' : u' ');
        }
        Masker masker(meiers());
        const QString masked = masker.mask(text);
        for (const QString &one : originals)
            QVERIFY2(!standsIn(one, masked), qPrintable(one + u'\n' + text + u'\n' + masked));
        QVERIFY(!masked.contains(utf8("meier"), Qt::CaseInsensitive));
        QVERIFY(!masked.contains(utf8("lkchen"), Qt::CaseInsensitive));
        QCOMPARE(masker.mask(text), masked);
        originals.removeDuplicates();
        std::map<QString, QString> given;
        for (const QString &one : originals) {
            const QString now = masker.mask(one);
            QVERIFY2(masked.contains(now), qPrintable(one + u' ' + now));
            QCOMPARE(masker.mask(one.toUpper()), now.contains(u'-') ? masker.mask(one.toUpper()) : now);
            for (const auto &[in, out] : given)
                QVERIFY2(out != now, qPrintable(in + u' ' + one + u' ' + out));
            given[one] = now;
        }
        // Within JSON, and as a whole document that is still one.
        const QByteArray json = QJsonDocument(QJsonObject{{utf8("text"), text}}).toJson();
        const QString maskedJson = masker.mask(QString::fromUtf8(json));
        QJsonParseError error;
        const auto back = QJsonDocument::fromJson(maskedJson.toUtf8(), &error);
        QCOMPARE(error.error, QJsonParseError::NoError);
        for (const QString &one : originals)
            QVERIFY2(!standsIn(one, back.object()[utf8("text")].toString()), qPrintable(one));
    }

    void longTexts()
    {
        Site site = meiers();
        site.vps[0].user = *Login::parse(utf8("a"));
        site.services[0].probePath = *UrlPath::parse(utf8("/a/a"));
        Masker masker(site);
        for (const char *piece : {"O=", "O=a,",   "issuer: O=a", "issuer: O=a; valid",
                                  "/a", "GET /",  "/ → ",        "a ",
                                  ":",  "::",     "a.",          "a:",
                                  "1.", "aa:",    "a-",          "@",
                                  "a@", "/home/", "AAAA",        "_."}) {
            const QString text = utf8(piece).repeated(50'000);
            QElapsedTimer timer;
            timer.start();
            masker.mask(text);
            QVERIFY2(timer.elapsed() < 15'000, piece);
        }
    }
};

QTEST_GUILESS_MAIN(TestMask)
#include "tst_mask.moc"
