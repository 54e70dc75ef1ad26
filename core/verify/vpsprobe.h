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

    bool empty() const { return resolve.empty() && connect.empty(); }
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

/// One for each question.
struct VpsAnswers {
    std::map<Hostname, VpsResolved> resolved;
    std::map<Endpoint, VpsConnected> connected;
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
