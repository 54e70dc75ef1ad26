// sixgate: the composition root of the desktop program.

#include "ctl/signals.h"
#include "decide/overview.h"
#include "desktop/firstone.h"
#include "desktop/watcher.h"
#include "ipc/keeperclient.h"
#include "model/text.h"
#include "model/version.h"
#include "running/localjobs.h"
#include "storage/sitefile.h"
#include "ui/feed/keeperfeed.h"
#include "ui/look/marks.h"
#include "ui/tray/tray.h"
#include "ui/window/mainwindow.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QStandardPaths>

#include <cstdio>
#include <cstdlib>
#include <optional>

namespace sixgate
{

namespace
{

void logLine(const QString &text)
{
    const QByteArray line = shownLine(text.toUtf8()).toUtf8() + "\n";
    std::fwrite(line.constData(), 1, size_t(line.size()), stderr);
}

constexpr int badUsage = 2;

struct Choices {
    QString siteFile;
    QString secrets;
    bool hidden = false;
    bool keeps = true;
};

Choices choicesOf(const QApplication &app)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(QApplication::translate(
        "main", "Shows whether a home behind carrier-grade NAT is reachable, and keeps it so."));
    parser.addHelpOption();
    parser.addVersionOption();
    const QCommandLineOption site(QStringLiteral("site"), QApplication::translate("main", "The site file."),
                                  QStringLiteral("FILE"), defaultSiteFile());
    const QCommandLineOption secrets(QStringLiteral("secrets"),
                                     QApplication::translate("main", "Where the secrets are, as sixgatectl has it."),
                                     QStringLiteral("PLACE"), QStringLiteral("keychain"));
    const QCommandLineOption hidden(QStringLiteral("hidden"),
                                    QApplication::translate("main", "Begin in the tray, where there is one."));
    const QCommandLineOption watch(QStringLiteral("only-watch"),
                                   QApplication::translate("main", "Run no keeper in this program."));
    parser.addOptions({site, secrets, hidden, watch});
    // QCommandLineParser::process() would answer a wrong option with exit code 1.
    if (!parser.parse(QApplication::arguments()) || !parser.positionalArguments().isEmpty()) {
        const QString wrong =
            !parser.positionalArguments().isEmpty()
                ? QApplication::translate("main", "\"%1\" is not an option.").arg(parser.positionalArguments().first())
                : parser.errorText();
        logLine(QApplication::translate("main", "%1 See: sixgate --help").arg(wrong));
        std::exit(badUsage);
    }
    parser.process(app);
    return {parser.value(site), parser.value(secrets), parser.isSet(hidden), !parser.isSet(watch)};
}

int run(int argc, char **argv)
{
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Sixgate"));
    QApplication::setOrganizationName(QStringLiteral("sixgate"));
    QApplication::setApplicationVersion(sixgateVersion());
    QApplication::setWindowIcon(programIcon());
    const Choices choices = choicesOf(app);
    // Before any other thread.
    const ctl::Signals signals_([](int) {
        QMetaObject::invokeMethod(
            qApp, [] { QCoreApplication::exit(0); }, Qt::QueuedConnection);
    });

    FirstOne first(choices.siteFile);
    if (!first.claim())
        return 0;
    const auto site = loadSite(choices.siteFile);
    WindowTexts texts{site ? site->name.text() : QApplication::translate("main", "no site yet"),
                      site && !site->vps.empty() ? site->vps.front().host.display() : QString()};
    texts.places = {choices.siteFile, choices.secrets, sixgateVersion()};
    texts.autostartFile = QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
                          QStringLiteral("/autostart/sixgate.desktop");
    texts.autostart = {QApplication::applicationFilePath(),
                       QStringLiteral("--hidden"),
                       QStringLiteral("--site"),
                       choices.siteFile,
                       QStringLiteral("--secrets"),
                       choices.secrets};
    WindowWork work;
    if (site) {
        work.site = std::make_shared<const Site>(*site);
        work.jobs = std::make_shared<LocalJobs>(SitePlace{choices.siteFile, choices.secrets});
    }
    MainWindow window(texts, work);
    Tray tray;
    const bool inTray = Tray::isAvailable();
    window.setStays(!inTray);
    QObject::connect(&first, &FirstOne::raised, &window, &MainWindow::raiseUp);
    QObject::connect(&tray, &Tray::opens, &window, &MainWindow::raiseUp);
    QObject::connect(&tray, &Tray::redeploys, &window, &MainWindow::redeploy);
    // Not quit(): that asks the windows, and one that stays in reach refuses to close.
    const auto leave = [] { QCoreApplication::exit(0); };
    QObject::connect(&tray, &Tray::quits, &app, leave);
    QObject::connect(&window, &MainWindow::quits, &app, leave);
    QObject::connect(&app, &QCoreApplication::aboutToQuit, &window, &MainWindow::keepPlace);
    QApplication::setQuitOnLastWindowClosed(false);

    std::optional<Watcher> watcher;
    std::optional<KeeperFeed> feed;
    if (!site) {
        Overview none;
        none.sentence = site.error().summary;
        none.detail = site.error().fix;
        window.show(none, nullptr);
    } else {
        feed.emplace(std::make_shared<RemoteKeeper>(site->name));
        const auto show = [&](const Overview &overview, const SharedSnapshot &snapshot) {
            window.show(overview, snapshot);
            tray.show(overview, snapshot);
        };
        QObject::connect(&*feed, &KeeperFeed::came, &window,
                         [&, show](const SharedSnapshot &snapshot) { show(overviewOf(*site, *snapshot), snapshot); });
        QObject::connect(&*feed, &KeeperFeed::lost, &window,
                         [&, show](const QString &why) { show(overviewWithout(*site, why), nullptr); });
        QObject::connect(&*feed, &KeeperFeed::unheard, &window, &MainWindow::say);
        QObject::connect(&window, &MainWindow::wants, &*feed, &KeeperFeed::tell);
        QObject::connect(&tray, &Tray::wants, &*feed, &KeeperFeed::tell);
        Overview begins = overviewWithout(*site, {});
        begins.state = OverviewState::Working;
        begins.sentence = QApplication::translate("main", "Looking for the keeper.");
        window.show(begins, nullptr);
        if (choices.keeps)
            watcher.emplace(choices.siteFile, choices.secrets, logLine);
        feed->start();
    }
    if (inTray)
        tray.begin();
    if (!choices.hidden || !inTray)
        window.raiseUp();
    return QApplication::exec();
}

} // namespace

} // namespace sixgate

int main(int argc, char **argv)
{
    return sixgate::run(argc, argv);
}
