#pragma once

#include "transport/ssh.h"

#include <QProcess>
#include <QTemporaryDir>

/// OpenSSH's server on a free port of 127.0.0.1 with host keys, log and authorized keys of its own.
class SshDaemon
{
public:
    /// `extra` are lines for sshd_config; `hostKeys` are key types.
    explicit SshDaemon(const QByteArray &extra = {},
                       const QStringList &hostKeys = {QStringLiteral("ed25519"), QStringLiteral("ecdsa")});
    ~SshDaemon();

    bool running() const { return m_port != 0; }
    /// Kills the daemon and all its connections without a goodbye.
    void kill();

    /// Makes a user key and lets it log in; returns its file.
    QString userKey(const QStringList &keygenOptions = {QStringLiteral("-t"), QStringLiteral("ed25519")},
                    const QString &passphrase = {}, bool authorized = true);
    sixgate::Fingerprint hostKey(const QString &type = QStringLiteral("ed25519")) const;
    /// Ready to connect with `keyFile`.
    sixgate::SshTarget target(const QString &keyFile) const;
    sixgate::Port port() const;

    /// The daemon's log (LogLevel DEBUG1).
    QByteArray log() const;
    /// Connections that came.
    qsizetype connections() const { return log().count("Connection from "); }
    QString path(const QString &name) const { return m_dir.filePath(name); }

private:
    bool start(int port);

    QTemporaryDir m_dir;
    QProcess m_daemon;
    int m_port = 0;
    int m_keys = 0;
};

sixgate::IpAddress ip(const char *text);

/// A TCP socket that listens on a loopback address; port 0 is a free one.
sixgate::Fd listenOn(const char *address, int port, int backlog = 16);
int portOf(const sixgate::Fd &socket);
