#pragma once

#include "model/ipaddress.h"
#include "model/names.h"
#include "model/observation.h"

#include <QDateTime>

#include <map>
#include <optional>
#include <vector>

namespace sixgate
{

/// What one check cannot see, remembered from earlier ones. Losing it costs nothing but what it would have told.

/// What a record was, from some moment on.
struct RecordObserved {
    QDateTime at; ///< UTC
    std::vector<QString> values;
    bool ours = false; ///< the value that Sixgate had set last

    friend bool operator==(const RecordObserved &, const RecordObserved &) = default;
};

/// The last answer of a DNS account to a change.
struct AccountAnswer {
    QDateTime at;
    bool accepted = true;
    QString text; ///< the error's sentence and evidence; empty where accepted

    friend bool operator==(const AccountAnswer &, const AccountAnswer &) = default;
};

/// An address at which a server was proven.
struct AddressUsed {
    QDateTime at;
    Ipv6Address address;

    friend bool operator==(const AddressUsed &, const AddressUsed &) = default;
};

struct SiteMemory {
    std::map<RecordKey, std::vector<RecordObserved>> records; ///< oldest first; one more only when the values change
    std::map<Label, AccountAnswer> accounts;
    std::map<Label, std::vector<AddressUsed>> addresses; ///< server → oldest first, each once
    std::map<Label, QString> macs;                       ///< server → hardware address `02:00:5e:…`
    std::vector<IpAddress> nameServers;                  ///< authoritative ones, that answered last
    std::vector<IpAddress> vps;                          ///< addresses of the VPS name that were seen last
    QString router; ///< hardware address of the home's router: tells whether this machine is at home
    std::optional<QDateTime> sshWorked; ///< when a login succeeded last
    std::vector<QDateTime> sshRefused;  ///< refused logins since then

    friend bool operator==(const SiteMemory &, const SiteMemory &) = default;
};

} // namespace sixgate
