#include "apply/providerclient.h"

#include "transport/io.h"

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr qsizetype mostAnswer = 1024 * 1024;
constexpr auto patience = 20s;
constexpr qsizetype leastMasked = 4; // shorter ones would blot out words

} // namespace

ProviderClient::ProviderClient(const ProviderDefinition &provider, Credentials credentials, FindEndpoint find)
    : m_credentials(std::move(credentials)), m_find(find ? std::move(find) : endpointByDns(provider.family))
{
    for (const CredentialField &field : provider.needs) {
        if (field.secret)
            m_secrets.push_back(field.name.text());
    }
}

int ProviderClient::connections() const
{
    int sum = 0;
    for (const auto &[host, connection] : m_connections)
        sum += connection.opened();
    return sum;
}

QString ProviderClient::masked(QString text) const
{
    for (const QString &name : m_secrets) {
        const auto secret = m_credentials.find(name);
        if (secret == m_credentials.end())
            continue;
        const QByteArray value = secret->second.reveal().trimmed();
        if (value.size() < leastMasked)
            continue;
        text.replace(QString::fromUtf8(value), QStringLiteral("…"));
        text.replace(QString::fromLatin1(value.toPercentEncoding()), QStringLiteral("…"));
    }
    return text;
}

Result<ProviderReply> ProviderClient::ask(const ProviderRequest &request, const Deadline &deadline,
                                          std::stop_token stop, bool &sent)
{
    sent = false;
    const auto wire = wireRequest(request, m_credentials);
    if (!wire)
        return passOn(wire);
    if (request.pause > 0ms) {
        if (auto slept = pauseFor(std::min(request.pause, deadline.left()), stop); !slept)
            return passOn(slept);
    }
    const auto place = std::pair(request.host, request.port);
    auto connection = m_connections.find(place);
    if (connection == m_connections.end())
        connection = m_connections.emplace(place, HttpConnection(request.host, request.port, m_find)).first;
    ++m_requests;
    auto answer = connection->second.ask(*wire, mostAnswer, deadline.sooner(patience), stop, sent);
    if (!answer)
        return passOn(answer);
    return ProviderReply{answer->status, std::move(answer->headers), std::move(answer->body)};
}

std::vector<RecordOutcome> ProviderClient::carry(ProviderTalk &talk, const Deadline &deadline, std::stop_token stop)
{
    while (const auto request = talk.next()) {
        bool sent = false;
        const auto reply = ask(*request, deadline, stop, sent);
        if (!reply)
            talk.fail(sent, reply.error());
        else
            talk.hear(*reply);
    }
    auto outcomes = talk.outcomes();
    for (RecordOutcome &outcome : outcomes) {
        outcome.answer.word = masked(outcome.answer.word);
        outcome.answer.sentence = masked(outcome.answer.sentence);
    }
    return outcomes;
}

} // namespace sixgate
