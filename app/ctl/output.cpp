#include "ctl/output.h"

#include "ctl/json.h"

#include <QJsonDocument>

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace sixgate::ctl
{

namespace
{

QString indented(const QString &text, int by)
{
    QString out;
    for (const QString &line : text.split(QLatin1Char('\n'), Qt::SkipEmptyParts))
        out += QString(by, QLatin1Char(' ')) + line + QLatin1Char('\n');
    return out;
}

bool isHidden(QChar c)
{
    // Other_Format: what turns the direction round, or is not seen at all.
    const auto kind = c.category();
    return kind == QChar::Other_Control || kind == QChar::Other_Format || kind == QChar::Separator_Line ||
           kind == QChar::Separator_Paragraph;
}

/// The same JSON, with nothing in it that a terminal would obey: Qt leaves DEL and C1 as they are.
QString escaped(const QString &json)
{
    QString out;
    out.reserve(json.size());
    for (const QChar c : json) {
        if (c == QLatin1Char('\n') || !isHidden(c))
            out += c;
        else
            out += QStringLiteral("\\u%1").arg(int(c.unicode()), 4, 16, QLatin1Char('0'));
    }
    return out;
}

} // namespace

QString counted(qsizetype number, const char *one, const char *many)
{
    return QStringLiteral("%1 %2").arg(number).arg(QLatin1String(number == 1 ? one : many));
}

QString harmless(const QString &text)
{
    QString out;
    for (const QChar c : text)
        out += c == QLatin1Char('\n') || c == QLatin1Char('\t') || !isHidden(c) ? c : QLatin1Char('?');
    return out;
}

Output::Output(bool json)
    : m_json(json), m_terminal(!json && isatty(STDOUT_FILENO)),
      m_colour(m_terminal && !qEnvironmentVariableIsSet("NO_COLOR"))
{
}

QString Output::paint(const QString &text, const char *code) const
{
    if (!m_colour || text.isEmpty())
        return text;
    return QStringLiteral("\033[%1m%2\033[0m").arg(QLatin1String(code), text);
}

void Output::write(const QString &text)
{
    const QByteArray bytes = text.toUtf8();
    std::fwrite(bytes.constData(), 1, size_t(bytes.size()), stdout);
    std::fflush(stdout);
}

void Output::print(const QString &text)
{
    if (m_json)
        return;
    const std::lock_guard lock(m_mutex);
    if (m_moving)
        write(QStringLiteral("\r\033[K"));
    m_moving = false;
    write(text);
}

void Output::activity(const QString &sentence)
{
    if (m_json)
        return;
    const QString text = sentence.endsWith(QLatin1Char('.')) ? sentence.chopped(1) : sentence;
    const std::lock_guard lock(m_mutex);
    if (!m_terminal) {
        if (text != m_last)
            write(text + QStringLiteral(" …\n"));
        m_last = text;
        return;
    }
    write(QStringLiteral("\r\033[K%1").arg(dim(text.left(150) + QStringLiteral(" …"))));
    m_moving = true;
}

void Output::moving(const QString &text)
{
    if (m_terminal)
        activity(text);
}

void Output::quiet()
{
    print({});
}

void Output::document(const QJsonObject &object)
{
    if (!m_json)
        return;
    const std::lock_guard lock(m_mutex);
    write(escaped(QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Indented))));
}

void Output::line(const QJsonObject &object)
{
    if (!m_json)
        return;
    const std::lock_guard lock(m_mutex);
    write(escaped(QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact))) + QLatin1Char('\n'));
}

void Output::error(const Error &error, const QString &command)
{
    if (m_json) {
        QJsonObject out = ctl::document(command);
        out[QStringLiteral("error")] = ctl::json(error);
        document(out);
        return;
    }
    quiet();
    // Who asked for the end knows that it is no mistake.
    const bool wished = error.code == ErrorCode::Cancelled;
    QString text = (wished ? QString() : bad(QStringLiteral("Error: "))) + harmless(error.summary) + QLatin1Char('\n');
    text += indented(harmless(error.detail), 2);
    if (!error.fix.isEmpty())
        text += QStringLiteral("→ ") + harmless(error.fix) + QLatin1Char('\n');
    remark(text);
}

void Output::remark(const QString &text)
{
    const std::lock_guard lock(m_mutex);
    const QByteArray bytes = text.toUtf8();
    std::fwrite(bytes.constData(), 1, size_t(bytes.size()), stderr);
}

QString Output::change(const Change &change) const
{
    const bool named = change.sentence.contains(change.object) || !change.object.startsWith(QLatin1Char('/'));
    return QStringLiteral("%1  %2  %3%4\n")
        .arg(laneName(change.lane), verbName(change.verb).leftJustified(8), harmless(change.sentence),
             named ? QString() : dim(QStringLiteral("  ") + harmless(change.object)));
}

QString Output::plan(const Plan &plan, bool diffs) const
{
    if (plan.empty())
        return plan.withheld.empty() ? QStringLiteral("Nothing to change: everything is as the site file wants it.\n")
                                     : QStringLiteral("Nothing can be changed now.\n");
    QString text = strong(counted(qsizetype(plan.changes.size()), "change", "changes")) + QLatin1Char('\n');
    int number = 0;
    for (const Change &one : plan.changes) {
        text += QStringLiteral("%1  ").arg(++number, 3) + change(one);
        if (!diffs || one.diff.isEmpty())
            continue;
        for (const QString &line : harmless(one.diff).split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
            const QString shown = QString(12, QLatin1Char(' ')) + line;
            text += (line.startsWith(QLatin1Char('+'))   ? good(shown)
                     : line.startsWith(QLatin1Char('-')) ? bad(shown)
                                                         : dim(shown)) +
                    QLatin1Char('\n');
        }
    }
    return text;
}

QString Output::withheld(const std::vector<Withheld> &withheld) const
{
    if (withheld.empty())
        return {};
    QString text = strong(QStringLiteral("Left as it is\n"));
    for (const Withheld &one : withheld) {
        text += QStringLiteral("  %1  %2: %3\n")
                    .arg(one.blocking ? bad(QStringLiteral("!")) : QStringLiteral("·"), harmless(one.object),
                         harmless(one.reason));
        for (const QString &line : one.detail.split(QLatin1Char('\n'), Qt::SkipEmptyParts))
            text += QStringLiteral("     %1\n").arg(dim(harmless(line)));
        if (!one.fix.isEmpty())
            text += QStringLiteral("     → %1\n").arg(harmless(one.fix));
    }
    return text;
}

QString Output::candidates(const std::vector<CandidateVerdict> &candidates) const
{
    QString text;
    for (const CandidateVerdict &one : candidates)
        text += QStringLiteral("  %1 %2  %3\n")
                    .arg(one.taken ? good(QStringLiteral("✓")) : QStringLiteral("·"),
                         one.address.text().leftJustified(39), harmless(one.reason));
    return text.isEmpty() ? QStringLiteral("  No IPv6 address was found.\n") : text;
}

QString Output::home(const HomeSeen &home) const
{
    QString text;
    if (!home.prefixes)
        text += QStringLiteral("Prefix: not known: %1\n").arg(harmless(home.prefixes.error().summary));
    else if (home.prefixes->empty())
        text += QStringLiteral("Prefix: none. This machine has no global IPv6 address.\n");
    else {
        QStringList list;
        for (const Ipv6Prefix &prefix : *home.prefixes)
            list << prefix.text();
        text += QStringLiteral("%1: %2\n")
                    .arg(QLatin1String(list.size() == 1 ? "Prefix" : "Prefixes"), list.join(QStringLiteral(", ")));
        if (list.size() > 1)
            text += QStringLiteral("  There is more than one; the first is used while it is the best.\n");
    }
    for (const ServerSeen &server : home.servers) {
        text += QLatin1Char('\n') + strong(server.server.text()) + QStringLiteral(": ");
        if (server.proven)
            text += good(QStringLiteral("answers at %1").arg(server.proven->text())) + QLatin1Char('\n');
        else {
            text += bad(harmless(server.proven.error().summary)) + QLatin1Char('\n');
            if (!server.proven.error().fix.isEmpty())
                text += QStringLiteral("  → %1\n").arg(harmless(server.proven.error().fix));
        }
        text += candidates(server.candidates);
    }
    return text;
}

int giveUp(Output &output, const Error &error, const QString &command)
{
    output.error(error, command);
    return error.code == ErrorCode::Invalid ? BadInput : Failed;
}

} // namespace sixgate::ctl
