#include "ui/window/mainwindow.h"

#include "ui/details/detailpage.h"
#include "ui/look/marks.h"
#include "ui/overview/overviewpage.h"
#include "ui/window/pagelist.h"

#include <QCloseEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QSettings>
#include <QShortcut>
#include <QStackedWidget>
#include <QStatusBar>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

constexpr int sayFor = 8000;

QString geometryKey()
{
    return QStringLiteral("window/geometry");
}

} // namespace

MainWindow::MainWindow(WindowTexts texts, QWidget *parent)
    : QMainWindow(parent), m_texts(std::move(texts)), m_list(new PageList), m_pages(new QStackedWidget)
{
    setWindowTitle(tr("Sixgate – %1").arg(m_texts.site));
    setWindowIcon(programIcon());
    m_overview = new OverviewPage;
    m_dns = new DetailPage(tr("DNS"), tr("The records that Sixgate keeps, as the name servers have them."),
                           {tr("Record"), tr("Value"), tr("State")});
    m_vps = new DetailPage(tr("VPS"), tr("Where the VPS leads visitors with IPv4."),
                           {tr("Upstream name"), tr("Address"), tr("State")});
    setPages();

    auto *title = new QLabel(tr("Sixgate"));
    QFont big = font();
    big.setPointSizeF(big.pointSizeF() * 1.3);
    big.setWeight(QFont::DemiBold);
    title->setFont(big);
    auto *site = new QLabel(m_texts.site);
    site->setForegroundRole(QPalette::PlaceholderText);
    auto *side = new QWidget;
    auto *left = new QVBoxLayout(side);
    left->setContentsMargins(16, 24, 0, 16);
    left->setSpacing(4);
    title->setContentsMargins(12, 0, 0, 0);
    site->setContentsMargins(12, 0, 0, 0);
    left->addWidget(title);
    left->addWidget(site);
    left->addSpacing(16);
    left->addWidget(m_list, 1);
    side->setFixedWidth(m_list->sizeHint().width() + 32);
    auto *all = new QWidget;
    auto *row = new QHBoxLayout(all);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(side);
    row->addWidget(m_pages, 1);
    setCentralWidget(all);
    statusBar()->setSizeGripEnabled(false);
    statusBar()->hide();

    connect(m_overview, &OverviewPage::pressed, this, [this](OverviewButton button) {
        if (button == OverviewButton::Check)
            Q_EMIT wants(KeeperIntent::Check);
        else if (button == OverviewButton::Resume)
            Q_EMIT wants(KeeperIntent::Resume);
    });
    connect(m_list, &PageList::currentRowChanged, m_pages, &QStackedWidget::setCurrentIndex);
    connect(new QShortcut(QKeySequence(Qt::Key_F5), this), &QShortcut::activated, this,
            [this] { Q_EMIT wants(KeeperIntent::Check); });
    connect(new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_Q), this), &QShortcut::activated, this, &MainWindow::quits);
    m_list->setCurrentRow(0);

    resize(1120, 740);
    restoreGeometry(QSettings().value(geometryKey()).toByteArray());
}

void MainWindow::setPages()
{
    const auto add = [this](const QString &title, QWidget *page) {
        m_list->add(title);
        m_pages->addWidget(page);
    };
    add(tr("Overview"), m_overview);
    add(tr("DNS"), m_dns);
    add(tr("VPS"), m_vps);
}

void MainWindow::show(const Overview &overview, const SharedSnapshot &snapshot)
{
    m_overview->show(overview, snapshot, m_texts.vps);
    const bool follows = snapshot && snapshot->role == QLatin1String("follower");
    const QString empty = !snapshot ? tr("No keeper can be seen.")
                          : follows ? tr("Another machine leads and keeps these. %1").arg(snapshot->roleWhy)
                                    : tr("Not looked at yet.");
    m_dns->show(snapshot ? recordRows(*snapshot) : std::vector<DetailRow>(), empty);
    m_vps->show(snapshot ? pushRows(*snapshot) : std::vector<DetailRow>(),
                m_texts.vps.isEmpty() ? tr("This site has no VPS.") : empty);
}

void MainWindow::say(const QString &sentence)
{
    statusBar()->show();
    statusBar()->showMessage(sentence, sayFor);
}

void MainWindow::raiseUp()
{
    setWindowState(windowState() & ~Qt::WindowMinimized);
    QMainWindow::show();
    raise();
    activateWindow();
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    QSettings().setValue(geometryKey(), saveGeometry());
    if (m_stays) {
        event->ignore();
        say(tr("There is no tray here, so the window stays while Sixgate watches. Quit with Ctrl+Q."));
        showMinimized();
        return;
    }
    QMainWindow::closeEvent(event);
}

} // namespace sixgate
