#pragma once

#include <QProcess>
#include <QStringList>
#include <QTemporaryFile>

#include <utility>
#include <vector>

namespace sixgate::tests
{

/// A screen (Xvfb) and a session bus of their own, for a test program that runs itself again inside. They end with it.
class OwnDesktop
{
public:
    enum class Bus { No, Yes };

    /// False, and says so, where one of them does not start.
    bool begin();
    /// The calling program again, on that screen, for some of its test functions; whether they passed.
    bool run(Bus bus, const QStringList &functions);
    ~OwnDesktop();

    /// All of it, and the exit code of the program. With and without a bus, each with its functions; all where none
    /// is named.
    static int runAll(int argc, char **argv, const std::vector<std::pair<Bus, QStringList>> &parts);

    /// Whether this is the one inside.
    static bool isInside();

private:
    QTemporaryFile m_busConfig;
    QProcess m_screen, m_bus;
    QString m_display, m_address;
};

} // namespace sixgate::tests
