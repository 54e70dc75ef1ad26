#include "engine/keeper.h"

#include "decide/addresses.h"
#include "decide/leadership.h"
#include "decide/settling.h"
#include "engine/home.h"
#include "engine/homerecords.h"
#include "engine/keeperboard.h"
#include "engine/keeperpaths.h"
#include "engine/pushline.h"
#include "engine/vpsaccess.h"
#include "model/version.h"
#include "observe/home.h"
#include "observe/zone.h"
#include "storage/history.h"
#include "storage/keeping.h"
#include "transport/io.h"
#include "transport/netlinkevents.h"

#include <QCoreApplication>
#include <QFileInfo>

#include <condition_variable>
#include <thread>
#include <time.h>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

using Clock = std::chrono::steady_clock;

constexpr auto proveTime = 2s;    // for one try
constexpr auto provePause = 50ms; // until the next one
constexpr auto proveMost = 20s;   // after that the slow lane goes on
constexpr auto pushTime = 10s;
constexpr auto letGoTime = 2s;
constexpr auto vpsTime = 10s;
constexpr auto vpsEvery = 600s;    // its name's addresses and its certificates' keys
constexpr auto troubleEvery = 30s; // while something is wrong
constexpr auto firstRetry = 1s;
constexpr auto recoverEvery = 150ms; // between two proofs of the paths after a change
constexpr auto recoverMost = 180s;   // then they are looked at as ever
constexpr auto aliveEvery = 60s;     // "alive" where there is no lease to renew

BootTime bootTime()
{
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) +
           std::chrono::duration_cast<BootTime>(std::chrono::nanoseconds(now.tv_nsec));
}

QDateTime wall()
{
    return QDateTime::currentDateTimeUtc();
}

/// What counts of the link's state, as a text that is the same where it is the same; lifetimes do not.
struct LinkText {
    QByteArray text;
    ReadState state = ReadState::Complete;
};

LinkText linkText(const Site &site, const Result<LinkSeen> &link)
{
    if (!link)
        return {{}, ReadState::Failed};
    LinkText out;
    for (const HomeServer &server : site.servers) {
        const AddressChoice choice = chooseAddress(server, *link);
        std::vector<Ipv6Address> fit = choice.fit;
        std::sort(fit.begin(), fit.end());
        out.text += server.name.text().toUtf8() + ' ' + (choice.chosen ? choice.chosen->text().toLatin1() : "-");
        for (const Ipv6Address &one : fit)
            out.text += ' ' + one.text().toLatin1();
        out.text += '\n';
    }
    for (const LocalAddress &one : link->addresses) {
        if (one.tentative && !one.dadFailed && one.address.isGlobal())
            out.state = ReadState::Incomplete;
    }
    return out;
}

/// One of this machine's own addresses in the new prefix, for connections out of it.
std::optional<Ipv6Address> sourceIn(const Ipv6Prefix &prefix, const LinkSeen &link)
{
    for (const LocalAddress &one : link.addresses) {
        if (!one.tentative && !one.deprecated && !one.dadFailed && prefix.contains(one.address))
            return one.address;
    }
    return std::nullopt;
}

bool allProven(const HomeSeen &home)
{
    return !home.servers.empty() && std::all_of(home.servers.begin(), home.servers.end(),
                                                [](const ServerSeen &one) { return one.proven.has_value(); });
}

std::chrono::milliseconds since(Clock::time_point at)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - at);
}

KeptRecovery keptOf(const Recovery &one)
{
    KeptRecovery kept{one.at,
                      one.oldAddress ? one.oldAddress->text() : QString(),
                      one.newAddress ? one.newAddress->text() : QString(),
                      {}};
    const auto add = [&](const QString &what, const std::optional<std::chrono::milliseconds> &took) {
        if (took)
            kept.took.emplace(what, took->count());
    };
    add(QStringLiteral("address"), one.usable);
    add(QStringLiteral("dns"), one.dnsRead);
    add(QStringLiteral("push"), one.pushed);
    for (const auto &[kind, took] : one.proven)
        add(pathName(kind), took);
    return kept;
}

/// Proven on the best candidate. Where an older one answered, the best one may only need another moment.
bool bestProven(const Site &site, const HomeSeen &home, const LinkSeen &link)
{
    for (size_t i = 0; i < home.servers.size(); ++i) {
        const AddressChoice choice = chooseAddress(site.servers[i], link);
        if (!home.servers[i].proven || (choice.chosen && *choice.chosen != *home.servers[i].proven))
            return false;
    }
    return !home.servers.empty();
}

QString addressesText(const HomeSeen &home)
{
    QStringList all;
    for (const ServerSeen &one : home.servers) {
        if (one.proven)
            all << one.proven->text();
    }
    all.removeDuplicates();
    return all.join(QStringLiteral(", "));
}

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

class Keeper::Private
{
public:
    Private(Site site, SecretStore &secrets, Options options, Sinks sinks)
        : m_options(std::move(options)), m_sinks(std::move(sinks)), m_job{std::move(site), secrets, {}, {}},
          m_board(firstSnapshot(), m_sinks.snapshot)
    {
    }

    Outcome run(const std::function<Outcome()> &ready, std::stop_token stop);
    void tell(KeeperIntent intent);
    SharedSnapshot snapshot() const { return m_board.snapshot(); }

private:
    /// A change of the home's address that is under way.
    struct UnderWay {
        Clock::time_point began;
        Recovery record; ///< its id is that of the history, 0 where there is none
        Clock::time_point until;
        bool push = false, dns = false; ///< done
    };

    KeeperSnapshot firstSnapshot() const
    {
        KeeperSnapshot one;
        one.site = m_job.site.name.text();
        one.program = sixgateVersion();
        one.process = QCoreApplication::applicationPid();
        one.startedAt = wall();
        one.role = QStringLiteral("starting");
        return one;
    }
    const Site &site() const { return m_job.site; }
    void log(int level, const QString &text);
    /// Tells a trouble once, and once that it is over.
    void trouble(const QString &cause, const QString &text);

    Outcome begin(std::stop_token stop);
    void watch(std::stop_token stop);
    void act(const LinkSeen &link, Clock::time_point hinted, const std::stop_token &stop);
    void fast(LinkSeen link, Clock::time_point hinted, std::stop_token stop);
    void slow(std::stop_token stop);

    HomeSeen proveHome(const LinkSeen &link, std::chrono::milliseconds most, const std::stop_token &stop);
    void showHome(const HomeSeen &home);
    bool setRecords(const HomeSeen &home, const std::stop_token &stop);
    bool tellVps(const HomeSeen &home, bool fresh, const std::optional<Ipv6Address> &source,
                 const std::stop_token &stop);
    void readVps(const std::stop_token &stop);
    void lookAtPaths(const std::stop_token &stop);
    void note(const std::function<void(UnderWay &, std::chrono::milliseconds)> &how);
    void noteProven(PathKind kind);
    void noteRecords();
    void notePush();
    void finishRecovery(bool superseded);
    Outcome addTransition(const KeeperTransition &transition);

    Leadership lead();
    void letGo(const std::stop_token &stop);
    bool mayWrite();
    bool mayPush();
    bool paused();

    Options m_options;
    Sinks m_sinks;
    Job m_job; ///< its state belongs to whoever holds m_writing
    KeeperBoard m_board;
    std::mutex m_logging;

    std::unique_ptr<HomeRecords> m_records;
    std::unique_ptr<PushLine> m_push;
    std::optional<MachineName> m_machine;
    std::unique_ptr<History> m_history;
    std::mutex m_writing; ///< one at a time changes records

    std::mutex m_mutex; ///< all that follows
    std::condition_variable_any m_wake;
    HomeSeen m_home;
    VpsSeen m_vps;
    std::vector<IpAddress> m_vpsAddresses;
    Known<std::set<Fingerprint>> m_vpsKeys = fail(ErrorCode::NotFound, QStringLiteral("Not read yet."));
    bool m_vpsReady = false; ///< its push service answered: what it serves was deployed
    Keeping m_keeping;
    LeadershipState m_leadership;
    bool m_atHome = false;
    bool m_paused = false;
    bool m_pushDirty = true; ///< the VPS is to be told
    bool m_checkNow = false;
    std::map<QString, QString> m_pushed; ///< upstream → address that the VPS took
    std::optional<QDateTime> m_recordsAgain;
    std::optional<UnderWay> m_recovery;
    std::stop_source m_slowWrite; ///< what the slow lane changes now: the fast one ends it
};

void Keeper::Private::log(int level, const QString &text)
{
    const std::lock_guard lock(m_logging);
    if (m_sinks.log)
        m_sinks.log(level, text);
}

void Keeper::Private::trouble(const QString &cause, const QString &text)
{
    if (!m_board.trouble(cause, text))
        return;
    if (text.isEmpty())
        log(5, QStringLiteral("Over: %1.").arg(cause));
    else
        log(4, QStringLiteral("%1: %2").arg(cause, text));
}

Outcome Keeper::Private::begin(std::stop_token stop)
{
    auto keeping = beginKeeping(site().name);
    if (!keeping)
        return passOn(keeping);
    m_keeping = std::move(*keeping);
    const auto machine = MachineName::parse(m_keeping.machine);
    if (!machine)
        return passOn(machine);
    m_machine = *machine;
    m_leadership.memory = m_keeping.leadership;
    auto history = History::open(site().name);
    if (history) {
        m_history = std::make_unique<History>(std::move(*history));
        (void)m_history->supersedeOpen();
    } else {
        trouble(QStringLiteral("history"), history.error().summary);
    }
    m_records = std::make_unique<HomeRecords>(m_job, m_keeping.paces, [this](const HomeRecords::Paces &paces) {
        Keeping copy;
        {
            const std::lock_guard lock(m_mutex);
            m_keeping.paces = paces;
            copy = m_keeping;
        }
        return saveKeeping(site().name, copy);
    });
    if (const auto keys = m_records->fetchKeys(stop); !keys) {
        if (stop.stop_requested())
            return keys;
        trouble(QStringLiteral("DNS key"), keys.error().summary);
    }
    const bool hasKey = !m_options.pushKeyFile.isEmpty() && QFileInfo::exists(m_options.pushKeyFile);
    if (!site().vps.empty() && !site().vps.front().pushKeys.empty()) {
        if (hasKey)
            m_push = std::make_unique<PushLine>(site().vps.front(), m_options.pushKeyFile);
        else
            trouble(QStringLiteral("push key"),
                    QStringLiteral("This machine has no push key; make one: sixgatectl vps push-key"));
    }
    m_board.change([&](KeeperSnapshot &snapshot) { snapshot.machine = m_machine->text(); });
    return {};
}

Outcome Keeper::Private::run(const std::function<Outcome()> &ready, std::stop_token stop)
{
    const auto lock = lockKeeper(site().name);
    if (!lock)
        return passOn(lock);
    if (auto begun = begin(stop); !begun)
        return begun;
    if (ready) {
        if (auto begun = ready(); !begun)
            return begun;
    }
    log(5, QStringLiteral("Keeping the site “%1” from this machine (%2).").arg(site().name.text(), m_machine->text()));
    {
        std::jthread slowLane([this](std::stop_token own) { slow(own); });
        watch(stop);
        slowLane.request_stop();
        {
            const std::lock_guard guard(m_mutex);
            m_slowWrite.request_stop();
        }
        m_wake.notify_all();
    }
    if (lead().byLease)
        letGo({});
    log(5, QStringLiteral("Ended."));
    return {};
}

void Keeper::Private::tell(KeeperIntent intent)
{
    {
        const std::lock_guard lock(m_mutex);
        switch (intent) {
        case KeeperIntent::Check:
            m_checkNow = m_pushDirty = true;
            break;
        case KeeperIntent::Pause:
            m_paused = true;
            m_slowWrite.request_stop();
            break;
        case KeeperIntent::Resume:
            m_paused = false;
            m_checkNow = m_pushDirty = true;
            break;
        }
    }
    m_wake.notify_all();
    (void)lead();
}

bool Keeper::Private::paused()
{
    const std::lock_guard lock(m_mutex);
    return m_paused;
}

// ---------------------------------------------------------------- who leads

Leadership Keeper::Private::lead()
{
    Leadership now;
    bool isPaused = false;
    std::optional<Keeping> save;
    {
        const std::lock_guard lock(m_mutex);
        const bool known = !m_home.servers.empty();
        const auto where = m_atHome ? Whereabouts::Home : known ? Whereabouts::Elsewhere : Whereabouts::Unknown;
        const bool only = site().vps.empty() || site().vps.front().pushKeys.size() < 2;
        now = decideLeadership(m_leadership, {where, only, bootTime(), wall()});
        isPaused = m_paused;
        if (worthSaving(m_keeping.leadership, m_leadership.memory)) {
            m_keeping.leadership = m_leadership.memory;
            save = m_keeping;
        }
    }
    if (save)
        (void)saveKeeping(site().name, *save);
    const QString role = isPaused ? QStringLiteral("paused") : keeperRoleName(now.role);
    const QString why = isPaused ? QStringLiteral("Somebody paused it; nothing is changed.") : now.why;
    const auto before = m_board.snapshot();
    if (before->role != role || before->roleWhy != why) {
        if (before->role != role)
            log(5, QStringLiteral("This machine is now: %1. %2").arg(role, why));
        m_board.change([&](KeeperSnapshot &snapshot) {
            snapshot.role = role;
            snapshot.roleWhy = why;
        });
    }
    return now;
}

bool Keeper::Private::mayWrite()
{
    return lead().mayWriteDns && !paused();
}

bool Keeper::Private::mayPush()
{
    return lead().mayPush && !paused();
}

/// Another machine need not wait for the end of the lease.
void Keeper::Private::letGo(const std::stop_token &stop)
{
    if (!m_push || site().vps.front().pushKeys.size() < 2)
        return;
    std::vector<IpAddress> addresses;
    {
        const std::lock_guard lock(m_mutex);
        addresses = m_vpsAddresses;
    }
    (void)m_push->ask({*m_machine, 0s, {}, false}, addresses, false, std::nullopt, Deadline::after(letGoTime), stop);
    const std::lock_guard lock(m_mutex);
    m_leadership = noteLease(std::move(m_leadership), LeaseAnswer{});
}

// ---------------------------------------------------------------- what moved

void Keeper::Private::watch(std::stop_token stop)
{
    auto events = HomeEvents::open();
    if (!events)
        trouble(QStringLiteral("events"), events.error().summary);
    Settling settling(Clock::now(), events.has_value());
    std::optional<Clock::time_point> hinted;
    auto fed = Clock::now() - 10s;
    std::jthread fastLane;
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
                trouble(QStringLiteral("events"), got.error().summary);
                events = passOn(got);
                settling.setEvents(false, Clock::now());
            }
        } else if (!pauseFor(span, stop)) {
            break;
        }
        const auto now = Clock::now();
        if (hints.any()) {
            settling.hint(now);
            if (!hinted)
                hinted = now;
        }
        if (now < settling.next())
            continue;
        const auto link = readLink();
        const LinkText text = linkText(site(), link);
        const bool changed = settling.read(now, Clock::now(), text.text, text.state);
        if (changed && link) {
            if (fastLane.joinable()) {
                fastLane.request_stop();
                fastLane.join();
            }
            {
                const std::lock_guard lock(m_mutex);
                m_slowWrite.request_stop();
            }
            fastLane = std::jthread(
                [this, link = *link, at = hinted.value_or(now)](std::stop_token own) { fast(link, at, own); });
        }
        if (text.state != ReadState::Incomplete)
            hinted.reset();
    }
    if (fastLane.joinable())
        fastLane.request_stop();
}

HomeSeen Keeper::Private::proveHome(const LinkSeen &link, std::chrono::milliseconds most, const std::stop_token &stop)
{
    const Deadline until = Deadline::after(most);
    HomeSeen home;
    while (true) {
        home = lookAtHome(site(), Deadline::after(proveTime), stop);
        if (stop.stop_requested() || bestProven(site(), home, link) || until.passed())
            return home;
        if (!pauseFor(provePause, stop))
            return home;
    }
}

void Keeper::Private::showHome(const HomeSeen &home)
{
    m_board.change([&](KeeperSnapshot &snapshot) {
        snapshot.prefixes.clear();
        if (home.prefixes) {
            for (const Ipv6Prefix &one : *home.prefixes)
                snapshot.prefixes.push_back(one.text());
        }
        snapshot.servers.clear();
        for (const ServerSeen &one : home.servers) {
            snapshot.servers.push_back({one.server, one.proven ? std::optional(*one.proven) : std::nullopt,
                                        one.proven ? QString() : one.proven.error().summary});
        }
    });
    for (const ServerSeen &one : home.servers)
        trouble(QStringLiteral("server %1").arg(one.server.text()),
                one.proven ? QString() : one.proven.error().summary);
}

/// From a change of the link's state to DNS and VPS. Ends early where the next change comes.
void Keeper::Private::fast(LinkSeen link, Clock::time_point hinted, std::stop_token stop)
{
    HomeSeen home = proveHome(link, proveMost, stop);
    if (stop.stop_requested())
        return;
    QString before;
    HomeSeen earlier;
    bool moved = false;
    bool first = false;
    std::optional<Ipv6Address> source;
    {
        const std::lock_guard lock(m_mutex);
        if (m_vpsKeys)
            refuseForeignKeys(home, *m_vpsKeys);
        before = addressesText(m_home);
        first = m_home.servers.empty();
        moved = addressesText(home) != before;
        earlier = std::exchange(m_home, home);
        m_atHome = std::any_of(home.servers.begin(), home.servers.end(),
                               [](const ServerSeen &one) { return one.proven.has_value(); });
        m_pushDirty = true;
    }
    showHome(home);
    for (const ServerSeen &one : home.servers) {
        if (one.proven)
            source = sourceIn(*Ipv6Prefix::of(*one.proven, 64), link);
    }
    if (moved && !first && m_atHome) {
        finishRecovery(true);
        Recovery record;
        record.at = wall().addMSecs(-since(hinted).count());
        record.cause = QStringLiteral("event");
        for (size_t i = 0; i < home.servers.size(); ++i) {
            const ServerSeen &now = home.servers[i];
            const bool hadOne = i < earlier.servers.size() && earlier.servers[i].proven.has_value();
            if (!now.proven || (hadOne && *earlier.servers[i].proven == *now.proven))
                continue;
            record.server = now.server;
            record.newAddress = *now.proven;
            record.newPrefix = *Ipv6Prefix::of(*now.proven, 64);
            if (hadOne) {
                record.oldAddress = *earlier.servers[i].proven;
                record.oldPrefix = *Ipv6Prefix::of(*record.oldAddress, 64);
            }
            break;
        }
        const std::lock_guard lock(m_mutex);
        m_recovery = UnderWay{hinted, record, Clock::now() + recoverMost};
    }
    if (moved) {
        note([](UnderWay &one, std::chrono::milliseconds took) { one.record.usable = took; });
        log(5, m_atHome ? QStringLiteral("The home is at %1 now%2.")
                              .arg(addressesText(home),
                                   before.isEmpty() ? QString() : QStringLiteral(" (was: %1)").arg(before))
                        : QStringLiteral("The home is not seen from here."));
    }
    (void)lead();
    std::jthread pushing([&] {
        if (tellVps(home, true, source, stop))
            notePush();
    });
    if (mayWrite() && setRecords(home, stop))
        noteRecords();
    {
        const std::lock_guard lock(m_mutex);
        if (m_history && m_recovery && m_recovery->record.id == 0) {
            if (const auto id = m_history->add(m_recovery->record))
                m_recovery->record.id = *id;
        }
    }
    pushing.join();
    m_wake.notify_all();
}

// ---------------------------------------------------------------- what is told

bool Keeper::Private::setRecords(const HomeSeen &home, const std::stop_token &stop)
{
    const std::lock_guard writing(m_writing);
    Observation seen;
    bool ready = false;
    {
        const std::lock_guard lock(m_mutex);
        seen.vps = m_vps;
        ready = m_vpsReady;
    }
    seen.home = home;
    const auto keys = m_records->fetchKeys(stop);
    trouble(QStringLiteral("DNS key"), keys || stop.stop_requested() ? QString() : keys.error().summary);
    if (!keys)
        return false;
    const auto set = m_records->set(seen, ready, wall(), stop);
    if (stop.stop_requested())
        return false;
    const std::lock_guard lock(m_mutex);
    if (!set) {
        trouble(QStringLiteral("DNS"), set.error().summary);
        return false;
    }
    m_recordsAgain = set->again;
    QStringList wrong;
    for (const KeptRecord &one : set->records) {
        if (!one.right)
            wrong << QStringLiteral("%1: %2").arg(one.record, one.why);
    }
    m_board.change([&](KeeperSnapshot &snapshot) { snapshot.records = set->records; });
    trouble(QStringLiteral("DNS"), wrong.isEmpty() ? QString() : wrong.first());
    return set->right;
}

bool Keeper::Private::tellVps(const HomeSeen &home, bool fresh, const std::optional<Ipv6Address> &source,
                              const std::stop_token &stop)
{
    if (!m_push) {
        const std::lock_guard lock(m_mutex);
        m_leadership = noteLease(std::move(m_leadership), {LeaseSays::NoPush, 0s, {}, bootTime()});
        return false;
    }
    PushRequest request{*m_machine, std::nullopt, {}, false};
    const bool several = site().vps.front().pushKeys.size() > 1;
    const bool atHome = std::any_of(home.servers.begin(), home.servers.end(),
                                    [](const ServerSeen &one) { return one.proven.has_value(); });
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
        request.alive = atHome;
    std::vector<IpAddress> addresses;
    {
        const std::lock_guard lock(m_mutex);
        addresses = m_vpsAddresses;
    }
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
            if (answer->lease)
                m_leadership =
                    noteLease(std::move(m_leadership), {answer->lease->held ? LeaseSays::Mine : LeaseSays::Others,
                                                        answer->lease->left, answer->lease->holder, asked});
            for (const Pushed &one : answer->set) {
                if (one.verdict == PushVerdict::Refused)
                    all = false;
                else
                    m_pushed.insert_or_assign(one.upstream.ascii(), one.address.text());
            }
            m_pushDirty = !all && !request.set.empty();
        }
    }
    m_board.change([&](KeeperSnapshot &snapshot) {
        if (!answer) {
            for (KeptPush &one : snapshot.pushes) {
                one.done = false;
                one.why = answer.error().summary;
            }
            return;
        }
        for (const Pushed &one : answer->set) {
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
    QString wrong = answer ? QString() : answer.error().summary;
    if (answer) {
        for (const Pushed &one : answer->set) {
            if (one.verdict == PushVerdict::Refused && one.reason != QLatin1String("not-leader"))
                wrong = QStringLiteral("The VPS does not take %1 for %2: %3.")
                            .arg(one.address.text(), one.upstream.ascii(), one.reason);
        }
    }
    trouble(QStringLiteral("push"), wrong);
    (void)lead();
    return all;
}

// ---------------------------------------------------------------- the slow lane

void Keeper::Private::readVps(const std::stop_token &stop)
{
    VpsSeen seen = observeVpsName(site(), Deadline::after(vpsTime), stop);
    if (stop.stop_requested() || site().vps.empty())
        return;
    const auto addresses = vpsAddresses(site().vps.front(), seen);
    trouble(QStringLiteral("VPS name"), addresses ? QString() : addresses.error().summary);
    if (!addresses)
        return;
    const auto keys = shownVpsKeys(site(), *addresses, stop);
    const std::lock_guard lock(m_mutex);
    m_vps = std::move(seen);
    m_vpsAddresses = *addresses;
    if (keys)
        m_vpsKeys = keys;
}

void Keeper::Private::lookAtPaths(const std::stop_token &stop)
{
    VpsSeen vps;
    Known<std::set<Fingerprint>> keys = fail(ErrorCode::NotFound, QString());
    std::map<QString, QString> pushed;
    {
        const std::lock_guard lock(m_mutex);
        vps = m_vps;
        keys = m_vpsKeys;
        pushed = m_pushed;
    }
    const auto reports = provePaths(site(), vps, keys, stop);
    if (stop.stop_requested())
        return;
    std::vector<KeptPath> paths;
    std::map<PathKind, bool> works;
    for (const PathReport &one : reports) {
        if (one.kind != PathKind::V4 && one.kind != PathKind::Lan)
            continue;
        paths.push_back({one.publicName.ascii(), one.kind, one.state, one.took,
                         one.error && one.state != PathState::Works ? one.error->summary : QString(), wall()});
        const auto known = works.try_emplace(one.kind, true).first;
        known->second = known->second && one.state == PathState::Works;
    }
    const auto before = m_board.snapshot();
    for (const KeptPath &one : paths) {
        const auto was = std::find_if(before->paths.begin(), before->paths.end(), [&](const KeptPath &other) {
            return other.kind == one.kind && other.publicName == one.publicName;
        });
        if (was != before->paths.end() && was->state == one.state)
            continue;
        if (was != before->paths.end() || one.state != PathState::Works)
            log(one.state == PathState::Works ? 5 : 4,
                QStringLiteral("%1 %2: %3%4")
                    .arg(pathName(one.kind), one.publicName, pathStateName(one.state),
                         one.why.isEmpty() ? QString() : QStringLiteral(": ") + one.why));
        if (m_history && was != before->paths.end())
            (void)addTransition({0, wall(), QStringLiteral("path %1 %2").arg(one.publicName, pathName(one.kind)),
                                 pathStateName(was->state), pathStateName(one.state), one.why});
    }
    m_board.change([&](KeeperSnapshot &snapshot) { snapshot.paths = paths; });
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

void Keeper::Private::note(const std::function<void(UnderWay &, std::chrono::milliseconds)> &how)
{
    std::optional<KeptRecovery> kept;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_recovery)
            return;
        const Recovery before = m_recovery->record;
        how(*m_recovery, since(m_recovery->began));
        if (before == m_recovery->record)
            return;
        if (m_history && before.id != 0)
            (void)m_history->update(m_recovery->record);
        kept = keptOf(m_recovery->record);
    }
    m_board.change([&](KeeperSnapshot &snapshot) { snapshot.recovery = kept; });
}

/// The records are right: read back from the servers that answer for the zone.
void Keeper::Private::noteRecords()
{
    note([](UnderWay &one, std::chrono::milliseconds took) {
        one.dns = true;
        if (!one.record.dnsRead)
            one.record.dnsRead = one.record.dnsWritten = took;
    });
}

/// The VPS has proven the home's identity at the new address, over IPv6 and from outside, and switched.
void Keeper::Private::notePush()
{
    note([](UnderWay &one, std::chrono::milliseconds took) {
        one.push = true;
        if (!one.record.pushed)
            one.record.pushed = took;
        one.record.proven.try_emplace(PathKind::Upstream, took);
    });
}

void Keeper::Private::noteProven(PathKind kind)
{
    note([kind](UnderWay &one, std::chrono::milliseconds took) { one.record.proven.try_emplace(kind, took); });
}

void Keeper::Private::finishRecovery(bool superseded)
{
    QString line;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_recovery)
            return;
        Recovery &record = m_recovery->record;
        record.end = superseded ? RecoveryEnd::Superseded : RecoveryEnd::Finished;
        if (m_history)
            (void)(record.id != 0 ? m_history->update(record) : m_history->add(record).map([](qint64) {}));
        QStringList parts;
        for (const auto &[what, took] : keptOf(record).took)
            parts << QStringLiteral("%1 %2 ms").arg(what).arg(took);
        line = QStringLiteral("%1 after the change: %2.")
                   .arg(superseded ? QStringLiteral("Overtaken by the next change") : QStringLiteral("Recovered"),
                        parts.join(QStringLiteral(", ")));
        m_recovery.reset();
    }
    log(5, line);
}

Outcome Keeper::Private::addTransition(const KeeperTransition &transition)
{
    const std::lock_guard lock(m_mutex);
    if (!m_history)
        return {};
    const auto added = m_history->add(transition);
    return added ? Outcome() : passOn(added);
}

/// Everything that may take its time.
void Keeper::Private::slow(std::stop_token stop)
{
    auto vpsDue = Clock::now();
    auto recordsDue = Clock::now();
    auto pushDue = Clock::now();
    auto pathsDue = Clock::now();
    auto homeDue = Clock::now() + m_options.calm;
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
            m_slowWrite = write;
            home = m_home;
            recovering = m_recovery.has_value();
            ready = !m_home.servers.empty();
            if (m_recordsAgain)
                recordsDue = std::min(recordsDue, Clock::now() + std::chrono::milliseconds(std::max<qint64>(
                                                                     0, wall().msecsTo(*m_recordsAgain))));
        }
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
            vpsDue = Clock::now() + (known ? std::chrono::milliseconds(vpsEvery) : std::chrono::milliseconds(5s));
            if (known)
                recordsDue = std::min(recordsDue, Clock::now());
        }
        if (ready && now >= homeDue && !recovering) {
            HomeSeen again = lookAtHome(site(), Deadline::after(proveTime), write.get_token());
            if (!write.stop_requested()) {
                {
                    const std::lock_guard lock(m_mutex);
                    if (m_vpsKeys)
                        refuseForeignKeys(again, *m_vpsKeys);
                    if (addressesText(again) != addressesText(m_home))
                        m_pushDirty = true;
                    m_home = home = again;
                    m_atHome = std::any_of(again.servers.begin(), again.servers.end(),
                                           [](const ServerSeen &one) { return one.proven.has_value(); });
                }
                showHome(again);
                homeDue = Clock::now() + (allProven(again) ? m_options.calm : std::chrono::seconds(10));
            }
        }
        const Leadership leadership = lead();
        if (leadership.letGo)
            letGo(write.get_token());
        now = Clock::now();
        if (ready && leadership.mayWriteDns && !paused() && (now >= recordsDue) && !write.stop_requested()) {
            const bool right = setRecords(home, write.get_token());
            if (right) {
                noteRecords();
                recordsBackoff.worked();
            }
            recordsDue = Clock::now() + (right ? std::chrono::milliseconds(m_options.calm) : recordsBackoff.failed());
        }
        const bool ask = leadership.ask && bootTime() >= *leadership.ask;
        now = Clock::now();
        if (ready && m_push && (ask || now >= pushDue) && !write.stop_requested()) {
            const bool told = tellVps(home, false, std::nullopt, write.get_token());
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
            lookAtPaths(stop);
            const auto shown = m_board.snapshot();
            const bool broken = std::any_of(shown->paths.begin(), shown->paths.end(),
                                            [](const KeptPath &one) { return one.state == PathState::Broken; });
            pathsDue =
                Clock::now() + (broken ? std::chrono::milliseconds(15s) : std::chrono::milliseconds(m_options.calm));
        }
        std::unique_lock lock(m_mutex);
        if (m_slowWrite.stop_requested() && !stop.stop_requested()) {
            // The fast lane took over: what it could not do is due soon.
            recordsDue = std::min(recordsDue, Clock::now() + 500ms);
            pushDue = std::min(pushDue, Clock::now() + 500ms);
        }
        auto next = std::min({vpsDue, pathsDue, homeDue});
        if (!m_home.servers.empty())
            next = std::min({next, recordsDue, m_push ? pushDue : recordsDue});
        if (m_push && leadership.ask)
            next =
                std::min(next, Clock::now() + std::max<std::chrono::milliseconds>(*leadership.ask - bootTime(), 200ms));
        if (m_recovery)
            next = std::min(next, Clock::now() + recoverEvery);
        const bool wasReady = !m_home.servers.empty();
        m_wake.wait_until(lock, stop, std::max(next, Clock::now() + 20ms), [&] {
            return m_checkNow || (!wasReady && !m_home.servers.empty()) || (m_recovery && !recovering);
        });
    }
}

Keeper::Keeper(Site site, SecretStore &secrets, Options options, Sinks sinks)
    : d(std::make_unique<Private>(std::move(site), secrets, std::move(options), std::move(sinks)))
{
}

Keeper::~Keeper() = default;

Outcome Keeper::run(const std::function<Outcome()> &ready, std::stop_token stop)
{
    return d->run(ready, std::move(stop));
}

void Keeper::tell(KeeperIntent intent)
{
    d->tell(intent);
}

SharedSnapshot Keeper::snapshot() const
{
    return d->snapshot();
}

} // namespace sixgate
