// Host names: what becomes one, in which form, and what never does.

#include "model/hostname.h"

#include <QTest>

using namespace sixgate;

namespace
{

QString utf8(const char *text)
{
    return QString::fromUtf8(text);
}

QString repeated(const char *text, int count)
{
    return QString::fromLatin1(text).repeated(count);
}

} // namespace

class TestHostname : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void accepted_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("ascii");
        const auto row = [](const char *name, const QString &text, const QString &ascii) {
            QTest::newRow(name) << text << ascii;
        };
        const auto plain = [&](const char *text, const char *ascii = nullptr) {
            row(text, utf8(text), utf8(ascii ? ascii : text));
        };
        plain("cloud.example.org");
        plain("a.b");
        plain("a-b.c--d-e.org"); // hyphens in other places than third and fourth
        plain("1.example.org");
        plain("3com.com");
        plain("123.456.example");
        plain("CLOUD.Example.ORG", "cloud.example.org");
        plain("cloud.example.org.", "cloud.example.org");
        plain("xn--wlkchen-90a.example.org");
        plain("XN--WLKCHEN-90A.example.org", "xn--wlkchen-90a.example.org");
        plain("a.xn--p1ai");
        plain("9a.example.0a");
        plain("example.0z");
        plain("1.2.3.4.example");
        plain("0x7f.example");
        plain("dead.beef");
        plain("home6.dyn.example.co.uk");
        row("label of 63", repeated("a", 63) + utf8(".org"), repeated("a", 63) + utf8(".org"));
        row("name of 253", repeated("a.", 126) + utf8("b"), repeated("a.", 126) + utf8("b"));
        row("name of 253 and a dot", repeated("a.", 126) + utf8("b."), repeated("a.", 126) + utf8("b"));
        // IDNA 2008, UTS 46 without transition.
        plain("wölkchen.example.org", "xn--wlkchen-90a.example.org");
        plain("WÖLKCHEN.example.org", "xn--wlkchen-90a.example.org");
        plain("wo\u0308lkchen.example.org", "xn--wlkchen-90a.example.org"); // decomposed
        plain("straße.de", "xn--strae-oqa.de");
        plain("faß.de", "xn--fa-hia.de");
        plain("βόλος.com", "xn--nxasmm1c.com");
        plain("пример.рф", "xn--e1afmkfd.xn--p1ai");
        plain("例え.jp", "xn--r8jz45g.jp");
        plain("中国.cn", "xn--fiqs8s.cn");
        plain("hütte.example", "xn--htte-0ra.example");
        plain("عربي.example", "xn--ngbrx4e.example");
        plain("שלום.example", "xn--9dbne9b.example");
        plain("भारत.example", "xn--h2brj9c.example");
        plain("한국.kr", "xn--3e0b707e.kr");
        plain("ａｂｃ.example", "abc.example");            // fullwidth letters
        plain("wolke。example。org", "wolke.example.org"); // ideographic full stop
        plain("wolke．example", "wolke.example");          // fullwidth full stop
        plain("wolke｡example", "wolke.example");           // halfwidth ideographic full stop
        plain("ﬁsch.example", "fisch.example");            // ligature
        plain("l·l.example", "xn--ll-0ea.example");        // middle dot between two l
    }

    void accepted()
    {
        QFETCH(QString, text);
        QFETCH(QString, ascii);
        const auto name = Hostname::parse(text);
        QVERIFY2(name, name ? "" : qPrintable(name.error().summary));
        QCOMPARE(name->ascii(), ascii);
        // Normal: its own text gives itself again, and so does what people are shown.
        QCOMPARE(*Hostname::parse(name->ascii()), *name);
        QCOMPARE(*Hostname::parse(name->display()), *name);
        for (const QChar c : name->ascii())
            QVERIFY(c.unicode() < 0x80);
    }

    // IDNA allows it, so it is for the user to see: only the A-label goes anywhere.
    void mixedScripts()
    {
        const auto name = Hostname::parse(utf8("\u0430pple.example")); // Cyrillic a
        QVERIFY(name);
        QCOMPARE(name->ascii(), utf8("xn--pple-43d.example"));
        QVERIFY(*name != *Hostname::parse(utf8("apple.example")));
    }

    void refused_data()
    {
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const QString &text) { QTest::newRow(name) << text; };
        const auto plain = [&](const char *text) { row(text, utf8(text)); };
        // Shape.
        row("empty", QString());
        plain(".");
        plain("..");
        plain("cloud");
        plain("localhost");
        plain("cloud.");
        plain(".example.org");
        plain("cloud..example.org");
        plain("cloud.example.org..");
        plain("-cloud.example.org");
        plain("cloud-.example.org");
        plain("cloud.-example.org");
        plain("cloud.example.org-");
        plain("cl--oud.-");
        plain("ab--cd.example.org");
        row("label of 64", repeated("a", 64) + utf8(".org"));
        row("name of 254", repeated("a.", 126) + utf8("bc"));
        row("name of 255", repeated("a.", 127) + utf8("b"));
        row("long IDN label", repeated("a", 60) + utf8("ö.org"));
        row("long IDN label, few letters", QString(60, QChar(0x4e2d)) + utf8(".org"));
        row("a million letters", repeated("a", 1000000));
        // Metacharacters of shells, templates, URLs, zone files, Apache.
        plain("*.example.org");
        plain("cloud.*.org");
        plain("_dmarc.example.org");
        plain("my_cloud.example.org");
        plain("@.example.org");
        plain("@");
        plain("me@example.org");
        plain("cloud example.org");
        plain(" cloud.example.org");
        plain("cloud.example.org ");
        plain("cloud.example.org/");
        plain("cloud.example.org/path");
        plain("https://cloud.example.org");
        plain("cloud.example.org:443");
        plain("cloud.example.org?");
        plain("cloud.example.org#x");
        plain("cloud.example.org;reboot");
        plain("$(reboot).example.org");
        plain("`id`.example.org");
        plain("${x}.example.org");
        plain("%{HTTP_HOST}.example.org");
        plain("%63loud.example.org");
        plain("a\\.example.org");
        plain("\"cloud\".example.org");
        plain("'cloud'.example.org");
        plain("<cloud>.example.org");
        plain("cloud|x.example.org");
        plain("cloud&x.example.org");
        plain("{{x}}.example.org");
        plain("cloud,x.example.org");
        plain("cloud+x.example.org");
        plain("cloud=x.example.org");
        plain("~.example.org");
        plain("(a).example.org");
        plain("[a].example.org");
        plain("!a.example.org");
        // Control and invisible characters.
        plain("cloud.example.org\n");
        plain("cloud.example.org\n</VirtualHost>");
        plain("cloud\nexample.org");
        plain("cloud.example.org\r");
        plain("cloud\t.example.org");
        plain("\x1b[2Jcloud.example.org");
        plain("cloud\x7f.example.org");
        row("NUL at the end", QString::fromLatin1("cloud.example.org\0", 18));
        row("NUL inside", QString::fromLatin1("cloud.example.org\0.evil.net", 27));
        plain("cloud.example.org\u2028");
        plain("cloud\u2029.example.org");
        plain("cloud\u0085.example.org");
        plain("cloud\u00a0x.example.org");
        plain("cloud\u3000.example.org");
        plain("cl\u200doud.example.org"); // joiner where nothing joins
        plain("cl\u200coud.example.org");
        plain("\u202egro.elpmaxe.duolc"); // right-to-left override
        plain("cloud\u202e.example.org");
        plain("cloud\u2066.example.org");
        plain("cloud.exa\u200emple.org");
        plain("wol\u00adke.example.org"); // soft hyphen
        plain("cloud.exa\u200bmple.org"); // zero-width space
        plain("cloud.exa\u2060mple.org"); // word joiner
        plain("c\ufeffloud.example.org"); // byte order mark
        row("lone surrogate", utf8("cloud") + QChar(0xd800) + utf8(".example.org"));
        row("surrogates the wrong way", QString(QChar(0xdc00)) + QChar(0xd800) + utf8(".example.org"));
        row("not a character", utf8("cloud") + QChar(0xffff) + utf8(".example.org"));
        row("replacement character", utf8("cloud\ufffd.example.org"));
        // Not letters of names (IDNA 2008).
        plain("☁.example.org");
        plain("🏠.example.org");
        plain("i❤.example.org");
        plain("cloud．.example.org");
        plain("a／b.example.org");
        plain("a＠b.example.org");
        plain("a：443.example.org");
        plain("a＊.example.org");
        plain("＿a.example.org");
        plain("＄（x）.example.org");
        plain("℀.example.org");       // maps to a/c
        plain("\u0308a.example.org"); // begins with a combining mark
        plain("ab\u2019c.example.org");
        plain("a–b.example.org");
        // Right to left mixed with left to right in one label (RFC 5893).
        plain("aשלום.example");
        plain("שלוםa.example");
        plain("שלום1a.example");
        plain("1שלום.example");
        plain("ע٠1ב.example"); // European and Arabic digits
        // A-labels that are none.
        plain("xn--.example.org");
        plain("xn--a.example.org");
        plain("xn--wlkchen-9.example.org");
        plain("xn--cloud-.example.org");
        plain("xn--99999999.example.org");
        plain("xn--strasse-.de");
        plain("xn--ls8h.example.org"); // a pile of poo
        plain("xn--a-ecp.ru");         // holds a mark that is not allowed
        plain("xn--wlkchen-90a.xn--");
        plain("xn--WÖLKCHEN.example.org");
        // Addresses.
        plain("198.51.100.10");
        plain("198.51.100.10.");
        plain("198.51.100");
        plain("127.1");
        plain("0x7f.1");
        plain("0x7f.0.0.0x1");
        plain("0177.0.0.01");
        plain("2130706433");
        plain("1.2.3.4.5");
        plain("cloud.example.123");
        plain("cloud.example.0x1f");
        plain("cloud.0x");
        plain("１９８.５１.１００.１０"); // fullwidth digits
        plain("①.②");                     // circled digits map to digits
        plain("198。51。100。10");
        plain("2001:db8::11");
        plain("[2001:db8::11]");
        plain("::1");
        plain("fe80::1%eth0");
    }

    void refused()
    {
        QFETCH(QString, text);
        const auto name = Hostname::parse(text);
        QVERIFY2(!name, name ? qPrintable(name->ascii()) : "");
        const Error &error = name.error();
        QCOMPARE(error.code, ErrorCode::Invalid);
        QVERIFY2(error.summary.endsWith(QStringLiteral("Example: cloud.example.org.")), qPrintable(error.summary));
        QVERIFY(error.summary.size() < 300);
        for (const QChar c : error.summary)
            QVERIFY(c.unicode() >= 0x20 && c.unicode() != 0x7f && c.category() != QChar::Other_Format);
    }

    void within()
    {
        const auto name = [](const char *text) { return *Hostname::parse(utf8(text)); };
        QVERIFY(name("cloud.example.org").isWithin(name("example.org")));
        QVERIFY(name("a.b.example.org").isWithin(name("example.org")));
        QVERIFY(name("example.org").isWithin(name("example.org")));
        QVERIFY(name("Cloud.EXAMPLE.org.").isWithin(name("example.ORG")));
        QVERIFY(!name("notexample.org").isWithin(name("example.org")));
        QVERIFY(!name("example.org").isWithin(name("cloud.example.org")));
        QVERIFY(!name("example.org.evil.net").isWithin(name("example.org")));
    }

    void equality()
    {
        const auto name = [](const char *text) { return *Hostname::parse(utf8(text)); };
        QCOMPARE(name("WÖLKCHEN.example.org"), name("xn--wlkchen-90a.example.org."));
        QVERIFY(name("a.example.org") < name("b.example.org"));
        QVERIFY(name("straße.de") != name("strasse.de"));
        QCOMPARE(name("xn--wlkchen-90a.example.org").display(), utf8("wölkchen.example.org"));
        QCOMPARE(name("cloud.example.org").display(), utf8("cloud.example.org"));
    }
};

QTEST_APPLESS_MAIN(TestHostname)
#include "tst_hostname.moc"
