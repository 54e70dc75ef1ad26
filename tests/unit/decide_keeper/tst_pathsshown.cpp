// Which of a keeper's paths still say something while records are not right.

#include "decide/keptpaths.h"

#include <QTest>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

const QDateTime now = QDateTime::fromSecsSinceEpoch(1'800'000'000, Qt::UTC);

/// "cloud.example.org AAAA wrong; dyn.example.org A right of cloud.example.org, www.example.org"
std::vector<KeptRecord> recordsFrom(const QString &text)
{
    std::vector<KeptRecord> all;
    for (const QString &part : text.split(QStringLiteral("; "), Qt::SkipEmptyParts)) {
        const QStringList words = part.section(QStringLiteral(" of "), 0, 0).split(QLatin1Char(' '));
        KeptRecord one{words[0] + QLatin1Char(' ') + words[1], {}, words[2] == QLatin1String("right"), {}, now};
        for (const QString &alias :
             part.section(QStringLiteral(" of "), 1).split(QStringLiteral(", "), Qt::SkipEmptyParts))
            one.aliases.push_back(alias);
        all.push_back(std::move(one));
    }
    return all;
}

std::vector<KeptPath> allPaths(const char *name, PathState v6)
{
    std::vector<KeptPath> all;
    for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan})
        all.push_back({QString::fromLatin1(name), kind, kind == PathKind::V6 ? v6 : PathState::Works, 5ms, {}, now});
    return all;
}

} // namespace

class TestPathsShown : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void shown_data()
    {
        QTest::addColumn<QString>("records");
        QTest::addColumn<int>("before"); // what was known of path 3
        QTest::addColumn<int>("after");
        const auto row = [](const char *what, const char *records, PathState before, PathState after) {
            QTest::newRow(what) << QString::fromLatin1(records) << int(before) << int(after);
        };
        const auto works = PathState::Works, unknown = PathState::Unknown, broken = PathState::Broken;
        row("nothing is known of records", "", works, works);
        row("all is right", "cloud.example.org AAAA right; cloud.example.org A right", works, works);
        row("its AAAA is wrong", "cloud.example.org AAAA wrong", works, unknown);
        row("its AAAA is wrong, after a right A", "cloud.example.org A right; cloud.example.org AAAA wrong", works,
            unknown);
        row("its AAAA is wrong, and A too", "cloud.example.org A wrong; cloud.example.org AAAA wrong", works, unknown);
        row("its A alone is wrong", "cloud.example.org A wrong; cloud.example.org AAAA right", works, works);
        row("another name's is wrong", "www.example.org AAAA wrong", works, works);
        row("a longer name's is wrong", "my.cloud.example.org AAAA wrong", works, works);
        row("it was broken anyway", "cloud.example.org AAAA wrong", broken, broken);
        row("it was not known anyway", "cloud.example.org AAAA wrong", unknown, unknown);
        row("an alias, right", "dyn.example.org AAAA right of cloud.example.org", works, works);
        row("an alias, wrong", "dyn.example.org AAAA wrong of www.example.org, cloud.example.org", works, unknown);
        row("an alias of another name", "dyn.example.org AAAA wrong of www.example.org", works, works);
        row("an alias whose A alone is wrong",
            "dyn.example.org A wrong of cloud.example.org; dyn.example.org AAAA right of cloud.example.org", works,
            works);
        row("an alias of which both are wrong, AAAA first",
            "dyn.example.org AAAA wrong of cloud.example.org; dyn.example.org A wrong of cloud.example.org", works,
            unknown);
        row("an alias of which both are wrong, A first",
            "dyn.example.org A wrong of cloud.example.org; dyn.example.org AAAA wrong of cloud.example.org", works,
            unknown);
    }

    void shown()
    {
        QFETCH(QString, records);
        QFETCH(int, before);
        QFETCH(int, after);
        const auto all = allPaths("cloud.example.org", PathState(before));
        const auto seen = pathsToShow(all, recordsFrom(records));
        QCOMPARE(seen.size(), all.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            QCOMPARE(seen[i].kind, all[i].kind);
            QCOMPARE(seen[i].publicName, all[i].publicName);
            QCOMPARE(seen[i].at, all[i].at);
            const bool changes = all[i].kind == PathKind::V6 && before != after;
            QCOMPARE(int(seen[i].state), changes ? after : int(all[i].state));
            QCOMPARE(seen[i].why.contains(QLatin1String("AAAA record is not right")), changes);
        }
    }

    // One name's trouble is none of another's.
    void eachName()
    {
        auto paths = allPaths("cloud.example.org", PathState::Works);
        for (const KeptPath &one : allPaths("www.example.org", PathState::Works))
            paths.push_back(one);
        const auto seen = pathsToShow(paths, recordsFrom(QStringLiteral("www.example.org AAAA wrong")));
        for (const KeptPath &one : seen)
            QCOMPARE(one.state == PathState::Unknown,
                     one.kind == PathKind::V6 && one.publicName == QLatin1String("www.example.org"));
    }
};

QTEST_APPLESS_MAIN(TestPathsShown)
#include "tst_pathsshown.moc"
