#pragma once

#include "model/deadline.h"
#include "model/hostname.h"
#include "model/ipaddress.h"
#include "model/port.h"
#include "model/provider.h"
#include "model/secret.h"
#include "transport/fetch.h"
#include "transport/tls.h"

#include <QByteArray>

#include <functional>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace sixgate
{

/// A request over TLS. What may hold a secret is one.
struct HttpsRequest {
    QByteArray method;
    Secret target; ///< path and query, encoded
    std::vector<std::pair<QByteArray, Secret>> headers;
    Secret body;            ///< empty: none
    bool repeatable = true; ///< may be sent once more where the peer had ended a kept connection
};

/// Where a host is reached.
struct HttpsEndpoint {
    std::vector<IpAddress> addresses; ///< in the order in which they are tried
    Port port;
};
using FindEndpoint = std::function<Result<HttpsEndpoint>(const Hostname &host, Port port, const Deadline &deadline,
                                                         std::stop_token stop)>;

/// By the system's resolvers, over addresses of this family only.
FindEndpoint endpointByDns(TransportFamily family);

/// HTTPS to one host, many requests over one connection (RFC 9112 §9.3). The certificate must be valid for the host
/// before anything is sent; no redirect is followed: it is an answer like any other. One thread at a time.
class HttpConnection
{
public:
    HttpConnection(Hostname host, Port port, FindEndpoint find);

    /// The whole answer; `sent` tells of a failure whether the request may have arrived. A connection that was idle for
    /// some seconds is made anew. Denied where the certificate is not valid; Network, Timeout, Protocol, Cancelled;
    /// Invalid where the request has a character that would end a line.
    Result<FetchedAnswer> ask(const HttpsRequest &request, qsizetype mostBody, const Deadline &deadline,
                              std::stop_token stop, bool &sent);

    int opened() const { return m_opened; } ///< how many connections were made

private:
    Outcome open(const Deadline &deadline, std::stop_token stop);

    const Hostname m_host;
    const Port m_port;
    const FindEndpoint m_find;
    std::optional<TlsStream> m_stream;
    Deadline m_fresh = Deadline::after(std::chrono::milliseconds(0)); ///< the peer has surely not ended it yet
    int m_opened = 0;
};

} // namespace sixgate
