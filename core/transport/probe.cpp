#include "transport/probe.h"

#include "model/texts.h"
#include "transport/x509.h"

#include <QRegularExpression>

namespace sixgate
{

namespace
{

QString namesText(const std::vector<QString> &names)
{
    QStringList shown;
    for (const QString &name : names) {
        if (shown.size() == 5) {
            shown << Texts::tr("%1 more").arg(names.size() - 5);
            break;
        }
        shown << name;
    }
    return shown.isEmpty() ? Texts::tr("no name at all") : shown.join(QStringLiteral(", "));
}

QString dateText(const QDateTime &time)
{
    return time.toUTC().toString(QStringLiteral("yyyy-MM-dd HH:mm 'UTC'"));
}

QString certificateText(const CertificateSeen &certificate)
{
    return Texts::tr("names: %1; issuer: %2; valid from %3 to %4; key %5")
        .arg(namesText(certificate.names), certificate.issuer, dateText(certificate.notBefore),
             dateText(certificate.notAfter), certificate.key.text());
}

tl::unexpected<Error> denied(const TlsSeen &seen, const QString &summary, const QString &fix)
{
    QString detail = certificateText(seen.certificate);
    if (!seen.chainError.isEmpty())
        detail += QStringLiteral("; OpenSSL: %1").arg(seen.chainError);
    return fail(ErrorCode::Denied, summary, detail, fix);
}

tl::unexpected<Error> notYetValid(const TlsSeen &seen)
{
    return denied(seen,
                  Texts::tr("The certificate is not valid before %1; it is %2 now.")
                      .arg(dateText(seen.certificate.notBefore), dateText(QDateTime::currentDateTimeUtc())),
                  Texts::tr("See whether this machine's clock is right."));
}

tl::unexpected<Error> badChain(const TlsSeen &seen, const ExpectedIdentity &expected)
{
    const QString name = expected.name.ascii();
    const CertificateSeen &shown = seen.certificate;
    const QDateTime now = QDateTime::currentDateTimeUtc();
    switch (seen.fault) {
    case ChainFault::WrongName:
        return denied(seen, Texts::tr("The certificate is for %1, not for %2.").arg(namesText(shown.names), name),
                      Texts::tr("Let the server that answers here use a certificate for %1; where it is a stranger's, "
                                "the address is no longer yours.")
                          .arg(name));
    case ChainFault::Expired:
        if (shown.notAfter > now)
            return denied(seen, Texts::tr("A certificate above the server's one has expired."),
                          Texts::tr("Let the server send its certificate's present chain (fullchain.pem)."));
        return denied(seen, Texts::tr("The certificate expired on %1.").arg(dateText(shown.notAfter)),
                      Texts::tr("Renew the server's certificate, and see why that did not happen by itself."));
    case ChainFault::NotYetValid:
        return notYetValid(seen);
    case ChainFault::SelfSigned:
        return denied(seen, Texts::tr("The certificate is self-signed."),
                      Texts::tr("Get a certificate from a public authority for %1; where this one is your "
                                "server's own, pin its key as %2 in the site file.")
                          .arg(name, expected.pinPlace));
    case ChainFault::Untrusted:
        return denied(seen,
                      Texts::tr("The certificate comes from an authority that this machine does not trust (%1).")
                          .arg(shown.issuer),
                      Texts::tr("Get a certificate from a public authority for %1.").arg(name));
    case ChainFault::Incomplete:
        return denied(seen,
                      Texts::tr("The server sends its certificate without the chain, and its issuer (%1) is not "
                                "known here.")
                          .arg(shown.issuer),
                      Texts::tr("Let the server send the whole chain (fullchain.pem, not cert.pem)."));
    case ChainFault::None:
    case ChainFault::Other:
        break;
    }
    return denied(seen, Texts::tr("The certificate does not count: %1.").arg(seen.chainError),
                  Texts::tr("Get a new certificate for %1.").arg(name));
}

// A pin stands for the chain of a self-signed certificate alone: the VPS's proxy trusts that certificate, and no other
// and no expired one passes its check.
Outcome checkPinned(const TlsSeen &seen, const ExpectedIdentity &expected)
{
    const CertificateSeen &shown = seen.certificate;
    if (shown.key != *expected.pinned)
        return denied(seen,
                      Texts::tr("The server shows the key %1 instead of the pinned one %2.")
                          .arg(shown.key.text(), expected.pinned->text()),
                      Texts::tr("If you renewed the server's certificate, pin its new key as %1 in the site file; "
                                "otherwise another machine answers.")
                          .arg(expected.pinPlace));
    if (!shown.selfSigned)
        return denied(seen,
                      Texts::tr("The pinned key is that of a certificate which %1 issued; only a self-signed one "
                                "can be pinned.")
                          .arg(shown.issuer),
                      Texts::tr("Remove %1 from the site file where the issuer is a public authority; otherwise "
                                "give the server a self-signed certificate and pin its key.")
                          .arg(expected.pinPlace));
    const QDateTime now = QDateTime::currentDateTimeUtc();
    if (shown.notBefore > now)
        return notYetValid(seen);
    if (shown.notAfter < now)
        return denied(seen, Texts::tr("The certificate expired on %1.").arg(dateText(shown.notAfter)),
                      Texts::tr("Renew the server's self-signed certificate; where it gets a new key by that, pin "
                                "the new one as %1 in the site file.")
                          .arg(expected.pinPlace));
    return {};
}

std::chrono::milliseconds since(Deadline::Clock::time_point start)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - start);
}

// What ended a talk that had begun.
QString talkReason(const Error &error)
{
    if (error.code == ErrorCode::Timeout)
        return QStringLiteral("TIMEOUT");
    if (error.code == ErrorCode::Protocol)
        return QStringLiteral("PROTOCOL");
    // Whether it comes as an end or as a reset depends on what the other side had read by then.
    const QString reason = connectReason(error);
    const bool closed = reason.isEmpty() || reason == QLatin1String("ECONNRESET") || reason == QLatin1String("EPIPE");
    return closed ? QStringLiteral("CLOSED") : reason;
}

QString errorDetail(const Error &error)
{
    return error.detail.isEmpty() ? error.summary : error.detail;
}

} // namespace

QString whereText(const IpAddress &address, Port port)
{
    const QString form =
        std::holds_alternative<Ipv6Address>(address) ? QStringLiteral("[%1]:%2") : QStringLiteral("%1:%2");
    return form.arg(ipText(address), port.text());
}

QString connectReason(const Error &error)
{
    static const QRegularExpression name(QStringLiteral("\\bE[A-Z][A-Z0-9]{2,}\\b"));
    const QString found = name.match(error.detail).captured();
    if (found == QLatin1String("ETIMEDOUT") || (found.isEmpty() && error.code == ErrorCode::Timeout))
        return QStringLiteral("TIMEOUT");
    return found;
}

Error connectError(const QString &where, const QString &reason)
{
    Error error{ErrorCode::Network, {}, QStringLiteral("%1: %2").arg(where, reason), {}};
    if (reason == QLatin1String("TIMEOUT") || reason == QLatin1String("ETIMEDOUT")) {
        error.code = ErrorCode::Timeout;
        error.summary = Texts::tr("%1 does not answer.").arg(where);
    } else if (reason == QLatin1String("ECONNREFUSED")) {
        error.summary = Texts::tr("%1 refuses the connection.").arg(where);
    } else if (reason == QLatin1String("EHOSTUNREACH")) {
        error.summary = Texts::tr("No machine answers for the address in %1.").arg(where);
    } else if (reason == QLatin1String("ENETUNREACH") || reason == QLatin1String("EADDRNOTAVAIL")) {
        error.summary = Texts::tr("There is no route to %1.").arg(where);
    } else if (reason == QLatin1String("EACCES") || reason == QLatin1String("EPERM")) {
        error.summary = Texts::tr("A firewall forbids the connection to %1.").arg(where);
    } else {
        error.summary = Texts::tr("The connection to %1 failed.").arg(where);
    }
    return error;
}

Outcome checkIdentity(const TlsSeen &seen, const ExpectedIdentity &expected)
{
    if (expected.foreign.contains(seen.certificate.key))
        return denied(seen, Texts::tr("This is the VPS's own certificate: the name leads back to the VPS."),
                      Texts::tr("Let the name's AAAA record hold the home server's address, and give the home "
                                "server a certificate with a key of its own."));
    if (expected.pinned)
        return checkPinned(seen, expected);
    if (!seen.chainValid)
        return badChain(seen, expected);
    return {};
}

QString identityReason(const TlsSeen &seen, const ExpectedIdentity &expected)
{
    if (checkIdentity(seen, expected))
        return {};
    if (expected.foreign.contains(seen.certificate.key))
        return QStringLiteral("foreign-key");
    if (expected.pinned) {
        if (seen.certificate.key != *expected.pinned)
            return QStringLiteral("other-key");
        if (!seen.certificate.selfSigned)
            return QStringLiteral("not-self-signed");
        return seen.certificate.notBefore > QDateTime::currentDateTimeUtc() ? QStringLiteral("not-yet-valid")
                                                                            : QStringLiteral("expired");
    }
    switch (seen.fault) {
    case ChainFault::WrongName:
        return QStringLiteral("wrong-name");
    case ChainFault::Expired:
        return QStringLiteral("expired");
    case ChainFault::NotYetValid:
        return QStringLiteral("not-yet-valid");
    case ChainFault::SelfSigned:
        return QStringLiteral("self-signed");
    case ChainFault::Untrusted:
        return QStringLiteral("untrusted");
    case ChainFault::Incomplete:
        return QStringLiteral("incomplete");
    case ChainFault::None:
    case ChainFault::Other:
        break;
    }
    return QStringLiteral("bad-chain");
}

ProbeSeen probe(const QString &where, const Opener &open, const ExpectedIdentity &expected,
                const std::optional<HttpQuestion> &http, const Deadline &deadline, std::stop_token stop)
{
    ProbeSeen seen;
    const auto step = [&seen](const char *name, std::chrono::milliseconds took, const QString &detail,
                              const Error *error = nullptr, const QString &reason = {}) {
        seen.steps.push_back({QString::fromLatin1(name), !error, took, detail, reason});
        if (error)
            seen.error = *error;
    };

    auto start = Deadline::Clock::now();
    auto socket = open(deadline, stop);
    if (!socket) {
        step("connect", since(start), QStringLiteral("%1: %2").arg(where, errorDetail(socket.error())), &socket.error(),
             connectReason(socket.error()));
        return seen;
    }
    step("connect", since(start), where);

    start = Deadline::Clock::now();
    auto stream = TlsStream::handshake(std::move(*socket), expected.name, deadline, stop);
    if (!stream) {
        step("tls", since(start), errorDetail(stream.error()), &stream.error(), talkReason(stream.error()));
        return seen;
    }
    seen.tls = stream->seen();
    step("tls", since(start), seen.tls->protocol);

    const auto known = checkIdentity(*seen.tls, expected);
    step("identity", std::chrono::milliseconds(0), certificateText(seen.tls->certificate),
         known ? nullptr : &known.error(), identityReason(*seen.tls, expected));
    if (!known || !http)
        return seen;

    start = Deadline::Clock::now();
    auto answer = httpGet(*stream, expected.name, http->path, http->token, deadline, stop);
    if (!answer) {
        step("http", since(start), errorDetail(answer.error()), &answer.error(), talkReason(answer.error()));
        return seen;
    }
    step("http", answer->took, Texts::tr("GET %1: status %2").arg(http->path.text()).arg(answer->status), nullptr,
         QString::number(answer->status));
    seen.http = std::move(*answer);
    return seen;
}

} // namespace sixgate
