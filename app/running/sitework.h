#pragma once

#include "engine/engine.h"
#include "ipc/sitejobs.h"
#include "storage/state.h"

namespace sixgate
{

/// Changes what the site file says of its VPS now; all else in it stays. The caller holds the site's lock. Moved where
/// that is another VPS than `vps` by now.
Outcome changeVps(const QString &siteFile, const Label &vps, const std::function<void(Vps &)> &change);

/// A test on each channel of the site's alarm, all at the same time. Invalid where it names nobody, and the store's
/// error where a secret cannot be read; Cancelled at the stop.
Result<std::vector<AlarmTested>> testAlarm(const Site &site, SecretStore &secrets, std::stop_token stop);

/// One job for one site, from the plan to the proof. One thread; run() once.
class SiteWork
{
public:
    SiteWork(Site site, QString siteFile, SecretStore &secrets, JobTalk &talk, RunStops stops);

    Result<JobEnd> run(const CheckOrder &order);
    Result<JobEnd> run(const LookOrder &order);
    Result<JobEnd> run(const RunsOrder &order);
    Result<JobEnd> run(const AlarmTestOrder &order);
    Result<JobEnd> run(const ApplyOrder &order);
    Result<JobEnd> run(const RollBackOrder &order);
    Result<JobEnd> run(const RemoveOrder &order);
    Result<JobEnd> run(const ReplaceOrder &order);

private:
    /// What is to be carried out, and what belongs to it.
    struct Act {
        Site site;
        PlanScope looksAt = PlanScope::All; ///< what the plan has to know
        std::function<Result<Plan>(Engine &, const Observation &)> plan;
        bool partly = false;     ///< also where something else of it is in the way
        bool asks = true;        ///< unless there is nothing to do
        bool asksAlways = false; ///< also then: something comes after it
        bool checks = true;
        QString warning;
        QString nothing;
        /// As Engine::Sinks::deployed.
        std::function<Outcome(Engine &)> deployed;
        /// After the last change; a failure ends it there.
        std::function<Outcome(Engine &)> after;
        /// What comes last, be it well or not.
        std::function<void(Engine &, JobEnd &)> last;
    };

    Engine::Sinks sinks();
    Outcome lock();
    /// Asks without the lock; true where all is as before.
    Result<bool> asked(const Plan &plan, const QString &warning);
    Result<JobEnd> carryOut(const Act &act);
    void prove(Engine &engine, JobEnd &end);

    // The move to another machine, in parts.
    Result<std::optional<Vps>> newMachine(const ReplaceOrder &order) const;
    Result<PresentedHostKey> keyOfAll(const Vps &vps);
    Outcome meetNewMachine(Site &site, const Vps &old, const NewMachine &machine);
    Outcome bringKey(Site &site, const Secret &password);
    Result<JobEnd> moveBack(const Vps &given, const Vps &left, const Vps &now, bool abandons);
    Result<JobEnd> moveTo(const Site &site, const Vps &old, bool goesOn, bool abandons);
    void afterMove(Engine &engine, const Site &site, const Vps &old, bool abandons, JobEnd &end);
    Result<JobEnd> giveUpOld(const LeftVps &left);
    Outcome forgetOld(const Vps &old);
    void letGo(const Site &site, const LeftVps &left, JobEnd &end);
    Outcome clean(const Site &site, const LeftVps &left);

    Site m_site;
    QString m_siteFile;
    SecretStore &m_secrets;
    JobTalk &m_talk;
    RunStops m_stops;
    std::optional<SiteLock> m_lock;
};

} // namespace sixgate
