#pragma once

#include "proxy/upstream.h"

#include <QProcess>

#include <map>
#include <memory>

/// A VPS with the push, and a home: inside of proxytest::inSandbox(), where the home is a network of its own beyond a
/// wire. The daemon and the client are the real ones with their real paths, and so are openssl, ip, ss and the
/// resolver.
namespace pushtest
{

/// Addresses of the home; the stranger's is in the same network. Nobody answers at the silent one.
inline constexpr auto oldHome = "2001:db8:71::11";
inline constexpr auto newHome = "2001:db8:72::11";
inline constexpr auto stranger = "2001:db8:73::11";
inline constexpr auto silent = "2001:db8:66::1";
/// The VPS's own.
inline constexpr auto vpsItself = "2001:db8:70::1";

/// Who asks, by the name of his key.
inline constexpr auto ownKey = "0123456789abcdef";
inline constexpr auto otherKey = "fedcba9876543210";

/// Runs a program to its end; its output. Fatal where it fails.
QByteArray run(const QByteArray &commandLine);
QByteArray readFile(const QByteArray &path);

/// A process that ends with this object.
class Running
{
public:
    explicit Running(const QByteArray &commandLine);
    ~Running();
    QProcess process;
};

/// How a server shows itself: as the home, with a certificate of another name, with the VPS's own key for the home's
/// name, or self-signed as the pinned server.
enum class As { Home, Stranger, Vps, Nas };

/// Network, accounts, certificates and the home's servers; once in a test program.
class Scene
{
public:
    Scene();

    /// What the resolver says of the upstream names from now on; none: they have no address.
    void setDns(const QList<QByteArray> &addresses);
    /// The daemon of release `name` is the current one. Without a daemon: the release has no push.
    void activate(const QByteArray &name, bool daemon = true);

    void startDaemon();
    void stopDaemon();
    bool daemonRuns() const;
    qint64 daemonId() const;

    /// Begins to answer at an address beyond the wire.
    std::unique_ptr<proxytest::Upstream> serveAt(const char *address, As who = As::Home, int port = 443) const;

private:
    std::map<As, proxytest::Identity> m_identities;
    std::unique_ptr<Running> m_resolver;
    std::unique_ptr<Running> m_daemon;
};

/// The client with these bytes on its standard input, to its end.
QByteArray say(const QByteArray &bytes, const char *key = ownKey);
/// With these lines after a hello; the answers without that of the hello.
QByteArray ask(const QByteArrayList &lines, const char *key = ownKey, const char *machine = "nas");

/// A connection to the daemon's socket.
int connected();

} // namespace pushtest
