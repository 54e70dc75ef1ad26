#include "owndesktop.h"

#include <QCoreApplication>
#include <QProcessEnvironment>

#include <cstdio>

namespace sixgate::tests
{

namespace
{

constexpr const char *inside = "SIXGATE_TEST_INSIDE";

/// A session's bus that starts no service of this machine's by itself.
constexpr const char *busConfig =
    "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
    " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
    "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>\n"
    "<policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>\n"
    "<allow own=\"*\"/></policy></busconfig>\n";

/// The first line that a server prints: where it listens.
QString startServer(QProcess &server, const QString &program, const QStringList &arguments)
{
    server.start(program, arguments);
    while (server.state() != QProcess::NotRunning || server.bytesAvailable() > 0) {
        if (server.canReadLine())
            return QString::fromLatin1(server.readLine()).trimmed();
        if (!server.waitForReadyRead(20000))
            break;
    }
    std::printf("FAIL!  : %s does not start\n", qPrintable(program));
    return {};
}

} // namespace

bool OwnDesktop::isInside()
{
    return qEnvironmentVariableIsSet(inside);
}

bool OwnDesktop::begin()
{
    m_display =
        startServer(m_screen, QStringLiteral("Xvfb"),
                    {QStringLiteral("-displayfd"), QStringLiteral("1"), QStringLiteral("-screen"), QStringLiteral("0"),
                     QStringLiteral("1280x800x24"), QStringLiteral("-nolisten"), QStringLiteral("tcp")});
    if (!m_busConfig.open() || m_busConfig.write(busConfig) < 0 || !m_busConfig.flush())
        return false;
    m_address = startServer(m_bus, QStringLiteral("dbus-daemon"),
                            {QStringLiteral("--config-file=") + m_busConfig.fileName(), QStringLiteral("--nofork"),
                             QStringLiteral("--print-address=1")});
    return !m_display.isEmpty() && !m_address.isEmpty();
}

bool OwnDesktop::run(Bus bus, const QStringList &functions)
{
    QProcessEnvironment with = QProcessEnvironment::systemEnvironment();
    with.insert(QStringLiteral("DISPLAY"), QLatin1Char(':') + m_display);
    with.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("xcb"));
    with.insert(QString::fromLatin1(inside), QStringLiteral("1"));
    with.insert(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"),
                bus == Bus::Yes ? m_address : QStringLiteral("unix:path=/nonexistent"));
    QProcess program;
    program.setProcessEnvironment(with);
    program.setProcessChannelMode(QProcess::ForwardedChannels);
    program.start(QCoreApplication::applicationFilePath(), functions);
    return program.waitForFinished(100000) && program.exitStatus() == QProcess::NormalExit && program.exitCode() == 0;
}

int OwnDesktop::runAll(int argc, char **argv, const std::vector<std::pair<Bus, QStringList>> &parts)
{
    QCoreApplication app(argc, argv);
    OwnDesktop desktop;
    bool good = desktop.begin();
    if (!good)
        return 1;
    for (const auto &[bus, functions] : parts)
        good = desktop.run(bus, functions) && good;
    return good ? 0 : 1;
}

OwnDesktop::~OwnDesktop()
{
    for (QProcess *one : {&m_bus, &m_screen}) {
        one->terminate();
        one->waitForFinished(5000);
    }
}

} // namespace sixgate::tests
