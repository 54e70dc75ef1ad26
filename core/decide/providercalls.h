#pragma once

#include "model/providertalk.h"
#include "model/site.h"

#include <map>
#include <vector>

namespace sixgate
{

/// Fills a provider's templates in. Pure. Credentials stay names.

/// Placeholder → text. {v4} and {v6} may be missing: then a parameter that needs one is left out.
using Variables = std::map<QString, QString>;

/// The names of all placeholders in a template, in their order.
QStringList placeholdersOf(const QString &text);

/// A template without credentials, e.g. what an item must equal.
Result<QString> filledText(const QString &text, const Variables &variables);

/// `values` are for lists in a JSON body; `extra` are parameters "name=value" that are sent with those of the call.
/// Invalid where a placeholder is neither variable nor credential.
Result<ProviderRequest> providerRequest(const ProviderDefinition &provider, const ProviderCall &call,
                                        const Variables &variables, const std::vector<QString> &values = {},
                                        const QStringList &extra = {});

/// The same for somebody who fills it in later: placeholders of `later` become pieces whose `credential` is "=" and the
/// name that they have there; what a list in a JSON body repeats stands between the pieces "=each" and "=end".
Result<ProviderRequest> unfilledRequest(const ProviderDefinition &provider, const ProviderCall &call,
                                        const Variables &variables, const Variables &later);

/// The definition with a URL of the user's: https, with {host}, and {v4}, {v6} or {addresses} where the addresses
/// belong; {user} and {password} stand for credentials. A family that the URL does not name is not offered.
/// Of the credentials those stay that it uses.
Result<ProviderDefinition> customProvider(ProviderDefinition custom, const QString &url);

/// The definition with the host, and perhaps the port, of a server of the user's own: `dns.example.org:8443`.
Result<ProviderDefinition> providerAt(ProviderDefinition provider, const QString &server);

/// The definition of an account, with its own URL or server where it has one. Invalid where that is none, or lacks a
/// credential.
Result<ProviderDefinition> definitionOf(const ProviderAccess &access);

} // namespace sixgate
