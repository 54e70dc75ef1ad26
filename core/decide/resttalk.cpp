// Records by an API: the zone is looked up once, each RRset is read before it is changed, and left alone where it is
// right already. Reads are cheap everywhere, writes are what providers count.

#include "decide/provideranswers.h"
#include "decide/providercalls.h"
#include "decide/providerparts.h"
#include "model/text.h"
#include "model/texts.h"

#include <QJsonArray>
#include <QJsonObject>

#include <algorithm>
#include <deque>

namespace sixgate
{

namespace
{

constexpr std::chrono::milliseconds pollPause{500};
constexpr int mostPolls = 120;

/// Names in any case, with or without the last dot, in Unicode or not; else the same text.
bool sameText(const QString &a, const QString &b)
{
    if (a == b)
        return true;
    const auto normal = [](const QString &text) {
        const auto name = Hostname::parse(text);
        const QString plain = name ? name->ascii() : text.toLower();
        return plain.endsWith(QLatin1Char('.')) ? plain.chopped(1) : plain;
    };
    return normal(a) == normal(b);
}

/// As goals have it: addresses as RFC 5952 writes them, texts without their quotation marks.
QString normalValue(const QString &value, RecordType type)
{
    if (type == RecordType::A || type == RecordType::AAAA) {
        const auto address = parseIpAddress(value);
        return address ? ipText(*address) : value;
    }
    if (type == RecordType::TXT && value.size() >= 2 && value.startsWith(QLatin1Char('"')) &&
        value.endsWith(QLatin1Char('"')))
        return value.mid(1, value.size() - 2);
    return value;
}

struct FoundRecord {
    QString id;
    QString value; ///< normal
};

/// A change that is still to be sent.
struct Write {
    enum class Do { Set, Create, Change, Remove };
    Do what = Do::Set;
    FoundRecord record;          ///< of Change and Remove, by record
    std::vector<QString> values; ///< of Set and Create by RRset; by record one
};

class RestTalk final : public ProviderTalk
{
public:
    RestTalk(const ProviderDefinition &provider, const Hostname &zone, std::vector<RestGoal> goals)
        : m_provider(provider), m_zone(zone),
          m_goals(std::make_move_iterator(goals.begin()), std::make_move_iterator(goals.end())),
          m_step(api().zone ? Step::Zone : Step::Read)
    {
    }

    std::optional<ProviderRequest> next() override
    {
        while (!m_goals.empty()) {
            auto request = requestNow();
            if (request)
                return *request;
            endWith(defectAnswer(request.error()));
        }
        return std::nullopt;
    }

    void hear(const ProviderReply &reply) override
    {
        switch (m_step) {
        case Step::Zone:
            heardZone(reply);
            break;
        case Step::Read:
            heardRead(reply);
            break;
        case Step::Write:
            heardWrite(reply);
            break;
        case Step::Poll:
            heardPoll(reply);
            break;
        }
    }

    void fail(bool sent, const Error &why) override
    {
        // Whoever asks what stands there changes nothing.
        const bool changing = m_step == Step::Write || m_step == Step::Poll || m_changed;
        if (!m_goals.empty())
            endWith(unanswered(sent && changing, why));
    }

    std::vector<RecordOutcome> outcomes() const override { return m_outcomes; }

private:
    enum class Step { Zone, Read, Write, Poll };

    const RestApi &api() const { return *m_provider.api; }
    const RestGoal &goal() const { return m_goals.front(); }

    Variables variables() const
    {
        const auto ttl = std::clamp(goal().ttl, m_provider.leastTtl, std::max(m_provider.mostTtl, m_provider.leastTtl));
        return {{QStringLiteral("host"), goal().key.name.ascii()},
                {QStringLiteral("owner"), goal().owner},
                {QStringLiteral("zone"), m_zone.ascii()},
                {QStringLiteral("label"), labelBelow(goal().owner, m_zone, api().apex)},
                {QStringLiteral("type"), recordTypeName(goal().key.type)},
                {QStringLiteral("ttl"), QString::number(ttl.count())},
                {QStringLiteral("zoneId"), m_zoneId},
                {QStringLiteral("action"), m_action}};
    }

    QString apiValue(const QString &value) const
    {
        return goal().key.type == RecordType::TXT && api().quotedText ? QLatin1Char('"') + value + QLatin1Char('"')
                                                                      : value;
    }

    Result<ProviderRequest> requestNow() const
    {
        switch (m_step) {
        case Step::Zone:
            return providerRequest(m_provider, api().zone->call, variables());
        case Step::Read:
            return providerRequest(m_provider, api().read.call, variables());
        case Step::Write:
            return writeRequest(m_writes.front());
        case Step::Poll:
            break;
        }
        auto request = providerRequest(m_provider, api().action->poll, variables());
        if (request)
            request->pause = pollPause;
        return request;
    }

    Result<ProviderRequest> writeRequest(const Write &write) const
    {
        Variables all = variables();
        all[QStringLiteral("recordId")] = write.record.id;
        std::vector<QString> values;
        for (const QString &value : write.values)
            values.push_back(apiValue(value));
        all[QStringLiteral("value")] = !values.empty() ? values.front() : apiValue(write.record.value);
        const ProviderCall &call = write.what == Write::Do::Set      ? *api().set
                                   : write.what == Write::Do::Create ? *api().create
                                   : write.what == Write::Do::Change ? *api().change
                                                                     : api().remove;
        return providerRequest(m_provider, call, all, values);
    }

    /// What a refusal means, with the provider's own words; nothing where the request went well.
    std::optional<ProviderAnswer> refusal(const ProviderReply &reply) const
    {
        const QJsonValue document = jsonDocument(reply.body);
        const auto said = api().errorText.isEmpty() ? std::vector<QString>() : jsonTextsAt(document, api().errorText);
        const bool good = reply.status >= 200 && reply.status < 300;
        std::optional<ProviderAnswer> answer;
        if (!good)
            answer = statusAnswer(reply, api().statuses, true);
        else if (!reply.body.trimmed().isEmpty() && document.isUndefined())
            answer = strange(Texts::tr("The provider's answer is not JSON."), reply.body);
        else if (api().success && jsonTextsAt(document, api().success->first) != std::vector{api().success->second})
            answer = strange(Texts::tr("The provider's answer does not say that it went well."), reply.body);
        if (answer && !said.empty()) {
            const QString words = shownLine(said.front().toUtf8());
            answer->sentence += Texts::tr(" The provider says: ") + words;
        }
        return answer;
    }

    static ProviderAnswer strange(const QString &sentence, const QByteArray &shown = {})
    {
        ProviderAnswer answer;
        answer.meaning = AnswerMeaning::Strange;
        answer.word = shownLine(shown.simplified().left(100));
        answer.sentence = sentence;
        return answer;
    }

    static ProviderAnswer answered(AnswerMeaning meaning, const QString &word, const QString &sentence = {})
    {
        ProviderAnswer answer;
        answer.meaning = meaning;
        answer.word = word;
        answer.sentence = sentence;
        return answer;
    }

    /// The items of an answer that match, or nothing where the answer has not the form that it should have.
    std::optional<std::vector<QJsonValue>> itemsOf(const RestQuestion &question, const QJsonValue &document) const
    {
        const QJsonValue at = jsonAt(document, question.items);
        if (!at.isArray() && !at.isObject())
            return std::nullopt;
        const QJsonArray all = at.isArray() ? at.toArray() : QJsonArray{at};
        std::vector<QJsonValue> items;
        for (const QJsonValue &item : all) {
            const bool fits = std::all_of(question.matches.begin(), question.matches.end(), [&](const auto &match) {
                const auto wanted = filledText(match.second, variables());
                const auto is = jsonTextsAt(item, match.first);
                return wanted && is.size() == 1 && sameText(is.front(), *wanted);
            });
            if (fits)
                items.push_back(item);
        }
        return items;
    }

    void heardZone(const ProviderReply &reply)
    {
        if (const auto bad = refusal(reply)) {
            endWith(*bad);
            return;
        }
        const auto items = itemsOf(*api().zone, jsonDocument(reply.body));
        if (!items) {
            endWith(strange(Texts::tr("The provider's list of zones is not one that it documents."), reply.body));
            return;
        }
        const auto id = items->size() == 1 ? jsonTextsAt(items->front(), api().zone->id) : std::vector<QString>();
        if (id.size() != 1) {
            ProviderAnswer none =
                answered(AnswerMeaning::Stop, QStringLiteral("no zone"),
                         Texts::tr("The account at %1 has no zone %2, or the credentials do not show it.")
                             .arg(m_provider.title, m_zone.ascii()));
            none.account = true;
            endWith(none);
            return;
        }
        m_zoneId = id.front();
        m_step = Step::Read;
    }

    void heardRead(const ProviderReply &reply)
    {
        std::vector<FoundRecord> records;
        if (reply.status != 404 || api().byRecord) {
            if (const auto bad = refusal(reply)) {
                settle(*bad);
                return;
            }
            const auto items = itemsOf(api().read, jsonDocument(reply.body));
            if (!items) {
                settle(strange(Texts::tr("The provider's list of records is not one that it documents."), reply.body));
                return;
            }
            for (const QJsonValue &item : *items) {
                const auto ids = jsonTextsAt(item, api().read.id);
                for (const QString &value : jsonTextsAt(item, api().read.values))
                    records.push_back({ids.size() == 1 ? ids.front() : QString(), normalValue(value, goal().key.type)});
            }
        }
        if (goal().what == RestGoal::What::Read) {
            RecordOutcome outcome{goal().key, answered(AnswerMeaning::Unchanged, QStringLiteral("read")),
                                  std::vector<QString>()};
            for (const FoundRecord &record : records)
                outcome.seen->push_back(record.value);
            std::sort(outcome.seen->begin(), outcome.seen->end());
            m_outcomes.push_back(std::move(outcome));
            advance();
            return;
        }
        m_writes = api().byRecord ? recordWrites(records) : rrsetWrites(records);
        if (m_writes.empty())
            settle(answered(AnswerMeaning::Unchanged, QStringLiteral("as it was")));
        else
            m_step = Step::Write;
    }

    static bool contains(const std::vector<FoundRecord> &records, const QString &value)
    {
        return std::any_of(records.begin(), records.end(),
                           [&](const FoundRecord &record) { return record.value == value; });
    }

    std::deque<Write> rrsetWrites(const std::vector<FoundRecord> &records) const
    {
        std::vector<QString> wanted;
        if (goal().what == RestGoal::What::Exactly) {
            wanted = goal().values;
        } else {
            for (const FoundRecord &record : records) {
                if (record.value != goal().values.front())
                    wanted.push_back(record.value);
            }
            if (goal().what == RestGoal::What::With)
                wanted.push_back(goal().values.front());
        }
        std::vector<QString> is;
        for (const FoundRecord &record : records)
            is.push_back(record.value);
        auto sorted = wanted;
        std::sort(sorted.begin(), sorted.end());
        std::sort(is.begin(), is.end());
        if (sorted == is && !(goal().rewrite && !wanted.empty()))
            return {};
        if (wanted.empty())
            return {{Write::Do::Remove, {}, {}}};
        return {{records.empty() && api().create ? Write::Do::Create : Write::Do::Set, {}, wanted}};
    }

    std::deque<Write> recordWrites(const std::vector<FoundRecord> &records) const
    {
        std::deque<Write> writes;
        const auto remove = [&](const FoundRecord &record) { writes.push_back({Write::Do::Remove, record, {}}); };
        if (goal().what == RestGoal::What::Without) {
            for (const FoundRecord &record : records) {
                if (record.value == goal().values.front())
                    remove(record);
            }
            return writes;
        }
        std::vector<QString> missing;
        for (const QString &value : goal().values) {
            if (!contains(records, value))
                missing.push_back(value);
        }
        std::vector<FoundRecord> spare;
        if (goal().what == RestGoal::What::Exactly) {
            std::vector<QString> kept;
            for (const FoundRecord &record : records) {
                const bool wanted = std::count(goal().values.begin(), goal().values.end(), record.value) > 0;
                const bool second = std::count(kept.begin(), kept.end(), record.value) > 0;
                if (wanted && !second) {
                    kept.push_back(record.value);
                    if (goal().rewrite && api().change)
                        writes.push_back({Write::Do::Change, record, {record.value}});
                } else
                    spare.push_back(record);
            }
        }
        // A record that is there becomes the wanted one before any is deleted: the name never has none.
        size_t used = 0;
        for (const QString &value : missing) {
            if (used < spare.size() && api().change)
                writes.push_back({Write::Do::Change, spare[used++], {value}});
            else
                writes.push_back({Write::Do::Create, {}, {value}});
        }
        for (; used < spare.size(); ++used)
            remove(spare[used]);
        return writes;
    }

    void heardWrite(const ProviderReply &reply)
    {
        Write &write = m_writes.front();
        if (reply.status == 404 && write.what == Write::Do::Set && api().create) {
            write.what = Write::Do::Create; // it went since it was read
            return;
        }
        const bool gone = reply.status == 404 && write.what == Write::Do::Remove;
        if (!gone) {
            if (const auto bad = refusal(reply)) {
                settle(*bad);
                return;
            }
        }
        m_changed = true;
        if (!gone && api().action) {
            const QJsonValue document = jsonDocument(reply.body);
            const auto id = jsonTextsAt(document, api().action->id);
            m_action = id.size() == 1 ? id.front() : QString();
            m_polls = 0;
            followAction(document);
            return;
        }
        written();
    }

    void heardPoll(const ProviderReply &reply)
    {
        if (const auto bad = refusal(reply)) {
            settle(*bad);
            return;
        }
        followAction(jsonDocument(reply.body));
    }

    void followAction(const QJsonValue &document)
    {
        const auto status = jsonTextsAt(document, api().action->status);
        if (status.size() != 1) {
            settle(strange(Texts::tr("The provider does not say what became of the change.")));
        } else if (status.front() == api().action->done) {
            written();
        } else if (status.front() == api().action->failed) {
            ProviderAnswer failed = answered(AnswerMeaning::Retry, QStringLiteral("action failed"),
                                             Texts::tr("The provider could not carry the change out."));
            failed.after = std::chrono::seconds(60);
            const auto said = jsonTextsAt(document, QStringLiteral("action.error.message"));
            if (!said.empty())
                failed.sentence += Texts::tr(" It says: ") + shownLine(said.front().toUtf8());
            settle(failed);
        } else if (m_action.isEmpty() || ++m_polls > mostPolls) {
            settle(answered(AnswerMeaning::NoAnswer, status.front(),
                            Texts::tr("The provider is still at the change; what becomes of it is not known.")));
        } else {
            m_step = Step::Poll;
        }
    }

    void written()
    {
        m_writes.pop_front();
        if (m_writes.empty())
            settle(answered(AnswerMeaning::Done, QStringLiteral("done")));
        else
            m_step = Step::Write;
    }

    /// The end of the goal at hand.
    void settle(const ProviderAnswer &answer)
    {
        m_outcomes.push_back({goal().key, answer, {}});
        advance();
        if (endsTalk(answer))
            endWith(answer);
    }

    void advance()
    {
        m_goals.pop_front();
        m_writes.clear();
        m_changed = false;
        m_step = Step::Read;
    }

    void endWith(const ProviderAnswer &answer)
    {
        ProviderAnswer one = answer;
        while (!m_goals.empty()) {
            m_outcomes.push_back({goal().key, one, {}});
            advance();
            one = spreadAnswer(one);
        }
    }

    const ProviderDefinition m_provider;
    const Hostname m_zone;
    std::deque<RestGoal> m_goals;
    Step m_step;
    QString m_zoneId;
    std::deque<Write> m_writes;
    bool m_changed = false; ///< of this goal something was written
    QString m_action;
    int m_polls = 0;
    std::vector<RecordOutcome> m_outcomes;
};

} // namespace

std::unique_ptr<ProviderTalk> restTalk(const ProviderDefinition &provider, const Hostname &zone,
                                       std::vector<RestGoal> goals)
{
    return std::make_unique<RestTalk>(provider, zone, std::move(goals));
}

} // namespace sixgate
