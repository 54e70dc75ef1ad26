#pragma once

#include "model/alarm.h"
#include "model/result.h"
#include "model/secret.h"

namespace sixgate
{

/// A webhook's URL, taken apart once.
struct WebhookUrl {
    Secret text;        ///< all of it
    bool tls = true;    ///< https
    QString host;       ///< a name, or an address without brackets
    quint16 port = 443; ///< also where the URL names none
};

/// The URL of a webhook as it is stored, without the white space around it: https, or http to a host of the own network
/// (isOfOwnNetwork). Printable ASCII without quotes and backslashes, no fragment; a login before the host is allowed.
/// Invalid otherwise; nothing of the URL is in the error. Leaves no copy of it behind.
Result<WebhookUrl> webhookUrl(const Webhook &hook, const Secret &stored);

} // namespace sixgate
