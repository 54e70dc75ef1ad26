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
    /// What it is asked for by who takes pictures of it elsewhere: a panel on the bus would scale others.
    QList<QSize> availableSizes(QIcon::Mode, QIcon::State) override
    {
        QList<QSize> all;
        for (const int size : {16, 22, 24, 32, 48, 64})
            all << QSize(size, size);
        return all;
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
