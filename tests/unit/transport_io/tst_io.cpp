// Blocking calls over non-blocking descriptors: results, deadline, stop.

#include "transport/io.h"

#include <QElapsedTimer>
#include <QTest>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

struct Listener {
    Fd socket;
    std::uint16_t port = 0;

    explicit Listener(int backlog = 8) : socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_addr = in6addr_loopback;
        socklen_t size = sizeof address;
        if (::bind(socket.get(), reinterpret_cast<sockaddr *>(&address), size) != 0 ||
            ::listen(socket.get(), backlog) != 0 ||
            ::getsockname(socket.get(), reinterpret_cast<sockaddr *>(&address), &size) != 0)
            qFatal("cannot listen");
        port = ntohs(address.sin6_port);
    }
};

IpAddress here()
{
    return *parseIpAddress(QStringLiteral("::1"));
}

struct Pipe {
    Fd read;
    Fd write;
    Pipe()
    {
        int ends[2];
        if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
            qFatal("pipe2");
        read = Fd(ends[0]);
        write = Fd(ends[1]);
    }
};

/// Time between the request to stop, 100 ms from now, and the end of `call`.
template <class Call>
std::chrono::nanoseconds stopLatency(const Call &call, ErrorCode &code)
{
    std::stop_source source;
    std::chrono::steady_clock::time_point asked;
    std::jthread stopper([&] {
        std::this_thread::sleep_for(100ms);
        asked = std::chrono::steady_clock::now();
        source.request_stop();
    });
    const auto result = call(source.get_token());
    const auto ended = std::chrono::steady_clock::now();
    stopper.join();
    code = result ? ErrorCode::Internal : result.error().code;
    return ended - asked;
}

} // namespace

class TestIo : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void carriesBytes()
    {
        const Listener listener;
        const auto client = connectTcp(here(), *Port::fromNumber(listener.port), Deadline::after(2s), {});
        QVERIFY(client);
        const Fd server(::accept4(listener.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        const QByteArray sent(3 << 20, 'x'); // more than the kernel's buffers hold
        std::jthread writer([&] { QVERIFY(writeAll(client->get(), sent, Deadline::after(10s), {})); });
        QByteArray got;
        while (got.size() < sent.size()) {
            const auto some = readSome(server.get(), 65536, Deadline::after(10s), {});
            QVERIFY(some);
            QVERIFY(!some->isEmpty());
            got += *some;
        }
        writer.join();
        QVERIFY(got == sent);
        ::shutdown(client->get(), SHUT_WR);
        const auto end = readSome(server.get(), 100, Deadline::after(2s), {});
        QVERIFY(end);
        QVERIFY(end->isEmpty());
    }

    void namesTheErrno()
    {
        int free = 0;
        {
            const Listener gone;
            free = gone.port;
        }
        const auto refused = connectTcp(here(), *Port::fromNumber(free), Deadline::after(2s), {});
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::Network);
        QVERIFY2(refused.error().detail.contains(QStringLiteral("ECONNREFUSED")), qPrintable(refused.error().detail));
        QVERIFY(refused.error().summary.contains(QStringLiteral("::1")));
        QVERIFY(refused.error().summary.endsWith(QLatin1Char('.')));
    }

    void aBrokenConnectionIsAnErrorNotASignal()
    {
        const Listener listener;
        const auto client = connectTcp(here(), *Port::fromNumber(listener.port), Deadline::after(2s), {});
        QVERIFY(client);
        Fd server(::accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
        const linger hard{1, 0};
        ::setsockopt(server.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        server.reset();
        const auto read = readSome(client->get(), 10, Deadline::after(2s), {});
        QVERIFY(!read);
        QVERIFY(read.error().detail.contains(QStringLiteral("ECONNRESET")));
        const auto written = writeAll(client->get(), QByteArray("x"), Deadline::after(2s), {});
        QVERIFY(!written);
        QVERIFY(written.error().detail.contains(QStringLiteral("EPIPE")));
    }

    void deadline()
    {
        const Pipe pipe;
        QElapsedTimer clock;
        clock.start();
        const auto read = readSome(pipe.read.get(), 1, Deadline::after(300ms), {});
        QVERIFY(!read);
        QCOMPARE(read.error().code, ErrorCode::Timeout);
        QVERIFY(clock.elapsed() >= 300 && clock.elapsed() < 400);
        // What is ready counts, also after the deadline.
        QCOMPARE(::write(pipe.write.get(), "a", 1), 1);
        const auto ready = waitFor(pipe.read.get(), POLLIN, Deadline::after(-1s), {});
        QVERIFY(ready);
        QVERIFY(*ready & POLLIN);
        const auto full = writeAll(pipe.write.get(), QByteArray(1 << 20, 'y'), Deadline::after(100ms), {});
        QVERIFY(!full);
        QCOMPARE(full.error().code, ErrorCode::Timeout);
    }

    void aFullListenerTimesOut()
    {
        const Listener listener(0);
        std::vector<Fd> filled;
        Result<Fd> last = Fd();
        for (int i = 0; i < 8 && last; ++i) {
            last = connectTcp(here(), *Port::fromNumber(listener.port), Deadline::after(300ms), {});
            if (last)
                filled.push_back(std::move(*last));
        }
        QVERIFY(!last);
        QCOMPARE(last.error().code, ErrorCode::Timeout);
    }

    void stop()
    {
        const Pipe pipe;
        ErrorCode code{};
        QVERIFY(stopLatency(
                    [&](std::stop_token token) { return readSome(pipe.read.get(), 1, Deadline::after(20s), token); },
                    code) < 50ms);
        QCOMPARE(code, ErrorCode::Cancelled);
        QVERIFY(stopLatency([](std::stop_token token) { return pauseFor(20s, token); }, code) < 50ms);
        QCOMPARE(code, ErrorCode::Cancelled);
        std::stop_source before;
        before.request_stop();
        QCOMPARE(::write(pipe.write.get(), "a", 1), 1);
        const auto read = readSome(pipe.read.get(), 1, Deadline::after(1s), before.get_token());
        QVERIFY(!read);
        QCOMPARE(read.error().code, ErrorCode::Cancelled);
    }

    void pause()
    {
        QElapsedTimer clock;
        clock.start();
        QVERIFY(pauseFor(150ms, {}));
        QVERIFY(clock.elapsed() >= 150 && clock.elapsed() < 250);
    }

    void aClosedDescriptor()
    {
        const auto ready = waitFor(9999, POLLIN, Deadline::after(1s), {});
        QVERIFY(!ready);
        QCOMPARE(ready.error().code, ErrorCode::Internal);
    }
};

QTEST_GUILESS_MAIN(TestIo)
#include "tst_io.moc"
