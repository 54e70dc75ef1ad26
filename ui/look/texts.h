#pragma once

namespace sixgate
{

/// Loads the program's texts in the user's language, and in English where there are none in it: there, too, texts
/// differ by number. Once, before the first widget; GUI thread.
void loadTexts();

} // namespace sixgate
