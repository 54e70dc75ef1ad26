#include "ui/look/table.h"

#include "ui/look/colours.h"
#include "ui/look/rowdelegate.h"

#include <QEvent>
#include <QHeaderView>
#include <QTableWidget>

namespace sixgate
{

namespace
{

constexpr int margin = 8;
constexpr int fewRows = 3; // that are always seen

/// Selection and header in the colours of now.
class PaletteFollower final : public QObject
{
public:
    explicit PaletteFollower(QAbstractItemView &view) : QObject(&view), m_view(view) { view.installEventFilter(this); }

    bool eventFilter(QObject *, QEvent *event) override
    {
        if (event->type() == QEvent::PaletteChange) {
            calmSelection(m_view);
            if (auto *table = qobject_cast<QTableWidget *>(&m_view))
                calmHeader(*table->horizontalHeader());
        }
        return false;
    }

private:
    QAbstractItemView &m_view;
};

/// Room left and right of what is in a cell.
class Roomy final : public RowDelegate
{
public:
    using RowDelegate::RowDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        return RowDelegate::sizeHint(option, index) + QSize(3 * margin, margin);
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

void keepCalm(QAbstractItemView &view)
{
    calmSelection(view);
    new PaletteFollower(view);
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
        new PaletteFollower(table);
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
    const bool isFixed = table.minimumHeight() == table.maximumHeight(); // by whoever knows its rows
    if (!isFixed)
        table.setMinimumHeight(table.horizontalHeader()->sizeHint().height() + fewRows * heightOfRow(table));
}

} // namespace sixgate
