#pragma once

namespace sixgate
{

/// Fusion draws the outlines of fields, check boxes and radio buttons darker than the window, where nobody sees them on
/// a dark one: from now on they are drawn lighter there. Nothing with other styles. Once, before the first widget; GUI
/// thread.
void drawOutlines();

} // namespace sixgate
