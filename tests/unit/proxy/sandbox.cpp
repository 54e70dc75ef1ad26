#include "sandbox.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <arpa/inet.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

namespace proxytest
{

namespace
{

bool told(bool good, const char *what)
{
    if (!good)
        fprintf(stderr, "FAIL: %s: %s\n", what, strerror(errno));
    return good;
}

bool addAddress(int socket6, int index, const char *text)
{
    in6_ifreq request{};
    request.ifr6_ifindex = index;
    request.ifr6_prefixlen = 128;
    return inet_pton(AF_INET6, text, &request.ifr6_addr) == 1 && ioctl(socket6, SIOCSIFADDR, &request) == 0;
}

// The whole network of the address's class becomes this machine's.
bool addNetwork(const char *text)
{
    const int socket4 = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    strcpy(request.ifr_name, "lo:1");
    auto *const address = reinterpret_cast<sockaddr_in *>(&request.ifr_addr);
    address->sin_family = AF_INET;
    const bool good = inet_pton(AF_INET, text, &address->sin_addr) == 1 && ioctl(socket4, SIOCSIFADDR, &request) == 0;
    close(socket4);
    return good;
}

bool bringUpNetwork()
{
    const int socket6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq loopback{};
    strcpy(loopback.ifr_name, "lo");
    bool good = socket6 >= 0 && ioctl(socket6, SIOCGIFFLAGS, &loopback) == 0;
    loopback.ifr_flags = short(loopback.ifr_flags | IFF_UP);
    good = good && ioctl(socket6, SIOCSIFFLAGS, &loopback) == 0;
    const int index = int(if_nametoindex("lo"));
    for (const char *address : {proxyV6, homeOld, homeNew, visitorV6})
        good = good && addAddress(socket6, index, address);
    good = good && addNetwork(proxyV4);
    if (socket6 >= 0)
        close(socket6);
    return good;
}

// /etc with nothing of this machine but its users, its library cache and OpenSSL's settings.
bool makeEtc()
{
    std::map<QByteArray, QByteArray> kept;
    for (const char *path :
         {"/etc/passwd", "/etc/group", "/etc/ld.so.cache", "/etc/mime.types", "/etc/ssl/openssl.cnf"}) {
        QFile file(QString::fromLatin1(path));
        if (file.open(QIODevice::ReadOnly))
            kept[path] = file.readAll();
    }
    for (const char *folder : {"/etc", "/run", "/var/lib"}) {
        if (mount("sixgate-test", folder, "tmpfs", 0, "mode=755") != 0)
            return false;
    }
    for (const auto &[path, content] : kept)
        writeFile(path, content);
    writeFile("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
    writeFile("/etc/host.conf", "multi on\n");
    writeHosts({});
    return true;
}

// Forks and gives the exit status of what the child runs. The child ends with this process.
int inChild(const std::function<int()> &run)
{
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int status = run();
        fflush(nullptr);
#ifdef __SANITIZE_ADDRESS__
        // At the ordinary end the name space may be gone, and the check with it.
        status = __lsan_do_recoverable_leak_check() != 0 && status == 0 ? 1 : status;
#endif
        _exit(status);
    }
    int status = 0;
    if (!told(child > 0 && waitpid(child, &status, 0) == child, "fork"))
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool prepared()
{
    return told(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts") &&
           told(mount("proc", "/proc", "proc", 0, nullptr) == 0, "/proc") && told(makeEtc(), "an /etc of its own") &&
           told(bringUpNetwork(), "a network of its own");
}

} // namespace

int inSandbox(const std::function<int()> &test)
{
    if (!told(unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID) == 0, "name spaces (run this test as root)"))
        return 1;
    // The first child is process 1 of its name space: all others end with it. Nothing can be started from here then.
    const int status = inChild([&test] { return prepared() ? inChild(test) : 1; });
    fflush(nullptr);
    _exit(status);
}

void writeFile(const QByteArray &path, const QByteArray &content, int mode)
{
    const QString name = QString::fromUtf8(path);
    QDir().mkpath(QFileInfo(name).path());
    QFile file(name);
    if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate) || file.write(content) != content.size())
        qFatal("%s cannot be written", path.constData());
    file.close();
    chmod(path.constData(), mode_t(mode));
}

void makeLink(const QByteArray &target, const QByteArray &path)
{
    if (symlink(target.constData(), path.constData()) != 0)
        qFatal("%s cannot be linked", path.constData());
}

void writeHosts(const std::vector<HostLine> &lines)
{
    QByteArray text = "127.0.0.1 localhost\n::1 localhost\n";
    for (const HostLine &line : lines)
        text += line.address + ' ' + line.name + '\n';
    writeFile("/etc/hosts", text);
}

} // namespace proxytest
