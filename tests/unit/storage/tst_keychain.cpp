// The desktop's keychain: a real GNOME Keyring on a session bus of its own, and the lack of each.

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

namespace
{

struct Ran {
    int exit = -1;
    QStringList lines;
    qint64 took = 0;
};

const QString dnsKey = QStringLiteral("dns.main.key");
const QByteArray value = QByteArray("c3dvcmRmaXNo+/==\n").toHex();

} // namespace

class TestKeychain : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_home;
    std::unique_ptr<QProcess> m_bus;
    std::unique_ptr<QProcess> m_keyring;
    QString m_address; // of the session bus

    QProcessEnvironment environment() const
    {
        auto variables = QProcessEnvironment::systemEnvironment();
        variables.insert(QStringLiteral("HOME"), m_home->path());
        for (const char *folder : {"XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"})
            variables.insert(QString::fromLatin1(folder), m_home->path());
        for (const char *other : {"DISPLAY", "WAYLAND_DISPLAY", "XDG_CURRENT_DESKTOP", "DESKTOP_SESSION", "KDEHOME",
                                  "KDE_FULL_SESSION", "DBUS_SESSION_BUS_ADDRESS", "GNOME_KEYRING_CONTROL"})
            variables.remove(QString::fromLatin1(other));
        if (!m_address.isEmpty())
            variables.insert(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"), m_address);
        return variables;
    }

    Ran secret(const QStringList &words) const
    {
        QProcess helper;
        helper.setProcessEnvironment(environment());
        QElapsedTimer timer;
        timer.start();
        helper.start(QStringLiteral(STORAGE_HELPER), QStringList{QStringLiteral("secret")} + words);
        if (!helper.waitForFinished(30000))
            return {};
        return {helper.exitStatus() == QProcess::NormalExit ? helper.exitCode() : -1,
                QString::fromUtf8(helper.readAllStandardOutput()).split(QLatin1Char('\n'), Qt::SkipEmptyParts),
                timer.elapsed()};
    }

    /// A bus without activation of services: what is not started by the test is not there.
    void startBus()
    {
        const QString socket = m_home->filePath(QStringLiteral("bus"));
        const QString config = m_home->filePath(QStringLiteral("bus.conf"));
        QFile file(config);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("<busconfig><type>session</type><listen>unix:path=" + QFile::encodeName(socket) +
                   "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow send_destination=\"*\"/>"
                   "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>");
        file.close();
        m_bus = std::make_unique<QProcess>();
        m_bus->setProcessEnvironment(environment());
        m_bus->setStandardErrorFile(QProcess::nullDevice());
        m_bus->start(QStringLiteral("dbus-daemon"), {QStringLiteral("--nofork"), QStringLiteral("--print-address=1"),
                                                     QStringLiteral("--config-file=") + config});
        QVERIFY2(m_bus->waitForReadyRead(20000), "dbus-daemon does not start");
        m_address = QString::fromUtf8(m_bus->readLine()).trimmed();
        QVERIFY(!m_address.isEmpty());
    }

    /// With a password the keyring "login" is made and unlocked.
    void startKeyring(const QByteArray &password)
    {
        m_keyring = std::make_unique<QProcess>();
        m_keyring->setProcessEnvironment(environment());
        m_keyring->setStandardErrorFile(QProcess::nullDevice());
        QStringList arguments{QStringLiteral("--foreground"), QStringLiteral("--components=secrets")};
        if (!password.isEmpty())
            arguments << QStringLiteral("--unlock");
        m_keyring->start(QStringLiteral("gnome-keyring-daemon"), arguments);
        QVERIFY(m_keyring->waitForStarted());
        m_keyring->write(password);
        m_keyring->closeWriteChannel();
        QTRY_VERIFY_WITH_TIMEOUT(ownsSecretService(), 20000);
    }

    bool ownsSecretService() const
    {
        QProcess ask;
        ask.setProcessEnvironment(environment());
        ask.start(QStringLiteral("dbus-send"), {QStringLiteral("--session"), QStringLiteral("--print-reply=literal"),
                                                QStringLiteral("--dest=org.freedesktop.DBus"), QStringLiteral("/"),
                                                QStringLiteral("org.freedesktop.DBus.NameHasOwner"),
                                                QStringLiteral("string:org.freedesktop.secrets")});
        return ask.waitForFinished(10000) && ask.readAllStandardOutput().contains("true");
    }

    void stop(std::unique_ptr<QProcess> &process)
    {
        if (process) {
            process->terminate();
            if (!process->waitForFinished(5000))
                process->kill();
            process->waitForFinished(5000);
            process.reset();
        }
    }

    void checkUnavailable(const Ran &ran)
    {
        QCOMPARE(ran.exit, 1);
        QCOMPARE(ran.lines.value(0), QStringLiteral("unavailable"));
        QVERIFY2(ran.lines.value(2).contains(QStringLiteral("--secrets dir:PATH")), qPrintable(ran.lines.join(u'\n')));
    }

private Q_SLOTS:
    void init() { m_home = std::make_unique<QTemporaryDir>(); }

    void cleanup()
    {
        stop(m_keyring);
        stop(m_bus);
        m_address.clear();
    }

    void noSessionBus()
    {
        for (const QStringList &words : {QStringList{QStringLiteral("get"), dnsKey},
                                         QStringList{QStringLiteral("set"), dnsKey, QString::fromLatin1(value)},
                                         QStringList{QStringLiteral("remove"), dnsKey}}) {
            const Ran ran = secret(words);
            checkUnavailable(ran);
            QVERIFY2(ran.took < 5000, qPrintable(QString::number(ran.took)));
        }
        // Nothing was written in plain text either.
        QVERIFY(!QFile::exists(m_home->filePath(QStringLiteral("sixgate"))));
    }

    void busThatIsGone()
    {
        m_address = QStringLiteral("unix:path=") + m_home->filePath(QStringLiteral("nothing"));
        const Ran ran = secret({QStringLiteral("get"), dnsKey});
        checkUnavailable(ran);
        QVERIFY2(ran.took < 5000, qPrintable(QString::number(ran.took)));
    }

    void busWithoutKeychain()
    {
        startBus();
        const Ran ran = secret({QStringLiteral("get"), dnsKey});
        checkUnavailable(ran);
        QVERIFY2(ran.took < 5000, qPrintable(QString::number(ran.took)));
        checkUnavailable(secret({QStringLiteral("set"), dnsKey, QString::fromLatin1(value)}));
    }

    void lifeOfASecret()
    {
        startBus();
        startKeyring("sesame");
        Ran ran = secret({QStringLiteral("get"), dnsKey});
        QCOMPARE(ran.lines.value(0), QStringLiteral("not-found"));
        QVERIFY(ran.lines.value(2).contains(QStringLiteral("sixgatectl secret set dns.main.key")));
        ran = secret({QStringLiteral("set"), dnsKey, QString::fromLatin1(value)});
        QVERIFY2(ran.exit == 0, qPrintable(ran.lines.join(u'\n')));
        QCOMPARE(secret({QStringLiteral("get"), dnsKey}).lines, QStringList{QString::fromLatin1(value)});
        QCOMPARE(secret({QStringLiteral("set"), dnsKey, QStringLiteral("00ff80")}).exit, 0);
        QCOMPARE(secret({QStringLiteral("get"), dnsKey}).lines, QStringList{QStringLiteral("00ff80")});
        QCOMPARE(secret({QStringLiteral("set"), QStringLiteral("a"), QStringLiteral("61")}).exit, 0);
        QCOMPARE(secret({QStringLiteral("list")}).lines, (QStringList{QStringLiteral("a"), dnsKey}));
        QCOMPARE(secret({QStringLiteral("remove"), dnsKey}).exit, 0);
        QCOMPARE(secret({QStringLiteral("get"), dnsKey}).lines.value(0), QStringLiteral("not-found"));
        QCOMPARE(secret({QStringLiteral("remove"), dnsKey}).lines.value(0), QStringLiteral("not-found"));
        QCOMPARE(secret({QStringLiteral("list")}).lines, QStringList{QStringLiteral("a")});
    }

    // Kept over the end of the daemon; locked where nobody has given the password.
    void lockedKeyring()
    {
        startBus();
        startKeyring("sesame");
        QCOMPARE(secret({QStringLiteral("set"), dnsKey, QString::fromLatin1(value)}).exit, 0);
        stop(m_keyring);
        startKeyring({});
        const Ran ran = secret({QStringLiteral("get"), dnsKey});
        checkUnavailable(ran);
        QVERIFY2(ran.took < 10000, qPrintable(QString::number(ran.took)));
        QVERIFY(!ran.lines.join(u' ').contains(QString::fromLatin1(value)));
        checkUnavailable(secret({QStringLiteral("remove"), dnsKey}));
        stop(m_keyring);
        startKeyring("sesame");
        QCOMPARE(secret({QStringLiteral("get"), dnsKey}).lines, QStringList{QString::fromLatin1(value)});
    }
};

QTEST_GUILESS_MAIN(TestKeychain)
#include "tst_keychain.moc"
