#pragma once

#include "transport/fd.h"
#include "transport/ssh.h"
#include "transport/sshlink.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

struct pollfd;

namespace sixgate
{

/// One call of a user of SshSession. The caller waits for it, the owner thread serves it.
struct SshCall {
    enum class Kind { Exec, Tcp };

    // Set by the caller before it hands the call over.
    Kind kind = Kind::Exec;
    QByteArray command;
    Secret input; ///< scripts hold keys, sudo gets its password here
    qsizetype outputLimit = 0;
    QByteArray address;
    int port = 0;
    std::optional<std::chrono::milliseconds> most; ///< from when it begins

    std::atomic<bool> abandoned = false; ///< the caller went away: close the channel

    // Written by the owner thread under `mutex`; `changed` says so.
    std::mutex mutex;
    std::condition_variable_any changed;
    bool begun = false; ///< its channel is being opened; before that it waits for other channels
    bool done = false;
    std::optional<Error> error;
    ExecResult result;
    Fd local;
};

/// A call while the owner thread serves it.
class SshJob
{
public:
    SshJob(std::shared_ptr<SshCall> call, QString label);
    virtual ~SshJob() = default;
    SshJob(const SshJob &) = delete;
    SshJob &operator=(const SshJob &) = delete;

    /// Opens the channel and what it needs; the jobs of a link open one after the other. After Failed see error().
    virtual SshStep open(SshLink &link) = 0;
    /// Moves what can be moved. Done: the channel has served, or its caller went away; Failed: see error().
    /// `moved` becomes true where bytes moved.
    virtual SshStep move(SshLink &link, bool &moved) = 0;
    /// Descriptors besides the SSH socket that may let it move on.
    virtual void addPolls(std::vector<pollfd> &) const {}

    void begin();
    /// Ends the call with `error`, unless it has ended.
    void fail(const Error &error);
    bool abandoned() const { return m_call->abandoned; }
    bool isExec() const { return m_call->kind == SshCall::Kind::Exec; }
    /// The server refused a channel, rather than a command on it.
    bool channelRefused() const { return m_channelRefused; }
    const Error &error() const { return m_error; }
    SshChannel *channel() const { return m_channel; }

protected:
    void succeed();

    std::shared_ptr<SshCall> m_call;
    QString m_label;
    SshChannel *m_channel = nullptr;
    bool m_channelRefused = false;
    Error m_error;
};

std::unique_ptr<SshJob> makeSshJob(std::shared_ptr<SshCall> call, const QString &label);

} // namespace sixgate
