#include "apply/push.h"

#include "model/text.h"
#include "model/texts.h"

#include <QRegularExpression>

namespace sixgate
{

namespace
{

constexpr qsizetype mostAnswer = 16 * 1024;

tl::unexpected<Error> notUnderstood(const QByteArray &line)
{
    return fail(ErrorCode::Protocol, Texts::tr("The push service of the VPS does not answer as it should."),
                Texts::tr("It said: %1").arg(line.isEmpty() ? Texts::tr("nothing") : shownLine(line)),
                Texts::tr("Set the VPS up again: sixgatectl apply"));
}

std::optional<std::chrono::milliseconds> milliseconds(const QByteArray &word)
{
    bool fine = false;
    const int number = word.toInt(&fine);
    return fine && number >= 0 ? std::optional(std::chrono::milliseconds(number)) : std::nullopt;
}

std::optional<Pushed> parseSet(const PushRequest::Set &asked, const QByteArrayList &words)
{
    if (words.size() != 5 || words[0] != "set" || words[1] != asked.upstream.ascii().toLatin1() ||
        words[2] != asked.address.text().toLatin1())
        return std::nullopt;
    Pushed pushed{asked.upstream, asked.address, PushVerdict::Refused, {}, {}};
    if (words[3] == "refused") {
        pushed.reason = shownLine(words[4]);
        return pushed;
    }
    const auto took = milliseconds(words[4]);
    if (!took || (words[3] != "done" && words[3] != "unchanged"))
        return std::nullopt;
    pushed.verdict = words[3] == "done" ? PushVerdict::Done : PushVerdict::Unchanged;
    pushed.took = *took;
    return pushed;
}

std::optional<LeaseSeen> parseLease(const MachineName &machine, const QByteArrayList &words)
{
    if (words.size() != 4 || words[0] != "lease" || (words[1] != "held" && words[1] != "other"))
        return std::nullopt;
    bool fine = false;
    const int left = words[3].toInt(&fine);
    const LeaseSeen seen{words[1] == "held", shownLine(words[2]), std::chrono::seconds(left)};
    if (!fine || left < 0 || seen.held != (seen.holder == machine.text()))
        return std::nullopt;
    return seen;
}

/// Nothing where the VPS does not know.
std::optional<DriftSeen> parseDrift(const QByteArrayList &words)
{
    bool number = false;
    const int changed = words.value(1).toInt(&number);
    if (words.size() != 3 || !number || changed < 0)
        return std::nullopt;
    return DriftSeen{changed, words[2] == "-" ? QString() : quoted(QString::fromLatin1(words[2]))};
}

} // namespace

Result<QString> MachineNameKind::check(const QString &text)
{
    static const QRegularExpression pattern(QStringLiteral("\\A[a-z0-9][a-z0-9-]{0,63}\\z"));
    if (pattern.match(text).hasMatch())
        return text;
    return fail(ErrorCode::Invalid, Texts::tr("%1 is no name of a machine.").arg(quoted(text)));
}

QByteArray pushText(const PushRequest &request)
{
    QByteArray text = "hello 1 " + request.machine.text().toLatin1() + '\n';
    if (request.lease)
        text += "lease " + request.machine.text().toLatin1() + ' ' +
                QByteArray::number(qint64(request.lease->count())) + '\n';
    for (const PushRequest::Set &one : request.set)
        text += "set " + one.upstream.ascii().toLatin1() + ' ' + one.address.text().toLatin1() + '\n';
    if (request.alive)
        text += "alive\n";
    if (request.drift)
        text += "drift\n";
    return text;
}

Result<PushAnswer> parsePushAnswer(const PushRequest &request, const QByteArray &text)
{
    // The answers to `set` come when they are ready; each names what it is for.
    PushAnswer answer;
    bool hello = false;
    bool alive = !request.alive;
    bool drift = !request.drift;
    std::vector<std::optional<Pushed>> set(request.set.size());
    for (const QByteArray &line : text.split('\n')) {
        if (line.isEmpty())
            continue;
        const QByteArrayList words = line.split(' ');
        if (!hello) {
            if (line != "hello 1 " + request.machine.text().toLatin1())
                return notUnderstood(line);
            hello = true;
            continue;
        }
        if (words[0] == "lease" && request.lease && !answer.lease) {
            answer.lease = parseLease(request.machine, words);
            if (!answer.lease)
                return notUnderstood(line);
            continue;
        }
        if (words[0] == "alive" && !alive) {
            alive = true;
            continue;
        }
        // A VPS that was set up by an older Sixgate does not know the question.
        if (!drift && (words[0] == "drift" || line == "no such-request")) {
            drift = true;
            answer.drift = parseDrift(words);
            continue;
        }
        bool known = false;
        for (size_t i = 0; i < request.set.size() && !known; ++i) {
            if (set[i])
                continue;
            set[i] = parseSet(request.set[i], words);
            known = set[i].has_value();
        }
        if (!known)
            return notUnderstood(line);
    }
    if (!hello || !alive || !drift || (request.lease && !answer.lease))
        return notUnderstood({});
    for (auto &one : set) {
        if (!one)
            return notUnderstood({});
        answer.set.push_back(std::move(*one));
    }
    return answer;
}

Result<PushAnswer> push(SshSession &session, const PushRequest &request, const Deadline &deadline, std::stop_token stop)
{
    // The other end runs its own program, whatever is asked for.
    const auto done = session.exec(RemoteCommand("push"), pushText(request), deadline, stop, {}, mostAnswer);
    if (!done)
        return passOn(done);
    if (done->status != 0)
        return fail(ErrorCode::Refused, Texts::tr("The push service of the VPS does not answer."),
                    Texts::tr("Exit code %1. %2").arg(done->status).arg(shownLine(done->err)),
                    Texts::tr("Look there with \"systemctl status sixgate-push\", or set it up again: sixgatectl "
                              "apply"));
    return parsePushAnswer(request, done->out);
}

} // namespace sixgate
