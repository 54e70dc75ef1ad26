// The fast lane: from a hint of the kernel to the DNS and the VPS.
#include "engine/keeperlanes.h"

#include "decide/addresses.h"
#include "decide/keptpaths.h"
#include "engine/home.h"
#include "model/texts.h"
#include "observe/home.h"
#include "transport/io.h"
#include "transport/neighbourcall.h"
#include "transport/netlinkevents.h"

#include <thread>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto proveTime = 2s;     // for one try
constexpr auto proveHasty = 500ms; // while this machine may have to ask out of an address that is about to end
constexpr auto provePause = 50ms;  // until the next one
constexpr auto callEvery = 100ms;  // who waits for a neighbour
constexpr auto otherMost = 4s;     // for the best candidate, where another one is proven
constexpr auto proveMost = 20s;    // after that the slow lane goes on
constexpr auto tellAfter = 8s;     // that the home is not seen, while it is looked for further
constexpr auto pushTime = 10s;
constexpr auto driftEvery = 15min;
constexpr auto recordsAgain = 200ms; // where they could not be set

} // namespace

// ---------------------------------------------------------------- what moved

void KeeperLanes::watch(std::stop_token stop)
{
    auto events = HomeEvents::open();
    if (!events)
        trouble(QStringLiteral("events"), withRemedy(events.error()));
    Settling settling(Clock::now(), events.has_value());
    std::optional<Clock::time_point> hinted;
    auto fed = Clock::now() - 10s;
    std::jthread fastLane;
    std::optional<LinkDigest> acted;
    bool settlesIn = false;
    int connected = 0;
    std::set<QString> cables; // that were connected, or events were lost, since the last read
    bool lost = false;
    while (!stop.stop_requested()) {
        if (m_sinks.alive && Clock::now() - fed >= 5s) {
            m_sinks.alive();
            fed = Clock::now();
        }
        const auto due = std::min(settling.next(), Clock::now() + 5s);
        const auto span = std::max(std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now()), 0ms);
        HomeHints hints;
        if (events) {
            const auto got = events->wait(Deadline::after(span), stop);
            if (got) {
                hints = *got;
            } else if (got.error().code != ErrorCode::Cancelled) {
                trouble(QStringLiteral("events"), withRemedy(got.error()));
                events = passOn(got);
                settling.setEvents(false, Clock::now());
            }
        } else if (!pauseFor(span, stop)) {
            break;
        }
        const auto now = Clock::now();
        cables.insert(hints.connected.begin(), hints.connected.end());
        lost = lost || hints.lost;
        if (hints.any()) {
            settling.hint(now);
            if (!hinted)
                hinted = now;
        }
        if (hints.clock) {
            // Awake, and perhaps elsewhere, where a network without IPv6 changes no address.
            const std::lock_guard lock(m_mutex);
            m_homeNow = true;
            m_wake.notify_all();
        }
        if (now < settling.next())
            continue;
        const auto link = readLink();
        if (link && std::exchange(settlesIn, isSettlingIn(*link)) && !settlesIn) {
            // A connection to an address that was tentative does not come about any more: begin anew, at once.
            const std::lock_guard lock(m_mutex);
            m_look.request_stop();
        }
        // A container's interface is no network that the home is in.
        const bool ours = link && std::any_of(link->addresses.begin(), link->addresses.end(), [&](const auto &one) {
                              return one.address.isGlobal() && cables.contains(one.interface);
                          });
        if (link && (ours || std::exchange(lost, false)))
            ++connected;
        if (link)
            cables.clear();
        const LinkDigest seen = linkDigest(site(), link, connected);
        const bool changed = settling.read(now, Clock::now(), seen.text, seen.state);
        if (changed && link && acted && isOnlyLess(*acted, seen)) {
            // Of another network's many prefixes one after the other runs out.
            const std::lock_guard lock(m_mutex);
            if (m_proving) {
                m_proveAgain = true;
                acted = seen;
                hinted.reset();
                continue;
            }
        }
        if (changed && link) {
            acted = seen;
            {
                // First: the fast lane may be waiting for what the slow one holds.
                const std::lock_guard lock(m_mutex);
                m_slowWrite.request_stop();
            }
            if (fastLane.joinable()) {
                fastLane.request_stop();
                fastLane.join();
            }
            fastLane = std::jthread(
                [this, link = *link, at = hinted.value_or(now)](std::stop_token own) { fast(link, at, own); });
        }
        if (seen.state != ReadState::Incomplete)
            hinted.reset();
    }
    if (fastLane.joinable())
        fastLane.request_stop();
}

/// Asks on the link for the addresses that other machines are about to have.
void KeeperLanes::callServers(const LinkSeen &link, const std::stop_token &stop) const
{
    const auto call = NeighbourCall::open();
    if (!call)
        return;
    std::vector<std::pair<QString, Ipv6Address>> awaited;
    for (const HomeServer &server : site().servers) {
        if (!std::holds_alternative<AddressFromInterfaceId>(server.address))
            continue;
        for (const Ipv6Address &one : chooseAddress(server, link).fit) {
            for (const OnLinkPrefix &onLink : link.onLink) {
                if (onLink.prefix.contains(one))
                    awaited.emplace_back(onLink.interface, one);
            }
        }
    }
    do {
        for (const auto &[interface, address] : awaited)
            call->ask(interface, address);
    } while (!awaited.empty() && pauseFor(callEvery, stop));
}

HomeSeen KeeperLanes::lastHome() const
{
    const std::lock_guard lock(m_mutex);
    return m_home;
}

HomeSeen KeeperLanes::proveHome(const LinkSeen &link, std::chrono::milliseconds most, const std::stop_token &stop)
{
    const Deadline until = Deadline::after(most);
    // Of another network's addresses, that are left over, none answers.
    std::optional<Deadline> other;
    const std::jthread calling([&](std::stop_token done) { callServers(link, done); });
    HomeSeen home;
    const auto set = [this](bool proving) {
        const std::lock_guard lock(m_mutex);
        m_proving = proving;
        return std::exchange(m_proveAgain, false);
    };
    while (true) {
        (void)set(true);
        std::stop_source look;
        {
            const std::lock_guard lock(m_mutex);
            m_look = look;
        }
        const std::stop_callback passStop(stop, [&look] { look.request_stop(); });
        const auto now = readLink();
        home = lookAtHome(site(), Deadline::after(now && isSettlingIn(*now) ? proveHasty : proveTime), look.get_token(),
                          lastHome());
        if (look.stop_requested() && !stop.stop_requested())
            continue;
        const bool enough =
            stop.stop_requested() || bestProven(site(), home, link) || until.passed() || (other && other->passed());
        // What ran out since this look began may be what was proven.
        if (enough && (!set(false) || stop.stop_requested() || until.passed()))
            return home;
        if (!other && allProven(home))
            other = Deadline::after(otherMost);
        dialAhead();
        if (!pauseFor(provePause, stop)) {
            set(false);
            return home;
        }
    }
}

void KeeperLanes::showHome(const HomeSeen &home, bool moved)
{
    bool elsewhere = false;
    {
        const std::lock_guard lock(m_mutex);
        elsewhere = m_where == Whereabouts::Elsewhere;
    }
    m_board.change([&](KeeperSnapshot &snapshot) {
        snapshot.looked(QStringLiteral("home"));
        if (moved) {
            const QString why = snapshot.role == QLatin1String("paused")
                                    ? Texts::tr("The home has moved; while paused, this stays as it is.")
                                    : Texts::tr("The home has moved; this is being changed.");
            for (KeptRecord &one : snapshot.records) {
                if (one.record.endsWith(QLatin1String(" AAAA"))) {
                    one.right = false;
                    one.why = why;
                }
            }
            for (KeptPush &one : snapshot.pushes) {
                one.done = false;
                one.why = why;
            }
        }
        snapshot.prefixes = prefixTexts(home);
        snapshot.servers.clear();
        for (const ServerSeen &one : home.servers) {
            snapshot.servers.push_back({one.server, one.proven ? std::optional(*one.proven) : std::nullopt,
                                        one.proven ? QString() : one.proven.error().summary});
        }
    });
    for (const ServerSeen &one : home.servers)
        trouble(QStringLiteral("server %1").arg(one.server.text()),
                one.proven || elsewhere ? QString() : withRemedy(one.proven.error()));
}

/// Logs in to the VPS while the home's new address is being proven.
void KeeperLanes::dialAhead(bool first)
{
    const auto link = readLink();
    if (!link)
        return;
    std::vector<IpAddress> addresses;
    std::vector<Ipv6Address> known;
    {
        const std::lock_guard lock(m_mutex);
        addresses = m_vpsAddresses;
        for (const ServerSeen &one : m_home.servers) {
            if (one.proven)
                known.push_back(*one.proven);
        }
    }
    if (!m_push || addresses.empty() || !mayPush())
        return;
    for (const HomeServer &server : site().servers) {
        const auto chosen = chooseAddress(server, *link).chosen;
        if (!chosen || std::find(known.begin(), known.end(), *chosen) != known.end())
            continue;
        const auto source = sourceIn(*Ipv6Prefix::of(*chosen, 64), *link);
        if (first || source)
            m_push->dialAhead(addresses, source, Deadline::after(pushTime));
        return;
    }
}

/// From a change of the link's state to DNS and VPS. Ends early where the next change comes.
void KeeperLanes::fast(LinkSeen link, Clock::time_point hinted, std::stop_token stop)
{
    // Whether it is still where it was is not known now.
    m_board.change([](KeeperSnapshot &snapshot) { snapshot.await(QStringLiteral("home")); });
    dialAhead(true);
    HomeSeen home = proveHome(link, tellAfter, stop);
    if (!isAtHome(home) && !stop.stop_requested()) {
        // Elsewhere, most likely; a home that comes back late is found in the rest of the time.
        {
            const std::lock_guard lock(m_mutex);
            m_where = whereabouts(home, m_homePrefixes);
        }
        showHome(home);
        (void)lead();
        home = proveHome(link, proveMost - tellAfter, stop);
    }
    if (stop.stop_requested())
        return;
    QString before;
    HomeSeen earlier;
    bool moved = false;
    bool first = false, measure = false;
    std::optional<Ipv6Address> source;
    {
        const std::lock_guard lock(m_mutex);
        if (m_vpsKeys)
            refuseForeignKeys(home, *m_vpsKeys);
        before = provenText(m_home);
        first = m_home.servers.empty();
        moved = provenText(home) != before;
        earlier = m_home;
        noteHome(home);
        // What the slow lane has begun meanwhile, it has begun with what was known before.
        ++m_homeTurn;
        m_slowWrite.request_stop();
        m_pushDirty = true;
        // Who leads measures it.
        measure = moved && !first && m_where == Whereabouts::Home && m_leadership.answer.says != LeaseSays::Others;
    }
    showHome(home, moved && (paused() || mayWrite()));
    if (const auto now = readLink())
        link = *now; // its own addresses may have become usable
    for (const ServerSeen &one : home.servers) {
        if (one.proven)
            source = sourceIn(*Ipv6Prefix::of(*one.proven, 64), link);
    }
    if (measure) {
        beginRecovery(earlier, home, hinted, QStringLiteral("event"));
    }
    if (moved) {
        note([](UnderWay &one, std::chrono::milliseconds took) { one.record.usable = took; });
        log(5, whereText(home, before));
    }
    (void)lead();
    std::jthread pushing([&] {
        if (tellVps(home, true, source, stop))
            notePush();
    });
    if (mayWrite()) {
        if (setRecords(home, stop)) {
            noteRecords();
        } else if (!stop.stop_requested()) {
            const auto again = wall().addMSecs(std::chrono::milliseconds(recordsAgain).count());
            const std::lock_guard lock(m_mutex);
            m_recordsAgain = m_recordsAgain ? std::min(*m_recordsAgain, again) : again;
        }
    }
    {
        const std::lock_guard lock(m_mutex);
        m_pathsNow = true;
        if (m_history && m_recovery && m_recovery->record.id == 0) {
            if (const auto id = m_history->add(m_recovery->record))
                m_recovery->record.id = *id;
        }
    }
    m_wake.notify_all();
    pushing.join();
    m_wake.notify_all();
    if (!m_push || stop.stop_requested())
        return;
    std::vector<IpAddress> addresses;
    {
        const std::lock_guard lock(m_mutex);
        addresses = m_vpsAddresses;
    }
    m_push->makeLasting(addresses, Deadline::after(pushTime), stop);
}

// ---------------------------------------------------------------- what is told

bool KeeperLanes::setRecords(const HomeSeen &home, const std::stop_token &stop, bool *busy)
{
    std::unique_lock writing(m_writing, std::defer_lock);
    if (!busy)
        writing.lock();
    else if (*busy = !writing.try_lock(); *busy)
        return false;
    Observation seen;
    bool ready = false, looked = false;
    {
        const std::lock_guard lock(m_mutex);
        seen.vps = m_vps;
        ready = m_vpsReady;
        looked = m_vpsLooked;
    }
    seen.home = home;
    const auto keys = m_records->fetchKeys(stop);
    trouble(QStringLiteral("DNS key"), keys || stop.stop_requested() ? QString() : withRemedy(keys.error()));
    if (stop.stop_requested())
        return false;
    const auto set = m_records->set(seen, ready, wall(), stop);
    if (stop.stop_requested())
        return false;
    if (!set) {
        trouble(QStringLiteral("DNS"), withRemedy(set.error()));
        return false;
    }
    {
        const std::lock_guard lock(m_mutex);
        m_recordsAgain = set->again;
        m_recordsShown = set->shown;
    }
    QStringList wrong;
    for (const KeptRecord &one : set->records) {
        if (!one.right)
            wrong << QStringLiteral("%1: %2").arg(one.record, one.why);
    }
    m_board.change([&](KeeperSnapshot &snapshot) {
        snapshot.records = set->records;
        snapshot.looked(QStringLiteral("DNS"));
    });
    // At the start the VPS's address is not known for a moment, and so not what its records should be.
    trouble(QStringLiteral("DNS"), wrong.isEmpty() || !looked ? QString() : wrong.first());
    return set->right;
}

HomeSeen KeeperLanes::homeNow()
{
    const std::lock_guard lock(m_mutex);
    return m_home;
}

void KeeperLanes::noteHome(const HomeSeen &home)
{
    m_home = home;
    m_where = whereabouts(home, m_homePrefixes);
    if (m_where == Whereabouts::Home)
        m_homePrefixes = prefixTexts(home);
}

bool KeeperLanes::tellVps(const HomeSeen &home, bool fresh, const std::optional<Ipv6Address> &source,
                          const std::stop_token &stop)
{
    if (!m_push) {
        const std::lock_guard lock(m_mutex);
        const bool others = !site().vps.front().pushKeys.empty();
        m_leadership =
            noteLease(std::move(m_leadership), {others ? LeaseSays::NoKey : LeaseSays::NoPush, 0s, {}, bootTime()});
        return false;
    }
    PushRequest request{*m_machine, std::nullopt, {}, false};
    const bool several = site().vps.front().pushKeys.size() > 1;
    const bool atHome = isAtHome(home);
    std::vector<IpAddress> addresses;
    bool near = false;
    {
        const std::lock_guard lock(m_mutex);
        addresses = m_vpsAddresses;
        near = whereabouts(home, m_homePrefixes) == Whereabouts::Near;
        if (addresses.empty() && !m_vpsLooked)
            return false; // the slow lane does it in a moment
    }
    if (several && atHome && !paused())
        request.lease = LeaseTimes::Lease;
    if (mayPush() || (several && atHome && !paused())) {
        std::set<Hostname> told;
        for (const Service &service : site().services) {
            for (const ServerSeen &one : home.servers) {
                if (one.server == service.server && one.proven && told.insert(service.upstreamName).second)
                    request.set.push_back({service.upstreamName, *one.proven});
            }
        }
    }
    if (!request.lease && request.set.empty())
        request.alive = atHome || near;
    request.drift = !fresh && Clock::now() >= m_driftDue.load();
    const BootTime asked = bootTime();
    const auto answer = m_push->ask(request, addresses, fresh, source, Deadline::after(pushTime), stop);
    if (stop.stop_requested())
        return false;
    bool all = answer.has_value() && !request.set.empty();
    {
        const std::lock_guard lock(m_mutex);
        if (!answer) {
            if (several)
                m_leadership = noteLease(std::move(m_leadership), {LeaseSays::Unreachable, 0s, {}, asked});
        } else {
            m_vpsReady = true;
            if (request.drift)
                m_driftDue = Clock::now() + driftEvery;
            if (answer->lease)
                m_leadership =
                    noteLease(std::move(m_leadership), {answer->lease->held ? LeaseSays::Mine : LeaseSays::Others,
                                                        answer->lease->left, answer->lease->holder, asked});
            for (const Pushed &one : answer->set) {
                all = all && one.verdict != PushVerdict::Refused;
            }
            m_pushDirty = !all && !request.set.empty();
        }
    }
    m_board.change([&](KeeperSnapshot &snapshot) {
        snapshot.looked(QStringLiteral("VPS"));
        if (!answer) {
            for (KeptPush &one : snapshot.pushes) {
                one.done = false;
                one.why = answer.error().summary;
            }
            return;
        }
        for (const Pushed &one : answer->set) {
            // Whoever leads has pushed it: that is no trouble of this machine's.
            if (one.reason == QLatin1String("not-leader")) {
                std::erase_if(snapshot.pushes,
                              [&](const KeptPush &other) { return other.upstream == one.upstream.ascii(); });
                continue;
            }
            const KeptPush kept{one.upstream.ascii(), one.address.text(), one.verdict != PushVerdict::Refused,
                                one.reason, wall()};
            const auto place = std::find_if(snapshot.pushes.begin(), snapshot.pushes.end(),
                                            [&](const KeptPush &other) { return other.upstream == kept.upstream; });
            if (place == snapshot.pushes.end())
                snapshot.pushes.push_back(kept);
            else
                *place = kept;
        }
    });
    showPaths(answer ? pathsProvenByVps(site(), answer->set, m_board.snapshot()->records, wall())
                     : pathsOfSilentVps(site(), answer.error().summary, wall()));
    if (answer && answer->drift)
        trouble(QStringLiteral("VPS files"),
                answer->drift->changed == 0
                    ? QString()
                    : Texts::tr("%1 of Sixgate's files on the VPS %2 not as Sixgate put them there, the first is %3: "
                                "sixgatectl plan shows them, apply mends them.")
                          .arg(answer->drift->changed)
                          .arg(answer->drift->changed == 1 ? QStringLiteral("is") : QStringLiteral("are"),
                               answer->drift->first));
    QString wrong = answer ? QString() : withRemedy(answer.error());
    if (answer) {
        for (const Pushed &one : answer->set) {
            if (one.verdict == PushVerdict::Refused && one.reason != QLatin1String("not-leader"))
                wrong = one.reason == QLatin1String("not-proven")
                            ? Texts::tr("The VPS does not reach the home at %1 (%2).")
                                  .arg(one.address.text(), one.upstream.ascii())
                            : Texts::tr("The VPS does not take %1 for %2: %3.")
                                  .arg(one.address.text(), one.upstream.ascii(), one.reason);
        }
    }
    trouble(QStringLiteral("push"), wrong);
    (void)lead();
    return all;
}

} // namespace sixgate
