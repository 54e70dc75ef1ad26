#include "ui/plan/jobpanel.h"

#include "ui/look/buttonwords.h"
#include "ui/look/card.h"
#include "ui/overview/verdictbar.h"
#include "ui/plan/planview.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

constexpr int second = 1000;

QString joined(QStringList lines)
{
    lines.removeAll(QString());
    return lines.join(QLatin1Char('\n'));
}

} // namespace

JobPanel::JobPanel(std::shared_ptr<SiteJobs> jobs, QWidget *parent)
    : QWidget(parent), m_runner(std::move(jobs)), m_title(new QLabel(this)), m_verdict(new VerdictBar(this)),
      m_planCard(new Card(this)), m_plan(new PlanView), m_keyCard(new Card(this)), m_key(new QLabel),
      m_yes(new QPushButton(this)), m_no(new QPushButton(this))
{
    setObjectName(QStringLiteral("job"));
    setUp();
    follow();
}

void JobPanel::setUp()
{
    QFont big = font();
    big.setPointSizeF(big.pointSizeF() * 1.45);
    big.setWeight(QFont::DemiBold);
    m_title->setFont(big);
    m_planCard->hold(m_plan, 8);
    m_keyCard->hold(m_key, 24);
    m_key->setObjectName(QStringLiteral("hostkey"));
    m_key->setWordWrap(true);
    m_key->setTextFormat(Qt::RichText);
    m_key->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_key->setFocusPolicy(Qt::StrongFocus);
    m_yes->setObjectName(QStringLiteral("yes"));
    m_no->setObjectName(QStringLiteral("no"));
    m_yes->setDefault(true);
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch();
    buttons->addWidget(m_no);
    buttons->addWidget(m_yes);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(24, 24, 24, 24);
    all->setSpacing(16);
    all->addWidget(m_title);
    all->addWidget(m_verdict);
    all->addWidget(m_keyCard);
    all->addWidget(m_planCard, 1);
    all->addStretch(0);
    all->addLayout(buttons);
    m_keyCard->hide();
    m_tick.setInterval(second);
}

void JobPanel::follow()
{
    connect(&m_tick, &QTimer::timeout, this, &JobPanel::tellProgress);
    connect(&m_runner, &JobRunner::activity, this, [this](const QString &text) {
        m_activity = text;
        tellProgress();
    });
    connect(&m_runner, &JobRunner::planned, this,
            [this](const SharedPlan &plan, PlanPart part, const QString &nothing) {
                m_nothing = nothing;
                m_isOld = part == PlanPart::OldMachine;
                m_keyCard->hide();
                m_planCard->setVisible(!plan->empty() || !plan->withheld.empty());
                m_plan->show(plan);
                m_agreed = m_isOld;
                tellProgress();
            });
    connect(&m_runner, &JobRunner::asks, this, &JobPanel::ask);
    connect(&m_runner, &JobRunner::meets, this, &JobPanel::meet);
    connect(&m_runner, &JobRunner::stepped, this, [this](const QString &id, StepState state, const QString &text) {
        if (state == StepState::Note && !text.isEmpty())
            m_activity = text;
        m_plan->step(id, state, text);
        tellProgress();
    });
    connect(&m_runner, &JobRunner::remarked, this, [this](const QString &text, const QString &fix) {
        m_remarks << text << (fix.isEmpty() ? QString() : QStringLiteral("→ ") + buttonWords(fix));
    });
    connect(&m_runner, &JobRunner::ended, this, [this](const SharedJobEnd &done) { end(*done); });
    connect(m_yes, &QPushButton::clicked, this, [this] {
        if (m_phase == Phase::Ended && m_hadPassword) {
            Q_EMIT needsPassword();
            return;
        }
        if (m_phase == Phase::Ended) {
            start(m_order, m_words);
            return;
        }
        m_agreed = m_phase == Phase::Asking;
        m_askedBefore = m_askedBefore || m_agreed;
        m_phase = m_phase == Phase::Meeting ? Phase::Looking : Phase::Working;
        m_keyCard->hide();
        m_activity.clear();
        m_clock.restart();
        // Not to fall on the button that cancels.
        if (m_planCard->isVisible())
            m_plan->setFocus();
        setButtons({}, tr("&Cancel"));
        m_runner.answer(true);
        tellProgress();
    });
    connect(m_no, &QPushButton::clicked, this, &JobPanel::clickedNo);
}

bool JobPanel::start(const JobOrder &order, const JobWords &words)
{
    if (m_runner.isRunning())
        return false;
    m_order = order;
    auto *replaces = std::get_if<ReplaceOrder>(&m_order);
    m_hadPassword = replaces && replaces->machine && std::exchange(replaces->machine->password, nullptr);
    m_words = words;
    m_title->setText(words.title);
    setAccessibleName(words.title);
    m_remarks.clear();
    m_activity.clear();
    m_agreed = m_isOld = m_askedBefore = false;
    m_phase = Phase::Looking;
    m_planCard->hide();
    m_keyCard->hide();
    m_clock.start();
    m_tick.start();
    setButtons({}, tr("&Cancel"));
    m_no->setFocus();
    tellProgress();
    return m_runner.start(order);
}

void JobPanel::setButtons(const QString &yes, const QString &no)
{
    m_yes->setVisible(!yes.isEmpty());
    m_yes->setText(yes);
    m_no->setText(no);
    const QSize least(0, fontMetrics().height() + 18);
    for (QPushButton *one : {m_yes, m_no})
        one->setMinimumSize(fontMetrics().horizontalAdvance(one->text()) + 40, least.height());
}

void JobPanel::clickedNo()
{
    if (m_phase == Phase::Ended || m_phase == Phase::Asking || m_phase == Phase::Meeting) {
        if (m_phase != Phase::Ended)
            m_runner.answer(false);
        m_phase = Phase::Ended;
        m_tick.stop();
        Q_EMIT closes();
        return;
    }
    m_phase = Phase::Cancelling;
    setButtons({}, tr("Wait no &longer"));
    m_runner.cancel();
    tellProgress();
}

void JobPanel::leave()
{
    if (m_phase == Phase::Ended || m_phase == Phase::Asking || m_phase == Phase::Meeting)
        clickedNo();
}

void JobPanel::cancelWork()
{
    if (isWorking() && m_phase == Phase::Working)
        clickedNo();
}

void JobPanel::tell(OverviewState state, const QString &sentence, const QString &detail)
{
    Overview one;
    one.state = state;
    one.sentence = sentence;
    m_verdict->show(one, detail);
}

void JobPanel::tellProgress()
{
    const QString since = tr("For %1.").arg(spanText(std::chrono::seconds(m_clock.elapsed() / second)));
    const QString what = activityText(m_activity);
    switch (m_phase) {
    case Phase::Looking:
        tell(OverviewState::Working, tr("Looking at what is there."), joined({what, since}));
        return;
    case Phase::Working: {
        const PlanProgress *progress = m_plan->progress();
        const int all = progress ? int(progress->plan().changes.size()) : 0;
        const int done = progress ? progress->ended() : 0;
        const QString sentence = m_isOld      ? tr("Cleaning the machine before: %1 of %2 done.").arg(done).arg(all)
                                 : done < all ? tr("%1 of %2 changes done.").arg(done).arg(all)
                                              : tr("All changes are made; the paths are being proven.");
        tell(OverviewState::Working, sentence, joined({what, since}));
        return;
    }
    case Phase::Cancelling:
        tell(OverviewState::Working,
             m_agreed ? tr("Cancelling: the state before is brought back.") : tr("Cancelling: nothing was changed."),
             joined({what, since}));
        return;
    case Phase::Asking:
    case Phase::Meeting:
    case Phase::Ended:
        return;
    }
}

void JobPanel::ask(const QString &warning)
{
    m_phase = Phase::Asking;
    const PlanProgress *progress = m_plan->progress();
    const bool nothing = !progress || progress->plan().empty();
    tell(OverviewState::Unknown,
         !nothing              ? planSummary(progress->plan())
         : m_nothing.isEmpty() ? tr("Nothing is to be changed here; go on?")
                               : m_nothing,
         joined(
             {m_askedBefore && !m_isOld ? tr("Something has changed meanwhile, so the plan was made anew.") : QString(),
              nothing ? QString() : tr("Nothing was changed yet. Enter shows what becomes of a file."),
              buttonWords(warning).simplified()}));
    setButtons(m_words.yes, tr("&Not now"));
    // Enter opens a line there; who agrees presses the button. Nor does Enter agree to what a warning belongs to.
    if (m_planCard->isVisible())
        m_plan->setFocus();
    else
        (warning.isEmpty() ? m_yes : m_no)->setFocus();
}

void JobPanel::meet(const QString &machine, const PresentedHostKey &key)
{
    m_phase = Phase::Meeting;
    tell(OverviewState::Unknown, tr("Is that the machine?"),
         tr("Compare one of the two fingerprints with what the machine itself shows."));
    const QString file = key.type == QLatin1String("ssh-ed25519") ? QStringLiteral("ed25519") : QStringLiteral("ecdsa");
    m_key->setText(
        QStringLiteral("<p>%1</p><p><code><b>%2</b></code></p><p><code><b>%3</b></code></p><p>%4<br><code>ssh-keygen "
                       "-l -f /etc/ssh/ssh_host_%5_key.pub</code></p>")
            .arg(tr("%1 presents this host key (%2):").arg(machine, key.type).toHtmlEscaped(),
                 key.fingerprint.text().toHtmlEscaped(), key.md5.toHtmlEscaped(),
                 tr("On the machine's own console, or in the provider's web page (not by SSH); the second form with "
                    "-E md5:")
                     .toHtmlEscaped(),
                 file));
    m_keyCard->show();
    setButtons(tr("It &is the same"), tr("It is &another"));
    // Who presses Enter without reading is not to agree.
    m_no->setFocus();
}

QString JobPanel::failure(const Error &error) const
{
    QStringList lines;
    const PlanProgress *progress = m_plan->progress();
    if (progress && m_agreed) {
        if (!progress->failed().isEmpty())
            lines << tr("Failed: %1").arg(progress->failed());
        if (const int undone = progress->undone(); undone > 0)
            lines << tr("Taken back: %1 of %2 changes.").arg(undone).arg(progress->plan().changes.size());
    }
    const ToldIn where = m_hadPassword ? ToldIn::PasswordJob : ToldIn::Window;
    lines << error.detail << (error.fix.isEmpty() ? QString() : QStringLiteral("→ ") + buttonWords(error.fix, where));
    return joined(lines + m_remarks);
}

void JobPanel::end(const Result<JobEnd> &end)
{
    m_tick.stop();
    if (m_agreed)
        m_plan->end();
    const bool left = m_phase == Phase::Ended; // nobody looks any more
    m_phase = Phase::Ended;
    if (left)
        return;
    setButtons({}, tr("&Close"));
    m_no->setFocus();
    const Error *error = !end ? &end.error() : end->error ? &*end->error : nullptr;
    if (error) {
        const bool cancelled = error->code == ErrorCode::Cancelled;
        tell(cancelled ? OverviewState::Paused : OverviewState::Broken, error->summary, failure(*error));
        setButtons(tr("Try a&gain"), tr("&Close"));
        return;
    }
    const bool nothing = !m_plan->progress() || m_plan->progress()->plan().empty();
    if (end->blocked && (!end->check || nothing)) {
        tell(OverviewState::Broken, tr("Something is in the way."),
             joined(QStringList{tr("Nothing was changed. The list says what to settle first.")} + m_remarks));
        setButtons(tr("Try a&gain"), tr("&Close"));
        return;
    }
    const QString took = tr("Done in %1.").arg(spanText(std::chrono::milliseconds(m_clock.elapsed())));
    if (!end->check || (end->check->allWork() && !end->check->diagnosis.broken())) {
        tell(end->cleaned && !end->blocked ? OverviewState::Fine : OverviewState::Degraded,
             end->blocked ? tr("What could be changed is changed; the list says what is in the way of the rest.")
             : end->check ? (nothing ? tr("All is as it should be, and all paths work.")
                                     : tr("All changes are made, and all paths work."))
             : end->old == OldMachine::GivenUp ? tr("The old machine is given up.")
                                               : tr("All changes are made."),
             joined(QStringList{took} + m_remarks));
        return;
    }
    const auto &roots = end->check->diagnosis.roots;
    tell(OverviewState::Broken,
         roots.empty() ? tr("All changes are made, but not every path works.") : roots.front().title,
         joined(QStringList{roots.empty() ? QString() : roots.front().text,
                            roots.empty() ? QString()
                                          : QStringLiteral("→ ") + buttonWords(roots.front().remedy.windowText()),
                            took} +
                m_remarks));
}

} // namespace sixgate
