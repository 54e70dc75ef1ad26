#pragma once

#include <cstddef>

namespace sixgate
{

/// How much a SiteMemory holds: the newest is kept. In one place, so that what is folded is what is saved.
struct MemoryLimits {
    static constexpr std::size_t Records = 128;     ///< some sites' worth, with those of former services
    static constexpr std::size_t Observations = 64; ///< of one record
    static constexpr std::size_t Values = 8;        ///< of one observation
    static constexpr std::size_t Addresses = 16;    ///< of one server, of the VPS, of the name servers
    static constexpr std::size_t Names = 64;        ///< servers, accounts
    static constexpr std::size_t RefusedLogins = 16;
    static constexpr int ValueLength = 255;
    static constexpr int TextLength = 2000;
};

} // namespace sixgate
