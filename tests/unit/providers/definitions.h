#pragma once

#include "model/providertalk.h"
#include "storage/providerfile.h"

#include <QString>

namespace sixgate::test
{

inline Hostname host(const char *name)
{
    return *Hostname::parse(QString::fromLatin1(name));
}

/// A definition that comes with Sixgate; fatal where there is none.
inline ProviderDefinition definition(const char *name)
{
    const auto shelf = loadProviders({});
    const auto found = shelf.providers.find(*Label::parse(QString::fromLatin1(name)));
    if (found == shelf.providers.end())
        qFatal("no definition of %s%s", name,
               shelf.faults.empty() ? "" : qPrintable(QStringLiteral(": ") + shelf.faults.front().error.summary));
    return found->second;
}

/// "Set ADDRESS", "absent" or "unknown", and what stands: an address, "none", or "?" for not known.
template <class Address>
FamilyGoal<Address> familyGoal(const QString &what, const QString &stands)
{
    using What = typename FamilyGoal<Address>::What;
    FamilyGoal<Address> goal;
    if (what == QLatin1String("absent"))
        goal.what = What::Absent;
    else if (what != QLatin1String("unknown")) {
        goal.what = What::Set;
        goal.address = *Address::parse(what);
    }
    if (stands == QLatin1String("none"))
        goal.stands = std::optional<Address>();
    else if (stands != QLatin1String("?"))
        goal.stands = std::optional<Address>(*Address::parse(stands));
    return goal;
}

} // namespace sixgate::test
