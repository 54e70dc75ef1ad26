#pragma once

#include "decide/homemoves.h"
#include "decide/leadership.h"
#include "engine/homerecords.h"
#include "engine/keeper.h"
#include "engine/keeperalarm.h"
#include "engine/keeperboard.h"
#include "engine/pushline.h"
#include "model/version.h"
#include "storage/history.h"
#include "storage/keeping.h"

#include <QCoreApplication>

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

class KeeperLanes
{
public:
    using Clock = std::chrono::steady_clock;

    KeeperLanes(Site site, SecretStore &secrets, Keeper::Options options, Keeper::Sinks sinks)
        : m_options(std::move(options)), m_sinks(std::move(sinks)), m_job{std::move(site), secrets, {}, {}},
          m_board(firstSnapshot(), [this](const SharedSnapshot &snapshot) { shown(snapshot); })
    {
    }

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
    const Site &site() const { return m_job.site; }
    void log(int level, const QString &text);
    /// Tells a trouble once, and once that it is over.
    void trouble(const QString &cause, const QString &text, bool ofAlarm = false);

    Outcome begin(std::stop_token stop);
    void beginAlarm();
    void shown(const SharedSnapshot &snapshot);
    /// Changes what is kept (with m_mutex held meanwhile, not before), and makes that lasting.
    Outcome keep(const std::function<void(Keeping &)> &how);
    void watch(std::stop_token stop);
    void fast(LinkSeen link, Clock::time_point hinted, std::stop_token stop);
    void slow(std::stop_token stop);

    void callServers(const LinkSeen &link, const std::stop_token &stop) const;
    HomeSeen proveHome(const LinkSeen &link, std::chrono::milliseconds most, const std::stop_token &stop);
    /// `moved`: what was right a moment ago is to be told anew.
    void showHome(const HomeSeen &home, bool moved = false);
    bool setRecords(const HomeSeen &home, const std::stop_token &stop);
    bool onHomesLink(const HomeSeen &home);
    bool tellVps(const HomeSeen &home, bool fresh, const std::optional<Ipv6Address> &source,
                 const std::stop_token &stop);
    void readVps(const std::stop_token &stop);
    void showPaths(const std::vector<KeptPath> &newer);
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

    Keeper::Options m_options;
    Keeper::Sinks m_sinks;
    Job m_job; ///< its state belongs to whoever holds m_writing
    KeeperBoard m_board;
    std::mutex m_logging;

    std::unique_ptr<HomeRecords> m_records;
    std::unique_ptr<PushLine> m_push;
    std::optional<MachineName> m_machine;
    std::unique_ptr<History> m_history;
    std::mutex m_writing; ///< one at a time changes records, and asks the secret store
    std::mutex m_saving;  ///< so that what is kept is saved in its order
    std::unique_ptr<KeeperAlarm> m_alarm;

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
    std::vector<QString> m_homePrefixes; ///< of the link, when a server was proven there last
    bool m_paused = false;
    bool m_pushDirty = true; ///< the VPS is to be told
    bool m_checkNow = false;
    std::optional<QDateTime> m_recordsAgain;
    std::optional<UnderWay> m_recovery;
    std::stop_source m_slowWrite; ///< what the slow lane changes now: the fast one ends it
};

} // namespace sixgate
