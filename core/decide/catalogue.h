#pragma once

#include "model/condition.h"
#include "model/result.h"

#include <QByteArray>

#include <map>
#include <set>

namespace sixgate
{

/// The words of the diagnosis: data (resources/conditions), not code. Pure.

using Fields = std::map<QString, QString>;

/// `{field}` replaced by its value; a field that is not given stays as it is.
QString filled(const QString &pattern, const Fields &fields);

/// Whom a condition keeps out: what comes first depends on it.
enum class Visitors {
    None, ///< nobody from outside, or nobody yet
    Some, ///< those over one family, or now and then
    All,
};

/// One entry of catalogue.json.
struct ConditionEntry {
    QString code;
    Severity severity = Severity::Error;
    Visitors visitors = Visitors::None;
    QString title;
    QString text;
    Remedy remedy;               ///< texts are patterns; `fields` holds the names, without values
    std::vector<QString> causes; ///< codes of conditions that explain this one
    std::set<QString> paths;     ///< names of the paths that it breaks
    std::chrono::seconds visibleAfter{0};
};

class Catalogue
{
public:
    /// Invalid, naming the place, where the JSON is not as resources/conditions/README.md says, a cause is unknown, or
    /// causes lead round in a circle.
    static Result<Catalogue> parse(const QByteArray &conditions, const QByteArray &routers);

    /// nullptr where there is none of this code.
    const ConditionEntry *entry(const QString &code) const;
    const std::map<QString, ConditionEntry> &entries() const { return m_entries; }

    /// What to enter where, in each kind of router, for a remedy's action; empty for one that has none.
    std::vector<RouterGuide> guides(const QString &action, const Fields &fields) const;
    /// The condition in words. An unknown code (a defect) gives the code as its title.
    Condition words(const QString &code, const QString &about, const Fields &fields, const QStringList &evidence) const;

private:
    std::map<QString, ConditionEntry> m_entries;
    std::map<QString, std::vector<RouterGuide>> m_guides; ///< by the remedy's action
};

} // namespace sixgate
