#include "ui/overview/pathfigure.h"

#include "ui/look/marks.h"

#include <QEvent>
#include <QPainter>
#include <QPainterPath>
#include <QStyleOption>

namespace sixgate
{

namespace
{

constexpr int edge = 16;
constexpr PathKind allKinds[] = {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan};

QFont small(const QFont &font)
{
    QFont one = font;
    one.setPointSizeF(font.pointSizeF() * 0.92);
    return one;
}

QFont strong(const QFont &font)
{
    QFont one = font;
    one.setWeight(QFont::DemiBold);
    return one;
}

/// A box with its name, and below it what is to be known of it.
void paintNode(QPainter &painter, const QRectF &place, const QString &title, QStringList below, const Colours &colours,
               const QPalette &palette, const QFont &font)
{
    painter.setPen(QPen(colours.line, 1));
    painter.setBrush(colours.card);
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    below.removeAll(QString());
    const QRectF words = place.adjusted(8, 0, -8, 0);
    const QFontMetricsF upper(strong(font)), lower(small(font));
    const qreal gap = 2, all = upper.height() + qreal(below.size()) * (gap + lower.height());
    QRectF line(words.left(), place.center().y() - all / 2, words.width(), upper.height());
    painter.setFont(strong(font));
    painter.setPen(palette.color(QPalette::WindowText));
    painter.drawText(line, Qt::AlignCenter, upper.elidedText(title, Qt::ElideRight, words.width()));
    painter.setFont(small(font));
    painter.setPen(colours.quiet);
    for (const QString &one : below) {
        line = QRectF(words.left(), line.bottom() + gap, words.width(), lower.height());
        painter.drawText(line, Qt::AlignCenter, lower.elidedText(one, Qt::ElideMiddle, words.width()));
    }
}

} // namespace

QString pathTitle(PathKind kind)
{
    switch (kind) {
    case PathKind::V4:
        return PathFigure::tr("IPv4");
    case PathKind::Upstream:
        return PathFigure::tr("Upstream");
    case PathKind::V6:
        return PathFigure::tr("IPv6");
    case PathKind::Lan:
        return PathFigure::tr("LAN");
    }
    return {};
}

QString glanceText(const PathGlance &glance)
{
    switch (glance.state) {
    case PathState::Works:
        return glance.took ? PathFigure::tr("%1 ms").arg(glance.took->count()) : PathFigure::tr("works");
    case PathState::Broken:
        return PathFigure::tr("fails");
    case PathState::Unknown:
        break;
    }
    return PathFigure::tr("not proven");
}

// ---------------------------------------------------------------- one path

PathPill::PathPill(PathKind kind, QWidget *parent) : QAbstractButton(parent), m_kind(kind)
{
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    show({});
}

void PathPill::show(const PathGlance &glance)
{
    m_state = glance.state;
    setText(QStringLiteral("%1  %2").arg(int(m_kind)).arg(glanceText(glance)));
    const QString what = [this] {
        switch (m_kind) {
        case PathKind::V4:
            return tr("Path 1: visitors with IPv4, through the VPS");
        case PathKind::Upstream:
            return tr("Path 2: from the VPS to the home");
        case PathKind::V6:
            return tr("Path 3: visitors with IPv6, directly");
        case PathKind::Lan:
            return tr("Path 4: in the LAN");
        }
        return QString();
    }();
    setAccessibleName(QStringLiteral("%1: %2").arg(what, glanceText(glance)));
    setAccessibleDescription(glance.why);
    setToolTip(glance.why.isEmpty() ? what : QStringLiteral("%1\n%2").arg(what, glance.why));
    updateGeometry();
    update();
}

void PathPill::setBrief(bool brief)
{
    m_brief = brief;
    update();
}

QString PathPill::shownText() const
{
    return m_brief ? QString::number(int(m_kind)) : text();
}

QSize PathPill::sizeHint() const
{
    const QFontMetrics metrics(strong(small(font())));
    const int height = metrics.height() + 10;
    return {metrics.horizontalAdvance(shownText()) + height + 16, height};
}

void PathPill::paintEvent(QPaintEvent *)
{
    const Colours colours = Colours::of(palette());
    const OverviewState state = stateOf(m_state);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF place = QRectF(rect()).adjusted(1, 1, -1, -1);
    painter.setPen(hasFocus() ? QPen(palette().color(QPalette::Highlight), 2) : QPen(colours.state(state), 1.2));
    painter.setBrush(underMouse() || isDown() ? colours.tint(state) : colours.card);
    painter.drawRoundedRect(place, place.height() / 2, place.height() / 2);
    const qreal mark = place.height() - 8;
    paintMark(painter, QRectF(place.left() + 6, place.top() + 4, mark, mark), state, colours);
    painter.setFont(strong(small(font())));
    painter.setPen(palette().color(QPalette::WindowText));
    painter.drawText(place.adjusted(mark + 10, 0, -8, 0), Qt::AlignVCenter | Qt::AlignHCenter, shownText());
}

// ---------------------------------------------------------------- all

struct PathFigure::Places {
    QRectF home, server, router, computer, vps, visitors4, visitors6;
    QPainterPath lan, upstream, v4, v6;
};

PathFigure::PathFigure(Use use, QWidget *parent) : QWidget(parent)
{
    setObjectName(QStringLiteral("figure"));
    setAccessibleName(tr("The four paths"));
    for (const PathKind kind : allKinds) {
        auto *pill = new PathPill(kind, this);
        pill->setObjectName(QStringLiteral("path-%1").arg(pathName(kind)));
        connect(pill, &QAbstractButton::clicked, this, [this, kind] { Q_EMIT chosen(kind); });
        if (use == Use::Shown) {
            pill->setFocusPolicy(Qt::NoFocus);
            pill->unsetCursor();
        }
        m_pills.emplace(kind, pill);
    }
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
}

QString PathFigure::routerText(bool isClosed)
{
    return isClosed ? tr("closed for visitors") : tr("IPv6 only");
}

void PathFigure::show(const std::map<PathKind, PathGlance> &paths, const FigureTexts &texts)
{
    m_texts = texts;
    // What is drawn beside the paths, for who hears it.
    QStringList beside{tr("Server: %1").arg(texts.server), texts.serverCertificate,
                       tr("Prefix: %1").arg(texts.prefix), tr("Router: %1").arg(routerText(texts.routerClosed)),
                       tr("VPS: %1").arg(texts.vps),       texts.vpsCertificate};
    beside.removeAll(QString());
    setAccessibleDescription(beside.join(QStringLiteral("; ")));
    for (const auto &[kind, pill] : m_pills) {
        const auto found = paths.find(kind);
        pill->show(found == paths.end() ? PathGlance() : found->second);
    }
    placePills();
    update();
}

QSize PathFigure::minimumSizeHint() const
{
    const int line = fontMetrics().height();
    return {50 * line, 16 * line};
}

QSize PathFigure::sizeHint() const
{
    const int line = fontMetrics().height();
    return {56 * line, 18 * line};
}

PathFigure::Places PathFigure::places() const
{
    Places all;
    const qreal line = QFontMetricsF(font()).height();
    const QRectF area = QRectF(rect()).adjusted(edge, edge, -edge, -edge);
    const qreal height = 3.1 * line;
    const qreal width = std::clamp(area.width() * 0.14, 8.2 * line, 11 * line);
    const qreal caption = 2 * line; // above and below
    all.home = QRectF(area.left(), area.top(), area.width() * 0.42, area.height());
    const QRectF inside = all.home.adjusted(edge, caption, -edge, -caption);
    const qreal more = m_texts.serverCertificate.isEmpty() && m_texts.vpsCertificate.isEmpty() ? 0 : line;
    const QFontMetricsF lower(small(font()));
    // As wide as the words need, as far as there is room.
    const auto widthFor = [&](std::initializer_list<QString> words, qreal most) {
        qreal widest = width;
        for (const QString &one : words)
            widest = std::max(widest, lower.horizontalAdvance(one) + edge + 4);
        return std::min(widest, std::max(width, most));
    };
    const qreal left = widthFor({m_texts.server, m_texts.serverCertificate}, inside.width() - width - 2 * edge);
    all.server = QRectF(inside.left(), inside.top(), left, height + more);
    all.computer = QRectF(inside.left(), inside.bottom() - height, left, height);
    all.router = QRectF(inside.right() - width, 0, width, height);
    all.router.moveCenter(QPointF(all.router.center().x(), inside.center().y()));
    const qreal right = area.right() - width;
    all.visitors4 = QRectF(right, inside.top() + more / 2, width, height);
    all.visitors6 = QRectF(right, inside.bottom() - height, width, height);
    const qreal free = right - all.home.right() - width;
    const qreal middle = widthFor({m_texts.vps, m_texts.vpsCertificate}, free * 0.62);
    all.vps = QRectF(all.home.right() + free * 0.46 - (middle - width) / 2, inside.top(), middle, height + more);

    all.lan.moveTo(all.server.center().x(), all.server.bottom());
    all.lan.lineTo(all.computer.center().x(), all.computer.top());
    const QPointF up(all.router.right(), all.router.center().y() - height * 0.22);
    const QPointF down(all.router.right(), all.router.center().y() + height * 0.22);
    const auto curve = [](QPainterPath &path, const QPointF &from, const QPointF &to) {
        const qreal half = (to.x() - from.x()) / 2;
        path.moveTo(from);
        path.cubicTo(QPointF(from.x() + half, from.y()), QPointF(to.x() - half, to.y()), to);
    };
    curve(all.upstream, up, QPointF(all.vps.left(), all.vps.center().y()));
    curve(all.v6, down, QPointF(all.visitors6.left(), all.visitors6.center().y()));
    all.v4.moveTo(all.vps.right(), all.vps.center().y());
    all.v4.lineTo(all.visitors4.left(), all.visitors4.center().y());
    return all;
}

void PathFigure::placePills()
{
    const Places all = places();
    const auto put = [this, &all](PathKind kind, const QPointF &at) {
        PathPill *pill = m_pills.at(kind);
        const auto place = [&] {
            const QSize size = pill->sizeHint();
            return QRect(QPoint(qRound(at.x() - size.width() / 2.0), qRound(at.y() - size.height() / 2.0)), size);
        };
        pill->setBrief(false);
        const QRectF whole = place();
        for (const QRectF &box : {all.server, all.router, all.computer, all.vps, all.visitors4, all.visitors6}) {
            if (box.intersects(whole))
                pill->setBrief(true);
        }
        pill->setGeometry(place());
    };
    put(PathKind::V4, all.v4.pointAtPercent(0.5));
    put(PathKind::Upstream, all.upstream.pointAtPercent(0.55));
    put(PathKind::V6, all.v6.pointAtPercent(0.5));
    put(PathKind::Lan, all.lan.pointAtPercent(0.5));
}

void PathFigure::resizeEvent(QResizeEvent *)
{
    placePills();
}

void PathFigure::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) {
        updateGeometry();
        placePills();
    }
    QWidget::changeEvent(event);
}

void PathFigure::paintEvent(QPaintEvent *)
{
    const Colours colours = Colours::of(palette());
    const Places all = places();
    const qreal line = QFontMetricsF(font()).height();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);

    painter.setPen(QPen(colours.line, 1, Qt::DashLine));
    QColor ground = colours.state(OverviewState::Working);
    ground.setAlphaF(0.05f);
    painter.setBrush(ground);
    painter.drawRoundedRect(all.home.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
    painter.setFont(strong(font()));
    painter.setPen(colours.quiet);
    const auto caption = [&](const QRectF &box, qreal top, const QString &text, const QFont &own) {
        painter.setFont(own);
        const QFontMetricsF metrics(own);
        const QRectF place(box.left(), top, box.width(), line);
        painter.drawText(place, Qt::AlignLeft | Qt::AlignVCenter,
                         metrics.elidedText(text, Qt::ElideRight, place.width()));
    };
    const QRectF inside = all.home.adjusted(edge, 0, -edge, 0);
    caption(inside, all.home.top() + line * 0.5, tr("Home"), strong(font()));
    caption(inside, all.home.bottom() - line * 1.5, m_texts.prefix, small(font()));
    const QRectF outside(all.vps.left(), all.home.top(), all.visitors4.right() - all.vps.left(), line);
    caption(outside, all.home.top() + line * 0.5, tr("Internet"), strong(font()));

    // What is between: it is why there is a VPS.
    const QRectF between(all.home.right() + edge, all.home.top(), all.visitors6.left() - all.home.right() - 2 * edge,
                         line);
    caption(between, all.home.bottom() - line * 1.5, tr("Provider: its NAT keeps visitors with IPv4 out"),
            small(font()));

    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(colours.line, 2));
    const QPointF from(all.server.right(), all.server.center().y()), to(all.router.center().x(), all.router.top());
    QPainterPath cable(from);
    cable.cubicTo(QPointF(to.x(), from.y()), QPointF(to.x(), from.y()), to);
    painter.drawPath(cable);
    const std::pair<PathKind, const QPainterPath *> ways[] = {{PathKind::V4, &all.v4},
                                                              {PathKind::Upstream, &all.upstream},
                                                              {PathKind::V6, &all.v6},
                                                              {PathKind::Lan, &all.lan}};
    for (const auto &[kind, way] : ways) {
        const PathState state = m_pills.at(kind)->state();
        QPen pen(colours.state(stateOf(state)), 2.4);
        pen.setCapStyle(Qt::FlatCap);
        if (state != PathState::Works)
            pen.setDashPattern(state == PathState::Broken ? QList<qreal>{2.5, 2} : QList<qreal>{1, 2});
        painter.setPen(pen);
        painter.drawPath(*way);
    }
    const auto node = [&](const QRectF &place, const QString &title, const QStringList &below) {
        paintNode(painter, place, title, below, colours, palette(), font());
    };
    node(all.server, tr("Server"), {m_texts.server, m_texts.serverCertificate});
    node(all.computer, tr("This computer"), {tr("in the LAN")});
    node(all.router, tr("Router"), {routerText(m_texts.routerClosed)});
    node(all.vps, tr("VPS"), {m_texts.vps, m_texts.vpsCertificate});
    node(all.visitors4, tr("IPv4 visitors"), {tr("e.g. mobile")});
    node(all.visitors6, tr("IPv6 visitors"), {tr("directly")});
}

} // namespace sixgate
