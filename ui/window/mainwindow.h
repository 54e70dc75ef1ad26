#pragma once

#include "model/keepersnapshot.h"
#include "model/overview.h"
#include "ui/details/sitelook.h"
#include "ui/jobs/jobrunner.h"
#include "ui/settings/settingspage.h"

#include <QMainWindow>

#include <optional>

class QLabel;
class QStackedWidget;

namespace sixgate
{

class DetailPage;
class DnsPage;
class OverviewPage;
class PageList;
class VpsPage;

/// What the window has to know of the site.
struct WindowTexts {
    QString site;
    QString vps; ///< its name; empty where there is none
    SettingsTexts places = {};
    QString autostartFile = {}; ///< see SettingsPage
    QStringList autostart = {}; ///< the command of it
};

/// What the window works on; both null where there is no site yet.
struct WindowWork {
    std::shared_ptr<const Site> site;
    std::shared_ptr<SiteJobs> jobs;
};

/// The main window: pages at the left, the chosen one at the right. It renders; what is to be done it asks for.
class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    explicit MainWindow(WindowTexts texts, WindowWork work = {}, QWidget *parent = nullptr);

    /// `snapshot`: null where no keeper can be seen.
    void show(const Overview &overview, const SharedSnapshot &snapshot);
    using QMainWindow::show;
    /// A sentence below for some seconds.
    void say(const QString &sentence);
    /// To the front, also from an icon.
    void raiseUp();
    /// Whether the program may end: while a job is at work only when it is asked for twice, and it says so.
    bool letsGo();
    bool isWorking() const;
    /// The state before is brought back; idle() tells when it is.
    void cancelWork();
    /// Looks again, and has all checked.
    void refresh();
    /// Remembers where it is and how large, for the next start.
    void keepPlace();
    /// The VPS's page, with the plan of a redeployment.
    void redeploy();
    /// The VPS's page, with the plan for the records.
    void setRecords();
    /// The site file has changed, and is still that of this site: another VPS, for one.
    void setSite(std::shared_ptr<const Site> site);
    /// Looks at home, DNS and VPS, for the pages that show it; where it does already, once more after that.
    void look();
    /// Whether there is a tray to be reached from; where there is none, closing minimises it, and says so. Said by who
    /// has the tray, each time that this changes.
    void setTray(bool isThere);
    /// Where there is no tray any more: comes back to the screen, and says why.
    void stayInReach();

Q_SIGNALS:
    void wants(sixgate::KeeperIntent intent);
    /// Somebody wants the program to end: see letsGo().
    void quits();
    /// No job is at work any more.
    void idle();
    /// The setup is wanted again.
    void setsUp();

protected:
    void closeEvent(QCloseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void setPages();
    void connectWork();
    void prove(PathKind kind);
    void connectAlarm();
    void showLook();
    void sayTrayless();
    /// That page shows what only a look tells.
    bool looksInto(const QWidget *page) const;
    bool isLookOld() const;

    WindowTexts m_texts;
    WindowWork m_work;
    SiteLook m_look;
    SharedPlan m_planned; ///< by the look that runs
    bool m_looksAgain = false;
    bool m_moved = false;           ///< since the last look began
    std::optional<PathKind> m_next; ///< to be proven
    bool m_quitAsked = false;
    Overview m_shown;
    SharedSnapshot m_snapshot;
    std::optional<JobRunner> m_looker; ///< the two ask, and change nothing
    std::optional<JobRunner> m_prover;
    std::optional<JobRunner> m_alarmTester;
    bool m_tray = true;
    PageList *m_list;
    QStackedWidget *m_pages;
    OverviewPage *m_overview;
    DetailPage *m_services;
    DnsPage *m_dns;
    VpsPage *m_vps;
    SettingsPage *m_settings;
};

} // namespace sixgate
