// A run as its user sees it who does not get its verdict: over a real SSH server, whose command plays a VPS that takes
// the bundle, tells of a step, and then says nothing more.

#include "apply/deployer.h"
#include "bundles.h"
#include "transport_ssh/sshdaemon.h"

#include <QCoreApplication>
#include <QTemporaryDir>
#include <QTest>

#include <optional>

using namespace bundles;
using namespace std::chrono_literals;

class TestFollowing : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::optional<SshDaemon> m_daemon;
    std::optional<RemoteHost> m_host;

    void put(const char *name, const QByteArray &content) const
    {
        QFile file(m_folder.filePath(path(name)));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
    }

private Q_SLOTS:
    void initTestCase()
    {
        const QByteArray here = m_folder.path().toUtf8();
        put("vps", "cd " + here +
                       "\n"
                       "case $SSH_ORIGINAL_COMMAND in systemctl*) exit 0 ;; esac\n"
                       "cat >in.$$\n"
                       "case $(head -n 1 in.$$) in\n"
                       "*Receives*) [ ! -e cut ] || kill -KILL $PPID; echo started ;;\n"
                       "*) cat log; [ -e cut ] || exec sleep 60 ;;\n"
                       "esac\n");
        put("log", "step\tvps.x\tstarted\t\n");
        m_daemon.emplace("ForceCommand exec sh " + here + "/vps");
        QVERIFY2(m_daemon->running(), "sshd (openssh-server) does not start");
        m_host.emplace(m_daemon->target(m_daemon->userKey()), RemoteHost::SudoPassword(), QString());
    }

    void init()
    {
        QFile::remove(m_folder.filePath(path("cut")));
        const auto connected = m_host->connect(Deadline::after(10s), {});
        QVERIFY2(connected, connected ? "" : qPrintable(connected.error().summary + connected.error().detail));
    }

    void noVerdict_data()
    {
        QTest::addColumn<bool>("removal");
        QTest::addColumn<bool>("leaves");  // by a second Ctrl-C
        QTest::addColumn<QString>("goOn"); // empty: as it is by default
        QTest::addColumn<QString>("summary");
        QTest::addColumn<QString>("detail");
        const QString stays = path("never stays half changed"), gone = path("has no way back");
        const QString left = path("Detached: the run on "), late = path("gave no answer in time and goes on by itself");
        QTest::newRow("apply, Ctrl-C twice") << false << true << QString() << left << stays;
        QTest::newRow("apply, no answer in time") << false << false << QString() << late << stays;
        QTest::newRow("remove, Ctrl-C twice") << true << true << path("Remove again.") << left << gone;
        QTest::newRow("remove, no answer in time") << true << false << path("Remove again.") << late << gone;
        QTest::newRow("another command") << false << true << path("Do that again.") << left << stays;
    }

    void noVerdict()
    {
        QFETCH(bool, removal);
        QFETCH(bool, leaves);
        QFETCH(QString, goOn);
        QFETCH(QString, summary);
        QFETCH(QString, detail);
        std::stop_source stop, detach;
        RunStops stops{stop.get_token(), detach.get_token()};
        stops.patience = 500ms;
        if (!goOn.isEmpty())
            stops.goOn = goOn;
        const ProgressSink progress = [&](const QString &, StepState state, const QString &text) {
            if (state == StepState::Started)
                stop.request_stop();
            if (leaves && text.startsWith(path("Asking the VPS to stop")))
                detach.request_stop();
        };
        const ChangeAction action = removal ? ChangeAction(RemoveAll{}) : ChangeAction(activation());
        const auto ended = deploy(*m_host, {change(action)}, {}, progress, Deadline::after(20s), stops);
        QVERIFY(!ended);
        const Error &why = ended.error();
        QCOMPARE(why.code, leaves ? ErrorCode::Unavailable : ErrorCode::Timeout);
        QVERIFY2(why.summary.contains(summary), qPrintable(why.summary));
        QVERIFY2(why.detail.contains(detail), qPrintable(why.detail));
        QVERIFY2(why.fix.startsWith(goOn.isEmpty() ? path("Go on with: sixgatectl apply") : goOn), qPrintable(why.fix));
        QCOMPARE(why.fix.contains(path("/var/lib/sixgate/runs/")), !removal);
    }

    // The deadline of the whole run passes: the VPS is asked to stop, and does not answer either.
    void tooLate()
    {
        RunStops stops;
        stops.patience = 500ms;
        const auto ended = deploy(*m_host, {change(activation())}, {}, {}, Deadline::after(3s), stops);
        QVERIFY(!ended);
        QCOMPARE(ended.error().code, ErrorCode::Timeout);
        QVERIFY2(ended.error().summary.contains(path("goes on by itself")), qPrintable(ended.error().summary));
    }

    // The line ends while the bundle is sent, again and again: nobody says that a run goes on.
    void cutWhileSending()
    {
        put("cut", {});
        put("log", "lost\n");
        QStringList notes;
        const ProgressSink progress = [&](const QString &, StepState, const QString &text) { notes << text; };
        const auto ended = deploy(*m_host, {change(activation())}, {}, progress, Deadline::after(60s), {});
        put("log", "step\tvps.x\tstarted\t\n");
        QVERIFY(!ended);
        const QString all = notes.join(QLatin1Char('\n'));
        QVERIFY2(all.contains(path("was lost while the plan was sent")), qPrintable(all));
        QVERIFY2(!all.contains(path("the run goes on there")), qPrintable(all));
    }
};

QTEST_GUILESS_MAIN(TestFollowing)
#include "tst_following.moc"
