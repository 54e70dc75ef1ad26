#pragma once

#include "testserver.h"

#include <QByteArrayList>

#include <functional>
#include <mutex>

namespace sixgate::test
{

/// Who is at the other end, with what happened there.

/// Stands in a URL or is a password; what is tested for must be in none of the names.
inline constexpr auto canary = "Tr0ub4dor";
/// The authority that is trusted, and its certificate for mail.localhost and hook.localhost.
const Identity &root();
const Identity &good();

/// An HTTP request, whole.
struct Asked {
    QByteArray head;
    QByteArray body;
};

/// Reads one request.
Asked readAsked(const std::function<int(char *, int)> &read);

/// Answers each request with `answer`, over TLS or, without an identity, without.
class WebPeer
{
public:
    WebPeer(const Identity *shown, QByteArray answer, std::function<void()> meanwhile = {});
    QByteArray port() const { return m_server.port().text().toLatin1(); }
    std::vector<Asked> asked() const;

private:
    QByteArray answerTo(const Asked &asked);

    QByteArray m_answer;
    std::function<void()> m_meanwhile;
    mutable std::mutex m_mutex;
    std::vector<Asked> m_asked;
    Server m_server;
};

/// A mail server.
class MailPeer
{
public:
    struct Ways {
        const Identity *shown = nullptr; ///< for STARTTLS, or from the first byte
        bool tlsAtOnce = false;
        bool startTls = true;
        QByteArray login;                     ///< "user password"; empty: none is wanted
        QByteArray atRecipient = "250 Ok";    ///< its answers
        std::function<void()> meanwhile = {}; ///< while it is asked
    };
    explicit MailPeer(Ways ways);
    Port port() const { return m_server.port(); }
    QByteArrayList mails() const;
    /// All that was said to it; ends are cut off, "*" before what came without encryption.
    QByteArrayList lines() const;

private:
    struct Line {
        std::function<int(char *, int)> read;
        std::function<void(const QByteArray &)> write;
        QByteArray buffer = {};
        bool encrypted = false;
    };
    Server::Raw session();
    void talk(Line &line, int fd);
    bool next(Line &line, QByteArray &said);

    Ways m_ways;
    mutable std::mutex m_mutex;
    QByteArrayList m_mails;
    QByteArrayList m_lines;
    Server m_server;
};

} // namespace sixgate::test
