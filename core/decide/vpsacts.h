#pragma once

#include "model/hostkeypin.h"
#include "model/observation.h"
#include "model/plan.h"
#include "model/site.h"
#include "model/vpsmove.h"

namespace sixgate
{

/// One step back: the deployment before the current one. Withheld and blocking where none is kept. Pure.
Plan planRollback(const Site &site, const VpsSeen &vps);

struct RemovalChoices {
    bool keepPackages = false;
    bool records = true; ///< also the public names' A records: nobody answers there any more
};

/// Takes everything away that Sixgate brought to the VPS: first the public names' A records, where `managed` names them
/// or they hold none but the VPS's addresses (another computer may have set them), then the machine's part. Records
/// that stay are named. Pure.
Plan planRemoval(const Site &site, const Observation &seen, const std::vector<ManagedRecord> &managed,
                 const RemovalChoices &choices);

bool shareAnAddress(const Vps &one, const Vps &other);

/// Whether the two may be one machine, by addresses or by host keys: what comes after a move is the removal from the
/// old one. Pure.
bool mayBeSameMachine(const Vps &one, const Vps &other);

/// The move that is open, of the machine that was `left`; nothing where none was, or where the site file still names
/// that machine: there is nothing to go on with then. `now`: the machine that the site file names. Pure.
std::optional<OpenMove> openMove(const Vps &now, const std::optional<LeftVps> &left, const VpsSeen &seen);

/// What an address answers to who asks for the host key.
struct KeyAt {
    IpAddress address;
    Result<PresentedHostKey> key;
};

/// The host key of a new machine that all its addresses lead to. An IPv6 address may be silent: this computer may have
/// no IPv6. HostKey where two addresses differ; the error of an IPv4 address, since visitors are led there. Pure.
Result<PresentedHostKey> oneMachine(const std::vector<KeyAt> &answers);

/// What a lost computer may hold besides the SSH key that was taken out, and what to do about each. Pure.
QStringList stillToRevoke(const Site &site);

/// How long visitors may still come to where the public names lead now: the longest time to live of their A records.
/// Pure.
std::chrono::seconds longestStay(const Site &site, const ZoneSeen &zone);

} // namespace sixgate
