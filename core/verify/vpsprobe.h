#pragma once

#include "model/deadline.h"
#include "model/hostname.h"
#include "model/ipaddress.h"
#include "model/port.h"
#include "transport/ssh.h"

#include <chrono>
#include <map>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>

namespace sixgate
{

/// What the VPS reaches: many questions by one run of resources/vps/probe.pl.

using Endpoint = std::pair<IpAddress, Port>;

struct ProbeQuestions {
    std::set<Hostname> resolve;
    std::set<Endpoint> connect;
    std::set<Hostname> lookUp;              ///< AAAA, asked of the VPS's resolver itself
    std::map<Endpoint, Endpoint> insteadOf; ///< one more connection, given up when the other (of `connect`) is made
    /// Sent (at most 2048 bytes) to see whether an answer comes when packets are kept small: with segments of at most
    /// 1220 octets (RFC 8200 §5: every link takes 1280).
    std::map<Endpoint, QByteArray> greet;

    bool empty() const { return resolve.empty() && connect.empty() && lookUp.empty() && greet.empty(); }
};

struct VpsResolved {
    std::chrono::milliseconds took{0};
    std::vector<IpAddress> addresses; ///< none: the VPS knows no address for the name
    QString reason;                   ///< EAI_AGAIN, TIMEOUT …; empty where there was an answer
};

struct VpsConnected {
    std::chrono::milliseconds took{0};
    QString reason; ///< ECONNREFUSED, TIMEOUT …; empty where the connection was made
};

/// What a resolver of the VPS says.
struct VpsLookedUp {
    std::chrono::milliseconds took{0};
    QString resolver;
    int rcode = 0;
    bool bogus = false; ///< it refuses by DNSSEC; the addresses are those of an answer that was not checked
    std::chrono::seconds ttl{0};
    std::vector<Ipv6Address> addresses;
    QString reason; ///< of the last resolver; empty where one answered
};

/// One for each question; `insteadOf` has none where it was given up.
struct VpsAnswers {
    std::map<Hostname, VpsResolved> resolved;
    std::map<Endpoint, VpsConnected> connected;
    std::map<Hostname, VpsLookedUp> lookedUp;
    std::map<Endpoint, VpsConnected> greeted; ///< an answer came where there is no reason
};

/// The script and its questions, as standard input of `perl -`.
QByteArray vpsProbeInput(const ProbeQuestions &questions);

/// The most time that the script may take.
std::chrono::milliseconds vpsProbeLimit(const ProbeQuestions &questions);

/// Reads the script's answer. The VPS is not trusted: Protocol where a single byte is not as documented in probe.pl.
Result<VpsAnswers> parseVpsAnswers(const ProbeQuestions &questions, const QByteArray &answer);

Result<VpsAnswers> askVps(SshSession &session, const ProbeQuestions &questions, const Deadline &deadline,
                          std::stop_token stop);

} // namespace sixgate
