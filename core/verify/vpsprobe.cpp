#include "verify/vpsprobe.h"

#include "model/text.h"
#include "resources/resources.h"

#include <QRegularExpression>

#include <optional>

namespace sixgate
{

namespace
{

constexpr std::chrono::milliseconds resolveLimit{8000};
constexpr std::chrono::milliseconds connectLimit{5000};
// As in probe.pl.
constexpr int resolvesAtOnce = 16;
constexpr int connectsAtOnce = 128;
constexpr qsizetype mostAnswer = 4 * 1024 * 1024;
constexpr qsizetype mostAddresses = 64;

tl::unexpected<Error> strange(const QString &detail)
{
    return fail(ErrorCode::Protocol, QStringLiteral("The VPS's answer about what it reaches is not understood."),
                detail,
                QStringLiteral("Log in to the VPS and see whether \"perl -v\" works, and whether that prints "
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
        : m_names(questions.resolve.begin(), questions.resolve.end()),
          m_endpoints(questions.connect.begin(), questions.connect.end())
    {
    }

    Result<VpsAnswers> read(const QByteArray &answer)
    {
        const auto lines = answer.split('\n');
        const size_t questions = m_names.size() + m_endpoints.size();
        if (size_t(lines.size()) != questions + 2 || lines[lines.size() - 2] != "end" || !lines.last().isEmpty())
            return strange(QStringLiteral("%1 lines for %2 questions.").arg(lines.size()).arg(questions));
        for (size_t i = 0; i < questions; ++i) {
            const QByteArray &line = lines[qsizetype(i)];
            if (!take(line.split(' ')))
                return strange(QStringLiteral("Line %1: %2.").arg(i + 1).arg(quoted(QString::fromUtf8(line))));
        }
        // As many lines as questions, none twice: each has its answer.
        return std::move(m_answers);
    }

private:
    bool take(const QList<QByteArray> &words)
    {
        if (words.size() < 3)
            return false;
        const auto number = numberOf(words[0], qint64(m_names.size() + m_endpoints.size()) - 1);
        const auto took = numberOf(words[2], 24 * 3600 * 1000);
        if (!number || !took)
            return false;
        const auto index = size_t(*number);
        const std::chrono::milliseconds time(*took);
        if (index < m_names.size())
            return takeResolved(m_names[index], words, time);
        return takeConnected(m_endpoints[index - m_names.size()], words, time);
    }

    bool takeResolved(const Hostname &name, const QList<QByteArray> &words, std::chrono::milliseconds took)
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
        return m_answers.resolved.emplace(name, std::move(seen)).second;
    }

    bool takeConnected(const Endpoint &endpoint, const QList<QByteArray> &words, std::chrono::milliseconds took)
    {
        VpsConnected seen{took, {}};
        if (words[1] == "unconnected" && words.size() == 4 && isReason(words[3]))
            seen.reason = QString::fromLatin1(words[3]);
        else if (words[1] != "connected" || words.size() != 3)
            return false;
        return m_answers.connected.emplace(endpoint, std::move(seen)).second;
    }

    std::vector<Hostname> m_names;
    std::vector<Endpoint> m_endpoints;
    VpsAnswers m_answers;
};

} // namespace

QByteArray vpsProbeInput(const ProbeQuestions &questions)
{
    QByteArray input = resource(u"vps/probe.pl") + "__END__\n";
    for (const Hostname &name : questions.resolve)
        input += "resolve " + QByteArray::number(qint64(resolveLimit.count())) + ' ' + name.ascii().toLatin1() + '\n';
    for (const auto &[address, port] : questions.connect)
        input += "connect " + QByteArray::number(qint64(connectLimit.count())) + ' ' + ipText(address).toLatin1() +
                 ' ' + QByteArray::number(port.number()) + '\n';
    return input;
}

std::chrono::milliseconds vpsProbeLimit(const ProbeQuestions &questions)
{
    const auto rounds = [](size_t count, int atOnce) { return (int(count) + atOnce - 1) / atOnce; };
    // Perl itself starts within a second or two, also on a small VPS.
    return std::chrono::seconds(10) + std::max(resolveLimit * rounds(questions.resolve.size(), resolvesAtOnce),
                                               connectLimit * rounds(questions.connect.size(), connectsAtOnce));
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
        return fail(ErrorCode::Protocol, QStringLiteral("The VPS could not probe the home."),
                    QStringLiteral("perl ended with status %1: %2")
                        .arg(ran->status)
                        .arg(quoted(QString::fromUtf8(ran->err.trimmed()))),
                    QStringLiteral("Log in to the VPS and see whether \"perl -v\" works."));
    return parseVpsAnswers(questions, ran->out);
}

} // namespace sixgate
