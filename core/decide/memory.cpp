#include "decide/memory.h"

#include "model/interfaceid.h"
#include "model/memorylimits.h"

#include <algorithm>
#include <set>

namespace sixgate
{

namespace
{

constexpr qint64 FightSpan = 48 * 3600;
constexpr std::size_t FightTimes = 2;
constexpr qint64 FightOver = 2 * 3600;
constexpr qint64 RefusalsKept = 24 * 3600;
constexpr qint64 RefusedLately = 3600;
constexpr qint64 FirstLoginPause = 10 * 60;
constexpr qint64 LongestLoginPause = 6 * 3600;

template <class T>
void append(std::vector<T> &list, T item, std::size_t most)
{
    list.push_back(std::move(item));
    if (list.size() > most)
        list.erase(list.begin(), list.end() - std::ptrdiff_t(most));
}

std::vector<QString> sorted(std::vector<QString> values)
{
    std::sort(values.begin(), values.end());
    return values;
}

bool isOurs(const RecordKey &key, const std::vector<QString> &values, const std::vector<ManagedRecord> &managed)
{
    bool manages = false;
    for (const ManagedRecord &one : managed) {
        if (one.key != key)
            continue;
        manages = true;
        if (sorted(one.values) == values)
            return true;
    }
    return !manages && values.empty();
}

/// As it is remembered: what is compared later must not be cut off later.
std::vector<QString> limited(std::vector<QString> values)
{
    values.resize(std::min(values.size(), MemoryLimits::Values));
    for (QString &value : values)
        value.truncate(MemoryLimits::ValueLength);
    return values;
}

bool sameNetwork(const Ipv6Address &a, const Ipv6Address &b)
{
    return std::equal(a.bytes().begin(), a.bytes().begin() + 8, b.bytes().begin());
}

/// What is in the future was written while the clock was wrong.
bool isWithin(const QDateTime &at, qint64 seconds, const QDateTime &now)
{
    const qint64 ago = at.secsTo(now);
    return ago >= 0 && ago <= seconds;
}

} // namespace

SiteMemory noteRecords(SiteMemory memory, const ZoneSeen &zone, const std::vector<ManagedRecord> &managed,
                       const QDateTime &now)
{
    for (const auto &[key, seen] : zone.records) {
        if (!seen)
            continue;
        const auto values = sorted(seen->values);
        RecordObserved one{now, limited(values), isOurs(key, values, managed)};
        auto &list = memory.records[key];
        if (list.empty() || list.back().values != one.values)
            append(list, std::move(one), MemoryLimits::Observations);
        else if (one.ours)
            list.back().ours = true; // by now Sixgate wants it, too
    }
    return memory;
}

SiteMemory noteAddresses(SiteMemory memory, const HomeSeen &home, const QDateTime &now)
{
    for (const ServerSeen &server : home.servers) {
        if (!server.proven)
            continue;
        auto &list = memory.addresses[server.server];
        if (!list.empty() && list.back().address == *server.proven)
            continue;
        std::erase_if(list, [&](const AddressUsed &one) { return one.address == *server.proven; });
        append(list, AddressUsed{now, *server.proven}, MemoryLimits::Addresses);
    }
    return memory;
}

SiteMemory noteAnswer(SiteMemory memory, const Label &account, bool accepted, const QString &text, const QDateTime &now)
{
    memory.accounts[account] = {now, accepted, accepted ? QString() : text.left(MemoryLimits::TextLength)};
    return memory;
}

SiteMemory noteSsh(SiteMemory memory, const std::optional<Error> &error, const QDateTime &now)
{
    if (!error) {
        memory.sshWorked = now;
        memory.sshRefused.clear();
    } else if (error->code == ErrorCode::Denied) {
        append(memory.sshRefused, now, MemoryLimits::RefusedLogins);
    }
    std::erase_if(memory.sshRefused, [&](const QDateTime &at) { return !isWithin(at, RefusalsKept, now); });
    return memory;
}

SiteMemory noteNameServers(SiteMemory memory, const std::vector<Reach> &asked)
{
    if (asked.empty())
        return memory;
    std::vector<IpAddress> servers;
    for (const Reach &one : asked) {
        if (one.answered() && servers.size() < MemoryLimits::Addresses)
            servers.push_back(one.address);
    }
    for (const IpAddress &before : memory.nameServers) {
        const bool named =
            std::any_of(asked.begin(), asked.end(), [&](const Reach &one) { return one.address == before; });
        if (named && std::find(servers.begin(), servers.end(), before) == servers.end() &&
            servers.size() < MemoryLimits::Addresses)
            servers.push_back(before);
    }
    memory.nameServers = std::move(servers);
    return memory;
}

bool loginRefusedLately(const SiteMemory &memory, const QDateTime &now)
{
    return std::any_of(memory.sshRefused.begin(), memory.sshRefused.end(),
                       [&](const QDateTime &at) { return isWithin(at, RefusedLately, now); });
}

bool mayTryLogin(const SiteMemory &memory, const QDateTime &now)
{
    qint64 pause = 0;
    std::optional<QDateTime> last;
    for (const QDateTime &at : memory.sshRefused) {
        if (at > now)
            continue;
        pause = pause == 0 ? FirstLoginPause : std::min(pause * 2, LongestLoginPause);
        last = last ? std::max(*last, at) : at;
    }
    return !last || last->secsTo(now) >= pause;
}

std::optional<Writers> twoWriters(const SiteMemory &memory, const RecordKey &key, const QDateTime &now)
{
    const auto found = memory.records.find(key);
    if (found == memory.records.end())
        return {};
    Writers writers;
    std::set<std::vector<QString>> everOurs;
    std::vector<QString> lastOurs;
    bool standing = false; // what was seen before is, or was once, Sixgate's
    for (const RecordObserved &one : found->second) {
        const bool foreign = !one.ours && !everOurs.contains(one.values);
        if (foreign && standing && !lastOurs.empty() && isWithin(one.at, FightSpan, now)) {
            writers.ours = lastOurs;
            writers.theirs = one.values;
            writers.times.push_back(one.at);
        }
        standing = !foreign;
        if (one.ours) {
            everOurs.insert(one.values);
            lastOurs = one.values;
        }
    }
    if (writers.times.size() < FightTimes)
        return {};
    const RecordObserved &last = found->second.back();
    writers.over = last.ours && last.at.secsTo(now) > FightOver;
    return writers;
}

std::optional<ChangingIdentifier> changingIdentifier(const SiteMemory &memory, const Label &server)
{
    const auto found = memory.addresses.find(server);
    if (found == memory.addresses.end())
        return {};
    std::vector<Ipv6Address> known; // newest first
    for (auto one = found->second.rbegin(); one != found->second.rend(); ++one) {
        if (!one->address.isGlobal())
            continue;
        if (!known.empty() && sameNetwork(known.back(), one->address))
            break;
        known.push_back(one->address);
    }
    const auto other = std::find_if(known.begin(), known.end(),
                                    [&](const Ipv6Address &one) { return !sameNetwork(known.front(), one); });
    if (other == known.end())
        return {};
    for (auto a = known.begin(); a != known.end(); ++a) {
        for (auto b = a + 1; b != known.end(); ++b) {
            if (!sameNetwork(*a, *b) && InterfaceId::of(*a) == InterfaceId::of(*b))
                return {};
        }
    }
    return ChangingIdentifier{*other, known.front()};
}

} // namespace sixgate
