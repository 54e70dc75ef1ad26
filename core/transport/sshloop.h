#pragma once

#include "model/deadline.h"
#include "transport/sshcall.h"

#include <chrono>
#include <deque>
#include <stop_token>
#include <thread>

namespace sixgate
{

/// The owner thread of an SSH connection: opens channels one after the other, then serves them all at the same time.
class SshLoop
{
public:
    /// `link` is logged in. `label` names the machine in messages.
    SshLoop(std::unique_ptr<SshLink> link, QString label);
    ~SshLoop();
    SshLoop(const SshLoop &) = delete;
    SshLoop &operator=(const SshLoop &) = delete;

    /// Hands a call over and waits for it. After Timeout or Cancelled nothing of it is touched any more. Any thread.
    Outcome serve(const std::shared_ptr<SshCall> &call, const Deadline &deadline, std::stop_token stop,
                  const std::function<void(const QByteArray &line)> &onLine);

private:
    void wake() const;
    void run();
    void takeNewCalls();
    bool startWaiting();
    bool moveAll();
    bool justClosed() const;
    void waitForEvents(bool again);
    void failAll();
    qsizetype sessionsInUse() const;
    void close(SshJob &job);

    QString m_label;
    Fd m_wake; // eventfd

    std::mutex m_mutex; // guards the next three
    std::vector<std::shared_ptr<SshCall>> m_new;
    std::optional<Error> m_broken;
    bool m_quit = false;

    // Owner thread only.
    struct Closing {
        SshChannel *channel;
        bool session;
    };
    std::unique_ptr<SshLink> m_link;
    std::deque<std::unique_ptr<SshJob>> m_waiting;
    std::unique_ptr<SshJob> m_opening;
    std::vector<std::unique_ptr<SshJob>> m_running;
    std::vector<Closing> m_closing;
    qsizetype m_mostSessions;
    std::chrono::steady_clock::time_point m_retryAt{};   // no open before: one was refused
    std::chrono::steady_clock::time_point m_lastClose{}; // of a command's channel

    std::thread m_thread; // last: uses all of the above
};

} // namespace sixgate
