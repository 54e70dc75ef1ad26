// Everybody hangs: the VPS's SSH accepts and says nothing, DNS never answers, the keeper and a server in its TLS
// handshake are silent. The window's thread waits for none of them.

#include "desktop/siteview.h"
#include "driver/stallwatch.h"
#include "storage/sitefile.h"
#include "transport/io.h"
#include "transport/probe.h"
#include "ui/overview/pathfigure.h"

#include <QDir>
#include <QFile>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

constexpr std::chrono::milliseconds aim = 50ms;
constexpr std::chrono::milliseconds endAim = 1000ms;
constexpr const char *silentHost = "203.0.113.10"; // in a network of its own
constexpr int tries = 3;                           // odd: the one in the middle counts

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

/// A port of this machine at which connections and datagrams arrive, and nothing is ever said.
class Silent
{
public:
    explicit Silent(int type) : m_socket(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), m_type(type)
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = ::inet_addr(silentHost);
        socklen_t size = sizeof address;
        ::bind(m_socket.get(), reinterpret_cast<sockaddr *>(&address), size);
        if (type == SOCK_STREAM)
            ::listen(m_socket.get(), 64);
        ::getsockname(m_socket.get(), reinterpret_cast<sockaddr *>(&address), &size);
        m_port = ntohs(address.sin_port);
    }
    quint16 port() const { return m_port; }
    /// Somebody has come since the last call.
    bool wasAsked()
    {
        if (m_type == SOCK_DGRAM) {
            char byte = 0;
            return ::recv(m_socket.get(), &byte, 1, 0) >= 0;
        }
        Fd one(::accept(m_socket.get(), nullptr, nullptr));
        if (!one.valid())
            return false;
        m_open.push_back(std::move(one));
        return true;
    }

private:
    Fd m_socket;
    int m_type;
    quint16 m_port = 0;
    std::vector<Fd> m_open; ///< closing one would be an answer
};

/// A keeper's socket behind which nobody speaks.
class SilentKeeper
{
public:
    explicit SilentKeeper(const QString &path)
        : m_socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const QByteArray name = QFile::encodeName(path);
        std::memcpy(address.sun_path, name.constData(), std::min(size_t(name.size()), sizeof address.sun_path - 1));
        ::bind(m_socket.get(), reinterpret_cast<sockaddr *>(&address), sizeof address);
        ::listen(m_socket.get(), 64);
    }
    bool wasAsked() { return Fd(::accept(m_socket.get(), nullptr, nullptr)).valid(); }

private:
    Fd m_socket;
};

/// Looks at a server that hangs in its TLS handshake, as each check does it.
class TlsLook final : public SiteJobs
{
public:
    explicit TlsLook(quint16 port) : m_port(port) {}

    Result<JobEnd> run(const JobOrder &, JobTalk &, const JobStops &stops) override
    {
        const IpAddress address = *Ipv4Address::parse(latin(silentHost));
        const Port port = *Port::fromNumber(m_port);
        const ExpectedIdentity expected{*Hostname::parse(latin("cloud.example.org")), {}, {}, {}};
        const ProbeSeen seen = probe(
            latin("the server"),
            [&](const Deadline &deadline, std::stop_token stop) { return connectTcp(address, port, deadline, stop); },
            expected, std::nullopt, Deadline::after(20s), stops.stop);
        return seen.error ? Result<JobEnd>(tl::unexpected<Error>(*seen.error)) : Result<JobEnd>(JobEnd());
    }

private:
    quint16 m_port;
};

} // namespace

class TestStalls : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    Silent m_ssh{SOCK_STREAM}, m_dns{SOCK_DGRAM}, m_tls{SOCK_STREAM};

    /// All that asks, one after the other; gives the longest stall, and how long the end took.
    void useIt(std::chrono::milliseconds &longest, std::chrono::milliseconds &end, QString &culprit)
    {
        auto *app = static_cast<tests::StallApplication *>(qApp);
        const QString runtime = m_folder.filePath(latin("sixgate"));
        QVERIFY(QDir().mkpath(runtime));
        QFile::remove(runtime + latin("/home.sock"));
        SilentKeeper keeper(runtime + latin("/home.sock"));
        const QString file = m_folder.filePath(latin("site.json"));
        const auto site = loadSite(file);
        QVERIFY2(site, site ? "" : qPrintable(site.error().summary));
        Choices choices;
        choices.siteFile = file;
        choices.secrets = latin("dir:") + m_folder.filePath(latin("secrets"));
        Tray tray;
        auto view = std::make_unique<SiteView>(choices, site, tray, [] {});
        MainWindow &window = view->window();
        window.raiseUp();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        JobRunner looker(std::make_shared<TlsLook>(m_tls.port()));
        QSignalSpy looked(&looker, &JobRunner::ended);
        // Each page is laid out once before.
        auto *pages = window.findChild<QListWidget *>(latin("pages"));
        for (int row = pages->count(); row-- > 0;) {
            pages->setCurrentRow(row);
            QTest::qWait(30);
        }
        app->beginWatch();
        looker.start(CheckOrder());
        QTest::mouseClick(window.findChild<PathPill *>(latin("path-v4")), Qt::LeftButton);
        QTest::keyClick(&window, Qt::Key_F5);
        for (int row = 1; row < pages->count(); ++row) {
            pages->setCurrentRow(row);
            QTest::qWait(300);
        }
        pages->setCurrentRow(3);
        QTest::mouseClick(window.findChild<QPushButton *>(latin("redeploy")), Qt::LeftButton);
        QTest::qWait(1500);
        auto *no = window.findChild<QPushButton *>(latin("no"));
        QTest::mouseClick(no, Qt::LeftButton);
        QTRY_COMPARE(no->text(), latin("&Close"));
        QTest::mouseClick(no, Qt::LeftButton);
        QTRY_VERIFY(window.findChild<QLabel *>(latin("drift"))->isVisible());
        pages->setCurrentRow(0);
        QTest::qWait(1000);
        QVERIFY(looked.isEmpty());
        looker.cancel();
        QTRY_COMPARE(looked.size(), 1);
        app->endWatch();
        longest = app->longest();
        culprit = app->culprit();
        const auto began = std::chrono::steady_clock::now();
        view.reset();
        end = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
        // They were asked, and have not answered.
        QVERIFY(keeper.wasAsked());
    }

private Q_SLOTS:
    void initTestCase()
    {
        QStandardPaths::setTestModeEnabled(true);
        QApplication::setStyle(latin("fusion"));
        qputenv("XDG_RUNTIME_DIR", m_folder.path().toLocal8Bit());
        qputenv("XDG_STATE_HOME", m_folder.path().toLocal8Bit());
        qunsetenv("RUNTIME_DIRECTORY");
        const QString secrets = m_folder.filePath(latin("secrets"));
        QVERIFY(QDir().mkpath(secrets));
        QFile::setPermissions(secrets, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        for (const char *name : {"dns.main.key", "dns.main.acme-key", "vps.vps.password"}) {
            QFile one(secrets + QLatin1Char('/') + latin(name));
            QVERIFY(one.open(QIODevice::WriteOnly));
            one.write("c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0");
            one.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
        }
        QFile example(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"));
        QVERIFY(example.open(QIODevice::ReadOnly));
        QByteArray text = example.readAll();
        const auto swap = [&](const QByteArray &from, const QByteArray &to) {
            QVERIFY2(text.contains(from), from.constData());
            text.replace(from, to);
        };
        swap("\"server\": \"ns1.example.org\"",
             "\"server\": \"203.0.113.10\", \"port\": " + QByteArray::number(m_dns.port()));
        swap("\"host\": \"vps.example.org\",", "\"host\": \"vps.example.org\", \"addresses\": [\"203.0.113.10\"],");
        swap("\"user\": \"root\",",
             "\"user\": \"root\", \"auth\": \"password\", \"port\": " + QByteArray::number(m_ssh.port()) + ",");
        swap("\"keyFile\": \"~/.ssh/id_ed25519\",", "");
        QFile file(m_folder.filePath(latin("site.json")));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) > 0);
    }

    void neverWaits()
    {
        // One that is over the limit may be the machine's fault; two of three are not.
        std::vector<std::chrono::milliseconds> stalls, ends;
        for (int i = 0; i < tries; ++i) {
            std::chrono::milliseconds longest{0}, end{0};
            QString culprit;
            useIt(longest, end, culprit);
            if (QTest::currentTestFailed())
                return;
            std::printf("longest stall of the GUI thread: %lld ms (%s; aim %lld), its end took %lld ms\n",
                        static_cast<long long>(longest.count()), qPrintable(culprit),
                        static_cast<long long>(aim.count()), static_cast<long long>(end.count()));
            stalls.push_back(longest);
            ends.push_back(end);
        }
        const auto middle = [](std::vector<std::chrono::milliseconds> &all) {
            std::ranges::sort(all);
            return all[all.size() / 2];
        };
        QVERIFY2(m_ssh.wasAsked(), "nobody came to the VPS");
        QVERIFY2(m_dns.wasAsked(), "nobody asked for a name");
        QVERIFY2(m_tls.wasAsked(), "nobody came to the server");
        QVERIFY(middle(stalls) <= aim);
        QVERIFY(middle(ends) <= endAim);
    }
};

int main(int argc, char **argv)
{
    // A network in which there is nobody but those that hang; before there are threads.
    if (::unshare(::geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0 ||
        std::system("ip link set lo up && ip address add 203.0.113.10/32 dev lo") != 0) {
        std::printf("FAIL!  : there is no network namespace to be had here\nTotals: 0 passed, 1 failed, 0 skipped\n");
        return 1;
    }
    tests::StallApplication app(argc, argv);
    TestStalls test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_stalls.moc"
