// How long the desktop takes from its first instruction to a window with real content on the (offscreen) screen.
// Prints the median; fails beyond the aim.

#include "decide/overview.h"
#include "running/localjobs.h"
#include "storage/sitefile.h"
#include "ui/look/marks.h"
#include "ui/tray/tray.h"
#include "ui/window/mainwindow.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QLabel>
#include <QProcess>
#include <QStandardPaths>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

constexpr int runs = 7;
constexpr int aim = 250; // ms

KeeperSnapshot snapshotOf(const Site &site)
{
    KeeperSnapshot one;
    one.role = QStringLiteral("leader");
    const QDateTime now = QDateTime::currentDateTimeUtc();
    one.servers = {{site.servers.front().name, Ipv6Address::parse(QStringLiteral("2001:db8:1::11")).value(), {}}};
    for (const Service &service : site.services) {
        one.records.push_back({service.upstreamName.ascii() + QStringLiteral(" AAAA"),
                               {QStringLiteral("2001:db8:1::11")},
                               true,
                               {},
                               now});
        one.pushes.push_back({service.upstreamName.ascii(), QStringLiteral("2001:db8:1::11"), true, {}, now});
        for (const Hostname &name : service.publicNames) {
            for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan})
                one.paths.push_back({name.ascii(), kind, PathState::Works, 20ms, {}, now});
        }
    }
    return one;
}

/// As app/desktop does it, with a keeper that answers at once; tells when the verdict was painted.
int once(int argc, char **argv)
{
    QElapsedTimer clock;
    clock.start();
    QApplication app(argc, argv);
    QStandardPaths::setTestModeEnabled(true);
    QApplication::setWindowIcon(programIcon());
    QFile example(QStringLiteral(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"));
    if (!example.open(QIODevice::ReadOnly))
        return 1;
    const auto site = parseSite(example.readAll());
    if (!site)
        return 1;
    const auto snapshot = std::make_shared<const KeeperSnapshot>(snapshotOf(*site));
    MainWindow window({site->name.text(), site->vps.front().host.display()},
                      {std::make_shared<const Site>(*site), std::make_shared<LocalJobs>(SitePlace())});
    Tray tray;
    window.show(overviewOf(*site, *snapshot), snapshot);
    tray.show(overviewOf(*site, *snapshot), snapshot);
    window.raiseUp();
    const QImage painted = window.grab().toImage();
    const bool good = window.findChild<QWidget *>(QStringLiteral("overview"))
                              ->findChild<QLabel *>(QStringLiteral("sentence"))
                              ->text() == QLatin1String("Everything is reachable.") &&
                      !painted.isNull();
    std::printf("%lld\n", static_cast<long long>(clock.elapsed()));
    return good ? 0 : 1;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc > 1)
        return once(argc, argv);
    std::vector<int> inside, outside;
    for (int i = 0; i < runs; ++i) {
        QProcess child;
        QElapsedTimer clock;
        clock.start();
        child.start(QString::fromLocal8Bit(argv[0]), {QStringLiteral("once")});
        if (!child.waitForFinished(20000) || child.exitCode() != 0) {
            std::printf("The window did not come.\n");
            return 1;
        }
        outside.push_back(int(clock.elapsed()));
        inside.push_back(child.readAllStandardOutput().trimmed().toInt());
    }
    std::ranges::sort(inside);
    std::ranges::sort(outside);
    std::printf("window with content after %d ms (process from start to end: %d ms), median of %d; aim %d ms\n",
                inside[runs / 2], outside[runs / 2], runs, aim);
    return outside[runs / 2] <= aim ? 0 : 1;
}
