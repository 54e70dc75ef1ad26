#include "desktop/program.h"

#include "desktop/setupdesk.h"
#include "model/text.h"
#include "storage/setupfile.h"
#include "storage/sitefile.h"

#include <QApplication>
#include <QFile>
#include <QSettings>
#include <QTimer>

#include <cstdio>

namespace sixgate
{

namespace
{

constexpr std::chrono::milliseconds trayLook{500};
constexpr int traysAwaited = 20;

QString secretsKey()
{
    return QStringLiteral("secrets/place");
}

void logLine(const QString &text)
{
    const QByteArray line = shownLine(text.toUtf8()).toUtf8() + "\n";
    std::fwrite(line.constData(), 1, size_t(line.size()), stderr);
}

constexpr std::chrono::seconds retiredFor{30};

// Not quit(): that asks the windows, and one that stays in reach refuses to close.
void leave()
{
    // What still runs is ended after the loop, when nobody looks at a window.
    for (QWidget *one : QApplication::topLevelWidgets())
        one->hide();
    QCoreApplication::exit(0);
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
}

Program::~Program() = default;

void Program::begin()
{
    // Also where there is no panel yet: it comes into one that begins later.
    m_tray.begin();
    QObject::connect(&m_tray, &Tray::redeploys, qApp, [this] {
        if (m_view)
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
    QObject::connect(&m_view->window(), &MainWindow::quits, qApp, leave);
    QObject::connect(&m_view->window(), &MainWindow::setsUp, qApp, [this] { openWizard(); });
    // One that runs sees by itself that the file has changed.
    if (site && m_choices.keeps && !m_watcher)
        m_watcher = std::make_unique<Watcher>(m_choices.siteFile, m_choices.secrets, logLine);
    if (hidden)
        awaitTray(traysAwaited);
    else
        m_view->window().raiseUp();
}

/// Started with the session, the panel may come a while later; without one the window is to be in reach.
void Program::awaitTray(int looks)
{
    if (Tray::isAvailable())
        return;
    if (looks == 0)
        m_view->window().raiseUp();
    else
        QTimer::singleShot(trayLook, qApp, [this, looks] { awaitTray(looks - 1); });
}

void Program::openWizard()
{
    if (m_wizard)
        return m_wizard->raiseUp();
    auto desk = std::make_shared<SetupDesk>(m_choices.siteFile);
    const auto now = desk->fromSite();
    if (!now && m_view) {
        const QString why =
            m_view->hasSite()
                ? QApplication::translate("main", "This site has more than the setup knows: change it in its file, %1.")
                : QApplication::translate("main", "Mend the site file first, or move it away to begin anew: %1.");
        raiseUp();
        m_view->window().say(why.arg(m_choices.siteFile));
        return;
    }
    SetupAnswers begun = now.value_or(SetupAnswers());
    if (m_choices.secrets != QLatin1String("keychain"))
        begun.secrets = m_choices.secrets;
    if (const auto kept = desk->load(); kept && *kept && desk->goesOnWith(**kept))
        begun = **kept;
    m_wizard = std::make_unique<Wizard>(desk, begun);
    QObject::connect(m_wizard.get(), &Wizard::finished, qApp, [this](const QString &secrets) {
        if (secrets != m_choices.secrets && m_watcher)
            m_ended = std::jthread([watcher = std::move(m_watcher)]() mutable { watcher.reset(); });
        m_choices.secrets = secrets;
        QSettings().setValue(secretsKey(), secrets);
        (void)forgetSetup(m_choices.siteFile);
        openSite(loadSite(m_choices.siteFile), false);
        closeWizard();
    });
    QObject::connect(m_wizard.get(), &Wizard::left, qApp, [this] {
        // Once there is a site, its secrets are where the answers have them, also for the next start.
        if (!m_view && QFile::exists(m_choices.siteFile)) {
            m_choices.secrets = m_wizard->answers().secrets;
            QSettings().setValue(secretsKey(), m_choices.secrets);
        }
        Wizard *gone = closeWizard();
        if (m_view)
            return;
        QObject::connect(gone, &QObject::destroyed, qApp, leave);
        QTimer::singleShot(retiredFor, qApp, leave);
    });
    m_wizard->raiseUp();
}

void Program::quit()
{
    if (m_wizard) {
        if (m_wizard->letsGo())
            leave();
    } else if (m_view) {
        m_view->window().quit();
    } else {
        leave();
    }
}

Wizard *Program::closeWizard()
{
    Wizard *gone = m_wizard.release();
    gone->retire();
    return gone;
}

} // namespace sixgate
