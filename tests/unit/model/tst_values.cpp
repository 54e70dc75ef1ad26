// Ports, fingerprints, names, mail and web addresses: types that exist only when valid.

#include "model/fingerprint.h"
#include "model/hostkeypin.h"
#include "model/names.h"
#include "model/port.h"
#include "model/secret.h"
#include "model/text.h"

#include <QTest>

using namespace sixgate;

namespace
{

QString utf8(const char *text)
{
    return QString::fromUtf8(text);
}

template <class T>
QString normal(const QString &text)
{
    const auto parsed = T::parse(text);
    if (!parsed) {
        if (parsed.error().code != ErrorCode::Invalid || !parsed.error().summary.contains(utf8("Example: ")))
            return utf8("the error is not one: ") + parsed.error().summary;
        return {};
    }
    const auto again = T::parse(parsed->text());
    return again && *again == *parsed ? parsed->text() : utf8("not normal: ") + parsed->text();
}

} // namespace

class TestValues : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void values_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("wanted"); // normal form; empty: refused
        QString kind;
        const auto text = [&](const QString &input, const QString &wanted) {
            QTest::addRow("%s %s (%d)", qPrintable(kind), qPrintable(input.left(40)), int(input.size()))
                << kind << input << wanted;
        };
        const auto good = [&](const char *input, const char *wanted = nullptr) {
            text(utf8(input), utf8(wanted ? wanted : input));
        };
        const auto bad = [&](const char *input) { text(utf8(input), QString()); };

        kind = utf8("port");
        for (const char *one : {"1", "22", "443", "8443", "65535"})
            good(one);
        for (const char *one : {"", "0", "65536", "99999", "100000", "-1", "+443", "0443", " 443", "443 ", "443\n",
                                "0x1bb", "4.43", "https", "４４３", "4４3", "44e1"})
            bad(one);

        kind = utf8("label");
        for (const char *one : {"a", "cloud", "nas-2", "a1", "a--b"})
            good(one);
        text(QString(32, QLatin1Char('a')), QString(32, QLatin1Char('a')));
        text(QString(33, QLatin1Char('a')), QString());
        for (const char *one : {"", "-a", "a-", "1a", "Cloud", "a_b", "a.b", "a b", "a\n", "../x", "a/b", "ä"})
            bad(one);
        text(QString::fromLatin1("a\0", 2), QString());

        kind = utf8("keyname");
        good("sixgate-key");
        good("Sixgate-Key.", "sixgate-key");
        good("key_1.example.org");
        good("_acme.key");
        good("1");
        text(QString(63, QLatin1Char('k')), QString(63, QLatin1Char('k')));
        text(QString(64, QLatin1Char('k')), QString());
        text(utf8("k.").repeated(126) + utf8("k"), utf8("k.").repeated(126) + utf8("k"));
        text(utf8("k.").repeated(126) + utf8("kk"), QString());
        for (const char *one : {"", ".", "a..b", ".a", "a..", "a b", "a\n", "a;b", "a\"", "hmac-sha256:key", "ä", "a/b",
                                "K\u212a"}) // the Kelvin sign becomes k in lower case
            bad(one);

        kind = utf8("login");
        for (const char *one : {"root", "_www", "debian", "user-1", "u_2"})
            good(one);
        text(QString(32, QLatin1Char('u')), QString(32, QLatin1Char('u')));
        text(QString(33, QLatin1Char('u')), QString());
        for (const char *one :
             {"", "Root", "1u", "-oProxyCommand=x", "u$", "u.v", "u v", "u\n", "u;id", "ü", "root@vps"})
            bad(one);

        kind = utf8("mail");
        good("me@example.org");
        good("Me.Too+acme@Example.ORG", "Me.Too+acme@example.org");
        good("a!b%c@example.org");
        good("ich@wölkchen.example", "ich@xn--wlkchen-90a.example");
        good("o'neil@example.org");
        text(QString(64, QLatin1Char('m')) + utf8("@example.org"),
             QString(64, QLatin1Char('m')) + utf8("@example.org"));
        text(QString(65, QLatin1Char('m')) + utf8("@example.org"), QString());
        for (const char *one : {"",
                                "me",
                                "@example.org",
                                "me@",
                                "me@localhost",
                                "me@@example.org",
                                "a@b@example.org",
                                ".me@example.org",
                                "me.@example.org",
                                "m..e@example.org",
                                "me @example.org",
                                "\"me\"@example.org",
                                "me@example.org\n",
                                "me\n@example.org",
                                "me@[198.51.100.1]",
                                "mé@example.org",
                                "me@exa mple.org",
                                "<me@example.org>",
                                "me$x@example.org",
                                "me`id`@example.org",
                                "me@example.org, you@example.org"})
            bad(one);

        kind = utf8("https");
        good("https://acme-v02.api.letsencrypt.org/directory");
        good("https://example.org");
        good("https://example.org/");
        good("https://Example.ORG:14000/dir", "https://example.org:14000/dir");
        good("https://[2001:DB8:0::1]/dir", "https://[2001:db8::1]/dir");
        good("https://[2001:db8::1]:14000/dir");
        good("https://198.51.100.10:14000/dir");
        good("https://wölkchen.example/a.b_c~d-e", "https://xn--wlkchen-90a.example/a.b_c~d-e");
        for (const char *one : {"",
                                "http://example.org/",
                                "HTTPS://example.org/",
                                "https:example.org",
                                "https://",
                                "https:///dir",
                                "https://localhost/",
                                "https://me@example.org/",
                                "https://me:pw@example.org/",
                                "https://example.org:0/",
                                "https://example.org:65536/",
                                "https://example.org:/",
                                "https://example.org:443x/",
                                "https://example.org/?a=b",
                                "https://example.org/#x",
                                "https://example.org/a b",
                                "https://example.org/%41",
                                "https://example.org/\n",
                                "https://example.org\n",
                                " https://example.org/",
                                "https://example.org\\@evil.net/",
                                "https://[fe80::1%25eth0]/",
                                "https://[::1/",
                                "https://2001:db8::1/",
                                "https://0x7f.1/",
                                "https://example.org/$(id)",
                                "https://example.org/\"",
                                "https://*.example.org/",
                                "https://[198.51.100.1]/",
                                "ftp://example.org/",
                                "javascript:alert(1)"})
            bad(one);
        text(utf8("https://example.org/") + QString(481, QLatin1Char('a')), QString());

        kind = utf8("path");
        for (const char *one : {"/", "/status", "/status.php", "/a/b/c", "/a%20b", "/~me/", "//", "/a//b", "/-._~"})
            good(one);
        text(utf8("/") + QString(254, QLatin1Char('a')), utf8("/") + QString(254, QLatin1Char('a')));
        text(utf8("/") + QString(255, QLatin1Char('a')), QString());
        for (const char *one : {"", "status", "/a b", "/a?b", "/a#b", "/%", "/%2", "/%zz", "/a\n", "/a\r\nHost: x",
                                "/\"", "/a\\b", "/ä", "/a;b", "/a&b", "/{{x}}", "https://example.org/", "*"})
            bad(one);

        kind = utf8("interface");
        for (const char *one : {"eth0", "wlp2s0", "br-lan", "eth0.100", "lo", "a", "enx02005e005301", "..."})
            good(one);
        for (const char *one :
             {"", ".", "..", "sixteencharacter", "eth 0", "eth0/", "../x", "eth0\n", "eth0:1", "ëth0", "eth0%", "-a b"})
            bad(one);
    }

    void values()
    {
        QFETCH(QString, kind);
        QFETCH(QString, text);
        QFETCH(QString, wanted);
        const QString got = kind == utf8("port")      ? normal<Port>(text)
                            : kind == utf8("label")   ? normal<Label>(text)
                            : kind == utf8("keyname") ? normal<KeyName>(text)
                            : kind == utf8("login")   ? normal<Login>(text)
                            : kind == utf8("mail")    ? normal<Mail>(text)
                            : kind == utf8("https")   ? normal<HttpsUrl>(text)
                            : kind == utf8("path")    ? normal<UrlPath>(text)
                                                      : normal<InterfaceName>(text);
        QCOMPARE(got, wanted);
    }

    void portNumbers()
    {
        QVERIFY(!Port::fromNumber(0));
        QVERIFY(!Port::fromNumber(-443));
        QVERIFY(!Port::fromNumber(65536 + 443));
        QVERIFY(!Port::fromNumber(qint64(1) << 40));
        QCOMPARE(int(Port::fromNumber(65535)->number()), 65535);
    }

    void hostKeyPins_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("normal"); // empty: refused
        const QString print = QStringLiteral("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
        const auto row = [](const char *name, const QString &text, const QString &normal = {}) {
            QTest::newRow(name) << text << normal;
        };
        const QString ed25519 = QStringLiteral("ssh-ed25519 ") + print;
        row("with type", ed25519, ed25519);
        row("ECDSA", QStringLiteral("ecdsa-sha2-nistp384 ") + print, QStringLiteral("ecdsa-sha2-nistp384 ") + print);
        row("without type", print, print);
        row("RSA", QStringLiteral("ssh-rsa ") + print);
        row("unknown type", QStringLiteral("x ") + print);
        row("two blanks", QStringLiteral("ssh-ed25519  ") + print);
        row("blank in front", QStringLiteral(" ") + print);
        row("blank behind", print + QStringLiteral(" "));
        row("type alone", QStringLiteral("ssh-ed25519"));
        row("the key itself", QStringLiteral("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA"));
        row("line end", ed25519 + QStringLiteral("\n"));
        row("as ssh-keygen -l tells it", QStringLiteral("256 ") + print + QStringLiteral(" root@vps (ED25519)"));
        row("MD5", QStringLiteral("MD5:d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e"));
        row("nothing", {});
    }

    void hostKeyPins()
    {
        QFETCH(QString, text);
        QFETCH(QString, normal);
        const auto pin = HostKeyPin::parse(text);
        QCOMPARE(pin.has_value(), !normal.isEmpty());
        if (!pin)
            return;
        QCOMPARE(pin->text(), normal);
        QVERIFY(pin->fits(pin->type ? pin->type->text() : QStringLiteral("ssh-ed25519"), pin->fingerprint));
        QCOMPARE(pin->fits(QStringLiteral("ecdsa-sha2-nistp256"), pin->fingerprint), !pin->type);
        QVERIFY(!pin->fits(QStringLiteral("ssh-ed25519"), Fingerprint::ofBytes("another")));
    }

    // The digests that ssh-keygen tells for the same blob.
    void presentedHostKeys()
    {
        const auto key = PresentedHostKey::ofBlob(QStringLiteral("ssh-ed25519"), QByteArray());
        QCOMPARE(key.fingerprint.text(), QStringLiteral("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"));
        QCOMPARE(key.md5, QStringLiteral("MD5:d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e"));
    }

    void fingerprints_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("good");
        const auto row = [](const char *name, const QString &text, bool good) { QTest::newRow(name) << text << good; };
        // SHA-256 of nothing, in all the forms that tools print.
        const QString openssh = utf8("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
        const QString hex = utf8("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        QString colons;
        for (int i = 0; i < 64; i += 2)
            colons += (i ? utf8(":") : QString()) + hex.mid(i, 2);
        row("ssh-keygen -l", openssh, true);
        row("sha256sum", hex, true);
        row("openssl", colons.toUpper(), true);
        row("lower case with colons", colons, true);
        row("empty", QString(), false);
        row("prefix alone", utf8("SHA256:"), false);
        row("padded", openssh + utf8("="), false);
        row("cut off", openssh.chopped(1), false);
        row("one more", openssh + utf8("A"), false);
        row("another spelling of the last bits", openssh.chopped(1) + utf8("V"), false);
        row("no prefix", openssh.mid(7), false);
        row("lower-case prefix", utf8("sha256:") + openssh.mid(7), false);
        row("base64url", QString(openssh).replace(utf8("+"), utf8("-")).replace(utf8("/"), utf8("_")), false);
        row("newline", openssh + utf8("\n"), false);
        row("space in front", utf8(" ") + openssh, false);
        row("space inside", QString(openssh).replace(20, 1, utf8(" ")), false);
        row("the whole line", utf8("256 ") + openssh + utf8(" root@vps (ED25519)"), false);
        row("MD5", utf8("MD5:d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e"), false);
        row("SHA-1", utf8("da39a3ee5e6b4b0d3255bfef95601890afd80709"), false);
        row("hex of 63 digits", hex.chopped(1), false);
        row("hex with a letter", hex.chopped(1) + utf8("g"), false);
        row("colons in wrong places", QString(colons).replace(2, 2, utf8("b:")), false);
        row("other separator", QString(colons).replace(utf8(":"), utf8("-")), false);
        row("fullwidth digits", hex.chopped(1) + utf8("５"), false);
        row("letters that look like digits", hex.chopped(1) + QChar(0x0435), false);
        row("not Latin-1 in base64", QString(openssh).replace(20, 1, QChar(0x0141)), false);
        row("NUL", QString(openssh).replace(20, 1, QChar(0)), false);
        row("a public key", utf8("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE"), false);
    }

    void fingerprints()
    {
        QFETCH(QString, text);
        QFETCH(bool, good);
        const auto parsed = Fingerprint::parse(text);
        QCOMPARE(parsed.has_value(), good);
        if (good) {
            QCOMPARE(*parsed, Fingerprint::ofBytes(QByteArray()));
            QCOMPARE(parsed->text(), utf8("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"));
            QCOMPARE(Fingerprint::fromDigest(parsed->digest()), *parsed);
        } else {
            QVERIFY(parsed.error().summary.contains(utf8("Example: SHA256:")));
        }
    }

    void errorsShowInputHarmlessly()
    {
        QCOMPARE(quoted(utf8("a\x1b[2J\n\u202e")), utf8("\"a\\u001b[2J\\u000a\\u202e\""));
        QCOMPARE(quoted(QString(100, QLatin1Char('x'))), utf8("\"") + QString(60, QLatin1Char('x')) + utf8("…\""));
        QVERIFY(!quoted(QString(59, QLatin1Char('x')) + utf8("🏠")).isEmpty());
        QVERIFY(quoted(QString(59, QLatin1Char('x')) + utf8("🏠")).isValidUtf16());
        QCOMPARE(quoted(utf8("🏠")), utf8("\"🏠\""));
    }

    void managedPaths_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<bool>("managed");
        const auto row = [](const QString &path, bool managed) {
            QTest::addRow("%s", qPrintable(path)) << path << managed;
        };
        for (const char *good : {"/etc/sixgate/current/apache/cloud.conf", "/etc/sixgate/acme/main.ini",
                                 "/etc/apache2/sites-available/zz-sixgate.conf", "/etc/sixgate/..a", "/etc/sixgate/.a"})
            row(utf8(good), true);
        for (const char *bad :
             {"", "/etc/sixgate", "/etc/sixgate/", "/etc/sixgate/a/", "/etc/sixgate//a", "/etc/sixgate/./a",
              "/etc/sixgate/../passwd", "/etc/sixgate/a/..", "/etc/sixgate/.", "/etc/sixgate/a\n", "/etc/sixgate/a b",
              "/etc/sixgate/$(id)", "/etc/passwd", "etc/sixgate/a", "/etc/apache2/apache2.conf", "/etc/sixgatex/a",
              "/etc/sixgate/\xc3\xa4"})
            row(utf8(bad), false);
        row(utf8("/etc/sixgate/") + QString(287, QLatin1Char('a')), true);
        row(utf8("/etc/sixgate/") + QString(288, QLatin1Char('a')), false);
    }

    void managedPaths()
    {
        QFETCH(QString, path);
        QFETCH(bool, managed);
        QCOMPARE(isManagedPath(path), managed);
    }

    void linesOfPeers()
    {
        QCOMPARE(shownLine("a\nb\x1b[2J\tc"), utf8("a?b?[2J?c"));
        QCOMPARE(shownLine("k\xc3\xb6ln"), utf8("köln"));
        QCOMPARE(shownLine(QByteArray(500, 'x')).size(), 200);
        QCOMPARE(shownLine({}), QString());
    }

    void keysInBase64()
    {
        const auto text = [](const char *stored) {
            const auto secret = base64Text(Secret(QByteArray(stored)));
            return secret ? secret->reveal() : QByteArray("refused");
        };
        QCOMPARE(text("c2VjcmV0Kys/Lz0="), QByteArray("c2VjcmV0Kys/Lz0="));
        QCOMPARE(text(" \tc2VjcmV0Kys/Lz0=\r\n"), QByteArray("c2VjcmV0Kys/Lz0="));
        for (const char *bad :
             {"", " \n", "c2VjcmV0Kys/Lz0", "c2Vj cmV0", "c2Vj\ncmV0", "not base64!", "QUJD=QUJD", "QQ=", "QR=="})
            QCOMPARE(text(bad), QByteArray("refused"));
    }

    void times()
    {
        const QDateTime at = QDateTime::fromMSecsSinceEpoch(1'795'000'000'017, Qt::UTC);
        const QDateTime there = at.toOffsetFromUtc(3600);
        for (const QDateTime &one : {at, there}) {
            QCOMPARE(timeText(one), QStringLiteral("2026-11-18 11:06:40 UTC"));
            QCOMPARE(stampText(one), QStringLiteral("2026-11-18T11:06:40.017Z"));
        }
        QCOMPARE(stampText({}), QString());
    }

    void spans_data()
    {
        QTest::addColumn<int>("seconds");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("exact");
        const auto row = [](int seconds, const char *text, const char *exact) {
            QTest::addRow("%d", seconds) << seconds << QString::fromLatin1(text) << QString::fromLatin1(exact);
        };
        row(0, "0 seconds", "0 seconds");
        row(1, "1 second", "1 second");
        row(60, "60 seconds", "60 seconds");
        row(119, "119 seconds", "119 seconds");
        row(120, "2 minutes", "2 minutes");
        row(150, "2 minutes", "150 seconds");
        row(7199, "119 minutes", "7199 seconds");
        row(7200, "2 hours", "120 minutes");
        row(48 * 3600 - 1, "47 hours", "172799 seconds");
        row(48 * 3600, "2 days", "2880 minutes");
    }

    void spans()
    {
        QFETCH(int, seconds);
        QFETCH(QString, text);
        QFETCH(QString, exact);
        QCOMPARE(spanText(std::chrono::seconds(seconds)), text);
        QCOMPARE(exactSpanText(std::chrono::seconds(seconds)), exact);
    }

    void secretsMove()
    {
        Secret one(QByteArray("swordfish"));
        Secret two(std::move(one));
        QVERIFY(one.isEmpty());
        QCOMPARE(two.reveal(), QByteArray("swordfish"));
        const Secret three = two.clone();
        two = Secret();
        QVERIFY(two.isEmpty());
        QCOMPARE(three.reveal(), QByteArray("swordfish"));
    }
};

QTEST_APPLESS_MAIN(TestValues)
#include "tst_values.moc"
