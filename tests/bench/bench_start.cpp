// bench_start SIXGATE RUNS AIM: starts the program on this screen, with a keeper's snapshot behind the real socket, and
// looks at the screen itself until the verdict is painted there. tests/bench/start runs it.

#include "ipc/keeperserver.h"
#include "storage/sitefile.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QGuiApplication>
#include <QPixmap>
#include <QProcess>
#include <QScreen>
#include <QTemporaryDir>
#include <QThread>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

constexpr int most = 20000; // ms

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

KeeperSnapshot snapshotOf(const Site &site)
{
    KeeperSnapshot one;
    one.site = site.name.text();
    one.machine = latin("laptop");
    one.role = latin("leader");
    const QDateTime now = QDateTime::currentDateTimeUtc();
    one.prefixes = {latin("2001:db8:1::/64")};
    one.servers = {{site.servers.front().name, Ipv6Address::parse(latin("2001:db8:1::11")).value(), {}}};
    for (const Service &service : site.services) {
        one.records.push_back(
            {service.upstreamName.ascii() + latin(" AAAA"), {latin("2001:db8:1::11")}, true, {}, now});
        one.pushes.push_back({service.upstreamName.ascii(), latin("2001:db8:1::11"), true, {}, now});
        for (const Hostname &name : service.publicNames) {
            for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan})
                one.paths.push_back({name.ascii(), kind, PathState::Works, 20ms, {}, now});
        }
    }
    return one;
}

/// Everything that is green on the screen: the mark of a verdict that all is well, and of paths that work.
int greenOnScreen()
{
    constexpr QRgb green = 0xff167a47;
    const QImage seen = QGuiApplication::primaryScreen()->grabWindow(0).toImage().convertToFormat(QImage::Format_RGB32);
    int count = 0;
    for (int y = 0; y < seen.height(); ++y) {
        const auto *line = reinterpret_cast<const QRgb *>(seen.constScanLine(y));
        count += int(std::count(line, line + seen.width(), green));
    }
    return count;
}

/// From exec to the painted verdict, in ms; nothing where it did not come.
std::optional<int> once(const QString &program, const QStringList &arguments)
{
    constexpr int enough = 500; // pixels
    QProcess child;
    child.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    QElapsedTimer clock;
    clock.start();
    child.start(program, arguments);
    std::optional<int> took;
    while (!took && clock.elapsed() < most && child.state() != QProcess::NotRunning) {
        if (greenOnScreen() >= enough)
            took = int(clock.elapsed());
        else
            QThread::msleep(2);
        QCoreApplication::processEvents();
    }
    child.terminate();
    child.waitForFinished(10000);
    return took;
}

} // namespace

int main(int argc, char **argv)
{
    QGuiApplication app(argc, argv);
    if (argc != 4)
        return 2;
    const int runs = std::max(1, QByteArray(argv[2]).toInt());
    const int aim = QByteArray(argv[3]).toInt();
    QTemporaryDir folder;
    for (const char *name : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "HOME"})
        qputenv(name, folder.path().toLocal8Bit());
    qunsetenv("RUNTIME_DIRECTORY");
    const QString file = folder.filePath(latin("site.json"));
    QFile::copy(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"), file);
    const auto site = loadSite(file);
    auto server = site ? KeeperServer::listen(site->name, [](KeeperIntent) {})
                       : Result<std::unique_ptr<KeeperServer>>(passOn(site));
    if (!server) {
        std::printf("FAIL %s\n", qPrintable(server.error().summary));
        return 1;
    }
    (*server)->show(std::make_shared<const KeeperSnapshot>(snapshotOf(*site)));
    const QStringList arguments{latin("--site"), file, latin("--secrets"), latin("dir:") + folder.path(),
                                latin("--only-watch")};
    std::vector<int> all;
    // The first one fills the caches.
    for (int i = 0; i <= runs; ++i) {
        const auto took = once(QString::fromLocal8Bit(argv[1]), arguments);
        if (!took) {
            std::printf("FAIL the window did not come\n");
            return 1;
        }
        if (i > 0)
            all.push_back(*took);
    }
    std::ranges::sort(all);
    const int median = all[all.size() / 2];
    std::printf("from exec to a window with real content: %d ms (%d to %d), median of %d; aim %d ms\n", median,
                all.front(), all.back(), runs, aim);
    return median <= aim ? 0 : 1;
}
