#include "transport/ssh.h"

#include "model/texts.h"
#include "transport/sshlogin.h"
#include "transport/sshloop.h"

namespace sixgate
{

namespace
{

constexpr qsizetype mostCommand = 30'000; // libssh2 sends a request as one packet of at most 35,000 bytes

} // namespace

class SshSession::Private
{
public:
    HostKeyPin hostKey;
    SshLoop loop;
};

SshSession::SshSession(std::unique_ptr<Private> priv) : d(std::move(priv)) {}

SshSession::~SshSession() = default;

Result<std::unique_ptr<SshSession>> SshSession::connect(const SshTarget &target, const Deadline &deadline,
                                                        std::stop_token stop)
{
    auto login = sshLogin(target, deadline, stop);
    if (!login)
        return passOn(login);
    return std::unique_ptr<SshSession>(
        new SshSession(std::unique_ptr<Private>(new Private{login->hostKey, {std::move(login->link), target.label}})));
}

Result<ExecResult> SshSession::exec(const RemoteCommand &command, const QByteArray &input, const Deadline &deadline,
                                    std::stop_token stop, const std::function<void(const QByteArray &line)> &onLine,
                                    qsizetype outputLimit)
{
    const auto call = std::make_shared<SshCall>();
    call->kind = SshCall::Kind::Exec;
    call->command = command.text();
    if (call->command.size() > mostCommand)
        return fail(ErrorCode::Invalid, Texts::tr("The remote command is too long; give long values as input."));
    call->input = Secret(QByteArray(input.constData(), input.size())); // bytes of its own, which can be wiped
    call->outputLimit = outputLimit;
    if (auto served = d->loop.serve(call, deadline, stop, onLine); !served)
        return passOn(served);
    return std::move(call->result);
}

Result<Fd> SshSession::openTcp(const IpAddress &address, Port port, const Deadline &deadline, std::stop_token stop,
                               std::optional<std::chrono::milliseconds> most)
{
    const auto call = std::make_shared<SshCall>();
    call->kind = SshCall::Kind::Tcp;
    call->address = ipText(address).toLatin1();
    call->port = port.number();
    call->most = most;
    if (auto served = d->loop.serve(call, deadline, stop, {}); !served)
        return passOn(served);
    return std::move(call->local);
}

HostKeyPin SshSession::hostKey() const
{
    return d->hostKey;
}

} // namespace sixgate
