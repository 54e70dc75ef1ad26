#pragma once

#include <QString>

namespace sixgate
{

/// Where somebody is told what to do: anywhere in the window, in the setup, or about a job for which the window's form
/// has asked for the VPS's password.
enum class ToldIn { Window, Setup, PasswordJob };

/// What to do, in words for the desktop program: where a sentence names a command that has a button here, the button.
/// Other commands stay; what an option of a command would do is left out.
///
///     buttonWords("Set the VPS up again: sixgatectl apply")      // "Set the VPS up again: VPS, “Redeploy”"
QString buttonWords(QString text, ToldIn where = ToldIn::Window);

} // namespace sixgate
