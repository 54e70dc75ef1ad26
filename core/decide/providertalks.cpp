#include "decide/providertalks.h"

#include "decide/providerparts.h"
#include "decide/providerrules.h"
#include "model/text.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

tl::unexpected<Error> invalid(const QString &summary, const QString &fix = {})
{
    return fail(ErrorCode::Invalid, summary, {}, fix);
}

Outcome checkName(const Hostname &name, const Hostname &zone)
{
    if (name.isWithin(zone))
        return {};
    return invalid(Texts::tr("%1 does not belong to the zone %2.").arg(name.ascii(), zone.ascii()),
                   Texts::tr("Correct the zone of the DNS account in the site file."));
}

template <class Address>
Outcome checkGoal(const FamilyGoal<Address> &goal, const Hostname &name)
{
    if (goal.what != FamilyGoal<Address>::What::Set)
        return {};
    if (goal.address && goal.address->isGlobal())
        return {};
    return invalid(Texts::tr("%1 is not to be published for %2: it cannot be reached from the internet.")
                       .arg(goal.address ? goal.address->text() : Texts::tr("No address"), name.ascii()));
}

bool isFitText(const QByteArray &value)
{
    return !value.isEmpty() && value.size() <= 255 &&
           std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

template <class Address>
void addRestGoal(std::vector<RestGoal> &all, const NameGoal &name, RecordType type, const FamilyGoal<Address> &goal)
{
    using What = typename FamilyGoal<Address>::What;
    if (goal.what == What::Unknown)
        return;
    RestGoal one{{name.name, type}, name.name.ascii(), RestGoal::What::Exactly, {}, name.ttl};
    if (goal.what == What::Set) {
        one.values.push_back(goal.address->text());
        one.rewrite = goal.renew;
    }
    all.push_back(std::move(one));
}

} // namespace

QString labelBelow(const QString &name, const Hostname &zone, const QString &apex)
{
    return name == zone.ascii() ? apex : name.chopped(zone.ascii().size() + 1);
}

QString textOwner(const TextGoal &goal)
{
    return goal.challenge ? QStringLiteral("_acme-challenge.") + goal.name.ascii() : goal.name.ascii();
}

bool endsTalk(const ProviderAnswer &answer)
{
    switch (answer.meaning) {
    case AnswerMeaning::Stop:
        return stopsAccount(answer);
    case AnswerMeaning::Retry:
    case AnswerMeaning::Strange:
        return answer.account;
    case AnswerMeaning::Redirected:
    case AnswerMeaning::NoAnswer:
    case AnswerMeaning::Unsent:
        return true;
    default:
        return false;
    }
}

ProviderAnswer spreadAnswer(const ProviderAnswer &answer)
{
    ProviderAnswer spread = answer;
    if (spread.meaning == AnswerMeaning::NoAnswer)
        spread.meaning = AnswerMeaning::Unsent;
    return spread;
}

ProviderAnswer unanswered(bool sent, const Error &why)
{
    ProviderAnswer answer;
    // What came is no HTTP, or far too much of it: that is an answer, if a strange one.
    answer.meaning = !sent                             ? AnswerMeaning::Unsent
                     : why.code == ErrorCode::Protocol ? AnswerMeaning::Strange
                                                       : AnswerMeaning::NoAnswer;
    answer.word = errorCodeName(why.code);
    answer.sentence = why.summary;
    answer.account = true;
    return answer;
}

ProviderAnswer defectAnswer(const Error &why)
{
    ProviderAnswer answer;
    answer.meaning = AnswerMeaning::Withheld;
    answer.sentence = why.summary;
    return answer;
}

Result<std::unique_ptr<ProviderTalk>> addressTalk(const ProviderDefinition &provider, const Hostname &zone,
                                                  const std::vector<NameGoal> &goals)
{
    for (const NameGoal &goal : goals) {
        if (auto good = checkName(goal.name, zone); !good)
            return passOn(good);
        if (auto good = checkGoal(goal.v4, goal.name); !good)
            return passOn(good);
        if (auto good = checkGoal(goal.v6, goal.name); !good)
            return passOn(good);
    }
    if (provider.addresses == ProviderWay::Template && provider.update)
        return templateAddressTalk(provider, zone, goals);
    if (provider.addresses != ProviderWay::Api || !provider.api)
        return invalid(Texts::tr("%1 does not set addresses by HTTP.").arg(provider.title));
    std::vector<RestGoal> all;
    for (const NameGoal &goal : goals) {
        addRestGoal(all, goal, RecordType::A, goal.v4);
        addRestGoal(all, goal, RecordType::AAAA, goal.v6);
    }
    return restTalk(provider, zone, std::move(all));
}

Result<std::unique_ptr<ProviderTalk>> textTalk(const ProviderDefinition &provider, const Hostname &zone,
                                               const std::vector<TextGoal> &goals)
{
    for (const TextGoal &goal : goals) {
        if (auto good = checkName(goal.name, zone); !good)
            return passOn(good);
        if (!isFitText(goal.value))
            return invalid(Texts::tr("A text record of %1 is to hold what cannot be sent.").arg(goal.name.ascii()));
    }
    if (provider.texts == ProviderWay::Template && provider.text)
        return templateTextTalk(provider, zone, goals);
    if (provider.texts != ProviderWay::Api || !provider.api)
        return invalid(Texts::tr("%1 sets no text records by HTTP.").arg(provider.title));
    std::vector<RestGoal> all;
    for (const TextGoal &goal : goals)
        all.push_back({{goal.name, RecordType::TXT},
                       textOwner(goal),
                       goal.present ? RestGoal::What::With : RestGoal::What::Without,
                       {QString::fromLatin1(goal.value)},
                       goal.ttl});
    return restTalk(provider, zone, std::move(all));
}

Result<std::unique_ptr<ProviderTalk>> readTalk(const ProviderDefinition &provider, const Hostname &zone,
                                               const std::vector<RecordKey> &keys)
{
    if (!provider.api || provider.readBack != ReadBack::Api)
        return invalid(Texts::tr("%1 does not tell by HTTP what its records hold.").arg(provider.title));
    std::vector<RestGoal> all;
    for (const RecordKey &key : keys) {
        if (auto good = checkName(key.name, zone); !good)
            return passOn(good);
        all.push_back({key, key.name.ascii(), RestGoal::What::Read, {}, {}});
    }
    return restTalk(provider, zone, std::move(all));
}

} // namespace sixgate
