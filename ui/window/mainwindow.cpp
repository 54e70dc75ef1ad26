#include "ui/window/mainwindow.h"

#include "ui/details/dnspage.h"
#include "ui/look/buttonwords.h"
#include "ui/look/marks.h"
#include "ui/look/quietlabel.h"
#include "ui/overview/overviewpage.h"
#include "ui/overview/pathsteps.h"
#include "ui/vps/vpspage.h"
#include "ui/window/pagelist.h"

#include <QAbstractButton>
#include <QCheckBox>
#include <QCloseEvent>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QScreen>
#include <QScrollArea>
#include <QSettings>
#include <QShortcut>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTimer>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

constexpr int sayFor = 8000;

constexpr qint64 lookHolds = 300; // s

QStringList recordsOf(const KeeperSnapshot &snapshot)
{
    QStringList all;
    for (const KeptRecord &one : snapshot.records)
        all << one.record << (one.right ? QStringLiteral("right") : QString());
    for (const KeptServer &one : snapshot.servers)
        all << (one.address ? one.address->text() : QString());
    return all;
}

QString trayless()
{
    return MainWindow::tr("There is no tray here, so the window stays while Sixgate watches. Quit with Ctrl+Q.");
}

QString geometryKey()
{
    return QStringLiteral("window/geometry");
}

} // namespace

MainWindow::MainWindow(WindowTexts texts, WindowWork work, QWidget *parent)
    : QMainWindow(parent), m_texts(std::move(texts)), m_work(std::move(work)), m_list(new PageList),
      m_pages(new QStackedWidget)
{
    setWindowTitle(tr("Sixgate – %1").arg(m_texts.site));
    setWindowIcon(programIcon());
    m_overview = new OverviewPage;
    m_services = new DetailPage(tr("Services"), tr("What visitors come for, and how they are let in."),
                                {tr("Public name"), tr("At home"), tr("Certificate"), tr("It is got"), tr("Paths")});
    m_dns = new DnsPage;
    m_vps = new VpsPage(m_work.site, m_work.jobs);
    m_settings = new SettingsPage(m_texts.places, m_texts.autostartFile, m_texts.autostart);
    connect(m_settings, &SettingsPage::setsUp, this, &MainWindow::setsUp);
    setPages();

    auto *title = new QLabel(tr("Sixgate"));
    QFont big = font();
    big.setPointSizeF(big.pointSizeF() * 1.3);
    big.setWeight(QFont::DemiBold);
    title->setFont(big);
    auto *site = new QuietLabel(m_texts.site);
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
    // With large text all of it may need more room than the screen has.
    auto *area = new QScrollArea;
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setFocusPolicy(Qt::NoFocus);
    area->setWidget(all);
    setCentralWidget(area);
    setMinimumSize(640, 420);
    statusBar()->setSizeGripEnabled(false);
    statusBar()->hide();

    connect(m_overview, &OverviewPage::pressed, this, [this](OverviewButton button) {
        if (button == OverviewButton::Check)
            Q_EMIT wants(KeeperIntent::Check);
        else if (button == OverviewButton::Resume)
            Q_EMIT wants(KeeperIntent::Resume);
        else if (button == OverviewButton::Redeploy)
            redeploy();
        else if (button == OverviewButton::Records)
            setRecords();
        else if (button == OverviewButton::SetUp)
            Q_EMIT setsUp();
    });
    connect(m_list, &PageList::currentRowChanged, m_pages, &QStackedWidget::setCurrentIndex);
    connect(new QShortcut(QKeySequence(Qt::Key_F5), this), &QShortcut::activated, this,
            [this] { Q_EMIT wants(KeeperIntent::Check); });
    connect(new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_Q), this), &QShortcut::activated, this, &MainWindow::quits);
    connectWork();
    m_list->setCurrentRow(0);
    QCoreApplication::instance()->installEventFilter(this);

    resize(QSize(1120, 740).expandedTo(all->minimumSizeHint()).boundedTo(screen()->availableSize()));
    restoreGeometry(QSettings().value(geometryKey()).toByteArray());
}

void MainWindow::setPages()
{
    const auto add = [this](const QString &title, QWidget *page) {
        m_list->add(title);
        m_pages->addWidget(page);
    };
    add(tr("Overview"), m_overview);
    add(tr("Services"), m_services);
    add(tr("DNS"), m_dns);
    add(tr("VPS"), m_vps);
    add(tr("Settings"), m_settings);
}

void MainWindow::connectWork()
{
    showLook();
    if (!m_work.site || !m_work.jobs)
        return;
    m_looker.emplace(m_work.jobs);
    m_prover.emplace(m_work.jobs);
    connect(m_vps, &VpsPage::looksAgain, this, &MainWindow::look);
    connect(m_dns, &DnsPage::looksAgain, this, &MainWindow::look);
    connect(m_vps, &VpsPage::changed, this, [this] {
        refresh();
        Q_EMIT idle();
    });
    connect(&*m_looker, &JobRunner::planned, this,
            [this](const SharedPlan &plan, PlanPart, const QString &) { m_planned = plan; });
    connect(&*m_looker, &JobRunner::ended, this, [this](const SharedJobEnd &end) {
        if (m_looksAgain)
            return look();
        // One that failed says nothing of how things are now.
        m_look = SiteLook();
        m_look.at = QDateTime::currentDateTimeUtc();
        if (*end) {
            m_look.plan = m_planned;
            m_look.seen = (*end)->seen;
            m_look.dns = (*end)->dns;
            m_look.move = (*end)->move;
        } else {
            m_look.why = end->error().summary;
        }
        showLook();
    });
    // What only a look can tell is looked at when somebody first wants to see it.
    connect(m_list, &PageList::currentRowChanged, this, [this](int row) {
        if (!m_look.looking && looksInto(m_pages->widget(row)) && (!m_look.seen || isLookOld()))
            look();
    });
    connect(m_overview, &OverviewPage::proves, this, &MainWindow::prove);
    connect(&*m_prover, &JobRunner::proved, this,
            [this](const PathReport &report) { m_overview->steps().add(report); });
    connectAlarm();
    connect(&*m_prover, &JobRunner::ended, this, [this](const SharedJobEnd &end) {
        if (const auto next = std::exchange(m_next, std::nullopt))
            return prove(*next);
        if (*end && (*end)->check) {
            for (const PathReport &report : (*end)->check->paths)
                m_overview->steps().add(report);
        }
        m_overview->steps().end(*end ? QString() : end->error().summary);
    });
}

void MainWindow::connectAlarm()
{
    m_alarmTester.emplace(m_work.jobs);
    m_settings->offerAlarmTest(m_work.site->alarm.has_value());
    connect(m_settings, &SettingsPage::testsAlarm, this, [this] {
        if (m_alarmTester->start(AlarmTestOrder()))
            m_settings->showAlarmTest(true, tr("Sending …"));
    });
    connect(&*m_alarmTester, &JobRunner::ended, this, [this](const SharedJobEnd &end) {
        if (!*end)
            return m_settings->showAlarmTest(false, buttonWords(withRemedy(end->error())));
        QStringList lines;
        for (const AlarmTested &one : (*end)->alarm)
            lines << (one.told ? tr("%1: the test was taken; see whether it arrives.").arg(one.text)
                               : tr("%1: %2").arg(one.text, buttonWords(withRemedy(one.told.error()))));
        m_settings->showAlarmTest(false, lines.join(QLatin1Char('\n')));
    });
}

void MainWindow::look()
{
    if (!m_looker)
        return;
    // What one that runs has seen may be of before.
    m_looksAgain = m_looker->isRunning();
    m_moved = false;
    m_look.looking = true;
    if (!m_looksAgain) {
        m_planned.reset();
        m_looker->start(LookOrder());
    }
    showLook();
}

void MainWindow::prove(PathKind kind)
{
    m_overview->steps().begin(kind);
    // After the one that is being proven.
    if (!m_prover->start(CheckOrder{{kind}}))
        m_next = kind;
}

void MainWindow::redeploy()
{
    raiseUp();
    m_list->setCurrentRow(m_pages->indexOf(m_vps));
    m_vps->redeploy();
}

void MainWindow::setRecords()
{
    raiseUp();
    m_list->setCurrentRow(m_pages->indexOf(m_vps));
    m_vps->setRecords();
}

void MainWindow::setSite(std::shared_ptr<const Site> site)
{
    m_work.site = std::move(site);
    m_texts.vps = m_work.site->vps.empty() ? QString() : m_work.site->vps.front().host.display();
    m_vps->setSite(m_work.site);
    m_settings->offerAlarmTest(m_work.site->alarm.has_value());
    m_look = SiteLook();
    look();
}

void MainWindow::showLook()
{
    const QString waits = m_look.looking ? tr("Looking …") : m_look.why;
    m_vps->show(m_look);
    if (!m_work.site) {
        // Why it cannot be used the first page tells.
        const QString none = tr("There is no site that can be used.");
        m_services->show({}, none);
        m_dns->show(nullptr, nullptr, m_look, none);
        return;
    }
    m_dns->show(m_work.site.get(), m_snapshot, m_look, waits);
    const QDateTime now = QDateTime::currentDateTimeUtc();
    const auto rows = serviceRows(*m_work.site, m_shown, m_look, now);
    m_services->show(rows, waits);
    if (!m_look.seen)
        return;
    std::map<QString, QString> days;
    for (const Service &service : m_work.site->services) {
        for (const Hostname &name : service.publicNames) {
            const auto row =
                std::ranges::find_if(rows, [&](const DetailRow &one) { return one.cells.value(0) == name.display(); });
            if (row != rows.end())
                days[name.ascii()] = row->cells.value(2);
        }
    }
    m_overview->showCertificates(days);
}

void MainWindow::show(const Overview &overview, const SharedSnapshot &snapshot)
{
    // Steps that are shown are to be those of now.
    if (const auto open = m_overview->openPath(); open && m_prover && !m_prover->isRunning()) {
        const auto before = std::as_const(m_shown.paths).find(*open);
        const auto now = overview.paths.find(*open);
        if (now != overview.paths.end() && now->second.state != PathState::Unknown &&
            (before == m_shown.paths.cend() || before->second.state != now->second.state))
            prove(*open);
    }
    m_overview->show(overview, snapshot, m_texts.vps);
    const bool follows = snapshot && snapshot->role == QLatin1String("follower");
    const bool pushes = m_work.site && !m_work.site->vps.empty() && !m_work.site->vps.front().pushKeys.empty();
    const QString empty = !m_work.site            ? tr("There is no site that can be used.")
                          : m_texts.vps.isEmpty() ? tr("This site has no VPS.")
                          : !snapshot ? tr("No keeper can be seen: nobody tells the VPS when the home moves.")
                          : !pushes   ? tr("No machine may tell the VPS that the home has moved: it looks its name up.")
                          : follows   ? tr("Another machine leads and keeps these. %1").arg(snapshot->roleWhy)
                                      : tr("The keeper has told the VPS nothing yet.");
    m_vps->showPushes(snapshot, empty);
    m_shown = overview;
    // Where the keeper has seen another record, what was looked at is of before.
    const bool moved = snapshot && m_snapshot && recordsOf(*snapshot) != recordsOf(*m_snapshot);
    m_moved = m_moved || moved;
    m_snapshot = snapshot;
    showLook();
    if (m_moved && m_look.seen && looksInto(m_pages->currentWidget()))
        look();
}

bool MainWindow::looksInto(const QWidget *page) const
{
    return page == m_services || page == m_dns || page == m_vps;
}

bool MainWindow::isLookOld() const
{
    return m_moved || m_look.at.secsTo(QDateTime::currentDateTimeUtc()) > lookHolds;
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

void MainWindow::sayTrayless()
{
    // No time limit: who comes back to the window is to find it.
    statusBar()->show();
    statusBar()->showMessage(trayless());
}

void MainWindow::setTray(bool isThere)
{
    m_tray = isThere;
    m_settings->setTray(isThere);
    if (!isThere || statusBar()->currentMessage() != trayless())
        return;
    statusBar()->clearMessage();
    statusBar()->hide();
}

void MainWindow::stayInReach()
{
    sayTrayless();
    // Nobody has asked for it: who is typing elsewhere goes on there.
    setAttribute(Qt::WA_ShowWithoutActivating);
    QMainWindow::show();
    setAttribute(Qt::WA_ShowWithoutActivating, false);
}

bool MainWindow::isWorking() const
{
    return m_vps->isWorking();
}

bool MainWindow::letsGo()
{
    if (!isWorking() || m_quitAsked)
        return true;
    raiseUp();
    m_list->setCurrentRow(m_pages->indexOf(m_vps));
    say(tr("The VPS is at work. To quit cancels that and brings the state before back: quit once more to do so."));
    m_quitAsked = true;
    QTimer::singleShot(sayFor, this, [this] { m_quitAsked = false; });
    return false;
}

void MainWindow::cancelWork()
{
    m_vps->cancelWork();
}

void MainWindow::refresh()
{
    look();
    Q_EMIT wants(KeeperIntent::Check);
}

void MainWindow::keepPlace()
{
    QSettings().setValue(geometryKey(), saveGeometry());
}

/// Enter presses the button that got it: not one that has the focus only since a field took the key.
bool MainWindow::eventFilter(QObject *watched, QEvent *event)
{
    auto *button = event->type() == QEvent::KeyPress ? qobject_cast<QAbstractButton *>(watched) : nullptr;
    // A choice is made by Space; Enter goes on in the form.
    if (!button || button->window() != this || qobject_cast<QCheckBox *>(button))
        return QMainWindow::eventFilter(watched, event);
    const auto *key = static_cast<QKeyEvent *>(event);
    if (key->key() != Qt::Key_Return && key->key() != Qt::Key_Enter)
        return false;
    if (!key->isAutoRepeat())
        button->click();
    return true;
}

/// Escape leaves what was opened.
void MainWindow::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && m_pages->currentWidget() == m_overview)
        m_overview->closeBelow();
    else if (event->key() == Qt::Key_Escape && m_pages->currentWidget() == m_vps)
        m_vps->leave();
    else
        QMainWindow::keyPressEvent(event);
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    keepPlace();
    if (!SettingsPage::staysInTray()) {
        event->ignore();
        Q_EMIT quits();
        return;
    }
    if (!m_tray) {
        event->ignore();
        sayTrayless();
        showMinimized();
        return;
    }
    QMainWindow::closeEvent(event);
}

} // namespace sixgate
