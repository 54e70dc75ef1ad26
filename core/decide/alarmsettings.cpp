#include "decide/alarmsettings.h"

#include "model/alarmnames.h"
#include "model/alarmurl.h"
#include "model/texts.h"

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
        return fail(ErrorCode::NotFound, Texts::tr("The secret %1, which the alarm needs, is missing.").arg(name), {},
                    Texts::tr("Store it: sixgatectl secret set %1").arg(name));
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
                    Texts::tr("The secret %1 is no password: characters of ASCII in one line are wanted.")
                        .arg(alarmMailPasswordSecret()),
                    {}, Texts::tr("Store it again: sixgatectl secret set %1").arg(alarmMailPasswordSecret()));
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
                                 {key("url"), QString::fromLatin1(url->text.reveal())}});
    }
    out[key("webhooks")] = hooks;
    return QJsonDocument(out).toJson(QJsonDocument::Compact) + '\n';
}

AlarmForVps alarmForVps(const Site &site, const std::map<QString, Result<Secret>> &stored)
{
    AlarmForVps made;
    Site reached = site;
    Alarm &alarm = *reached.alarm;
    const auto fallShort = [&made](const QString &summary, const QString &fix) {
        made.shortfalls.push_back({ErrorCode::Invalid, summary, {}, fix});
    };
    if (alarm.mail && alarm.mail->smtp && alarm.mail->smtp->security == SmtpSecurity::None) {
        fallShort(Texts::tr("The VPS cannot tell by mail: %1, which takes mail without TLS, is in the home's own "
                            "network.")
                      .arg(alarm.mail->smtp->host.ascii()),
                  Texts::tr("Name a mail server with TLS as alarm.mail.smtp in the site file, or let another "
                            "channel reach you; the keeper tells by this one."));
        alarm.mail.reset();
    }
    std::erase_if(alarm.webhooks, [&](const Webhook &hook) {
        const auto found = stored.find(alarmUrlSecret(hook));
        if (found == stored.end() || !found->second)
            return false;
        const auto url = webhookUrl(hook, *found->second);
        if (!url || url->tls)
            return false;
        fallShort(Texts::tr("The VPS cannot tell by the webhook %1: its http:// URL is in the home's own network.")
                      .arg(hook.name.text()),
                  Texts::tr("Store a URL that can be reached from everywhere: sixgatectl secret set %1; or let "
                            "another channel reach you. The keeper tells by this one.")
                      .arg(alarmUrlSecret(hook)));
        return true;
    });
    made.told = alarm;
    if (!alarm.mail && alarm.webhooks.empty()) {
        fallShort(Texts::tr("The VPS can tell nobody when the home falls silent: all who are to be told are in the "
                            "home's own network. The alarm on the VPS stays as it is."),
                  Texts::tr("Name a mail server or a webhook outside of it in the site file's alarm."));
        return made;
    }
    const QString stays = Texts::tr(" Until that is mended the alarm on the VPS stays as it is.");
    std::map<QString, Secret> secrets;
    bool whole = true;
    for (const QString &name : alarmSecrets(alarm)) {
        const auto found = stored.find(name);
        if (found != stored.end() && found->second) {
            secrets.emplace(name, found->second->clone());
            continue;
        }
        whole = false;
        // A place of secrets that cannot be read has its own sentence; which secret is missing is said here.
        const auto missing = find({}, name);
        Error error = found == stored.end() || found->second.error().code == ErrorCode::NotFound
                          ? missing.error()
                          : found->second.error();
        error.summary += stays;
        if (error.fix.isEmpty())
            error.fix = missing.error().fix;
        made.shortfalls.push_back(std::move(error));
    }
    if (!whole)
        return made;
    auto settings = alarmSettings(reached, secrets);
    if (settings) {
        made.settings = std::move(*settings);
        return made;
    }
    Error error = settings.error();
    error.summary += stays;
    made.shortfalls.push_back(std::move(error));
    return made;
}

QString alarmReceivers(const Alarm &alarm)
{
    QStringList all;
    if (alarm.mail)
        all << Texts::tr("a mail to %1").arg(alarm.mail->to.text());
    for (const Webhook &hook : alarm.webhooks)
        all << Texts::tr("the webhook %1 (%2)").arg(hook.name.text(), webhookKindName(hook.kind));
    if (all.size() < 2)
        return all.join(QString());
    const QString last = all.takeLast();
    return all.join(QStringLiteral(", ")) + Texts::tr(" and ") + last;
}

} // namespace sixgate
