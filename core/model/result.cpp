#include "model/result.h"

namespace sixgate
{

QString withRemedy(const Error &error)
{
    return error.fix.isEmpty() ? error.summary : error.summary + QStringLiteral(" → ") + error.fix;
}

QString errorCodeName(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Cancelled:
        return QStringLiteral("cancelled");
    case ErrorCode::Timeout:
        return QStringLiteral("timeout");
    case ErrorCode::Invalid:
        return QStringLiteral("invalid");
    case ErrorCode::NotFound:
        return QStringLiteral("not-found");
    case ErrorCode::Denied:
        return QStringLiteral("denied");
    case ErrorCode::HostKey:
        return QStringLiteral("host-key");
    case ErrorCode::Network:
        return QStringLiteral("network");
    case ErrorCode::Protocol:
        return QStringLiteral("protocol");
    case ErrorCode::Refused:
        return QStringLiteral("refused");
    case ErrorCode::Moved:
        return QStringLiteral("moved");
    case ErrorCode::Unavailable:
        return QStringLiteral("unavailable");
    case ErrorCode::Internal:
        return QStringLiteral("internal");
    }
    return QStringLiteral("internal");
}

} // namespace sixgate
