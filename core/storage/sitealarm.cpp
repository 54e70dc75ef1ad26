#include "model/alarmnames.h"
#include "model/text.h"
#include "model/texts.h"
#include "storage/sitefields.h"

#include <algorithm>
#include <array>

namespace sixgate
{

namespace
{

constexpr std::size_t mostWebhooks = 8;
constexpr qsizetype longestUser = 254;
constexpr qint64 longestTime = 86400;

template <class T, std::size_t N>
Result<T> parseKind(const JsonNode &node, const std::array<T, N> &all, QString (*name)(T), const char *what)
{
    QStringList names;
    for (const T one : all)
        names << QLatin1Char('"') + name(one) + QLatin1Char('"');
    const auto text = jsonText(node, names.front().toLatin1().constData());
    if (!text)
        return passOn(text);
    for (const T one : all) {
        if (*text == name(one))
            return one;
    }
    const QString last = names.takeLast();
    return failAt(node.path, Texts::tr("%1 is not %2, for example %3 or %4.")
                                 .arg(quoted(*text), QLatin1String(what), names.join(QStringLiteral(", ")), last));
}

Result<QString> parseUser(const JsonNode &node)
{
    const auto text = jsonText(node, "\"me@example.org\"");
    if (!text)
        return passOn(text);
    const bool printable = std::all_of(text->begin(), text->end(), [](QChar c) { return c > u' ' && c < u'\x7f'; });
    if (text->isEmpty() || text->size() > longestUser || !printable)
        return failAt(node.path, Texts::tr("the login at the mail server is wanted, ASCII without blanks, for "
                                           "example \"me@example.org\"."));
    return *text;
}

Result<SmtpServer> parseSmtp(const JsonNode &node)
{
    if (const auto clean = refuseSecret(node, alarmMailPasswordSecret()); !clean)
        return passOn(clean);
    const auto fields = JsonFields::open(node, {"host", "port", "security", "user"});
    if (!fields)
        return passOn(fields);
    const auto host = neededField<Hostname>(*fields, "host", "\"smtp.example.org\"");
    if (!host)
        return passOn(host);
    SmtpSecurity security = SmtpSecurity::StartTls;
    if (fields->has("security")) {
        const auto given =
            parseKind(fields->at("security"), std::array{SmtpSecurity::StartTls, SmtpSecurity::Tls, SmtpSecurity::None},
                      smtpSecurityName, "a way to protect mail on its way");
        if (!given)
            return passOn(given);
        security = *given;
    }
    const auto port = portField(*fields, "port", standardPort(security));
    if (!port)
        return passOn(port);
    QString user;
    if (fields->has("user")) {
        auto given = parseUser(fields->at("user"));
        if (!given)
            return passOn(given);
        if (security == SmtpSecurity::None)
            return failAt(fields->at("user").path,
                          Texts::tr("With \"security\": \"none\" everybody on the way could read the password; a "
                                    "login needs \"starttls\" or \"tls\"."));
        user = std::move(*given);
    }
    return SmtpServer{*host, *port, security, user};
}

Result<AlarmMail> parseMail(const JsonNode &node)
{
    if (const auto clean = refuseSecret(node, alarmMailPasswordSecret()); !clean)
        return passOn(clean);
    const auto fields = JsonFields::open(node, {"to", "from", "smtp"});
    if (!fields)
        return passOn(fields);
    const auto to = neededField<Mail>(*fields, "to", "\"me@example.org\"");
    if (!to)
        return passOn(to);
    const auto from = optionalField<Mail>(*fields, "from", "\"sixgate@example.org\"");
    if (!from)
        return passOn(from);
    std::optional<SmtpServer> smtp;
    if (fields->has("smtp")) {
        const auto given = parseSmtp(fields->at("smtp"));
        if (!given)
            return passOn(given);
        smtp = *given;
    }
    return AlarmMail{*to, from->value_or(*to), smtp};
}

/// Who knows a webhook's URL can send by it: it is asked for by its name only, and a URL here is not even repeated.
Result<Webhook> parseWebhook(const JsonNode &node)
{
    const QJsonObject object = node.value.toObject();
    const auto known = Label::parse(object.value(QLatin1String("name")).toString());
    const QString secret = known ? alarmUrlSecret({*known}) : QStringLiteral("alarm.NAME.url");
    if (object.contains(QLatin1String("url")))
        return failAt(node.path + QStringLiteral(".url"),
                      Texts::tr("Who knows this URL can send by it, so it is a secret, and secrets are never in "
                                "the site file."),
                      Texts::tr("Remove it here and store it with: sixgatectl secret set %1").arg(secret));
    if (const auto clean = refuseSecret(node, secret); !clean)
        return passOn(clean);
    const auto fields = JsonFields::open(node, {"name", "kind"});
    if (!fields)
        return passOn(fields);
    const auto name = neededField<Label>(*fields, "name", "\"phone\"");
    if (!name)
        return passOn(name);
    if (name->text() == QLatin1String("mail"))
        return failAt(fields->at("name").path,
                      Texts::tr("“mail” is how the mail is called; choose another name, for example \"phone\"."));
    const auto kindNode = fields->need("kind", "\"ntfy\"");
    if (!kindNode)
        return passOn(kindNode);
    const auto kind =
        parseKind(*kindNode, std::array{WebhookKind::Ntfy, WebhookKind::Healthchecks, WebhookKind::Generic},
                  webhookKindName, "a kind of webhook");
    if (!kind)
        return passOn(kind);
    return Webhook{*name, *kind};
}

Result<std::vector<Webhook>> parseWebhooks(const JsonNode &node)
{
    const auto items = jsonList(node, "[{ \"name\": \"phone\", \"kind\": \"ntfy\" }]");
    if (!items)
        return passOn(items);
    if (items->empty())
        return failAt(node.path, Texts::tr("There is no webhook in it; leave \"webhooks\" out where you have none."));
    if (items->size() > mostWebhooks)
        return failAt(node.path,
                      Texts::tr("At most %1 webhooks are told, not %2.").arg(mostWebhooks).arg(items->size()));
    std::vector<Webhook> hooks;
    for (const JsonNode &item : *items) {
        const auto hook = parseWebhook(item);
        if (!hook)
            return passOn(hook);
        const auto same = [&](const Webhook &one) { return one.name == hook->name; };
        const auto first = std::find_if(hooks.begin(), hooks.end(), same);
        if (first != hooks.end())
            return failAt(item.path + QStringLiteral(".name"),
                          Texts::tr("“%1” is already the name of alarm.webhooks[%2]; choose another, for example "
                                    "\"%1-2\".")
                              .arg(hook->name.text())
                              .arg(first - hooks.begin()));
        hooks.push_back(*hook);
    }
    return hooks;
}

} // namespace

Result<Alarm> parseAlarm(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"mail", "webhooks", "silence", "lasting"});
    if (!fields)
        return passOn(fields);
    Alarm alarm;
    if (fields->has("mail")) {
        const auto mail = parseMail(fields->at("mail"));
        if (!mail)
            return passOn(mail);
        alarm.mail = *mail;
    }
    if (fields->has("webhooks")) {
        auto hooks = parseWebhooks(fields->at("webhooks"));
        if (!hooks)
            return passOn(hooks);
        alarm.webhooks = std::move(*hooks);
    }
    if (!alarm.mail && alarm.webhooks.empty())
        return failAt(node.path, Texts::tr("Nobody is told: \"mail\" or \"webhooks\" is needed, for example "
                                           "\"mail\": { \"to\": \"me@example.org\" }."));
    const auto silence = secondsField(*fields, "silence", 120, longestTime, alarm.silence.count());
    if (!silence)
        return passOn(silence);
    const auto lasting = secondsField(*fields, "lasting", 30, longestTime, alarm.lasting.count());
    if (!lasting)
        return passOn(lasting);
    alarm.silence = *silence;
    alarm.lasting = *lasting;
    return alarm;
}

} // namespace sixgate
