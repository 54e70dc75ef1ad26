#pragma once

#include "apply/deployer.h"
#include "decide/plan.h"
#include "decide/vpsacts.h"
#include "model/pathreport.h"
#include "storage/secrets.h"
#include "storage/state.h"

#include <functional>
#include <memory>
#include <set>
#include <stop_token>

namespace sixgate
{

/// One job for one site: observe, plan, apply, check, over at most one SSH connection. Straight lines: every call
/// blocks and obeys its stop. One call at a time; the sinks are called on that thread or, for paths, on another one.
class Engine
{
public:
    struct Sinks {
        /// One line for a person about what is going on, e.g. "Reading the facts of vps.example.org".
        std::function<void(const QString &)> activity;
        /// The steps of apply(), by change id.
        ProgressSink step;
        /// The VPS is as the plan wants it, and records that lead to it come next; an error ends apply(). Called once,
        /// before all else where the plan leaves the VPS alone.
        std::function<Outcome()> deployed;
        /// Each path as soon as it is proven.
        std::function<void(const PathReport &)> path;
    };

    /// `secrets` outlives the engine.
    Engine(Site site, SecretStore &secrets, Sinks sinks);
    ~Engine();

    const Site &site() const;

    /// Reads what a plan of `scope` needs. What cannot be read is unknown in the observation, with the reason; fails
    /// only with Cancelled and where the state of earlier runs is damaged.
    Result<Observation> observe(PlanScope scope, std::stop_token stop);

    /// Prefixes, candidates and proofs; asks neither the DNS account nor the VPS. Result fails with Cancelled only.
    Result<HomeSeen> observeHome(std::stop_token stop);

    /// The plan for an observation of the same scope by this engine.
    /// `replaceNewer`: also what a newer Sixgate has deployed is replaced. `endsMove`: it goes on with the move that
    /// the state tells of; else the machine that was left is named as one on which Sixgate still is.
    Plan plan(const Observation &seen, PlanScope scope, bool replaceNewer = false, bool endsMove = false) const;

    /// One step back on the VPS, and its removal: for an observation of scope All (Vps where `choices` leave the
    /// records alone).
    Plan rollbackPlan(const Observation &seen) const;
    Plan removalPlan(const Observation &seen, const RemovalChoices &choices) const;

    /// Carries `plan` out in its order and stops at the first change that fails; the VPS's changes are one transaction.
    /// All keys are fetched before anything is changed. Records that were set are remembered, whatever comes after.
    Outcome apply(const Plan &plan, const RunStops &stops);

    /// Remembers, durably, the machine that the site leaves. After observe(), which knows what is remembered.
    const std::optional<LeftVps> &left() const;
    Outcome rememberLeft(std::optional<LeftVps> left);

    /// Proves the four paths and makes the diagnosis; remembers what later checks want to know. After changes it tries
    /// again while resolvers may still hold the old records: at most their time to live, 130 s. Fails with Cancelled
    /// only. `kinds`: only these paths; none: all.
    /// A `monitor`, which checks again and again by itself, holds logins back for a while after they were refused.
    Result<CheckReport> check(std::stop_token stop, const std::set<PathKind> &kinds = {}, bool monitor = false);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace sixgate
