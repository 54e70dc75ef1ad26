#include "decide/provideranswers.h"

#include "model/text.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

using Meaning = AnswerMeaning;
using std::chrono::seconds;

constexpr qsizetype mostBody = 64 * 1024;
constexpr qsizetype mostText = 1024; // of an answer that is searched for words
constexpr seconds longestWait{86400};
constexpr seconds outageWait{1800}; // dyndns2: "not before 30 minutes"
constexpr seconds redirectWait{1800};
constexpr seconds tooManyWait{60};

bool isGood(Meaning meaning)
{
    return meaning == Meaning::Done || meaning == Meaning::Unchanged;
}

ProviderAnswer strange(const QString &sentence, const QByteArray &shown = {})
{
    ProviderAnswer answer;
    answer.meaning = Meaning::Strange;
    answer.word = shownLine(shown);
    answer.sentence = sentence;
    return answer;
}

ProviderAnswer byRule(const AnswerRule &rule, const QString &word)
{
    ProviderAnswer answer;
    answer.meaning = rule.means;
    answer.word = word;
    if (rule.means == Meaning::Retry)
        answer.after = rule.after.value_or(tooManyWait);
    // Those of dyndns2 are in a table that is made once; a provider file's own are found nowhere and stay.
    answer.sentence = rule.say.isEmpty() ? QString() : Texts::tr(rule.say.toUtf8().constData());
    answer.account = rule.account;
    return answer;
}

const AnswerRule *ruleFor(const std::vector<AnswerRule> &rules, const QString &word)
{
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const AnswerRule &one) {
        return one.word.compare(word, Qt::CaseInsensitive) == 0;
    });
    return rule == rules.end() ? nullptr : &*rule;
}

/// `w30s`, `w5m`, `w1h`: wait (undocumented; No-IP).
std::optional<seconds> waitWord(const QString &word)
{
    if (word.size() < 3 || word.size() > 6 || word[0] != QLatin1Char('w'))
        return std::nullopt;
    const QChar unit = word.back();
    const int factor = unit == QLatin1Char('s')   ? 1
                       : unit == QLatin1Char('m') ? 60
                       : unit == QLatin1Char('h') ? 3600
                                                  : 0;
    qint64 number = 0;
    for (const QChar c : word.mid(1, word.size() - 2)) {
        if (c < QLatin1Char('0') || c > QLatin1Char('9'))
            return std::nullopt;
        number = 10 * number + c.digitValue();
    }
    if (factor == 0)
        return std::nullopt;
    return std::clamp(seconds(number * factor), seconds(1), longestWait);
}

std::optional<ProviderAnswer> wordAnswer(const AnswerReader &reader, const QString &word)
{
    if (const AnswerRule *rule = ruleFor(reader.rules, word))
        return byRule(*rule, word);
    if (!reader.dyndns2)
        return std::nullopt;
    if (const AnswerRule *rule = ruleFor(dyndns2Words(), word))
        return byRule(*rule, word);
    if (const auto wait = waitWord(word)) {
        AnswerRule rule{word, Meaning::Retry, wait, Texts::tr("The provider asks to wait."), true};
        return byRule(rule, word);
    }
    return std::nullopt;
}

QByteArray plain(QByteArray body)
{
    if (body.startsWith("\xef\xbb\xbf"))
        body.remove(0, 3);
    return body;
}

bool isPage(const QByteArray &body)
{
    return body.trimmed().startsWith('<');
}

/// An address in a line that is not one of those that were sent: somebody else's is in the record now.
std::optional<ProviderAnswer> otherAddress(const QByteArray &line, const SentAddresses &sent)
{
    QByteArray spaced = line;
    spaced.replace(',', ' ');
    for (const QByteArray &token : spaced.simplified().split(' ')) {
        const auto address = parseIpAddress(QString::fromLatin1(token));
        if (!address)
            continue;
        if (const auto *four = std::get_if<Ipv4Address>(&*address)) {
            if (sent.v4 == *four || (!sent.v4 && !sent.v6))
                continue;
            if (four->isLoopback()) {
                ProviderAnswer ignored = strange({}, line.simplified());
                ignored.meaning = Meaning::Stop;
                ignored.sentence = Texts::tr("The provider ignored the update: it says that this program does not "
                                             "keep its rules. Look at the account on its pages.");
                return ignored;
            }
            if (!sent.v4 && sent.othersAllowed)
                continue;
        } else {
            if (sent.v6 == std::get<Ipv6Address>(*address) || (!sent.v4 && !sent.v6) ||
                (!sent.v6 && sent.othersAllowed))
                continue;
        }
        return strange(Texts::tr("The provider names the address %1, which was not sent.").arg(ipText(*address)),
                       line.simplified());
    }
    return std::nullopt;
}

QString firstWord(const QByteArray &line)
{
    return shownLine(line.simplified().split(' ').first());
}

ProviderAnswer lineAnswer(const AnswerReader &reader, const QByteArray &line, const SentAddresses &sent)
{
    auto answer = wordAnswer(reader, firstWord(line));
    if (!answer)
        return strange(Texts::tr("The provider's answer is not one that it documents."), line.simplified());
    if (isGood(answer->meaning)) {
        if (auto other = otherAddress(line, sent))
            return *other;
    }
    return *answer;
}

int badness(Meaning meaning)
{
    switch (meaning) {
    case Meaning::Unchanged:
        return 0;
    case Meaning::Done:
        return 1;
    case Meaning::Strange:
        return 2;
    case Meaning::Retry:
        return 3;
    default:
        return 4;
    }
}

const ProviderAnswer &worst(const std::vector<ProviderAnswer> &answers)
{
    return *std::max_element(answers.begin(), answers.end(), [](const ProviderAnswer &a, const ProviderAnswer &b) {
        return badness(a.meaning) < badness(b.meaning);
    });
}

QList<QByteArray> linesOf(const QByteArray &body)
{
    QList<QByteArray> lines;
    for (const QByteArray &line : body.split('\n')) {
        if (const QByteArray trimmed = line.trimmed(); !trimmed.isEmpty())
            lines.append(trimmed);
    }
    return lines;
}

using Answers = std::vector<ProviderAnswer>;

std::optional<Answers> readLines(const AnswerReader &reader, const QByteArray &body, std::size_t hosts, bool perCall,
                                 const SentAddresses &sent)
{
    if (isPage(body))
        return std::nullopt;
    const auto lines = linesOf(body);
    if (lines.isEmpty() || lines.size() > 200)
        return std::nullopt;
    Answers answers;
    for (const QByteArray &line : lines)
        answers.push_back(lineAnswer(reader, line, sent));
    if (hosts == 1 || perCall) {
        // Some servers have a line for each address, others add words of their own after the one that counts.
        Answers telling;
        for (qsizetype i = 0; i < lines.size(); ++i) {
            if (i == 0 || wordAnswer(reader, firstWord(lines[i])))
                telling.push_back(answers[size_t(i)]);
        }
        const bool begun = wordAnswer(reader, firstWord(lines.first())).has_value();
        return Answers(hosts, begun ? worst(telling) : answers.front());
    }
    if (answers.size() == hosts)
        return answers;
    // What is about the account stands there once; one good word for several names tells nothing of each.
    if (answers.size() == 1 && !isGood(answers.front().meaning))
        return Answers(hosts, answers.front());
    return Answers(hosts, strange(Texts::tr("The provider's answer has another number of lines than names were "
                                            "sent."),
                                  lines.first()));
}

std::optional<ProviderAnswer> readFirst(const AnswerReader &reader, const QByteArray &body, const SentAddresses &sent)
{
    const auto lines = linesOf(body);
    if (isPage(body) || lines.isEmpty())
        return std::nullopt;
    auto answer = wordAnswer(reader, firstWord(lines.first()));
    if (!answer)
        return std::nullopt;
    if (!isGood(answer->meaning))
        return answer;
    for (const QByteArray &line : lines) {
        if (auto other = otherAddress(line, sent))
            return other;
        if (const AnswerRule *rule = ruleFor(reader.also, shownLine(line)))
            answer = byRule(*rule, answer->word);
    }
    return answer;
}

std::optional<ProviderAnswer> readContains(const AnswerReader &reader, const QByteArray &body,
                                           const SentAddresses &sent)
{
    const QByteArray text = body.simplified();
    const bool page = isPage(body);
    if (text.isEmpty() || (!page && text.size() > mostText))
        return std::nullopt;
    for (const AnswerRule &rule : reader.rules) {
        if (!text.contains(rule.word.toUtf8()))
            continue;
        if (isGood(rule.means) && !page) {
            if (auto other = otherAddress(text, sent))
                return other;
        }
        return byRule(rule, rule.word);
    }
    return std::nullopt;
}

std::optional<ProviderAnswer> readJson(const AnswerReader &reader, const QByteArray &body)
{
    const QJsonValue value = jsonAt(jsonDocument(body), reader.place);
    const auto texts = jsonTextsAt(jsonDocument(body), reader.place);
    if (value.isUndefined() || texts.size() != 1)
        return std::nullopt;
    auto answer = wordAnswer(reader, texts.front());
    const auto said = reader.text.isEmpty() ? std::vector<QString>() : jsonTextsAt(jsonDocument(body), reader.text);
    if (answer && !said.empty() && !isGood(answer->meaning))
        answer->sentence += (answer->sentence.isEmpty() ? QString() : QStringLiteral(" ")) +
                            Texts::tr("The provider says: ") + shownLine(said.front().toUtf8());
    return answer;
}

std::optional<Answers> readBy(const AnswerReader &reader, const ProviderReply &reply, std::size_t hosts, bool perCall,
                              const SentAddresses &sent)
{
    const QByteArray body = plain(reply.body);
    std::optional<ProviderAnswer> answer;
    switch (reader.by) {
    case AnswerReader::By::Lines:
        return readLines(reader, body, hosts, perCall, sent);
    case AnswerReader::By::First:
        answer = readFirst(reader, body, sent);
        break;
    case AnswerReader::By::Contains:
        answer = readContains(reader, body, sent);
        break;
    case AnswerReader::By::Json:
        answer = readJson(reader, body);
        break;
    case AnswerReader::By::Header: {
        const auto header = reply.headers.find(reader.place.toLatin1().toLower());
        if (header != reply.headers.end())
            answer = lineAnswer(reader, header->second, sent);
        break;
    }
    }
    return answer ? std::optional(Answers(hosts, *answer)) : std::nullopt;
}

QString bodyShown(const QByteArray &body)
{
    return isPage(body) ? Texts::tr("a web page") : shownLine(body.simplified().left(120));
}

} // namespace

const std::vector<AnswerRule> &dyndns2Words()
{
    const auto rule = [](const char *word, Meaning means, bool account, const char *say,
                         std::optional<seconds> after = {}) {
        return AnswerRule{QString::fromLatin1(word), means, after, QString::fromUtf8(say), account};
    };
    static const std::vector<AnswerRule> words = {
        rule("good", Meaning::Done, false, ""),
        rule("nochg", Meaning::Unchanged, false, ""),
        rule("badauth", Meaning::Stop, true,
             QT_TRANSLATE_NOOP("Texts",
                               "The provider does not accept the user name or the password; store them again.")),
        rule("!donator", Meaning::Stop, true,
             QT_TRANSLATE_NOOP("Texts", "The account does not include this; see what you pay for.")),
        rule("!yours", Meaning::Stop, false, QT_TRANSLATE_NOOP("Texts", "The name belongs to another account.")),
        rule("!active", Meaning::Stop, false,
             QT_TRANSLATE_NOOP("Texts", "The name is not active; switch it on at the provider.")),
        rule("notfqdn", Meaning::Stop, false,
             QT_TRANSLATE_NOOP("Texts", "The provider takes this for no full host name.")),
        rule("nohost", Meaning::Stop, false,
             QT_TRANSLATE_NOOP("Texts", "The name is not in this account; create it at the provider.")),
        rule("numhost", Meaning::Stop, false,
             QT_TRANSLATE_NOOP(
                 "Texts", "The provider does not take so many names at once, or has several addresses at this one.")),
        rule("abuse", Meaning::Stop, false,
             QT_TRANSLATE_NOOP("Texts", "The provider has blocked the name; have it unblocked on its pages.")),
        rule("badagent", Meaning::Stop, true,
             QT_TRANSLATE_NOOP("Texts", "The provider does not take updates from this program.")),
        rule("badsys", Meaning::Stop, true,
             QT_TRANSLATE_NOOP("Texts", "The provider does not know this kind of name.")),
        rule("dnserr", Meaning::Retry, false, QT_TRANSLATE_NOOP("Texts", "The provider's name servers fail."),
             outageWait),
        rule("911", Meaning::Retry, true, QT_TRANSLATE_NOOP("Texts", "The provider has an outage."), outageWait),
    };
    return words;
}

std::optional<seconds> retryAfter(const ProviderReply &reply)
{
    const auto header = reply.headers.find("retry-after");
    if (header == reply.headers.end())
        return std::nullopt;
    bool isNumber = false;
    const uint number = header->second.toUInt(&isNumber);
    if (isNumber)
        return std::clamp(seconds(number), seconds(1), longestWait);
    const auto date = reply.headers.find("date");
    if (date == reply.headers.end())
        return std::nullopt;
    const auto at = [](QByteArray text) {
        return QDateTime::fromString(QString::fromLatin1(text.replace("GMT", "+0000")), Qt::RFC2822Date);
    };
    const QDateTime until = at(header->second);
    const QDateTime now = at(date->second);
    if (!until.isValid() || !now.isValid())
        return std::nullopt;
    return std::clamp(seconds(now.secsTo(until)), seconds(1), longestWait);
}

ProviderAnswer statusAnswer(const ProviderReply &reply, const std::map<int, AnswerRule> &statuses, bool api)
{
    const QString word = QStringLiteral("HTTP %1").arg(reply.status);
    const auto wait = retryAfter(reply);
    if (const auto rule = statuses.find(reply.status); rule != statuses.end()) {
        ProviderAnswer answer = byRule(rule->second, word);
        if (answer.meaning == Meaning::Retry && wait)
            answer.after = wait;
        return answer;
    }
    ProviderAnswer answer;
    answer.word = word;
    answer.account = true;
    const int status = reply.status;
    if (status >= 300 && status < 400) {
        answer.meaning = Meaning::Redirected;
        answer.after = redirectWait;
        const auto to = reply.headers.find("location");
        answer.sentence =
            Texts::tr("The provider answers with another address (%1), which is not followed: it would get the "
                      "credentials. See whether the provider has moved.")
                .arg(shownLine(to == reply.headers.end() ? QByteArray("none")
                                                         : to->second.split('?').first().left(100)));
    } else if (status == 401 || status == 403) {
        answer.meaning = Meaning::Stop;
        answer.sentence = Texts::tr("The provider does not accept the credentials; store them again.");
    } else if (status == 408 || status == 409 || status == 423 || status == 425 || status == 429) {
        answer.meaning = Meaning::Retry;
        answer.after = wait.value_or(tooManyWait);
        answer.account = status == 429;
        answer.sentence = status == 429 ? Texts::tr("The provider had too many requests.")
                                        : Texts::tr("The provider cannot do this right now.");
    } else if (status >= 500) {
        answer.meaning = Meaning::Retry;
        answer.after = wait.value_or(tooManyWait);
        answer.sentence = Texts::tr("The provider has an outage.");
    } else {
        answer.meaning = api && status >= 400 ? Meaning::Stop : Meaning::Strange;
        answer.account = false;
        answer.sentence = Texts::tr("The provider refuses the request.");
    }
    return answer;
}

std::vector<ProviderAnswer> readAnswer(const AnswerRules &rules, const ProviderReply &reply, std::size_t hosts,
                                       const SentAddresses &sent)
{
    const bool success = reply.status >= 200 && reply.status < 300;
    // What a redirect says in its body is said by whoever redirects.
    const bool redirect = reply.status >= 300 && reply.status < 400;
    if (reply.body.size() > mostBody)
        return Answers(hosts, strange(Texts::tr("The provider's answer is far too long.")));
    for (const AnswerReader &reader : rules.readers) {
        auto answers = redirect ? std::nullopt : readBy(reader, reply, hosts, rules.perCall, sent);
        if (!answers)
            continue;
        const bool known = std::none_of(answers->begin(), answers->end(),
                                        [](const ProviderAnswer &one) { return one.meaning == Meaning::Strange; });
        const bool good = std::any_of(answers->begin(), answers->end(),
                                      [](const ProviderAnswer &one) { return isGood(one.meaning); });
        // A failed request is not made good by a word in its body.
        if (!success && (!known || good))
            continue;
        const auto wait = retryAfter(reply);
        for (ProviderAnswer &one : *answers) {
            if (wait && one.meaning == Meaning::Retry)
                one.after = std::max(*wait, one.after.value_or(*wait));
        }
        return *answers;
    }
    if (success && !rules.statuses.contains(reply.status))
        return Answers(
            hosts,
            strange(
                reply.body.trimmed().isEmpty()
                    ? Texts::tr("The provider's answer is empty.")
                    : Texts::tr("The provider's answer is not one that it documents: %1").arg(bodyShown(reply.body))));
    return Answers(hosts, statusAnswer(reply, rules.statuses, false));
}

} // namespace sixgate
