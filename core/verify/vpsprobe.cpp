#include "verify/vpsprobe.h"

#include "model/text.h"
#include "model/texts.h"
#include "resources/resources.h"

#include <QRegularExpression>

#include <optional>
#include <utility>
#include <variant>

namespace sixgate
{

namespace
{

constexpr std::chrono::milliseconds resolveLimit{3000};
// A router tells that nobody has an address after three seconds (RFC 4861 §10).
constexpr std::chrono::milliseconds connectLimit{3400};
constexpr std::chrono::milliseconds greetLimit{1500};
constexpr int smallSegments = 1220;
// As in probe.pl.
constexpr int resolvesAtOnce = 16;
constexpr int connectsAtOnce = 128;
constexpr qsizetype mostAnswer = 4 * 1024 * 1024;
constexpr qsizetype mostAddresses = 64;

tl::unexpected<Error> strange(const QString &detail)
{
    return fail(ErrorCode::Protocol, Texts::tr("The VPS's answer about what it reaches is not understood."), detail,
                Texts::tr("Log in to the VPS and see whether \"perl -v\" works, and whether that prints "
                          "nothing else."));
}

bool isReason(const QByteArray &word)
{
    static const QRegularExpression pattern(QStringLiteral("\\A(E[A-Z0-9_]{1,30}|TIMEOUT)\\z"));
    return pattern.match(QString::fromLatin1(word)).hasMatch();
}

// Decimal digits alone, up to `most`.
std::optional<qint64> numberOf(const QByteArray &word, qint64 most)
{
    if (word.isEmpty() || word.size() > 9)
        return std::nullopt;
    qint64 number = 0;
    for (const char c : word) {
        if (c < '0' || c > '9')
            return std::nullopt;
        number = number * 10 + (c - '0');
    }
    return number <= most ? std::optional<qint64>(number) : std::nullopt;
}

class Reader
{
public:
    explicit Reader(const ProbeQuestions &questions)
    {
        const auto take = [this](Kind kind, const auto &list) {
            for (const auto &one : list)
                m_asked.push_back({kind, one});
        };
        take(Kind::Resolve, questions.resolve);
        take(Kind::Connect, questions.connect);
        take(Kind::LookUp, questions.lookUp);
        for (const auto &[endpoint, other] : questions.insteadOf)
            m_asked.push_back({Kind::InsteadOf, endpoint});
        for (const auto &[endpoint, bytes] : questions.greet)
            m_asked.push_back({Kind::Greet, endpoint});
    }

    Result<VpsAnswers> read(const QByteArray &answer)
    {
        const auto lines = answer.split('\n');
        const size_t questions = m_asked.size();
        if (size_t(lines.size()) != questions + 2 || lines[lines.size() - 2] != "end" || !lines.last().isEmpty())
            return strange(Texts::tr("%1 lines for %2 questions.").arg(lines.size()).arg(questions));
        for (size_t i = 0; i < questions; ++i) {
            const QByteArray &line = lines[qsizetype(i)];
            if (!take(line.split(' ')))
                return strange(Texts::tr("Line %1: %2.").arg(i + 1).arg(quoted(QString::fromUtf8(line))));
        }
        // As many lines as questions, none twice: each has its answer.
        return std::move(m_answers);
    }

private:
    enum class Kind { Resolve, Connect, LookUp, InsteadOf, Greet };
    struct Asked {
        Kind kind;
        std::variant<Hostname, Endpoint> about;
    };
    using Words = QList<QByteArray>;

    bool take(const Words &words)
    {
        if (words.size() < 3)
            return false;
        const auto number = numberOf(words[0], qint64(m_asked.size()) - 1);
        const auto took = numberOf(words[2], 24 * 3600 * 1000);
        if (!number || !took)
            return false;
        if (std::exchange(m_answered[size_t(*number)], true))
            return false;
        const Asked &asked = m_asked[size_t(*number)];
        const std::chrono::milliseconds time(*took);
        switch (asked.kind) {
        case Kind::Resolve:
            return takeResolved(std::get<Hostname>(asked.about), words, time);
        case Kind::LookUp:
            return takeLookedUp(std::get<Hostname>(asked.about), words, time);
        case Kind::InsteadOf:
            if (words[1] == "skipped")
                return words.size() == 3;
            [[fallthrough]];
        case Kind::Connect:
            return takeConnected(m_answers.connected, "connected", std::get<Endpoint>(asked.about), words, time);
        case Kind::Greet:
            return takeConnected(m_answers.greeted, "greeted", std::get<Endpoint>(asked.about), words, time);
        }
        return false;
    }

    bool takeResolved(const Hostname &name, const Words &words, std::chrono::milliseconds took)
    {
        VpsResolved seen{took, {}, {}};
        if (words[1] == "unresolved" && words.size() == 4 && isReason(words[3])) {
            seen.reason = QString::fromLatin1(words[3]);
        } else if (words[1] == "resolved" && words.size() <= 3 + mostAddresses) {
            for (qsizetype i = 3; i < words.size(); ++i) {
                const auto address = parseIpAddress(QString::fromLatin1(words[i]));
                if (!address)
                    return false;
                seen.addresses.push_back(*address);
            }
        } else {
            return false;
        }
        m_answers.resolved.emplace(name, std::move(seen));
        return true;
    }

    bool takeLookedUp(const Hostname &name, const Words &words, std::chrono::milliseconds took)
    {
        VpsLookedUp seen;
        seen.took = took;
        if (words[1] == "unlookedup" && words.size() == 4 && isReason(words[3])) {
            seen.reason = QString::fromLatin1(words[3]);
        } else if (words[1] == "lookedup" && words.size() >= 7 && words.size() <= 7 + mostAddresses) {
            const auto rcode = numberOf(words[3], 15);
            const auto bogus = numberOf(words[4], 1);
            const auto ttl = numberOf(words[5], 999999999);
            const auto server = parseIpAddress(QString::fromLatin1(words[6]));
            if (!rcode || !bogus || !ttl || !server)
                return false;
            seen.rcode = int(*rcode);
            seen.bogus = *bogus == 1;
            seen.ttl = std::chrono::seconds(*ttl);
            seen.resolver = ipText(*server);
            for (qsizetype i = 7; i < words.size(); ++i) {
                const auto address = Ipv6Address::parse(QString::fromLatin1(words[i]));
                if (!address)
                    return false;
                seen.addresses.push_back(*address);
            }
        } else {
            return false;
        }
        m_answers.lookedUp.emplace(name, std::move(seen));
        return true;
    }

    bool takeConnected(std::map<Endpoint, VpsConnected> &to, const QByteArray &word, const Endpoint &endpoint,
                       const Words &words, std::chrono::milliseconds took)
    {
        VpsConnected seen{took, {}};
        if (words[1] == "un" + word && words.size() == 4 && isReason(words[3]))
            seen.reason = QString::fromLatin1(words[3]);
        else if (words[1] != word || words.size() != 3)
            return false;
        to.emplace(endpoint, std::move(seen));
        return true;
    }

    std::vector<Asked> m_asked;
    std::map<size_t, bool> m_answered;
    VpsAnswers m_answers;
};

} // namespace

QByteArray vpsProbeInput(const ProbeQuestions &questions)
{
    const auto limit = [](std::chrono::milliseconds span) { return QByteArray::number(qint64(span.count())) + ' '; };
    const auto where = [](const Endpoint &to) {
        return ipText(to.first).toLatin1() + ' ' + QByteArray::number(to.second.number());
    };
    QByteArray input = resource(u"vps/probe.pl") + "__END__\n";
    size_t number = 0;
    std::map<Endpoint, size_t> numbers;
    for (const Hostname &name : questions.resolve) {
        input += "resolve " + limit(resolveLimit) + name.ascii().toLatin1() + '\n';
        ++number;
    }
    for (const Endpoint &to : questions.connect) {
        input += "connect " + limit(connectLimit) + where(to) + '\n';
        numbers.emplace(to, number++);
    }
    for (const Hostname &name : questions.lookUp)
        input += "lookup " + limit(resolveLimit) + name.ascii().toLatin1() + '\n';
    for (const auto &[to, other] : questions.insteadOf)
        input += "unless " + QByteArray::number(qint64(numbers.at(other))) + " connect " + limit(connectLimit) +
                 where(to) + '\n';
    for (const auto &[to, bytes] : questions.greet)
        input += "greet " + limit(greetLimit) + where(to) + ' ' + QByteArray::number(smallSegments) + ' ' +
                 bytes.toHex() + '\n';
    return input;
}

std::chrono::milliseconds vpsProbeLimit(const ProbeQuestions &questions)
{
    const auto rounds = [](size_t count, int atOnce) { return (int(count) + atOnce - 1) / atOnce; };
    // Perl itself starts within a second or two, also on a small VPS.
    return std::chrono::seconds(10) +
           std::max(resolveLimit * rounds(questions.resolve.size() + questions.lookUp.size(), resolvesAtOnce),
                    connectLimit * rounds(questions.connect.size() + questions.insteadOf.size(), connectsAtOnce));
}

Result<VpsAnswers> parseVpsAnswers(const ProbeQuestions &questions, const QByteArray &answer)
{
    return Reader(questions).read(answer);
}

Result<VpsAnswers> askVps(SshSession &session, const ProbeQuestions &questions, const Deadline &deadline,
                          std::stop_token stop)
{
    const auto ran = session.exec(RemoteCommand("perl").literal("-"), vpsProbeInput(questions),
                                  deadline.sooner(vpsProbeLimit(questions)), stop, {}, mostAnswer);
    if (!ran)
        return passOn(ran);
    if (ran->status != 0)
        return fail(ErrorCode::Protocol, Texts::tr("The VPS could not probe the home."),
                    Texts::tr("perl ended with status %1: %2")
                        .arg(ran->status)
                        .arg(quoted(QString::fromUtf8(ran->err.trimmed()))),
                    Texts::tr("Log in to the VPS and see whether \"perl -v\" works."));
    return parseVpsAnswers(questions, ran->out);
}

} // namespace sixgate
