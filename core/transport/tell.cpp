#include "transport/tell.h"

#include "model/alarmurl.h"
#include "model/ipaddress.h"
#include "model/text.h"
#include "model/texts.h"
#include "transport/program.h"

#include <QCryptographicHash>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLocale>
#include <QSysInfo>

#include <algorithm>
#include <initializer_list>

namespace sixgate
{

namespace
{

constexpr qsizetype longestEvidence = 300;

/// What curl says by its exit code (curl(1), EXIT CODES).
enum CurlExit {
    CannotResolve = 6,
    CannotConnect = 7,
    StrangeServer = 8,
    AccessDenied = 9,
    TimedOut = 28,
    TlsFailed = 35,
    WrongCertificate = 51,
    NoAnswer = 52,
    SendFailed = 55,
    ReceiveFailed = 56,
    UntrustedCertificate = 60,
    NoTls = 64,
    LoginDenied = 67,
};

/// Curl's settings. They hold secrets: growing leaves no copy behind, and they are wiped when they go.
class CurlSettings
{
public:
    CurlSettings() { m_text.reserve(4096); }
    CurlSettings(const CurlSettings &) = delete;
    CurlSettings &operator=(const CurlSettings &) = delete;
    ~CurlSettings() { (void)take(); }

    /// A line; the pieces of its value follow each other, and may hold any byte but NUL.
    void add(const char *name, std::initializer_list<QByteArrayView> value)
    {
        put(name);
        put(" = \"");
        for (const QByteArrayView piece : value) {
            for (const char c : piece)
                putQuoted(c);
        }
        put("\"\n");
    }
    void add(const char *name, QByteArrayView value) { add(name, {value}); }
    void flag(const char *name)
    {
        put(name);
        put("\n");
    }
    Secret take() { return Secret(std::exchange(m_text, {})); }

private:
    void putQuoted(char c)
    {
        switch (c) {
        case '\\':
            return put("\\\\");
        case '"':
            return put("\\\"");
        case '\n':
            return put("\\n");
        case '\r':
            return put("\\r");
        default:
            return put({&c, 1});
        }
    }
    void put(QByteArrayView bytes)
    {
        if (m_text.size() + bytes.size() > m_text.capacity()) {
            QByteArray larger;
            larger.reserve(2 * (m_text.size() + bytes.size()));
            larger += m_text;
            const Secret old(std::exchange(m_text, std::move(larger)));
        }
        m_text += bytes;
    }

    QByteArray m_text;
};

/// Trust as the rest of Sixgate has it. Curl reads the same variables, but takes only one of the two.
void addTrust(CurlSettings &settings)
{
    for (const auto &[variable, name] : {std::pair{"SSL_CERT_FILE", "cacert"}, {"SSL_CERT_DIR", "capath"}}) {
        if (qEnvironmentVariableIsSet(variable))
            settings.add(name, qgetenv(variable));
    }
}

struct CurlEnd {
    int exit = 0;
    int status = 0; ///< of HTTP or SMTP, the last one; 0: none came
};

Result<CurlEnd> curl(CurlSettings &settings, const QByteArray &body, const Deadline &deadline,
                     const std::stop_token &stop, const TellPrograms &programs)
{
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(deadline.left());
    for (const char *one : {"silent", "http1.1", "globoff", "tlsv1.2", "no-buffer"})
        settings.flag(one);
    settings.add("noproxy", "*");
    addTrust(settings);
    settings.add("write-out", "%{stderr}%{response_code}");
    settings.add("max-time", QByteArray::number(std::max<qint64>(seconds.count(), 1)));
    ProgramCall call;
    call.program = programs.curl;
    call.arguments = {"--disable", "--config", "-"};
    // No proxies, and nobody's settings.
    call.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
    call.input = settings.take();
    call.third = body;
    const auto ended = runProgram(call, deadline, stop);
    if (!ended && ended.error().code == ErrorCode::NotFound)
        return fail(ErrorCode::NotFound, Texts::tr("The program curl, which sends alarms, is missing here."), {},
                    Texts::tr("Install it: apt install curl"));
    if (!ended)
        return passOn(ended);
    return CurlEnd{ended->exit, ended->errors.right(3).toInt()};
}

/// What went wrong on the way to `whom`, which begins a sentence.
Error onTheWay(const QString &whom, const CurlEnd &end)
{
    const QString detail = Texts::tr("curl ended with %1.").arg(end.exit);
    switch (end.exit) {
    case CannotResolve:
        return {ErrorCode::Network, Texts::tr("%1 cannot be found: its name has no address here.").arg(whom), detail,
                Texts::tr("See whether this machine is online, and whether the name is written right.")};
    case CannotConnect:
        return {ErrorCode::Network, Texts::tr("%1 cannot be reached.").arg(whom), detail,
                Texts::tr("See whether this machine is online, and whether the port is right.")};
    case TimedOut:
        return {ErrorCode::Timeout, Texts::tr("%1 did not answer in time.").arg(whom), detail, {}};
    case WrongCertificate:
    case UntrustedCertificate:
        return {ErrorCode::Protocol,
                Texts::tr("%1 shows a certificate that this machine does not trust for it.").arg(whom), detail,
                Texts::tr("Nothing was sent. Use the name that is in its certificate, and a certificate of an "
                          "authority that this machine trusts.")};
    case TlsFailed:
        return {ErrorCode::Protocol, Texts::tr("%1 does not speak TLS there.").arg(whom), detail,
                Texts::tr("See whether the port is right.")};
    case NoTls:
        return {ErrorCode::Protocol, Texts::tr("%1 offers no encryption (STARTTLS), so nothing was sent.").arg(whom),
                detail, Texts::tr("Take its port for mail from users (587 with \"starttls\", or 465 with \"tls\").")};
    case LoginDenied:
        return {ErrorCode::Denied, Texts::tr("%1 refuses the login.").arg(whom), detail,
                Texts::tr("See \"user\" in the site file, and store the password anew: sixgatectl secret set "
                          "alarm.mail.password")};
    case StrangeServer:
    case AccessDenied:
    case NoAnswer:
    case SendFailed:
    case ReceiveFailed:
        return {ErrorCode::Network, Texts::tr("%1 broke the connection off.").arg(whom), detail, {}};
    default:
        return {ErrorCode::Internal, Texts::tr("%1 could not be told.").arg(whom), detail, {}};
    }
}

/// Late news of a stop or a deadline, which name the program.
Error late(const QString &whom, const Error &error)
{
    return error.code == ErrorCode::Timeout ? onTheWay(whom, {TimedOut, 0}) : error;
}

/// Has curl go to an address of the own network and to no other.
Outcome stayNear(CurlSettings &settings, const QString &whom, const QString &host, quint16 port,
                 const Deadline &deadline, const std::stop_token &stop, const TellPrograms &programs)
{
    const Error far{ErrorCode::Invalid,
                    Texts::tr("%1 is not in your own network, so nothing is sent without encryption.").arg(whom),
                    {},
                    Texts::tr("Use TLS.")};
    if (const auto address = parseIpAddress(host))
        return isOfOwnNetwork(*address) ? Outcome() : tl::unexpected<Error>(far);
    ProgramCall call;
    call.program = programs.getent;
    call.arguments = {"ahosts", host.toLatin1()};
    call.environment = {"LC_ALL=C"};
    const auto ended = runProgram(call, deadline, stop);
    if (!ended)
        return tl::unexpected<Error>(late(whom, ended.error()));
    if (ended->exit != 0)
        return tl::unexpected<Error>(onTheWay(whom, {CannotResolve, 0}));
    for (const QByteArray &line : ended->output.split('\n')) {
        const auto address = parseIpAddress(QString::fromLatin1(line.left(line.indexOf(' '))));
        if (address && isOfOwnNetwork(*address)) {
            settings.add("resolve", QStringLiteral("%1:%2:%3").arg(host).arg(port).arg(ipText(*address)).toLatin1());
            return {};
        }
    }
    return tl::unexpected<Error>(far);
}

// ---------------------------------------------------------------- mail

Outcome bySendmail(const AlarmMail &mail, const AlarmMessage &message, const Deadline &deadline,
                   const std::stop_token &stop, const TellPrograms &programs)
{
    ProgramCall call;
    call.program = programs.sendmail;
    call.arguments = {"-i", "-t"};
    call.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    for (const char *name : {"HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME"}) {
        if (qEnvironmentVariableIsSet(name))
            call.environment << QByteArray(name) + '=' + qgetenv(name);
    }
    call.input = Secret(mailText(mail, message, QDateTime::currentDateTimeUtc(), "\n"));
    const auto ended = runProgram(call, deadline, stop);
    if (!ended && ended.error().code == ErrorCode::NotFound)
        return fail(ErrorCode::NotFound,
                    Texts::tr("This machine has no mail program (%1).").arg(QString::fromUtf8(programs.sendmail)), {},
                    Texts::tr("Name a mail server of yours in the site file (\"alarm\": {\"mail\": {\"smtp\": …}}), "
                              "or have this machine send mail, for example: apt install msmtp-mta"));
    if (!ended)
        return tl::unexpected<Error>(late(Texts::tr("The mail program of this machine"), ended.error()));
    if (ended->exit != 0)
        return fail(ErrorCode::Refused,
                    Texts::tr("The mail program of this machine does not take the mail (exit %1).").arg(ended->exit),
                    shownLine(ended->errors.left(longestEvidence)),
                    Texts::tr("See how it is set up, or name a mail server of yours in the site file."));
    return {};
}

/// For the greeting.
QByteArray ownName()
{
    const QByteArray name = QSysInfo::machineHostName().toUtf8();
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    });
    return plain && !name.isEmpty() ? name : QByteArray("localhost");
}

Outcome bySmtp(const AlarmMail &mail, const Secret &password, const AlarmMessage &message, const Deadline &deadline,
               const std::stop_token &stop, const TellPrograms &programs)
{
    const SmtpServer &server = *mail.smtp;
    const QString whom = Texts::tr("The mail server %1").arg(server.host.ascii());
    const bool tls = server.security == SmtpSecurity::Tls;
    CurlSettings settings;
    if (!server.user.isEmpty()) {
        const QByteArray &bytes = password.reveal();
        if (bytes.isEmpty())
            return fail(ErrorCode::NotFound,
                        Texts::tr("The password of %1 at the mail server is missing.").arg(server.user), {},
                        Texts::tr("Store it: sixgatectl secret set %1").arg(alarmMailPasswordSecret()));
        if (bytes.contains('\0') || bytes.contains('\n') || bytes.contains('\r'))
            return fail(ErrorCode::Invalid, Texts::tr("The password for the mail server has more than one line."), {},
                        Texts::tr("Store it: sixgatectl secret set %1").arg(alarmMailPasswordSecret()));
        if (server.user.contains(QLatin1Char(':')))
            return fail(ErrorCode::Invalid,
                        Texts::tr("A login with a colon (%1) cannot be used for mail.").arg(quoted(server.user)));
        settings.add("user", {server.user.toLatin1(), ":", bytes});
    }
    settings.add("proto", tls ? "=smtps" : "=smtp");
    // The path is how this machine calls itself; without one, the name of the file to upload would be taken for it.
    settings.add("url", {tls ? "smtps://" : "smtp://", server.host.ascii().toLatin1(), ":",
                         server.port.text().toLatin1(), "/", ownName()});
    if (server.security == SmtpSecurity::StartTls)
        settings.flag("ssl-reqd");
    if (server.security == SmtpSecurity::None) {
        auto near = stayNear(settings, whom, server.host.ascii(), server.port.number(), deadline, stop, programs);
        if (!near)
            return near;
    }
    settings.add("mail-from", mail.from.text().toLatin1());
    settings.add("mail-rcpt", mail.to.text().toLatin1());
    settings.add("upload-file", "/dev/fd/3");
    const auto ended =
        curl(settings, mailText(mail, message, QDateTime::currentDateTimeUtc(), "\r\n"), deadline, stop, programs);
    if (!ended)
        return tl::unexpected<Error>(late(whom, ended.error()));
    if (ended->exit == 0)
        return {};
    if (ended->status >= 400 && ended->exit != LoginDenied && ended->exit != NoTls)
        return fail(ErrorCode::Refused, Texts::tr("%1 does not take the mail (%2).").arg(whom).arg(ended->status),
                    Texts::tr("curl ended with %1.").arg(ended->exit),
                    Texts::tr("See whether it takes mail from %1 to %2.").arg(mail.from.text(), mail.to.text()));
    return tl::unexpected<Error>(onTheWay(whom, *ended));
}

// ---------------------------------------------------------------- webhooks

QString hookText(const Webhook &hook)
{
    return Texts::tr("The webhook “%1”").arg(hook.name.text());
}

QByteArray json(const AlarmMessage &message)
{
    return QJsonDocument(QJsonObject{{QStringLiteral("schema"), 1},
                                     {QStringLiteral("site"), message.site.text()},
                                     {QStringLiteral("event"), alarmEventName(message.event)},
                                     {QStringLiteral("text"), message.text},
                                     {QStringLiteral("since"), message.since.toUTC().toString(Qt::ISODate)},
                                     {QStringLiteral("seconds"), qint64(message.span.count())},
                                     {QStringLiteral("from"), message.from}})
        .toJson(QJsonDocument::Compact);
}

/// The URL; the address of a failure, or of what says nothing about success, is a folder below the one of success,
/// before a query.
void addUrl(CurlSettings &settings, QByteArrayView url, QByteArrayView folder)
{
    if (folder.isEmpty())
        return settings.add("url", url);
    const qsizetype query = url.indexOf('?');
    const QByteArrayView rest = query < 0 ? QByteArrayView() : url.sliced(query);
    if (query >= 0)
        url = url.first(query);
    while (url.endsWith('/'))
        url.chop(1);
    settings.add("url", {url, "/", folder, rest});
}

} // namespace

QByteArray mailText(const AlarmMail &mail, const AlarmMessage &message, const QDateTime &now, const QByteArray &lineEnd)
{
    // The same for the same matter: who gets it twice, after an answer that was lost, may see that it is one.
    const QByteArray id =
        QCryptographicHash::hash((message.site.text() + QLatin1Char('\n') + message.from + QLatin1Char('\n') +
                                  alarmEventName(message.event) + QLatin1Char('\n') +
                                  QString::number(message.since.toMSecsSinceEpoch()) + mail.to.text())
                                     .toUtf8(),
                                 QCryptographicHash::Sha256)
            .toHex()
            .left(32);
    const QString domain = mail.from.text().section(QLatin1Char('@'), -1);
    const QStringList headers = {
        QStringLiteral("From: Sixgate <%1>").arg(mail.from.text()),
        QStringLiteral("To: %1").arg(mail.to.text()),
        QStringLiteral("Subject: %1").arg(message.subject()),
        QStringLiteral("Date: %1")
            .arg(QLocale::c().toString(now.toUTC(), QStringLiteral("ddd, dd MMM yyyy HH:mm:ss +0000"))),
        QStringLiteral("Message-ID: <%1@%2>").arg(QString::fromLatin1(id), domain),
        QStringLiteral("Auto-Submitted: auto-generated"),
        QStringLiteral("MIME-Version: 1.0"),
        QStringLiteral("Content-Type: text/plain; charset=utf-8"),
        QStringLiteral("Content-Transfer-Encoding: base64"),
    };
    QByteArray out;
    for (const QString &one : headers)
        out += one.toUtf8() + lineEnd;
    out += lineEnd;
    const QByteArray body = QStringLiteral("%1\r\n\r\n%2\r\n")
                                .arg(message.text, Texts::tr("Told by %1.").arg(message.from))
                                .toUtf8()
                                .toBase64();
    for (qsizetype at = 0; at < body.size(); at += 76)
        out += body.mid(at, 76) + lineEnd;
    return out;
}

Outcome tellByMail(const AlarmMail &mail, const Secret &password, const AlarmMessage &message, const Deadline &deadline,
                   std::stop_token stop, const TellPrograms &programs)
{
    return mail.smtp ? bySmtp(mail, password, message, deadline, stop, programs)
                     : bySendmail(mail, message, deadline, stop, programs);
}

Outcome tellByWebhook(const Webhook &hook, const Secret &secret, const AlarmMessage &message, const Deadline &deadline,
                      std::stop_token stop, const TellPrograms &programs)
{
    if (secret.isEmpty())
        return fail(ErrorCode::NotFound, Texts::tr("The URL of the webhook “%1” is missing.").arg(hook.name.text()), {},
                    Texts::tr("Store it: sixgatectl secret set %1").arg(alarmUrlSecret(hook)));
    const auto known = webhookUrl(hook, secret);
    if (!known)
        return passOn(known);
    const bool trouble = message.event == AlarmEvent::Trouble;
    CurlSettings settings;
    QByteArray body = message.text.toUtf8() + '\n';
    QByteArray type = "text/plain; charset=utf-8";
    QByteArrayView below; // the folder
    switch (hook.kind) {
    case WebhookKind::Generic:
        body = json(message);
        type = "application/json";
        break;
    case WebhookKind::Ntfy:
        settings.add("header", {"Title: ", message.subject().toLatin1()});
        settings.add("header", trouble ? "Priority: high" : "Priority: default");
        settings.add("header", trouble ? "Tags: warning" : "Tags: white_check_mark");
        break;
    case WebhookKind::Healthchecks:
        if (trouble)
            below = "fail";
        else if (message.event == AlarmEvent::Test || message.event == AlarmEvent::Passed)
            below = "log";
        break;
    }
    settings.add("header", {"Content-Type: ", type});
    // No waiting for a server that says "go on".
    settings.add("header", "Expect:");
    settings.add("user-agent", "Sixgate");
    const QString whom = hookText(hook);
    if (!known->tls) {
        if (auto near = stayNear(settings, whom, known->host, known->port, deadline, stop, programs); !near)
            return near;
    }
    settings.add("proto", known->tls ? "=https" : "=http");
    settings.add("data-binary", "@/dev/fd/3");
    settings.flag("fail");
    addUrl(settings, known->text.reveal(), below);
    const auto ended = curl(settings, body, deadline, stop, programs);
    if (!ended)
        return tl::unexpected<Error>(late(whom, ended.error()));
    const CurlEnd &end = *ended;
    // Whatever comes after the status, also without an end, is of no matter.
    if (end.status >= 200 && end.status < 300)
        return {};
    if (end.status == 0)
        return tl::unexpected<Error>(onTheWay(whom, end));
    const bool elsewhere = end.status >= 300 && end.status < 400;
    return fail(ErrorCode::Refused, Texts::tr("%1 answers with status %2.").arg(whom).arg(end.status), {},
                elsewhere ? Texts::tr("It wants to lead elsewhere, which is not followed: store the URL to which "
                                      "it leads: sixgatectl secret set %1")
                                .arg(alarmUrlSecret(hook))
                          : Texts::tr("See whether its URL is still right, and store it anew: sixgatectl secret "
                                      "set %1")
                                .arg(alarmUrlSecret(hook)));
}

} // namespace sixgate
