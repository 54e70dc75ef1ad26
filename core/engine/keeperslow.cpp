// The slow lane: what could not be done at once, the lease, the proof of the paths.
#include "engine/keeperlanes.h"

#include "decide/keptpaths.h"
#include "decide/refresh.h"
#include "engine/home.h"
#include "engine/keeperpaths.h"
#include "engine/vpsaccess.h"
#include "model/texts.h"
#include "observe/zone.h"

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto proveTime = 2s; // for one try
constexpr auto vpsTime = 10s;
constexpr auto vpsEvery = 600s;                     // its name's addresses and its certificates' keys
constexpr auto troubleEvery = 30s;                  // while something is wrong
constexpr std::chrono::seconds unprovenEvery = 10s; // while a home server is not proven
constexpr auto firstRetry = 1s;
constexpr std::chrono::milliseconds busyPause{300}; // while the fast lane sets records
constexpr auto aliveEvery = 60s;                    // "alive" where there is no lease to renew

class Backoff
{
public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most)
        : m_first(first), m_most(most), m_next(first)
    {
    }
    std::chrono::milliseconds failed() { return std::exchange(m_next, std::min(2 * m_next, m_most)); }
    void worked() { m_next = m_first; }

private:
    std::chrono::milliseconds m_first, m_most, m_next;
};

} // namespace

// ---------------------------------------------------------------- the slow lane

void KeeperLanes::readVps(const std::stop_token &stop)
{
    VpsSeen seen = observeVpsName(site(), Deadline::after(vpsTime), stop);
    if (stop.stop_requested() || site().vps.empty())
        return;
    const auto addresses = vpsAddresses(site().vps.front(), seen);
    trouble(QStringLiteral("VPS name"), addresses ? QString() : withRemedy(addresses.error()));
    {
        const std::lock_guard lock(m_mutex);
        m_vpsLooked = true;
        if (addresses) {
            m_vps = std::move(seen);
            m_vpsAddresses = *addresses;
        }
    }
    if (!addresses)
        return;
    const auto keys = shownVpsKeys(site(), *addresses, stop);
    const std::lock_guard lock(m_mutex);
    if (keys)
        m_vpsKeys = keys;
}

/// Shows what is newer, and tells what has changed.
void KeeperLanes::showPaths(const std::vector<KeptPath> &newer)
{
    std::vector<PathTurn> turns;
    m_board.change([&](KeeperSnapshot &snapshot) {
        auto paths = withPaths(site(), snapshot.paths, newer);
        turns = pathTurns(snapshot.paths, paths);
        snapshot.paths = std::move(paths);
    });
    for (const PathTurn &turn : turns) {
        const KeptPath &one = turn.now;
        if (turn.before || one.state == PathState::Broken)
            log(one.state == PathState::Broken ? 4 : 5,
                QStringLiteral("%1 %2: %3%4")
                    .arg(pathName(one.kind), one.publicName, pathStateName(one.state),
                         one.why.isEmpty() ? QString() : QStringLiteral(": ") + one.why));
        if (turn.before)
            (void)addTransition({0, wall(), QStringLiteral("path %1 %2").arg(one.publicName, pathName(one.kind)),
                                 pathStateName(*turn.before), pathStateName(one.state), one.why});
    }
}

void KeeperLanes::lookAtPaths(const std::stop_token &stop)
{
    VpsSeen vps;
    Known<std::set<Fingerprint>> keys = fail(ErrorCode::NotFound, QString());
    std::chrono::milliseconds most = PathTime;
    {
        const std::lock_guard lock(m_mutex);
        vps = m_vps;
        keys = m_vpsKeys;
        if (m_recovery)
            most = recoveryPace(since(m_recovery->began)).most;
    }
    const auto reports = provePaths(site(), vps, keys, most, stop);
    if (stop.stop_requested())
        return;
    std::vector<KeptPath> paths;
    std::map<PathKind, bool> works;
    for (const PathReport &one : reports) {
        if (one.kind != PathKind::V4 && one.kind != PathKind::Lan)
            continue;
        paths.push_back({one.publicName.ascii(), one.kind, one.state, one.took,
                         one.error && one.state != PathState::Works ? one.error->summary : QString(), wall(),
                         one.certificate ? one.certificate->notAfter : QDateTime()});
        const auto known = works.try_emplace(one.kind, true).first;
        known->second = known->second && one.state == PathState::Works;
        if (one.state == PathState::Works)
            trouble(QStringLiteral("certificate of %1 (%2)").arg(one.publicName.ascii(), pathName(one.kind)),
                    expiryTrouble(one, wall()).value_or(QString()));
    }
    showPaths(paths);
    m_board.change([](KeeperSnapshot &snapshot) { snapshot.looked(QStringLiteral("paths")); });
    bool recovering = false;
    {
        const std::lock_guard lock(m_mutex);
        recovering = m_recovery.has_value();
    }
    if (!recovering)
        return;
    if (works[PathKind::V4])
        noteProven(PathKind::V4);
    if (works[PathKind::Lan])
        noteProven(PathKind::Lan);
    bool done = false;
    {
        const std::lock_guard lock(m_mutex);
        done = m_recovery &&
               ((m_recovery->dns && (m_recovery->push || !m_push) && m_recovery->record.proven.contains(PathKind::V4) &&
                 m_recovery->record.proven.contains(PathKind::Lan)) ||
                Clock::now() > m_recovery->until);
    }
    if (done)
        finishRecovery(false);
}

/// Everything that may take its time.
void KeeperLanes::slow(std::stop_token stop)
{
    auto vpsDue = Clock::now();
    auto recordsDue = Clock::now();
    auto pushDue = Clock::now();
    auto pathsDue = Clock::now();
    auto homeDue = Clock::now() + std::chrono::milliseconds(m_options.calm);
    // So that the machines of many do not ask at the same moment.
    const QString seed = site().name.text() + QLatin1Char(' ') + (m_machine ? m_machine->text() : QString());
    quint64 looks = 0;
    const auto calm = [&] { return spreadAround(seed, ++looks, m_options.calm); };
    Backoff recordsBackoff(firstRetry, troubleEvery);
    Backoff pushBackoff(firstRetry, troubleEvery);
    const std::stop_callback wakeUp(stop, [this] { m_wake.notify_all(); });
    while (!stop.stop_requested()) {
        std::stop_source write;
        HomeSeen home;
        bool recovering = false;
        bool acted = false, ready = false;
        {
            std::unique_lock lock(m_mutex);
            if (std::exchange(m_checkNow, false)) {
                vpsDue = recordsDue = pushDue = pathsDue = homeDue = Clock::now();
                acted = !m_paused;
            }
            if (std::exchange(m_homeNow, false))
                homeDue = Clock::now();
            if (std::exchange(m_pathsNow, false))
                pathsDue = Clock::now();
            m_slowWrite = write;
            home = m_home;
            recovering = m_recovery.has_value();
            ready = !m_home.servers.empty();
            if (const auto again = std::exchange(m_recordsAgain, {}))
                recordsDue = std::min(
                    recordsDue, Clock::now() + std::chrono::milliseconds(std::max<qint64>(0, wall().msecsTo(*again))));
        }
        // Whoever looked last.
        if (ready && !allProven(home))
            homeDue = std::min(homeDue, Clock::now() + unprovenEvery);
        const std::stop_callback passStop(stop, [&write] { write.request_stop(); });
        if (acted) {
            const std::lock_guard writing(m_writing);
            m_records->userActed();
        }
        auto now = Clock::now();
        if (now >= vpsDue) {
            readVps(stop);
            bool known = false;
            {
                const std::lock_guard lock(m_mutex);
                known = !m_vpsAddresses.empty() && m_vpsKeys;
            }
            vpsDue = Clock::now() + (known ? spreadAround(seed, ++looks, vpsEvery) : std::chrono::milliseconds(5s));
            if (known)
                recordsDue = std::min(recordsDue, Clock::now());
        }
        if (ready && now >= homeDue && !recovering) {
            quint64 turn = 0;
            {
                const std::lock_guard lock(m_mutex);
                turn = m_homeTurn;
            }
            const auto began = Clock::now();
            HomeSeen earlier;
            bool moved = false, measure = false;
            HomeSeen again = lookAtHome(site(), Deadline::after(proveTime), write.get_token(), lastHome());
            bool isNews = false;
            {
                const std::lock_guard lock(m_mutex);
                // A fast lane may have seen more meanwhile.
                isNews = !write.stop_requested() && turn == m_homeTurn;
                if (isNews) {
                    if (m_vpsKeys)
                        refuseForeignKeys(again, *m_vpsKeys);
                    earlier = m_home;
                    moved = provenText(again) != provenText(m_home);
                    if (moved)
                        m_pushDirty = true;
                    noteHome(again);
                    measure = moved && m_where == Whereabouts::Home && m_leadership.answer.says != LeaseSays::Others;
                }
            }
            if (isNews) {
                showHome(again, moved && (paused() || mayWrite()));
                if (moved) {
                    if (measure)
                        beginRecovery(earlier, again, began, QStringLiteral("look"));
                    note([](UnderWay &one, std::chrono::milliseconds took) { one.record.usable = took; });
                    log(5, whereText(again, provenText(earlier)));
                    recordsDue = pushDue = pathsDue = Clock::now();
                }
                homeDue = Clock::now() + (allProven(again) ? calm() : std::chrono::milliseconds(unprovenEvery));
            }
        }
        const Leadership leadership = lead();
        if (leadership.letGo)
            letGo(write.get_token());
        now = Clock::now();
        if (ready && leadership.mayWriteDns && !paused() && (now >= recordsDue) && !write.stop_requested()) {
            bool busy = false;
            const bool right = setRecords(homeNow(), write.get_token(), &busy);
            if (right) {
                noteRecords();
                recordsBackoff.worked();
            }
            recordsDue = Clock::now() + (right ? calm() : busy ? busyPause : recordsBackoff.failed());
        }
        const bool ask = leadership.ask && bootTime() >= *leadership.ask;
        now = Clock::now();
        if (ready && m_push && (ask || now >= pushDue) && !write.stop_requested()) {
            const bool told = tellVps(homeNow(), false, std::nullopt, write.get_token());
            bool wrong = false;
            {
                const std::lock_guard lock(m_mutex);
                wrong = m_pushDirty;
            }
            if (told) {
                notePush();
                pushBackoff.worked();
            }
            pushDue = Clock::now() + (wrong ? pushBackoff.failed() : std::chrono::milliseconds(aliveEvery));
        }
        if (ready && (now >= pathsDue || recovering)) {
            lookAtPaths(write.get_token());
            const auto shown = m_board.snapshot();
            const bool broken = std::any_of(shown->paths.begin(), shown->paths.end(),
                                            [](const KeptPath &one) { return one.state == PathState::Broken; });
            pathsDue = Clock::now() + (broken ? std::chrono::milliseconds(15s) : calm());
        }
        const bool writes = mayWrite();
        std::unique_lock lock(m_mutex);
        if (m_slowWrite.stop_requested() && !stop.stop_requested()) {
            // The fast lane took over: what it could not do is due soon.
            recordsDue = std::min(recordsDue, Clock::now() + 500ms);
            pushDue = std::min(pushDue, Clock::now() + 500ms);
            pathsDue = std::min(pathsDue, Clock::now() + 500ms);
        }
        // What is not done now is not waited for: it would be due all the time.
        auto next = vpsDue;
        if (!m_home.servers.empty()) {
            next = std::min(next, pathsDue);
            if (!m_recovery)
                next = std::min(next, homeDue);
            if (writes)
                next = std::min(next, recordsDue);
            if (m_push)
                next = std::min(next, pushDue);
        }
        if (m_push && leadership.ask)
            next =
                std::min(next, Clock::now() + std::max<std::chrono::milliseconds>(*leadership.ask - bootTime(), 200ms));
        if (m_recovery)
            next = std::min(next, Clock::now() + recoveryPace(since(m_recovery->began)).pause);
        const bool wasReady = !m_home.servers.empty();
        // One that ended in this turn: the next is news.
        recovering = m_recovery.has_value();
        m_wake.wait_until(lock, stop, std::max(next, Clock::now() + 20ms), [&] {
            return m_checkNow || m_homeNow || m_pathsNow || m_recordsAgain || (!wasReady && !m_home.servers.empty()) ||
                   (m_recovery && !recovering);
        });
    }
}

} // namespace sixgate
