#include "decide/providerrules.h"

#include "decide/provideranswers.h"
#include "decide/providercalls.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <set>

namespace sixgate
{

namespace
{

void addFatal(std::set<QString> &words, const std::vector<AnswerRule> &rules)
{
    for (const AnswerRule &rule : rules) {
        if (rule.means == AnswerMeaning::Stop)
            words.insert(rule.word);
    }
}

} // namespace

UpdateRules providerRules(const ProviderDefinition &provider)
{
    UpdateRules rules = provider.rules;
    rules.leastTtl = provider.leastTtl;
    if (provider.update) {
        for (const AnswerReader &reader : provider.update->answers.readers) {
            addFatal(rules.fatal, reader.rules);
            if (reader.dyndns2)
                addFatal(rules.fatal, dyndns2Words());
        }
    }
    rules.fatal.insert(QStringLiteral("HTTP 401"));
    rules.fatal.insert(QStringLiteral("HTTP 403"));
    return rules;
}

int expectedRequests(const ProviderDefinition &provider, const std::vector<RecordKey> &records)
{
    const int count = int(records.size());
    if (provider.api && provider.addresses == ProviderWay::Api)
        return (provider.api->zone ? 1 : 0) + count * (provider.api->action ? 3 : 2);
    if (!provider.update || provider.update->separate)
        return std::max(count, 1);
    std::set<Hostname> names;
    for (const RecordKey &key : records)
        names.insert(key.name);
    const int together = std::max(provider.update->mostHosts, 1);
    return std::max((int(names.size()) + together - 1) / together, 1);
}

bool setsTtl(const ProviderDefinition &provider)
{
    const auto has = [](const ProviderCall &call) {
        QStringList texts{call.url};
        texts += call.query;
        texts += call.form;
        if (call.json.isObject())
            texts << QString::fromUtf8(QJsonDocument(call.json.toObject()).toJson());
        else if (call.json.isArray())
            texts << QString::fromUtf8(QJsonDocument(call.json.toArray()).toJson());
        return texts.join(QLatin1Char('\n')).contains(QLatin1String("{ttl}"));
    };
    if (provider.addresses == ProviderWay::Update)
        return true;
    if (provider.addresses == ProviderWay::Template)
        return provider.update && has(provider.update->call);
    if (provider.addresses != ProviderWay::Api || !provider.api)
        return false;
    // A record that is there already is changed by `set` or `change`.
    const auto &call = provider.api->byRecord ? provider.api->change : provider.api->set;
    return call && has(*call);
}

bool concernsNameAlone(const ProviderAnswer &answer)
{
    // What is not known to be of the name may be of the account, and asking on would make it worse.
    static const std::set<QString> ofName{QStringLiteral("nohost"), QStringLiteral("notfqdn"), QStringLiteral("!yours"),
                                          QStringLiteral("!active"), QStringLiteral("numhost")};
    return answer.meaning == AnswerMeaning::Stop && !answer.account && ofName.contains(answer.word);
}

bool stopsAccount(const ProviderAnswer &answer)
{
    return answer.meaning == AnswerMeaning::Stop &&
           (answer.account || (!concernsNameAlone(answer) && !answer.word.startsWith(QLatin1String("HTTP "))));
}

std::optional<UpdateOutcome> updateOutcome(const ProviderAnswer &answer, const QString &value)
{
    using What = UpdateOutcome::What;
    UpdateOutcome outcome;
    outcome.value = value;
    outcome.answer = answer.word;
    if (answer.after)
        outcome.after = *answer.after;
    switch (answer.meaning) {
    case AnswerMeaning::Done:
    case AnswerMeaning::Unchanged:
        outcome.what = What::Accepted;
        return outcome;
    case AnswerMeaning::Stop:
        outcome.untilUserActs = true;
        outcome.account = stopsAccount(answer);
        outcome.what = concernsNameAlone(answer) ? What::Answered : What::Refused;
        return outcome;
    case AnswerMeaning::Retry:
    case AnswerMeaning::Redirected:
    case AnswerMeaning::Strange:
        outcome.what = What::Refused;
        return outcome;
    case AnswerMeaning::NoAnswer:
        outcome.what = What::NoAnswer;
        return outcome;
    case AnswerMeaning::Unsent:
        outcome.what = What::Unsent;
        return outcome;
    case AnswerMeaning::Withheld:
    case AnswerMeaning::Unneeded:
        break;
    }
    return std::nullopt;
}

UpdateOutcome worseOutcome(const UpdateOutcome &one, const UpdateOutcome &other)
{
    const auto rank = [](const UpdateOutcome &outcome) {
        switch (outcome.what) {
        case UpdateOutcome::What::Refused:
            return outcome.untilUserActs ? 4 : 3;
        case UpdateOutcome::What::NoAnswer:
            return 2;
        case UpdateOutcome::What::Accepted:
        case UpdateOutcome::What::Sending:
            return 1;
        case UpdateOutcome::What::Answered: // of others it says nothing
            break;
        case UpdateOutcome::What::Unsent:
            return -1;
        }
        return 0;
    };
    UpdateOutcome worse = rank(other) > rank(one) ? other : one;
    worse.account = one.account || other.account;
    if (one.after && (!worse.after || *one.after > *worse.after))
        worse.after = one.after;
    if (other.after && (!worse.after || *other.after > *worse.after))
        worse.after = other.after;
    return worse;
}

} // namespace sixgate
