#pragma once

#include "decide/homemoves.h"
#include "decide/leadership.h"
#include "engine/homerecords.h"
#include "engine/keeper.h"
#include "engine/keeperalarm.h"
#include "engine/keeperboard.h"
#include "engine/pushline.h"
#include "model/texts.h"
#include "model/version.h"
#include "storage/history.h"
#include "storage/keeping.h"

#include <QCoreApplication>

#include <atomic>
#include <condition_variable>
#include <time.h>

namespace sixgate
{

/// The inside of a keeper, for its lanes: keeper.cpp begins, ends and leads, keeperfast.cpp goes from a hint to DNS and
/// VPS, keeperslow.cpp does the rest, keeperrecovery.cpp measures.

inline BootTime bootTime()
{
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) +
           std::chrono::duration_cast<BootTime>(std::chrono::nanoseconds(now.tv_nsec));
}

inline QDateTime wall()
{
    return QDateTime::currentDateTimeUtc();
}

inline std::chrono::milliseconds since(std::chrono::steady_clock::time_point at)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - at);
}

/// Threads: that of run(), which watches; the slow lane; at most one fast lane, with a helper that calls for neighbours
/// and one that pushes; the alarm's; and whoever calls tell() and snapshot().
class KeeperLanes
{
public:
    using Clock = std::chrono::steady_clock;

    KeeperLanes(Site site, SecretStore &secrets, Keeper::Options options, Keeper::Sinks sinks)
        : m_options(std::move(options)), m_sinks(std::move(sinks)), m_job{std::move(site), secrets, {}, {}},
          m_board(firstSnapshot(), [this](const SharedSnapshot &snapshot) { shown(snapshot); })
    {
    }

    // As Keeper's, whose inside this is.
    Outcome run(const std::function<Outcome()> &ready, std::stop_token stop);
    void tell(KeeperIntent intent);
    SharedSnapshot snapshot() const { return m_board.snapshot(); }

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
    const Site &site() const { return m_job.site; } ///< never changes; any thread
    /// One line; any thread, without m_logging.
    void log(int level, const QString &text);
    /// Tells a trouble once, and once that it is over. Any thread.
    void trouble(const QString &cause, const QString &text, bool ofAlarm = false);

    // ---- keeper.cpp. run()'s thread, before the others begin:
    /// Reads what was kept, fetches the DNS accounts' keys, makes what needs this machine's name. An error where there
    /// is no keeper without it.
    Outcome begin(std::stop_token stop);
    /// Makes the alarm where the site has one; it does not run yet.
    void beginAlarm();
    /// Passes a new snapshot on. Any thread, called by the board one at a time, which others may wait for: quick.
    void shown(const SharedSnapshot &snapshot);
    /// Changes what is kept, and makes that lasting: takes as long as the disk. `how` runs with m_mutex held, which the
    /// caller must not hold. Both lanes; the alarm never does.
    Outcome keep(const std::function<void(Keeping &)> &how);

    /// Who leads, by all that is known now; shows and keeps it where that is news. Any thread, without m_mutex.
    Leadership lead();
    /// Gives the lease back, so that another machine need not wait for its end. Waits for the VPS for 2 s at most.
    void letGo(const std::stop_token &stop);
    // By lead(), and not while paused. Any thread, without m_mutex.
    bool mayWrite();
    bool mayPush();
    bool paused();

    // ---- keeperfast.cpp
    /// Listens to the kernel until the stop, and begins a fast lane for each change; the next change ends it. The
    /// thread of run().
    void watch(std::stop_token stop);
    /// From a change to the records and the VPS. `hinted`: when the kernel spoke of it first. A thread of its own, one
    /// at a time.
    void fast(LinkSeen link, Clock::time_point hinted, std::stop_token stop);
    /// Asks on the link for the servers' new addresses until the stop. A helper thread of proveHome().
    void callServers(const LinkSeen &link, const std::stop_token &stop) const;
    /// Looks until a server is proven at an address that `link` makes likely, for `most`. The fast lane.
    HomeSeen lastHome() const;
    HomeSeen proveHome(const LinkSeen &link, std::chrono::milliseconds most, const std::stop_token &stop);
    /// `moved`: what was right a moment ago is to be told anew. Both lanes.
    void showHome(const HomeSeen &home, bool moved = false);
    /// Sets the records as `home` wants them, and shows them: true where all are right. Holds m_writing meanwhile, so
    /// one of both lanes waits for the other one. Without m_mutex.
    /// `busy`, where given: does not wait for the other lane, and says so.
    bool setRecords(const HomeSeen &home, const std::stop_token &stop, bool *busy = nullptr);
    /// A home that moved from `earlier` to `home` is measured from `began` on. Without m_mutex.
    void beginRecovery(const HomeSeen &earlier, const HomeSeen &home, Clock::time_point began, const QString &cause);
    /// What was seen of the home last. With m_mutex.
    void noteHome(const HomeSeen &home);
    /// The home as it was seen last. Without m_mutex.
    HomeSeen homeNow();
    /// Logs in to the VPS out of the home's new network, as far as this machine is in it, while the home is being
    /// proven there, so that telling it finds that done. To be called again, after the first time, until it is.
    void dialAhead(bool first = false);
    /// Tells the VPS where the home is, renews the lease, and shows the answer: true where it took every address.
    /// `fresh`: by a new connection, out of `source`. Both lanes, also at the same time; without m_mutex.
    bool tellVps(const HomeSeen &home, bool fresh, const std::optional<Ipv6Address> &source,
                 const std::stop_token &stop);

    // ---- keeperslow.cpp. A thread of its own, but for showPaths():
    /// Everything that may take its time, until the stop.
    void slow(std::stop_token stop);
    /// The VPS's addresses and the keys of its certificates; what cannot be read stays as it was known.
    void readVps(const std::stop_token &stop);
    /// Proves the paths that can be proven from here, and shows them.
    void lookAtPaths(const std::stop_token &stop);
    /// Shows what is newer, and tells what has changed. Both lanes, without m_mutex.
    void showPaths(const std::vector<KeptPath> &newer);

    // ---- keeperrecovery.cpp. Both lanes, without m_mutex; nothing where no change is under way.
    /// Notes something of the change that is under way, in the history and on the board. `how` gets the time since it
    /// began, with m_mutex held.
    void note(const std::function<void(UnderWay &, std::chrono::milliseconds)> &how);
    void noteProven(PathKind kind);
    void noteRecords(); ///< all are right, since m_recordsShown
    void notePush();    ///< the VPS took every address
    /// It is over, or the next change overtook it.
    void finishRecovery(bool superseded);
    /// To the history, where there is one.
    Outcome addTransition(const KeeperTransition &transition);

    // Locks are taken in this order: m_writing, m_saving, m_mutex, the board's, m_logging. What takes long (network,
    // the store of secrets, a file that is to last) holds m_writing or m_saving at most. The alarm's thread takes
    // neither.

    // Set before the threads begin.
    Keeper::Options m_options;
    Keeper::Sinks m_sinks;
    std::optional<MachineName> m_machine; ///< as the VPS knows it
    std::unique_ptr<PushLine> m_push;     ///< none where nothing is pushed; has locks of its own

    std::mutex m_writing; ///< one at a time changes records
    Job m_job;            ///< its state belongs to whoever holds m_writing; site and secrets are anybody's
    std::unique_ptr<HomeRecords> m_records; ///< of whoever holds m_writing

    std::mutex m_saving;  ///< so that what is kept is saved in its order
    KeeperBoard m_board;  ///< what is shown; has locks of its own
    std::mutex m_logging; ///< one line at a time

    mutable std::mutex m_mutex;         ///< all that follows; held for moments
    std::condition_variable_any m_wake; ///< the slow lane waits for it
    std::unique_ptr<History> m_history; ///< none where it cannot be opened
    HomeSeen m_home;                    ///< as it was seen last
    quint64 m_homeTurn = 0;             ///< counts what fast lanes have seen
    VpsSeen m_vps;                      ///< its name's records, as they were seen last
    std::vector<IpAddress> m_vpsAddresses;
    Known<std::set<Fingerprint>> m_vpsKeys = fail(ErrorCode::NotFound, Texts::tr("Not read yet."));
    bool m_vpsReady = false;                         ///< its push service answered: what it serves was deployed
    Keeping m_keeping;                               ///< who leads is as it is, or is about to be, on the disk
    LeadershipState m_leadership;                    ///< what lead() decides by
    Whereabouts m_where = Whereabouts::Unknown;      ///< this machine, by m_home
    std::vector<QString> m_homePrefixes;             ///< of the link, when a server was proven there last
    bool m_vpsLooked = false;                        ///< its name was looked up, with or without success
    bool m_paused = false;                           ///< somebody told it to change nothing
    std::atomic<Clock::time_point> m_driftDue{};     ///< the VPS is asked for changed files
    bool m_pushDirty = true;                         ///< the VPS is to be told
    bool m_checkNow = false;                         ///< somebody wants everything looked at now
    bool m_homeNow = false;                          ///< the home may not be here any more
    bool m_pathsNow = false;                         ///< the paths may be other ones than were proven last
    std::optional<Clock::time_point> m_recordsShown; ///< when the last records that were set were read back
    bool m_proving = false;                          ///< a fast lane looks for the home
    bool m_proveAgain = false;                       ///< and what it looks at has become less meanwhile
    std::optional<QDateTime> m_recordsAgain;         ///< when the slow lane is to look at the records, at the latest
    std::optional<UnderWay> m_recovery;
    std::stop_source m_look;      ///< one look of the fast lane: what it looks at is usable only now
    std::stop_source m_slowWrite; ///< what the slow lane changes now: the fast one ends it

    /// None where nobody is told; set before the threads begin. Last: its own thread ends before the rest goes.
    std::unique_ptr<KeeperAlarm> m_alarm;
};

} // namespace sixgate
