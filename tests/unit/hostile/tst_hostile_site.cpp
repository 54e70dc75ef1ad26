// Every field of the site file with every hostile value: refused with a sentence that names the field, or harmless in
// everything that it reaches.

#include "hostile/apachecheck.h"
#include "hostile/carry.h"
#include "hostile/sitewalk.h"
#include "hostile/values.h"
#include "proxy/sandbox.h"
#include "storage/sitefile.h"
#include "transport/ssh.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QTest>

#include <optional>
#include <set>

using namespace sixgate;
using namespace hostile;

namespace
{

const SiteFiles &files()
{
    static const SiteFiles all = SiteFiles::make();
    return all;
}

/// Where the sentence about a value may point besides its own place: a name that is good as such, but that another part
/// of the file is known by.
bool isAbout(const QString &place, const QString &told)
{
    if (told == place)
        return true;
    static const std::vector<std::pair<const char *, const char *>> others = {
        {"servers\\[\\d+\\]\\.name", "services\\[\\d+\\]\\.server"},
        {"dns\\[\\d+\\]\\.zone", "services\\[\\d+\\]\\.(publicNames\\[\\d+\\]|upstreamName|challenge)"},
        {"dns\\[\\d+\\]\\.key\\.name", "dns\\[\\d+\\]\\.acmeKey\\.name"},
        {"vps\\[\\d+\\]\\.host", "services\\[\\d+\\]\\.(publicNames\\[\\d+\\]|upstreamName)"},
    };
    const auto fits = [](const QString &text, const char *pattern) {
        return QRegularExpression(QRegularExpression::anchoredPattern(QString::fromLatin1(pattern)))
            .match(text)
            .hasMatch();
    };
    return std::any_of(others.begin(), others.end(),
                       [&](const auto &pair) { return fits(place, pair.first) && fits(told, pair.second); });
}

} // namespace

class TestHostileSite : public QObject
{
    Q_OBJECT

    std::vector<std::optional<Carried>> m_good;
    std::optional<ApacheCheck> m_apache;
    std::set<QByteArray> m_carried;
    int m_accepted = 0;

    void judge(const QByteArray &json, const Place &place, int names)
    {
        const auto site = parseSite(json);
        if (!site) {
            const Error &error = site.error();
            QCOMPARE(error.code, ErrorCode::Invalid);
            QCOMPARE(harm(error), QString());
            const bool line = error.summary.contains(QLatin1String("is not valid JSON at line 1, column "));
            const bool about = isAbout(place.path, error.summary.section(QLatin1String(": "), 0, 0));
            QVERIFY2(names == Token::Place  ? about
                     : names == Token::Line ? line
                                            : !error.summary.isEmpty(),
                     qPrintable(error.summary));
            return;
        }
        ++m_accepted;
        for (const SiteWarning &one : siteWarnings(*site))
            QVERIFY2(isShowable(one.path + one.summary + one.fix), escaped(one.summary + one.fix).constData());
        // Many a value is another way to write the same.
        if (!m_carried.insert(siteJson(*site)).second)
            return;
        const auto carried = carry(*site);
        if (!carried) {
            QCOMPARE(harm(carried.error()), QString());
            QVERIFY2(carried.error().code == ErrorCode::Invalid, qPrintable(carried.error().summary));
            return;
        }
        QCOMPARE(harm(*m_good[place.file], *carried), QString());
        // The shell prints the words as they are; most values change none of them.
        if (carried->shell != m_good[place.file]->shell)
            QCOMPARE(wordsByShell(carried->shell), carried->words);
        m_apache->add(carried->wanted);
    }

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("NO_COLOR", "1");
        QVERIFY2(files().notReached.isEmpty(), qPrintable(files().notReached.join(QLatin1Char(' '))));
        QVERIFY(files().places.size() > 30);
        m_apache.emplace();
        for (const QByteArray &json : files().good) {
            const auto site = parseSite(json);
            QVERIFY2(site, site ? "" : qPrintable(site.error().summary));
            const auto carried = carry(*site);
            QVERIFY2(carried, carried ? "" : qPrintable(carried.error().summary + carried.error().detail));
            QVERIFY(carried->plan.changes.size() > 10);
            QCOMPARE(wordsByShell(carried->shell), carried->words);
            m_good.emplace_back(*carried);
            m_apache->add(carried->wanted);
        }
        // The marker does appear where a shell is told so.
        QVERIFY(!markerAppeared());
        QCOMPARE(wordsByShell("printf 'x\\0' $(touch " + markerPath() + ')'), QByteArrayList{"x"});
        QVERIFY(markerAppeared());
    }

    void cleanup() { QVERIFY2(!markerAppeared(), "a value was run as a command"); }

    void everyField_data()
    {
        QTest::addColumn<int>("place");
        QTest::addColumn<QByteArray>("json");
        QTest::addColumn<int>("names");
        std::vector<QByteArray> alone; // shared by the rows: some are long
        for (const Text &one : texts())
            alone.push_back(jsonString(one.value));
        for (size_t i = 0; i < files().places.size(); ++i) {
            const Place &place = files().places[i];
            const QByteArray path = place.path.toLatin1();
            const auto row = [&](const QByteArray &how, const QByteArray &json, int names) {
                QTest::newRow((path + how).constData()) << int(i) << json << names;
            };
            for (size_t k = 0; k < texts().size(); ++k) {
                const Text &one = texts()[k];
                row(" is " + one.name, alone[k], Token::Place);
                if (place.good.isString() && one.value.size() < 1000 && !one.value.isEmpty())
                    row(" ends with " + one.name, jsonString(place.good.toString() + one.value), Token::Place);
            }
            for (const Token &one : tokens())
                row(" is " + one.name, one.json, one.names);
        }
    }

    void everyField()
    {
        QFETCH(int, place);
        QFETCH(QByteArray, json);
        QFETCH(int, names);
        const Place &at = files().places[size_t(place)];
        judge(at.with(json), at, names);
    }

    void oneKeyMore_data()
    {
        QTest::addColumn<int>("place");
        QTest::addColumn<QString>("key");
        for (size_t i = 0; i < files().objects.size(); ++i) {
            const QByteArray path = files().objects[i].path.isEmpty() ? "the file" : files().objects[i].path.toLatin1();
            for (const Text &one : texts()) {
                if (one.value.size() < 5000)
                    QTest::newRow((path + " has the key " + one.name).constData()) << int(i) << one.value;
            }
        }
    }

    void oneKeyMore()
    {
        QFETCH(int, place);
        QFETCH(QString, key);
        const Place &at = files().objects[size_t(place)];
        const auto site = parseSite(at.with(jsonString(key) + ":1"));
        QVERIFY(!site);
        QCOMPARE(site.error().code, ErrorCode::Invalid);
        QCOMPARE(harm(site.error()), QString());
        QVERIFY2(site.error().summary.startsWith(at.path), qPrintable(site.error().summary));
        // The same twice.
        const auto twice = parseSite(at.with(jsonString(key) + ":1," + jsonString(key) + ":2"));
        QVERIFY(!twice);
        QCOMPARE(harm(twice.error()), QString());
    }

    void shellWords_data()
    {
        QTest::addColumn<QString>("word");
        for (const Text &one : texts()) {
            // No argument holds a NUL, and none is longer than 128 KiB (execve(2)); the type's users never give one.
            if (!one.value.contains(QChar(0)) && one.value.size() < 30000 && one.value.isValidUtf16())
                QTest::newRow(one.name.constData()) << one.value;
        }
    }

    // RemoteCommand quotes whatever it is given.
    void shellWords()
    {
        QFETCH(QString, word);
        RemoteCommand command("printf");
        command.literal("%s\\0").literal(word.toUtf8().constData()).encoded(word.toUtf8()).literal("end");
        QCOMPARE(wordsByShell(command.text()),
                 (QByteArrayList{word.toUtf8(), word.toUtf8().toBase64(), QByteArray("end")}));
    }

    // The real Apache takes all that was accepted, and reads the same directives in each.
    void apacheReadsTheSame()
    {
        QVERIFY2(m_accepted > 100, qPrintable(QString::number(m_accepted)));
        QVERIFY(m_apache->count() > 20);
        auto said = m_apache->ask();
        QVERIFY2(said.status == 0 && said.output.contains("Syntax OK"), said.output.right(2000).constData());
        QVERIFY(said.directives.front().join(' ').count("ProxyPass") >= 2);
        for (size_t i = 1; i < said.directives.size(); ++i)
            QCOMPARE(said.directives[i].join('\n'), said.directives.front().join('\n'));
        qInfo("%d values accepted, %d different deployments", m_accepted, int(m_apache->count()));
        // A configuration with a directive more would be seen.
        WantedDeployment injected = m_good.front()->wanted;
        injected.releaseId = QStringLiteral("ffffffffffffffff");
        for (WantedFile &file : injected.files) {
            if (file.path.endsWith(QLatin1String("/cloud.conf")))
                file.content.replace("ServerName cloud.example.org",
                                     "ServerName cloud.example.org\nUseCanonicalName On");
        }
        m_apache->add(injected);
        said = m_apache->ask();
        QCOMPARE(said.status, 0);
        QVERIFY(said.directives.back() != said.directives.front());
    }
};

int main(int argc, char *argv[])
{
    return proxytest::inSandbox([&] {
        QCoreApplication application(argc, argv);
        TestHostileSite test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_hostile_site.moc"
