#include "ui/wizard/steplist.h"

#include "ui/look/marks.h"

#include <QEvent>
#include <QPainter>
#include <QStyledItemDelegate>

namespace sixgate
{

namespace
{

enum Role { NumberRole = Qt::UserRole, DoneRole, NowRole };

/// A number in a circle, a tick where it is done; the present step is a card.
class StepDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &given, const QModelIndex &index) const override
    {
        // Steps to come are quiet, but as readable as any text.
        QStyleOptionViewItem option = given;
        option.palette.setCurrentColorGroup(QPalette::Active);
        const Colours colours = Colours::of(option.palette);
        const bool now = index.data(NowRole).toBool();
        const bool done = index.data(DoneRole).toBool();
        const bool focus = option.state & QStyle::State_HasFocus;
        const QRectF place = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (now || focus) {
            painter->setPen(focus ? QPen(option.palette.color(QPalette::Highlight), 1.6) : QPen(colours.line, 1));
            painter->setBrush(now ? colours.card : QColor(Qt::transparent));
            painter->drawRoundedRect(place, 6, 6);
        }
        const qreal size = option.fontMetrics.height() + 2;
        const QRectF mark(place.left() + 10, place.center().y() - size / 2, size, size);
        if (done && !now) {
            paintMark(*painter, mark, OverviewState::Fine, colours);
        } else {
            const QColor colour = now ? colours.accent : colours.quiet;
            painter->setPen(QPen(colour, 1.4));
            painter->setBrush(now ? colours.accent : QColor(Qt::transparent));
            painter->drawEllipse(mark.adjusted(1, 1, -1, -1));
            QFont small = option.font;
            small.setPointSizeF(small.pointSizeF() * 0.8);
            painter->setFont(small);
            painter->setPen(now ? colours.sign() : colour);
            painter->drawText(mark, Qt::AlignCenter, index.data(NumberRole).toString());
        }
        QFont font = option.font;
        if (now)
            font.setWeight(QFont::DemiBold);
        painter->setFont(font);
        painter->setPen(now || done ? option.palette.color(QPalette::WindowText) : colours.quiet);
        painter->drawText(QRectF(mark.right() + 10, place.top(), place.right() - mark.right() - 14, place.height()),
                          Qt::AlignVCenter | Qt::AlignLeft, index.data(Qt::DisplayRole).toString());
        painter->restore();
    }
};

} // namespace

StepList::StepList(QWidget *parent) : QListWidget(parent)
{
    setObjectName(QStringLiteral("steps"));
    setAccessibleName(tr("Steps"));
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSelectionMode(QAbstractItemView::NoSelection);
    setItemDelegate(new StepDelegate(this));
    QPalette own;
    own.setColor(QPalette::Base, Qt::transparent);
    setPalette(own);
    connect(this, &QListWidget::itemClicked, this, &StepList::choose);
}

void StepList::choose()
{
    if (currentRow() >= 0 && currentRow() <= m_reached && currentRow() != m_now)
        Q_EMIT wants(currentRow());
}

void StepList::add(const QString &title)
{
    auto *item = new QListWidgetItem(title, this);
    item->setData(NumberRole, count());
    fill();
}

void StepList::show(int now, int reached)
{
    m_now = now;
    m_reached = std::max(now, reached);
    fill();
    // Enter is to lead nowhere until another step is chosen.
    setCurrentRow(now);
}

void StepList::fill()
{
    for (int i = 0; i < count(); ++i) {
        QListWidgetItem *one = item(i);
        one->setSizeHint({0, fontMetrics().height() + 20});
        one->setData(NowRole, i == m_now);
        one->setData(DoneRole, i < m_now);
        one->setFlags(i <= m_reached ? Qt::ItemIsEnabled | Qt::ItemIsSelectable : Qt::NoItemFlags);
        const QString how = i == m_now ? tr("present step") : i < m_now ? tr("done") : tr("to come");
        one->setData(Qt::AccessibleTextRole, tr("%1, %2").arg(one->text(), how));
    }
}

QSize StepList::sizeHint() const
{
    int widest = 0;
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    for (int i = 0; i < count(); ++i)
        widest = std::max(widest, QFontMetrics(bold).horizontalAdvance(item(i)->text()));
    return {std::max(152, widest + fontMetrics().height() + 52), QListWidget::sizeHint().height()};
}

void StepList::changeEvent(QEvent *event)
{
    QListWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange)
        fill();
}

} // namespace sixgate
