#include "decide/catalogue.h"
#include "model/texts.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <functional>
#include <optional>

namespace sixgate
{

namespace
{

tl::unexpected<Error> bad(const QString &place, const QString &why)
{
    return fail(ErrorCode::Invalid, Texts::tr("The catalogue of conditions is damaged: %1: %2.").arg(place, why));
}

std::optional<Severity> severityOf(const QString &word)
{
    for (const Severity one : {Severity::Info, Severity::Warning, Severity::Error}) {
        if (word == severityName(one))
            return one;
    }
    return std::nullopt;
}

std::optional<Visitors> visitorsOf(const QString &word)
{
    static const std::map<QString, Visitors> words = {{QStringLiteral("none"), Visitors::None},
                                                      {QStringLiteral("some"), Visitors::Some},
                                                      {QStringLiteral("all"), Visitors::All}};
    const auto found = words.find(word);
    return found == words.end() ? std::nullopt : std::optional(found->second);
}

QStringList listOf(const QJsonValue &value)
{
    QStringList list;
    for (const QJsonValue one : value.toArray())
        list << one.toString();
    return list;
}

Result<ConditionEntry> entryOf(const QJsonObject &from)
{
    ConditionEntry entry;
    entry.code = from[QStringLiteral("code")].toString();
    const auto severity = severityOf(from[QStringLiteral("severity")].toString());
    const auto visitors = visitorsOf(from[QStringLiteral("visitors")].toString());
    if (entry.code.isEmpty() || !severity || !visitors)
        return bad(entry.code, Texts::tr("code, severity or visitors"));
    entry.severity = *severity;
    entry.visitors = *visitors;
    entry.title = from[QStringLiteral("title")].toString();
    entry.text = from[QStringLiteral("text")].toString();
    const QJsonObject remedy = from[QStringLiteral("remedy")].toObject();
    entry.remedy.place = remedy[QStringLiteral("place")].toString();
    entry.remedy.action = remedy[QStringLiteral("action")].toString();
    entry.remedy.text = remedy[QStringLiteral("text")].toString();
    entry.remedy.command = remedy[QStringLiteral("command")].toString();
    entry.remedy.button = remedy[QStringLiteral("button")].toString();
    entry.remedy.window = remedy[QStringLiteral("window")].toString();
    static const QStringList buttons{QString(), QStringLiteral("redeploy"), QStringLiteral("records"),
                                     QStringLiteral("set-up")};
    if (!buttons.contains(entry.remedy.button))
        return bad(entry.code, QStringLiteral("button"));
    for (const QString &field : listOf(remedy[QStringLiteral("fields")]))
        entry.remedy.fields.emplace(field, QString());
    for (const QString &cause : listOf(from[QStringLiteral("causes")]))
        entry.causes.push_back(cause);
    for (const QString &path : listOf(from[QStringLiteral("paths")]))
        entry.paths.insert(path);
    entry.visibleAfter = std::chrono::seconds(from[QStringLiteral("visibleAfter")].toInt());
    if (entry.title.isEmpty() || entry.text.isEmpty() || entry.remedy.place.isEmpty() || entry.remedy.action.isEmpty())
        return bad(entry.code, Texts::tr("title, text, place or action"));
    return entry;
}

} // namespace

QString filled(const QString &pattern, const Fields &fields)
{
    QString out;
    qsizetype at = 0;
    while (at < pattern.size()) {
        const qsizetype open = pattern.indexOf(QLatin1Char('{'), at);
        const qsizetype close = open < 0 ? -1 : pattern.indexOf(QLatin1Char('}'), open);
        if (close < 0)
            break;
        const auto found = fields.find(pattern.mid(open + 1, close - open - 1));
        // What was filled in is not looked at again: a value with braces stays what it is.
        out +=
            pattern.mid(at, open - at) + (found == fields.end() ? pattern.mid(open, close + 1 - open) : found->second);
        at = close + 1;
    }
    return out + pattern.mid(at);
}

Result<Catalogue> Catalogue::parse(const QByteArray &conditions, const QByteArray &routers)
{
    Catalogue catalogue;
    const QJsonObject root = QJsonDocument::fromJson(conditions).object();
    for (const QJsonValue one : root[QStringLiteral("conditions")].toArray()) {
        auto entry = entryOf(one.toObject());
        if (!entry)
            return passOn(entry);
        const QString code = entry->code;
        if (!catalogue.m_entries.emplace(code, std::move(*entry)).second)
            return bad(code, Texts::tr("it is there twice"));
    }
    if (catalogue.m_entries.empty())
        return bad(QStringLiteral("conditions"), Texts::tr("there are none"));
    const QJsonObject guides = QJsonDocument::fromJson(routers).object()[QStringLiteral("guides")].toObject();
    for (auto action = guides.begin(); action != guides.end(); ++action) {
        for (const QJsonValue one : action.value().toArray())
            catalogue.m_guides[action.key()].push_back({one.toObject()[QStringLiteral("router")].toString(),
                                                        one.toObject()[QStringLiteral("text")].toString()});
    }
    std::map<QString, int> state; // 1: being looked at, 2: done
    const std::function<Outcome(const QString &)> follow = [&](const QString &code) -> Outcome {
        const ConditionEntry *entry = catalogue.entry(code);
        if (!entry)
            return bad(code, Texts::tr("it is named as a cause, but not there"));
        if (state[code] == 1)
            return bad(code, Texts::tr("it is its own cause"));
        if (state[code] == 2)
            return {};
        state[code] = 1;
        for (const QString &cause : entry->causes) {
            if (auto fine = follow(cause); !fine)
                return fine;
        }
        state[code] = 2;
        return {};
    };
    for (const auto &[code, entry] : catalogue.m_entries) {
        if (auto fine = follow(code); !fine)
            return passOn(fine);
    }
    return catalogue;
}

const ConditionEntry *Catalogue::entry(const QString &code) const
{
    const auto found = m_entries.find(code);
    return found == m_entries.end() ? nullptr : &found->second;
}

Condition Catalogue::words(const QString &code, const QString &about, const Fields &fields,
                           const QStringList &evidence) const
{
    Condition out;
    out.code = code;
    out.about = about;
    out.evidence = evidence;
    const ConditionEntry *from = entry(code);
    if (!from) {
        out.title = code;
        return out;
    }
    out.severity = from->severity;
    out.title = filled(from->title, fields);
    out.text = filled(from->text, fields);
    out.dependsOn = from->causes;
    out.timeToVisible = from->visibleAfter;
    out.remedy.place = from->remedy.place;
    out.remedy.action = from->remedy.action;
    out.remedy.text = filled(from->remedy.text, fields);
    out.remedy.command = filled(from->remedy.command, fields);
    out.remedy.button = from->remedy.button;
    out.remedy.window = filled(from->remedy.window, fields);
    for (const auto &[name, none] : from->remedy.fields) {
        const auto value = fields.find(name);
        out.remedy.fields.emplace(name, value == fields.end() ? QString() : value->second);
    }
    if (out.remedy.place == QLatin1String("router"))
        out.remedy.routers = guides(out.remedy.action, fields);
    return out;
}

std::vector<RouterGuide> Catalogue::guides(const QString &action, const Fields &fields) const
{
    std::vector<RouterGuide> all;
    const auto found = m_guides.find(action);
    for (const RouterGuide &guide : found == m_guides.end() ? std::vector<RouterGuide>() : found->second)
        all.push_back({guide.router, filled(guide.text, fields)});
    return all;
}

} // namespace sixgate
