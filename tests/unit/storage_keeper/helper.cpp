// What the tests of what a keeper stores run as another process:
//
//   keeper_storage_helper keep SITE            saves without end: an even number of records, an odd one, an even one …
//   keeper_storage_helper history SITE COUNT   opens the history, adds so many of each kind, and updates each
//   keeper_storage_helper history SITE         the same without end
//
// Exit 0, or 1 and the error's summary and detail, one a line. Says "begun" once it has written something.

#include "storage/history.h"
#include "storage/keeping.h"

#include <QCoreApplication>

#include <cstdio>
#include <limits>

using namespace sixgate;

namespace
{

int report(const Error &error)
{
    std::printf("%s\n%s\n", qPrintable(error.summary), qPrintable(error.detail));
    return 1;
}

void begun()
{
    std::puts("begun");
    std::fflush(stdout);
}

QDateTime at(qint64 second)
{
    return QDateTime::fromSecsSinceEpoch(1'795'000'000 + second, Qt::UTC);
}

int keep(const Label &site)
{
    auto keeping = beginKeeping(site);
    if (!keeping)
        return report(keeping.error());
    for (int turn = 0;; ++turn) {
        // Everything tells the turn, so that a mixture shows.
        keeping->paces.clear();
        for (int i = 0; i < 200 + turn % 2; ++i) {
            const RecordKey key{*Hostname::parse(QStringLiteral("s%1.example.org").arg(i)), RecordType::AAAA};
            PaceState state;
            state.updates = {at(turn)};
            state.accepted = QString::number(turn);
            keeping->paces[{*Label::parse(QStringLiteral("main")), key}] = state;
        }
        keeping->leadership.led = at(turn);
        if (const Outcome saved = saveKeeping(site, *keeping); !saved)
            return report(saved.error());
        if (turn == 0)
            begun();
    }
}

int history(const Label &site, int count)
{
    auto opened = History::open(site);
    if (!opened)
        return report(opened.error());
    for (int i = 0; i < count; ++i) {
        Recovery recovery;
        recovery.at = at(i);
        recovery.cause = QStringLiteral("event");
        const auto id = opened->add(recovery);
        if (!id)
            return report(id.error());
        recovery.id = *id;
        recovery.usable = std::chrono::milliseconds(i);
        recovery.end = RecoveryEnd::Finished;
        if (const Outcome updated = opened->update(recovery); !updated)
            return report(updated.error());
        const auto transition = opened->add(KeeperTransition{0, at(i), QStringLiteral("role"), {}, {}, {}});
        if (!transition)
            return report(transition.error());
        if (i == 0)
            begun();
    }
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    const QStringList words = QCoreApplication::arguments().mid(1);
    const auto site = Label::parse(words.value(1));
    if (!site)
        return 2;
    if (words[0] == QLatin1String("keep"))
        return keep(*site);
    return history(*site, words.size() > 2 ? words[2].toInt() : std::numeric_limits<int>::max());
}
