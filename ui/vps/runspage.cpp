#include "ui/vps/runspage.h"

#include "ui/look/card.h"
#include "ui/look/marks.h"
#include "ui/look/table.h"
#include "ui/overview/overviewpage.h"

#include <QFontDatabase>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
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

QString runText(const RunLog &run)
{
    QStringList lines;
    qsizetype widest = 0;
    for (const RunLine &one : run.lines)
        widest = std::max(widest, one.change.size());
    for (const RunLine &one : run.lines)
        lines << QStringLiteral("%1  %2  %3")
                     .arg(one.change.leftJustified(widest), one.state.leftJustified(9), one.text)
                     .trimmed();
    lines << QString();
    lines << (run.summary.isEmpty() ? wordOf(run.verdict)
                                    : QStringLiteral("%1: %2").arg(wordOf(run.verdict), run.summary));
    if (!run.detail.isEmpty())
        lines << run.detail;
    return lines.join(QLatin1Char('\n'));
}

RunsPage::RunsPage(std::shared_ptr<SiteJobs> jobs, QWidget *parent)
    : QWidget(parent), m_runner(std::move(jobs)), m_says(new QLabel), m_list(new QListWidget),
      m_text(new QPlainTextEdit)
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
    calmSelection(*m_list);
    m_text->setObjectName(QStringLiteral("runs-text"));
    m_text->setAccessibleName(tr("The log of the chosen run"));
    m_text->setReadOnly(true);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    auto *left = new Card;
    left->hold(m_list, 8);
    auto *right = new Card;
    right->hold(m_text, 8);
    auto *both = new QHBoxLayout;
    both->setSpacing(16);
    both->addWidget(left, 2);
    both->addWidget(right, 3);
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
    all->addLayout(both, 1);
    all->addLayout(buttons);
    connect(back, &QPushButton::clicked, this, &RunsPage::closes);
    connect(m_list, &QListWidget::currentRowChanged, this, [this](int row) {
        m_text->setPlainText(row < 0 || row >= int(m_runs.size()) ? QString() : runText(m_runs[size_t(row)]));
    });
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
    if (!end) {
        m_says->setText(withRemedy(end.error()));
        return;
    }
    m_runs = end->runs;
    m_says->setText(m_runs.empty() ? tr("No run has left a log on the VPS.")
                                   : tr("What the VPS has noted of the last runs there."));
    m_list->clear();
    const Colours colours = Colours::of(palette());
    for (const RunLog &run : m_runs)
        new QListWidgetItem(
            markIcon(markOf(run.verdict), colours),
            QStringLiteral("%1: %2").arg(whenText(run.at, QDateTime::currentDateTime()), wordOf(run.verdict)), m_list);
    m_list->setCurrentRow(m_runs.empty() ? -1 : 0);
}

} // namespace sixgate
