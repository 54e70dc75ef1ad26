#pragma once

#include <QPalette>

class QString;
class QWidget;

namespace sixgate::tests
{

/// A dark palette as desktops have them.
QPalette darkPalette();

/// Pictures of a window for people to look at, light and dark, at the screen's scale and at twice that:
/// `NAME-THEME-SCALEx.png` in the folder that SHOTS in the environment names. Nothing where it names none, or where the
/// folder has them already. The event loop runs meanwhile.
void takePictures(QWidget &window, const QString &name);

} // namespace sixgate::tests
