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

/// How the mail is called among the channels; the others are the webhooks, by their names.
inline QString alarmMailChannel()
{
    return QStringLiteral("mail");
}

inline const Webhook *alarmWebhook(const Alarm &alarm, const QString &channel) ///< null where there is none
{
    for (const Webhook &hook : alarm.webhooks) {
        if (hook.name.text() == channel)
            return &hook;
    }
    return nullptr;
}

/// The secret that a channel needs; empty: none.
inline QString alarmSecretOf(const Alarm &alarm, const QString &channel)
{
    if (const Webhook *hook = alarmWebhook(alarm, channel))
        return alarmUrlSecret(*hook);
    const bool login = alarm.mail && alarm.mail->smtp && !alarm.mail->smtp->user.isEmpty();
    return login && channel == alarmMailChannel() ? alarmMailPasswordSecret() : QString();
}

/// The secrets that the alarm needs, in the order in which the site file names their users.
inline std::vector<QString> alarmSecrets(const Alarm &alarm)
{
    std::vector<QString> names;
    if (const QString password = alarmSecretOf(alarm, alarmMailChannel()); !password.isEmpty())
        names.push_back(password);
    for (const Webhook &hook : alarm.webhooks)
        names.push_back(alarmUrlSecret(hook));
    return names;
}

} // namespace sixgate
