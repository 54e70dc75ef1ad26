#include "daemons.h"

#include "transport/io.h"

#include <QDir>
#include <QFile>
#include <QThread>

#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sixgate::test
{

using namespace std::chrono_literals;

namespace
{

void write(const QString &path, const QString &content)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(content.toUtf8()) < 0)
        qFatal("cannot write %s", qPrintable(path));
}

void must(bool done, const char *what)
{
    if (!done)
        qFatal("%s: %s", what, strerror(errno));
}

sockaddr_in loopback(int port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

} // namespace

void enterOwnNetwork(const QString &resolvConf)
{
    const auto uid = geteuid();
    const auto gid = getegid();
    must(unshare(CLONE_NEWNET | CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)) == 0, "unshare");
    if (uid != 0) {
        write(QStringLiteral("/proc/self/setgroups"), QStringLiteral("deny"));
        write(QStringLiteral("/proc/self/uid_map"), QStringLiteral("0 %1 1").arg(uid));
        write(QStringLiteral("/proc/self/gid_map"), QStringLiteral("0 %1 1").arg(gid));
    }
    must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount --make-rprivate /");
    static QTemporaryDir folder;
    write(folder.filePath(QStringLiteral("resolv.conf")), resolvConf);
    must(mount(qPrintable(folder.filePath(QStringLiteral("resolv.conf"))), "/etc/resolv.conf", nullptr, MS_BIND,
               nullptr) == 0,
         "mount /etc/resolv.conf");
    run(QStringLiteral("/usr/sbin/ip"),
        {QStringLiteral("link"), QStringLiteral("set"), QStringLiteral("lo"), QStringLiteral("up")});
}

QByteArray run(const QString &program, const QStringList &arguments)
{
    QProcess process;
    process.start(program, arguments);
    if (!process.waitForFinished() || process.exitStatus() != QProcess::NormalExit || process.exitCode() != 0)
        qFatal("%s %s: %s", qPrintable(program), qPrintable(arguments.join(QLatin1Char(' '))),
               process.readAllStandardError().constData());
    return process.readAllStandardOutput();
}

DnsServer serverAt(const QString &address, int port)
{
    return DnsServer{*parseIpAddress(address), *Port::fromNumber(port)};
}

DnsServer serverAt(const char *address, int port)
{
    return serverAt(QString::fromLatin1(address), port);
}

Daemon::Daemon(const QString &program, const std::function<QStringList(const QString &)> &prepare)
{
    const QStringList arguments = prepare(m_folder.path());
    m_process.setProcessChannelMode(QProcess::MergedChannels);
    m_process.setStandardOutputFile(m_folder.filePath(QStringLiteral("log")));
    m_process.setChildProcessModifier([] { prctl(PR_SET_PDEATHSIG, SIGKILL); });
    m_process.start(program, arguments);
    if (!m_process.waitForStarted())
        qFatal("cannot start %s: %s", qPrintable(program), qPrintable(m_process.errorString()));
}

Daemon::~Daemon()
{
    m_process.terminate();
    if (!m_process.waitForFinished(3000))
        m_process.kill();
    m_process.waitForFinished();
}

QString Daemon::log() const
{
    QFile file(m_folder.filePath(QStringLiteral("log")));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

void Daemon::waitUntilItAnswers(const DnsServer &server, const char *zone, bool recursion)
{
    for (int i = 0; i < 200; ++i) {
        const auto answer =
            queryServer(server, parsed<Hostname>(zone), RecordType::SOA, recursion, Deadline::after(500ms), {});
        if (answer && answer->rcode == 0)
            return;
        QThread::msleep(50);
    }
    qFatal("no answer from %s\n%s", qPrintable(serverText(server)), qPrintable(log()));
}

std::unique_ptr<Daemon> startKnot(const QString &listen, const QString &rest,
                                  const std::vector<std::pair<QString, QString>> &zones, const QStringList &wrapper)
{
    QStringList command = wrapper;
    command << QStringLiteral("/usr/sbin/knotd");
    const QString program = command.takeFirst();
    return std::make_unique<Daemon>(program, [&](const QString &folder) {
        QString text = QStringLiteral("server:\n    rundir: \"FOLDER\"\n    listen: [ %1 ]\n    udp-workers: 1\n"
                                      "    tcp-workers: 2\n    background-workers: 1\n"
                                      "log:\n  - target: stderr\n    any: info\n"
                                      "database:\n    storage: \"FOLDER\"\n"
                                      "template:\n  - id: default\n    storage: \"FOLDER\"\n    zonefile-sync: -1\n"
                                      "    zonefile-load: whole\n    journal-content: changes\n"
                                      "    semantic-checks: off\n")
                           .arg(listen) +
                       rest;
        write(folder + QStringLiteral("/knot.conf"), text.replace(QStringLiteral("FOLDER"), folder));
        for (const auto &[name, content] : zones)
            write(folder + QLatin1Char('/') + name, content);
        return command + QStringList{QStringLiteral("-c"), folder + QStringLiteral("/knot.conf")};
    });
}

std::unique_ptr<Daemon> startUnbound(const QString &listen, const QString &stubZones)
{
    return std::make_unique<Daemon>(QStringLiteral("/usr/sbin/unbound"), [&](const QString &folder) {
        write(folder + QStringLiteral("/unbound.conf"),
              QStringLiteral("server:\n  directory: \"%1\"\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"\"\n"
                             "  use-syslog: no\n  interface: %2\n  do-not-query-localhost: no\n  num-threads: 1\n"
                             "  module-config: \"iterator\"\n  access-control: 127.0.0.0/8 allow\n"
                             "  local-zone: \"test.\" nodefault\n"
                             "remote-control:\n  control-enable: no\n%3")
                  .arg(folder, listen, stubZones));
        return QStringList{QStringLiteral("-d"), QStringLiteral("-c"), folder + QStringLiteral("/unbound.conf")};
    });
}

Relay::Relay(Protocol protocol, Alter alter, int dropFirst)
    : m_protocol(protocol), m_alter(std::move(alter)), m_dropFirst(dropFirst)
{
    m_socket = ::socket(AF_INET, (protocol == Protocol::Udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    must(::bind(m_socket, reinterpret_cast<sockaddr *>(&address), size) == 0, "bind");
    must(protocol == Protocol::Udp || ::listen(m_socket, 8) == 0, "listen");
    must(::getsockname(m_socket, reinterpret_cast<sockaddr *>(&address), &size) == 0, "getsockname");
    m_port = ntohs(address.sin_port);
    m_thread = std::jthread([this](std::stop_token stop) { serve(stop); });
}

Relay::~Relay()
{
    m_thread.request_stop();
    m_thread.join();
    ::close(m_socket);
}

void Relay::serve(std::stop_token stop)
{
    while (waitFor(m_socket, POLLIN, Deadline::after(1h), stop)) {
        if (m_protocol == Protocol::Udp)
            serveUdp(stop);
        else
            serveTcp(stop);
    }
}

void Relay::serveUdp(std::stop_token stop)
{
    sockaddr_in from{};
    socklen_t size = sizeof from;
    QByteArray query(65535, Qt::Uninitialized);
    const auto got = ::recvfrom(m_socket, query.data(), 65535, 0, reinterpret_cast<sockaddr *>(&from), &size);
    if (got < 0)
        return;
    query.truncate(got);
    if (++m_requests <= m_dropFirst)
        return;
    const auto up = connectUdp(*parseIpAddress(QStringLiteral("127.0.0.1")), *Port::fromNumber(53));
    if (!up || !writeAll(up->get(), query, Deadline::after(2s), stop))
        return;
    const auto answer = readSome(up->get(), 65535, Deadline::after(2s), stop);
    if (!answer)
        return;
    for (const QByteArray &message : m_alter(*answer))
        ::sendto(m_socket, message.constData(), static_cast<size_t>(message.size()), 0,
                 reinterpret_cast<const sockaddr *>(&from), size);
}

void Relay::serveTcp(std::stop_token stop)
{
    const Fd client(::accept4(m_socket, nullptr, nullptr, SOCK_CLOEXEC));
    ++m_requests;
    const auto deadline = Deadline::after(2s);
    const auto up = connectTcp(*parseIpAddress(QStringLiteral("127.0.0.1")), *Port::fromNumber(53), deadline, stop);
    if (!up)
        return;
    // A message of this size arrives in one piece over loopback, its length in front.
    const auto query = readSome(client.get(), 65537, deadline, stop);
    if (!query || !writeAll(up->get(), *query, deadline, stop))
        return;
    QByteArray answer;
    while (answer.size() < 2 ||
           answer.size() < 2 + (static_cast<uchar>(answer[0]) << 8 | static_cast<uchar>(answer[1]))) {
        const auto some = readSome(up->get(), 65537, deadline, stop);
        if (!some || some->isEmpty())
            return;
        answer += *some;
    }
    for (const QByteArray &message : m_alter(answer.mid(2))) {
        QByteArray framed;
        framed.append(static_cast<char>(message.size() >> 8)).append(static_cast<char>(message.size() & 0xff));
        [[maybe_unused]] const auto written = writeAll(client.get(), framed + message, deadline, stop);
    }
}

} // namespace sixgate::test
