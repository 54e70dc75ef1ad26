#include "ui/window/pagelist.h"

#include "ui/look/colours.h"

#include <QEvent>
#include <QPainter>
#include <QStyledItemDelegate>

namespace sixgate
{

namespace
{

/// The chosen page is a card; the focus is a frame around it.
class PageDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const Colours colours = Colours::of(option.palette);
        const QRectF place = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5);
        const bool chosen = option.state & QStyle::State_Selected;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (chosen || (option.state & QStyle::State_MouseOver)) {
            const bool focus = chosen && (option.state & QStyle::State_HasFocus);
            painter->setPen(focus ? QPen(option.palette.color(QPalette::Highlight), 1.6)
                                  : QPen(chosen ? colours.line : QColor(Qt::transparent), 1));
            painter->setBrush(chosen ? colours.card : QColor(Qt::transparent));
            painter->drawRoundedRect(place, 6, 6);
        }
        QFont font = option.font;
        if (chosen)
            font.setWeight(QFont::DemiBold);
        painter->setFont(font);
        painter->setPen(chosen ? option.palette.color(QPalette::WindowText) : colours.quiet);
        painter->drawText(place.adjusted(12, 0, -8, 0), Qt::AlignVCenter | Qt::AlignLeft,
                          index.data(Qt::DisplayRole).toString());
        painter->restore();
    }
};

} // namespace

PageList::PageList(QWidget *parent) : QListWidget(parent)
{
    setObjectName(QStringLiteral("pages"));
    setAccessibleName(tr("Pages"));
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setMouseTracking(true);
    setItemDelegate(new PageDelegate(this));
    QPalette own;
    own.setColor(QPalette::Base, Qt::transparent);
    setPalette(own);
}

void PageList::add(const QString &title)
{
    addItem(title);
    size();
}

QSize PageList::sizeHint() const
{
    int widest = 0;
    for (int i = 0; i < count(); ++i)
        widest = std::max(widest, fontMetrics().horizontalAdvance(item(i)->text()));
    return {std::max(144, widest * 5 / 4 + 40), QListWidget::sizeHint().height()};
}

void PageList::size()
{
    for (int i = 0; i < count(); ++i)
        item(i)->setSizeHint({0, fontMetrics().height() + 20});
}

void PageList::changeEvent(QEvent *event)
{
    QListWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange)
        size();
}

} // namespace sixgate
