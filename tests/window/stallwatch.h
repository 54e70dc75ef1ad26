#pragma once

#include <QApplication>
#include <QEvent>

#include <chrono>
#include <utility>

namespace sixgate::tests
{

/// An application that measures each event of its GUI thread: while one is being handled, nothing else is. What waits
/// inside of one (a nested loop of a test) counts for the events in it, not for itself.
class StallApplication : public QApplication
{
public:
    using QApplication::QApplication;

    bool notify(QObject *receiver, QEvent *event) override
    {
        // What it is about is gone afterwards.
        const QMetaObject *kind = receiver->metaObject();
        const QEvent::Type type = event->type();
        const QString name = receiver->objectName();
        const auto inner = std::exchange(m_inner, std::chrono::nanoseconds(0));
        const auto began = std::chrono::steady_clock::now();
        const bool done = QApplication::notify(receiver, event);
        const auto all = std::chrono::steady_clock::now() - began;
        const auto own = all - m_inner;
        m_inner = inner + all;
        // What is called in the application itself is the driver's own, and sleeps while it waits.
        if (m_watches && receiver != this)
            note(own, kind, type, name);
        return done;
    }

    void beginWatch()
    {
        m_watches = true;
        m_longest = std::chrono::nanoseconds(0);
        m_culprit.clear();
    }
    void endWatch() { m_watches = false; }
    std::chrono::milliseconds longest() const
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(m_longest);
    }
    /// Which event it was.
    QString culprit() const { return m_culprit; }

private:
    void note(std::chrono::nanoseconds own, const QMetaObject *kind, QEvent::Type type, const QString &name)
    {
        if (own <= m_longest)
            return;
        m_longest = own;
        m_culprit = QStringLiteral("%1 %2 event %3").arg(QString::fromLatin1(kind->className()), name).arg(int(type));
    }

    std::chrono::nanoseconds m_inner{0}; ///< spent in events within the one that is being handled
    std::chrono::nanoseconds m_longest{0};
    QString m_culprit;
    bool m_watches = false;
};

} // namespace sixgate::tests
