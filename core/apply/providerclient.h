#pragma once

#include "apply/providerwire.h"
#include "model/providertalk.h"
#include "transport/httpconnection.h"

#include <map>
#include <memory>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// Speaks to one account at a provider over HTTPS. Many names go over one connection to each of its hosts. One thread
/// at a time.
class ProviderClient
{
public:
    /// `find` is how hosts are found; endpointByDns() of the definition's family where it is empty.
    ProviderClient(const ProviderDefinition &provider, Credentials credentials, FindEndpoint find = {});

    /// Carries a talk (decide/providertalks.h) to its end; one outcome for each record. Each answer is at most 1 MiB
    /// and has at most 20 seconds within the deadline. Cancelled and out of time is Unsent or NoAnswer, as with any
    /// failure. No text in an outcome holds a secret, even where the provider sends it back.
    std::vector<RecordOutcome> carry(ProviderTalk &talk, const Deadline &deadline, std::stop_token stop);

    /// Lets its connections go, so that the next talk makes new ones: after a change of the home's prefix kept ones are
    /// dead, and would be found so by waiting.
    void disconnect() { m_connections.clear(); }

    int requests() const { return m_requests; } ///< sent so far
    int connections() const;                    ///< made so far, without those let go

private:
    Result<ProviderReply> ask(const ProviderRequest &request, const Deadline &deadline, std::stop_token stop,
                              bool &sent);
    QString masked(QString text) const;

    const Credentials m_credentials;
    std::vector<QString> m_secrets; ///< fields that are shown nowhere
    FindEndpoint m_find;
    std::map<std::pair<Hostname, Port>, HttpConnection> m_connections;
    int m_requests = 0;
};

} // namespace sixgate
