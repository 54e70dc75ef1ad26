#include "model/providertalk.h"

namespace sixgate
{

namespace
{

/// The path alone: users write URLs, and not every secret in a query is known as one.
QString shownPath(const RequestText &target)
{
    QString out;
    for (const RequestPiece &piece : target) {
        const qsizetype mark = piece.text.indexOf('?');
        out += piece.credential.isEmpty() ? QString::fromUtf8(mark < 0 ? piece.text : piece.text.left(mark))
                                          : QStringLiteral("<%1>").arg(piece.credential);
        if (mark >= 0)
            break;
    }
    return out;
}

} // namespace

QString shownRequest(const ProviderRequest &request)
{
    return QStringLiteral("%1 https://%2%3")
        .arg(QString::fromLatin1(request.method), request.host.ascii(), shownPath(request.target));
}

QString answerMeaningName(AnswerMeaning meaning)
{
    switch (meaning) {
    case AnswerMeaning::Done:
        return QStringLiteral("done");
    case AnswerMeaning::Unchanged:
        return QStringLiteral("unchanged");
    case AnswerMeaning::Stop:
        return QStringLiteral("stop");
    case AnswerMeaning::Retry:
        return QStringLiteral("retry");
    case AnswerMeaning::Redirected:
        return QStringLiteral("redirected");
    case AnswerMeaning::Strange:
        return QStringLiteral("strange");
    case AnswerMeaning::NoAnswer:
        return QStringLiteral("no-answer");
    case AnswerMeaning::Unsent:
        return QStringLiteral("unsent");
    case AnswerMeaning::Withheld:
        return QStringLiteral("withheld");
    case AnswerMeaning::Unneeded:
        return QStringLiteral("unneeded");
    }
    return {};
}

} // namespace sixgate
