#pragma once

#include "model/names.h"

#include <QDateTime>
#include <QString>

#include <chrono>

namespace sixgate
{

/// What the user is told of; "silent" and "back" are told by the VPS.
enum class AlarmEvent {
    Trouble, ///< something is wrong, and lasts
    Over,    ///< it no longer is
    Passed,  ///< another machine keeps the home now, and tells what it sees
    Fine,    ///< all is well, said again and again to a service that listens for silence
    Test,    ///< the user wants to see whether it arrives
};
/// "trouble", "over", "fine", "test"; stable: programs at the other end test it.
inline QString alarmEventName(AlarmEvent event)
{
    switch (event) {
    case AlarmEvent::Trouble:
        return QStringLiteral("trouble");
    case AlarmEvent::Over:
    case AlarmEvent::Passed:
        return QStringLiteral("over");
    case AlarmEvent::Fine:
        return QStringLiteral("fine");
    case AlarmEvent::Test:
        break;
    }
    return QStringLiteral("test");
}

/// One message, the same for every way it may go. Holds no secret.
struct AlarmMessage {
    Label site;
    QString from; ///< who says it: "machine NAME"
    AlarmEvent event = AlarmEvent::Test;
    QString brief; ///< for a subject, ASCII: "trouble since 14:02 UTC"
    QString text;  ///< one or more sentences
    QDateTime since;
    std::chrono::seconds span{0}; ///< how long it has lasted, or did

    QString subject() const { return QStringLiteral("Sixgate %1: %2").arg(site.text(), brief); }
};

} // namespace sixgate
