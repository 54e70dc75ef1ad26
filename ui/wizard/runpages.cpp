#include "ui/wizard/runpages.h"

#include "ui/details/sitelook.h"
#include "ui/look/buttonwords.h"
#include "ui/overview/nametable.h"
#include "ui/overview/pathfigure.h"
#include "ui/plan/planview.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

constexpr int second = 1000;
constexpr int mostNames = 6; // rows

QString joined(QStringList lines)
{
    lines.removeAll(QString());
    return lines.join(QLatin1Char('\n'));
}

/// All names together, and each.
Overview overviewOfReport(const CheckReport &report)
{
    Overview all;
    std::map<QString, std::size_t> rows;
    for (const PathReport &path : report.paths) {
        PathGlance glance;
        glance.state = path.state;
        if (path.state == PathState::Works)
            glance.took = path.took;
        else if (path.error)
            glance.why = path.error->summary;
        glance.at = report.at;
        if (path.certificate)
            glance.certificateUntil = path.certificate->notAfter;
        const QString name = path.publicName.display();
        const auto [row, isNew] = rows.emplace(name, all.names.size());
        if (isNew)
            all.names.push_back({name, {}});
        all.names[row->second].paths[path.kind] = glance;
        PathGlance &whole = all.paths.emplace(path.kind, glance).first->second;
        if (glance.state == PathState::Broken ||
            (glance.state == PathState::Unknown && whole.state == PathState::Works))
            whole = glance;
        else if (glance.took && whole.took && *glance.took > *whole.took)
            whole.took = glance.took;
        if (glance.certificateUntil.isValid() &&
            (!whole.certificateUntil.isValid() || glance.certificateUntil < whole.certificateUntil))
            whole.certificateUntil = glance.certificateUntil;
    }
    return all;
}

QString errorText(const Error &error)
{
    return joined(
        {error.detail, error.fix.isEmpty() ? QString() : QStringLiteral("→ ") + buttonWords(error.fix, ToldIn::Setup)});
}

} // namespace

QWidget *SetupRunPage::addPlan(StatusLine &status, QPushButton &button, PlanView &plan)
{
    auto *head = new QVBoxLayout;
    head->setSpacing(8);
    head->addWidget(&status);
    head->addWidget(&button, 0, Qt::AlignLeft);
    addCard(head);
    auto *list = new QVBoxLayout;
    list->addWidget(&plan);
    plan.setMinimumHeight(fontMetrics().height() * 14);
    QWidget *card = addCard(list);
    body()->setStretchFactor(card, 1);
    body()->addStretch(0); // where there is no list yet
    return card;
}

SetupReviewPage::SetupReviewPage(WizardState &shared, SetupRun &run, QWidget *parent)
    : SetupRunPage(SetupPage::Review, tr("Review"),
                   tr("This is all that will be changed. Nothing was changed yet; nothing else will be."), shared,
                   parent),
      m_run(run), m_status(new StatusLine), m_plan(new PlanView), m_again(new QPushButton(tr("Look a&gain")))
{
    m_status->setObjectName(QStringLiteral("review.status"));
    m_again->setObjectName(QStringLiteral("lookAgain"));
    m_card = addPlan(*m_status, *m_again, *m_plan);
    connect(m_again, &QPushButton::clicked, this, [this] { m_run.plan(true); });
    connect(m_status, &StatusLine::stopped, this, [this] { m_run.cancel(); });
    connect(&m_run, &SetupRun::planned, this, [this] { m_plan->show(m_run.shown()); });
    // Who agrees is to have the plan before him: Enter opens a line of it.
    connect(&m_run, &SetupRun::asked, this, [this] {
        const auto *button = qobject_cast<QPushButton *>(window()->focusWidget());
        if (m_here && (!button || isAncestorOf(button)))
            m_plan->setFocus(Qt::OtherFocusReason);
    });
    // Its rows are measured when it has its width.
    connect(
        &m_run, &SetupRun::planned, m_plan,
        [this] {
            m_plan->doItemsLayout();
            m_plan->scrollToTop();
        },
        Qt::QueuedConnection);
    connect(&m_run, &SetupRun::changed, this, &SetupReviewPage::show);
}

void SetupReviewPage::enter()
{
    m_here = true;
    m_run.plan();
    show();
}

void SetupReviewPage::leave()
{
    m_here = false;
    if (!m_run.accepted())
        m_run.cancel();
}

void SetupReviewPage::show()
{
    if (!m_here)
        return;
    const auto &plan = m_run.shown();
    m_card->setVisible(plan && (!plan->empty() || !plan->withheld.empty()));
    m_again->setVisible(m_run.phase() == SetupRun::Phase::Asking || m_run.phase() == SetupRun::Phase::Ended);
    m_again->setEnabled(m_run.phase() == SetupRun::Phase::Ended);
    switch (m_run.phase()) {
    case SetupRun::Phase::Idle:
    case SetupRun::Phase::Planning: {
        const QString what =
            m_run.activity().isEmpty() ? tr("Looking at the home, the zone and the VPS") : m_run.activity();
        if (m_status->state() != OverviewState::Working || m_status->sentence() != what)
            m_status->begin(what);
        break;
    }
    case SetupRun::Phase::Cancelling:
        m_status->begin(tr("Stopping"), false);
        break;
    case SetupRun::Phase::Asking:
        m_status->show(OverviewState::Unknown, planSummary(*plan),
                       joined({tr("Enter on a line shows what becomes of a file."), m_run.warning()}));
        m_again->hide();
        break;
    case SetupRun::Phase::Working:
        break;
    case SetupRun::Phase::Ended:
        if (m_run.error() && m_run.error()->code == ErrorCode::Cancelled)
            m_status->show(OverviewState::Paused, tr("Stopped; nothing was changed."));
        else if (m_run.error())
            m_status->show(OverviewState::Broken, m_run.error()->summary, errorText(*m_run.error()));
        else if (m_run.blocked())
            m_status->show(OverviewState::Broken, tr("Something is in the way."),
                           tr("Nothing was changed. The list says what to settle first."));
        else
            m_status->show(OverviewState::Fine, tr("All is there already: nothing is to be changed."));
        break;
    }
    Q_EMIT buttons();
}

QString SetupReviewPage::nextText() const
{
    return m_run.phase() == SetupRun::Phase::Ended ? QString() : tr("&Apply");
}

bool SetupReviewPage::mayGoOn() const
{
    return m_run.phase() == SetupRun::Phase::Asking ||
           (m_run.phase() == SetupRun::Phase::Ended && !m_run.error() && !m_run.blocked());
}

bool SetupReviewPage::goesOn()
{
    m_run.accept();
    return true;
}

SetupApplyPage::SetupApplyPage(WizardState &shared, SetupRun &run, QWidget *parent)
    : SetupRunPage(SetupPage::Apply, tr("Apply"),
                   tr("It is being carried out, in this order. When a step fails, the VPS goes back to what it was."),
                   shared, parent),
      m_run(run), m_status(new StatusLine), m_plan(new PlanView), m_cancel(new QPushButton(tr("&Cancel")))
{
    m_status->setObjectName(QStringLiteral("apply.status"));
    m_cancel->setObjectName(QStringLiteral("cancel"));
    m_card = addPlan(*m_status, *m_cancel, *m_plan);
    m_tick.setInterval(second);
    connect(&m_tick, &QTimer::timeout, this, &SetupApplyPage::show);
    connect(m_cancel, &QPushButton::clicked, this, [this] { m_run.cancel(); });
    connect(&m_run, &SetupRun::planned, this, [this] { m_plan->show(m_run.shown()); });
    connect(&m_run, &SetupRun::stepped, this,
            [this](const QString &id, StepState how, const QString &text) { m_plan->step(id, how, text); });
    connect(&m_run, &SetupRun::changed, this, &SetupApplyPage::show);
}

void SetupApplyPage::enter()
{
    m_here = true;
    m_tick.start();
    show();
    m_plan->setFocus();
}

void SetupApplyPage::leave()
{
    m_here = false;
    m_tick.stop();
}

void SetupApplyPage::show()
{
    if (!m_here)
        return;
    const PlanProgress *progress = m_plan->progress();
    const int all = progress ? int(progress->plan().changes.size()) : 0;
    const int done = progress ? progress->ended() : 0;
    const QString since = tr("For %1.").arg(spanText(m_run.took()));
    m_card->setVisible(all > 0);
    m_cancel->setVisible(m_run.phase() == SetupRun::Phase::Working || m_run.phase() == SetupRun::Phase::Cancelling);
    m_cancel->setText(m_run.phase() == SetupRun::Phase::Cancelling ? tr("Wait no lon&ger") : tr("&Cancel"));
    const QString activity = activityText(m_run.activity());
    switch (m_run.phase()) {
    case SetupRun::Phase::Working:
        m_status->show(OverviewState::Working,
                       done < all ? tr("%1 of %2 changes done.").arg(done).arg(all)
                                  : tr("All changes are made; the paths are being proven."),
                       joined({activity, since}));
        break;
    case SetupRun::Phase::Cancelling:
        m_status->show(OverviewState::Working, tr("Cancelling: the state before is brought back."),
                       joined({activity, since}));
        break;
    case SetupRun::Phase::Ended:
        m_tick.stop();
        m_plan->end();
        if (m_run.error()) {
            const bool stopped = m_run.error()->code == ErrorCode::Cancelled;
            QStringList lines;
            if (progress && !progress->failed().isEmpty())
                lines << tr("Failed: %1").arg(progress->failed());
            if (progress && progress->undone() > 0)
                lines << tr("Taken back: %1 of %2 changes.").arg(progress->undone()).arg(all);
            lines << errorText(*m_run.error());
            lines << tr("Go back to look at the plan again.");
            m_status->show(stopped ? OverviewState::Paused : OverviewState::Broken, m_run.error()->summary,
                           joined(lines + m_run.remarks()));
        } else {
            m_status->show(OverviewState::Fine, tr("All changes are made."), joined(m_run.remarks()));
            m_here = false;
            Q_EMIT goOn();
        }
        break;
    case SetupRun::Phase::Asking:
        m_tick.stop();
        m_status->show(OverviewState::Degraded, tr("Something has changed meanwhile, so the plan was made anew."),
                       tr("Nothing of it is done. Go back, look at it again, and apply it."));
        break;
    case SetupRun::Phase::Idle:
    case SetupRun::Phase::Planning:
        break;
    }
    Q_EMIT buttons();
}

bool SetupApplyPage::mayGoOn() const
{
    return m_run.phase() == SetupRun::Phase::Ended && !m_run.error();
}

bool SetupApplyPage::mayGoBack() const
{
    return m_run.phase() == SetupRun::Phase::Ended || m_run.phase() == SetupRun::Phase::Asking;
}

SetupProofPage::SetupProofPage(WizardState &shared, SetupRun &run, QWidget *parent)
    : WizardPage(SetupPage::Proof, tr("Proof"), {}, shared, parent), m_run(run), m_status(new StatusLine),
      m_figure(new PathFigure(PathFigure::Use::Shown)), m_names(new NameTable),
      m_again(new QPushButton(tr("Check a&gain")))
{
    m_status->setObjectName(QStringLiteral("proof.status"));
    m_again->setObjectName(QStringLiteral("checkAgain"));
    auto *head = new QVBoxLayout;
    head->setSpacing(8);
    head->addWidget(m_status);
    head->addWidget(m_again, 0, Qt::AlignLeft);
    addCard(head);
    auto *figure = new QVBoxLayout;
    figure->addWidget(m_figure);
    QWidget *card = addCard(figure);
    auto *names = new QVBoxLayout;
    names->addWidget(m_names);
    m_nameCard = addCard(names);
    m_nameCard->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    body()->setStretchFactor(card, 1);
    connect(m_again, &QPushButton::clicked, this, [this] { m_run.prove(); });
    connect(m_status, &StatusLine::stopped, this, [this] { m_run.cancel(); });
    connect(&m_run, &SetupRun::changed, this, &SetupProofPage::show);
    connect(&state(), &WizardState::changed, this, &SetupProofPage::show);
}

void SetupProofPage::enter()
{
    m_here = true;
    state().find();
    show();
}

void SetupProofPage::leave()
{
    m_here = false;
}

void SetupProofPage::show()
{
    if (!m_here)
        return;
    m_again->setEnabled(m_run.phase() == SetupRun::Phase::Ended);
    Overview overview;
    bool isClosed = false;
    if (const auto &check = m_run.check()) {
        overview = overviewOfReport(*check);
        const auto &roots = check->diagnosis.roots;
        isClosed = !roots.empty() && roots.front().remedy.place == QLatin1String("router");
        if (check->allWork() && !check->diagnosis.broken())
            m_status->show(OverviewState::Fine, tr("Everything is reachable: all four paths work."),
                           joined(m_run.remarks()));
        else if (roots.empty())
            m_status->show(OverviewState::Broken, tr("Not every path works."));
        else
            m_status->show(
                OverviewState::Broken, roots.front().title,
                joined({roots.front().text,
                        QStringLiteral("→ ") + buttonWords(roots.front().remedy.windowText(), ToldIn::Setup)}));
    } else if (m_run.phase() == SetupRun::Phase::Ended) {
        m_status->show(OverviewState::Unknown, m_run.error() ? m_run.error()->summary : tr("Not proven yet."),
                       m_run.error() ? errorText(*m_run.error()) : QString());
    } else if (m_status->state() != OverviewState::Working) {
        m_status->begin(tr("Proving the four paths"));
    }
    const auto server = state().serverAddress();
    const auto &home = state().home;
    const auto certificate = [&](PathKind kind) {
        const auto found = overview.paths.find(kind);
        return certificateText(found == overview.paths.end() ? QDateTime() : found->second.certificateUntil,
                               QDateTime::currentDateTimeUtc());
    };
    m_figure->show(overview.paths,
                   {server ? server->text() : QString(),
                    home && home->prefixes && !home->prefixes->empty() ? home->prefixes->front().text() : QString(),
                    state().port().completed(answers()).vpsName, certificate(PathKind::Lan), certificate(PathKind::V4),
                    isClosed});
    m_names->show(overview.names);
    fitRows(*m_names, mostNames);
    m_nameCard->setVisible(!overview.names.empty());
    Q_EMIT buttons();
}

QString SetupProofPage::nextText() const
{
    return tr("Fi&nish");
}

bool SetupProofPage::mayGoOn() const
{
    return m_run.phase() == SetupRun::Phase::Ended;
}

} // namespace sixgate
