#pragma once

#include "model/observation.h"
#include "model/site.h"

#include <optional>
#include <vector>

namespace sixgate
{

/// Which address of a home server is fit to be published. Pure; the proof that the server answers comes after it.

struct AddressChoice {
    /// The best one; empty where none is fit.
    std::optional<Ipv6Address> chosen;
    /// The fit ones, best first: the next is tried where the server does not answer on the one before.
    std::vector<Ipv6Address> fit;
    /// Every candidate, in the order of the input, each with the reason; exactly `chosen` is `taken`.
    std::vector<CandidateVerdict> candidates;
};

/// Of this machine's own addresses: global, lasting (not temporary), preferred, past duplicate detection. Of several
/// the longest preferred lifetime wins, then the longest valid one, then the lowest address (RFC 6724 does not order
/// them for a publisher). With `interface` only its addresses are fit; the others are told as not taken. Addresses of
/// tunnels and of other links without neighbours are fit only where `interface` names theirs: they lead out of the
/// home, and their lifetimes, mostly for ever, would beat those of the LAN's.
AddressChoice chooseOwnAddress(const std::vector<LocalAddress> &addresses,
                               const std::optional<InterfaceName> &interface = std::nullopt);

/// Of the home's on-link /64 prefixes, each joined with `id`. A prefix counts where this machine holds a fit
/// non-deprecated address in it (temporary ones count here: their prefix is as good) or has an on-link route for it;
/// its lifetimes are those of that address. A route counts for nothing where all addresses in its prefix are
/// deprecated: the old prefix's route stays for hours. Order as above; a prefix known by its route alone comes last. A
/// prefix that only a tunnel has is none of the LAN's.
AddressChoice chooseFromInterfaceId(const LinkSeen &link, const InterfaceId &id);

/// Of the addresses that a name in the LAN leads to (LinkSeen::named), those in a prefix that is in use here. Order as
/// above, by the lifetimes of the prefix; of one prefix the first that was told, since the machine may have temporary
/// ones, which look no different here.
AddressChoice chooseFromLanName(const LinkSeen &link, const Hostname &name);

/// The choice that the site file asks for. Of a name in the LAN nothing is chosen where it was not asked for.
AddressChoice chooseAddress(const HomeServer &server, const LinkSeen &link);

/// The global prefixes (/64) in use on this machine's links, best first, each once: more than one is told to the user.
std::vector<Ipv6Prefix> homePrefixes(const LinkSeen &link);

} // namespace sixgate
