#include "ui/overview/pathsteps.h"

#include "ui/look/buttonwords.h"
#include "ui/look/marks.h"
#include "ui/look/quietlabel.h"
#include "ui/look/table.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

namespace sixgate
{

QString stepTitle(const QString &name)
{
    static const std::pair<const char *, const char *> titles[] = {
        {"dns", QT_TRANSLATE_NOOP("sixgate::PathSteps", "Look up the name")},
        {"resolve", QT_TRANSLATE_NOOP("sixgate::PathSteps", "Look up the name")},
        {"connect", QT_TRANSLATE_NOOP("sixgate::PathSteps", "Connect")},
        {"tls", QT_TRANSLATE_NOOP("sixgate::PathSteps", "TLS handshake")},
        {"identity", QT_TRANSLATE_NOOP("sixgate::PathSteps", "Certificate")},
        {"http", QT_TRANSLATE_NOOP("sixgate::PathSteps", "Ask for the page")},
        {"marker", QT_TRANSLATE_NOOP("sixgate::PathSteps", "Through the right machine")},
    };
    for (const auto &[known, title] : titles) {
        if (name == QLatin1String(known))
            return PathSteps::tr(title);
    }
    return name;
}

QString pathSentence(PathKind kind)
{
    switch (kind) {
    case PathKind::V4:
        return PathSteps::tr("Path 1: visitors with IPv4, through the VPS");
    case PathKind::Upstream:
        return PathSteps::tr("Path 2: from the VPS to the home");
    case PathKind::V6:
        return PathSteps::tr("Path 3: visitors with IPv6, directly");
    case PathKind::Lan:
        return PathSteps::tr("Path 4: in the LAN");
    }
    return {};
}

PathSteps::PathSteps(QWidget *parent)
    : QWidget(parent), m_title(new QLabel), m_says(new QuietLabel), m_again(new QPushButton(tr("&Prove it again"))),
      m_table(new QTableWidget)
{
    setObjectName(QStringLiteral("steps"));
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    m_title->setFont(strong);
    m_says->setObjectName(QStringLiteral("steps-says"));
    m_again->setObjectName(QStringLiteral("steps-again"));
    auto *closing = new QPushButton(tr("&Close"));
    closing->setObjectName(QStringLiteral("steps-close"));
    m_table->setObjectName(QStringLiteral("steps-table"));
    m_table->setColumnCount(4);
    m_table->setHorizontalHeaderLabels({tr("Public name"), tr("Step"), tr("Time"), tr("What was seen")});
    m_table->setWordWrap(false); // the whole text is its tool tip
    layOut(*m_table);
    for (QPushButton *one : {m_again, closing})
        one->setMinimumSize(fontMetrics().horizontalAdvance(one->text()) + 32, fontMetrics().height() + 14);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->horizontalHeader()->setStretchLastSection(true);
    auto *head = new QHBoxLayout;
    head->setContentsMargins(12, 8, 8, 0);
    head->setSpacing(8);
    head->addWidget(m_title);
    head->addWidget(m_says, 1);
    head->addWidget(m_again);
    head->addWidget(closing);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(4);
    all->addLayout(head);
    all->addWidget(m_table, 1);
    connect(m_again, &QPushButton::clicked, this, [this] { Q_EMIT again(m_kind); });
    connect(closing, &QPushButton::clicked, this, &PathSteps::closes);
}

void PathSteps::begin(PathKind kind)
{
    m_kind = kind;
    m_reports.clear();
    m_title->setText(pathSentence(kind));
    m_table->setAccessibleName(tr("Steps of: %1").arg(pathSentence(kind)));
    m_says->setText(tr("is being proven …"));
    m_again->setEnabled(false);
    fill();
}

void PathSteps::add(const PathReport &report)
{
    if (report.kind != m_kind)
        return;
    const auto same =
        std::ranges::find_if(m_reports, [&](const PathReport &one) { return one.publicName == report.publicName; });
    if (same == m_reports.end())
        m_reports.push_back(report);
    else
        *same = report;
    fill();
}

void PathSteps::end(const QString &why)
{
    m_again->setEnabled(true);
    const auto works =
        int(std::ranges::count_if(m_reports, [](const auto &one) { return one.state == PathState::Works; }));
    const auto all = int(m_reports.size());
    m_says->setText(!why.isEmpty() ? why
                    : all == 0     ? tr("No name was proven.")
                    : works == all ? tr("%n name(s) come through.", nullptr, works)
                                   : tr("%1 of %n name(s) come through.", nullptr, all).arg(works));
}

void PathSteps::fill()
{
    const Colours colours = Colours::of(palette());
    m_table->setRowCount(0);
    const auto row = [&](const QStringList &cells, OverviewState state) {
        const int at = m_table->rowCount();
        m_table->insertRow(at);
        for (int i = 0; i < cells.size(); ++i) {
            auto *item = new QTableWidgetItem(cells[i]);
            item->setToolTip(cells[i]);
            m_table->setItem(at, i, item);
        }
        m_table->item(at, 1)->setIcon(markIcon(state, colours));
        m_table->setRowHeight(at, heightOfRow(*m_table));
    };
    const auto time = [](std::chrono::milliseconds took) {
        return tr("%1 ms").arg(QLocale().toString(qlonglong(took.count())));
    };
    for (const PathReport &report : m_reports) {
        QString name = report.publicName.display();
        for (const ProbeStep &step : report.steps) {
            row({name, stepTitle(step.name), time(step.took), step.detail},
                step.passed ? OverviewState::Fine : OverviewState::Broken);
            name.clear();
        }
        const OverviewState state = stateOf(report.state);
        row({name, report.state == PathState::Works ? tr("comes through") : tr("does not come through"),
             time(report.took),
             report.error ? buttonWords(withRemedy(*report.error)) : tr("seen from %1").arg(report.vantage)},
            state);
    }
}

void PathSteps::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        fill();
}

void PathSteps::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        Q_EMIT closes();
    else
        QWidget::keyPressEvent(event);
}

} // namespace sixgate
