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

// Not quit(): that asks the windows, and one that stays in reach refuses to close.
void leave()
{
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
    QObject::connect(&m_tray, &Tray::quits, qApp, leave);
    QObject::connect(&m_tray, &Tray::setsUp, qApp, [this] { openWizard(); });
}

Program::~Program() = default;

void Program::begin()
{
    // Also where there is no panel yet: it comes into one that begins later.
    m_tray.begin();
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
    m_view = std::make_unique<SiteView>(m_choices, site, m_tray);
    QObject::connect(&m_view->window(), &MainWindow::quits, qApp, leave);
    QObject::connect(&m_view->window(), &MainWindow::setsUp, qApp, [this] { openWizard(); });
    // One that runs sees by itself that the file has changed.
    if (site && m_choices.keeps && !m_watcher)
        m_watcher.emplace(m_choices.siteFile, m_choices.secrets, logLine);
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
        m_view->window().say(
            QApplication::translate("main", "This site has more than the setup knows: change it in its file, %1.")
                .arg(m_choices.siteFile));
        return;
    }
    SetupAnswers begun = now.value_or(SetupAnswers());
    if (m_choices.secrets != QLatin1String("keychain"))
        begun.secrets = m_choices.secrets;
    if (const auto kept = desk->load(); kept && *kept)
        begun = **kept;
    m_wizard = std::make_unique<Wizard>(desk, begun);
    QObject::connect(m_wizard.get(), &Wizard::finished, qApp, [this](const QString &secrets) {
        if (secrets != m_choices.secrets)
            m_watcher.reset();
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
        closeWizard();
        if (!m_view)
            leave();
    });
    m_wizard->raiseUp();
}

void Program::closeWizard()
{
    // It may be in the middle of a signal.
    if (Wizard *gone = m_wizard.release()) {
        gone->hide();
        gone->deleteLater();
    }
}

} // namespace sixgate
