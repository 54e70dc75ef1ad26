#include "ui/look/marks.h"

#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QSvgRenderer>

#include <map>
#include <memory>

namespace sixgate
{

namespace
{

QByteArray read(const QString &name)
{
    QFile file(QStringLiteral(":/sixgate/icons/%1.svg").arg(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// Of the GUI thread.
QSvgRenderer &rendererOf(OverviewState state, const QColor &body, const QColor &sign)
{
    static std::map<std::tuple<OverviewState, QRgb, QRgb>, std::unique_ptr<QSvgRenderer>> all;
    auto &one = all[{state, body.rgb(), sign.rgb()}];
    if (!one) {
        const QByteArray drawing = read(overviewStateName(state))
                                       .replace("#000001", body.name().toLatin1())
                                       .replace("#000002", sign.name().toLatin1());
        one = std::make_unique<QSvgRenderer>(drawing);
    }
    return *one;
}

class MarkEngine final : public QIconEngine
{
public:
    MarkEngine(OverviewState state, Colours colours) : m_state(state), m_colours(std::move(colours)) {}

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode, QIcon::State) override
    {
        paintMark(*painter, rect, m_state, m_colours);
    }
    QIconEngine *clone() const override { return new MarkEngine(*this); }
    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap map(size);
        map.fill(Qt::transparent);
        QPainter painter(&map);
        paint(&painter, QRect(QPoint(), size), mode, state);
        return map;
    }

private:
    OverviewState m_state;
    Colours m_colours;
};

} // namespace

void paintMark(QPainter &painter, const QRectF &place, OverviewState state, const Colours &colours)
{
    rendererOf(state, colours.state(state), colours.sign()).render(&painter, place);
}

QIcon markIcon(OverviewState state, const Colours &colours)
{
    return QIcon(new MarkEngine(state, colours));
}

QIcon programIcon()
{
    return QIcon(QStringLiteral(":/sixgate/icons/sixgate.svg"));
}

} // namespace sixgate
