#pragma once

#include "model/pathreport.h"

namespace sixgate::ctl
{

/// A check as monitors read it. Pure.

/// Exit codes of a monitoring plugin.
enum NagiosExit {
    NagiosOk = 0,
    NagiosWarning = 1,  ///< every path works, and there is a warning
    NagiosCritical = 2, ///< a path is broken, or there is an error
    NagiosUnknown = 3,  ///< a path could not be checked and none is broken, or nothing could be checked
};

struct NagiosAnswer {
    QString line; ///< with its line end
    int exit = NagiosUnknown;
};

NagiosAnswer nagios(const CheckReport &report);
NagiosAnswer nagios(const Error &error); ///< nothing could be checked

/// Exposition text, format 0.0.4.
QString prometheus(const CheckReport &report);
QString prometheusFailed(); ///< nothing could be checked

} // namespace sixgate::ctl
