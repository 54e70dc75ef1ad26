#pragma once

#include "model/provider.h"
#include "model/secret.h"
#include "model/site.h"

#include <QByteArray>

#include <chrono>
#include <map>
#include <vector>

namespace sixgate
{

/// How the VPS sets and removes the texts of challenges (DNS-01, RFC 8555 section 8.4) at a provider, where certbot has
/// no plugin for it. Pure.

/// The credentials that the calls for texts of a definition use: no other one is for the VPS.
std::vector<CredentialField> textCredentials(const ProviderDefinition &provider);

/// Those that the calls for addresses use: what the home needs.
std::vector<CredentialField> addressCredentials(const ProviderDefinition &provider);

/// The talk of `resources/vps/acme/hook.pl` with the provider, as JSON: the definition's calls for texts with all
/// filled in but the name and the text, and what answers mean. Holds `credentials` (by name), so it is secret; nothing
/// else of the account is in it. `names` are those of the certificates, `wait` the seconds after which a text that no
/// name server tells as yet is not waited for any more (0: it is not looked for). Invalid where the definition sets no
/// texts by HTTP or a credential cannot stand where it belongs, NotFound where one is missing; errors never hold its
/// value.
Result<QByteArray> acmeTalk(const DnsAccount &account, const ProviderDefinition &provider,
                            const std::vector<Hostname> &names, const std::map<QString, Secret> &credentials,
                            std::chrono::seconds wait);

/// End of "whoever takes over the VPS could …", where it has the credentials of the home.
QString reachOf(const ProviderDefinition &provider);

/// Where the program that carries it lies on the VPS: outside of the releases, since certbot's renewals call it.
QString acmeHookPath();

} // namespace sixgate
