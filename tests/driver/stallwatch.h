#pragma once

#include <QApplication>
#include <QEvent>

#include <chrono>

namespace sixgate::tests
{

/// Time of a thread.
struct ThreadTime {
    std::chrono::nanoseconds whole{0}; ///< by the clock, without what it waited for a processor
    std::chrono::nanoseconds busy{0};  ///< of that, on a processor

    friend ThreadTime operator+(const ThreadTime &a, const ThreadTime &b)
    {
        return {a.whole + b.whole, a.busy + b.busy};
    }
    friend ThreadTime operator-(const ThreadTime &a, const ThreadTime &b)
    {
        return {a.whole - b.whole, a.busy - b.busy};
    }
};

/// An application that measures each event of its GUI thread: while one is being handled, nothing else is. An event
/// that is handled within another one counts for itself alone. What the thread waited for a processor that others had
/// does not count: that is the machine's stall, whatever the program does. What it computed is told apart from the
/// whole, in which it also waited for something: the X server, the disk, or what it must not wait for.
class StallApplication : public QApplication
{
public:
    StallApplication(int &argc, char **argv);
    ~StallApplication() override;

    bool notify(QObject *receiver, QEvent *event) override;

    /// From nothing.
    void beginWatch();
    void endWatch() { m_watches = false; }
    /// Goes on after endWatch(), with the longest ones before.
    void resumeWatch() { m_watches = true; }
    bool watches() const { return m_watches; }
    /// So much of the present event was the test's own.
    void leaveOut(const ThreadTime &time) { m_inner = m_inner + time; }
    /// Of any event.
    std::chrono::milliseconds longest() const { return inMilliseconds(m_longest); }
    std::chrono::milliseconds busiest() const { return inMilliseconds(m_busiest); }
    /// Which event was the longest one; empty where there was none.
    QString culprit() const { return m_culprit; }
    QString busiestCulprit() const { return m_busiestCulprit; }
    /// From any moment on.
    ThreadTime now() const;

private:
    void note(const ThreadTime &own, const QMetaObject *kind, QEvent::Type type, const QString &name);
    static std::chrono::milliseconds inMilliseconds(std::chrono::nanoseconds time)
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(time);
    }

    ThreadTime m_inner; ///< spent in events within the one that is being handled
    std::chrono::nanoseconds m_longest{0};
    std::chrono::nanoseconds m_busiest{0};
    QString m_culprit;
    QString m_busiestCulprit;
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
    ThreadTime m_began;
};

/// How long an event may take. Where SIXGATE_TESTS_BESIDE in the environment says that other tests run at the same
/// time, it may compute four times as long, and take a second in all: one that draws waits for the X server, and one
/// that reads a file for the disk, which other labs keep busy, too. What hangs in the labs does so for seconds. Alone
/// the two are the same, so that the whole decides.
struct StallLimits {
    std::chrono::milliseconds whole;
    std::chrono::milliseconds busy;
};
StallLimits stallLimits();

/// What a watch has seen.
struct StallVerdict {
    bool fine = false;
    QString said; ///< without a full stop
};

/// Ends the watch of the application.
StallVerdict stallVerdict();

/// Prints what stallVerdict() says; a failure of the running test where it is not fine.
void judgeStalls();

} // namespace sixgate::tests
