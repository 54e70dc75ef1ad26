#include "desktop/siteview.h"

#include "decide/overview.h"
#include "desktop/program.h"
#include "ipc/keeperclient.h"
#include "model/version.h"
#include "running/localjobs.h"

#include <QApplication>
#include <QStandardPaths>
#include <QTimer>

namespace sixgate
{

namespace
{

constexpr qint64 keeperBegins = 2500; // ms
constexpr std::chrono::seconds keeperAnswers{10};

} // namespace

SiteView::SiteView(const Choices &choices, const Result<Site> &site, Tray &tray, std::function<void()> mended)
    : m_secrets(choices.secrets)
{
    WindowTexts texts{site ? site->name.text() : QApplication::translate("main", "unusable site file"),
                      site && !site->vps.empty() ? site->vps.front().host.display() : QString()};
    const bool folder = choices.secrets.startsWith(QLatin1String("dir:"));
    texts.places = {choices.siteFile,
                    folder ? QApplication::translate("main", "the folder %1").arg(choices.secrets.mid(4))
                    : choices.secrets == QLatin1String("keychain") ? QApplication::translate("main", "the keychain")
                                                                   : choices.secrets,
                    sixgateVersion()};
    texts.autostartFile = QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
                          QStringLiteral("/autostart/sixgate.desktop");
    texts.autostart = {QApplication::applicationFilePath(), QStringLiteral("--hidden"), QStringLiteral("--site"),
                       choices.siteFile};
    // Where the setup has put the secrets the program knows, also after they have moved.
    if (choices.secrets != rememberedSecrets())
        texts.autostart << QStringLiteral("--secrets") << choices.secrets;
    WindowWork work;
    if (site) {
        m_site = std::make_shared<const Site>(*site);
        work.site = m_site;
        work.jobs = m_jobs = std::make_shared<LocalJobs>(SitePlace{choices.siteFile, choices.secrets});
    }
    m_window = std::make_unique<MainWindow>(texts, work);
    m_window->setTray(tray.isThere());
    QObject::connect(&tray, &Tray::moved, m_window.get(), &MainWindow::setTray);
    QObject::connect(&tray, &Tray::alerts, m_window.get(), [this] { QApplication::alert(m_window.get()); });
    QObject::connect(qApp, &QCoreApplication::aboutToQuit, m_window.get(), &MainWindow::keepPlace);
    tray.setSite(bool(m_site), m_site && !m_site->vps.empty());
    if (m_site)
        follow(choices, tray);
    else
        explain(choices, site.error(), tray, std::move(mended));
}

void SiteView::explain(const Choices &choices, const Error &error, Tray &tray, std::function<void()> mended)
{
    Overview none;
    none.state = OverviewState::Broken;
    none.sentence = QApplication::translate("main", "The site file cannot be used.");
    const auto detail = [file = choices.siteFile](const Error &why) {
        return QStringList{file, withRemedy(why),
                           QApplication::translate("main", "→ Mend the file: it is read again as soon as it is saved.")}
            .join(QLatin1Char('\n'));
    };
    none.detail = detail(error);
    m_window->show(none, nullptr);
    tray.show(none, nullptr);
    m_siteFeed.emplace(choices.siteFile, nullptr);
    QObject::connect(&*m_siteFeed, &SiteFeed::changed, m_window.get(), std::move(mended));
    QObject::connect(&*m_siteFeed, &SiteFeed::unusable, m_window.get(), [this, &tray, none, detail](const Error &now) {
        Overview still = none;
        still.detail = detail(now);
        m_window->show(still, nullptr);
        tray.show(still, nullptr);
    });
}

void SiteView::follow(const Choices &choices, Tray &tray)
{
    MainWindow *window = m_window.get();
    m_diagnosing.emplace(m_jobs);
    m_feed.emplace(std::make_shared<RemoteKeeper>(m_site->name));
    m_siteFeed.emplace(choices.siteFile, m_site);
    QObject::connect(&*m_diagnosing, &Diagnosing::shows, window,
                     [this, window, &tray](const Overview &overview, const SharedSnapshot &snapshot) {
                         window->show(overview, snapshot);
                         tray.show(overview, snapshot);
                         if (m_busy && m_busy())
                             return;
                         if (m_noticing.see(overview, QDateTime::currentDateTimeUtc()))
                             tray.notify(overview);
                     });
    QObject::connect(&*m_diagnosing, &Diagnosing::failed, window, &MainWindow::say);
    QObject::connect(&*m_feed, &KeeperFeed::came, window, [this](const SharedSnapshot &snapshot) {
        m_snapshot = snapshot;
        m_silent = false;
        judge();
    });
    QObject::connect(&*m_feed, &KeeperFeed::lost, window, [this](const QString &why) {
        // One that this program begins itself is not there yet.
        if (!m_snapshot && !m_began.hasExpired(keeperBegins))
            return;
        m_snapshot = nullptr;
        m_silent = false;
        m_lost = why;
        judge();
    });
    QObject::connect(&*m_siteFeed, &SiteFeed::changed, window,
                     [this, window, &tray](const std::shared_ptr<const Site> &site) {
                         m_site = site;
                         window->setSite(site);
                         tray.setSite(true, !site->vps.empty());
                         judge();
                     });
    QObject::connect(&*m_siteFeed, &SiteFeed::unusable, window, [window](const Error &error) {
        window->say(QApplication::translate("main", "The site file cannot be used as it is now: %1 What is shown is of "
                                                    "before.")
                        .arg(error.summary));
    });
    const auto tell = [this](KeeperIntent intent) {
        // Without a keeper the diagnosis is what can be had.
        if (m_snapshot || intent != KeeperIntent::Check)
            m_feed->tell(intent);
        if (intent == KeeperIntent::Check)
            m_diagnosing->ask();
    };
    QObject::connect(&*m_feed, &KeeperFeed::unheard, window, &MainWindow::say);
    QObject::connect(window, &MainWindow::wants, window, tell);
    QObject::connect(&tray, &Tray::wants, window, tell);
    Overview begins = overviewWithout(*m_site, {});
    begins.state = OverviewState::Working;
    begins.button = OverviewButton::None;
    begins.sentence = QApplication::translate("main", "Looking for the keeper.");
    m_diagnosing->see(begins, nullptr);
    m_began.start();
    QTimer::singleShot(keeperAnswers, window, [this] {
        if (m_snapshot || !m_lost.isEmpty())
            return;
        m_silent = true;
        judge();
    });
    QObject::connect(&*m_feed, &KeeperFeed::silent, window, [this] {
        m_snapshot = nullptr;
        m_silent = true;
        judge();
    });
    m_feed->start();
}

void SiteView::judge()
{
    if (m_snapshot)
        return m_diagnosing->see(overviewOf(*m_site, *m_snapshot), m_snapshot);
    Overview none = overviewWithout(*m_site, m_trouble.isEmpty() ? m_lost : m_trouble);
    if (m_silent) {
        none.sentence = QApplication::translate("main", "The keeper does not answer.");
        none.detail = QApplication::translate(
            "main", "It runs, but tells nothing. Where it stays so, end it and start it again.");
    }
    m_diagnosing->see(none, nullptr);
}

void SiteView::setKeeperTrouble(const QString &why)
{
    m_trouble = why;
    if (m_diagnosing && !m_snapshot && !m_lost.isEmpty())
        judge();
}

} // namespace sixgate
