#pragma once

#include <QApplication>
#include <QEvent>

#include <chrono>

namespace sixgate::tests
{

/// An application that measures each event of its GUI thread: while one is being handled, nothing else is. An event
/// that is handled within another one counts for itself alone. What the thread waited for a processor that others had
/// does not count: that is the machine's stall, whatever the program does.
class StallApplication : public QApplication
{
public:
    StallApplication(int &argc, char **argv);
    ~StallApplication() override;

    bool notify(QObject *receiver, QEvent *event) override;

    /// From nothing.
    void beginWatch();
    void endWatch() { m_watches = false; }
    /// Goes on after endWatch(), with the longest one before.
    void resumeWatch() { m_watches = true; }
    bool watches() const { return m_watches; }
    /// So long of the present event was the test's own.
    void leaveOut(std::chrono::nanoseconds time) { m_inner += time; }
    std::chrono::milliseconds longest() const
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(m_longest);
    }
    /// From any moment on, without what the thread waited for a processor.
    std::chrono::nanoseconds now() const;
    /// Which event it was.
    QString culprit() const { return m_culprit; }

private:
    void note(std::chrono::nanoseconds own, const QMetaObject *kind, QEvent::Type type, const QString &name);

    std::chrono::nanoseconds m_inner{0}; ///< spent in events within the one that is being handled
    std::chrono::nanoseconds m_longest{0};
    QString m_culprit;
    int m_schedule; ///< the thread's schedstat; -1 where the kernel has none
    bool m_watches = false;
};

/// For as long as it lives, what happens is the test's own. Nothing where the application does not watch.
class WatchPause
{
public:
    WatchPause();
    ~WatchPause();
    WatchPause(const WatchPause &) = delete;
    WatchPause &operator=(const WatchPause &) = delete;

private:
    StallApplication *m_paused;
    std::chrono::nanoseconds m_began{0};
};

/// How long an event may take. Where SIXGATE_TESTS_BESIDE in the environment says that other tests run at the same
/// time, four times as long: an event that draws waits for the X server, and one that reads a file for the disk, which
/// other labs keep busy, too.
std::chrono::milliseconds stallLimit();

/// Ends the watch and prints the longest stall; a failure of the running test where it is over the limit.
void judgeStalls();

} // namespace sixgate::tests
