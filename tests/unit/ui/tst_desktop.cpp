// The program itself, offscreen: how it begins and ends.

#include <QElapsedTimer>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

} // namespace

class TestDesktop : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    void begin(QProcess &program, const QStringList &arguments)
    {
        QProcessEnvironment with = QProcessEnvironment::systemEnvironment();
        for (const char *name : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "HOME"})
            with.insert(latin(name), m_folder.path());
        with.insert(latin("QT_QPA_PLATFORM"), latin("offscreen"));
        with.remove(latin("DBUS_SESSION_BUS_ADDRESS"));
        program.setProcessEnvironment(with);
        program.start(latin(SIXGATE), arguments);
    }

private Q_SLOTS:
    void usage_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("exit");
        QTest::addColumn<QString>("says");
        QTest::newRow("help") << QStringList{latin("--help")} << 0 << QString();
        QTest::newRow("version") << QStringList{latin("--version")} << 0 << QString();
        QTest::newRow("no such option") << QStringList{latin("--nosuch")} << 2 << latin("nosuch");
        QTest::newRow("no value") << QStringList{latin("--site")} << 2 << latin("site");
        QTest::newRow("a word") << QStringList{latin("check")} << 2 << latin("\"check\" is not an option.");
    }

    void usage()
    {
        QFETCH(QStringList, arguments);
        QFETCH(int, exit);
        QFETCH(QString, says);
        QProcess program;
        begin(program, arguments);
        QVERIFY(program.waitForFinished(10000));
        QCOMPARE(program.exitStatus(), QProcess::NormalExit);
        QCOMPARE(program.exitCode(), exit);
        const QString said = QString::fromUtf8(program.readAllStandardError());
        QVERIFY2(said.contains(says), qPrintable(said));
        if (exit != 0)
            QCOMPARE(said.trimmed().count(QLatin1Char('\n')), 0);
    }

    // Also where there is no tray, and closing the window only minimises it.
    void endsAtASignal_data()
    {
        QTest::addColumn<int>("signal");
        QTest::newRow("SIGINT") << SIGINT;
        QTest::newRow("SIGTERM") << SIGTERM;
    }

    void endsAtASignal()
    {
        QFETCH(int, signal);
        QProcess program;
        begin(program, {});
        QVERIFY(program.waitForStarted(5000));
        QTest::qWait(1000);
        QCOMPARE(program.state(), QProcess::Running);
        QElapsedTimer took;
        took.start();
        ::kill(pid_t(program.processId()), signal);
        const bool ended = program.waitForFinished(4000);
        if (!ended)
            program.kill();
        QVERIFY(ended);
        QCOMPARE(program.exitStatus(), QProcess::NormalExit);
        QCOMPARE(program.exitCode(), 0);
        QVERIFY2(took.elapsed() < 3000, qPrintable(QString::number(took.elapsed())));
    }
};

QTEST_GUILESS_MAIN(TestDesktop)
#include "tst_desktop.moc"
