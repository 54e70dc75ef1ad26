#pragma once

#include "model/names.h"
#include "model/pathreport.h"

#include <QDateTime>
#include <QString>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace sixgate
{

/// What a keeper is and sees, at one moment; immutable. Unchanged parts are shared with the one before.

/// One address that the keeper keeps right.
struct KeptServer {
    Label server;
    std::optional<Ipv6Address> address; ///< proven; absent: not known
    QString why;                        ///< it is not known
};

/// One record, as the authoritative servers were seen or made last.
struct KeptRecord {
    QString record; ///< "cloud.example.org AAAA"
    std::vector<QString> values;
    bool right = false;
    QString why; ///< it is not right
    QDateTime at;
    std::vector<QString> aliases = {}; ///< public names that are a CNAME and lead to it
};

/// The push of one upstream name.
struct KeptPush {
    QString upstream;
    QString address; ///< empty: none was pushed yet
    bool done = false;
    QString why; ///< it is not
    QDateTime at;
};

/// One path, as it was proven last.
struct KeptPath {
    QString publicName;
    PathKind kind = PathKind::V4;
    PathState state = PathState::Unknown;
    std::chrono::milliseconds took{0};
    QString why; ///< it does not work
    QDateTime at;
    QDateTime certificateUntil = {}; ///< of the one that was shown; invalid: none was
};

/// How the last change of the home's address went; milliseconds from the hint on.
struct KeptRecovery {
    QDateTime at;
    QString before;
    QString after;
    std::map<QString, qint64> took; ///< "address", "dns", "push", "v4", "upstream", "v6", "lan": what came when
};

struct KeeperSnapshot {
    static constexpr int Version = 1;

    QString site;
    QString machine;
    QString program; ///< its version
    qint64 process = 0;
    QDateTime startedAt;
    QString role; ///< "starting", "leader", "follower", "away", "paused"
    QString roleWhy;
    std::vector<QString> prefixes;
    std::vector<KeptServer> servers;
    std::vector<KeptRecord> records;
    std::vector<KeptPush> pushes;
    std::vector<KeptPath> paths;
    std::vector<QString> awaited; ///< "DNS", "VPS", "paths": what this machine is to look at, and has not yet
    std::optional<KeptRecovery> recovery;
    std::vector<QString> troubles;      ///< one sentence each: what the keeper cannot do now, and why
    std::vector<QString> alarmTroubles; ///< the same of the alarm itself: whom it cannot tell

    /// A person may be calm: all was looked at, is right, and kept so.
    bool fine() const;
    /// Notes that `part` is to be looked at.
    void await(const QString &part);
    /// Notes that `part` was looked at.
    void looked(const QString &part);
    /// "It has not looked at everything yet: DNS, paths."; empty where it has.
    QString awaitedText() const;
};

using SharedSnapshot = std::shared_ptr<const KeeperSnapshot>;

/// What others may ask of a keeper.
enum class KeeperIntent {
    Check, ///< look at everything now
    Pause, ///< change nothing until told to resume
    Resume,
};
QString keeperIntentName(KeeperIntent intent); ///< "check", "pause", "resume"

} // namespace sixgate
