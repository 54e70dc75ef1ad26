#include "ui/overview/nametable.h"

#include "ui/details/sitelook.h"
#include "ui/look/marks.h"
#include "ui/look/table.h"
#include "ui/overview/pathfigure.h"

#include <QEvent>
#include <QHeaderView>

namespace sixgate
{

namespace
{

constexpr PathKind columns[] = {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan};

} // namespace

NameTable::NameTable(QWidget *parent) : QTableWidget(parent)
{
    setObjectName(QStringLiteral("names"));
    setAccessibleName(tr("Public names and their paths"));
    setColumnCount(2 + int(std::size(columns)));
    QStringList titles{tr("Public name")};
    for (const PathKind kind : columns)
        titles << QStringLiteral("%1  %2").arg(int(kind)).arg(pathTitle(kind));
    titles << tr("Certificate");
    setHorizontalHeaderLabels(titles);
    layOut(*this);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
}

void NameTable::show(const std::vector<NameGlance> &names)
{
    m_names = names;
    layOut(*this);
    const Colours colours = Colours::of(palette());
    setRowCount(int(names.size()));
    for (int row = 0; row < rowCount(); ++row) {
        const auto put = [&](int column, const QString &text) {
            if (!item(row, column))
                setItem(row, column, new QTableWidgetItem);
            item(row, column)->setText(text);
            return item(row, column);
        };
        const NameGlance &name = names[size_t(row)];
        QFont bold = font();
        bold.setWeight(QFont::DemiBold);
        put(0, name.publicName)->setFont(bold);
        for (int i = 0; i < int(std::size(columns)); ++i) {
            const auto found = name.paths.find(columns[i]);
            const PathGlance glance = found == name.paths.end() ? PathGlance() : found->second;
            auto *cell = put(1 + i, glanceText(glance));
            cell->setIcon(markIcon(stateOf(glance.state), colours));
            cell->setToolTip(glance.why);
        }
        auto *certificate = put(columnCount() - 1, certificateText(name));
        certificate->setForeground(colours.quiet);
        setRowHeight(row, heightOfRow(*this));
    }
    for (int i = 0; i < int(std::size(columns)); ++i)
        setColumnWidth(1 + i, fontMetrics().horizontalAdvance(tr("not proven")) + iconSize().width() + 32);
    setColumnWidth(columnCount() - 1,
                   fontMetrics().horizontalAdvance(
                       daysLeft(QDateTime::currentDateTimeUtc().addDays(888), QDateTime::currentDateTimeUtc())) +
                       32);
}

QString NameTable::certificateText(const NameGlance &name) const
{
    QDateTime first;
    for (const auto &[kind, path] : name.paths) {
        if (path.certificateUntil.isValid() && (!first.isValid() || path.certificateUntil < first))
            first = path.certificateUntil;
    }
    if (first.isValid())
        return daysLeft(first, QDateTime::currentDateTimeUtc());
    const auto days = m_days.find(name.publicName);
    return days == m_days.end() ? QString() : days->second;
}

void NameTable::setCertificates(std::map<QString, QString> days)
{
    m_days = std::move(days);
    show(m_names);
}

void NameTable::changeEvent(QEvent *event)
{
    QTableWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        show(m_names);
}

} // namespace sixgate
