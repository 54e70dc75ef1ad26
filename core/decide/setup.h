#pragma once

#include "model/provider.h"
#include "model/setup.h"

namespace sixgate
{

/// What the setup makes of its answers. Pure.

/// The name under which a zone is kept by RFC 2136, beside the providers' names.
inline constexpr const char *setupByUpdate = "rfc2136";

/// The answers with what follows from the others where the user left it empty: zone, upstream name and VPS name from
/// the first public name, root, ports. Below a provider's own zone the usual names are other people's, so they stay
/// empty there.
SetupAnswers completed(SetupAnswers answers, const Providers &providers);

/// The interface identifier that was entered: as such, or as the lower half of a whole address; nothing where it is a
/// name, or nothing that can be used.
std::optional<InterfaceId> enteredId(const SetupAnswers &answers);

/// The names of a service, as entered.
QStringList setupNames(const SetupService &service);

/// What is missing or wrong, in the order of the pages and their fields. Host key and interface identifier count as
/// missing as long as they are empty.
std::vector<SetupGap> setupGaps(const SetupAnswers &answers, const Providers &providers);

/// The site that the answers describe. Invalid with the sentence of the first gap where there is one.
Result<Site> setupSite(const SetupAnswers &answers, const Providers &providers);

/// The answers that would give this site; nothing where it has more than the setup asks for (several servers,
/// accounts, VPSs or upstream names) or other names for account and VPS than the setup gives.
std::optional<SetupAnswers> setupAnswers(const Site &site);
/// What the setup does not ask for stays as it was `before`: names, alarm, echo services, push keys, probe paths.
Site withRest(Site site, const Site &before);

/// The account and the VPS alone, for trying them before the rest is there: as setupSite(), but only gaps of Names, and
/// of Names and Vps, count; what is missing beyond stands as the example has it.
Result<Site> setupSiteSoFar(const SetupAnswers &answers, const Providers &providers, SetupPage upTo);

/// The records that will be written, for people. `server` and `vps` are addresses as far as they are known.
std::vector<SetupRecord> setupRecords(const SetupAnswers &answers, const Providers &providers,
                                      const std::optional<Ipv6Address> &server, const std::vector<IpAddress> &vps);

/// Whether the home needs a VPS at all.
SetupNeed setupNeed(const Ipv4Verdict &verdict);

/// Secrets that the account needs.
/// Empty where the account cannot be read yet.
std::vector<SetupSecret> setupSecrets(const SetupAnswers &answers, const Providers &providers);

/// Judges the machines that were found: who is fit to be the home server, and why not; the fit ones first.
/// `link` is this computer's own: its prefixes say what is global here.
void judgeServers(std::vector<SetupServer> &servers, const LinkSeen &link);

/// The statuses that an authority and the VPS's rehearsal follow.
bool leadsOn(int status);

/// Whether the home hands a challenge below `path` that it does not know over to the VPS (HTTP-01). `seen`: its last
/// answer in the LAN, redirects to itself followed.
SetupWay judgeHandover(const Hostname &name, const Hostname &vps, const QString &path,
                       const Known<SetupHandover> &seen);

/// Whether the challenges of `name` are delegated to the VPS (DNS-01). `leads`: as its zone's servers tell.
SetupWay judgeDelegation(const Hostname &name, const Hostname &vps, const Known<bool> &leads);

/// What the home's certificate is good for: whether the VPS and visitors will take it for all `names`.
SetupCertificate judgeCertificate(const CertificateSeen &seen, bool chainValid, const QString &chainError,
                                  const std::vector<Hostname> &names, const QString &pinned, const QDateTime &now);

} // namespace sixgate
