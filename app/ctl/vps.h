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
    /// What comes between the user's agreement and the first change, and after the last one. A failure ends it there.
    struct Around {
        std::function<Outcome()> before;
        std::function<Outcome()> after;
    };
    /// Shows and asks; then applies and, unless `check` is false, proves the paths. The site's lock is held by the
    /// caller.
    int carryOut(Engine &engine, const Plan &plan, bool check, const Around &around = {});
    Outcome applied(Engine &engine, const Plan &plan, Steps &steps);

    /// replace(), in parts.
    Result<std::vector<IpAddress>> newAddresses() const;
    /// Whether the machine at these addresses is another one, and the user's; pins its key in `site`.
    Outcome meetNewMachine(Site &site, const LeftVps &old);
    int moveTo(const Site &site, const LeftVps &old, bool goesOn);
    int giveUpOld(const Site &site);
    int letGo(Engine &engine);
    Outcome clean(const Site &old);
    Engine::Sinks sinks();

    const Options &options;
    Output &output;
    SecretStore &secrets;
    RunStops stops;
    std::function<void(const QString &, StepState, const QString &)> m_step;
};

} // namespace sixgate::ctl
