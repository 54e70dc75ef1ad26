// The catalogue: complete, well-formed, and with a page in the handbook for each code.

#include "decide/catalogue.h"

#include <QDir>
#include <QFile>
#include <QTest>

using namespace sixgate;

namespace
{

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QByteArray conditions()
{
    return contentOf(QStringLiteral(CONDITIONS_DIR "/catalogue.json"));
}

QByteArray routers()
{
    return contentOf(QStringLiteral(CONDITIONS_DIR "/routers.json"));
}

QByteArray entry(const QByteArray &code, const QByteArray &causes)
{
    return "{\"code\":\"" + code +
           "\",\"severity\":\"error\",\"visitors\":\"all\",\"title\":\"T.\",\"text\":\"X.\",\"remedy\":{\"place\":"
           "\"none\","
           "\"action\":\"none\",\"text\":\"\",\"command\":\"\",\"fields\":[]},\"causes\":[" +
           causes + "],\"paths\":[]}";
}

} // namespace

class TestCatalogue : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theRealOne()
    {
        const auto catalogue = Catalogue::parse(conditions(), routers());
        QVERIFY2(catalogue, catalogue ? "" : qPrintable(catalogue.error().summary));
        QVERIFY(catalogue->entries().size() >= 60);
        for (const auto &[code, one] : catalogue->entries()) {
            const QString page = QStringLiteral(HANDBOOK_DIR "/%1.md").arg(code);
            const QByteArray text = contentOf(page);
            QVERIFY2(text.startsWith("# ") && text.contains(code.toUtf8()), qPrintable(page));
            QVERIFY2(one.title.endsWith(QLatin1Char('.')), qPrintable(code));
            QCOMPARE(one.remedy.command.isEmpty(), one.remedy.action != QLatin1String("run"));
            // Who has a window is told of buttons, and who is told of a command in it has the button.
            const QString &said = one.remedy.windowText();
            QVERIFY2(!said.contains(QLatin1String("sixgatectl")), qPrintable(code));
            if (one.remedy.command.startsWith(QLatin1String("sixgatectl")))
                QVERIFY2(!one.remedy.button.isEmpty(), qPrintable(code));
            // Every router action tells where to enter it.
            if (one.remedy.place == QLatin1String("router"))
                QVERIFY2(catalogue->words(code, {}, {}, {}).remedy.routers.size() >= 4, qPrintable(code));
        }
        // And no page of a code that is gone.
        const auto pages = QDir(QStringLiteral(HANDBOOK_DIR)).entryList({QStringLiteral("*.md")});
        for (const QString &page : pages)
            QVERIFY2(page == QLatin1String("README.md") || catalogue->entry(page.chopped(3)), qPrintable(page));
    }

    void words()
    {
        const auto catalogue = Catalogue::parse(conditions(), routers());
        QVERIFY(catalogue);
        const Condition seen = catalogue->words(QStringLiteral("router-firewall"), QStringLiteral("nas"),
                                                {{QStringLiteral("server"), QStringLiteral("nas")},
                                                 {QStringLiteral("address"), QStringLiteral("2001:db8::11")},
                                                 {QStringLiteral("identifier"), QStringLiteral("::11")},
                                                 {QStringLiteral("port"), QStringLiteral("443")},
                                                 {QStringLiteral("protocol"), QStringLiteral("tcp")}},
                                                {QStringLiteral("seen")});
        QVERIFY(seen.title.contains(QLatin1String("nas")));
        QCOMPARE(seen.remedy.fields.at(QStringLiteral("identifier")), QStringLiteral("::11"));
        QCOMPARE(seen.severity, Severity::Error);
        QCOMPARE(seen.evidence, QStringList{QStringLiteral("seen")});
        for (const RouterGuide &guide : seen.remedy.routers)
            QVERIFY2(!guide.text.contains(QLatin1Char('{')), qPrintable(guide.text));
    }

    void filling_data()
    {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("wanted");
        QTest::newRow("plain") << "abc"
                               << "abc";
        QTest::newRow("one") << "{a}"
                             << "1";
        QTest::newRow("two") << "x{a}y{b}z"
                             << "x1y{a}z";
        QTest::newRow("unknown") << "{c}"
                                 << "{c}";
        QTest::newRow("open") << "{a} {"
                              << "1 {";
        QTest::newRow("empty") << ""
                               << "";
    }
    void filling()
    {
        QFETCH(QString, pattern);
        // A value with braces is no pattern.
        QTEST(
            filled(pattern, {{QStringLiteral("a"), QStringLiteral("1")}, {QStringLiteral("b"), QStringLiteral("{a}")}}),
            "wanted");
    }

    void damaged_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("no JSON") << QByteArray("x");
        QTest::newRow("none") << QByteArray("{\"conditions\":[]}");
        QTest::newRow("twice") << "{\"conditions\":[" + entry("a", "") + "," + entry("a", "") + "]}";
        QTest::newRow("unknown cause") << "{\"conditions\":[" + entry("a", "\"b\"") + "]}";
        QTest::newRow("its own cause") << "{\"conditions\":[" + entry("a", "\"a\"") + "]}";
        QTest::newRow("a circle") << "{\"conditions\":[" + entry("a", "\"b\"") + "," + entry("b", "\"a\"") + "]}";
        QTest::newRow("severity") << "{\"conditions\":[" + entry("a", "").replace("error", "bad") + "]}";
        QTest::newRow("visitors") << "{\"conditions\":[" + entry("a", "").replace("all", "most") + "]}";
        QTest::newRow("button") << "{\"conditions\":[" +
                                       entry("a", "").replace("\"fields\"", "\"button\":\"magic\",\"fields\"") + "]}";
        QTest::newRow("no title") << "{\"conditions\":[" + entry("a", "").replace("T.", "") + "]}";
    }
    void damaged()
    {
        QFETCH(QByteArray, json);
        const auto parsed = Catalogue::parse(json, "{}");
        QVERIFY(!parsed);
        QCOMPARE(parsed.error().code, ErrorCode::Invalid);
    }
};

QTEST_GUILESS_MAIN(TestCatalogue)
#include "tst_catalogue.moc"
