#include "decide/providercalls.h"

#include "model/text.h"
#include "model/texts.h"
#include "model/urlsecrets.h"
#include "model/version.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace sixgate
{

namespace
{

using Encoding = RequestPiece::Encoding;

bool mayBeMissing(const QString &name)
{
    return name == QLatin1String("v4") || name == QLatin1String("v6") || name == QLatin1String("address") ||
           name == QLatin1String("addresses");
}

class Filler
{
public:
    Filler(const ProviderDefinition &provider, const Variables &variables, const Variables &later = {})
        : m_provider(provider), m_variables(variables), m_later(later)
    {
    }

    /// Appends the filled template. Literals are encoded where `encodeLiterals`.
    Outcome append(RequestText &out, const QString &text, Encoding encoding, bool encodeLiterals) const
    {
        for (const TemplatePart &cut : templateParts(text)) {
            if (!cut.placeholder) {
                add(out, encodeLiterals ? encoded(cut.text, encoding) : cut.text.toUtf8());
                continue;
            }
            if (const auto value = m_variables.find(cut.text); value != m_variables.end()) {
                add(out, encoded(value->second, encoding));
                continue;
            }
            if (const auto later = m_later.find(cut.text); later != m_later.end()) {
                out.push_back({{}, QLatin1Char('=') + later->second, encoding});
                continue;
            }
            if (!isCredential(cut.text))
                return fail(
                    ErrorCode::Invalid,
                    Texts::tr("The definition of %1 has the unknown placeholder {%2}.").arg(m_provider.title, cut.text),
                    text);
            out.push_back({{}, cut.text, encoding});
        }
        return {};
    }

    bool lacksAddress(const QString &text) const
    {
        const auto cuts = templateParts(text);
        return std::any_of(cuts.begin(), cuts.end(), [&](const TemplatePart &cut) {
            return cut.placeholder && mayBeMissing(cut.text) && !m_variables.contains(cut.text);
        });
    }

    /// `name=value&name=value`, each "name=template" or "name?=template".
    Result<RequestText> parameters(const QStringList &list) const
    {
        RequestText out;
        for (const QString &one : list) {
            const qsizetype equals = one.indexOf(QLatin1Char('='));
            QString name = one.left(equals);
            const QString value = one.mid(equals + 1);
            if (lacksAddress(value))
                continue;
            RequestText filled;
            if (auto done = append(filled, value, Encoding::Percent, true); !done)
                return passOn(done);
            if (name.endsWith(QLatin1Char('?'))) {
                if (filled.empty())
                    continue;
                name.chop(1);
            }
            if (!out.empty())
                add(out, "&");
            if (auto done = append(out, name, Encoding::Percent, true); !done)
                return passOn(done);
            add(out, "=");
            out.insert(out.end(), filled.begin(), filled.end());
        }
        return merged(out);
    }

    Outcome appendJson(RequestText &out, const QJsonValue &value, const std::vector<QString> &values) const
    {
        if (value.isString())
            return appendJsonText(out, value.toString());
        if (value.isArray()) {
            add(out, "[");
            const QJsonArray array = value.toArray();
            for (qsizetype i = 0; i < array.size(); ++i) {
                if (i > 0)
                    add(out, ",");
                if (auto done = appendJson(out, array.at(i), values); !done)
                    return done;
            }
            add(out, "]");
            return {};
        }
        if (!value.isObject()) { // a number, true, false or null
            QByteArray text = QJsonDocument(QJsonArray{value}).toJson(QJsonDocument::Compact);
            add(out, text.mid(1, text.size() - 2));
            return {};
        }
        const QJsonObject object = value.toObject();
        if (object.contains(QLatin1String("*")))
            return appendJsonList(out, object.value(QLatin1String("*")), values);
        add(out, "{");
        for (auto member = object.constBegin(); member != object.constEnd(); ++member) {
            if (member != object.constBegin())
                add(out, ",");
            add(out, '"' + encoded(member.key(), Encoding::Json) + "\":");
            if (auto done = appendJson(out, member.value(), values); !done)
                return done;
        }
        add(out, "}");
        return {};
    }

    Result<RequestHeader> header(const QString &line) const
    {
        const qsizetype colon = line.indexOf(QLatin1Char(':'));
        RequestHeader header;
        header.name = line.left(colon).toLatin1();
        QString value = line.mid(colon + 1).trimmed();
        const QString basic = QStringLiteral("Basic ");
        if (header.name.compare("Authorization", Qt::CaseInsensitive) == 0 && value.startsWith(basic)) {
            header.basic = true;
            value.remove(0, basic.size());
        }
        if (auto done = append(header.value, value, Encoding::Header, true); !done)
            return passOn(done);
        header.value = merged(header.value);
        return header;
    }

    static void add(RequestText &out, const QByteArray &bytes)
    {
        if (!bytes.isEmpty())
            out.push_back({bytes, {}, Encoding::Header});
    }

    static RequestText merged(const RequestText &pieces)
    {
        RequestText out;
        for (const RequestPiece &piece : pieces) {
            if (piece.credential.isEmpty() && !out.empty() && out.back().credential.isEmpty())
                out.back().text += piece.text;
            else
                out.push_back(piece);
        }
        return out;
    }

private:
    bool isCredential(const QString &name) const
    {
        return std::any_of(m_provider.needs.begin(), m_provider.needs.end(),
                           [&](const CredentialField &field) { return field.name.text() == name; });
    }

    static QByteArray encoded(const QString &text, Encoding encoding)
    {
        switch (encoding) {
        case Encoding::Percent:
            return text.toUtf8().toPercentEncoding();
        case Encoding::Json: {
            const QByteArray quotedText = QJsonDocument(QJsonArray{text}).toJson(QJsonDocument::Compact);
            return quotedText.mid(2, quotedText.size() - 4);
        }
        case Encoding::Header:
            break;
        }
        return text.toUtf8();
    }

    Outcome appendJsonText(RequestText &out, const QString &text) const
    {
        if (text == QLatin1String("{ttl}")) {
            add(out, m_variables.at(QStringLiteral("ttl")).toLatin1());
            return {};
        }
        add(out, "\"");
        if (auto done = append(out, text, Encoding::Json, true); !done)
            return done;
        add(out, "\"");
        return {};
    }

    Outcome appendJsonList(RequestText &out, const QJsonValue &item, const std::vector<QString> &values) const
    {
        add(out, "[");
        if (!m_later.empty()) {
            out.push_back({{}, QStringLiteral("=each"), Encoding::Json});
            if (auto done = appendJson(out, item, values); !done)
                return done;
            out.push_back({{}, QStringLiteral("=end"), Encoding::Json});
        }
        for (size_t i = 0; i < values.size(); ++i) {
            if (i > 0)
                add(out, ",");
            Variables inner = m_variables;
            inner[QStringLiteral("value")] = values[i];
            if (auto done = Filler(m_provider, inner).appendJson(out, item, values); !done)
                return done;
        }
        add(out, "]");
        return {};
    }

    const ProviderDefinition &m_provider;
    const Variables &m_variables;
    const Variables m_later; ///< placeholder → its name for whoever fills it in
};

Result<ProviderRequest> requestBy(const Filler &filler, const ProviderDefinition &provider, const ProviderCall &call,
                                  const std::vector<QString> &values, const QStringList &extra)
{
    const auto parts = templateUrl(call.url);
    if (!parts)
        return passOn(parts);
    ProviderRequest request{call.method, parts->host, parts->port, {}, {}, {}};
    request.repeatable = call.method != "POST" && call.method != "PATCH";
    if (auto done = filler.append(request.target, parts->path, Encoding::Percent, false); !done)
        return passOn(done);
    const bool isForm = !call.form.isEmpty();
    const auto query = filler.parameters(isForm ? call.query : call.query + extra);
    if (!query)
        return passOn(query);
    if (!query->empty()) {
        Filler::add(request.target, parts->path.contains(QLatin1Char('?')) ? "&" : "?");
        request.target.insert(request.target.end(), query->begin(), query->end());
    }
    request.target = Filler::merged(request.target);
    for (const QString &line : provider.headers + call.header) {
        auto header = filler.header(line);
        if (!header)
            return passOn(header);
        request.headers.push_back(std::move(*header));
    }
    auto agent = filler.header(QStringLiteral("User-Agent: ") + provider.userAgent);
    if (!agent)
        return passOn(agent);
    request.headers.push_back(std::move(*agent));
    if (isForm) {
        auto body = filler.parameters(call.form + extra);
        if (!body)
            return passOn(body);
        request.body = std::move(*body);
        request.headers.push_back({"Content-Type", {{"application/x-www-form-urlencoded", {}, Encoding::Header}}});
    } else if (!call.json.isUndefined() && !call.json.isNull()) {
        if (auto done = filler.appendJson(request.body, call.json, values); !done)
            return passOn(done);
        request.body = Filler::merged(request.body);
        request.headers.push_back({"Content-Type", {{"application/json", {}, Encoding::Header}}});
    }
    return request;
}

} // namespace

QStringList placeholdersOf(const QString &text)
{
    QStringList names;
    for (const TemplatePart &cut : templateParts(text)) {
        if (cut.placeholder)
            names.append(cut.text);
    }
    return names;
}

Result<QString> filledText(const QString &text, const Variables &variables)
{
    QString out;
    for (const TemplatePart &cut : templateParts(text)) {
        const auto value = variables.find(cut.text);
        if (cut.placeholder && value == variables.end())
            return fail(ErrorCode::Invalid, Texts::tr("The placeholder {%1} is not known here.").arg(cut.text));
        out += cut.placeholder ? value->second : cut.text;
    }
    return out;
}

Result<ProviderRequest> providerRequest(const ProviderDefinition &provider, const ProviderCall &call,
                                        const Variables &variables, const std::vector<QString> &values,
                                        const QStringList &extra)
{
    Variables all = variables;
    all[QStringLiteral("version")] = sixgateVersion();
    return requestBy(Filler(provider, all), provider, call, values, extra);
}

Result<ProviderRequest> unfilledRequest(const ProviderDefinition &provider, const ProviderCall &call,
                                        const Variables &variables, const Variables &later)
{
    Variables all = variables;
    all[QStringLiteral("version")] = sixgateVersion();
    return requestBy(Filler(provider, all, later), provider, call, {}, {});
}

Result<ProviderDefinition> customProvider(ProviderDefinition custom, const QString &url)
{
    const QString example = Texts::tr("Give the URL as the provider's pages do, for example "
                                      "https://dyn.example.net/nic/update?hostname={host}&myip={addresses}, with "
                                      "{v4} and {v6} where they stand apart.");
    const auto bad = [&](const QString &why) { return fail(ErrorCode::Invalid, why, {}, example); };
    if (!custom.customUrl || !custom.update)
        return bad(Texts::tr("%1 has a URL of its own.").arg(custom.title));
    const auto strange = [](QChar c) { return c.unicode() <= 0x20 || c.unicode() >= 0x7f || c == QLatin1Char('#'); };
    if (url.size() > 2000 || std::any_of(url.begin(), url.end(), strange))
        return bad(Texts::tr("The URL has a character that no URL has."));
    if (const auto parts = templateUrl(url); !parts)
        return bad(parts.error().summary);
    const qsizetype mark = url.indexOf(QLatin1Char('?'));
    custom.update->call.url = mark < 0 ? url : url.left(mark);
    custom.update->call.query.clear();
    const QStringList parameters =
        mark < 0 ? QStringList() : url.mid(mark + 1).split(QLatin1Char('&'), Qt::SkipEmptyParts);
    for (const QString &one : parameters) {
        // What is encoded already is encoded again when it is sent.
        custom.update->call.query.append(QString::fromUtf8(QByteArray::fromPercentEncoding(one.toUtf8())));
        if (one.indexOf(QLatin1Char('=')) < 1)
            return bad(Texts::tr("A parameter of the URL is not NAME=VALUE: %1.").arg(quoted(maskedUrl(url))));
    }
    const QStringList found = placeholdersOf(url);
    for (const QString &name : found) {
        const bool known = name == QLatin1String("host") || mayBeMissing(name) ||
                           std::any_of(custom.needs.begin(), custom.needs.end(),
                                       [&](const CredentialField &field) { return field.name.text() == name; });
        if (!known || name == QLatin1String("url"))
            return bad(Texts::tr("The URL has the unknown placeholder {%1}.").arg(name));
    }
    // Which is sent first would decide what is left of the other: nobody knows here.
    if (found.contains(QStringLiteral("address")))
        return bad(Texts::tr("The URL takes one address a call; that needs a provider file of its own."));
    const bool pair = found.contains(QStringLiteral("addresses"));
    custom.update->v4.offered = pair || found.contains(QStringLiteral("v4"));
    custom.update->v6.offered = pair || found.contains(QStringLiteral("v6"));
    // Credentials that stand in the URL do not go out a second time.
    if (found.contains(QStringLiteral("password")) || found.contains(QStringLiteral("token")))
        custom.headers.clear();
    if (!custom.update->v6.offered)
        return bad(Texts::tr("The URL has no {v6}, {addresses} or {address}: it could not set the home's address."));
    QStringList used = found;
    for (const QString &header : custom.headers)
        used += placeholdersOf(header);
    std::erase_if(custom.needs, [&](const CredentialField &one) { return !used.contains(one.name.text()); });
    return custom;
}

Result<ProviderDefinition> definitionOf(const ProviderAccess &access)
{
    if (!access.definition)
        return fail(ErrorCode::NotFound, Texts::tr("There is no provider %1.").arg(access.provider.text()));
    if (access.definition->ownServer)
        return providerAt(*access.definition, access.server);
    if (!access.definition->customUrl)
        return *access.definition;
    auto custom = customProvider(*access.definition, access.url);
    for (const auto &one : custom ? custom->needs : std::vector<CredentialField>()) {
        if (!one.secret && !access.plain.contains(one.name))
            return fail(ErrorCode::Invalid, Texts::tr("The URL needs \"%1\" in \"credentials\" of the account: %2.")
                                                .arg(one.name.text(), one.label));
    }
    return custom;
}

Result<ProviderDefinition> providerAt(ProviderDefinition provider, const QString &server)
{
    if (!provider.ownServer)
        return fail(ErrorCode::Invalid, Texts::tr("%1 has a server of its own.").arg(provider.title));
    const auto parts = templateUrl(QStringLiteral("https://") + server);
    if (!parts || parts->path != QLatin1String("/") || server.contains(QLatin1Char('/')))
        return fail(ErrorCode::Invalid, Texts::tr("%1 is not the host of a server.").arg(quoted(server)), {},
                    Texts::tr("Give its name, and the port where that is not 443, for example "
                              "dns.example.org:8443."));
    const auto place = [&server](ProviderCall &call) { call.url.replace(QStringLiteral("{server}"), server); };
    const auto placeIf = [&place](std::optional<ProviderCall> &call) {
        if (call)
            place(*call);
    };
    if (provider.update)
        place(provider.update->call);
    if (provider.text) {
        place(provider.text->add);
        place(provider.text->remove);
    }
    if (provider.api) {
        RestApi &api = *provider.api;
        if (api.zone)
            place(api.zone->call);
        place(api.read.call);
        placeIf(api.set);
        placeIf(api.create);
        placeIf(api.change);
        place(api.remove);
        if (api.action)
            place(api.action->poll);
    }
    return provider;
}

} // namespace sixgate
