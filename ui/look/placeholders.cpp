#include "ui/look/placeholders.h"

#include <QApplication>
#include <QEvent>
#include <QPalette>

#include <cstdlib>

namespace sixgate
{

namespace
{

constexpr int leastDifference = 60; // of 255 in lightness

class Keeper final : public QObject
{
public:
    explicit Keeper(QObject *parent) : QObject(parent) {}

    bool eventFilter(QObject *watched, QEvent *event) override
    {
        if (event->type() == QEvent::ApplicationPaletteChange && watched == parent())
            look();
        return false;
    }

    void look()
    {
        const QPalette now = QApplication::palette();
        const QColor ground = now.color(QPalette::Base), placed = now.color(QPalette::PlaceholderText);
        const int shown = (placed.lightness() - ground.lightness()) * placed.alpha() / 255;
        if (!m_owns && std::abs(shown) >= leastDifference)
            return;
        QColor quiet = now.color(QPalette::Text);
        quiet.setAlpha(150);
        m_owns = true;
        if (placed == quiet)
            return;
        QPalette own;
        own.setColor(QPalette::PlaceholderText, quiet);
        QApplication::setPalette(own);
    }

private:
    bool m_owns = false;
};

} // namespace

void keepPlaceholdersReadable()
{
    auto *keeper = new Keeper(QCoreApplication::instance());
    QCoreApplication::instance()->installEventFilter(keeper);
    keeper->look();
}

} // namespace sixgate
