#pragma once

#include "desktop/siteview.h"
#include "desktop/watcher.h"
#include "ui/wizard/wizard.h"

#include <QTimer>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace sixgate
{

/// The desktop program: the wizard where there is no site yet, else the window of the site, and the tray. GUI thread.
class Program
{
public:
    explicit Program(Choices choices);
    ~Program();

    void begin();
    /// What is open comes to the front.
    void raiseUp();

private:
    void openSite(const Result<Site> &site, bool hidden);
    void awaitTray(std::chrono::milliseconds time);
    void showTrayless();
    void openWizard();
    void closeWizard();
    void keepSecrets();
    void showSite();
    void watch();
    /// Asks who is at work; the program ends once that has ended.
    void quit();
    void leaveWhenIdle();

    Choices m_choices;
    Tray m_tray;
    QTimer m_trayTime;    ///< a panel may come yet
    std::jthread m_ended; ///< a keeper that is to end
    std::unique_ptr<Watcher> m_watcher;
    QString m_trouble; ///< of it
    QString m_watched; ///< where its secrets are
    std::unique_ptr<SiteView> m_view;
    std::unique_ptr<Wizard> m_wizard;
    std::vector<std::unique_ptr<Wizard>> m_retired; ///< whose jobs have not ended yet
    bool m_showsLater = false;                      ///< once the window is idle
    bool m_leaving = false;
};

/// Where the setup has put the secrets, as openSecretStore() takes it.
QString rememberedSecrets();

} // namespace sixgate
