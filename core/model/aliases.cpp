#include "model/aliases.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

tl::unexpected<Error> badChain(const Hostname &name, const QString &what, const QStringList &way)
{
    return fail(ErrorCode::Protocol, Texts::tr("%1 is an alias (CNAME) %2.").arg(name.ascii(), what),
                way.join(QStringLiteral(" → ")), Texts::tr("Correct the CNAME records of %1.").arg(name.ascii()));
}

} // namespace

Result<AliasChain> followAliases(const ZoneSeen &zone, const Hostname &name)
{
    AliasChain chain{name, {}};
    QStringList way{name.ascii()};
    while (true) {
        const auto found = zone.records.find(RecordKey{chain.end, RecordType::CNAME});
        if (found == zone.records.end())
            return chain;
        if (!found->second)
            return passOn(found->second);
        const auto &values = found->second->values;
        if (values.empty())
            return chain;
        if (values.size() > 1)
            return badChain(name, Texts::tr("of several names at once, which is not allowed"),
                            way + QStringList(values.begin(), values.end()));
        auto next = Hostname::parse(values.front());
        if (!next)
            return fail(ErrorCode::Invalid,
                        Texts::tr("%1 is an alias (CNAME) of what is no host name.").arg(chain.end.ascii()),
                        values.front(), Texts::tr("Correct the CNAME record of %1.").arg(chain.end.ascii()));
        way << next->ascii();
        chain.aliases.push_back(chain.end);
        if (std::find(chain.aliases.begin(), chain.aliases.end(), *next) != chain.aliases.end())
            return badChain(name, Texts::tr("that leads round in a circle"), way);
        if (chain.aliases.size() > LongestAliasChain)
            return badChain(name, Texts::tr("of an alias, and so on, too often"), way);
        chain.end = std::move(*next);
    }
}

std::set<Hostname> unseenAliasTargets(const ZoneSeen &zone)
{
    std::set<Hostname> targets;
    for (const auto &[key, seen] : zone.records) {
        if (key.type != RecordType::CNAME || !seen)
            continue;
        for (const QString &value : seen->values) {
            const auto target = Hostname::parse(value);
            if (target && !zone.records.contains({*target, RecordType::CNAME}))
                targets.insert(*target);
        }
    }
    return targets;
}

} // namespace sixgate
