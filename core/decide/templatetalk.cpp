// Addresses and texts by a filled-in URL: what to send for each name, and for which names together.

#include "decide/provideranswers.h"
#include "decide/providercalls.h"
#include "decide/providerparts.h"
#include "model/texts.h"

#include <algorithm>
#include <deque>

namespace sixgate
{

namespace
{

/// What is done with one family of a name.
struct FamilyPart {
    enum class Do {
        Send,
        Keep,  ///< by what the provider has for it
        Erase, ///< by what the provider has for it
        Omit,  ///< not sent, and nothing is lost by that
    };
    Do what = Do::Keep;
    QString address;      ///< of Send; of Keep what stands, as far as is known, empty where that is nothing
    bool changed = false; ///< an outcome is owed
    bool known = true;    ///< of Keep: `address` counts

    friend bool operator==(const FamilyPart &, const FamilyPart &) = default;
};

using Part = Result<FamilyPart>;

tl::unexpected<Error> withheld(const QString &summary)
{
    return fail(ErrorCode::Refused, summary);
}

template <class Address>
FamilyPart keptPart(const FamilyGoal<Address> &goal)
{
    FamilyPart part;
    part.known = goal.stands.has_value();
    if (goal.stands && *goal.stands)
        part.address = (*goal.stands)->text();
    return part;
}

template <class Address>
Part absentPart(const FamilyRule &rule, const FamilyGoal<Address> &goal, const QString &family)
{
    using Omitted = FamilyRule::Omitted;
    using Do = FamilyPart::Do;
    const bool isAbsent = goal.stands && !*goal.stands;
    const bool wanted = goal.what == FamilyGoal<Address>::What::Absent;
    if (isAbsent && (rule.canKeep() || !rule.offered))
        return keptPart(goal);
    if (rule.erase)
        return FamilyPart{Do::Erase, {}, wanted};
    if (rule.omitted == Omitted::Deleted)
        return FamilyPart{Do::Omit, {}, wanted};
    if (isAbsent && rule.omitted == Omitted::Unproven)
        return FamilyPart{Do::Omit};
    if (rule.omitted == Omitted::Source)
        return withheld(Texts::tr("The provider would put the address of this connection into a record (%1) that "
                                  "must not be there.")
                            .arg(family));
    return withheld(Texts::tr("The provider has no way to delete the %1 record; delete it on its pages.").arg(family));
}

template <class Address>
Part familyPart(const FamilyRule &rule, const FamilyGoal<Address> &goal, const QString &family)
{
    using What = typename FamilyGoal<Address>::What;
    using Do = FamilyPart::Do;
    switch (goal.what) {
    case What::Set:
        if (!goal.renew && goal.stands && *goal.stands == goal.address && (rule.canKeep() || !rule.offered))
            return keptPart(goal);
        if (!rule.offered)
            return withheld(Texts::tr("The provider does not set the %1 record; set it on its pages.").arg(family));
        return FamilyPart{Do::Send, goal.address->text(), goal.renew || !goal.stands || *goal.stands != goal.address};
    case What::Absent:
        return absentPart(rule, goal, family);
    case What::Unknown:
        break;
    }
    if (rule.canKeep() || !rule.offered)
        return keptPart(goal);
    if (goal.stands && *goal.stands)
        return FamilyPart{Do::Send, (*goal.stands)->text()};
    if (goal.stands)
        return absentPart(rule, goal, family);
    return withheld(Texts::tr("What the %1 record holds is not known, and the provider might change it with the "
                              "other one.")
                        .arg(family));
}

/// One request, and for which names.
struct Sending {
    std::vector<Hostname> names;
    FamilyPart v4;
    FamilyPart v6;
    bool eraseAll = false;
};

class TemplateAddresses final : public ProviderTalk
{
public:
    TemplateAddresses(const ProviderDefinition &provider, const Hostname &zone, const std::vector<NameGoal> &goals)
        : m_provider(provider), m_zone(zone)
    {
        for (const NameGoal &goal : goals)
            plan(goal);
    }

    std::optional<ProviderRequest> next() override
    {
        while (!m_waiting.empty()) {
            const Sending &sending = m_waiting.front();
            auto request = requestOf(sending);
            if (request)
                return *request;
            settle(sending, std::vector<ProviderAnswer>(sending.names.size(), defectAnswer(request.error())));
            m_waiting.pop_front();
        }
        return std::nullopt;
    }

    void hear(const ProviderReply &reply) override
    {
        const Sending sending = m_waiting.front();
        m_waiting.pop_front();
        // What is kept may be named, too.
        SentAddresses sent;
        if (const auto v4 = Ipv4Address::parse(sending.v4.address))
            sent.v4 = *v4;
        if (const auto v6 = Ipv6Address::parse(sending.v6.address))
            sent.v6 = *v6;
        sent.othersAllowed = !sending.v4.known || !sending.v6.known;
        const auto answers = readAnswer(rules().answers, reply, sending.names.size(), sent);
        settle(sending, answers);
        for (const ProviderAnswer &answer : answers) {
            if (endsTalk(answer)) {
                endWith(answer);
                return;
            }
        }
    }

    void fail(bool sent, const Error &why) override
    {
        const ProviderAnswer answer = unanswered(sent, why);
        if (m_waiting.empty())
            return;
        const Sending sending = m_waiting.front();
        m_waiting.pop_front();
        settle(sending, std::vector<ProviderAnswer>(sending.names.size(), answer));
        endWith(answer);
    }

    std::vector<RecordOutcome> outcomes() const override { return m_outcomes; }

private:
    const TemplateUpdate &rules() const { return *m_provider.update; }

    void plan(const NameGoal &goal)
    {
        using What4 = FamilyGoal<Ipv4Address>::What;
        using What6 = FamilyGoal<Ipv6Address>::What;
        const bool none = goal.v4.what == What4::Absent && goal.v6.what == What6::Absent;
        const bool allGone = goal.v4.stands && !*goal.v4.stands && goal.v6.stands && !*goal.v6.stands;
        if (none && !allGone && !rules().eraseAll.isEmpty()) {
            const FamilyPart erased{FamilyPart::Do::Erase, {}, true};
            queue({{goal.name}, erased, erased, true});
            return;
        }
        Part v4 = familyPart(rules().v4, goal.v4, QStringLiteral("A"));
        Part v6 = familyPart(rules().v6, goal.v6, QStringLiteral("AAAA"));
        // What cannot be set or deleted here is no reason to leave the other one: it stays as it is.
        const bool left4 = !v4 && v6 && goal.v4.what != What4::Unknown;
        const bool left6 = !v6 && v4 && goal.v6.what != What6::Unknown;
        if (left4)
            v4 = leftAsItIs(goal.name, RecordType::A, rules().v4, goal.v4, v4.error());
        else if (left6)
            v6 = leftAsItIs(goal.name, RecordType::AAAA, rules().v6, goal.v6, v6.error());
        if (!v4 || !v6) {
            withhold(goal, !v4 ? v4.error().summary : v6.error().summary);
            return;
        }
        const bool changes = v4->changed || v6->changed;
        if (!changes) {
            note(goal.name, RecordType::A, goal.v4.what != What4::Unknown && !left4, AnswerMeaning::Unneeded, {});
            note(goal.name, RecordType::AAAA, goal.v6.what != What6::Unknown && !left6, AnswerMeaning::Unneeded, {});
            return;
        }
        if (!rules().separate) {
            queue({{goal.name}, *v4, *v6});
            return;
        }
        // The parser has seen to it that each family is kept while the other one is sent.
        if (v4->changed)
            queue({{goal.name}, *v4, keptPart(goal.v6)});
        FamilyPart after = keptPart(goal.v4);
        if (v4->changed)
            after = {FamilyPart::Do::Keep, v4->address};
        if (v6->changed)
            queue({{goal.name}, after, *v6});
    }

    /// Tells that it is not done; how it is kept while the other one is sent.
    template <class Address>
    Part leftAsItIs(const Hostname &name, RecordType type, const FamilyRule &rule, FamilyGoal<Address> goal,
                    const Error &why)
    {
        Part part = FamilyPart{};
        if (rule.offered) {
            goal.what = FamilyGoal<Address>::What::Unknown;
            part = familyPart(rule, goal, recordTypeName(type));
        }
        if (part)
            note(name, type, true, AnswerMeaning::Withheld, why.summary);
        return part;
    }

    void queue(Sending sending)
    {
        const auto most = size_t(std::max(rules().mostHosts, 1));
        for (Sending &one : m_waiting) {
            if (one.names.size() < most && one.v4 == sending.v4 && one.v6 == sending.v6 &&
                one.eraseAll == sending.eraseAll) {
                one.names.push_back(sending.names.front());
                return;
            }
        }
        m_waiting.push_back(std::move(sending));
    }

    void note(const Hostname &name, RecordType type, bool owed, AnswerMeaning meaning, const QString &sentence)
    {
        if (!owed)
            return;
        ProviderAnswer answer;
        answer.meaning = meaning;
        answer.sentence = sentence;
        m_outcomes.push_back({{name, type}, answer, {}});
    }

    void withhold(const NameGoal &goal, const QString &why)
    {
        note(goal.name, RecordType::A, goal.v4.what != FamilyGoal<Ipv4Address>::What::Unknown, AnswerMeaning::Withheld,
             why);
        note(goal.name, RecordType::AAAA, goal.v6.what != FamilyGoal<Ipv6Address>::What::Unknown,
             AnswerMeaning::Withheld, why);
    }

    Result<ProviderRequest> requestOf(const Sending &sending) const
    {
        QStringList hosts, extra;
        for (const Hostname &name : sending.names)
            hosts.append(name.ascii());
        Variables variables{{QStringLiteral("host"), hosts.first()},
                            {QStringLiteral("hosts"), hosts.join(QLatin1Char(','))},
                            {QStringLiteral("zone"), m_zone.ascii()},
                            {QStringLiteral("label"), labelBelow(hosts.first(), m_zone, {})}};
        QStringList labels;
        for (const QString &host : hosts)
            labels.append(labelBelow(host, m_zone, {}));
        variables[QStringLiteral("labels")] = labels.join(QLatin1Char(','));
        QStringList addresses;
        if (sending.eraseAll) {
            extra = rules().eraseAll;
        } else {
            place(variables, addresses, extra, QStringLiteral("v4"), sending.v4, rules().v4);
            place(variables, addresses, extra, QStringLiteral("v6"), sending.v6, rules().v6);
            if (!addresses.isEmpty())
                variables[QStringLiteral("addresses")] = addresses.join(QLatin1Char(','));
            if (addresses.size() == 1)
                variables[QStringLiteral("address")] = addresses.first();
        }
        return providerRequest(m_provider, rules().call, variables, {}, extra);
    }

    static void place(Variables &variables, QStringList &addresses, QStringList &extra, const QString &name,
                      const FamilyPart &part, const FamilyRule &rule)
    {
        switch (part.what) {
        case FamilyPart::Do::Send:
            variables[name] = part.address;
            addresses.append(part.address);
            break;
        case FamilyPart::Do::Keep:
            if (rule.keep)
                variables[name] = *rule.keep;
            extra += rule.keepParameters;
            break;
        case FamilyPart::Do::Erase:
            variables[name] = rule.erase.value_or(QString());
            break;
        case FamilyPart::Do::Omit:
            break;
        }
    }

    void settle(const Sending &sending, const std::vector<ProviderAnswer> &answers)
    {
        for (size_t i = 0; i < sending.names.size(); ++i) {
            if (sending.v4.changed)
                m_outcomes.push_back({{sending.names[i], RecordType::A}, answers[i], {}});
            if (sending.v6.changed)
                m_outcomes.push_back({{sending.names[i], RecordType::AAAA}, answers[i], {}});
        }
    }

    void endWith(const ProviderAnswer &answer)
    {
        for (const Sending &sending : m_waiting)
            settle(sending, std::vector<ProviderAnswer>(sending.names.size(), spreadAnswer(answer)));
        m_waiting.clear();
    }

    const ProviderDefinition m_provider;
    const Hostname m_zone;
    std::deque<Sending> m_waiting;
    std::vector<RecordOutcome> m_outcomes;
};

class TemplateTexts final : public ProviderTalk
{
public:
    TemplateTexts(const ProviderDefinition &provider, const Hostname &zone, const std::vector<TextGoal> &goals)
        : m_provider(provider), m_zone(zone), m_waiting(goals.begin(), goals.end())
    {
    }

    std::optional<ProviderRequest> next() override
    {
        while (!m_waiting.empty()) {
            const TextGoal &goal = m_waiting.front();
            const QString owner = textOwner(goal);
            const Variables variables{{QStringLiteral("host"), goal.name.ascii()},
                                      {QStringLiteral("hosts"), goal.name.ascii()},
                                      {QStringLiteral("zone"), m_zone.ascii()},
                                      {QStringLiteral("label"), labelBelow(goal.name.ascii(), m_zone, {})},
                                      {QStringLiteral("ownerLabel"), labelBelow(owner, m_zone, {})},
                                      {QStringLiteral("owner"), owner},
                                      {QStringLiteral("value"), QString::fromLatin1(goal.value)}};
            const auto request =
                providerRequest(m_provider, goal.present ? m_provider.text->add : m_provider.text->remove, variables);
            if (request)
                return *request;
            settle(defectAnswer(request.error()));
        }
        return std::nullopt;
    }

    void hear(const ProviderReply &reply) override
    {
        const ProviderAnswer answer = readAnswer(m_provider.text->answers, reply, 1).front();
        settle(answer);
        if (endsTalk(answer)) {
            while (!m_waiting.empty())
                settle(spreadAnswer(answer));
        }
    }

    void fail(bool sent, const Error &why) override
    {
        ProviderAnswer answer = unanswered(sent, why);
        while (!m_waiting.empty()) {
            settle(answer);
            answer = spreadAnswer(answer);
        }
    }

    std::vector<RecordOutcome> outcomes() const override { return m_outcomes; }

private:
    void settle(const ProviderAnswer &answer)
    {
        m_outcomes.push_back({{m_waiting.front().name, RecordType::TXT}, answer, {}});
        m_waiting.pop_front();
    }

    const ProviderDefinition m_provider;
    const Hostname m_zone;
    std::deque<TextGoal> m_waiting;
    std::vector<RecordOutcome> m_outcomes;
};

} // namespace

std::unique_ptr<ProviderTalk> templateAddressTalk(const ProviderDefinition &provider, const Hostname &zone,
                                                  const std::vector<NameGoal> &goals)
{
    return std::make_unique<TemplateAddresses>(provider, zone, goals);
}

std::unique_ptr<ProviderTalk> templateTextTalk(const ProviderDefinition &provider, const Hostname &zone,
                                               const std::vector<TextGoal> &goals)
{
    return std::make_unique<TemplateTexts>(provider, zone, goals);
}

} // namespace sixgate
