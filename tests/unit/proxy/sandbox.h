#pragma once

#include <QByteArray>

#include <functional>
#include <vector>

/// A machine of its own for the rendered configuration, whose paths and ports are fixed: name spaces for network,
/// mounts and processes, with an /etc, /run and /var/lib of its own in memory. Everything ends and vanishes with the
/// test.
namespace proxytest
{

/// Addresses of the machine: the proxy's, the home's before and after its prefix changed, a visitor's.
inline constexpr auto proxyV4 = "192.0.2.1";
inline constexpr auto proxyV6 = "2001:db8:5::1";
inline constexpr auto homeOld = "2001:db8:1::11";
inline constexpr auto homeNew = "2001:db8:2::11";
inline constexpr auto visitorV4 = "192.0.2.7";
inline constexpr auto visitorV6 = "2001:db8:99::7";

/// Runs `test` inside; its return value, or 1 with a message where the machine cannot be made (root is needed).
int inSandbox(const std::function<int()> &test);

/// Writes a file with the folders above it, in place where it is there.
void writeFile(const QByteArray &path, const QByteArray &content, int mode = 0644);

void makeLink(const QByteArray &target, const QByteArray &path);

struct HostLine {
    QByteArray address;
    QByteArray name;
};
/// What names resolve to; there is no other source of names.
void writeHosts(const std::vector<HostLine> &lines);

} // namespace proxytest
