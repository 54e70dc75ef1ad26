// A keeper's records against a real name server: aliases, and somebody else who writes them, too.

#include "homezone.h"

#include "decide/plan.h"
#include "engine/dnslane.h"
#include "storage/keeping.h"

#include <QTest>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

class TestHomeRecords : public QObject
{
    Q_OBJECT

    std::unique_ptr<Daemon> m_primary;
    QTemporaryDir m_folder;
    OneKey m_secrets;
    QDateTime m_now = QDateTime::fromSecsSinceEpoch(1'795'000'000, Qt::UTC);

    std::unique_ptr<Provider> m_provider;

    /// Somebody else sets the record, whatever it holds.
    static void write(const char *name, RecordType type, const char *value) { setRecord(name, type, value); }

    void emptyZone()
    {
        test::emptyZone();
        m_provider->words.clear();
        (void)m_provider->take();
    }

    HomeRecords::Set set(HomeRecords &records, int minute, const char *home = "2001:db8:1::11")
    {
        const auto done = records.set(seen(home), true, m_now.addSecs(60 * minute), {});
        if (!done)
            qFatal("%s", qPrintable(done.error().summary + done.error().detail));
        return *done;
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        m_primary = startZone();
        const Identity authority = makeIdentity({{}, "authority", -3600, 86400, true});
        trustOnly(authority, m_folder.path());
        m_provider = std::make_unique<Provider>(makeIdentity({{"update.example.org"}}, &authority));
    }

    void cleanupTestCase() { m_provider.reset(); }

    void init()
    {
        qputenv("XDG_STATE_HOME",
                QFile::encodeName(m_folder.filePath(QString::fromLatin1(QTest::currentTestFunction()))));
        for (const RecordType type : {RecordType::A, RecordType::AAAA})
            write("dyn.example.org", type, "");
    }

    // www is an alias of far, and that of dyn: what is kept is dyn.
    void keepsTheEndOfAliases()
    {
        Job job{site(), m_secrets, {}, {}};
        HomeRecords records(job);
        QVERIFY(records.fetchKeys({}));
        const auto first = set(records, 0);
        QVERIFY2(first.right, qPrintable(whyOf(first, "dyn.example.org AAAA")));
        QCOMPARE(at("dyn.example.org", RecordType::AAAA), QStringLiteral("2001:db8:1::11"));
        QCOMPARE(at("dyn.example.org", RecordType::A), QStringLiteral("198.51.100.10"));
        QCOMPARE(at("home6.example.org", RecordType::AAAA), QStringLiteral("2001:db8:1::11"));
        QCOMPARE(at("www.example.org", RecordType::CNAME), QStringLiteral("far.example.org"));
        const auto moved = set(records, 1, "2001:db8:2::11");
        QVERIFY(moved.right);
        QCOMPARE(int(moved.updates), 2);
        QCOMPARE(at("dyn.example.org", RecordType::AAAA), QStringLiteral("2001:db8:2::11"));
        QCOMPARE(at("dyn.example.org", RecordType::A), QStringLiteral("198.51.100.10"));
        for (const KeptRecord &one : moved.records) {
            if (one.record.startsWith(QLatin1String("dyn")))
                QCOMPARE(one.aliases, std::vector{QStringLiteral("www.example.org")});
        }
        QCOMPARE(int(set(records, 2, "2001:db8:2::11").updates), 0);
    }

    // What stands at the end of an alias and is nobody's that Sixgate knows is a person's to replace.
    void leavesStrangersAtTheEnd()
    {
        write("dyn.example.org", RecordType::A, "203.0.113.80");
        Job job{site(), m_secrets, {}, {}};
        HomeRecords records(job);
        QVERIFY(records.fetchKeys({}));
        const auto first = set(records, 0);
        QVERIFY(!first.right);
        QCOMPARE(at("dyn.example.org", RecordType::A), QStringLiteral("203.0.113.80"));
        QCOMPARE(at("dyn.example.org", RecordType::AAAA), QStringLiteral("2001:db8:1::11"));
        QVERIFY2(whyOf(first, "dyn.example.org A").contains(QLatin1String("www.example.org leads here now")),
                 qPrintable(whyOf(first, "dyn.example.org A")));
    }

    // A router sets dyn's A to the carrier's address, again and again.
    void somebodyElseWrites()
    {
        Job job{site(), m_secrets, {}, {}};
        auto records = std::make_unique<HomeRecords>(job);
        QVERIFY(records->fetchKeys({}));
        QVERIFY(set(*records, 0).right);
        const char *record = "dyn.example.org A";
        for (int turn = 1; turn <= 2; ++turn) {
            write("dyn.example.org", RecordType::A, "100.64.0.9");
            const auto done = set(*records, turn);
            QCOMPARE(int(done.updates), 1);
            QCOMPARE(whyOf(done, record), QStringLiteral("right"));
            QCOMPARE(at("dyn.example.org", RecordType::A), QStringLiteral("198.51.100.10"));
        }
        write("dyn.example.org", RecordType::A, "100.64.0.9");
        const auto left = set(*records, 3);
        QCOMPARE(int(left.updates), 0);
        QVERIFY(!left.right);
        QVERIFY2(whyOf(left, record).contains(QLatin1String("Another program writes this record")),
                 qPrintable(whyOf(left, record)));
        QVERIFY2(whyOf(left, record).contains(QLatin1String("carriers use")), qPrintable(whyOf(left, record)));
        QVERIFY(left.again && *left.again > m_now.addSecs(23 * 3600));
        // The other records are kept all the same.
        const auto moved = set(*records, 4, "2001:db8:3::11");
        QCOMPARE(int(moved.updates), 2);
        QCOMPARE(at("dyn.example.org", RecordType::AAAA), QStringLiteral("2001:db8:3::11"));
        QCOMPARE(at("dyn.example.org", RecordType::A), QStringLiteral("100.64.0.9"));
        // A restart forgets nothing.
        records = std::make_unique<HomeRecords>(job);
        QVERIFY(records->fetchKeys({}));
        QCOMPARE(int(set(*records, 5, "2001:db8:3::11").updates), 0);
        // A day later once more; then the user has acted.
        QCOMPARE(int(set(*records, 1500, "2001:db8:3::11").updates), 1);
        QCOMPARE(at("dyn.example.org", RecordType::A), QStringLiteral("198.51.100.10"));
        write("dyn.example.org", RecordType::A, "100.64.0.9");
        QCOMPARE(int(set(*records, 1501, "2001:db8:3::11").updates), 0);
        records->userActed();
        QVERIFY(records->fetchKeys({}));
        const auto acted = set(*records, 1502, "2001:db8:3::11");
        QVERIFY(acted.right);
        QCOMPARE(int(acted.updates), 1);
    }

    // What is on the disk is what counts: somebody's apply writes there, too.
    void pacesOnTheDiskCount()
    {
        Job job{site(), m_secrets, {}, {}};
        HomeRecords records(job);
        QVERIFY(records.fetchKeys({}));
        QVERIFY(set(records, 0).right);
        write("dyn.example.org", RecordType::A, "203.0.113.1");
        const PacedRecord unit{parsed<Label>("main"), {parsed<Hostname>("dyn.example.org"), RecordType::A}};
        QVERIFY(updateKeeping(job.site.name, [&](Keeping &kept) {
            PaceState &pace = kept.paces[unit];
            UpdateOutcome refused{UpdateOutcome::What::Refused, QStringLiteral("x"), QStringLiteral("no")};
            refused.untilUserActs = true;
            pace = noteUpdate(pace, rfc2136Rules(), refused, m_now.addSecs(30));
        }));
        const auto stopped = set(records, 1);
        QCOMPARE(int(stopped.updates), 0);
        QVERIFY2(whyOf(stopped, "dyn.example.org A").contains(QLatin1String("until you have acted")),
                 qPrintable(whyOf(stopped, "dyn.example.org A")));
        records.userActed();
        QVERIFY(records.fetchKeys({}));
        QCOMPARE(int(set(records, 2).updates), 1);
        const auto kept = loadKeeping(job.site.name);
        QVERIFY(kept && kept->paces.at(unit).stopped.isEmpty());
    }

    // Five names in an account that takes two requests in two minutes: none too many, and all come to be right.
    void withinAnAccountsLimits()
    {
        emptyZone();
        Job job{siteAtProvider(window(120s, 2), LimitScope::Account), m_secrets, {}, {}};
        HomeRecords records(job);
        QVERIFY(records.fetchKeys({}));
        const auto first = set(records, 0);
        QCOMPARE(int(m_provider->take().size()), 2);
        QVERIFY(first.again && *first.again <= m_now.addSecs(130));
        QVERIFY(!first.right);
        QCOMPARE(int(set(records, 1).updates), 0);
        QCOMPARE(int(m_provider->take().size()), 0);
        (void)set(records, 3);
        QCOMPARE(int(m_provider->take().size()), 2);
        const auto last = set(records, 6);
        QCOMPARE(int(m_provider->take().size()), 1);
        QVERIFY2(last.right, qPrintable(whyOf(last, "n5.example.org AAAA")));
        QCOMPARE(at("n5.example.org", RecordType::A), QString());
        QCOMPARE(at("n4.example.org", RecordType::A), QStringLiteral("198.51.100.10"));
        QCOMPARE(int(set(records, 20).updates), 0);
        QCOMPARE(int(m_provider->take().size()), 0);
    }

    // "nohost" stops one name, and not by a restart either; the account's others go on.
    void oneNameIsRefused()
    {
        emptyZone();
        m_provider->words[QStringLiteral("n2.example.org")] = "nohost";
        Job job{siteAtProvider(window(60s, 60), LimitScope::Account), m_secrets, {}, {}};
        auto records = std::make_unique<HomeRecords>(job);
        QVERIFY(records->fetchKeys({}));
        const auto first = set(*records, 0);
        QCOMPARE(int(m_provider->take().size()), 5);
        QCOMPARE(whyOf(first, "n3.example.org AAAA"), QStringLiteral("right"));
        QVERIFY2(whyOf(first, "n2.example.org AAAA").contains(QLatin1String("not in this account")),
                 qPrintable(whyOf(first, "n2.example.org AAAA")));
        for (int minute : {10, 100, 1000}) {
            if (minute == 100) {
                records = std::make_unique<HomeRecords>(job);
                QVERIFY(records->fetchKeys({}));
            }
            const auto later = set(*records, minute);
            QVERIFY2(whyOf(later, "n2.example.org AAAA").contains(QStringLiteral("“nohost”")),
                     qPrintable(whyOf(later, "n2.example.org AAAA")));
            QVERIFY(m_provider->take().empty());
        }
        // A new prefix: the others move.
        QVERIFY(!set(*records, 1010, "2001:db8:2::11").right);
        const auto asked = m_provider->take();
        QCOMPARE(int(asked.size()), 4);
        QVERIFY(std::find(asked.begin(), asked.end(), QStringLiteral("n2.example.org")) == asked.end());
        m_provider->words.clear();
        records->userActed();
        QVERIFY(records->fetchKeys({}));
        QVERIFY(set(*records, 1020, "2001:db8:2::11").right);
        QCOMPARE(int(m_provider->take().size()), 1);
    }

    // A password that is not accepted stops all of the account, whatever the provider counts together, and whoever of
    // apply and keeper has heard it.
    void theAccountIsRefused_data()
    {
        QTest::addColumn<QByteArray>("word");
        QTest::addColumn<int>("scope");
        QTest::addColumn<bool>("byApply");
        for (const char *word : {"badauth", "abuse"}) {
            for (const LimitScope scope : {LimitScope::Account, LimitScope::Name, LimitScope::Record}) {
                for (const bool byApply : {false, true})
                    QTest::addRow("%s scope %d%s", word, int(scope), byApply ? " by apply" : "")
                        << QByteArray(word) << int(scope) << byApply;
            }
        }
    }

    void theAccountIsRefused()
    {
        QFETCH(QByteArray, word);
        QFETCH(int, scope);
        QFETCH(bool, byApply);
        emptyZone();
        qputenv("XDG_STATE_HOME",
                QFile::encodeName(m_folder.filePath(QString::fromLatin1(QTest::currentDataTag()).simplified())));
        m_provider->words[QString()] = word;
        Job job{siteAtProvider(window(60s, 60), LimitScope(scope)), m_secrets, {}, {}};
        auto records = std::make_unique<HomeRecords>(job);
        QVERIFY(records->fetchKeys({}));
        if (byApply) {
            DnsLane lane(job);
            const Change change = changeOf("n1.example.org", "", "2001:db8:1::11");
            QVERIFY(lane.prepare({change}, {}));
            QVERIFY(!lane.set(std::span(&change, 1), {}));
        } else {
            QVERIFY(!set(*records, 0).right);
        }
        // One is asked, and the others no more.
        QCOMPARE(int(m_provider->take().size()), 1);
        records = std::make_unique<HomeRecords>(job);
        QVERIFY(records->fetchKeys({}));
        for (int minute : {10, 100, 10000}) {
            const auto later = set(*records, minute, minute > 10 ? "2001:db8:2::11" : "2001:db8:1::11");
            QVERIFY(!later.right);
            QVERIFY(m_provider->take().empty());
        }
    }

    // What apply sent counts for the keeper, and the other way round.
    void applyAndKeeperCountTogether()
    {
        emptyZone();
        m_now = QDateTime::currentDateTimeUtc();
        Job job{siteAtProvider(window(3600s, 3), LimitScope::Account), m_secrets, {}, {}};
        DnsLane lane(job);
        const Change one = changeOf("n1.example.org", "", "2001:db8:1::11"),
                     two = changeOf("n1.example.org", "2001:db8:1::11", "2001:db8:1::12");
        for (const Change &next : {one, two}) {
            QVERIFY(lane.prepare({next}, {}));
            const auto done = lane.set(std::span(&next, 1), {});
            QVERIFY2(done, done ? "" : qPrintable(done.error().summary + done.error().detail));
        }
        QCOMPARE(int(m_provider->take().size()), 2);
        const PacedRecord unit{parsed<Label>("main"), {parsed<Hostname>("example.org"), RecordType::AAAA}};
        QCOMPARE(int(loadKeeping(job.site.name)->paces.at(unit).updates.size()), 2);
        // One is left for the keeper, and none then for an apply.
        HomeRecords records(job);
        QVERIFY(records.fetchKeys({}));
        (void)set(records, 0);
        QCOMPARE(int(m_provider->take().size()), 1);
        QCOMPARE(int(set(records, 10).updates), 0);
        DnsLane another(job);
        const QString now = at("n1.example.org", RecordType::AAAA);
        const Change three = changeOf("n1.example.org", qPrintable(now), "2001:db8:1::13");
        // Before anything is changed.
        const auto refused = another.prepare({three}, {});
        QVERIFY(!refused);
        QVERIFY2(refused.error().summary.contains(QLatin1String("3 updates")), qPrintable(refused.error().summary));
        QVERIFY(m_provider->take().empty());
    }

    // Names that expire after 25 days without updates, over a year in which nothing moves.
    void sentAnewInTime()
    {
        emptyZone();
        Job job{siteAtProvider(window(600s, 4), LimitScope::Name, std::chrono::hours(25 * 24)), m_secrets, {}, {}};
        auto records = std::make_unique<HomeRecords>(job);
        QVERIFY(records->fetchKeys({}));
        QVERIFY(set(*records, 0).right);
        QCOMPARE(int(m_provider->take().size()), 5);
        std::map<QString, int> last, count;
        constexpr int day = 24 * 60;
        for (int minute = 720; minute < 365 * day; minute += 720) {
            if (minute % (30 * day) == 0) {
                records = std::make_unique<HomeRecords>(job);
                QVERIFY(records->fetchKeys({}));
            }
            const auto done = set(*records, minute);
            QVERIFY(done.right);
            for (const QString &name : m_provider->take()) {
                QVERIFY2(minute - last[name] < 25 * day && minute - last[name] >= 19 * day,
                         qPrintable(QStringLiteral("%1 after %2 days").arg(name).arg((minute - last[name]) / day)));
                last[name] = minute;
                ++count[name];
            }
        }
        QCOMPARE(int(count.size()), 5);
        for (const auto &[name, times] : count)
            QVERIFY2(times >= 15 && times <= 18, qPrintable(QStringLiteral("%1 %2").arg(name).arg(times)));
    }
};

int main(int argc, char **argv)
{
    enterOwnNetwork(QStringLiteral("nameserver 127.0.0.1\n"));
    QCoreApplication application(argc, argv);
    TestHomeRecords test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_homerecords.moc"
