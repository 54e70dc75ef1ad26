#pragma once

#include "apply/deployer.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "engine/engine.h"
#include "model/hostkeypin.h"

namespace sixgate::ctl
{

/// Shows a host key and where to compare it, and asks; or compares it with --host-key. HostKey where it is another one,
/// Cancelled where the user says no, Invalid where there is nobody to ask.
Outcome confirmHostKey(const Options &options, Output &output, const QString &machine, const PresentedHostKey &key,
                       std::stop_token stop);

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
    /// Shows and asks; then applies and, unless `check` is false, proves the paths. The site's lock is held by the
    /// caller.
    int carryOut(Engine &engine, const Plan &plan, bool check, const std::function<Outcome()> &whenDone = {});
    int letGo(const Site &old, std::chrono::seconds wait);
    Engine::Sinks sinks();

    const Options &options;
    Output &output;
    SecretStore &secrets;
    RunStops stops;
    std::function<void(const QString &, StepState, const QString &)> m_step;
};

} // namespace sixgate::ctl
