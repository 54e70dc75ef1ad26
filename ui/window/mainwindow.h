#pragma once

#include "model/keepersnapshot.h"
#include "model/overview.h"

#include <QMainWindow>

class QLabel;
class QStackedWidget;

namespace sixgate
{

class DetailPage;
class OverviewPage;
class PageList;

/// What the window has to know of the site.
struct WindowTexts {
    QString site;
    QString vps; ///< its name; empty where there is none
};

/// The main window: pages at the left, the chosen one at the right. It renders; what is to be done it asks for.
class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    explicit MainWindow(WindowTexts texts, QWidget *parent = nullptr);

    /// `snapshot`: null where no keeper can be seen.
    void show(const Overview &overview, const SharedSnapshot &snapshot);
    using QMainWindow::show;
    /// A sentence below for some seconds.
    void say(const QString &sentence);
    /// To the front, also from an icon.
    void raiseUp();
    /// Where there is no tray: closing minimises it, and says so.
    void setStays(bool stays) { m_stays = stays; }

Q_SIGNALS:
    void wants(sixgate::KeeperIntent intent);
    void quits();

protected:
    void closeEvent(QCloseEvent *event) override;

private:
    void setPages();

    WindowTexts m_texts;
    bool m_stays = false;
    PageList *m_list;
    QStackedWidget *m_pages;
    OverviewPage *m_overview;
    DetailPage *m_dns;
    DetailPage *m_vps;
};

} // namespace sixgate
