// What of the verdicts a person is told, as stories: each trouble once.

#include "decide/notice.h"

#include <QTest>

using namespace sixgate;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

using S = OverviewState;

/// `causes`: the first is what the sentence is about.
Overview overview(S state, const QStringList &causes = {}, bool settled = true)
{
    Overview one;
    one.settled = settled;
    one.state = state;
    one.cause = causes.value(0);
    one.causes = causes;
    return one;
}

} // namespace

class TestNotice : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void stories_data()
    {
        QTest::addColumn<std::vector<Overview>>("story");
        QTest::addColumn<QString>("told");
        const auto row = [](const char *name, std::vector<Overview> story, const char *told) {
            QTest::newRow(name) << std::move(story) << latin(told);
        };
        const QStringList a{latin("a")}, b{latin("b")}, ab{latin("a"), latin("b")}, ba{latin("b"), latin("a")};
        const Overview fine = overview(S::Fine), unnamed = overview(S::Broken), lesser = overview(S::Degraded);
        row("fine at first", {fine, fine}, "..");
        row("broken at first", {unnamed, unnamed}, "!.");
        row("breaks, and is well again", {fine, unnamed, fine, fine}, ".!!.");
        row("gets worse", {fine, lesser, unnamed, lesser}, ".!!.");
        row("what is no verdict", {fine, overview(S::Working), overview(S::Paused), overview(S::Unknown)}, "....");
        row("not settled yet", {fine, overview(S::Broken, a, false), overview(S::Broken, a)}, "..!");
        row("gets its name", {unnamed, overview(S::Broken, a), overview(S::Broken, a)}, "!..");
        row("gets its name, and is worse", {lesser, overview(S::Broken, a)}, "!!");
        row("after its name another one", {unnamed, overview(S::Broken, a), overview(S::Broken, b)}, "!.!");
        row("loses its name", {overview(S::Broken, a), unnamed, overview(S::Broken, a)}, "!..");
        row("gets worse, and has a name", {overview(S::Degraded, a), overview(S::Broken, a)}, "!.");
        row("two, in any order", {overview(S::Broken, ab), overview(S::Broken, ba), overview(S::Broken, ab)}, "!!.");
        row("one is mended", {overview(S::Broken, ab), overview(S::Broken, b), overview(S::Broken, b)}, "!!.");
        row("mended, and back", {overview(S::Broken, a), overview(S::Broken, b), overview(S::Broken, ab)}, "!!!");
        row("after a pause", {overview(S::Broken, a), overview(S::Paused), overview(S::Broken, a)}, "!.!");
        row("a keeper that is started anew", {unnamed, overview(S::Unknown), unnamed}, "!..");
        row("nobody watched", {unnamed, overview(S::Unknown), overview(S::Unknown), overview(S::Unknown), unnamed},
            "!...!");
        row("nobody watched, all is well",
            {fine, overview(S::Unknown), overview(S::Unknown), overview(S::Unknown), fine}, ".....");
        row("well, but nobody saw when",
            {unnamed, overview(S::Unknown), overview(S::Unknown), overview(S::Unknown), fine}, "!....");
        row("back after all was well", {overview(S::Broken, a), fine, overview(S::Broken, a)}, "!!!");
    }

    void stories()
    {
        QFETCH(std::vector<Overview>, story);
        Noticing noticing;
        QString told;
        QDateTime at = QDateTime::fromSecsSinceEpoch(1790000000);
        for (const Overview &one : story) {
            at = at.addSecs(25);
            told += noticing.see(one, at) ? QLatin1Char('!') : QLatin1Char('.');
        }
        QTEST(told, "told");
    }
};

QTEST_APPLESS_MAIN(TestNotice)
#include "tst_notice.moc"
