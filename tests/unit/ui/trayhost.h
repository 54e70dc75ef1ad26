#pragma once

#include <QString>

namespace sixgate::tests
{

/// What a desktop has on the session bus.
enum class Hosts {
    Both,
    List, ///< notifications, and the list of panels, with none in it
    Notifications,
};

/// A desktop's panel and its notifications on the session bus, as a process of its own: what arrives becomes a line of
/// `file`. (StatusNotifierItem; Desktop Notifications Specification.)
int hostTray(int argc, char **argv, const QString &file, Hosts what = Hosts::Both);

} // namespace sixgate::tests
