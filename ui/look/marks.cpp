#include "ui/look/marks.h"

#include "ui/look/drawnicon.h"

#include <QCoreApplication>
#include <QFile>
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

} // namespace

void paintMark(QPainter &painter, const QRectF &place, OverviewState state, const Colours &colours)
{
    rendererOf(state, colours.state(state), colours.sign()).render(&painter, place);
}

QIcon markIcon(OverviewState state, const Colours &colours)
{
    return drawnIcon([=](QPainter &painter, const QRect &place) { paintMark(painter, place, state, colours); });
}

QIcon programIcon()
{
    return QIcon(QStringLiteral(":/sixgate/icons/sixgate.svg"));
}

QString stateWord(OverviewState state)
{
    switch (state) {
    case OverviewState::Fine:
        return QCoreApplication::translate("Marks", "all is well");
    case OverviewState::Working:
        return QCoreApplication::translate("Marks", "working");
    case OverviewState::Degraded:
        return QCoreApplication::translate("Marks", "something is wrong");
    case OverviewState::Broken:
        return QCoreApplication::translate("Marks", "not reachable");
    case OverviewState::Paused:
        return QCoreApplication::translate("Marks", "paused");
    case OverviewState::Unknown:
        break;
    }
    return QCoreApplication::translate("Marks", "not known");
}

} // namespace sixgate
