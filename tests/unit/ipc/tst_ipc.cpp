// A keeper's snapshots and intents, over a real socket.

#include "ipc/keeperclient.h"
#include "ipc/keeperserver.h"
#include "ipc/keepertext.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

Label home()
{
    return *Label::parse(latin("home"));
}

SharedSnapshot snapshot(const char *role)
{
    KeeperSnapshot one;
    one.site = latin("home");
    one.machine = latin("m-1");
    one.role = latin(role);
    one.roleWhy = latin("Since it is so.");
    one.startedAt = QDateTime::fromMSecsSinceEpoch(1'795'000'000'123, Qt::UTC);
    one.prefixes = {latin("2001:db8:1::/64")};
    one.servers = {{*Label::parse(latin("nas")), *Ipv6Address::parse(latin("2001:db8:1::11")), {}},
                   {*Label::parse(latin("tower")), std::nullopt, latin("It is off.")}};
    one.records = {{latin("cloud.example.org AAAA"),
                    {latin("2001:db8:1::11")},
                    true,
                    {},
                    one.startedAt,
                    {latin("www.example.org")}}};
    one.pushes = {{latin("home6.example.org"), latin("2001:db8:1::11"), false, latin("not-proven"), one.startedAt}};
    one.paths = {{latin("cloud.example.org"), PathKind::Upstream, PathState::Broken, 12ms, latin("Why."), one.startedAt,
                  one.startedAt.addDays(9)}};
    one.awaited = {latin("DNS"), latin("paths")};
    one.recovery = KeptRecovery{one.startedAt, latin("a"), latin("b"), {{latin("dns"), 120}, {latin("v4"), 700}}};
    one.troubles = {latin("Something – with “quotes”.")};
    one.alarmTroubles = {latin("Nobody listens.")};
    return std::make_shared<const KeeperSnapshot>(std::move(one));
}

int connectTo(const QString &path)
{
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const QByteArray name = QFile::encodeName(path);
    std::copy(name.begin(), name.end(), address.sun_path);
    if (::connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        qFatal("cannot connect");
    return fd;
}

} // namespace

class TestIpc : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("XDG_RUNTIME_DIR", m_folder.path().toUtf8());
        qputenv("XDG_STATE_HOME", (m_folder.path() + latin("/state")).toUtf8());
        qunsetenv("RUNTIME_DIRECTORY");
    }

    void roundTrip()
    {
        const auto before = snapshot("leader");
        const auto answer = parseAnswer(snapshotLine(*before));
        QVERIFY(answer);
        const auto after = parseSnapshot((*answer)[latin("snapshot")].toObject());
        QVERIFY(after);
        QCOMPARE(json(*after), json(*before));
        QVERIFY(!after->fine());
    }

    void nobody()
    {
        RemoteKeeper keeper(*Label::parse(latin("elsewhere")));
        const auto answer = keeper.snapshot(Deadline::after(1s), {});
        QVERIFY(!answer);
        QCOMPARE(answer.error().code, ErrorCode::NotFound);
    }

    void asks()
    {
        std::atomic<int> heard = 0;
        auto server = KeeperServer::listen(home(), [&](KeeperIntent intent) { heard += int(intent) + 1; });
        QVERIFY(server);
        struct stat seen {
        };
        QCOMPARE(::stat(QFile::encodeName((*server)->path()).constData(), &seen), 0);
        QCOMPARE(int(seen.st_mode & 07777), 0600);
        (*server)->show(snapshot("leader"));
        RemoteKeeper keeper(home());
        const auto answer = keeper.snapshot(Deadline::after(2s), {});
        QVERIFY(answer);
        QCOMPARE((*answer)->role, latin("leader"));
        QVERIFY(keeper.tell(KeeperIntent::Resume, Deadline::after(2s), {}));
        QTRY_COMPARE(heard.load(), 3);
    }

    void follows()
    {
        auto server = KeeperServer::listen(home(), {});
        QVERIFY(server);
        (*server)->show(snapshot("starting"));
        RemoteKeeper keeper(home());
        std::stop_source stop;
        std::atomic<int> count = 0;
        std::mutex mutex;
        QString last;
        std::jthread follower([&] {
            (void)keeper.follow(
                [&](const SharedSnapshot &one) {
                    const std::lock_guard lock(mutex);
                    ++count;
                    last = one->role;
                },
                stop.get_token());
        });
        QTRY_COMPARE(count.load(), 1);
        // Many at once become few, and the last one is never lost.
        for (int i = 0; i < 500; ++i)
            (*server)->show(snapshot(i == 499 ? "follower" : "leader"));
        const auto lastSeen = [&] {
            const std::lock_guard lock(mutex);
            return last;
        };
        QTRY_COMPARE(lastSeen(), latin("follower"));
        QVERIFY(count.load() < 20);
        stop.request_stop();
    }

    void keeperEnds()
    {
        auto server = KeeperServer::listen(home(), {});
        QVERIFY(server);
        (*server)->show(snapshot("leader"));
        RemoteKeeper keeper(home());
        std::atomic<bool> seen = false;
        Outcome outcome;
        std::jthread follower([&] { outcome = keeper.follow([&](const SharedSnapshot &) { seen = true; }, {}); });
        QTRY_VERIFY(seen.load());
        server->reset();
        follower.join();
        QVERIFY(!outcome);
        QCOMPARE(outcome.error().code, ErrorCode::Unavailable);
    }

    void badClients()
    {
        auto server = KeeperServer::listen(home(), {});
        QVERIFY(server);
        (*server)->show(snapshot("leader"));
        const QString path = (*server)->path();
        std::vector<int> quiet;
        for (int i = 0; i < 60; ++i)
            quiet.push_back(connectTo(path));
        const QByteArray endless(100'000, 'x');
        const int loud = connectTo(path);
        (void)::send(loud, endless.constData(), size_t(endless.size()), MSG_NOSIGNAL);
        const int odd = connectTo(path);
        const QByteArray words("{}\nnull\n{\"sixgate\":2,\"ask\":\"snapshot\"}\n{\"sixgate\":1,\"ask\":\"shell\"}\n");
        (void)::send(odd, words.constData(), size_t(words.size()), MSG_NOSIGNAL);
        QByteArray answers;
        char buffer[4096];
        while (answers.count('\n') < 4) {
            const auto got = ::read(odd, buffer, sizeof buffer);
            QVERIFY(got > 0);
            answers.append(buffer, got);
        }
        QCOMPARE(answers.count("\"error\""), 4);
        RemoteKeeper keeper(home());
        QVERIFY(keeper.snapshot(Deadline::after(2s), {}));
        for (int fd : quiet)
            ::close(fd);
        ::close(loud);
        ::close(odd);
    }
};

QTEST_GUILESS_MAIN(TestIpc)
#include "tst_ipc.moc"
