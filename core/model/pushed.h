#pragma once

#include "model/hostname.h"
#include "model/ipaddress.h"

#include <chrono>

namespace sixgate
{

/// What the VPS said of one pushed address; apply/push.h asks.

enum class PushVerdict {
    Done,      ///< the home's identity was proven there, and the proxy switched
    Unchanged, ///< it was so already
    Refused,
};

struct Pushed {
    Hostname upstream;
    Ipv6Address address;
    PushVerdict verdict = PushVerdict::Refused;
    QString reason;                    ///< of a refusal, one word: not-proven, not-leader, limit …
    std::chrono::milliseconds took{0}; ///< the proof; zero: none was made for this answer
};

} // namespace sixgate
