// What apply says about its steps: the state of each, and whether anything is other than before.

#include "ctl/steps.h"

#include <QTest>

#include <cstdio>
#include <unistd.h>

using namespace sixgate;
using namespace sixgate::ctl;

namespace
{

struct Event {
    const char *id;
    StepState state;
    const char *text = "";
};

Plan threeChanges()
{
    Plan plan;
    for (const char *id : {"dns.1", "dns.2", "vps.1"}) {
        Change change;
        change.id = QString::fromLatin1(id);
        change.lane = change.id.startsWith(QLatin1String("dns")) ? Lane::Dns : Lane::Vps;
        change.sentence = QStringLiteral("Does %1.").arg(change.id);
        plan.changes.push_back(change);
    }
    return plan;
}

QStringList statesOf(const Steps &steps)
{
    QStringList states;
    for (const auto &one : steps.json())
        states << one.toObject()[QStringLiteral("state")].toString();
    return states;
}

} // namespace

Q_DECLARE_METATYPE(std::vector<Event>)

class TestCtlSteps : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void states_data()
    {
        QTest::addColumn<std::vector<Event>>("events");
        QTest::addColumn<bool>("changed");
        QTest::addColumn<QString>("states");
        const auto row = [](const char *name, std::vector<Event> events, bool changed, const char *states) {
            QTest::newRow(name) << std::move(events) << changed << QString::fromLatin1(states);
        };
        using enum StepState;
        row("nothing begun", {}, false, "not-started not-started not-started");
        row("all done", {{"dns.1", Started}, {"dns.1", Done}, {"dns.2", Done}, {"vps.1", Done}}, true,
            "done done done");
        row("all as wanted already", {{"dns.1", Unchanged}, {"dns.2", Unchanged}, {"vps.1", Unchanged}}, false,
            "unchanged unchanged unchanged");
        row("records set, then the VPS failed",
            {{"dns.1", Done}, {"dns.2", Done}, {"vps.1", Started}, {"vps.1", Failed}}, true, "done done failed");
        row("stopped, all taken back",
            {{"dns.1", Done}, {"dns.2", Done}, {"vps.1", Started}, {"dns.2", Undone}, {"dns.1", Undone}}, false,
            "undone undone started");
        row("stopped, one stays", {{"dns.1", Done}, {"dns.2", Done}, {"dns.2", Undone}}, true,
            "done undone not-started");
        row("not known whether set, taken back", {{"dns.1", Failed}, {"dns.1", Undone}}, false,
            "undone not-started not-started");
        row("notes change nothing", {{"dns.1", Done}, {"dns.1", Note}, {"", Note}, {"vps.1", Note}}, true,
            "done not-started not-started");
        row("an unknown step is no change", {{"vps.9", Done}}, false, "not-started not-started not-started");
    }

    void states()
    {
        QFETCH(std::vector<Event>, events);
        const Plan plan = threeChanges();
        Output output(true);
        Steps steps(output, plan);
        for (const Event &one : events)
            steps(QString::fromLatin1(one.id), one.state, QString::fromLatin1(one.text));
        QTEST(steps.changed(), "changed");
        QTEST(statesOf(steps).join(QLatin1Char(' ')), "states");
    }

    void lines()
    {
        // Output writes to the program's standard output: a file takes its place here.
        std::FILE *file = std::tmpfile();
        QVERIFY(file);
        std::fflush(stdout);
        const int before = ::dup(STDOUT_FILENO);
        ::dup2(::fileno(file), STDOUT_FILENO);
        {
            const Plan plan = threeChanges();
            Output output(false);
            Steps steps(output, plan);
            steps(QStringLiteral("dns.1"), StepState::Started, {});
            steps(QStringLiteral("dns.1"), StepState::Done, QStringLiteral("ns2 will follow."));
            steps(QStringLiteral("dns.2"), StepState::Unchanged, QStringLiteral("It was so already."));
            steps(QStringLiteral("vps.1"), StepState::Done, QStringLiteral("12 files"));
            steps(QStringLiteral("vps.1"), StepState::Failed, QStringLiteral("exit \033[31m1"));
            steps(QStringLiteral("dns.1"), StepState::Undone, {});
        }
        std::fflush(stdout);
        ::dup2(before, STDOUT_FILENO);
        ::close(before);
        std::rewind(file);
        QByteArray text(4096, '\0');
        text.truncate(qsizetype(std::fread(text.data(), 1, size_t(text.size()), file)));
        std::fclose(file);
        QCOMPARE(QString::fromUtf8(text), QStringLiteral("  ✓ Does dns.1.  ns2 will follow.\n"
                                                         "  ✓ Does dns.2.  It was so already.\n"
                                                         "  ✓ Does vps.1.\n"
                                                         "  ✗ Does vps.1.\n"
                                                         "      exit ?[31m1\n"
                                                         "  ↶ undone: Does dns.1.\n"));
    }
};

QTEST_GUILESS_MAIN(TestCtlSteps)
#include "tst_ctl_steps.moc"
