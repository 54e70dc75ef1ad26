#include "pushhome.h"

#include "proxy/sandbox.h"
#include "resources/resources.h"

#include <QElapsedTimer>
#include <QFile>
#include <QThread>

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace pushtest
{

using proxytest::writeFile;
using sixgate::resource;

namespace
{

constexpr auto socketPath = "/run/sixgate-push/socket";

QStringList words(const QByteArray &commandLine)
{
    return QString::fromUtf8(commandLine).split(QLatin1Char(' '));
}

bool waitUntil(const std::function<bool()> &holds, int milliseconds = 5000)
{
    QElapsedTimer since;
    since.start();
    while (!holds()) {
        if (since.elapsed() > milliseconds)
            return false;
        QThread::msleep(10);
    }
    return true;
}

void makeNetwork()
{
    proxytest::writeFile("/run/netns/.keep", "");
    run("ip netns add home");
    run("ip link add wan type veth peer name lan netns home");
    run("ip address add 2001:db8:70::1/64 dev wan nodad");
    run("ip link set wan up");
    run("ip -n home link set lo up");
    run("ip -n home address add 2001:db8:70::2/64 dev lan nodad");
    run("ip -n home link set lan up");
    for (const QByteArray address : {oldHome, newHome, stranger}) {
        run("ip -n home address add " + address + "/128 dev lan nodad");
        run("ip -6 route add " + address + "/128 via 2001:db8:70::2");
    }
    run(QByteArray("ip -6 route add ") + silent + "/128 dev wan");
}

void makeAccounts()
{
    writeFile("/etc/passwd", readFile("/etc/passwd") + "sixgate-push:x:61234:61234::/var/lib/sixgate-push:/bin/sh\n");
    writeFile("/etc/group", readFile("/etc/group") + "sixgate-push:x:61234:\n");
}

std::map<As, proxytest::Identity> makeCertificates()
{
    const proxytest::Identity authority = proxytest::issue({"authority", {}, true});
    std::map<As, proxytest::Identity> made{
        {As::Home, proxytest::issue({"home", {"cloud.example.org"}}, &authority)},
        {As::Stranger, proxytest::issue({"stranger", {"other.example.org"}}, &authority)},
        {As::Vps, proxytest::issue({"vps", {"cloud.example.org"}}, &authority)},
        {As::Nas, proxytest::issue({"nas", {"nas.local"}})},
    };
    writeFile("/etc/ssl/certs/ca-certificates.crt", authority.pem());
    writeFile("/etc/test/pin.pem", made.at(As::Nas).pem());
    writeFile("/etc/letsencrypt/live/cloud/cert.pem", made.at(As::Vps).pem());
    return made;
}

} // namespace

QByteArray run(const QByteArray &commandLine)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    QStringList arguments = words(commandLine);
    const QString program = arguments.takeFirst();
    process.start(program, arguments);
    process.waitForFinished(30000);
    const QByteArray said = process.readAll();
    if (process.exitStatus() != QProcess::NormalExit || process.exitCode() != 0)
        qFatal("%s: %s", commandLine.constData(), said.constData());
    return said;
}

QByteArray readFile(const QByteArray &path)
{
    QFile file(QString::fromUtf8(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Running::Running(const QByteArray &commandLine)
{
    QStringList arguments = words(commandLine);
    const QString program = arguments.takeFirst();
    process.setStandardInputFile(QProcess::nullDevice());
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process.setStandardOutputFile(QProcess::nullDevice());
    process.start(program, arguments);
    if (!process.waitForStarted())
        qFatal("%s cannot be started", commandLine.constData());
}

Running::~Running()
{
    process.kill();
    process.waitForFinished();
}

Scene::Scene() : m_identities(makeCertificates())
{
    makeNetwork();
    makeAccounts();
    writeFile("/run/sixgate-push/.keep", "");
    writeFile("/var/lib/sixgate/push/.keep", "");
    writeFile("/etc/resolv.conf", "nameserver 127.0.0.1\n");
    writeFile("/etc/hosts", "127.0.0.1 localhost\n# somebody's own\n192.0.2.9 other\n", 0640);
}

void Scene::setDns(const QList<QByteArray> &addresses)
{
    QByteArray text = "server:\n interface: 127.0.0.1\n do-daemonize: no\n username: \"\"\n chroot: \"\"\n"
                      " directory: \"/run\"\n pidfile: \"\"\n use-syslog: no\n logfile: \"/run/unbound.log\"\n"
                      " module-config: \"iterator\"\n local-zone: \"example.org.\" static\n";
    for (const QByteArray &address : addresses) {
        for (const char *name : {"home6", "photos6"})
            text += " local-data: \"" + QByteArray(name) + ".example.org. 1 AAAA " + address + "\"\n";
    }
    m_resolver.reset();
    writeFile("/run/unbound.conf", text);
    m_resolver = std::make_unique<Running>("unbound -d -c /run/unbound.conf");
    waitUntil([] { return readFile("/proc/net/udp").contains("0100007F:0035"); });
}

void Scene::activate(const QByteArray &name, bool daemon)
{
    const QByteArray release = "/etc/sixgate/releases/" + name;
    QByteArray program;
    for (const char *part : {"daemon", "proofs", "switch", "lookup", "drift"})
        program += resource(QStringLiteral("vps/push/%1.pl").arg(QLatin1String(part)));
    if (daemon) {
        writeFile(release + "/push/daemon.pl", program);
        writeFile(release + "/push/client.pl", resource(u"vps/push/client.pl"));
        writeFile(release + "/push/upstreams",
                  "home6.example.org\t443\tcloud.example.org\t-\tnamed\n"
                  "photos6.example.org\t443\tcloud.example.org\t-\tnamed\n"
                  "nas6.example.org\t8443\tnas.example.org\t/etc/sixgate/current/pins/nas.pem\tkey\n");
    }
    writeFile(release + "/pins/nas.pem", readFile("/etc/test/pin.pem"));
    proxytest::makeLink("releases/" + name, "/etc/sixgate/current.new");
    rename("/etc/sixgate/current.new", "/etc/sixgate/current");
}

void Scene::startDaemon()
{
    m_daemon = std::make_unique<Running>("/usr/bin/perl /etc/sixgate/current/push/daemon.pl");
    if (!waitUntil([] {
            const int socket = connected();
            close(socket);
            return socket >= 0;
        }))
        qFatal("the daemon does not listen");
}

void Scene::stopDaemon()
{
    if (!m_daemon)
        return;
    m_daemon->process.terminate();
    m_daemon->process.waitForFinished();
    m_daemon.reset();
}

bool Scene::daemonRuns() const
{
    return m_daemon && !m_daemon->process.waitForFinished(0) && m_daemon->process.state() == QProcess::Running;
}

qint64 Scene::daemonId() const
{
    return m_daemon->process.processId();
}

// A thread's sockets are of the network in which it makes them.
std::unique_ptr<proxytest::Upstream> Scene::serveAt(const char *address, As who, int port) const
{
    const int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    const int home = open("/run/netns/home", O_RDONLY | O_CLOEXEC);
    if (setns(home, CLONE_NEWNET) != 0)
        qFatal("the home's network cannot be entered");
    auto server = std::make_unique<proxytest::Upstream>(address, port, m_identities.at(who));
    if (setns(here, CLONE_NEWNET) != 0)
        qFatal("the VPS's network cannot be entered");
    close(here);
    close(home);
    return server;
}

QByteArray say(const QByteArray &bytes, const char *key)
{
    QProcess client;
    client.start(QStringLiteral("/usr/bin/perl"),
                 {QStringLiteral("/etc/sixgate/current/push/client.pl"), QLatin1String(key)});
    client.write(bytes);
    client.closeWriteChannel();
    if (!client.waitForFinished(30000))
        return "the client does not end";
    return client.readAllStandardOutput();
}

QByteArray ask(const QByteArrayList &lines, const char *key, const char *machine)
{
    const QByteArray hello = QByteArray("hello 1 ") + machine + '\n';
    const QByteArray said = say(hello + lines.join('\n') + '\n', key);
    return said.startsWith(hello) ? said.mid(hello.size()) : "without hello: " + said;
}

int connected()
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    strcpy(to.sun_path, socketPath);
    if (connect(fd, reinterpret_cast<const sockaddr *>(&to), sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

} // namespace pushtest
