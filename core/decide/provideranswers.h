#pragma once

#include "model/providertalk.h"

#include <QJsonValue>

#include <optional>
#include <vector>

namespace sixgate
{

/// What a provider's answer means. Pure.

/// What was sent or is known to stay, so that an answer that names another address is recognised.
struct SentAddresses {
    std::optional<Ipv4Address> v4;
    std::optional<Ipv6Address> v6;
    bool othersAllowed = false; ///< a family that was not sent stays, and nobody knows with what address
};

/// One answer for each of `hosts` names, in the order in which they were sent. Never good where the answer is not
/// exactly what the provider says on success.
std::vector<ProviderAnswer> readAnswer(const AnswerRules &rules, const ProviderReply &reply, std::size_t hosts,
                                       const SentAddresses &sent = {});

/// What a status other than 2xx means, where the definition does not tell; of an API every refusal of the request is
/// final (RFC 9110 §15).
ProviderAnswer statusAnswer(const ProviderReply &reply, const std::map<int, AnswerRule> &statuses, bool api);

/// The words of dyndns2 and what each demands of a client: good, nochg, badauth …
const std::vector<AnswerRule> &dyndns2Words();

/// A value in a JSON document by its path, e.g. `errors.0.message`; undefined where there is none.
QJsonValue jsonAt(const QJsonValue &document, const QString &path);
/// All texts and numbers at a path in which `*` is each item of a list: `records.*.value`.
std::vector<QString> jsonTextsAt(const QJsonValue &document, const QString &path);
/// A JSON document of a provider; undefined where it is none.
QJsonValue jsonDocument(const QByteArray &body);

/// The seconds of Retry-After (RFC 9110 §10.2.3), a date by the answer's own Date; at most a day.
std::optional<std::chrono::seconds> retryAfter(const ProviderReply &reply);

} // namespace sixgate
