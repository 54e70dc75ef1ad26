#pragma once

#include "apply/deployer.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/steps.h"
#include "engine/engine.h"
#include "model/hostkeypin.h"

namespace sixgate::ctl
{

/// Shows a host key and where to compare it, and asks; or compares it with --host-key. HostKey where it is another one,
/// Cancelled where the user says no, Invalid where there is nobody to ask.
Outcome confirmHostKey(const Options &options, Output &output, const QString &machine, const PresentedHostKey &key,
                       std::stop_token stop);

/// Changes what the site file says of its VPS now; all else in it stays. The caller holds the site's lock. Moved where
/// that is another VPS than `vps` by now.
Outcome changeVps(const Options &options, const Label &vps, const std::function<void(Vps &)> &change);

/// One line of a public key file; "-" is standard input.
Result<QByteArray> publicKeyLine(const QString &file, std::stop_token stop);

/// What else belongs to carrying a plan out.
struct Around {
    /// Also where the plan is empty: something comes after it.
    bool asksAlways = false;
    /// Stands right above the question.
    QString warning;
    /// What an empty plan means; else it is as the site file wants it.
    QString nothing;
    /// After the last change; a failure ends it there.
    std::function<Outcome()> after;
    /// What belongs to it although it is another job: gets the exit code and the JSON document, gives the exit code.
    std::function<int(int exit, QJsonObject &out)> last;
};

/// What changes a VPS as a whole: shows the plan, asks, carries it out. Each gives its exit code.
class VpsAct
{
public:
    VpsAct(const Options &given, Output &to, SecretStore &from, RunStops ends)
        : options(given), output(to), secrets(from), stops(std::move(ends))
    {
    }

    int rollBack(Site site);
    int remove(Site site);
    int replace(Site site);

private:
    QString command() const;
    /// Shows and asks; then applies and, unless `check` is false, proves the paths. The site's lock is held by the
    /// caller.
    int carryOut(Engine &engine, const Plan &plan, bool check, const Around &around = {});
    Outcome applied(Engine &engine, const Plan &plan, Steps &steps);

    // replace(), in parts.
    Result<std::optional<Vps>> newMachine(const Vps &now) const;
    Result<PresentedHostKey> keyOfAll(const Vps &vps);
    Outcome meetNewMachine(Site &site, const Vps &old);
    int moveTo(const Site &site, const Vps &old, bool goesOn);
    int giveUpOld(const Label &site, QJsonObject &out);
    int letGo(const Site &site, const LeftVps &left, QJsonObject &out);
    Outcome clean(const Site &site, const LeftVps &left, QJsonObject &out);
    Engine::Sinks sinks();

    const Options &options;
    Output &output;
    SecretStore &secrets;
    RunStops stops;
    std::optional<SiteLock> m_lock;
    std::function<void(const QString &, StepState, const QString &)> m_step;
};

} // namespace sixgate::ctl
