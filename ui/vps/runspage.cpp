#include "ui/vps/runspage.h"

#include "ui/look/buttonwords.h"
#include "ui/look/card.h"
#include "ui/look/marks.h"
#include "ui/look/quietlabel.h"
#include "ui/look/table.h"
#include "ui/overview/overviewpage.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

OverviewState markOf(const QString &verdict)
{
    return verdict == QLatin1String("done")        ? OverviewState::Fine
           : verdict == QLatin1String("cancelled") ? OverviewState::Paused
           : verdict.isEmpty()                     ? OverviewState::Unknown
                                                   : OverviewState::Broken;
}

QString wordOf(const QString &verdict)
{
    return verdict == QLatin1String("done")        ? RunsPage::tr("done")
           : verdict == QLatin1String("cancelled") ? RunsPage::tr("cancelled")
           : verdict.isEmpty()                     ? RunsPage::tr("has not ended")
                                                   : RunsPage::tr("failed, taken back");
}

} // namespace

namespace
{

/// What a change is about, by its identifier in the plan of then.
QString stepTitle(const QString &change)
{
    static const std::pair<const char *, const char *> whole[] = {
        {"vps.packages", QT_TRANSLATE_NOOP("sixgate::RunsPage", "Debian packages")},
        {"vps.firewall", QT_TRANSLATE_NOOP("sixgate::RunsPage", "Firewall")},
        {"vps.modules", QT_TRANSLATE_NOOP("sixgate::RunsPage", "Apache's modules")},
        {"vps.push", QT_TRANSLATE_NOOP("sixgate::RunsPage", "The home's new address")},
        {"vps.alarm", QT_TRANSLATE_NOOP("sixgate::RunsPage", "Alarm")},
        {"vps.renewals", QT_TRANSLATE_NOOP("sixgate::RunsPage", "Rehearsal of renewals")},
        {"vps.activate", QT_TRANSLATE_NOOP("sixgate::RunsPage", "Make it the current one")},
    };
    static const std::pair<const char *, const char *> named[] = {
        {"vps.file.", QT_TRANSLATE_NOOP("sixgate::RunsPage", "File %1")},
        {"vps.certificate.", QT_TRANSLATE_NOOP("sixgate::RunsPage", "Certificate %1")},
        {"vps.site.", QT_TRANSLATE_NOOP("sixgate::RunsPage", "Apache site %1")},
    };
    for (const auto &[id, title] : whole) {
        if (change == QLatin1String(id))
            return RunsPage::tr(title);
    }
    for (const auto &[begin, title] : named) {
        if (change.startsWith(QLatin1String(begin)))
            return RunsPage::tr(title).arg(change.mid(qsizetype(qstrlen(begin))));
    }
    return change;
}

std::pair<OverviewState, QString> stepEnd(const QString &state)
{
    using S = OverviewState;
    const std::pair<StepState, std::pair<S, QString>> all[] = {
        {StepState::Done, {S::Fine, RunsPage::tr("done")}},
        {StepState::Unchanged, {S::Fine, RunsPage::tr("was so already")}},
        {StepState::Failed, {S::Broken, RunsPage::tr("failed")}},
        {StepState::Undone, {S::Paused, RunsPage::tr("taken back")}},
    };
    for (const auto &[known, end] : all) {
        if (state == stepStateName(known))
            return end;
    }
    return {S::Unknown, RunsPage::tr("begun")};
}

} // namespace

std::vector<RunRow> runRows(const RunLog &run)
{
    std::vector<RunRow> rows;
    std::vector<QString> changes;
    for (const RunLine &line : run.lines) {
        const size_t at = size_t(std::ranges::find(changes, line.change) - changes.begin());
        if (at == changes.size()) {
            changes.push_back(line.change);
            rows.push_back({OverviewState::Unknown,
                            line.change.isEmpty() ? RunsPage::tr("The run") : stepTitle(line.change),
                            RunsPage::tr("begun"),
                            {}});
        }
        RunRow &row = rows[at];
        // A note tells nothing of how far it is.
        if (line.state != stepStateName(StepState::Note) && line.state != stepStateName(StepState::Told))
            std::tie(row.mark, row.state) = stepEnd(line.state);
        if (line.text.isEmpty())
            continue;
        if (!row.text.isEmpty())
            row.text += QLatin1Char('\n');
        row.text += line.text;
    }
    return rows;
}

RunsPage::RunsPage(std::shared_ptr<SiteJobs> jobs, QWidget *parent)
    : QWidget(parent), m_runner(std::move(jobs)), m_says(new QuietLabel), m_list(new QListWidget), m_end(new QLabel),
      m_steps(new QTableWidget)
{
    auto *title = new QLabel(tr("Logs"));
    QFont big = font();
    big.setPointSizeF(big.pointSizeF() * 1.45);
    big.setWeight(QFont::DemiBold);
    title->setFont(big);
    m_says->setObjectName(QStringLiteral("runs-says"));
    m_says->setWordWrap(true);
    m_list->setObjectName(QStringLiteral("runs-list"));
    m_list->setAccessibleName(tr("Runs on the VPS"));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setIconSize({fontMetrics().height(), fontMetrics().height()});
    m_list->setSpacing(2);
    keepCalm(*m_list);
    m_end->setObjectName(QStringLiteral("runs-end"));
    m_end->setWordWrap(true);
    m_end->setTextFormat(Qt::PlainText);
    m_end->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_end->setContentsMargins(8, 4, 8, 4);
    m_steps->setObjectName(QStringLiteral("runs-steps"));
    m_steps->setAccessibleName(tr("The steps of the chosen run"));
    m_steps->setColumnCount(3);
    m_steps->setHorizontalHeaderLabels({tr("Step"), tr("State"), tr("What was noted")});
    m_steps->setWordWrap(true);
    layOut(*m_steps);
    m_steps->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_steps->horizontalHeader()->setSectionResizeMode(2, QHeaderView::Stretch);
    auto *chosen = new QWidget;
    auto *lines = new QVBoxLayout(chosen);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(4);
    lines->addWidget(m_end);
    lines->addWidget(m_steps, 1);
    auto *left = new Card;
    left->hold(m_list, 8);
    auto *right = new Card;
    right->hold(chosen, 8);
    auto *both = new QHBoxLayout;
    both->setSpacing(16);
    m_cards = new QWidget;
    both->setContentsMargins(0, 0, 0, 0);
    m_cards->setLayout(both);
    m_cards->hide();
    both->addWidget(left, 2);
    both->addWidget(right, 5);
    auto *back = new QPushButton(tr("&Back"));
    back->setMinimumSize(fontMetrics().horizontalAdvance(back->text()) + 56, fontMetrics().height() + 18);
    auto *buttons = new QHBoxLayout;
    buttons->addStretch();
    buttons->addWidget(back);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(24, 24, 24, 24);
    all->setSpacing(12);
    all->addWidget(title);
    all->addWidget(m_says);
    all->addWidget(m_cards, 1);
    all->addStretch(0); // where there are no runs
    all->addLayout(buttons);
    connect(back, &QPushButton::clicked, this, &RunsPage::closes);
    connect(m_list, &QListWidget::currentRowChanged, this, &RunsPage::fillSteps);
    connect(&m_runner, &JobRunner::ended, this, [this](const SharedJobEnd &end) { show(*end); });
}

void RunsPage::read()
{
    m_list->setFocus();
    if (m_runner.start(RunsOrder()))
        m_says->setText(tr("Reading the logs of the VPS …"));
}

void RunsPage::show(const Result<JobEnd> &end)
{
    m_cards->setVisible(end && !end->runs.empty());
    if (!end) {
        m_says->setText(buttonWords(withRemedy(end.error())));
        return;
    }
    m_runs = end->runs;
    m_says->setText(m_runs.empty() ? tr("No run has left a log on the VPS.")
                                   : tr("What the VPS has noted of the last runs there."));
    fillList();
    m_list->setCurrentRow(m_runs.empty() ? -1 : 0);
    fillSteps();
}

void RunsPage::fillList()
{
    const int row = m_list->currentRow();
    const QSignalBlocker quiet(m_list);
    m_list->clear();
    const Colours colours = Colours::of(palette());
    for (const RunLog &run : m_runs) {
        auto *item = new QListWidgetItem(
            markIcon(markOf(run.verdict), colours),
            QStringLiteral("%1: %2").arg(whenText(run.at, QDateTime::currentDateTime()), wordOf(run.verdict)), m_list);
        item->setSizeHint({0, fontMetrics().height() + 12});
    }
    m_list->setCurrentRow(row);
}

void RunsPage::fillSteps()
{
    const int at = m_list->currentRow();
    const RunLog run = at < 0 || at >= int(m_runs.size()) ? RunLog() : m_runs[size_t(at)];
    QStringList end;
    if (!run.summary.isEmpty())
        end << run.summary;
    if (!run.detail.isEmpty())
        end << run.detail;
    m_end->setText(end.join(QLatin1Char('\n')));
    m_end->setVisible(!end.isEmpty());
    layOut(*m_steps);
    const Colours colours = Colours::of(palette());
    const auto rows = runRows(run);
    m_steps->setRowCount(int(rows.size()));
    for (int row = 0; row < m_steps->rowCount(); ++row) {
        const RunRow &one = rows[size_t(row)];
        const QStringList cells{one.step, one.state, one.text};
        for (int column = 0; column < int(cells.size()); ++column) {
            auto *item = new QTableWidgetItem(cells[column]);
            item->setToolTip(cells[column]);
            m_steps->setItem(row, column, item);
        }
        m_steps->item(row, 0)->setIcon(markIcon(one.mark, colours));
    }
    m_steps->resizeRowsToContents();
}

void RunsPage::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange)
        return;
    fillList();
    fillSteps();
}

} // namespace sixgate
