#pragma once

#include <QStyledItemDelegate>

namespace sixgate
{

/// No frame around the one cell that has the focus: whole rows are chosen.
class RowDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        QStyleOptionViewItem own = option;
        own.state &= ~QStyle::State_HasFocus;
        QStyledItemDelegate::paint(painter, own, index);
    }
};

} // namespace sixgate
