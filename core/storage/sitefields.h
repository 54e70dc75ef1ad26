#pragma once

#include "model/site.h"
#include "storage/json.h"
#include "storage/providerfile.h"

#include <chrono>

namespace sixgate
{

// Parts of the site file's parser; private to the room. All give Invalid with the place in the file.

/// Where people are tempted to put a secret: says where it belongs instead of only "not known".
Outcome refuseSecret(const JsonNode &node, const QString &secretName);

Result<std::chrono::seconds> secondsField(const JsonFields &fields, const char *key, qint64 least, qint64 most,
                                          qint64 standard);

Result<DnsAccount> parseAccount(const JsonNode &node, const ProviderShelf &shelf);
Result<Alarm> parseAlarm(const JsonNode &node);
Result<Vps> parseVps(const JsonNode &node);
QByteArray vpsJson(const Vps &vps);

} // namespace sixgate
