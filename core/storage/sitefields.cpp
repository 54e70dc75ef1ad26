#include "storage/sitefields.h"
#include "model/texts.h"

namespace sixgate
{

Outcome refuseSecret(const JsonNode &node, const QString &secretName)
{
    const QJsonObject object = node.value.toObject();
    for (const char *key : {"secret", "password", "passphrase", "token"}) {
        if (object.contains(QLatin1String(key)))
            return failAt(node.path + QLatin1Char('.') + QLatin1String(key),
                          Texts::tr("Secrets are never in the site file."),
                          Texts::tr("Remove it here and store it with: sixgatectl secret set %1").arg(secretName));
    }
    return {};
}

Result<std::chrono::seconds> secondsField(const JsonFields &fields, const char *key, qint64 least, qint64 most,
                                          qint64 standard)
{
    if (!fields.has(key))
        return std::chrono::seconds(standard);
    const auto number = jsonInteger(fields.at(key), least, most, standard);
    if (!number)
        return passOn(number);
    return std::chrono::seconds(*number);
}

} // namespace sixgate
