#pragma once

#include "model/deadline.h"
#include "model/hostname.h"
#include "model/names.h"
#include "model/observation.h"
#include "transport/fd.h"

#include <QByteArray>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>

namespace sixgate
{

/// A certificate parsed from PEM or DER (first one of the text).
Result<CertificateSeen> parseCertificate(const QByteArray &pem);

/// Why a chain does not count. With several reasons: another name first, then what OpenSSL tells.
enum class ChainFault {
    None,
    WrongName,   ///< for other names, and not self-signed
    Expired,     ///< it, or one above it
    NotYetValid, ///< it, or one above it
    SelfSigned,
    Untrusted,  ///< leads to a root that this machine does not trust
    Incomplete, ///< shown alone, and its issuer is not known here
    Other,      ///< `chainError` tells
};

/// How a handshake went. The chain is judged, but a bad chain does not end the handshake: the caller sees what was
/// shown.
struct TlsSeen {
    CertificateSeen certificate;
    bool chainValid = false; ///< chains to a root this machine trusts, now, and names `serverName`
    QString chainError;      ///< OpenSSL's words where it does not
    QString protocol;        ///< "TLSv1.3"
    std::chrono::milliseconds handshake{0};
    ChainFault fault = ChainFault::None;
};

/// A TLS client connection over a connected stream socket (OpenSSL, the system's trust store). One thread at a time.
class TlsStream
{
public:
    /// Handshakes with SNI `serverName`. The minimum is TLS 1.2; ALPN offers http/1.1.
    static Result<TlsStream> handshake(Fd socket, const Hostname &serverName, const Deadline &deadline,
                                       std::stop_token stop);
    TlsStream(TlsStream &&) noexcept;
    TlsStream &operator=(TlsStream &&) noexcept;
    ~TlsStream();

    const TlsSeen &seen() const;
    Outcome write(const QByteArray &bytes, const Deadline &deadline, std::stop_token stop);
    Result<QByteArray> read(qsizetype most, const Deadline &deadline, std::stop_token stop); ///< empty at end

private:
    class Private;
    explicit TlsStream(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

/// What a client would send first to a server of this name.
Result<QByteArray> clientHello(const Hostname &serverName);

struct HttpSeen {
    int status = 0;
    std::map<QByteArray, QByteArray> headers; ///< names in lower case; the first value of each
    std::chrono::milliseconds took{0};
    QByteArray body; ///< its first bytes, without the marks of a chunked transfer; at most 4 KiB
};

/// Sends `GET path` (HTTP/1.1, Connection: close) and reads the status line and headers, at most 64 KiB, and of a short
/// HTML page what comes with them within a moment: enough to recognise a well-known one.
/// `probeToken`, 32 hex digits, goes out as `X-Sixgate-Probe`.
Result<HttpSeen> httpGet(TlsStream &stream, const Hostname &host, const UrlPath &path, const QByteArray &probeToken,
                         const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
