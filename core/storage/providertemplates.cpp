// Templates of a definition, and the calls that are made of them.

#include "storage/providertemplates.h"

#include "model/text.h"
#include "model/texts.h"

#include <QJsonArray>

#include <algorithm>

namespace sixgate
{

namespace
{

const QString fixPlaceholder()
{
    return Texts::tr("Use one of those that resources/providers/README.md lists, or the name of a credential.");
}

} // namespace

Outcome ProviderTemplates::check(const QString &path, const QString &text) const
{
    const bool clean =
        std::none_of(text.begin(), text.end(), [](QChar c) { return c.category() == QChar::Other_Control; });
    if (!clean || text.size() > 1000)
        return failAt(path, Texts::tr("A text of at most 1000 characters without control characters is wanted."));
    for (const TemplatePart &part : templateParts(text)) {
        if (part.placeholder && !isTemplateVariable(part.text) && !m_credentials.contains(part.text))
            return failAt(path, Texts::tr("The placeholder {%1} is not known.").arg(part.text), fixPlaceholder());
    }
    return {};
}

Result<QString> ProviderTemplates::text(const JsonNode &node, const char *example) const
{
    auto text = jsonText(node, example);
    if (text) {
        if (auto good = check(node.path, *text); !good)
            return passOn(good);
    }
    return text;
}

Result<QString> ProviderTemplates::parameter(const JsonNode &node) const
{
    auto one = text(node, "\"hostname={host}\"");
    if (one && one->indexOf(QLatin1Char('=')) < 1)
        return failAt(node.path, Texts::tr("NAME=VALUE is wanted, for example \"hostname={host}\"."));
    return one;
}

Result<QString> ProviderTemplates::header(const JsonNode &node) const
{
    auto one = text(node, "\"Authorization: Bearer {token}\"");
    if (!one)
        return one;
    const qsizetype colon = one->indexOf(QLatin1Char(':'));
    const bool token = colon > 0 && std::all_of(one->begin(), one->begin() + colon, [](QChar c) {
                           return c.unicode() < 0x80 && (c.isLetterOrNumber() || c == QLatin1Char('-'));
                       });
    if (!token)
        return failAt(node.path, Texts::tr("A header is wanted, for example \"Authorization: Bearer {token}\"."));
    static const QStringList own = {QStringLiteral("host"),         QStringLiteral("content-length"),
                                    QStringLiteral("connection"),   QStringLiteral("user-agent"),
                                    QStringLiteral("content-type"), QStringLiteral("transfer-encoding")};
    if (own.contains(one->left(colon).toLower()))
        return failAt(node.path, Texts::tr("Sixgate sets the header %1 itself.").arg(one->left(colon)));
    return one;
}

Outcome ProviderTemplates::checkJson(const QString &path, const QJsonValue &value, bool inList) const
{
    if (value.isString())
        return check(path, value.toString());
    if (value.isArray()) {
        const QJsonArray items = value.toArray();
        for (const QJsonValue &item : items) {
            if (auto good = checkJson(path, item, inList); !good)
                return good;
        }
    }
    const QJsonObject object = value.toObject();
    const bool list = object.contains(QLatin1String("*"));
    if (list && (inList || object.size() > 1))
        return failAt(path,
                      inList ? Texts::tr("A list of values (\"*\") stands within another one.")
                             : Texts::tr("\"*\" makes a list of the object, so nothing else can stand in it."),
                      Texts::tr("Give the list once, for example { \"records\": { \"*\": \"{value}\" } }."));
    for (auto member = object.constBegin(); member != object.constEnd(); ++member) {
        if (auto good = checkJson(path + QLatin1Char('.') + member.key(), member.value(), inList || list); !good)
            return good;
    }
    return {};
}

Result<QString> ProviderTemplates::url(const JsonNode &node) const
{
    auto url = text(node, "\"https://dyn.example.net/nic/update\"");
    if (!url)
        return url;
    QString tried = *url;
    if (m_ownServer && tried.startsWith(QStringLiteral("https://{server}/")))
        tried.replace(QStringLiteral("{server}"), QStringLiteral("server.invalid"));
    if (const auto parts = templateUrl(tried); !parts)
        return failAt(node.path, parts.error().summary, parts.error().fix);
    return url;
}

Result<ProviderCall> ProviderTemplates::call(const JsonNode &node) const
{
    ProviderFields fields(node, {"method", "url", "query", "form", "json", "headers"});
    ProviderCall call;
    const auto parameter = [this](const JsonNode &item) { return this->parameter(item); };
    fields.word<QByteArray>(
        "method", call.method,
        {{"GET", "GET"}, {"POST", "POST"}, {"PUT", "PUT"}, {"PATCH", "PATCH"}, {"DELETE", "DELETE"}}, true);
    fields.part(
        "url", call.url, "\"https://dyn.example.net/nic/update\"",
        [this](const JsonNode &url) { return this->url(url); }, true);
    strings(fields, "query", call.query, "[ \"hostname={host}\" ]", parameter);
    strings(fields, "form", call.form, "[ \"hostname={host}\" ]", parameter);
    strings(fields, "headers", call.header, "[ \"Authorization: Bearer {token}\" ]",
            [this](const JsonNode &item) { return header(item); });
    call.json = QJsonValue(QJsonValue::Undefined);
    if (fields.has("json")) {
        call.json = fields.at("json").value;
        if (auto good = checkJson(fields.at("json").path, call.json); !good)
            return passOn(good);
        if (!call.form.isEmpty())
            fields.refuse("json", Texts::tr("A call has a form or JSON, not both."));
    }
    if (!call.form.isEmpty() && call.method == "GET")
        fields.refuse("form", Texts::tr("GET has no form; use \"query\", or the method POST."));
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return call;
}

} // namespace sixgate
