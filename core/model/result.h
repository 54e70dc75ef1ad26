#pragma once

#include <QString>

#include <tl/expected.hpp>

namespace sixgate
{

/// What kind of failure it is: the part a program may test. People read the texts.
enum class ErrorCode {
    Cancelled,   ///< the user or a newer job asked to stop; not shown as a failure
    Timeout,     ///< the deadline passed
    Invalid,     ///< input that does not parse (site file, option, remote answer)
    NotFound,    ///< a file, secret, name or host is not there
    Denied,      ///< permission or authentication refused; retrying unchanged is useless
    HostKey,     ///< the SSH host key is not the pinned one
    Network,     ///< unreachable, refused, reset, name not resolved
    Protocol,    ///< the peer answered something that its protocol does not allow
    Refused,     ///< the peer understood and refuses (DNS rcode, failed step on the VPS)
    Moved,       ///< reality is no longer what the plan was made from
    Unavailable, ///< a facility of this machine is missing or locked (keychain, netlink)
    Internal,    ///< a library or system call failed in a way that has no better name
};

/// An error for a person and a program: a code to test, one sentence, the evidence, what to do.
/// Never holds a secret.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    QString summary; ///< one sentence, ends with a full stop
    QString detail;  ///< evidence: what was asked, what was answered; may be empty
    QString fix;     ///< what the user can do; may be empty
};

/// A value or the reason why there is none. Never throws.
template <class T>
using Result = tl::expected<T, Error>;

/// Success without a value.
using Outcome = Result<void>;

/// An observed value, or why it is not known. Unknown is not empty: it never causes a change.
template <class T>
using Known = tl::expected<T, Error>;

/// Shorthand for `return fail(ErrorCode::Invalid, …)`.
inline tl::unexpected<Error> fail(ErrorCode code, QString summary, QString detail = {}, QString fix = {})
{
    return tl::unexpected<Error>(Error{code, std::move(summary), std::move(detail), std::move(fix)});
}

/// Passes an error on: `if (!x) return passOn(x);`.
template <class T>
tl::unexpected<Error> passOn(const tl::expected<T, Error> &failed)
{
    return tl::unexpected<Error>(failed.error());
}

/// Its sentence and, behind an arrow, what to do; for one line.
QString withRemedy(const Error &error);

/// Stable lower-case word for an error code, used in JSON output.
QString errorCodeName(ErrorCode code);

} // namespace sixgate
