#include "storage/providerfields.h"

#include "model/text.h"
#include "model/texts.h"

namespace sixgate
{

ProviderFields::ProviderFields(const JsonNode &node, std::initializer_list<const char *> keys)
{
    auto fields = JsonFields::open(node, keys);
    if (!fields)
        m_error = fields.error();
    else
        m_fields = std::move(*fields);
}

Outcome ProviderFields::outcome() const
{
    return m_error ? Outcome(tl::unexpected<Error>(*m_error)) : Outcome();
}

void ProviderFields::refuse(const char *key, const QString &sentence, const QString &fix)
{
    if (!m_error)
        m_error = failAt(at(key).path, sentence, fix).value();
}

bool ProviderFields::begin(const char *key, const char *example, bool needed)
{
    if (m_error)
        return false;
    if (m_fields->has(key))
        return true;
    if (needed)
        m_error = m_fields->need(key, example).error();
    return false;
}

void ProviderFields::text(const char *key, QString &into, const char *example, bool needed)
{
    part(
        key, into, example, [&](const JsonNode &node) { return jsonText(node, example); }, needed);
}

void ProviderFields::flag(const char *key, bool &into)
{
    part(key, into, "true", [](const JsonNode &node) { return jsonBool(node); });
}

void ProviderFields::number(const char *key, qint64 &into, qint64 least, qint64 most, qint64 example)
{
    part(key, into, "1", [&](const JsonNode &node) { return jsonInteger(node, least, most, example); });
}

void ProviderFields::texts(const char *key, QStringList &into, const char *example)
{
    std::vector<QString> found;
    list(key, found, example, [&](const JsonNode &node) { return jsonText(node, example); });
    for (const QString &one : found)
        into.append(one);
}

void ProviderFields::unknownWord(const char *key, const QString &found, const QStringList &known)
{
    refuse(key, Texts::tr("%1 is not known here; known: %2.").arg(quoted(found), known.join(QStringLiteral(", "))));
}

} // namespace sixgate
