#pragma once

#include "model/alarm.h"
#include "model/result.h"
#include "model/secret.h"

namespace sixgate
{

/// The URL of a webhook as it is stored, without the white space around it: https, or http to a private address or to a
/// name of the own network (one label, or below local, lan, home.arpa, internal). Printable ASCII without quotes and
/// backslashes, no fragment; a login before the host is allowed. Invalid otherwise; nothing of the URL is in the error.
Result<Secret> webhookUrl(const Webhook &hook, const Secret &stored);

} // namespace sixgate
