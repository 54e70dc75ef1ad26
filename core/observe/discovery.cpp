#include "observe/discovery.h"

#include "model/text.h"
#include "observe/lan.h"
#include "transport/io.h"
#include "transport/lanwide.h"
#include "transport/netlink.h"
#include "transport/parallel.h"
#include "transport/tls.h"

#include <QSysInfo>

#include <algorithm>
#include <future>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto askTime = 1500ms;
constexpr auto nameTime = 800ms;
constexpr auto tlsTime = 2000ms;
constexpr std::size_t mostAtOnce = 32;
constexpr std::size_t mostMachines = 256;

class Discovery
{
public:
    Discovery(const LinkSeen &link, const ServersTold &told) : m_link(link), m_told(told) {}

    std::vector<SetupServer> run(const Deadline &deadline, const std::stop_token &stop)
    {
        thisMachine();
        neighbours(QStringLiteral("neighbours"));
        m_told(m_all);
        askAll(deadline.sooner(askTime), stop);
        // Who answered has asked for this machine's hardware address, and so told its own.
        neighbours(QStringLiteral("ping"));
        router();
        askResolver(deadline.sooner(nameTime), stop);
        m_told(m_all);
        tryTls(deadline, stop);
        m_told(m_all);
        return m_all;
    }

private:
    void thisMachine()
    {
        SetupServer own;
        own.thisMachine = true;
        own.name = QSysInfo::machineHostName();
        own.foundBy.insert(QStringLiteral("this-machine"));
        for (const LocalAddress &one : m_link.addresses) {
            if (one.link == LinkKind::Lan && !one.temporary && !one.deprecated && !one.tentative && !one.dadFailed)
                own.addresses.push_back(one.address);
        }
        m_all.push_back(std::move(own));
    }

    bool isOwn(const Ipv6Address &address) const
    {
        return std::any_of(m_link.addresses.begin(), m_link.addresses.end(),
                           [&](const LocalAddress &one) { return one.address == address; });
    }

    static void add(SetupServer &server, const Ipv6Address &address, const QString &by)
    {
        server.foundBy.insert(by);
        if (std::find(server.addresses.begin(), server.addresses.end(), address) == server.addresses.end())
            server.addresses.push_back(address);
    }

    SetupServer *withMac(const QString &mac)
    {
        const auto found = std::find_if(m_all.begin(), m_all.end(),
                                        [&](const SetupServer &one) { return !one.mac.isEmpty() && one.mac == mac; });
        return found == m_all.end() ? nullptr : &*found;
    }

    SetupServer *withAddress(const Ipv6Address &address)
    {
        for (SetupServer &one : m_all) {
            if (std::find(one.addresses.begin(), one.addresses.end(), address) != one.addresses.end())
                return &one;
        }
        return nullptr;
    }

    void neighbours(const QString &by)
    {
        const auto seen = ipv6Neighbours();
        for (const NeighbourSeen &one : seen ? *seen : std::vector<NeighbourSeen>()) {
            if (isOwn(one.address))
                continue;
            SetupServer *server = withMac(one.mac);
            if (!server && m_all.size() < mostMachines) {
                server = &m_all.emplace_back();
                server->mac = one.mac;
            }
            if (!server)
                continue;
            if (std::find(server->addresses.begin(), server->addresses.end(), one.address) == server->addresses.end())
                add(*server, one.address, by);
            server->router = server->router || one.router;
        }
    }

    void router()
    {
        const QString mac = routerHardware();
        if (SetupServer *one = mac.isEmpty() ? nullptr : withMac(mac))
            one->router = true;
    }

    void askAll(const Deadline &deadline, const std::stop_token &stop)
    {
        const auto interfaces = lanInterfaces();
        if (!interfaces)
            return;
        std::vector<Ipv6Address> known;
        for (const SetupServer &one : m_all)
            known.insert(known.end(), one.addresses.begin(), one.addresses.end());
        struct Asked {
            std::future<Result<std::set<Ipv6Address>>> pinged;
            std::future<std::map<QString, std::set<IpAddress>>> named;
        };
        std::vector<Asked> asked;
        for (const auto &[name, index] : *interfaces) {
            std::vector<Ipv6Address> sources;
            for (const LocalAddress &one : m_link.addresses) {
                if (one.interface == name && one.address.isGlobal() && !one.deprecated && !one.tentative)
                    sources.push_back(one.address);
            }
            asked.push_back(
                {std::async(std::launch::async, [=, i = index] { return pingAll(i, sources, deadline, stop); }),
                 std::async(std::launch::async, [=, i = index] { return askMulticastDns(i, known, deadline, stop); })});
        }
        std::map<QString, std::set<IpAddress>> names;
        std::set<Ipv6Address> pinged;
        for (Asked &one : asked) {
            if (const auto answered = one.pinged.get())
                pinged.insert(answered->begin(), answered->end());
            names.merge(one.named.get());
        }
        neighbours(QStringLiteral("ping"));
        for (const Ipv6Address &address : pinged)
            takePinged(address);
        for (const auto &[name, addresses] : names)
            takeName(name, addresses);
    }

    void takePinged(const Ipv6Address &address)
    {
        if (isOwn(address))
            return;
        if (SetupServer *one = withAddress(address))
            one->foundBy.insert(QStringLiteral("ping"));
        else if (m_all.size() < mostMachines)
            add(m_all.emplace_back(), address, QStringLiteral("ping"));
    }

    void takeName(const QString &name, const std::set<IpAddress> &addresses)
    {
        SetupServer *server = nullptr;
        std::vector<Ipv6Address> six;
        for (const IpAddress &one : addresses) {
            if (const auto *address = std::get_if<Ipv6Address>(&one)) {
                six.push_back(*address);
                server = server ? server : withAddress(*address);
            }
        }
        if (!server && !six.empty() && m_all.size() < mostMachines)
            server = &m_all.emplace_back();
        if (!server)
            return;
        if (server->name.isEmpty())
            server->name = shownLine(name.toUtf8());
        for (const Ipv6Address &one : six) {
            if (!server->thisMachine)
                add(*server, one, QStringLiteral("mdns"));
        }
    }

    void askResolver(const Deadline &deadline, const std::stop_token &stop)
    {
        std::vector<Ipv6Address> nameless;
        for (const SetupServer &one : m_all) {
            for (const Ipv6Address &address : one.addresses) {
                if (one.name.isEmpty() && address.scope() != Ipv6Scope::LinkLocal)
                    nameless.push_back(address);
            }
        }
        for (const auto &[address, name] : namesAtResolver(nameless, deadline, stop)) {
            SetupServer *one = withAddress(address);
            if (one && one->name.isEmpty() && name != QLatin1String("localhost"))
                one->name = shownLine(name.toUtf8());
        }
    }

    /// A name that nobody has: who shows a certificate at all shows one for that, too.
    void tryTls(const Deadline &deadline, const std::stop_token &stop)
    {
        const auto name = Hostname::parse(QStringLiteral("sixgate.invalid"));
        const auto port = Port::fromNumber(443);
        forEachParallel(m_all.size(), mostAtOnce, [&](std::size_t i) {
            SetupServer &server = m_all[i];
            auto global = server.addresses;
            std::erase_if(global, [](const Ipv6Address &one) { return !one.isGlobal(); });
            for (const Ipv6Address &address : global) {
                if (stop.stop_requested() || server.certificate)
                    return;
                const Deadline most = deadline.sooner(tlsTime);
                auto socket = connectTcp(address, *port, most, stop);
                if (!socket)
                    continue;
                const auto tls = TlsStream::handshake(std::move(*socket), *name, most, stop);
                if (!tls)
                    continue;
                server.certificate = tls->seen().certificate;
                server.trusted = tls->seen().chainValid || tls->seen().fault == ChainFault::WrongName;
            }
        });
    }

    const LinkSeen &m_link;
    const ServersTold &m_told;
    std::vector<SetupServer> m_all;
};

} // namespace

std::vector<SetupServer> discoverServers(const LinkSeen &link, const ServersTold &told, const Deadline &deadline,
                                         std::stop_token stop)
{
    return Discovery(link, told).run(deadline, stop);
}

} // namespace sixgate
