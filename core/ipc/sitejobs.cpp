#include "ipc/sitejobs.h"

namespace sixgate
{

QString oldMachineName(OldMachine what)
{
    switch (what) {
    case OldMachine::NotClean:
        return QStringLiteral("not-clean");
    case OldMachine::GivenUp:
        return QStringLiteral("given-up");
    case OldMachine::Clean:
        return QStringLiteral("clean");
    }
    return {};
}

} // namespace sixgate
