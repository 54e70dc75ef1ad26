#include "ui/look/colours.h"

namespace sixgate
{

namespace
{

QColor mix(const QColor &a, const QColor &b, qreal part)
{
    return QColor::fromRgbF(float(a.redF() + (b.redF() - a.redF()) * part),
                            float(a.greenF() + (b.greenF() - a.greenF()) * part),
                            float(a.blueF() + (b.blueF() - a.blueF()) * part));
}

} // namespace

Colours Colours::of(const QPalette &palette)
{
    Colours one;
    const QColor window = palette.color(QPalette::Window);
    const QColor text = palette.color(QPalette::WindowText);
    one.dark = window.lightnessF() < text.lightnessF();
    one.page = window;
    one.card = one.dark ? mix(window, text, 0.05) : mix(window, Qt::white, 0.85);
    one.line = mix(window, text, one.dark ? 0.18 : 0.14);
    one.edge = mix(window, text, one.dark ? 0.42 : 0.5);
    one.quiet = mix(window, text, 0.66); // at least 4.5 : 1 on page and card
    one.accent = one.dark ? QColor(0x8a, 0xb4, 0xff) : QColor(0x1f, 0x5f, 0x8b);
    return one;
}

Colours Colours::onPanel()
{
    Colours one;
    one.panel = true;
    one.quiet = QColor(0x75, 0x7b, 0x83);
    one.accent = QColor(0x2f, 0x7f, 0xc1);
    return one;
}

QColor Colours::state(OverviewState state) const
{
    if (panel && state == OverviewState::Fine)
        return {0x1c, 0x8f, 0x55};
    if (panel && state == OverviewState::Degraded)
        return {0xb0, 0x6f, 0x00};
    if (panel && state == OverviewState::Broken)
        return {0xd9, 0x48, 0x3f};
    switch (state) {
    case OverviewState::Fine:
        return dark ? QColor(0x57, 0xcf, 0x95) : QColor(0x16, 0x7a, 0x47);
    case OverviewState::Degraded:
        return dark ? QColor(0xf2, 0xb8, 0x66) : QColor(0x99, 0x58, 0x00);
    case OverviewState::Broken:
        return dark ? QColor(0xff, 0x8b, 0x80) : QColor(0xc0, 0x2b, 0x2b);
    case OverviewState::Working:
        return accent;
    case OverviewState::Paused:
    case OverviewState::Unknown:
        break;
    }
    return quiet;
}

QColor Colours::tint(OverviewState state) const
{
    return mix(card, this->state(state), dark ? 0.16 : 0.10);
}

QColor Colours::sign() const
{
    return dark ? QColor(0x15, 0x18, 0x1c) : QColor(Qt::white);
}

OverviewState stateOf(PathState state)
{
    switch (state) {
    case PathState::Works:
        return OverviewState::Fine;
    case PathState::Broken:
        return OverviewState::Broken;
    case PathState::Unknown:
        break;
    }
    return OverviewState::Unknown;
}

} // namespace sixgate
