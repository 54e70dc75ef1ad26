#include "ui/look/outlines.h"

#include "ui/look/colours.h"

#include <QApplication>
#include <QPainter>
#include <QProxyStyle>
#include <QStyleOption>

namespace sixgate
{

namespace
{

class OutlineStyle final : public QProxyStyle
{
public:
    using QProxyStyle::QProxyStyle;

    void drawPrimitive(PrimitiveElement element, const QStyleOption *option, QPainter *painter,
                       const QWidget *widget) const override
    {
        QProxyStyle::drawPrimitive(element, option, painter, widget);
        const bool isCircle = element == PE_IndicatorRadioButton;
        const bool isField = element == PE_FrameLineEdit;
        if (!isCircle && !isField && element != PE_IndicatorCheckBox)
            return;
        const Colours colours = Colours::of(option->palette);
        if (!colours.dark)
            return;
        const bool focus = isField && (option->state & State_HasFocus);
        const bool off = !(option->state & State_Enabled);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(focus ? colours.accent : off ? colours.line : colours.edge, focus ? 1.5 : 1));
        const QRectF place = QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5);
        if (isCircle)
            painter->drawEllipse(place);
        else
            painter->drawRoundedRect(place, 2, 2);
        painter->restore();
    }
};

} // namespace

void drawOutlines()
{
    const QString fusion = QStringLiteral("fusion");
    if (QApplication::style()->name() == fusion)
        QApplication::setStyle(new OutlineStyle(fusion));
}

} // namespace sixgate
