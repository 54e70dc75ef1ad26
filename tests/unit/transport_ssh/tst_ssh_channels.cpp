// Commands over one SSH session with a real sshd: status, output, input, cancelling, loss.

#include "sshdaemon.h"

#include <QElapsedTimer>
#include <QFile>
#include <QRandomGenerator>
#include <QTest>

#include <atomic>
#include <cstring>
#include <thread>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

RemoteCommand shell(const char *script)
{
    return RemoteCommand("sh").literal("-c").literal(script);
}

/// How often `mirrored`, each byte of it inverted, is in this process's memory: so what is looked for is there only
/// where somebody left it.
int copiesInMemory(const QByteArray &mirrored)
{
    QFile maps(QStringLiteral("/proc/self/maps"));
    QFile memory(QStringLiteral("/proc/self/mem"));
    if (!maps.open(QIODevice::ReadOnly) || !memory.open(QIODevice::ReadOnly | QIODevice::Unbuffered))
        return -1;
    int found = 0;
    const auto lines = maps.readAll().split('\n');
    for (const QByteArray &line : lines) {
        const auto words = line.simplified().split(' ');
        if (words.size() < 2 || !words[1].startsWith("rw") || line.contains("[v"))
            continue;
        const auto ends = words[0].split('-');
        const qint64 from = ends[0].toLongLong(nullptr, 16);
        const qint64 to = ends[1].toLongLong(nullptr, 16);
        if (to - from > 128 * 1024 * 1024) // a sanitizer's
            continue;
        QByteArray piece; // one page at a time, with the end of the one before: what is read is no copy of all
        for (qint64 at = from; at < to; at += 4096) {
            if (!memory.seek(at))
                break;
            QByteArray page = memory.read(4096);
            if (page.isEmpty())
                break;
            for (char &c : page)
                c = char(~c);
            piece = piece.right(mirrored.size() - 1) + page;
            found += int(piece.count(mirrored));
        }
    }
    return found;
}

// Bytes that differ everywhere, so that a lost or repeated block shows.
QByteArray numbered(qsizetype size)
{
    QByteArray bytes(size, Qt::Uninitialized);
    quint32 x = 1;
    for (qsizetype i = 0; i + 4 <= size; i += 4) {
        x = x * 1664525 + 1013904223;
        std::memcpy(bytes.data() + i, &x, 4);
    }
    return bytes;
}

QString words(const Error &error)
{
    return error.summary + QLatin1Char(' ') + error.detail;
}

} // namespace

class TestSshChannels : public QObject
{
    Q_OBJECT

    std::unique_ptr<SshDaemon> m_daemon;
    std::unique_ptr<SshSession> m_session;

    std::unique_ptr<SshSession> sessionOf(SshDaemon &daemon)
    {
        if (!daemon.running())
            return {};
        auto session = SshSession::connect(daemon.target(daemon.userKey()), Deadline::after(20s), {});
        return session ? std::move(*session) : nullptr;
    }

    Result<ExecResult> run(const RemoteCommand &command, const QByteArray &input = {},
                           std::chrono::milliseconds span = 30s, std::stop_token stop = {})
    {
        return m_session->exec(command, input, Deadline::after(span), stop);
    }

    bool usable()
    {
        QElapsedTimer timer;
        timer.start();
        const auto ran = run(RemoteCommand("echo").literal("still here"));
        return ran && ran->status == 0 && ran->out == "still here\n" && timer.elapsed() < 2000;
    }

private Q_SLOTS:
    void init()
    {
        if (m_session)
            return;
        m_daemon = std::make_unique<SshDaemon>();
        m_session = sessionOf(*m_daemon);
        QVERIFY2(m_session, "no session with sshd (openssh-server); installer/setup installs it");
    }

    void status_data()
    {
        QTest::addColumn<QByteArray>("script");
        QTest::addColumn<int>("status");
        QTest::newRow("well") << QByteArray("true") << 0;
        QTest::newRow("failed") << QByteArray("exit 3") << 3;
        QTest::newRow("highest") << QByteArray("exit 255") << 255;
        QTest::newRow("not found") << QByteArray("/no/such/program") << 127;
        QTest::newRow("TERM") << QByteArray("kill -TERM $$") << 128 + 15;
        QTest::newRow("KILL") << QByteArray("kill -KILL $$") << 128 + 9;
        QTest::newRow("USR1") << QByteArray("kill -USR1 $$") << 128 + 10;
    }

    void status()
    {
        QFETCH(QByteArray, script);
        QFETCH(int, status);
        const auto ran = run(shell(script.constData()));
        QVERIFY2(ran, ran ? "" : qPrintable(words(ran.error())));
        QCOMPARE(ran->status, status);
    }

    void streamsStayApart()
    {
        const auto ran = run(shell("echo one; echo two >&2; cat; echo three >&2"), "in");
        QVERIFY(ran);
        QCOMPARE(ran->out, QByteArray("one\nin"));
        QCOMPARE(ran->err, QByteArray("two\nthree\n"));
        QCOMPARE(ran->status, 0);
    }

    void endOfInput()
    {
        const auto none = run(shell("wc -c"));
        QVERIFY(none);
        QCOMPARE(none->out.trimmed(), QByteArray("0"));
    }

    void inputIsWiped_data()
    {
        QTest::addColumn<QByteArray>("script");
        QTest::addColumn<bool>("ends");
        QTest::newRow("ends") << QByteArray("wc -c") << true;
        // The connection's thread holds it longer than the caller.
        QTest::newRow("left alone") << QByteArray("sleep 5") << false;
    }

    void inputIsWiped()
    {
        QFETCH(QByteArray, script);
        QFETCH(bool, ends);
        QByteArray mirrored(64, Qt::Uninitialized);
        QRandomGenerator::global()->fillRange(reinterpret_cast<quint32 *>(mirrored.data()), 16);
        {
            // Long, so that what is freed is not taken for something else at once.
            QByteArray text(100'000, ' ');
            for (qsizetype i = 0; i < mirrored.size(); ++i)
                text[50'000 + i] = char(~mirrored[i]);
            const Secret input(std::move(text));
            QVERIFY(copiesInMemory(mirrored) > 0);
            QCOMPARE(run(shell(script.constData()), input.reveal(), ends ? 20s : 300ms).has_value(), ends);
        }
        QTRY_COMPARE(copiesInMemory(mirrored), 0);
    }

    void bigBothWays()
    {
        const QByteArray input = numbered(50'000'000);
        const auto ran = run(RemoteCommand("cat"), input, 100s);
        QVERIFY2(ran, ran ? "" : qPrintable(words(ran.error())));
        QVERIFY(ran->out == input);
    }

    void bigOnBothStreams()
    {
        const QByteArray input = numbered(12'000'000);
        const auto ran = run(RemoteCommand("tee").literal("/dev/stderr"), input, 60s);
        QVERIFY2(ran, ran ? "" : qPrintable(words(ran.error())));
        QVERIFY(ran->out == input);
        QVERIFY(ran->err == input);
    }

    void inputNobodyReads()
    {
        const auto ran = run(shell("exit 4"), numbered(20'000'000));
        QVERIFY2(ran, ran ? "" : qPrintable(words(ran.error())));
        QCOMPARE(ran->status, 4);
        QVERIFY(usable());
    }

    void outputLimit()
    {
        const auto ran = m_session->exec(RemoteCommand("yes"), {}, Deadline::after(20s), {}, {}, 100'000);
        QVERIFY(!ran);
        QCOMPARE(ran.error().code, ErrorCode::Protocol);
        const auto exact =
            m_session->exec(shell("head -c 100000 /dev/zero"), {}, Deadline::after(20s), {}, {}, 100'000);
        QVERIFY(exact);
        QCOMPARE(exact->out.size(), 100'000);
        QVERIFY(usable());
    }

    void linesAsTheyCome()
    {
        std::vector<std::pair<QByteArray, qint64>> lines;
        const auto me = std::this_thread::get_id();
        bool here = true;
        QElapsedTimer timer;
        timer.start();
        const auto ran =
            m_session->exec(shell("echo a; echo; sleep 0.6; printf 'b\\nc'; sleep 0.1; echo d; printf tail"), {},
                            Deadline::after(20s), {}, [&](const QByteArray &line) {
                                here = here && std::this_thread::get_id() == me;
                                lines.emplace_back(line, timer.elapsed());
                            });
        QVERIFY(ran);
        QVERIFY(here);
        QCOMPARE(lines.size(), size_t(4));
        QCOMPARE(lines[0].first, QByteArray("a"));
        QCOMPARE(lines[1].first, QByteArray());
        QCOMPARE(lines[2].first, QByteArray("b"));
        QCOMPARE(lines[3].first, QByteArray("cd"));
        QVERIFY2(lines[2].second - lines[0].second > 400, "the first line waited for the others");
        QCOMPARE(ran->out, QByteArray("a\n\nb\ncd\ntail"));
    }

    void manyAtOnce()
    {
        std::atomic<int> good = 0;
        std::vector<std::jthread> threads;
        for (int t = 0; t < 20; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < 5; ++i) {
                    const QByteArray input = QByteArray::number(t * 1000 + i) + numbered(30'000 * i);
                    const auto ran = run(shell("cat; echo $0 >&2; exit 7"), input);
                    good += ran && ran->status == 7 && ran->out == input;
                }
            });
        threads.clear();
        QCOMPARE(good.load(), 100);
        QCOMPARE(m_daemon->connections(), 1);
    }

    void serverAllowsFewSessions()
    {
        SshDaemon daemon("MaxSessions 2");
        const auto session = sessionOf(daemon);
        QVERIFY(session);
        std::atomic<int> good = 0;
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t)
            threads.emplace_back([&] {
                const auto ran = session->exec(shell("sleep 0.2; echo x"), {}, Deadline::after(30s), {});
                good += ran && ran->out == "x\n";
            });
        threads.clear();
        QCOMPARE(good.load(), 8);
    }

    void stopCancelsOneCall()
    {
        std::stop_source source;
        QElapsedTimer timer;
        std::atomic<bool> other = false;
        std::jthread neighbour([&] {
            const auto ran = run(shell("sleep 1; echo done"));
            other = ran && ran->out == "done\n";
        });
        std::jthread stopper([&] {
            std::this_thread::sleep_for(300ms);
            timer.start();
            source.request_stop();
        });
        const auto ran = run(RemoteCommand("sleep").literal("30"), {}, 60s, source.get_token());
        const qint64 took = timer.elapsed();
        QVERIFY(!ran);
        QCOMPARE(ran.error().code, ErrorCode::Cancelled);
        QVERIFY2(took < 200, qPrintable(QString::number(took)));
        QVERIFY(usable());
        neighbour.join();
        QVERIFY(other);
    }

    void stoppedBefore()
    {
        std::stop_source source;
        source.request_stop();
        const auto ran = run(RemoteCommand("true"), {}, 30s, source.get_token());
        QVERIFY(!ran);
        QCOMPARE(ran.error().code, ErrorCode::Cancelled);
    }

    void deadline()
    {
        QElapsedTimer timer;
        timer.start();
        const auto ran = run(shell("echo begun; sleep 30"), {}, 500ms);
        QVERIFY(!ran);
        QCOMPARE(ran.error().code, ErrorCode::Timeout);
        QVERIFY2(timer.elapsed() >= 500 && timer.elapsed() < 900, qPrintable(QString::number(timer.elapsed())));
        QVERIFY(usable());
    }

    void stoppedWhileMuchFlows()
    {
        const QByteArray input = numbered(30'000'000);
        for (int i = 0; i < 5; ++i) {
            std::stop_source source;
            std::jthread stopper([&, i] {
                std::this_thread::sleep_for(i * 10ms);
                source.request_stop();
            });
            const auto ran = run(RemoteCommand("cat"), input, 60s, source.get_token());
            QVERIFY(!ran);
            QCOMPARE(ran.error().code, ErrorCode::Cancelled);
            QVERIFY(usable());
        }
    }

    void keysAreRenewed()
    {
        SshDaemon daemon("RekeyLimit 3M");
        const auto session = sessionOf(daemon);
        QVERIFY(session);
        const QByteArray input = numbered(20'000'000);
        std::atomic<int> good = 0;
        std::vector<std::jthread> threads;
        for (int t = 0; t < 3; ++t)
            threads.emplace_back([&] {
                const auto ran = session->exec(RemoteCommand("cat"), input, Deadline::after(60s), {});
                good += ran && ran->out == input;
                if (!ran)
                    qWarning("%s", qPrintable(words(ran.error())));
            });
        threads.clear();
        QCOMPARE(good.load(), 3);
        QVERIFY(daemon.log().contains("rekey"));
    }

    void quoting_data()
    {
        QTest::addColumn<QByteArray>("word");
        const char *words[] = {
            "",     " ",        "a b",      "'",      "''",       "a'b'c", "\"",     "\\",   "\\'", "$HOME", "$(id)",
            "`id`", ";id",      "&& id",    "| id",   "> /x",     "< /x",  "#",      "!",    "!!",  "~",     "*",
            "/*",   "[a-z]",    "{a,b}",    "=ls",    "A=b",      "%s",    "--",     "-n",   "\n",  "a\nid", "\t",
            "\r\n", "\x01\x7f", "\xc3\xa9", "$'\\n'", "'; id; '", "\\\n",  "${IFS}", "(id)", "a;b", "^",     "?"};
        int i = 0;
        for (const char *word : words)
            QTest::addRow("%d", i++) << QByteArray(word);
    }

    void quoting()
    {
        QFETCH(QByteArray, word);
        const auto command = RemoteCommand("perl")
                                 .literal("-e")
                                 .literal("print map { length($_) . ':' . $_ . ',' } @ARGV")
                                 .literal("--")
                                 .literal(word.constData())
                                 .literal(word.constData())
                                 .literal("end");
        const auto ran = run(command);
        QVERIFY(ran);
        const QByteArray one = QByteArray::number(word.size()) + ':' + word + ',';
        QCOMPARE(ran->out, one + one + "3:end,");
        QCOMPARE(ran->status, 0);
    }

    void encodedBytes()
    {
        QByteArray bytes;
        for (int i = 0; i < 256; ++i)
            bytes += char(i);
        auto command = RemoteCommand("sh").literal("-c").literal("printf %s \"$1\" | base64 -d").literal("sh");
        const auto ran = run(command.encoded(bytes));
        QVERIFY(ran);
        QCOMPARE(ran->out, bytes);
    }

    void parsedWord()
    {
        const auto ran = run(RemoteCommand("echo").word(*Label::parse(QStringLiteral("cloud-1"))));
        QVERIFY(ran);
        QCOMPARE(ran->out, QByteArray("cloud-1\n"));
    }

    void longCommand()
    {
        const auto good = run(RemoteCommand("echo").literal(QByteArray(29'000, 'x').constData()));
        QVERIFY(good);
        QCOMPARE(good->out.size(), 29'001);
        const auto bad = run(RemoteCommand("echo").literal(QByteArray(40'000, 'x').constData()));
        QVERIFY(!bad);
        QCOMPARE(bad.error().code, ErrorCode::Invalid);
        QVERIFY(usable());
    }

    void serverDies()
    {
        std::atomic<int> lost = 0;
        QElapsedTimer timer;
        std::vector<std::jthread> threads;
        for (int t = 0; t < 3; ++t)
            threads.emplace_back([&] {
                const auto ran = run(RemoteCommand("sleep").literal("20"), {}, 60s);
                lost += !ran && ran.error().code == ErrorCode::Network;
            });
        std::this_thread::sleep_for(500ms);
        timer.start();
        m_daemon->kill();
        threads.clear();
        QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
        QCOMPARE(lost.load(), 3);
        // Later calls hear it at once.
        timer.start();
        const auto later = run(RemoteCommand("true"));
        QVERIFY(!later);
        QCOMPARE(later.error().code, ErrorCode::Network);
        QVERIFY(timer.elapsed() < 100);
        m_session.reset();
    }

    void serverDiesWhileIdle()
    {
        m_daemon->kill();
        QElapsedTimer timer;
        timer.start();
        const auto ran = run(RemoteCommand("true"));
        QVERIFY(!ran);
        QCOMPARE(ran.error().code, ErrorCode::Network);
        QVERIFY(timer.elapsed() < 1000);
        m_session.reset();
    }
};

QTEST_GUILESS_MAIN(TestSshChannels)
#include "tst_ssh_channels.moc"
