#include "decide/push.h"

#include "decide/alarmsettings.h"
#include "model/texts.h"

#include <QCryptographicHash>
#include <QRegularExpression>

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr auto folder = "/etc/sixgate/current/push/";
// As the release names them; on the VPS the service is a template (sixgate-alarm-mail@.service).
constexpr auto mailSocketName = "sixgate-alarm-mail.socket";
constexpr auto mailServiceName = "sixgate-alarm-mail.service";
const QString account = QStringLiteral("sixgate-push");

QByteArray sha256(const QByteArray &content)
{
    return QCryptographicHash::hash(content, QCryptographicHash::Sha256).toHex();
}

WantedFile file(const QString &name, const QByteArray &content, const QString &purpose)
{
    return {QLatin1String(folder) + name, 0644, content, false, sha256(content), purpose};
}

/// Nothing but the one program, which learns whose key it was.
QByteArray authorizedKeys(const std::vector<PushKey> &keys)
{
    QByteArray text("# Managed by Sixgate; changes are overwritten.\n");
    for (const PushKey &key : keys) {
        const QByteArray id = sha256(key.text().section(QLatin1Char(' '), 1, 1).toLatin1()).left(16);
        text += "restrict,command=\"/usr/bin/perl " + QByteArray(folder) + "client.pl " + id + "\" " +
                key.text().toLatin1() + '\n';
    }
    return text;
}

/// A line an upstream name: where it leads, and how the home proves there that it is the home. As in the Apache
/// template.
QByteArray upstreams(const Site &site, const std::map<Label, bool> &pinsNamed)
{
    QByteArray text;
    std::set<Hostname> once;
    for (const Service &service : site.services) {
        if (service.publicNames.empty() || !once.insert(service.upstreamName).second)
            continue;
        const HomeServer *server = site.server(service.server);
        const bool pinned = server && server->pinnedKey;
        const auto named = pinsNamed.find(service.name);
        text += QStringList{service.upstreamName.ascii(), service.port.text(), service.publicNames.front().ascii(),
                            pinned ? QStringLiteral("/etc/sixgate/current/pins/%1.pem").arg(server->name.text())
                                   : QStringLiteral("-"),
                            pinned && named != pinsNamed.end() && !named->second ? QStringLiteral("key")
                                                                                 : QStringLiteral("named")}
                    .join(QLatin1Char('\t'))
                    .toLatin1() +
                '\n';
    }
    return text;
}

/// Hex SHA-256 of the file of that name in the release's folder; empty: it has none.
QByteArray wantedSha256(const std::vector<WantedFile> &wanted, const char *name)
{
    const QString path = QLatin1String(folder) + QLatin1String(name);
    const auto found =
        std::find_if(wanted.begin(), wanted.end(), [&](const WantedFile &one) { return one.path == path; });
    return found == wanted.end() ? QByteArray() : found->sha256;
}

/// By the rules of sshd_config's PATTERNS; a pattern of user and host may fit.
bool fits(const QString &pattern)
{
    const QString user = pattern.section(QLatin1Char('@'), 0, 0);
    const auto wildcards =
        QRegularExpression::wildcardToRegularExpression(user, QRegularExpression::UnanchoredWildcardConversion);
    return QRegularExpression(QRegularExpression::anchoredPattern(wildcards)).match(account).hasMatch();
}

bool anyFits(const std::vector<QString> &patterns)
{
    return std::any_of(patterns.begin(), patterns.end(), [](const QString &one) { return fits(one); });
}

QString joined(const std::vector<QString> &words)
{
    return QStringList(words.begin(), words.end()).join(QLatin1Char(' '));
}

} // namespace

std::vector<WantedFile> pushFiles(const Site &site, const PushScripts &scripts)
{
    const std::vector<PushKey> &keys = site.vps.front().pushKeys;
    if (keys.empty())
        return {};
    return {file(QStringLiteral("authorized_keys"), authorizedKeys(keys),
                 Texts::tr("whose keys may tell the home's new address, and nothing else")),
            file(QStringLiteral("client.pl"), scripts.client, Texts::tr("the only program that a push key may run")),
            file(QStringLiteral("daemon.pl"), scripts.daemon,
                 Texts::tr("leads Apache to an address of the home that was told and has proven itself")),
            file(QLatin1String(pushUnitName), scripts.unit, Texts::tr("how systemd runs that program")),
            file(QStringLiteral("upstreams"), upstreams(site, scripts.pinsNamed),
                 Texts::tr("the names whose address may be told"))};
}

bool pushIsSetUp(const PushSeen &seen, const std::vector<WantedFile> &wanted)
{
    const QByteArray unit = wantedSha256(wanted, pushUnitName);
    return seen.account && seen.keys && seen.running && !unit.isEmpty() && seen.unitSha256 == unit;
}

std::vector<WantedFile> alarmFiles(const Alarm &alarm, const AlarmScripts &scripts)
{
    std::vector<WantedFile> files{
        file(QStringLiteral("alarm.py"), scripts.program, Texts::tr("tells when the home falls silent")),
        file(QLatin1String(alarmServiceName), scripts.service, Texts::tr("how systemd runs that program")),
        file(QLatin1String(alarmTimerName), scripts.timer, Texts::tr("how often systemd runs that program"))};
    if (alarm.mail && !alarm.mail->smtp) {
        files.push_back(
            file(QLatin1String(mailSocketName), scripts.mailSocket, Texts::tr("where that program leaves its mail")));
        files.push_back(file(QLatin1String(mailServiceName), scripts.mailService,
                             Texts::tr("hands mail to the VPS's own /usr/sbin/sendmail, and may do nothing else")));
    }
    return files;
}

bool alarmIsSetUp(const AlarmSeen &seen, const WantedDeployment &wanted)
{
    const QByteArray service = wantedSha256(wanted.files, alarmServiceName);
    const QByteArray timer = wantedSha256(wanted.files, alarmTimerName);
    return seen.running && wanted.alarm.settings && seen.settingsSha256 == sha256(*wanted.alarm.settings) &&
           !service.isEmpty() && seen.serviceSha256 == service && seen.timerSha256 == timer &&
           seen.mailSocketSha256 == wantedSha256(wanted.files, mailSocketName) &&
           seen.mailServiceSha256 == wantedSha256(wanted.files, mailServiceName);
}

std::optional<PushObstacle> pushObstacle(const SshdSettings &sshd)
{
    const auto of = [&](const char *key) {
        const auto found = sshd.find(QLatin1String(key));
        return found == sshd.end() ? std::vector<QString>() : found->second;
    };
    const auto obstacle = [](const QString &why, const QString &fix) {
        return PushObstacle{
            Texts::tr("The VPS's sshd does not let the account %1 in (%2), so no machine can tell the home's new "
                      "address.")
                .arg(account, why),
            fix + Texts::tr(" Then run: systemctl reload ssh")};
    };
    if (of("pubkeyauthentication") == std::vector{QStringLiteral("no")})
        return obstacle(QStringLiteral("PubkeyAuthentication no"),
                        Texts::tr("In /etc/ssh/sshd_config, add \"Match User %1\" with \"PubkeyAuthentication "
                                  "yes\" at the end.")
                            .arg(account));
    for (const auto &[key, name] : {std::pair{"denyusers", "DenyUsers"}, std::pair{"denygroups", "DenyGroups"}}) {
        if (anyFits(of(key)))
            return obstacle(QStringLiteral("%1 %2").arg(QLatin1String(name), joined(of(key))),
                            Texts::tr("In /etc/ssh/sshd_config, change %1 so that it does not fit %2.")
                                .arg(QLatin1String(name), account));
    }
    for (const auto &[key, name] : {std::pair{"allowusers", "AllowUsers"}, std::pair{"allowgroups", "AllowGroups"}}) {
        if (!of(key).empty() && !anyFits(of(key)))
            return obstacle(QStringLiteral("%1 %2").arg(QLatin1String(name), joined(of(key))),
                            Texts::tr("In /etc/ssh/sshd_config, add %2 to %1.").arg(QLatin1String(name), account));
    }
    const auto places = of("authorizedkeysfile");
    const auto ours = [](const QString &place) {
        return QStringList{QStringLiteral(".ssh/authorized_keys"), QStringLiteral("%h/.ssh/authorized_keys"),
                           QStringLiteral("/var/lib/sixgate-push/.ssh/authorized_keys"),
                           QStringLiteral("/var/lib/%u/.ssh/authorized_keys")}
            .contains(place);
    };
    if (!places.empty() && std::none_of(places.begin(), places.end(), ours))
        return obstacle(QStringLiteral("AuthorizedKeysFile %1").arg(joined(places)),
                        Texts::tr("In /etc/ssh/sshd_config, add \"Match User %1\" with \"AuthorizedKeysFile "
                                  ".ssh/authorized_keys\" at the end.")
                            .arg(account));
    const auto methods = of("authenticationmethods");
    const auto enough = [](const QString &one) {
        return one == QLatin1String("any") || one == QLatin1String("publickey");
    };
    if (!methods.empty() && std::none_of(methods.begin(), methods.end(), enough))
        return obstacle(QStringLiteral("AuthenticationMethods %1").arg(joined(methods)),
                        Texts::tr("In /etc/ssh/sshd_config, add \"Match User %1\" with \"AuthenticationMethods "
                                  "publickey\" at the end.")
                            .arg(account));
    const auto command = of("forcecommand");
    if (!command.empty() && command != std::vector{QStringLiteral("none")})
        return obstacle(QStringLiteral("ForceCommand %1").arg(joined(command)),
                        Texts::tr("In /etc/ssh/sshd_config, add \"Match User %1\" with \"ForceCommand none\" "
                                  "before what sets it.")
                            .arg(account));
    return std::nullopt;
}

} // namespace sixgate
