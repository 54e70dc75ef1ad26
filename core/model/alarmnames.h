#pragma once

#include "model/alarm.h"

namespace sixgate
{

/// How the site file, the VPS's settings and texts call the kinds.
inline QString smtpSecurityName(SmtpSecurity security) ///< "tls", "starttls", "none"
{
    switch (security) {
    case SmtpSecurity::Tls:
        return QStringLiteral("tls");
    case SmtpSecurity::None:
        return QStringLiteral("none");
    case SmtpSecurity::StartTls:
        break;
    }
    return QStringLiteral("starttls");
}

inline quint16 standardPort(SmtpSecurity security)
{
    switch (security) {
    case SmtpSecurity::Tls:
        return 465;
    case SmtpSecurity::None:
        return 25;
    case SmtpSecurity::StartTls:
        break;
    }
    return 587;
}

inline QString webhookKindName(WebhookKind kind) ///< "ntfy", "healthchecks", "generic"
{
    switch (kind) {
    case WebhookKind::Ntfy:
        return QStringLiteral("ntfy");
    case WebhookKind::Healthchecks:
        return QStringLiteral("healthchecks");
    case WebhookKind::Generic:
        break;
    }
    return QStringLiteral("generic");
}

/// The secrets that the alarm needs, in the order in which the site file names their users.
inline std::vector<QString> alarmSecrets(const Alarm &alarm)
{
    std::vector<QString> names;
    if (alarm.mail && alarm.mail->smtp && !alarm.mail->smtp->user.isEmpty())
        names.push_back(alarmMailPasswordSecret());
    for (const Webhook &hook : alarm.webhooks)
        names.push_back(alarmUrlSecret(hook));
    return names;
}

} // namespace sixgate
