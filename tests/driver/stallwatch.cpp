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
constexpr int besideFactor = 4;

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

/// The time without what the thread was ready to run and was not let: the second number of its schedstat (proc(5)).
nanoseconds StallApplication::now() const
{
    const auto clock = std::chrono::steady_clock::now().time_since_epoch();
    char text[96];
    const ssize_t size = m_schedule < 0 ? 0 : ::pread(m_schedule, text, sizeof text - 1, 0);
    if (size <= 0)
        return clock;
    text[size] = '\0';
    char *rest = nullptr;
    std::strtoull(text, &rest, 10);
    return clock - nanoseconds(std::strtoull(rest, nullptr, 10));
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
    const auto inner = std::exchange(m_inner, nanoseconds(0));
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
    m_longest = nanoseconds(0);
    m_culprit.clear();
}

void StallApplication::note(nanoseconds own, const QMetaObject *kind, QEvent::Type type, const QString &name)
{
    if (own <= m_longest)
        return;
    m_longest = own;
    m_culprit = QStringLiteral("%1 %2 event %3").arg(QString::fromLatin1(kind->className()), name).arg(int(type));
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

std::chrono::milliseconds stallLimit()
{
    return stallAim * (qEnvironmentVariableIsEmpty("SIXGATE_TESTS_BESIDE") ? 1 : besideFactor);
}

void judgeStalls()
{
    auto *app = dynamic_cast<StallApplication *>(QCoreApplication::instance());
    if (app)
        app->endWatch();
    const QString said = !app || app->culprit().isEmpty()
                             ? QStringLiteral("no event was watched")
                             : QStringLiteral("longest stall of the GUI thread: %1 ms (limit %2; %3)")
                                   .arg(app->longest().count())
                                   .arg(stallLimit().count())
                                   .arg(app->culprit());
    std::printf("    %s\n", qPrintable(said));
    QVERIFY2(app && !app->culprit().isEmpty() && app->longest() <= stallLimit(), qPrintable(said));
}

} // namespace sixgate::tests
