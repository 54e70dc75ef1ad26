#pragma once

#include "model/deadline.h"
#include "transport/tls.h"

#include <QByteArray>

#include <functional>
#include <map>
#include <stop_token>

namespace sixgate
{

/// Small HTTP/1.1 answers, whole: of echo services and of routers, which are trusted no more than anybody.

struct FetchedAnswer {
    int status = 0;
    std::map<QByteArray, QByteArray> headers; ///< names in lower case; the first value of each
    QByteArray body;
    bool open = false; ///< of a kept connection: it takes another request
};

/// A connection: bytes there and back.
struct ByteStream {
    std::function<Outcome(const QByteArray &)> write;
    std::function<Result<QByteArray>(qsizetype most)> read; ///< empty at the end
};
ByteStream overTcp(const Fd &socket, const Deadline &deadline, std::stop_token stop);
ByteStream overTls(TlsStream &stream, const Deadline &deadline, std::stop_token stop);

/// Sends `request`, which asks for "Connection: close", and reads the answer: a head of at most 16 KiB, then a body of
/// at most `mostBody` bytes by its length, in chunks, or until the end. Protocol where it is larger or no HTTP. Ends at
/// the deadline, however many bytes trickle in.
Result<FetchedAnswer> exchange(const ByteStream &stream, const QByteArray &request, qsizetype mostBody,
                               const Deadline &deadline);

/// The same on a connection that is to be kept: the request does not ask for its end, and all of the answer is read.
/// `begun` tells whether anything of the answer came.
Result<FetchedAnswer> exchangeKept(const ByteStream &stream, const QByteArray &request, qsizetype mostBody,
                                   const Deadline &deadline, bool &begun);

} // namespace sixgate
