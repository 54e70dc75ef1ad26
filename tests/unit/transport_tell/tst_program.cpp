// Programs of this machine: what they get, what they say, and that they end.

#include "transport/program.h"

#include <QElapsedTimer>
#include <QTest>

#include <csignal>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

Result<ProgramEnd> shell(const char *script, const QByteArray &input = {}, const QByteArray &third = {},
                         std::chrono::milliseconds span = 10s, std::stop_token stop = {})
{
    ProgramCall call;
    call.program = "/bin/sh";
    call.arguments = {"-c", script};
    call.environment = {"PATH=/usr/bin:/bin", "WORD=one"};
    call.input = Secret(input);
    call.third = third;
    call.mostOutput = 1000;
    return runProgram(call, Deadline::after(span), std::move(stop));
}

} // namespace

class TestProgram : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void talks()
    {
        const auto ended = shell("cat; cat <&3; echo $WORD $HOME >&2; exit 7", "in ", "third");
        QVERIFY(ended);
        QCOMPARE(ended->exit, 7);
        QCOMPARE(ended->output, QByteArray("in third"));
        QCOMPARE(ended->errors, QByteArray("one\n"));
    }

    void muchInput()
    {
        const auto ended = shell("wc -c", QByteArray(3'000'000, 'x'));
        QVERIFY(ended);
        QCOMPARE(ended->output.trimmed(), QByteArray("3000000"));
    }

    void inheritsNothing()
    {
        const int open = ::open("/dev/null", O_RDONLY); // as a library might, without O_CLOEXEC
        QVERIFY(open > 2);
        sigset_t blocked, before;
        ::sigemptyset(&blocked);
        ::sigaddset(&blocked, SIGTERM);
        ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
        const auto files = shell("ls /proc/$$/fd");
        // Not out of the shell: that blocks signals itself while it forks.
        const auto mask = shell("exec grep SigBlk /proc/self/status");
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        ::close(open);
        QVERIFY(files && mask);
        QCOMPARE(files->output.simplified(), QByteArray("0 1 2"));
        QCOMPARE(mask->output.simplified(), QByteArray("SigBlk: 0000000000000000"));
    }

    void saysTooMuch()
    {
        const auto ended = shell("trap '' PIPE; yes 2>/dev/null; echo end >&2");
        QVERIFY(ended);
        QCOMPARE(ended->output.size(), 1000);
        QCOMPARE(ended->errors, QByteArray("end\n"));
    }

    void killed()
    {
        const auto ended = shell("kill -9 $$");
        QVERIFY(ended);
        QCOMPARE(ended->exit, 128 + 9);
    }

    void leavesOneBehind()
    {
        QElapsedTimer clock;
        clock.start();
        const auto ended = shell("sleep 5 & echo here");
        QVERIFY(ended);
        QCOMPARE(ended->output, QByteArray("here\n"));
        QVERIFY2(clock.elapsed() < 4000, "it waits for who only keeps the pipe open");
    }

    void takesTooLong()
    {
        QElapsedTimer clock;
        clock.start();
        const auto ended = shell("exec sleep 30", {}, {}, 200ms);
        QVERIFY(!ended);
        QCOMPARE(ended.error().code, ErrorCode::Timeout);
        QVERIFY(clock.elapsed() >= 190 && clock.elapsed() < 5000);
    }

    void stopped()
    {
        QElapsedTimer clock;
        clock.start();
        std::stop_source stop;
        std::jthread stopper([&] {
            std::this_thread::sleep_for(100ms);
            stop.request_stop();
        });
        const auto ended = shell("exec sleep 30", {}, {}, 30s, stop.get_token());
        QVERIFY(!ended);
        QCOMPARE(ended.error().code, ErrorCode::Cancelled);
        QVERIFY(clock.elapsed() < 5000);
        QVERIFY(!shell("true", {}, {}, 30s, stop.get_token()));
    }

    void isNotThere()
    {
        ProgramCall call;
        call.program = "/nonexistent/program";
        const auto none = runProgram(call, Deadline::after(5s), {});
        QVERIFY(!none);
        QCOMPARE(none.error().code, ErrorCode::NotFound);
        QVERIFY(none.error().summary.contains(QStringLiteral("/nonexistent/program")));
        call.program = "/etc/passwd";
        const auto not_one = runProgram(call, Deadline::after(5s), {});
        QVERIFY(!not_one);
        QCOMPARE(not_one.error().code, ErrorCode::Denied);
    }
};

QTEST_GUILESS_MAIN(TestProgram)
#include "tst_program.moc"
