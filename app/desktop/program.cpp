#include "desktop/program.h"

#include "decide/setup.h"
#include "desktop/setupdesk.h"
#include "model/text.h"
#include "storage/setupfile.h"
#include "storage/sitefile.h"

#include <QApplication>
#include <QSettings>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace sixgate
{

namespace
{

constexpr std::chrono::seconds trayBegins{10}; // after the session
constexpr std::chrono::seconds trayReturns{3}; // a panel that is started anew

QString secretsKey()
{
    return QStringLiteral("secrets/place");
}

void logLine(const QString &text)
{
    const QByteArray line = shownLine(text.toUtf8()).toUtf8() + "\n";
    std::fwrite(line.constData(), 1, size_t(line.size()), stderr);
}

} // namespace

QString rememberedSecrets()
{
    // QSettings needs the names of program and organisation, which are set before.
    return QSettings().value(secretsKey(), QStringLiteral("keychain")).toString();
}

Program::Program(Choices choices) : m_choices(std::move(choices))
{
    QObject::connect(&m_tray, &Tray::opens, qApp, [this] { raiseUp(); });
    QObject::connect(&m_tray, &Tray::quits, qApp, [this] { quit(); });
    QObject::connect(&m_tray, &Tray::setsUp, qApp, [this] { openWizard(); });
    QObject::connect(&m_tray, &Tray::moved, qApp, [this](bool isThere) {
        if (isThere)
            m_trayTime.stop();
        else
            awaitTray(trayReturns);
    });
    m_trayTime.setSingleShot(true);
    QObject::connect(&m_trayTime, &QTimer::timeout, qApp, [this] { showTrayless(); });
}

Program::~Program() = default;

void Program::begin()
{
    // Also where there is no panel yet: it comes into one that begins later.
    m_tray.begin();
    QObject::connect(&m_tray, &Tray::redeploys, qApp, [this] {
        if (m_wizard)
            m_wizard->raiseUp();
        else if (m_view)
            m_view->window().redeploy();
    });
    const auto site = loadSite(m_choices.siteFile);
    if (!site && site.error().code == ErrorCode::NotFound)
        openWizard();
    else
        openSite(site, m_choices.hidden);
}

void Program::raiseUp()
{
    if (m_wizard)
        m_wizard->raiseUp();
    else if (m_view)
        m_view->window().raiseUp();
    else if (!m_leaving)
        openWizard();
}

void Program::openSite(const Result<Site> &site, bool hidden)
{
    if (m_view)
        m_view->window().keepPlace();
    m_view = std::make_unique<SiteView>(m_choices, site, m_tray, [this] {
        // It is the view that tells so.
        QMetaObject::invokeMethod(
            qApp, [this] { openSite(loadSite(m_choices.siteFile), !m_view->window().isVisible()); },
            Qt::QueuedConnection);
    });
    m_view->setBusy([this] { return (m_wizard && m_wizard->isWorking()) || m_view->window().isWorking(); });
    QObject::connect(&m_view->window(), &MainWindow::quits, qApp, [this] { quit(); });
    QObject::connect(&m_view->window(), &MainWindow::idle, qApp, [this] {
        leaveWhenIdle();
        if (!std::exchange(m_showsLater, false) || m_leaving)
            return;
        // It is the view that tells so.
        QMetaObject::invokeMethod(
            qApp, [this] { showSite(); }, Qt::QueuedConnection);
    });
    QObject::connect(&m_view->window(), &MainWindow::setsUp, qApp, [this] { openWizard(); });
    if (site && m_choices.keeps)
        watch();
    m_view->setKeeperTrouble(m_trouble);
    if (hidden)
        awaitTray(trayBegins);
    else
        m_view->window().raiseUp();
}

void Program::watch()
{
    // One that runs sees by itself that the file has changed, but not that the secrets have moved.
    if (m_watcher && m_watched == m_choices.secrets)
        return;
    if (m_watcher)
        m_ended = std::jthread([watcher = std::move(m_watcher)]() mutable { watcher.reset(); });
    m_watched = m_choices.secrets;
    m_trouble.clear();
    m_watcher = std::make_unique<Watcher>(m_choices.siteFile, m_choices.secrets, logLine, [this](const QString &why) {
        QMetaObject::invokeMethod(
            qApp,
            [this, why] {
                m_trouble = why;
                if (m_view)
                    m_view->setKeeperTrouble(why);
            },
            Qt::QueuedConnection);
    });
}

/// Without a tray the window is to be in reach; but a panel may come a while later.
void Program::awaitTray(std::chrono::milliseconds time)
{
    if (!m_tray.isThere())
        m_trayTime.start(time);
}

void Program::showTrayless()
{
    if (m_view && !m_leaving && !m_view->window().isVisible())
        m_view->window().stayInReach();
}

void Program::openWizard()
{
    if (m_wizard)
        return m_wizard->raiseUp();
    const auto site = loadSite(m_choices.siteFile);
    const bool isThere = site || site.error().code != ErrorCode::NotFound;
    const auto now = site ? setupAnswers(*site) : std::nullopt;
    if (isThere && !now && m_view) {
        const QString why =
            site
                ? QApplication::translate("main", "This site has more than the setup knows: change it in its file, %1.")
                : QApplication::translate("main", "Mend the site file first, or move it away to begin anew: %1.");
        m_view->window().raiseUp();
        m_view->window().say(why.arg(m_choices.siteFile));
        return;
    }
    auto desk = std::make_shared<SetupDesk>(m_choices.siteFile);
    SetupAnswers begun = now.value_or(SetupAnswers());
    if (m_choices.secrets != QLatin1String("keychain"))
        begun.secrets = m_choices.secrets;
    const auto kept = desk->load();
    if (kept && *kept && desk->goesOnWith(**kept))
        begun = **kept;
    m_wizard = std::make_unique<Wizard>(desk, begun);
    if (!kept)
        m_wizard->say(kept.error().summary);
    QObject::connect(m_wizard.get(), &Wizard::agreed, qApp, [this] { keepSecrets(); });
    QObject::connect(m_wizard.get(), &Wizard::finished, qApp, [this] {
        keepSecrets();
        (void)forgetSetup(m_choices.siteFile);
        closeWizard();
        showSite();
    });
    QObject::connect(m_wizard.get(), &Wizard::left, qApp, [this] {
        closeWizard();
        // What was agreed to stands, also where it was not finished.
        if (m_view && m_view->secrets() != m_choices.secrets)
            showSite();
    });
    m_wizard->raiseUp();
}

/// Once there is a site, its secrets are where the answers have them, also for the next start.
void Program::keepSecrets()
{
    m_choices.secrets = m_wizard->answers().secrets;
    QSettings().setValue(secretsKey(), m_choices.secrets);
}

/// After the setup: the window of the site as it is now. One that has all of it right goes on, since it sees by itself
/// that the file has changed; one that is at work is left alone until that has ended.
void Program::showSite()
{
    if (m_leaving)
        return;
    m_showsLater =
        m_view && m_view->hasSite() && m_view->secrets() != m_choices.secrets && m_view->window().isWorking();
    if (m_showsLater || (m_view && m_view->hasSite() && m_view->secrets() == m_choices.secrets)) {
        m_view->window().raiseUp();
        m_view->window().refresh();
    } else {
        openSite(loadSite(m_choices.siteFile), false);
    }
}

void Program::quit()
{
    if (m_leaving)
        return raiseUp();
    if ((m_wizard && !m_wizard->letsGo()) || (m_view && !m_view->window().letsGo()))
        return;
    m_leaving = true;
    // Who is at work stays to be seen until that is taken back, with a button that waits no longer.
    if (m_view)
        m_view->window().cancelWork();
    if (m_wizard)
        m_wizard->close();
    leaveWhenIdle();
}

void Program::leaveWhenIdle()
{
    const bool wanted = m_leaving || (!m_wizard && !m_view);
    if (wanted && !m_wizard && m_retired.empty() && (!m_view || !m_view->window().isWorking()))
        QCoreApplication::exit(0); // not quit(): that asks the windows
}

void Program::closeWizard()
{
    // It is in the middle of a signal, and what its job has begun may have to be taken back yet.
    m_retired.push_back(std::move(m_wizard));
    Wizard *gone = m_retired.back().get();
    gone->hide();
    const auto drop = [this, gone] {
        const auto at = std::ranges::find(m_retired, gone, &std::unique_ptr<Wizard>::get);
        if (at == m_retired.end())
            return;
        at->release()->deleteLater();
        m_retired.erase(at);
        leaveWhenIdle();
    };
    QObject::connect(gone, &Wizard::idle, qApp, drop);
    if (!gone->isRunning())
        drop();
}

} // namespace sixgate
