// Both addresses of a name at a provider that takes them by one call: what a keeper sends while one half is missing,
// what an apply sends and takes back, and how it counts.

#include "homezone.h"

#include "engine/dnslane.h"
#include "storage/keeping.h"

#include <QTest>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

const char vps[] = "198.51.100.10", home[] = "2001:db8:1::11", moved[] = "2001:db8:2::11";

QString joined(std::vector<QString> all)
{
    std::sort(all.begin(), all.end());
    QStringList list(all.begin(), all.end());
    return list.replaceInStrings(QStringLiteral(".example.org"), QString()).join(QLatin1Char(' '));
}

std::vector<Change> pair(const char *name, const char *fromA, const char *toA, const char *fromAaaa, const char *toAaaa)
{
    return {changeOf(name, fromA, toA, RecordType::A), changeOf(name, fromAaaa, toAaaa, RecordType::AAAA)};
}

} // namespace

class TestHomeHalves : public QObject
{
    Q_OBJECT

    std::unique_ptr<Daemon> m_zone;
    std::unique_ptr<Provider> m_provider;
    QTemporaryDir m_folder;
    OneKey m_secrets;
    int m_states = 0;
    QDateTime m_now = QDateTime::fromSecsSinceEpoch(1'795'000'000, Qt::UTC);

    Site generous() { return siteAtProvider(window(60s, 60), LimitScope::Account); }
    HomeRecords::Set set(HomeRecords &records, int minute, const char *at, bool vpsReady)
    {
        const auto done = records.set(seen(at), vpsReady, m_now.addSecs(60 * minute), {});
        if (!done)
            qFatal("%s", qPrintable(done.error().summary + done.error().detail));
        return *done;
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        m_zone = startZone();
        const Identity authority = makeIdentity({{}, "authority", -3600, 86400, true});
        trustOnly(authority, m_folder.path());
        m_provider = std::make_unique<Provider>(makeIdentity({{"update.example.org"}}, &authority));
    }
    void cleanupTestCase() { m_provider.reset(); }
    void init()
    {
        qputenv("XDG_STATE_HOME", QFile::encodeName(m_folder.filePath(QString::number(++m_states))));
        emptyZone();
        m_provider->words.clear();
        (void)m_provider->take();
    }

    // What of n1 to n4 is there, whether the home and the VPS are known to serve, and what is sent then: the half that
    // stands goes with the one that changes.
    void keeper_data()
    {
        QTest::addColumn<QString>("a");
        QTest::addColumn<QString>("aaaa");
        QTest::addColumn<QString>("proven"); // empty: the home does not answer
        QTest::addColumn<bool>("vpsReady");
        QTest::addColumn<QString>("sent"); // for n1; the others are like it
        QTest::addColumn<QString>("why");  // a part of what is said of n1's AAAA
        const auto row = [](const char *what, const char *a, const char *aaaa, const char *proven, bool ready,
                            const QString &sent, const char *why) {
            QTest::newRow(what) << QString::fromLatin1(a) << QString::fromLatin1(aaaa) << QString::fromLatin1(proven)
                                << ready << sent << QString::fromLatin1(why);
        };
        const QString both = QStringLiteral("198.51.100.10,2001:db8:1::11");
        const QString aaaa = QStringLiteral("2001:db8:1::11"), none;
        row("both are new", "", "", home, true, both, "right");
        row("the VPS does not serve", "", "", home, false, none, "both wait");
        row("the home does not answer", "", "", "", true, none, "does not answer");
        row("A is there, AAAA is new", vps, "", home, true, both, "right");
        row("A is there, and the VPS does not serve", vps, "", home, false, both, "right");
        row("AAAA is there, and A is not to be set yet", "", home, home, false, none, "right");
        row("AAAA is there, and A is new", "", home, home, true, both, "right");
        row("AAAA moves, and A is not to be set yet", "", moved, home, false, aaaa, "right");
        row("both are there, AAAA moves", vps, moved, home, false, both, "right");
        row("all is right", vps, home, home, true, none, "right");
    }
    void keeper()
    {
        QFETCH(QString, a);
        QFETCH(QString, aaaa);
        QFETCH(QString, proven);
        QFETCH(bool, vpsReady);
        QFETCH(QString, sent);
        QFETCH(QString, why);
        for (const char *name : {"n1.example.org", "n2.example.org", "n3.example.org", "n4.example.org"}) {
            setRecord(name, RecordType::A, qPrintable(a));
            setRecord(name, RecordType::AAAA, qPrintable(aaaa));
        }
        Job job{generous(), m_secrets, {}, {}};
        HomeRecords records(job);
        QVERIFY(records.fetchKeys({}));
        const auto done = set(records, 0, qPrintable(proven), vpsReady);
        QStringList wanted;
        if (!sent.isEmpty()) {
            for (int i = 1; i <= 4; ++i)
                wanted << QStringLiteral("n%1=%2").arg(i).arg(sent);
        }
        // The upstream name has but one address.
        if (!proven.isEmpty())
            wanted << QStringLiteral("n5=%1").arg(proven);
        QCOMPARE(joined(m_provider->takeCalls()), wanted.join(QLatin1Char(' ')));
        QVERIFY2(whyOf(done, "n1.example.org AAAA").contains(why), qPrintable(whyOf(done, "n1.example.org AAAA")));
        if (sent.isEmpty()) {
            QCOMPARE(at("n1.example.org", RecordType::A), a);
            QCOMPARE(at("n1.example.org", RecordType::AAAA), aaaa);
        }
    }

    // What waited for its other half goes with it, as soon as that may be set.
    void waitsForTheOther()
    {
        Job job{generous(), m_secrets, {}, {}};
        HomeRecords records(job);
        QVERIFY(records.fetchKeys({}));
        const auto first = set(records, 0, home, false);
        QVERIFY(!first.right);
        QCOMPARE(int(first.updates), 1);
        (void)m_provider->take();
        QCOMPARE(int(set(records, 1, home, false).updates), 0);
        const auto then = set(records, 2, home, true);
        QVERIFY2(then.right, qPrintable(whyOf(then, "n1.example.org A")));
        QCOMPARE(int(m_provider->takeCalls().size()), 4);
        QCOMPARE(at("n3.example.org", RecordType::A), QString::fromLatin1(vps));
        QCOMPARE(at("n3.example.org", RecordType::AAAA), QString::fromLatin1(home));
    }

    // A name that the provider refused stays out with both halves; that is no reason for the others.
    void aRefusedName()
    {
        m_provider->words[QStringLiteral("n2.example.org")] = "nohost";
        Job job{generous(), m_secrets, {}, {}};
        HomeRecords records(job);
        QVERIFY(records.fetchKeys({}));
        const auto done = set(records, 0, home, true);
        QCOMPARE(int(m_provider->take().size()), 5);
        QVERIFY(whyOf(done, "n2.example.org A") != QLatin1String("right"));
        QVERIFY(whyOf(done, "n2.example.org AAAA") != QLatin1String("right"));
        QCOMPARE(whyOf(done, "n3.example.org A"), QStringLiteral("right"));
        QCOMPARE(int(set(records, 10, home, true).updates), 0);
    }

    // An apply that fails later takes back what it has set: a pair by one call, as it was set.
    void undoes_data()
    {
        QTest::addColumn<QString>("word"); // of the provider, from then on; empty: it takes it
        QTest::addColumn<QString>("sent");
        QTest::addColumn<int>("left");
        QTest::newRow("all goes back") << QString() << QStringLiteral("n1=2001:db8:7::1,203.0.113.1 n2=2001:db8:7::2")
                                       << 0;
        QTest::newRow("it is refused") << QStringLiteral("badauth") << QString() << 3;
    }
    void undoes()
    {
        QFETCH(QString, word);
        QFETCH(QString, sent);
        QFETCH(int, left);
        setRecord("n1.example.org", RecordType::A, "203.0.113.1");
        setRecord("n1.example.org", RecordType::AAAA, "2001:db8:7::1");
        setRecord("n2.example.org", RecordType::AAAA, "2001:db8:7::2");
        std::map<QString, StepState> steps;
        Job job{generous(), m_secrets, {}, {}};
        job.sinks.step = [&](const QString &id, StepState state, const QString &) { steps[id] = state; };
        DnsLane lane(job);
        const auto both = pair("n1.example.org", "203.0.113.1", vps, "2001:db8:7::1", home);
        const Change single = changeOf("n2.example.org", "2001:db8:7::2", home);
        QVERIFY(lane.prepare({both[0], both[1], single}, {}));
        const auto made = lane.set(both, {});
        QVERIFY2(made, made ? "" : qPrintable(made.error().summary));
        QVERIFY(lane.set(std::span(&single, 1), {}));
        QCOMPARE(joined(m_provider->takeCalls()), QStringLiteral("n1=198.51.100.10,2001:db8:1::11 n2=2001:db8:1::11"));
        QCOMPARE(int(job.state.managedRecords.size()), 3);
        if (!word.isEmpty())
            m_provider->words[QString()] = word.toLatin1();
        const auto stays = lane.undo();
        QCOMPARE(int(stays.size()), left);
        for (const QString &one : stays)
            QVERIFY2(one.contains(QLatin1String(" stays changed: ")), qPrintable(one));
        if (!word.isEmpty()) {
            QCOMPARE(at("n1.example.org", RecordType::AAAA), QString::fromLatin1(home));
            // It is Sixgate's still.
            QCOMPARE(int(job.state.managedRecords.size()), 3);
            return;
        }
        QCOMPARE(joined(m_provider->takeCalls()), sent);
        QCOMPARE(at("n1.example.org", RecordType::A), QStringLiteral("203.0.113.1"));
        QCOMPARE(at("n1.example.org", RecordType::AAAA), QStringLiteral("2001:db8:7::1"));
        QCOMPARE(at("n2.example.org", RecordType::AAAA), QStringLiteral("2001:db8:7::2"));
        QVERIFY(job.state.managedRecords.empty());
        for (const auto &[id, state] : steps)
            QVERIFY2(state == StepState::Undone, qPrintable(id));
        QCOMPARE(int(steps.size()), 3);
        // Nothing is taken back twice.
        QVERIFY(lane.undo().empty());
        QVERIFY(m_provider->take().empty());
    }

    // Before anything is changed: all calls of an apply count, and a pair is one.
    void limits_data()
    {
        QTest::addColumn<int>("names");
        QTest::addColumn<bool>("pairs");
        QTest::addColumn<int>("most");
        QTest::addColumn<int>("span"); // s
        QTest::addColumn<int>("scope");
        QTest::addColumn<bool>("goes");
        const auto row = [](const char *what, int names, bool pairs, int most, int span, LimitScope scope, bool goes) {
            QTest::newRow(what) << names << pairs << most << span << int(scope) << goes;
        };
        row("as many as there may be", 3, false, 3, 3600, LimitScope::Account, true);
        row("one too many", 4, false, 3, 3600, LimitScope::Account, false);
        row("a pair is one", 3, true, 3, 3600, LimitScope::Account, true);
        row("one pair too many", 4, true, 3, 3600, LimitScope::Account, false);
        row("one too many, but not for long", 3, false, 2, 120, LimitScope::Account, true);
        row("each name by itself", 4, false, 1, 3600, LimitScope::Name, true);
        row("each name by itself, in pairs", 4, true, 1, 3600, LimitScope::Name, true);
    }
    void limits()
    {
        QFETCH(int, names);
        QFETCH(bool, pairs);
        QFETCH(int, most);
        QFETCH(int, span);
        QFETCH(int, scope);
        QFETCH(bool, goes);
        Job job{siteAtProvider(window(std::chrono::seconds(span), most), LimitScope(scope)), m_secrets, {}, {}};
        std::vector<Change> changes;
        for (int i = 1; i <= names; ++i) {
            const QByteArray name = QStringLiteral("n%1.example.org").arg(i).toLatin1();
            if (pairs)
                changes.push_back(changeOf(name.constData(), "", vps, RecordType::A));
            changes.push_back(changeOf(name.constData(), "", home));
        }
        DnsLane lane(job);
        const auto ready = lane.prepare(changes, {});
        QCOMPARE(ready.has_value(), goes);
        if (!goes) {
            QCOMPARE(ready.error().code, ErrorCode::Refused);
            QVERIFY2(ready.error().summary.contains(QStringLiteral("%1 updates").arg(most)),
                     qPrintable(ready.error().summary));
            QVERIFY2(ready.error().fix.startsWith(QLatin1String("Try again at ")), qPrintable(ready.error().fix));
        }
        // It has only looked.
        QVERIFY(m_provider->take().empty());
        const auto kept = loadKeeping(job.site.name);
        QVERIFY(kept && kept->paces.empty());
    }
};

int main(int argc, char **argv)
{
    enterOwnNetwork(QStringLiteral("nameserver 127.0.0.1\n"));
    QCoreApplication application(argc, argv);
    TestHomeHalves test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_homehalves.moc"
