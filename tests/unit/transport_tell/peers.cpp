#include "peers.h"

#include <sys/socket.h>

namespace sixgate::test
{

namespace
{

void send(int fd, const QByteArray &bytes)
{
    for (qsizetype at = 0; at < bytes.size();) {
        const ssize_t done = ::send(fd, bytes.constData() + at, size_t(bytes.size() - at), MSG_NOSIGNAL);
        if (done <= 0)
            return;
        at += done;
    }
}

} // namespace

const Identity &root()
{
    static const Identity all = makeIdentity({{}, "Trusted root", -3600, 86400, true});
    return all;
}

const Identity &good()
{
    static const Identity all = makeIdentity({{"mail.localhost", "hook.localhost"}}, &root());
    return all;
}

Asked readAsked(const std::function<int(char *, int)> &read)
{
    Asked asked;
    QByteArray bytes;
    char buffer[4096];
    qsizetype end = -1;
    qsizetype length = 0;
    while (end < 0 || bytes.size() < end + length) {
        const int got = read(buffer, sizeof buffer);
        if (got <= 0)
            return {};
        bytes.append(buffer, got);
        if (end < 0 && bytes.contains("\r\n\r\n")) {
            end = bytes.indexOf("\r\n\r\n") + 4;
            for (const QByteArray &one : bytes.left(end).split('\n')) {
                if (one.toLower().startsWith("content-length:"))
                    length = one.mid(15).trimmed().toLongLong();
            }
        }
    }
    return {bytes.left(end), bytes.mid(end)};
}

WebPeer::WebPeer(const Identity *shown, QByteArray answer, std::function<void()> meanwhile)
    : m_answer(std::move(answer)), m_meanwhile(std::move(meanwhile)),
      m_server("127.0.0.1", 0,
               shown ? tlsSession(*shown, {},
                                  [this](SSL *ssl) {
                                      const Asked asked =
                                          readAsked([ssl](char *into, int most) { return SSL_read(ssl, into, most); });
                                      writeAll(ssl, answerTo(asked));
                                  })
                     : Server::Raw([this](int fd) {
                           const Asked asked =
                               readAsked([fd](char *into, int most) { return int(::recv(fd, into, size_t(most), 0)); });
                           send(fd, answerTo(asked));
                       }))
{
}

QByteArray WebPeer::answerTo(const Asked &asked)
{
    if (asked.head.isEmpty())
        return {};
    if (m_meanwhile)
        m_meanwhile();
    const std::lock_guard lock(m_mutex);
    m_asked.push_back(asked);
    return m_answer;
}

std::vector<Asked> WebPeer::asked() const
{
    const std::lock_guard lock(m_mutex);
    return m_asked;
}

MailPeer::MailPeer(Ways ways) : m_ways(std::move(ways)), m_server("127.0.0.1", 0, session()) {}

Server::Raw MailPeer::session()
{
    const auto overTls = [this](SSL *ssl) {
        Line line{[ssl](char *into, int most) { return SSL_read(ssl, into, most); },
                  [ssl](const QByteArray &bytes) { writeAll(ssl, bytes); }};
        line.encrypted = true;
        talk(line, -1);
    };
    if (m_ways.tlsAtOnce)
        return tlsSession(*m_ways.shown, {}, overTls);
    return [this, overTls](int fd) {
        Line line{[fd](char *into, int most) { return int(::recv(fd, into, size_t(most), 0)); },
                  [fd](const QByteArray &bytes) { send(fd, bytes); }};
        talk(line, fd);
    };
}

bool MailPeer::next(Line &line, QByteArray &said)
{
    while (!line.buffer.contains('\n')) {
        char buffer[4096];
        const int got = line.read(buffer, sizeof buffer);
        if (got <= 0)
            return false;
        line.buffer.append(buffer, got);
    }
    const qsizetype end = line.buffer.indexOf('\n');
    said = line.buffer.left(end + 1);
    line.buffer.remove(0, end + 1);
    const std::lock_guard lock(m_mutex);
    m_lines << (line.encrypted ? QByteArray() : QByteArray("*")) + said.trimmed();
    return true;
}

void MailPeer::talk(Line &line, int fd)
{
    // After STARTTLS the greeting is not repeated.
    if (!line.encrypted || m_ways.tlsAtOnce)
        line.write("220 mail.localhost ESMTP\r\n");
    QByteArray said;
    while (next(line, said)) {
        const QByteArray word = said.left(4).toUpper();
        if (word == "EHLO") {
            if (m_ways.meanwhile)
                m_ways.meanwhile();
            line.write(QByteArray("250-mail.localhost\r\n") +
                       (m_ways.startTls && !line.encrypted ? "250-STARTTLS\r\n" : "") +
                       (m_ways.login.isEmpty() ? "" : "250-AUTH PLAIN\r\n") + "250 8BITMIME\r\n");
        } else if (word == "STAR") {
            line.write("220 Go ahead\r\n");
            tlsSession(*m_ways.shown, {}, [this](SSL *ssl) {
                Line secret{[ssl](char *into, int most) { return SSL_read(ssl, into, most); },
                            [ssl](const QByteArray &bytes) { writeAll(ssl, bytes); }};
                secret.encrypted = true;
                talk(secret, -1);
            })(fd);
            return;
        } else if (word == "AUTH") {
            QByteArray text = said.trimmed().split(' ').value(2);
            if (text.isEmpty()) {
                line.write("334 \r\n");
                if (!next(line, said))
                    return;
                text = said.trimmed();
            }
            const auto parts = QByteArray::fromBase64(text).split('\0');
            line.write(parts.value(1) + ' ' + parts.value(2) == m_ways.login ? "235 Ok\r\n" : "535 No\r\n");
        } else if (word == "RCPT") {
            line.write(m_ways.atRecipient + "\r\n");
        } else if (word == "DATA") {
            line.write("354 Go ahead\r\n");
            QByteArray mail;
            while (next(line, said) && said != ".\r\n")
                mail += said;
            {
                const std::lock_guard lock(m_mutex);
                m_mails << mail;
            }
            line.write("250 Ok\r\n");
        } else if (word == "QUIT") {
            line.write("221 Bye\r\n");
            return;
        } else {
            line.write("250 Ok\r\n");
        }
    }
}

QByteArrayList MailPeer::mails() const
{
    const std::lock_guard lock(m_mutex);
    return m_mails;
}

QByteArrayList MailPeer::lines() const
{
    const std::lock_guard lock(m_mutex);
    return m_lines;
}

} // namespace sixgate::test
