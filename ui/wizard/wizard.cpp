#include "ui/wizard/wizard.h"

#include "ui/look/marks.h"
#include "ui/look/quietlabel.h"
#include "ui/wizard/homepage.h"
#include "ui/wizard/machinepage.h"
#include "ui/wizard/namespage.h"
#include "ui/wizard/routerpage.h"
#include "ui/wizard/runpages.h"
#include "ui/wizard/servicespage.h"
#include "ui/wizard/steplist.h"
#include "ui/wizard/welcomepage.h"

#include <QApplication>
#include <QCloseEvent>
#include <QFrame>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPointer>
#include <QPushButton>
#include <QScreen>
#include <QScrollArea>
#include <QSettings>
#include <QShortcut>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

constexpr int askedFor = 8000; // ms

QString geometryKey()
{
    return QStringLiteral("wizard/geometry");
}

} // namespace

Wizard::Wizard(std::shared_ptr<SetupPort> port, SetupAnswers begun, QWidget *parent)
    : QWidget(parent), m_state(std::move(port), std::move(begun)), m_run(new SetupRun(m_state, this)),
      m_steps(new StepList), m_pages(new QStackedWidget), m_gap(new StatusLine), m_back(new QPushButton(tr("&Back"))),
      m_next(new QPushButton), m_later(new QPushButton)
{
    setObjectName(QStringLiteral("wizard"));
    setWindowTitle(tr("Sixgate – set up"));
    setWindowIcon(programIcon());
    auto *title = new QLabel(tr("Sixgate"));
    QFont big = font();
    big.setPointSizeF(big.pointSizeF() * 1.3);
    big.setWeight(QFont::DemiBold);
    title->setFont(big);
    title->setContentsMargins(12, 0, 0, 0);
    auto *about = new QuietLabel(tr("Set up"));
    about->setContentsMargins(12, 0, 0, 0);
    auto *left_ = new QVBoxLayout;
    left_->setContentsMargins(16, 24, 0, 16);
    left_->setSpacing(4);
    left_->addWidget(title);
    left_->addWidget(about);
    left_->addSpacing(16);
    left_->addWidget(m_steps, 1);

    m_back->setObjectName(QStringLiteral("back"));
    m_next->setObjectName(QStringLiteral("next"));
    m_later->setObjectName(QStringLiteral("later"));
    m_gap->setObjectName(QStringLiteral("gap"));
    m_next->setDefault(true);
    m_next->setAutoDefault(true);
    auto *below = new QHBoxLayout;
    below->setContentsMargins(24, 8, 24, 16);
    below->setSpacing(8);
    below->addWidget(m_later);
    below->addWidget(m_gap, 1, Qt::AlignVCenter);
    below->addStretch(0);
    below->addWidget(m_back);
    below->addWidget(m_next);
    auto *right = new QVBoxLayout;
    right->setSpacing(0);
    right->addWidget(m_pages, 1);
    auto *line = new QFrame;
    line->setFrameShape(QFrame::HLine);
    line->setForegroundRole(QPalette::Mid);
    right->addWidget(line);
    right->addLayout(below);
    auto *all = new QHBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(0);
    all->addLayout(left_);
    all->addLayout(right, 1);
    addPages();
    m_steps->setFixedWidth(m_steps->sizeHint().width());

    connect(m_back, &QPushButton::clicked, this, [this] { goBack(m_pages->currentIndex() - 1); });
    connect(m_next, &QPushButton::clicked, this, &Wizard::next);
    connect(m_later, &QPushButton::clicked, this, &Wizard::close);
    connect(m_steps, &StepList::wants, this, [this](int step) {
        if (step < m_pages->currentIndex() && page()->mayGoBack())
            goBack(step);
    });
    connect(m_run, &SetupRun::agreed, this, &Wizard::agreed);
    connect(m_run, &SetupRun::idle, this, &Wizard::idle);
    connect(
        m_run, &SetupRun::idle, this,
        [this] {
            if (m_closing)
                close();
        },
        Qt::QueuedConnection);
    connect(&m_state, &WizardState::changed, this, [this] { m_gap->clear(); });
    connect(&m_state, &WizardState::unsaved, this,
            [this](const QString &why) { say(tr("The answers are not kept: %1").arg(why)); });
    connect(new QShortcut(QKeySequence(Qt::ALT | Qt::Key_Left), this), &QShortcut::activated, m_back,
            &QPushButton::click);
    // Where what has the focus goes away, the focus would fall on whatever comes next, and Enter with it.
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget *before, QWidget *now) {
        if (!before || !now || !page()->isAncestorOf(before) || !isAncestorOf(now))
            return;
        // What is hidden is so by now; what is disabled will be. It may be back by the time that this is looked at.
        const bool hidden = !before->isVisible();
        QTimer::singleShot(0, this, [this, hidden, before = QPointer(before), now = QPointer(now)] {
            const QWidget *left = before.data();
            const bool stays = left && !hidden && left->isVisible() && left->isEnabled();
            if (!stays && now && focusWidget() == now.data())
                focusNext();
        });
    });
    resize(QSize(1120, 740).boundedTo(screen()->availableSize()));
    restoreGeometry(QSettings().value(geometryKey()).toByteArray());
    // A plan that was made is not valid any more; what was begun beyond it begins there again.
    go(std::min(int(answers().page), int(SetupPage::Review)));
}

Wizard::~Wizard() = default;

void Wizard::addPages()
{
    m_all = {
        new SetupWelcomePage(m_state),        new SetupHomePage(m_state),          new SetupNamesPage(m_state),
        new SetupMachinePage(m_state),        new SetupServicesPage(m_state),      new SetupRouterPage(m_state),
        new SetupReviewPage(m_state, *m_run), new SetupApplyPage(m_state, *m_run), new SetupProofPage(m_state, *m_run)};
    const QStringList steps{tr("Welcome"), tr("This home"), tr("Names"), tr("VPS"),  tr("Services"),
                            tr("Router"),  tr("Review"),    tr("Apply"), tr("Proof")};
    for (size_t i = 0; i < m_all.size(); ++i) {
        auto *area = new QScrollArea;
        area->setWidgetResizable(true);
        area->setFrameShape(QFrame::NoFrame);
        area->setWidget(m_all[i]);
        area->setFocusPolicy(Qt::NoFocus);
        m_pages->addWidget(area);
        m_steps->add(steps[int(i)]);
        connect(m_all[i], &WizardPage::buttons, this, [this, i] {
            if (int(i) == m_pages->currentIndex())
                showButtons();
        });
        // Who presses Enter again means to go on, and not the same once more.
        connect(m_all[i], &WizardPage::done, this, [this, i] {
            if (int(i) == m_pages->currentIndex() && qobject_cast<QPushButton *>(focusWidget()))
                focusNext();
        });
        connect(m_all[i], &WizardPage::rebuilt, this, [this, i] {
            if (int(i) == m_pages->currentIndex())
                orderTabs();
        });
        connect(m_all[i], &WizardPage::goOn, this, [this, i] {
            // What the page waited for took a while: an answer may be missing by now.
            if (int(i) != m_pages->currentIndex())
                return;
            if (const auto gap = firstGap())
                tellGap(*gap);
            else
                forward();
        });
    }
}

WizardPage *Wizard::page() const
{
    return m_all[size_t(m_pages->currentIndex())];
}

void Wizard::go(int index)
{
    if (index < 0 || index >= int(m_all.size()))
        return;
    if (index != m_pages->currentIndex())
        page()->leave();
    m_gap->clear();
    m_pages->setCurrentIndex(index);
    m_steps->show(index, index);
    m_state.set([index](SetupAnswers &one) { one.page = SetupPage(index); });
    page()->enter();
    showButtons();
    // The first thing to enter, else the button that leads on.
    const auto all = orderTabs();
    const auto first =
        std::ranges::find_if(all, [](QWidget *one) { return one->isEnabled() && one->inherits("QLineEdit"); });
    if (first != all.end())
        (*first)->setFocus(Qt::OtherFocusReason);
    else
        focusNext();
}

void Wizard::focusNext()
{
    m_parked = !m_next->isEnabled();
    (m_parked ? static_cast<QWidget *>(m_steps) : m_next)->setFocus(Qt::OtherFocusReason);
}

std::vector<QWidget *> Wizard::orderTabs()
{
    auto own = page()->orderTabs();
    QWidget *before = m_steps;
    const auto add = [&before](QWidget *one) { setTabOrder(std::exchange(before, one), one); };
    std::ranges::for_each(own, add);
    for (QWidget *one : {m_later, m_back, m_next})
        add(one);
    return own;
}

void Wizard::goBack(int index)
{
    // What was applied is not to be stepped back into; what is planned now is.
    go(index == int(SetupPage::Apply) ? int(SetupPage::Review) : index);
}

std::optional<SetupGap> Wizard::firstGap() const
{
    for (const SetupGap &gap : const_cast<WizardState &>(m_state).port().gaps(answers())) {
        if (gap.page == page()->page() && !page()->settles(gap))
            return gap;
    }
    return page()->missing();
}

void Wizard::tellGap(const SetupGap &gap)
{
    say(gap.sentence);
    QWidget *field = page()->findChild<QWidget *>(gap.field);
    if (field && field->isVisible()) {
        field->setFocus(Qt::OtherFocusReason);
        if (auto *area = qobject_cast<QScrollArea *>(m_pages->currentWidget()))
            area->ensureWidgetVisible(field);
    }
}

void Wizard::next()
{
    if (!m_next->isEnabled())
        return;
    if (const auto gap = firstGap())
        return tellGap(*gap);
    if (page()->goesOn())
        forward();
}

void Wizard::forward()
{
    if (m_pages->currentIndex() + 1 < int(m_all.size()))
        return go(m_pages->currentIndex() + 1);
    end();
}

void Wizard::showButtons()
{
    const int index = m_pages->currentIndex();
    const QString text = page()->nextText();
    m_next->setText(!text.isEmpty() ? text : index == 0 ? tr("Begi&n") : tr("&Next"));
    m_next->setEnabled(page()->mayGoOn());
    if (m_parked && focusWidget() == m_steps)
        focusNext();
    m_back->setEnabled(index > 0 && page()->mayGoBack());
    m_later->setText(tr("Finish &later"));
    m_later->setVisible(index < int(SetupPage::Proof));
    for (QPushButton *one : {m_back, m_next, m_later})
        one->setMinimumSize(fontMetrics().horizontalAdvance(one->text()) + 40, fontMetrics().height() + 18);
}

void Wizard::raiseUp()
{
    setWindowState(windowState() & ~Qt::WindowMinimized);
    show();
    raise();
    activateWindow();
}

bool Wizard::letsGo()
{
    if (m_done || !m_run->isWorking() || m_closeAsked || m_closing)
        return true;
    raiseUp();
    const QString asked =
        tr("The VPS is at work. To close cancels that and brings the state before back: close once more to do so.");
    say(asked);
    m_closeAsked = true;
    QTimer::singleShot(askedFor, this, [this, asked] {
        m_closeAsked = false;
        if (m_gap->sentence() == asked)
            m_gap->clear();
    });
    return false;
}

/// Return in a field goes on, as in every wizard. What opens a list or a line by it keeps it.
void Wizard::keyPressEvent(QKeyEvent *event)
{
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (!enter || event->isAutoRepeat())
        return QWidget::keyPressEvent(event);
    auto *button = qobject_cast<QPushButton *>(focusWidget());
    if (focusWidget() == m_steps)
        m_steps->choose();
    else
        (button ? button : m_next)->click();
}

void Wizard::closeEvent(QCloseEvent *event)
{
    if (!letsGo()) {
        event->ignore();
        return;
    }
    QSettings().setValue(geometryKey(), saveGeometry());
    if (!m_done && m_run->isWorking()) {
        // It stays to be seen until the state before is back; its button waits no longer.
        event->ignore();
        m_closing = true;
        m_run->cancelOnce();
        return;
    }
    QWidget::closeEvent(event);
    if (m_done)
        return;
    // All is done there: to close is to finish.
    if (page()->page() == SetupPage::Proof && !m_run->isWorking())
        return end();
    m_done = true;
    page()->leave();
    m_run->cancelOnce();
    m_state.keep();
    Q_EMIT left();
}

void Wizard::end()
{
    m_done = true;
    page()->leave();
    m_run->cancelOnce();
    m_state.finish();
    Q_EMIT finished();
}

bool Wizard::isRunning() const
{
    return m_run->isRunning();
}

bool Wizard::isWorking() const
{
    return m_run->isWorking();
}

void Wizard::say(const QString &sentence)
{
    m_gap->show(OverviewState::Degraded, sentence);
}

} // namespace sixgate
