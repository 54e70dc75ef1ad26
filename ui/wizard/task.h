#pragma once

#include <QObject>

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace sixgate
{

/// One thing at a time that blocks, on a thread of its own; what comes of it arrives on the GUI thread.
///
///     m_task.run([port, answers](std::stop_token stop) { return port->home(stop); },
///                [this](const Result<SetupHome> &home) { show(home); });
class Task : public QObject
{
    Q_OBJECT

public:
    explicit Task(QObject *parent = nullptr) : QObject(parent) {}
    /// Stops; waits for the thread, which obeys at once.
    ~Task() override { stop(); }

    /// Stops what runs. `done` is called on the GUI thread unless it was stopped meanwhile.
    template <class Work, class Done>
    void run(Work work, Done done)
    {
        stop();
        const quint64 turn = ++m_turn;
        m_running = true;
        m_thread = std::jthread(
            [this, turn, work = std::move(work), done = std::move(done)](const std::stop_token &token) mutable {
                auto result = std::make_shared<decltype(work(token))>(work(token));
                QMetaObject::invokeMethod(
                    this,
                    [this, turn, result, done = std::move(done)] {
                        if (turn != m_turn)
                            return;
                        m_running = false;
                        Q_EMIT changed();
                        done(*result);
                    },
                    Qt::QueuedConnection);
            });
        Q_EMIT changed();
    }
    /// From the work, with its token: what is known so far, shown by `then` on the GUI thread unless it was stopped.
    void tell(const std::stop_token &token, std::function<void()> then)
    {
        QMetaObject::invokeMethod(
            this,
            [token, then = std::move(then)] {
                if (!token.stop_requested())
                    then();
            },
            Qt::QueuedConnection);
    }
    void stop();
    /// Until its thread has ended; for work that ends by itself at once.
    void wait();
    bool isRunning() const { return m_running; }

Q_SIGNALS:
    /// It runs, or does no longer.
    void changed();

private:
    static constexpr std::size_t mostOld = 4;

    std::atomic<quint64> m_turn = 0;
    bool m_running = false;
    std::jthread m_thread;
    std::vector<std::jthread> m_old; ///< that were stopped and may not have ended yet
};

} // namespace sixgate
