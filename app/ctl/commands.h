#pragma once

#include "ctl/options.h"
#include "ctl/output.h"
#include "model/site.h"
#include "storage/secrets.h"

#include <memory>
#include <stop_token>
#include <vector>

namespace sixgate::ctl
{

/// The commands; each gives its exit code.
int runSite(const Options &options, Output &output);
/// `dns providers`.
int runDns(const Options &options, Output &output);
int runSecret(const Options &options, Output &output, std::stop_token stop);
int runHome(const Options &options, Output &output, std::stop_token stop);
int runPlan(const Options &options, Output &output, std::stop_token stop);
/// `detach` ends the waiting for what goes on by itself.
int runApply(const Options &options, Output &output, std::stop_token stop, std::stop_token detach);
int runVps(const Options &options, Output &output, std::stop_token stop, std::stop_token detach);
/// `vps push-key`.
int runPushKey(const Options &options, Output &output, std::stop_token stop);
int runKeep(const Options &options, Output &output, std::stop_token stop);
int runStatus(const Options &options, Output &output, std::stop_token stop);
int runHistory(const Options &options, Output &output);
/// `alarm test`.
int runAlarm(const Options &options, Output &output, std::stop_token stop);
int runCheck(const Options &options, Output &output, std::stop_token stop);

/// Loads the site file; an error is bad input, whatever its code.
Result<Site> siteOf(const Options &options);

/// The names of the secrets without which the site cannot be kept.
std::vector<QString> secretsNeededBy(const Site &site);

/// Invalid where there are more words than `most`.
Outcome noMoreWords(const Options &options, qsizetype most);

} // namespace sixgate::ctl
