#include "sshdaemon.h"

#include <QDir>
#include <QFile>
#include <QMultiHash>
#include <QTest>

#include <arpa/inet.h>
#include <csignal>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace sixgate;

// For the address sanitizer: libssh2 1.10 loses the host key at each key exchange after the first, and a number of each
// ECDSA user key. Nothing else in these tests calls libssh2 or libcrypto.
extern "C" const char *__lsan_default_suppressions();
extern "C" const char *__lsan_default_suppressions()
{
    return "leak:libssh2.so\nleak:libcrypto.so\n";
}

namespace
{

bool keygen(const QStringList &arguments)
{
    return QProcess::execute(QStringLiteral("ssh-keygen"), QStringList{QStringLiteral("-q")} + arguments) == 0;
}

QByteArray contents(const QString &name)
{
    QFile file(name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool write(const QString &name, const QByteArray &bytes, QIODevice::OpenMode mode = QIODevice::WriteOnly)
{
    QFile file(name);
    return file.open(mode) && file.write(bytes) == bytes.size();
}

// A process and all that it started, as /proc knows them.
QList<qint64> withDescendants(qint64 root)
{
    QMultiHash<qint64, qint64> children;
    const auto entries = QDir(QStringLiteral("/proc")).entryList(QDir::Dirs);
    for (const QString &entry : entries) {
        // "pid (name) state parent …"; the name may hold anything.
        const QByteArray stat = contents(QStringLiteral("/proc/%1/stat").arg(entry));
        const auto words = stat.mid(stat.lastIndexOf(')') + 2).split(' ');
        if (words.size() > 1)
            children.insert(words[1].toLongLong(), entry.toLongLong());
    }
    QList<qint64> all{root};
    for (qsizetype i = 0; i < all.size(); ++i)
        all += children.values(all[i]);
    return all;
}

} // namespace

SshDaemon::SshDaemon(const QByteArray &extra, const QStringList &hostKeys)
{
    if (geteuid() == 0)
        QDir().mkpath(QStringLiteral("/run/sshd")); // privilege separation wants it; Debian makes it at boot
    // The first value that sshd reads counts.
    QByteArray config = extra +
                        "\nListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\nLogLevel DEBUG1\n"
                        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n"
                        "AuthorizedKeysFile " +
                        path(QStringLiteral("authorized_keys")).toUtf8() + "\nSetEnv HOME=" + m_dir.path().toUtf8() +
                        '\n'; // no ~/.bashrc
    for (const QString &type : hostKeys) {
        const QString file = path(QStringLiteral("host_") + type);
        if (!keygen({QStringLiteral("-t"), type, QStringLiteral("-N"), QString(), QStringLiteral("-f"), file}))
            return;
        config += "HostKey " + file.toUtf8() + '\n';
    }
    write(path(QStringLiteral("sshd_config")), config);
    write(path(QStringLiteral("authorized_keys")), {});
    // Between choosing a free port and using it, somebody else may take it.
    for (int i = 0; i < 5 && m_port == 0; ++i) {
        const int free = portOf(listenOn("127.0.0.1", 0));
        if (start(free))
            m_port = free;
    }
}

SshDaemon::~SshDaemon()
{
    kill();
}

bool SshDaemon::start(int port)
{
    const QString log = path(QStringLiteral("log"));
    m_daemon.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }); // also where the test is killed
    m_daemon.start(QStringLiteral("/usr/sbin/sshd"),
                   {QStringLiteral("-D"), QStringLiteral("-E"), log, QStringLiteral("-f"),
                    path(QStringLiteral("sshd_config")), QStringLiteral("-p"), QString::number(port)});
    if (!m_daemon.waitForStarted())
        return false;
    for (int i = 0; i < 500 && m_daemon.state() == QProcess::Running; ++i) {
        if (contents(log).contains("Server listening on"))
            return true;
        m_daemon.waitForFinished(10);
    }
    qWarning("sshd did not start:\n%s", contents(log).constData());
    kill();
    return false;
}

void SshDaemon::kill()
{
    if (m_daemon.state() == QProcess::NotRunning)
        return;
    // Each connection is a process group of its own: look for them before their parent is gone.
    for (const qint64 process : withDescendants(m_daemon.processId()))
        ::kill(pid_t(process), SIGKILL);
    m_daemon.waitForFinished(5000);
}

QString SshDaemon::userKey(const QStringList &keygenOptions, const QString &passphrase, bool authorized)
{
    const QString file = path(QStringLiteral("user_%1").arg(++m_keys));
    if (!keygen(keygenOptions + QStringList{QStringLiteral("-a"), QStringLiteral("4"), QStringLiteral("-N"), passphrase,
                                            QStringLiteral("-f"), file}))
        return {};
    if (authorized)
        write(path(QStringLiteral("authorized_keys")), contents(file + QStringLiteral(".pub")), QIODevice::Append);
    return file;
}

Fingerprint SshDaemon::hostKey(const QString &type) const
{
    const auto words = contents(path(QStringLiteral("host_%1.pub").arg(type))).split(' ');
    return Fingerprint::ofBytes(QByteArray::fromBase64(words.value(1)));
}

SshTarget SshDaemon::target(const QString &keyFile) const
{
    const auto user = Login::parse(QString::fromLocal8Bit(getpwuid(geteuid())->pw_name));
    return {QStringLiteral("vps.example.org"), {ip("127.0.0.1")}, port(), *user, keyFile, {}, {hostKey()}};
}

Port SshDaemon::port() const
{
    return *Port::fromNumber(m_port);
}

QByteArray SshDaemon::log() const
{
    return contents(path(QStringLiteral("log")));
}

IpAddress ip(const char *text)
{
    return *parseIpAddress(QString::fromLatin1(text));
}

Fd listenOn(const char *address, int port, int backlog)
{
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(std::uint16_t(port));
    inet_pton(AF_INET, address, &at.sin_addr);
    if (::bind(fd.get(), reinterpret_cast<sockaddr *>(&at), sizeof at) != 0 || ::listen(fd.get(), backlog) != 0)
        return {};
    return fd;
}

int portOf(const Fd &socket)
{
    sockaddr_in at{};
    socklen_t size = sizeof at;
    getsockname(socket.get(), reinterpret_cast<sockaddr *>(&at), &size);
    return ntohs(at.sin_port);
}
