#pragma once

#include "model/overview.h"

#include <QColor>
#include <QPalette>

namespace sixgate
{

/// What the platform's palette does not have: the colours of states. Each state has a shape and a word as well.
struct Colours {
    QColor page, card, line, quiet; ///< window, raised area, its border, text of less weight
    QColor edge;                    ///< the outline of a control: at least 3 : 1 on page and card
    QColor accent;
    bool dark = false;
    bool panel = false;

    static Colours of(const QPalette &palette);
    /// For a panel of which nobody tells whether it is light or dark: at least 3 : 1 on both.
    static Colours onPanel();
    QColor state(OverviewState state) const;
    QColor tint(OverviewState state) const; ///< a background for it
    QColor sign() const;                    ///< on a state's colour
};

/// A path as a state: works, broken, unknown.
OverviewState stateOf(PathState state);

} // namespace sixgate
