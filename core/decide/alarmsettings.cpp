#include "decide/alarmsettings.h"

#include "model/alarmnames.h"
#include "model/alarmurl.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace sixgate
{

namespace
{

QString key(const char *name)
{
    return QString::fromLatin1(name);
}

Result<const Secret *> find(const std::map<QString, Secret> &secrets, const QString &name)
{
    const auto found = secrets.find(name);
    if (found == secrets.end() || found->second.isEmpty())
        return fail(ErrorCode::NotFound, QStringLiteral("The secret %1, which the alarm needs, is missing.").arg(name),
                    {}, QStringLiteral("Store it: sixgatectl secret set %1").arg(name));
    return &found->second;
}

Result<QJsonObject> smtpSettings(const SmtpServer &smtp, const std::map<QString, Secret> &secrets)
{
    QJsonObject out{{key("host"), smtp.host.ascii()},
                    {key("port"), smtp.port.number()},
                    {key("security"), smtpSecurityName(smtp.security)},
                    {key("user"), smtp.user},
                    {key("password"), QString()}};
    if (smtp.user.isEmpty())
        return out;
    const auto stored = find(secrets, alarmMailPasswordSecret());
    if (!stored)
        return passOn(stored);
    // A newline at the end is a file's, not the password's.
    QByteArray password = (*stored)->reveal();
    while (password.endsWith('\n') || password.endsWith('\r'))
        password.chop(1);
    const bool plain = !password.isEmpty() &&
                       std::all_of(password.begin(), password.end(), [](char c) { return c >= ' ' && c < 0x7f; });
    if (!plain)
        return fail(ErrorCode::Invalid,
                    QStringLiteral("The secret %1 is no password: characters of ASCII in one line are wanted.")
                        .arg(alarmMailPasswordSecret()),
                    {}, QStringLiteral("Store it again: sixgatectl secret set %1").arg(alarmMailPasswordSecret()));
    out[key("password")] = QString::fromLatin1(password);
    return out;
}

} // namespace

bool vpsTellsSilence(const Site &site)
{
    return site.alarm && !site.vps.empty() && !site.vps.front().pushKeys.empty();
}

Result<QByteArray> alarmSettings(const Site &site, const std::map<QString, Secret> &secrets)
{
    const Alarm &alarm = *site.alarm;
    const Vps &vps = site.vps.front();
    QJsonObject out{{key("schema"), 1},
                    {key("site"), site.name.text()},
                    {key("vps"), vps.name.text()},
                    {key("host"), vps.host.ascii()},
                    {key("silence"), qint64(alarm.silence.count())}};
    if (alarm.mail) {
        QJsonObject mail{{key("to"), alarm.mail->to.text()}, {key("from"), alarm.mail->from.text()}};
        if (alarm.mail->smtp) {
            const auto smtp = smtpSettings(*alarm.mail->smtp, secrets);
            if (!smtp)
                return passOn(smtp);
            mail[key("smtp")] = *smtp;
        }
        out[key("mail")] = mail;
    }
    QJsonArray hooks;
    for (const Webhook &hook : alarm.webhooks) {
        const auto stored = find(secrets, alarmUrlSecret(hook));
        if (!stored)
            return passOn(stored);
        const auto url = webhookUrl(hook, **stored);
        if (!url)
            return passOn(url);
        hooks.append(QJsonObject{{key("name"), hook.name.text()},
                                 {key("kind"), webhookKindName(hook.kind)},
                                 {key("url"), QString::fromLatin1(url->reveal())}});
    }
    out[key("webhooks")] = hooks;
    return QJsonDocument(out).toJson(QJsonDocument::Compact) + '\n';
}

QString alarmReceivers(const Alarm &alarm)
{
    QStringList all;
    if (alarm.mail)
        all << QStringLiteral("a mail to %1").arg(alarm.mail->to.text());
    for (const Webhook &hook : alarm.webhooks)
        all << QStringLiteral("the webhook %1 (%2)").arg(hook.name.text(), webhookKindName(hook.kind));
    if (all.size() < 2)
        return all.join(QString());
    const QString last = all.takeLast();
    return all.join(QStringLiteral(", ")) + QStringLiteral(" and ") + last;
}

} // namespace sixgate
