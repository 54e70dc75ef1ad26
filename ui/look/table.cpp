#include "ui/look/table.h"

#include "ui/look/colours.h"
#include "ui/look/rowdelegate.h"

#include <QHeaderView>
#include <QTableWidget>

namespace sixgate
{

namespace
{

constexpr int margin = 8;
constexpr int fewRows = 3; // that are always seen

/// Room left and right of what is in a cell.
class Roomy final : public RowDelegate
{
public:
    using RowDelegate::RowDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        return RowDelegate::sizeHint(option, index) + QSize(3 * margin, 0);
    }
};

} // namespace

int heightOfRow(const QTableWidget &table)
{
    return table.fontMetrics().height() + 2 * margin + 2;
}

void calmSelection(QWidget &view)
{
    QPalette own = view.palette();
    const QColor tint = Colours::of(own).tint(OverviewState::Working);
    if (own.color(QPalette::Highlight) == tint)
        return;
    own.setColor(QPalette::Highlight, tint);
    own.setColor(QPalette::HighlightedText, own.color(QPalette::WindowText));
    view.setPalette(own);
}

void calmHeader(QHeaderView &header)
{
    // A style sheet keeps the colours of when it was set, so they are named.
    const Colours colours = Colours::of(header.parentWidget() ? header.parentWidget()->palette() : header.palette());
    const QString sheet =
        QStringLiteral("QHeaderView { background: transparent; }"
                       "QHeaderView::section { background: transparent; border: none; border-bottom: 1px solid %1; "
                       "padding: 6px 4px; color: %2; }")
            .arg(colours.line.name(), colours.quiet.name());
    if (header.styleSheet() != sheet)
        header.setStyleSheet(sheet);
}

void layOut(QTableWidget &table)
{
    calmSelection(table);
    calmHeader(*table.horizontalHeader());
    if (!dynamic_cast<Roomy *>(table.itemDelegate())) {
        table.setItemDelegate(new Roomy(&table));
        table.horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
        table.horizontalHeader()->setHighlightSections(false);
        table.horizontalHeader()->setSectionsClickable(false);
        table.verticalHeader()->hide();
        table.setShowGrid(false);
        table.setEditTriggers(QAbstractItemView::NoEditTriggers);
        table.setSelectionBehavior(QAbstractItemView::SelectRows);
        table.setSelectionMode(QAbstractItemView::SingleSelection);
        table.setTabKeyNavigation(false);
        table.setFrameShape(QFrame::NoFrame);
        table.setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    }
    const int icon = table.fontMetrics().height();
    table.setIconSize({icon, icon});
    table.setMinimumHeight(table.horizontalHeader()->sizeHint().height() + fewRows * heightOfRow(table));
}

} // namespace sixgate
