#pragma once

#include "model/provider.h"
#include "storage/providerfields.h"

#include <set>

namespace sixgate
{

/// Reads templates: each placeholder must be known, and each credential is one of the definition.
class ProviderTemplates
{
public:
    /// `ownServer`: a URL may begin with https://{server}/.
    ProviderTemplates(std::set<QString> credentials, bool ownServer)
        : m_credentials(std::move(credentials)), m_ownServer(ownServer)
    {
    }

    Result<QString> text(const JsonNode &node, const char *example) const;
    /// "name=template"
    Result<QString> parameter(const JsonNode &node) const;
    /// "Name: template"
    Result<QString> header(const JsonNode &node) const;
    Result<ProviderCall> call(const JsonNode &node) const;

    /// A list of texts, each read by `read`.
    template <class Read>
    static void strings(ProviderFields &fields, const char *key, QStringList &into, const char *example,
                        const Read &read)
    {
        std::vector<QString> found;
        fields.list(key, found, example, read);
        for (const QString &one : found)
            into.append(one);
    }

private:
    Outcome check(const QString &path, const QString &text) const;
    Outcome checkJson(const QString &path, const QJsonValue &value, bool inList = false) const;
    Result<QString> url(const JsonNode &node) const;

    std::set<QString> m_credentials;
    bool m_ownServer;
};

/// A reader of T for an optional<T>.
template <class Read>
auto maybe(const Read &read)
{
    return [read](const JsonNode &node) {
        auto value = read(node);
        using Value = std::decay_t<decltype(*value)>;
        return value ? Result<std::optional<Value>>(std::move(*value)) : Result<std::optional<Value>>(passOn(value));
    };
}

/// The parts of a definition that say how it is done.
Result<TemplateUpdate> parseUpdate(const JsonNode &node, const ProviderTemplates &templates);
Result<TemplateText> parseText(const JsonNode &node, const ProviderTemplates &templates);
Result<RestApi> parseApi(const JsonNode &node, const ProviderTemplates &templates);

} // namespace sixgate
