#pragma once

#include "transport/dns.h"

#include <QProcess>
#include <QTemporaryDir>

#include <functional>
#include <memory>
#include <thread>

namespace sixgate::test
{

/// Moves this process, before it has a second thread, into a network of its own with nothing but loopback: every port
/// is free there, and it goes with the process. `resolvConf` takes the place of /etc/resolv.conf.
void enterOwnNetwork(const QString &resolvConf);

/// Runs a program to its end; its output. Fatal where it fails.
QByteArray run(const QString &program, const QStringList &arguments);

template <class T>
T parsed(const char *text)
{
    auto value = T::parse(QString::fromLatin1(text));
    if (!value)
        qFatal("bad test value %s: %s", text, qPrintable(value.error().summary));
    return *value;
}

DnsServer serverAt(const char *address, int port = 53);
DnsServer serverAt(const QString &address, int port);

/// A daemon in a folder of its own; ends with this object, or with this process.
class Daemon
{
public:
    Daemon(const QString &program, const std::function<QStringList(const QString &folder)> &prepare);
    ~Daemon();

    QString log() const;
    QString folder() const { return m_folder.path(); }
    /// Waits until `server` gives an answer for `zone`; fatal where it does not.
    void waitUntilItAnswers(const DnsServer &server, const char *zone, bool recursion = false);

private:
    QTemporaryDir m_folder;
    QProcess m_process;
};

/// A knotd. `listen` are lines of addresses as knot writes them, `rest` follows the server section; `zones` are file
/// name → content. FOLDER in the text is replaced.
std::unique_ptr<Daemon> startKnot(const QString &listen, const QString &rest,
                                  const std::vector<std::pair<QString, QString>> &zones,
                                  const QStringList &wrapper = {});
/// An unbound that recurses from the stub zones given as lines of its configuration.
std::unique_ptr<Daemon> startUnbound(const QString &listen, const QString &stubZones);

/// Stands between us and a server on 127.0.0.1, port 53, and may change what the server says.
class Relay
{
public:
    using Alter = std::function<std::vector<QByteArray>(const QByteArray &answer)>;

    enum class Protocol { Udp, Tcp };
    /// `alter` gives the messages to send instead of the answer; `dropFirst` datagrams are lost on their way.
    Relay(Protocol protocol, Alter alter, int dropFirst = 0);
    ~Relay();

    DnsServer server() const { return serverAt("127.0.0.1", m_port); }
    int requests() const { return m_requests; }

private:
    void serve(std::stop_token stop);
    void serveUdp(std::stop_token stop);
    void serveTcp(std::stop_token stop);

    Protocol m_protocol;
    Alter m_alter;
    int m_dropFirst;
    int m_socket = -1;
    int m_port = 0;
    std::atomic<int> m_requests = 0;
    std::jthread m_thread;
};

} // namespace sixgate::test
