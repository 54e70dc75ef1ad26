#include "driver/stallwatch.h"

#include <QTest>
#include <QThread>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace sixgate::tests
{

using std::chrono::nanoseconds;

namespace
{

constexpr std::chrono::milliseconds stallAim{50};
constexpr StallLimits limitsAlone{stallAim, stallAim};
constexpr StallLimits limitsBeside{std::chrono::seconds(1), 4 * stallAim};

nanoseconds since(clockid_t clock)
{
    timespec one{};
    ::clock_gettime(clock, &one);
    return std::chrono::seconds(one.tv_sec) + nanoseconds(one.tv_nsec);
}

} // namespace

StallApplication::StallApplication(int &argc, char **argv)
    : QApplication(argc, argv), m_schedule(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC))
{
}

StallApplication::~StallApplication()
{
    if (m_schedule >= 0)
        ::close(m_schedule);
}

/// What the thread was ready to run and was not let is the second number of its schedstat (proc(5)).
ThreadTime StallApplication::now() const
{
    const ThreadTime clocks{since(CLOCK_MONOTONIC), since(CLOCK_THREAD_CPUTIME_ID)};
    char text[96];
    const ssize_t size = m_schedule < 0 ? 0 : ::pread(m_schedule, text, sizeof text - 1, 0);
    if (size <= 0)
        return clocks;
    text[size] = '\0';
    char *rest = nullptr;
    std::strtoull(text, &rest, 10);
    return {clocks.whole - nanoseconds(std::strtoull(rest, nullptr, 10)), clocks.busy};
}

bool StallApplication::notify(QObject *receiver, QEvent *event)
{
    // Qt asks here for the events of all threads: the keychain's, for one, has its own.
    if (QThread::currentThread() != thread() || !m_watches)
        return QApplication::notify(receiver, event);
    // What it is about is gone afterwards.
    const QMetaObject *kind = receiver->metaObject();
    const QEvent::Type type = event->type();
    const QString name = receiver->objectName();
    const auto inner = std::exchange(m_inner, ThreadTime());
    const auto began = now();
    const bool done = QApplication::notify(receiver, event);
    const auto all = now() - began;
    const auto own = all - m_inner;
    m_inner = inner + all;
    // What is called in the application itself is the driver's own, and sleeps while it waits.
    if (m_watches && receiver != this)
        note(own, kind, type, name);
    return done;
}

void StallApplication::beginWatch()
{
    m_watches = true;
    m_longest = m_busiest = nanoseconds(0);
    m_culprit.clear();
    m_busiestCulprit.clear();
}

void StallApplication::note(const ThreadTime &own, const QMetaObject *kind, QEvent::Type type, const QString &name)
{
    if (own.whole <= m_longest && own.busy <= m_busiest)
        return;
    const QString event =
        QStringLiteral("%1 %2 event %3").arg(QString::fromLatin1(kind->className()), name).arg(int(type));
    if (own.whole > m_longest) {
        m_longest = own.whole;
        m_culprit = event;
    }
    if (own.busy > m_busiest) {
        m_busiest = own.busy;
        m_busiestCulprit = event;
    }
}

WatchPause::WatchPause() : m_paused(dynamic_cast<StallApplication *>(QCoreApplication::instance()))
{
    if (m_paused && !m_paused->watches())
        m_paused = nullptr;
    if (!m_paused)
        return;
    m_paused->endWatch();
    m_began = m_paused->now();
}

WatchPause::~WatchPause()
{
    if (!m_paused)
        return;
    m_paused->leaveOut(m_paused->now() - m_began);
    m_paused->resumeWatch();
}

StallLimits stallLimits()
{
    return qEnvironmentVariableIsEmpty("SIXGATE_TESTS_BESIDE") ? limitsAlone : limitsBeside;
}

StallVerdict stallVerdict()
{
    auto *app = dynamic_cast<StallApplication *>(QCoreApplication::instance());
    if (!app)
        return {false, QStringLiteral("the application does not watch")};
    app->endWatch();
    if (app->culprit().isEmpty())
        return {false, QStringLiteral("no event was watched")};
    const StallLimits limits = stallLimits();
    const auto told = [](std::chrono::milliseconds time, std::chrono::milliseconds limit, const QString &event) {
        return QStringLiteral("%1 ms (limit %2; %3)").arg(time.count()).arg(limit.count()).arg(event);
    };
    return {app->longest() <= limits.whole && app->busiest() <= limits.busy,
            QStringLiteral("longest stall of the GUI thread: %1; most computed at once: %2")
                .arg(told(app->longest(), limits.whole, app->culprit()),
                     told(app->busiest(), limits.busy, app->busiestCulprit()))};
}

void judgeStalls()
{
    const auto [fine, said] = stallVerdict();
    std::printf("    %s\n", qPrintable(said));
    QVERIFY2(fine, qPrintable(said));
}

} // namespace sixgate::tests
