#include "ui/look/drawnicon.h"

#include <QIconEngine>
#include <QPainter>

namespace sixgate
{

namespace
{

class DrawnEngine final : public QIconEngine
{
public:
    explicit DrawnEngine(std::function<void(QPainter &, const QRect &)> draw) : m_draw(std::move(draw)) {}

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode, QIcon::State) override { m_draw(*painter, rect); }
    QIconEngine *clone() const override { return new DrawnEngine(*this); }
    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap map(size);
        map.fill(Qt::transparent);
        QPainter painter(&map);
        paint(&painter, QRect(QPoint(), size), mode, state);
        return map;
    }

private:
    std::function<void(QPainter &, const QRect &)> m_draw;
};

} // namespace

QIcon drawnIcon(std::function<void(QPainter &, const QRect &)> draw)
{
    return QIcon(new DrawnEngine(std::move(draw)));
}

} // namespace sixgate
