#include "decide/providerrules.h"

#include "decide/provideranswers.h"

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
        outcome.what = What::Refused;
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
        case UpdateOutcome::What::Unsent:
            break;
        }
        return 0;
    };
    UpdateOutcome worse = rank(other) > rank(one) ? other : one;
    if (one.after && (!worse.after || *one.after > *worse.after))
        worse.after = one.after;
    if (other.after && (!worse.after || *other.after > *worse.after))
        worse.after = other.after;
    return worse;
}

} // namespace sixgate
