#pragma once

#include "model/hostname.h"
#include "model/names.h"
#include "model/port.h"

#include <chrono>
#include <optional>
#include <vector>

namespace sixgate
{

/// Whom to tell when the home is in trouble, and when it is over; the site file's `alarm`. Holds no secret.

/// How a mail leaves.
enum class SmtpSecurity {
    Tls,      ///< from the first byte (RFC 8314); port 465
    StartTls, ///< required, not only tried (RFC 3207); port 587
    None,     ///< only to a server in the own network: nobody reads along there; port 25
};

/// A mail server of the user's; without one the machine's own (`/usr/sbin/sendmail`) is used.
struct SmtpServer {
    Hostname host;
    Port port;
    SmtpSecurity security = SmtpSecurity::StartTls;
    QString user; ///< empty: no login; otherwise secret `alarm.mail.password`; printable ASCII without blanks

    friend bool operator==(const SmtpServer &, const SmtpServer &) = default;
};

struct AlarmMail {
    Mail to;
    Mail from; ///< default: as `to`
    std::optional<SmtpServer> smtp;

    friend bool operator==(const AlarmMail &, const AlarmMail &) = default;
};

/// What speaks at the other end of a webhook.
enum class WebhookKind {
    Generic,      ///< takes JSON by POST
    Ntfy,         ///< ntfy: the text as body, title and priority as headers
    Healthchecks, ///< Healthchecks.io: a ping while all is well, `/fail` when not; it tells of silence by itself
};

/// Its URL is a secret (who knows it can send): `alarm.<name>.url`, https, or http to a machine of the own network.
struct Webhook {
    Label name;
    WebhookKind kind = WebhookKind::Generic;

    friend bool operator==(const Webhook &, const Webhook &) = default;
};

struct Alarm {
    std::optional<AlarmMail> mail;
    std::vector<Webhook> webhooks; ///< at most 8, names unique and not "mail"
    /// The VPS tells that the home is silent after so long without a push: 120 s to 1 day.
    std::chrono::seconds silence{600};
    /// The keeper tells a trouble that has lasted so long: 30 s to 1 day. A change of the prefix is over before.
    std::chrono::seconds lasting{180};

    friend bool operator==(const Alarm &, const Alarm &) = default;
};

inline QString alarmMailPasswordSecret()
{
    return QStringLiteral("alarm.mail.password");
}
inline QString alarmUrlSecret(const Webhook &hook)
{
    return QStringLiteral("alarm.%1.url").arg(hook.name.text());
}

} // namespace sixgate
