#pragma once

#include "model/ipv6prefix.h"
#include "model/names.h"
#include "model/pathreport.h"

#include <QDateTime>
#include <QString>

#include <chrono>
#include <map>
#include <optional>

namespace sixgate
{

/// How the home came back after a change of its address, as the keeper measured it; kept by storage/history.h.

enum class RecoveryEnd {
    Open,       ///< under way, or the keeper was ended meanwhile
    Finished,   ///< everything wanted was done and proven
    Superseded, ///< the next change came first
};
QString recoveryEndName(RecoveryEnd end); ///< "open", "finished", "superseded"; stable

/// One of them. Spans count from `at`.
struct Recovery {
    qint64 id = 0; ///< given by the history
    QDateTime at;  ///< when the event came; UTC, exact to the millisecond
    QString cause; ///< one or two words: "event", "poll", "wake"
    std::optional<Label> server;
    std::optional<Ipv6Prefix> oldPrefix;
    std::optional<Ipv6Prefix> newPrefix;
    std::optional<Ipv6Address> oldAddress;
    std::optional<Ipv6Address> newAddress;
    std::optional<std::chrono::milliseconds> usable;     ///< the server was proven at the new address
    std::optional<std::chrono::milliseconds> dnsWritten; ///< the provider took the last record
    std::optional<std::chrono::milliseconds> dnsRead;    ///< every authoritative server was seen to have them
    std::optional<std::chrono::milliseconds> pushed;     ///< the VPS has switched
    std::map<PathKind, std::chrono::milliseconds> proven;
    RecoveryEnd end = RecoveryEnd::Open;

    friend bool operator==(const Recovery &, const Recovery &) = default;
};

/// Something that became something else.
struct KeeperTransition {
    qint64 id = 0; ///< given by the history
    QDateTime at;  ///< UTC, exact to the millisecond
    QString what;  ///< "role", "path cloud.example.org v4", "vps"
    QString from;
    QString to;
    QString text; ///< one sentence

    friend bool operator==(const KeeperTransition &, const KeeperTransition &) = default;
};

} // namespace sixgate
