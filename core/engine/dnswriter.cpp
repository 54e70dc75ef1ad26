#include "engine/dnswriter.h"

#include "apply/providerclient.h"
#include "decide/acmetalk.h"
#include "decide/providercalls.h"
#include "decide/providerrules.h"
#include "decide/providertalks.h"
#include "model/texts.h"
#include "transport/io.h"
#include "transport/parallel.h"

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto secretTime = 20s;
constexpr std::size_t mostAtOnce = 16;
constexpr auto shownTime = 3s; // what a provider took is to show
constexpr auto shownPause = 200ms;
constexpr auto lag = 5min; // of a provider's name servers

Error noSuchAccount(const Label &name)
{
    return {ErrorCode::NotFound, Texts::tr("The site has no DNS account %1.").arg(name.text()), {}, {}};
}

Result<std::vector<QString>> valuesAt(const DnsServer &server, const RecordKey &key, const Deadline &deadline,
                                      const std::stop_token &stop)
{
    const auto answer = queryServer(server, key.name, key.type, false, deadline, stop);
    if (!answer)
        return passOn(answer);
    if ((answer->rcode != Rcode::NoError && answer->rcode != Rcode::NxDomain) || !answer->authoritative)
        return fail(ErrorCode::Refused,
                    Texts::tr("The DNS server %1 does not tell what %2 is.").arg(serverText(server), recordText(key)),
                    rcodeName(answer->rcode));
    return answer->find(key.name, key.type).values;
}

std::vector<QString> sorted(std::vector<QString> values)
{
    std::sort(values.begin(), values.end());
    return values;
}

template <class Address>
void setStanding(FamilyGoal<Address> &goal, const Result<std::vector<QString>> &values)
{
    if (!values || values->size() > 1)
        return;
    goal.stands = std::optional<Address>();
    if (values->size() == 1) {
        const auto address = Address::parse(values->front());
        if (address)
            goal.stands = std::optional<Address>(*address);
        else
            goal.stands.reset();
    }
}

template <class Address>
Outcome setWanted(FamilyGoal<Address> &goal, const std::vector<QString> &values)
{
    using What = typename FamilyGoal<Address>::What;
    if (values.empty()) {
        goal.what = What::Absent;
        return {};
    }
    const auto address = Address::parse(values.front());
    if (values.size() > 1 || !address)
        return fail(ErrorCode::Invalid, Texts::tr("This provider takes one address of a kind for a name."));
    goal.what = What::Set;
    goal.address = *address;
    return {};
}

/// A provider's answer as a change's result.
Result<RecordsApplied> resultOf(const ProviderAnswer &answer, const QString &title)
{
    const QString sentence =
        answer.sentence.isEmpty() ? Texts::tr("%1 answered “%2”.").arg(title, answer.word) : answer.sentence;
    switch (answer.meaning) {
    case AnswerMeaning::Done:
    case AnswerMeaning::Unchanged:
    case AnswerMeaning::Unneeded:
        return RecordsApplied();
    case AnswerMeaning::Stop:
        return fail(ErrorCode::Denied, sentence, answer.word,
                    Texts::tr("Correct it there or in the site file, then: sixgatectl apply, and where a keeper runs: "
                              "sixgatectl status check."));
    case AnswerMeaning::Retry:
    case AnswerMeaning::Withheld:
        return fail(ErrorCode::Refused, sentence, answer.word);
    case AnswerMeaning::Redirected:
    case AnswerMeaning::Strange:
        return fail(ErrorCode::Protocol, sentence, answer.word);
    case AnswerMeaning::NoAnswer:
        return fail(ErrorCode::Timeout, Texts::tr("%1 did not answer: %2").arg(title, sentence), answer.word,
                    Texts::tr("Whether it was taken shows in the DNS: sixgatectl plan."));
    case AnswerMeaning::Unsent:
        break;
    }
    return fail(ErrorCode::Network, Texts::tr("%1 could not be asked: %2").arg(title, sentence), answer.word,
                Texts::tr("See whether this machine reaches the internet, and whether the account's \"url\", where it "
                          "has one, names the right server."));
}

} // namespace

std::optional<bool> answerOf(const DnsWriter::Written &written, bool provider)
{
    if (!provider)
        return written.done ? (written.done->already ? std::nullopt : std::optional(true))
               : written.done.error().code == ErrorCode::Denied || written.done.error().code == ErrorCode::Refused
                   ? std::optional(false)
                   : std::nullopt;
    switch (written.said ? written.said->meaning : AnswerMeaning::Unneeded) {
    case AnswerMeaning::Done:
    case AnswerMeaning::Unchanged:
        return true;
    case AnswerMeaning::Stop:
        return stopsAccount(*written.said) ? std::optional(false) : std::nullopt;
    default:
        return std::nullopt;
    }
}

UpdateOutcome outcomeOf(const DnsWriter::Written &written, const QString &value, bool provider)
{
    if (written.said) {
        if (const auto outcome = updateOutcome(*written.said, value))
            return *outcome;
    }
    const auto &done = written.done;
    // Somebody was in a hurry: whether it came in is not known, and the next one need not wait.
    if (!done && done.error().code == ErrorCode::Cancelled)
        return {UpdateOutcome::What::Answered, value, {}};
    if (provider)
        return {UpdateOutcome::What::Unsent, value, {}}; // it was not asked
    if (done)
        return {UpdateOutcome::What::Accepted, value, {}};
    switch (done.error().code) {
    case ErrorCode::Denied:
    case ErrorCode::Refused:
    case ErrorCode::Moved:
        return {UpdateOutcome::What::Refused, value, done.error().summary};
    default:
        return {UpdateOutcome::What::NoAnswer, value, {}};
    }
}

struct DnsWriter::Provider {
    ProviderDefinition definition;
    ProviderClient client;
};

DnsWriter::DnsWriter(const Site &site, SecretStore &secrets) : m_site(site), m_secrets(secrets) {}

DnsWriter::~DnsWriter() = default;

const DnsAccount *DnsWriter::account(const Label &name) const
{
    const auto found =
        std::find_if(m_site.dns.begin(), m_site.dns.end(), [&](const DnsAccount &one) { return one.name == name; });
    return found == m_site.dns.end() ? nullptr : &*found;
}

Outcome DnsWriter::prepare(const DnsAccount &account, const std::stop_token &stop)
{
    auto ready = fetch(account, stop);
    m_unready.erase(account.name);
    if (!ready)
        m_unready.emplace(account.name, ready.error());
    return ready;
}

void DnsWriter::forget()
{
    for (const DnsAccount &one : m_site.dns)
        m_again.insert(one.name);
}

Outcome DnsWriter::fetch(const DnsAccount &account, const std::stop_token &stop)
{
    const bool known = m_keys.contains(account.name) || m_providers.contains(account.name);
    if (account.watched() || (known && !m_again.contains(account.name)))
        return {};
    auto fetched = fetchNew(account, stop);
    if (fetched)
        m_again.erase(account.name);
    // The store may be locked by now: what worked is as good as before.
    return known ? Outcome() : fetched;
}

Outcome DnsWriter::fetchNew(const DnsAccount &account, const std::stop_token &stop)
{
    if (const UpdateAccess *access = account.update()) {
        auto secret = m_secrets.get(dnsKeySecret(account), Deadline::after(secretTime), stop);
        if (!secret)
            return passOn(secret);
        m_keys.insert_or_assign(
            account.name, TsigKey{access->key.name, access->key.algorithm, std::move(*secret), dnsKeySecret(account)});
        return {};
    }
    const ProviderAccess *access = account.provider();
    const Result<ProviderDefinition> definition = access ? definitionOf(*access) : fail(ErrorCode::Internal, QString());
    if (!definition)
        return passOn(definition);
    Credentials credentials;
    for (const CredentialField &one : addressCredentials(*definition)) {
        if (!one.secret) {
            const auto plain = access->plain.find(one.name);
            if (plain != access->plain.end())
                credentials.emplace(one.name.text(), Secret(plain->second.toUtf8()));
            continue;
        }
        auto secret = m_secrets.get(dnsCredentialSecret(account, one.name), Deadline::after(secretTime), stop);
        if (!secret)
            return passOn(secret);
        credentials.emplace(one.name.text(), std::move(*secret));
    }
    std::unique_ptr<Provider> provider(new Provider{*definition, ProviderClient(*definition, std::move(credentials))});
    m_providers.insert_or_assign(account.name, std::move(provider));
    return {};
}

UpdateRules DnsWriter::rules(const Label &name) const
{
    const auto found = m_providers.find(name);
    return found == m_providers.end() ? rfc2136Rules() : providerRules(found->second->definition);
}

int DnsWriter::expected(const Label &name, const std::vector<SetRecords> &changes) const
{
    const auto found = m_providers.find(name);
    if (found == m_providers.end())
        return 1;
    std::vector<RecordKey> keys;
    for (const SetRecords &one : changes)
        keys.push_back({one.wanted.name, one.wanted.type});
    return expectedRequests(found->second->definition, keys);
}

std::optional<std::chrono::hours> DnsWriter::expiry(const Label &name) const
{
    const auto found = m_providers.find(name);
    return found == m_providers.end() ? std::nullopt : found->second->definition.refresh;
}

QString DnsWriter::stopOf(const std::map<PacedRecord, PaceState> &paces, const Label &name) const
{
    const DnsAccount *one = account(name);
    return one ? accountStop(paces, *one) : QString();
}

PacedRecord DnsWriter::unitOf(const SetRecords &change) const
{
    PacedRecord unit{change.account, {change.wanted.name, change.wanted.type}};
    const auto found = m_providers.find(change.account);
    if (found == m_providers.end())
        return unit;
    switch (found->second->definition.scope) {
    case LimitScope::Record:
        break;
    case LimitScope::Name:
        unit.key.type = RecordType::AAAA;
        break;
    case LimitScope::Account:
        if (const DnsAccount *one = account(change.account))
            unit.key = {one->zone, RecordType::AAAA};
        break;
    }
    return unit;
}

void DnsWriter::noteTakenBefore(const RecordKey &key, const RecordPast &past, const QDateTime &now)
{
    m_takenBefore.erase(key);
    if (!past.taken || !past.renewed)
        return;
    const std::chrono::milliseconds ago(std::max<qint64>(past.renewed->msecsTo(now), 0));
    const QStringList values = past.taken->split(QLatin1Char(','), Qt::SkipEmptyParts);
    m_takenBefore.emplace(key, Taken{{values.begin(), values.end()}, std::chrono::steady_clock::now() - ago});
}

std::optional<std::vector<QString>> DnsWriter::taken(const RecordKey &key, bool before) const
{
    const std::lock_guard lock(m_takenMutex);
    const auto &which = before ? m_takenBefore : m_taken;
    const auto found = which.find(key);
    if (found == which.end() || std::chrono::steady_clock::now() - found->second.at > lag)
        return std::nullopt;
    return found->second.values;
}

std::vector<DnsWriter::Written> DnsWriter::write(const std::vector<SetRecords> &changes, const Deadline &deadline,
                                                 const std::stop_token &stop)
{
    std::vector<std::optional<Written>> written(changes.size());
    std::map<Label, std::vector<std::size_t>> byProvider;
    std::vector<std::size_t> byUpdate;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const DnsAccount *one = account(changes[i].account);
        const auto unready = m_unready.find(changes[i].account);
        if (!one)
            written[i] = Written{tl::unexpected<Error>(noSuchAccount(changes[i].account)), {}};
        else if (one->watched())
            written[i] = Written{
                fail(ErrorCode::Refused, Texts::tr("The account %1 is only watched.").arg(one->name.text())), {}};
        else if (unready != m_unready.end())
            written[i] = Written{tl::unexpected<Error>(unready->second), {}};
        else if (m_providers.contains(one->name))
            byProvider[one->name].push_back(i);
        else
            byUpdate.push_back(i);
    }
    // One thread for each provider, and one for each record that goes by itself.
    const std::vector<std::pair<Label, std::vector<std::size_t>>> talks(byProvider.begin(), byProvider.end());
    forEachParallel(talks.size() + byUpdate.size(), mostAtOnce, [&](std::size_t n) {
        if (n < talks.size()) {
            writeByProvider(*m_providers.at(talks[n].first), *account(talks[n].first), changes, talks[n].second,
                            written, deadline, stop);
            return;
        }
        const std::size_t i = byUpdate[n - talks.size()];
        written[i] = Written{applyRecords(changes[i], m_site, m_keys, deadline, stop), {}};
    });
    std::vector<Written> out;
    for (auto &one : written)
        out.push_back(one ? std::move(*one) : Written{fail(ErrorCode::Internal, Texts::tr("Nothing was done.")), {}});
    return out;
}

void DnsWriter::writeByProvider(Provider &provider, const DnsAccount &account, const std::vector<SetRecords> &changes,
                                const std::vector<std::size_t> &mine, std::vector<std::optional<Written>> &written,
                                const Deadline &deadline, const std::stop_token &stop)
{
    const auto all = [&](const Error &error) {
        for (const std::size_t i : mine) {
            if (!written[i])
                written[i] = Written{tl::unexpected<Error>(error), {}};
        }
    };
    const auto primary = findPrimary(account, deadline, stop);
    if (!primary)
        return all(primary.error());
    // What stands there now: nothing is overwritten that somebody else has set, and what is not changed is sent along.
    std::map<Hostname, NameGoal> goals;
    for (const std::size_t i : mine)
        goals.try_emplace(changes[i].wanted.name, NameGoal{changes[i].wanted.name, {}, {}, changes[i].wanted.ttl});
    std::map<RecordKey, Result<std::vector<QString>>> now;
    for (auto &[name, goal] : goals) {
        for (const RecordType type : {RecordType::A, RecordType::AAAA}) {
            auto own = taken({name, type});
            const bool isChanged = std::any_of(mine.begin(), mine.end(), [&](std::size_t i) {
                return changes[i].wanted.name == name && changes[i].wanted.type == type;
            });
            if (!own && !isChanged)
                own = taken({name, type}, true);
            now.emplace(RecordKey{name, type},
                        own ? Result<std::vector<QString>>(*own) : valuesAt(*primary, {name, type}, deadline, stop));
        }
        setStanding(goal.v4, now.at({name, RecordType::A}));
        setStanding(goal.v6, now.at({name, RecordType::AAAA}));
    }
    std::map<RecordKey, std::size_t> asked;
    for (const std::size_t i : mine) {
        const SetRecords &change = changes[i];
        const RecordKey key{change.wanted.name, change.wanted.type};
        const auto &values = now.at(key);
        if (!values) {
            written[i] = Written{passOn(values), {}};
            continue;
        }
        const bool ours = taken(key).has_value();
        // Only the time to live is another one, or the name is to be kept from expiring.
        const bool again = change.renew ||
                           (change.expected.values == change.wanted.values && change.expected.ttl != change.wanted.ttl);
        if (!again && sorted(*values) == sorted(change.wanted.values)) {
            RecordsApplied already;
            already.already = true;
            std::optional<ProviderAnswer> said;
            if (ours && sorted(change.expected.values) != sorted(change.wanted.values)) {
                already.stale.push_back(serverText(*primary));
                said.emplace().meaning = AnswerMeaning::Unneeded;
            }
            written[i] = Written{already, said};
            continue;
        }
        if (!ours && sorted(*values) != sorted(change.expected.values) && !(change.perhapsAbsent && values->empty())) {
            written[i] = Written{fail(ErrorCode::Moved,
                                      Texts::tr("%1 is no longer what the plan was made from.").arg(recordText(key)),
                                      QStringList(values->begin(), values->end()).join(QStringLiteral(", ")),
                                      Texts::tr("Look at the plan again: sixgatectl plan.")),
                                 {}};
            continue;
        }
        NameGoal &goal = goals.at(change.wanted.name);
        const Outcome fits = key.type == RecordType::A ? setWanted(goal.v4, change.wanted.values)
                                                       : setWanted(goal.v6, change.wanted.values);
        (key.type == RecordType::A ? goal.v4.renew : goal.v6.renew) = again;
        if (!fits)
            written[i] = Written{passOn(fits), {}};
        else
            asked.emplace(key, i);
    }
    std::vector<NameGoal> list;
    for (const auto &[name, goal] : goals) {
        if (asked.contains({name, RecordType::A}) || asked.contains({name, RecordType::AAAA}))
            list.push_back(goal);
    }
    if (list.empty())
        return;
    const auto talk = addressTalk(provider.definition, account.zone, list);
    if (!talk)
        return all(talk.error());
    const int before = provider.client.requests();
    const auto outcomes = provider.client.carry(**talk, deadline, stop);
    const int requests = provider.client.requests() - before;
    for (const RecordOutcome &outcome : outcomes) {
        const auto found = asked.find(outcome.key);
        if (found == asked.end())
            continue;
        written[found->second] = Written{resultOf(outcome.answer, provider.definition.title), outcome.answer, requests};
        if (written[found->second]->done) {
            const std::lock_guard lock(m_takenMutex);
            m_taken.insert_or_assign(outcome.key,
                                     Taken{changes[found->second].wanted.values, std::chrono::steady_clock::now()});
        }
    }
    provider.client.disconnect();
    all(Error{ErrorCode::Internal, Texts::tr("%1 was not asked.").arg(provider.definition.title), {}, {}});
    // What it took shows in the DNS, at once or after a while.
    const Deadline shown = deadline.sooner(shownTime);
    std::map<RecordKey, std::size_t> open = asked;
    while (true) {
        std::erase_if(open, [&](const auto &one) {
            const auto &done = written[one.second]->done;
            if (!done)
                return true;
            const auto values = valuesAt(*primary, one.first, shown, stop);
            return values && sorted(*values) == sorted(changes[one.second].wanted.values);
        });
        if (open.empty() || shown.left() <= shownPause || !pauseFor(shownPause, stop))
            break;
    }
    for (const auto &[key, i] : open)
        written[i]->done->stale.push_back(serverText(*primary));
}

} // namespace sixgate
