#pragma once

#include <QString>

namespace sixgate::tests
{

/// A desktop's panel and its notifications on the session bus, as a process of its own: what arrives becomes a line of
/// `file`. (StatusNotifierItem; Desktop Notifications Specification.)
int hostTray(int argc, char **argv, const QString &file);

} // namespace sixgate::tests
