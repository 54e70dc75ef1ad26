#include "ui/plan/planview.h"

#include "ui/look/buttonwords.h"
#include "ui/look/marks.h"
#include "ui/look/quietlabel.h"
#include "ui/look/rowdelegate.h"
#include "ui/look/table.h"
#include "ui/look/verbmarks.h"

#include <QFontDatabase>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QScrollBar>

namespace sixgate
{

namespace
{

enum Column { What, Where, How, Time };
enum Role { NotesRole = Qt::UserRole, DiffRole };
constexpr int gap = 16;            // between a sentence and what stands beside it
constexpr int mostDiffLines = 400; // a longer one is for the command line

/// Rows with room.
class PlanDelegate final : public RowDelegate
{
public:
    using RowDelegate::RowDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        // The text ends before its column does; the chosen row does not.
        if (index.column() == What && (option.state & QStyle::State_Selected))
            painter->fillRect(option.rect.adjusted(option.rect.width() - gap - 1, 0, 0, 0), option.palette.highlight());
        RowDelegate::paint(painter, option, index);
    }

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        QSize size = RowDelegate::sizeHint(option, index) + QSize(12, 12);
        const auto *view = qobject_cast<const QTreeWidget *>(option.widget);
        if (!view || index.column() != What)
            return size;
        // The whole sentence, in as many lines as the column's width makes of it.
        const int width = view->columnWidth(What) - view->indentation() - view->iconSize().width() - 24 - gap;
        const QRect text = option.fontMetrics.boundingRect(QRect(0, 0, std::max(width, 80), 1 << 16), Qt::TextWordWrap,
                                                           index.data(Qt::DisplayRole).toString());
        size.setHeight(std::max(size.height(), text.height() + 12));
        return size;
    }

protected:
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override
    {
        RowDelegate::initStyleOption(option, index);
        if (index.column() == What)
            option->rect.setRight(option->rect.right() - gap);
    }
};

/// Lines that come and go in the colours of their state, behind their sign.
QString diffHtml(const QString &diff, const Colours &colours)
{
    QStringList lines = diff.trimmed().split(QLatin1Char('\n'));
    const qsizetype left = lines.size() - mostDiffLines;
    if (left > 0)
        lines = lines.mid(0, mostDiffLines);
    QString out = QStringLiteral("<pre style=\"margin:0; white-space:pre-wrap\">");
    for (const QString &line : lines) {
        const bool isHead = line.startsWith(QLatin1String("---")) || line.startsWith(QLatin1String("+++")) ||
                            line.startsWith(QLatin1String("@@"));
        const QColor colour = isHead                              ? colours.quiet
                              : line.startsWith(QLatin1Char('+')) ? colours.state(OverviewState::Fine)
                              : line.startsWith(QLatin1Char('-')) ? colours.state(OverviewState::Broken)
                                                                  : colours.quiet;
        out += QStringLiteral("%1<span style=\"color:%2\">%3</span>")
                   .arg(out.endsWith(QLatin1String("</span>")) ? QStringLiteral("\n") : QString(), colour.name(),
                        line.toHtmlEscaped());
    }
    if (left > 0)
        out += QLatin1Char('\n') +
               PlanView::tr("%n more line(s), which “sixgatectl plan” shows", nullptr, int(left)).toHtmlEscaped();
    return out + QStringLiteral("</pre>");
}

} // namespace

PlanView::PlanView(QWidget *parent) : QTreeWidget(parent)
{
    setObjectName(QStringLiteral("plan"));
    setAccessibleName(tr("The plan"));
    setHeaderLabels({tr("What is done"), tr("Where"), tr("State"), tr("Time")});
    headerItem()->setTextAlignment(Time, Qt::AlignRight | Qt::AlignVCenter);
    setItemDelegate(new PlanDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setUniformRowHeights(false);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setTabKeyNavigation(false);
    setWordWrap(true);
    setExpandsOnDoubleClick(true);
    header()->setStretchLastSection(false);
    header()->setSectionsClickable(false);
    header()->setSectionResizeMode(QHeaderView::Fixed);
    header()->setSectionResizeMode(What, QHeaderView::Stretch);
    calmHeader(*header());
    calmSelection(*this);
    setColumns();
    // A long plan has many of them, and few are looked at.
    connect(this, &QTreeWidget::itemExpanded, this, [this](QTreeWidgetItem *item) {
        const QString diff = item->data(What, DiffRole).toString();
        item->setData(What, DiffRole, {});
        if (!diff.isEmpty())
            addText(item, diff, true);
    });
}

void PlanView::show(const std::shared_ptr<const Plan> &plan)
{
    m_progress.emplace(plan);
    m_clock.start();
    fill();
}

void PlanView::step(const QString &changeId, StepState state, const QString &text)
{
    if (!m_progress)
        return;
    m_progress->step(changeId, state, text, std::chrono::milliseconds(m_clock.elapsed()));
    refresh();
}

void PlanView::end()
{
    if (!m_progress)
        return;
    m_progress->end();
    refresh();
}

void PlanView::fill()
{
    clear();
    if (!m_progress)
        return;
    for (const PlanRow &row : m_progress->rows()) {
        auto *item = new QTreeWidgetItem(this);
        if (row.diff.isEmpty())
            continue;
        item->setData(What, DiffRole, row.diff);
        item->setChildIndicatorPolicy(QTreeWidgetItem::ShowIndicator);
    }
    for (const Withheld &one : m_progress->plan().withheld)
        addWithheld(one);
    refresh();
    if (topLevelItemCount() > 0)
        setCurrentItem(topLevelItem(0));
}

/// In other colours: what is open stays so, and what was looked at in its place.
void PlanView::fillAgain()
{
    const int present = indexOfTopLevelItem(currentItem());
    const int scrolled = verticalScrollBar()->value();
    std::vector<int> open;
    for (int i = 0; i < topLevelItemCount(); ++i) {
        if (topLevelItem(i)->isExpanded())
            open.push_back(i);
    }
    fill();
    for (const int i : open)
        topLevelItem(i)->setExpanded(true);
    if (present >= 0)
        setCurrentItem(topLevelItem(present));
    doItemsLayout();
    verticalScrollBar()->setValue(scrolled);
}

void PlanView::refresh()
{
    const Colours colours = Colours::of(palette());
    const int icon = fontMetrics().height();
    setIconSize({icon, icon});
    const auto rows = m_progress->rows();
    const auto &changes = m_progress->plan().changes;
    QTreeWidgetItem *active = nullptr;
    for (size_t i = 0; i < rows.size(); ++i) {
        QTreeWidgetItem *item = topLevelItem(int(i));
        const PlanRow &row = rows[i];
        item->setText(What, row.sentence);
        item->setToolTip(What, row.sentence);
        item->setText(Where, row.lane);
        item->setText(How, row.begun ? row.state : row.verb);
        item->setText(Time, row.took.count() < 0 ? QString() : spanText(row.took));
        item->setTextAlignment(Time, Qt::AlignRight | Qt::AlignVCenter);
        item->setIcon(What, row.begun ? markIcon(row.mark, colours) : verbIcon(changes[i].verb, colours));
        item->setForeground(Where, colours.quiet);
        item->setForeground(Time, colours.quiet);
        item->setData(What, Qt::AccessibleTextRole,
                      QStringLiteral("%1 (%2, %3)").arg(row.sentence, row.lane, row.begun ? row.state : row.verb));
        for (qsizetype note = item->data(What, NotesRole).toInt(); note < row.notes.size(); ++note) {
            addText(item, row.notes[note], false);
            item->setExpanded(true);
        }
        item->setData(What, NotesRole, int(row.notes.size()));
        if (row.begun && row.mark == OverviewState::Working)
            active = item;
    }
    if (active)
        scrollToItem(active);
}

void PlanView::addWithheld(const Withheld &one)
{
    auto *item = new QTreeWidgetItem(this);
    const Colours colours = Colours::of(palette());
    item->setIcon(What, markIcon(one.blocking ? OverviewState::Broken : OverviewState::Paused, colours));
    item->setText(What, QStringLiteral("%1: %2").arg(one.object, one.reason));
    item->setToolTip(What, one.reason);
    item->setText(How, one.blocking ? tr("in the way") : tr("left alone"));
    if (!one.fix.isEmpty())
        addText(item, buttonWords(one.fix), false);
    if (!one.detail.isEmpty())
        addText(item, one.detail, false);
    item->setExpanded(true);
}

void PlanView::addText(QTreeWidgetItem *parent, const QString &text, bool code)
{
    auto *item = new QTreeWidgetItem(parent);
    item->setFirstColumnSpanned(true);
    item->setFlags(Qt::ItemIsEnabled);
    item->setData(What, Qt::AccessibleTextRole, text);
    QLabel *label = code ? new QLabel : new QuietLabel;
    label->setTextFormat(code ? Qt::RichText : Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setContentsMargins(4, 4, 8, 8);
    if (code) {
        label->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
        label->setText(diffHtml(text, Colours::of(palette())));
    } else {
        label->setText(text);
    }
    label->setMinimumWidth(1);
    setItemWidget(item, What, label);
    fitTexts();
}

/// Lines that wrap are as high as the width makes them.
void PlanView::fitTexts()
{
    const int width = std::max(200, viewport()->width() - 2 * indentation() - 16);
    for (QTreeWidgetItemIterator at(this); *at; ++at) {
        auto *label = qobject_cast<QLabel *>(itemWidget(*at, What));
        if (label && label->wordWrap())
            label->setFixedHeight(label->heightForWidth(width));
    }
    scheduleDelayedItemsLayout();
}

void PlanView::resizeEvent(QResizeEvent *event)
{
    QTreeWidget::resizeEvent(event);
    fitTexts();
}

void PlanView::setColumns()
{
    const QFontMetrics metrics = fontMetrics();
    const auto wide = [&](std::initializer_list<QString> texts) {
        int most = 0;
        for (const QString &one : texts)
            most = std::max(most, metrics.horizontalAdvance(one));
        return most + 28;
    };
    setColumnWidth(Where, wide({tr("Where"), laneTitle(Lane::Dns), laneTitle(Lane::Vps)}));
    setColumnWidth(How, wide({tr("State"), tr("left alone"), tr("was so already"), tr("in the way")}));
    setColumnWidth(Time, wide({tr("Time"), spanText(std::chrono::milliseconds(605000))}));
}

void PlanView::changeEvent(QEvent *event)
{
    QTreeWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        calmSelection(*this);
        calmHeader(*header());
    }
    if (event->type() == QEvent::FontChange)
        setColumns();
    if ((event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) && m_progress)
        fillAgain();
}

void PlanView::keyPressEvent(QKeyEvent *event)
{
    QTreeWidgetItem *item = currentItem();
    // Enter opens a line here, whatever it does elsewhere in the window.
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        if (item && (item->childCount() > 0 || !item->data(What, DiffRole).toString().isEmpty()))
            item->setExpanded(!item->isExpanded());
        return;
    }
    QTreeWidget::keyPressEvent(event);
}

} // namespace sixgate
