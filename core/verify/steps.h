#pragma once

#include "model/texts.h"
#include "verify/fourpaths.h"
#include "verify/walk.h"

#include <algorithm>
#include <optional>
#include <type_traits>

namespace sixgate
{

/// Steps that several paths share. Private to the room.

constexpr std::chrono::milliseconds noTime{0};
constexpr std::chrono::milliseconds mostForConnect{3000};
constexpr std::chrono::milliseconds mostForProbe{4500};
constexpr std::chrono::milliseconds mostForProbeFromVps{3500};

template <class Address>
QString listText(const std::vector<Address> &addresses)
{
    QStringList list;
    for (const Address &address : addresses) {
        if constexpr (std::is_same_v<Address, IpAddress>)
            list << ipText(address);
        else
            list << address.text();
    }
    list.sort();
    return list.isEmpty() ? Texts::tr("no address") : list.join(QStringLiteral(", "));
}

template <class Address>
bool sameSet(std::vector<Address> a, std::vector<Address> b)
{
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    return a == b;
}

/// 32 hex digits, as the proxy expects them in X-Sixgate-Probe.
QByteArray newToken();

/// An error that "apply" mends.
Error mendedByApply(ErrorCode code, const QString &summary);

/// The addresses that the zone has for the name; none, and the walk ended, where it has none.
std::vector<Ipv4Address> zoneIpv4(Walk &walk, const ZoneSeen &zone, const Hostname &name);

/// Step "dns": the home's addresses behind a name; none, and the walk ended, where it leads nowhere or back to the VPS.
std::vector<Ipv6Address> homeAddresses(Walk &walk, const VerifyInputs &inputs, const Hostname &name);

ExpectedIdentity homeIdentity(const Ground &ground, const PathQuestion &question);

/// Whether homeIdentity() tells the home from the VPS: by a pin, or since the VPS's keys are known.
bool knowsIdentity(const Ground &ground, const PathQuestion &question);
/// Without knowsIdentity() the step "identity", where it passed, says nothing: the VPS itself may have answered.
void judgeIdentity(Walk &walk, const Ground &ground, const PathQuestion &question);
/// What to ask by HTTP: nothing where it will not be known who answers.
std::optional<HttpQuestion> homeHttp(const Ground &ground, const PathQuestion &question);

/// What an answer of the home means: a status of 500 or more, 421 (RFC 9110 §15.5.20), or a well-known page of nobody's
/// makes the step "http" fail.
void judgeStatus(Walk &walk, const HttpSeen &http);

/// Follows redirects that stay on the name, by new connections: the step "http" fails where they lead round in a
/// circle. What cannot be followed says nothing.
void judgeRedirects(Walk &walk, const PathQuestion &question, const Opener &open, const ExpectedIdentity &identity,
                    const Deadline &deadline, std::stop_token stop);

/// Where nothing is followed: an answer that redirects to the very address that was asked for makes "http" fail.
void judgeOwnRedirect(Walk &walk, const PathQuestion &question);

/// Each goes the path to its end or to the first step that fails.
void walkV4(Walk &walk, const Ground &ground, const PathQuestion &question);
void walkUpstream(Walk &walk, const Ground &ground, const PathQuestion &question);
void walkV6(Walk &walk, const Ground &ground, const PathQuestion &question);
void walkLan(Walk &walk, const Ground &ground, const PathQuestion &question);

} // namespace sixgate
