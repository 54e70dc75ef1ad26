#include "ui/look/quietlabel.h"

#include "ui/look/colours.h"

#include <QApplication>
#include <QEvent>

namespace sixgate
{

QuietLabel::QuietLabel(const QString &text, QWidget *parent) : QLabel(text, parent)
{
    setTextFormat(Qt::PlainText);
    tone();
}

void QuietLabel::tone()
{
    // Of the program's palette: its own one has the quiet colour already.
    const QColor quiet = Colours::of(QApplication::palette(this)).quiet;
    QPalette own = palette();
    if (own.color(QPalette::WindowText) == quiet)
        return;
    own.setColor(QPalette::WindowText, quiet);
    setPalette(own);
}

void QuietLabel::changeEvent(QEvent *event)
{
    QLabel::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::ApplicationPaletteChange)
        tone();
}

} // namespace sixgate
