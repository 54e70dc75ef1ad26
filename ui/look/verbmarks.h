#pragma once

#include "model/plan.h"
#include "ui/look/colours.h"

#include <QIcon>

namespace sixgate
{

/// The shape of what a change does: a frame with plus (create, install, get), pencil stroke (change), minus (delete) or
/// arrow (enable, activate, open). Sharp at each size.
QIcon verbIcon(Verb verb, const Colours &colours);

} // namespace sixgate
