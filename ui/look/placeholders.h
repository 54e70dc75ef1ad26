#pragma once

namespace sixgate
{

/// Sees to it that examples in empty fields can be read: some desktops' dark colours leave their colour as it was. For
/// as long as the application lives; GUI thread.
void keepPlaceholdersReadable();

} // namespace sixgate
