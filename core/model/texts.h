#pragma once

#include <QCoreApplication>

namespace sixgate
{

/// The core's sentences for people: `Texts::tr("…")` gives one in the language that the program has loaded
/// (ui/look/texts), and as it stands where it has loaded none, as sixgatectl does. From any thread. No %n: without a
/// language there is nobody to make plurals of it.
class Texts
{
    Q_DECLARE_TR_FUNCTIONS(Texts) // as it is called: where lupdate does not find the class, too
};

} // namespace sixgate
