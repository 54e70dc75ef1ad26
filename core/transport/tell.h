#pragma once

#include "model/alarm.h"
#include "model/alarmmessage.h"
#include "model/deadline.h"
#include "model/secret.h"

#include <QByteArray>

#include <stop_token>

namespace sixgate
{

/// Sends one message of the alarm. Mail and webhooks are spoken by curl, which gets addresses and passwords by its
/// standard input; certificates are verified, no redirect is followed. Errors name a webhook by its name: who knows its
/// URL can send by it. What goes without encryption goes to a machine of the own network only, whatever DNS says.

/// Where the programs are; others only in tests.
struct TellPrograms {
    QByteArray curl = "/usr/bin/curl";
    QByteArray getent = "/usr/bin/getent";
    QByteArray sendmail = "/usr/sbin/sendmail";
};

/// By the user's mail server, or by this machine's own sendmail. `password` is needed where the server has a login.
/// Success: the server took it. NotFound where the program is missing, Denied where the login is refused, Protocol
/// where TLS is not there or the certificate does not fit, Refused where the server does not take the mail, Network,
/// Timeout, Cancelled, Invalid. Any thread.
Outcome tellByMail(const AlarmMail &mail, const Secret &password, const AlarmMessage &message, const Deadline &deadline,
                   std::stop_token stop, const TellPrograms &programs = {});

/// By a webhook, whose URL is a secret. Success: it answered with a status of 2xx. Errors as above, Refused for any
/// other status.
Outcome tellByWebhook(const Webhook &hook, const Secret &url, const AlarmMessage &message, const Deadline &deadline,
                      std::stop_token stop, const TellPrograms &programs = {});

/// The mail as it goes out, lines ended by `lineEnd`.
QByteArray mailText(const AlarmMail &mail, const AlarmMessage &message, const QDateTime &now,
                    const QByteArray &lineEnd);

} // namespace sixgate
