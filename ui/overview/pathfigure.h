#pragma once

#include "ui/look/colours.h"

#include <QAbstractButton>

#include <map>

namespace sixgate
{

/// What stands in the figure beside the paths.
struct FigureTexts {
    QString server; ///< its address at home, or why it is not known
    QString prefix;
    QString vps;                    ///< its name
    QString serverCertificate = {}; ///< "certificate: 58 days"; may be empty
    QString vpsCertificate = {};
    bool routerClosed = false; ///< it keeps visitors out
};

/// One path on the figure: its mark, number and time. A button: it can be reached by the keyboard.
class PathPill : public QAbstractButton
{
    Q_OBJECT

public:
    PathPill(PathKind kind, QWidget *parent);
    void show(const PathGlance &glance);
    PathState state() const { return m_state; }
    /// Its mark and number alone, where the words have no room: the table below has them.
    void setBrief(bool brief);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QString shownText() const;

    PathKind m_kind;
    PathState m_state = PathState::Unknown;
    bool m_brief = false;
};

/// Home, VPS and visitors, and the four paths between them, drawn with their states.
class PathFigure : public QWidget
{
    Q_OBJECT

public:
    /// Whether a path can be chosen.
    enum class Use { Chosen, Shown };
    explicit PathFigure(Use use, QWidget *parent = nullptr);
    void show(const std::map<PathKind, PathGlance> &paths, const FigureTexts &texts);
    void focusPath(PathKind kind) { m_pills.at(kind)->setFocus(); }
    QSize minimumSizeHint() const override;
    QSize sizeHint() const override;

Q_SIGNALS:
    void chosen(sixgate::PathKind kind);

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    struct Places;
    static QString routerText(bool isClosed);
    Places places() const;
    void placePills();

    std::map<PathKind, PathPill *> m_pills;
    FigureTexts m_texts;
};

/// "IPv4", "upstream", "IPv6", "LAN", for people.
QString pathTitle(PathKind kind);
/// "28 ms", "fails", "not proven yet".
QString glanceText(const PathGlance &glance);

} // namespace sixgate
