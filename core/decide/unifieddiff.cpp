#include "decide/deployment.h"
#include "model/texts.h"

#include <dtl/dtl.hpp>

#include <algorithm>
#include <sstream>

namespace sixgate
{

namespace
{

// Longer texts are not compared line by line: the other side may be anybody's file.
constexpr qsizetype longestText = 5000;

std::vector<std::string> linesOf(const QByteArray &text)
{
    std::vector<std::string> lines;
    qsizetype from = 0;
    while (from < text.size()) {
        const qsizetype end = text.indexOf('\n', from);
        const qsizetype to = end < 0 ? text.size() : end;
        std::string line(text.constData() + from, size_t(to - from));
        // What a terminal would obey is shown as "?".
        std::replace_if(
            line.begin(), line.end(),
            [](char c) { return (static_cast<unsigned char>(c) < 32 && c != '\t') || c == 127; }, '?');
        if (end < 0)
            line += " (no newline at the end)";
        lines.push_back(std::move(line));
        from = to + 1;
    }
    return lines;
}

void appendAll(QString &out, const std::vector<std::string> &lines, QChar sign)
{
    for (const std::string &line : lines) {
        out += sign;
        out += QString::fromUtf8(line.data(), qsizetype(line.size()));
        out += QLatin1Char('\n');
    }
}

} // namespace

QString unifiedDiff(const QString &path, const QByteArray &before, const QByteArray &after)
{
    if (before == after)
        return {};
    const auto a = linesOf(before);
    const auto b = linesOf(after);
    QString out = QStringLiteral("--- %1\n+++ %1\n").arg(path);
    // A new or a deleted file needs no comparison; that is most of a first deployment.
    if (a.empty() || b.empty()) {
        out += QStringLiteral("@@ -%1,%2 +%3,%4 @@\n")
                   .arg(a.empty() ? 0 : 1)
                   .arg(a.size())
                   .arg(b.empty() ? 0 : 1)
                   .arg(b.size());
        appendAll(out, a, QLatin1Char('-'));
        appendAll(out, b, QLatin1Char('+'));
        return out;
    }
    if (qsizetype(a.size()) > longestText || qsizetype(b.size()) > longestText)
        return out + Texts::tr("(%1 lines become %2 lines: too long to compare)\n").arg(a.size()).arg(b.size());
    dtl::Diff<std::string> diff(a, b);
    diff.compose();
    diff.composeUnifiedHunks();
    std::ostringstream hunks;
    diff.printUnifiedFormat(hunks);
    const std::string text = hunks.str();
    if (text.empty())
        return out + Texts::tr("(only characters that cannot be shown differ)\n");
    return out + QString::fromUtf8(text.data(), qsizetype(text.size()));
}

} // namespace sixgate
