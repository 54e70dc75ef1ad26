#pragma once

#include "apply/deployer.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "model/hostkeypin.h"
#include "model/site.h"
#include "storage/secrets.h"

namespace sixgate::ctl
{

/// Shows a host key and where to compare it, and asks; or compares it with --host-key. HostKey where it is another one,
/// Cancelled where the user says no, Invalid where there is nobody to ask.
Outcome confirmHostKey(const Options &options, Output &output, const QString &machine, const PresentedHostKey &key,
                       std::stop_token stop);

/// One line of a public key file; "-" is standard input.
Result<QByteArray> publicKeyLine(const QString &file, std::stop_token stop);

/// `vps rollback`, `vps remove` and `vps replace`: shows the plan, asks, carries it out. Gives the exit code.
int runVpsJob(const Options &options, Output &output, Site site, SecretStore &secrets, RunStops stops);

} // namespace sixgate::ctl
