#pragma once

#include "proxy/sandbox.h"
#include "testserver.h"
#include "transport_ssh/sshdaemon.h"
#include "verify/paths.h"

#include <QTest>

#include <unistd.h>

#include <cstdio>
#include <map>
#include <memory>

/// A home, a VPS and a zone as the probes meet them. The home is 2001:db8:1::11, the VPS 192.0.2.1 and 2001:db8:5::1.
namespace pathtest
{

using sixgate::test::Identity;
using sixgate::test::Server;

sixgate::Hostname host(const char *name);
sixgate::Ipv6Address ip6(const char *text);
sixgate::Ipv4Address ip4(const char *text);
sixgate::Label label(const char *text);

/// The only authority that this process trusts, and what it issued.
struct Authority {
    Identity root = sixgate::test::makeIdentity({{}, "Trusted root", -3600, 86400, true});
    Identity issue(std::vector<const char *> names) const { return sixgate::test::makeIdentity({names}, &root); }
};
Authority &authority();

/// What a server answers: the request's head in, the answer out.
using Answer = std::function<QByteArray(const QByteArray &request)>;
Answer says(const QByteArray &answer);
/// As the proxy does it: an answer of the home, with the request's token as the marker.
Answer marked(const QByteArray &status = "200 OK");

/// A TLS server that answers one request.
Server::Raw https(const Identity &shown, const Answer &answer);

/// A socket that takes no connection: packets to it are not answered.
class Silence
{
public:
    Silence(const char *address, std::uint16_t port);

private:
    std::vector<sixgate::Fd> m_sockets;
};

/// Everything right; a test changes what it needs before it makes the check.
struct Scene {
    Scene();

    sixgate::Site site;
    sixgate::VerifyInputs inputs;
    std::vector<proxytest::HostLine> hosts; ///< what the VPS resolves

    void record(const char *name, sixgate::RecordType type, const QStringList &values);
};

/// Runs a test class in the sandbox.
template <class Test>
int run(int argc, char **argv)
{
    const int status = proxytest::inSandbox([&] {
        QCoreApplication app(argc, argv);
        Test test;
        return QTest::qExec(&test, argc, argv);
    });
    // Process 1 of the name space is gone: nothing can be forked here any more, as the leak check at exit would.
    fflush(nullptr);
    _exit(status);
}

} // namespace pathtest
