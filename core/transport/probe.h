#pragma once

#include "model/pathreport.h"
#include "model/port.h"
#include "transport/tls.h"

#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// Probing one address: connect, TLS, identity, HTTP. Shared by observe and verify.

/// Who is expected to answer.
struct ExpectedIdentity {
    Hostname name; ///< SNI, and the name the certificate must carry
    /// Set where the server's certificate is self-signed: its key counts, not the chain.
    std::optional<Fingerprint> pinned;
    std::set<Fingerprint> foreign;                  ///< keys that must not be shown: the VPS's
    QString pinPlace = QStringLiteral("pinnedKey"); ///< where the pin stands in the site file, for remedies
};

/// Denied where the certificate is not the expected one: no valid chain for the name (without a pin); another key than
/// the pinned one, or that key in a certificate that is not self-signed or out of its time; or a foreign key. A renewed
/// key with a valid chain is normal.
Outcome checkIdentity(const TlsSeen &seen, const ExpectedIdentity &expected);

/// What checkIdentity() refuses, in a word for a program: "foreign-key", "other-key", "not-self-signed", "expired",
/// "not-yet-valid", "wrong-name", "self-signed", "untrusted", "incomplete", "bad-chain"; empty where it does not.
QString identityReason(const TlsSeen &seen, const ExpectedIdentity &expected);

struct ProbeSeen {
    std::vector<ProbeStep> steps; ///< as far as it came: "connect", "tls", "identity", "http"
    std::optional<TlsSeen> tls;
    std::optional<HttpSeen> http;
    std::optional<Error> error; ///< of the step that failed
};

/// `[2001:db8::11]:443`, `203.0.113.10:443`: how messages name the other end.
QString whereText(const IpAddress &address, Port port);

/// The name of the errno in an error of connectTcp(), TIMEOUT at its deadline; empty where there is none.
QString connectReason(const Error &error);

/// One sentence about a connection that failed for `reason`: the name of an errno, or TIMEOUT. What to do is for the
/// caller to say.
Error connectError(const QString &where, const QString &reason);

/// Makes a connected stream socket: connectTcp() from this machine, or SshSession::openTcp() from the VPS.
using Opener = std::function<Result<Fd>(const Deadline &, std::stop_token)>;

struct HttpQuestion {
    UrlPath path;
    QByteArray token; ///< X-Sixgate-Probe: 32 hex digits
};

/// `where` names the address in the step's detail. Without `http` it ends after the identity. The step "http" has
/// passed with any answer: what its status means is for the caller to say.
ProbeSeen probe(const QString &where, const Opener &open, const ExpectedIdentity &expected,
                const std::optional<HttpQuestion> &http, const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
