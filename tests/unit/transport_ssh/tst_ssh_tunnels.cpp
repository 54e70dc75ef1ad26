// TCP connections from the remote machine (direct-tcpip) as local sockets.

#include "sshdaemon.h"

#include "transport/io.h"

#include <QElapsedTimer>
#include <QTest>

#include <arpa/inet.h>
#include <atomic>
#include <fcntl.h>
#include <functional>
#include <sys/socket.h>
#include <thread>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

// A TCP server on 127.0.0.1; `serve` gets each connection on a thread of its own.
class Server
{
public:
    explicit Server(std::function<void(const Fd &)> serve)
        : m_listener(listenOn("127.0.0.1", 0)), m_thread([this, serve] {
              std::vector<std::jthread> served;
              while (true) {
                  Fd one(::accept(m_listener.get(), nullptr, nullptr));
                  if (!one.valid())
                      return;
                  served.emplace_back([serve, fd = std::move(one)] { serve(fd); });
              }
          })
    {
    }
    ~Server()
    {
        ::shutdown(m_listener.get(), SHUT_RDWR);
        m_thread.join();
    }
    Port port() const { return *Port::fromNumber(portOf(m_listener)); }

private:
    Fd m_listener;
    std::jthread m_thread;
};

void echo(const Fd &fd)
{
    char bytes[65536];
    for (ssize_t got; (got = ::recv(fd.get(), bytes, sizeof bytes, 0)) > 0;) {
        for (ssize_t at = 0; at < got;) {
            const ssize_t sent = ::send(fd.get(), bytes + at, size_t(got - at), MSG_NOSIGNAL);
            if (sent < 0)
                return;
            at += sent;
        }
    }
}

// What comes from one end goes to the other after 60 ms, as over a long way.
void passOnLate(int from, int to)
{
    while (true) {
        const auto bytes = readSome(from, 65536, Deadline::after(30s), {});
        if (!bytes || bytes->isEmpty())
            break;
        std::this_thread::sleep_for(60ms);
        if (!writeAll(to, *bytes, Deadline::after(5s), {}))
            break;
    }
    ::shutdown(to, SHUT_WR);
    ::shutdown(from, SHUT_RD);
}

QByteArray readAll(const Fd &fd)
{
    QByteArray all;
    while (true) {
        const auto some = readSome(fd.get(), 65536, Deadline::after(20s), {});
        if (!some || some->isEmpty())
            return all;
        all += *some;
    }
}

QByteArray pattern(qsizetype size)
{
    QByteArray bytes(size, Qt::Uninitialized);
    for (qsizetype i = 0; i < size; ++i)
        bytes[i] = char(i * 31 + i / 251);
    return bytes;
}

} // namespace

class TestSshTunnels : public QObject
{
    Q_OBJECT

    std::unique_ptr<SshDaemon> m_daemon;
    std::unique_ptr<SshSession> m_session;

    Result<Fd> open(Port port, std::chrono::milliseconds span = 10s, std::stop_token stop = {})
    {
        return m_session->openTcp(ip("127.0.0.1"), port, Deadline::after(span), stop);
    }

    bool usable(std::chrono::milliseconds span = 5s)
    {
        const auto ran = m_session->exec(RemoteCommand("echo").literal("x"), {}, Deadline::after(span), {});
        return ran && ran->out == "x\n";
    }

private Q_SLOTS:
    void init()
    {
        if (m_session)
            return;
        m_daemon = std::make_unique<SshDaemon>();
        QVERIFY2(m_daemon->running(), "sshd (openssh-server) does not start; installer/setup installs it");
        auto session = SshSession::connect(m_daemon->target(m_daemon->userKey()), Deadline::after(20s), {});
        QVERIFY(session);
        m_session = std::move(*session);
    }

    void echoes()
    {
        Server server(echo);
        auto fd = open(server.port());
        QVERIFY2(fd, fd ? "" : qPrintable(fd.error().summary));
        const int flags = ::fcntl(fd->get(), F_GETFL);
        QVERIFY(flags & O_NONBLOCK);
        for (const QByteArray &word : {QByteArray("hello"), QByteArray("again")}) {
            QVERIFY(writeAll(fd->get(), word, Deadline::after(5s), {}));
            const auto back = readSome(fd->get(), 100, Deadline::after(5s), {});
            QVERIFY(back);
            QCOMPARE(*back, word);
        }
    }

    void halfClose()
    {
        // All is sent and the end of it told before anything is read back.
        Server server([](const Fd &fd) {
            QByteArray all;
            char bytes[65536];
            for (ssize_t got; (got = ::recv(fd.get(), bytes, sizeof bytes, 0)) > 0;)
                all.append(bytes, got);
            writeAll(fd.get(), QByteArray::number(all.size()) + ':' + all, Deadline::after(20s), {});
        });
        auto fd = open(server.port());
        QVERIFY(fd);
        const QByteArray sent = pattern(5'000'000);
        QVERIFY(writeAll(fd->get(), sent, Deadline::after(20s), {}));
        QCOMPARE(::shutdown(fd->get(), SHUT_WR), 0);
        const QByteArray back = readAll(*fd);
        QCOMPARE(back.size(), 8 + sent.size());
        QVERIFY(back == "5000000:" + sent);
    }

    void remoteEndsFirst()
    {
        std::atomic<qsizetype> heard = 0;
        Server server([&](const Fd &fd) {
            ::send(fd.get(), "bye", 3, MSG_NOSIGNAL);
            ::shutdown(fd.get(), SHUT_WR);
            char bytes[4096];
            for (ssize_t got; (got = ::recv(fd.get(), bytes, sizeof bytes, 0)) > 0;)
                heard += got;
        });
        auto fd = open(server.port());
        QVERIFY(fd);
        QCOMPARE(readAll(*fd), QByteArray("bye"));
        QVERIFY(writeAll(fd->get(), QByteArray(100'000, 'x'), Deadline::after(10s), {}));
        fd->reset();
        QTRY_COMPARE(heard.load(), 100'000);
    }

    void closingTellsTheRemoteSide()
    {
        std::atomic<bool> ended = false;
        Server server([&](const Fd &fd) {
            echo(fd);
            ended = true;
        });
        auto fd = open(server.port());
        QVERIFY(fd);
        QVERIFY(writeAll(fd->get(), "x", Deadline::after(5s), {}));
        fd->reset();
        QTRY_VERIFY(ended.load());
    }

    void slowReaderHoldsUpNobody()
    {
        const QByteArray much = pattern(20'000'000);
        Server server([&](const Fd &fd) { writeAll(fd.get(), much, Deadline::after(60s), {}); });
        auto fd = open(server.port());
        QVERIFY(fd);
        std::this_thread::sleep_for(300ms);
        QVERIFY(usable(2s));
        QVERIFY(readAll(*fd) == much);
    }

    void manyAtOnce()
    {
        Server server(echo);
        const QByteArray bytes = pattern(1'000'000);
        std::atomic<int> good = 0;
        std::vector<std::jthread> threads;
        for (int t = 0; t < 12; ++t)
            threads.emplace_back([&] {
                auto fd = open(server.port(), 30s);
                if (!fd)
                    return;
                std::jthread writer([&] {
                    writeAll(fd->get(), bytes, Deadline::after(30s), {});
                    ::shutdown(fd->get(), SHUT_WR);
                });
                good += readAll(*fd) == bytes;
            });
        threads.clear();
        QCOMPARE(good.load(), 12);
    }

    void refused()
    {
        const int closed = portOf(listenOn("127.0.0.1", 0));
        const auto fd = open(*Port::fromNumber(closed));
        QVERIFY(!fd);
        QCOMPARE(fd.error().code, ErrorCode::Network);
        QVERIFY2(fd.error().summary.contains(QString::number(closed)), qPrintable(fd.error().summary));
        QVERIFY(usable());
    }

    void prohibited()
    {
        SshDaemon daemon("AllowTcpForwarding no");
        QVERIFY(daemon.running());
        const auto session = SshSession::connect(daemon.target(daemon.userKey()), Deadline::after(20s), {});
        QVERIFY(session);
        Server server(echo);
        const auto fd = (*session)->openTcp(ip("127.0.0.1"), server.port(), Deadline::after(10s), {});
        QVERIFY(!fd);
        QCOMPARE(fd.error().code, ErrorCode::Refused);
        QVERIFY2(fd.error().fix.contains(QLatin1String("AllowTcpForwarding")), qPrintable(fd.error().fix));
    }

    // Channels open one after the other: far away, the last of many waits long for its turn, and none is late by that.
    void theLimitCountsFromItsTurn()
    {
        const Port daemon = m_daemon->port();
        Server relay([daemon](const Fd &fd) {
            const auto other = connectTcp(ip("127.0.0.1"), daemon, Deadline::after(5s), {});
            if (!other)
                return;
            const std::jthread back([&] { passOnLate(other->get(), fd.get()); });
            passOnLate(fd.get(), other->get());
        });
        SshTarget target = m_daemon->target(m_daemon->userKey());
        target.port = relay.port();
        auto session = SshSession::connect(std::move(target), Deadline::after(20s), {});
        QVERIFY2(session, session ? "" : qPrintable(session.error().summary + session.error().detail));
        Server server(echo);
        std::atomic<int> good = 0;
        QElapsedTimer timer;
        timer.start();
        std::vector<std::jthread> threads;
        for (int t = 0; t < 12; ++t)
            threads.emplace_back([&] {
                good +=
                    (*session)->openTcp(ip("127.0.0.1"), server.port(), Deadline::after(20s), {}, 700ms).has_value();
            });
        threads.clear();
        QCOMPARE(good.load(), 12);
        QVERIFY2(timer.elapsed() > 1200, qPrintable(QString::number(timer.elapsed()))); // else it shows nothing
        session->reset();
    }

    void silentTarget()
    {
        // A listener whose queue is full answers no SYN.
        Fd listener = listenOn("127.0.0.1", 0, 0);
        sockaddr_in at{};
        socklen_t size = sizeof at;
        getsockname(listener.get(), reinterpret_cast<sockaddr *>(&at), &size);
        std::vector<Fd> fill;
        for (int i = 0; i < 4; ++i) {
            fill.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            ::connect(fill.back().get(), reinterpret_cast<sockaddr *>(&at), size);
        }
        std::this_thread::sleep_for(50ms);
        QElapsedTimer timer;
        timer.start();
        const auto late = open(*Port::fromNumber(portOf(listener)), 400ms);
        QVERIFY(!late);
        QCOMPARE(late.error().code, ErrorCode::Timeout);
        QVERIFY(timer.elapsed() < 800);
        // The one behind it has no turn: its own limit does not run, the deadline does.
        timer.restart();
        const auto waiting = m_session->openTcp(ip("127.0.0.1"), m_daemon->port(), Deadline::after(600ms), {}, 100ms);
        QVERIFY(!waiting);
        QCOMPARE(waiting.error().code, ErrorCode::Timeout);
        QVERIFY2(waiting.error().summary.contains(QLatin1String("no SSH channel free")),
                 qPrintable(waiting.error().summary));
        QVERIFY(timer.elapsed() >= 550);
        std::stop_source source;
        source.request_stop();
        const auto stopped = open(*Port::fromNumber(portOf(listener)), 10s, source.get_token());
        QVERIFY(!stopped);
        QCOMPARE(stopped.error().code, ErrorCode::Cancelled);
        // Others wait for the answer to that open, and say so.
        const auto behind = m_session->exec(RemoteCommand("true"), {}, Deadline::after(300ms), {});
        QVERIFY(!behind);
        QCOMPARE(behind.error().code, ErrorCode::Timeout);
        QVERIFY2(behind.error().detail.contains(QLatin1String("nobody answers")), qPrintable(behind.error().detail));
        // As soon as it is answered, the session serves again.
        listener.reset();
        fill.clear();
        QVERIFY(usable(20s));
    }

    void sessionEnds()
    {
        Server server(echo);
        auto fd = open(server.port());
        QVERIFY(fd);
        m_session.reset();
        QCOMPARE(readAll(*fd), QByteArray());
    }
};

QTEST_GUILESS_MAIN(TestSshTunnels)
#include "tst_ssh_tunnels.moc"
