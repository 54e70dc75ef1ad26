#include "conformance.h"

namespace sixgate::test
{

namespace
{

QStringList linesOf(const QByteArray &head)
{
    return QString::fromUtf8(head).split(QStringLiteral("\r\n"), Qt::SkipEmptyParts);
}

bool hasBody(const QByteArray &request)
{
    return request.startsWith("POST ") || request.startsWith("PUT ") || request.startsWith("PATCH ");
}

} // namespace

QByteArray httpAnswer(int status, const QStringList &headers, const QByteArray &body)
{
    QByteArray answer = "HTTP/1.1 " + QByteArray::number(status) + " Told\r\n";
    for (const QString &header : headers)
        answer += header.toUtf8() + "\r\n";
    if (status == 204)
        return answer + "\r\n";
    return answer + "Content-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" + body;
}

Conformance::Conformance(const Identity &authority, const std::vector<QByteArray> &hosts, std::vector<Expected> script,
                         bool anyCase)
    : m_script(std::move(script)), m_anyCase(anyCase)
{
    Wish wish;
    for (const QByteArray &host : hosts)
        wish.names.push_back(host.constData());
    m_identity = makeIdentity(wish, &authority);
    m_server = std::make_unique<Server>("127.0.0.1", 0, tlsSession(m_identity, {}, [this](SSL *ssl) { serve(ssl); }));
}

FindEndpoint Conformance::find() const
{
    return [this](const Hostname &, Port port, const Deadline &, std::stop_token) -> Result<HttpsEndpoint> {
        if (port.number() != 443)
            return fail(ErrorCode::Invalid, QStringLiteral("The definitions lead to port 443."));
        return HttpsEndpoint{{m_server->address()}, m_server->port()};
    };
}

QString Conformance::complaint() const
{
    const std::lock_guard lock(m_mutex);
    if (!m_complaint.isEmpty())
        return m_complaint;
    return m_at == m_script.size() ? QString()
                                   : QStringLiteral("%1 of %2 requests came; next was to be %3")
                                         .arg(m_at)
                                         .arg(m_script.size())
                                         .arg(QString::fromUtf8(m_script[m_at].request));
}

void Conformance::complain(const QString &what)
{
    if (m_complaint.isEmpty())
        m_complaint = what;
}

void Conformance::serve(SSL *ssl)
{
    ++m_connections;
    QByteArray bytes;
    while (true) {
        while (!bytes.contains("\r\n\r\n")) {
            char buffer[4096];
            const int got = SSL_read(ssl, buffer, sizeof buffer);
            if (got <= 0)
                return;
            bytes.append(buffer, got);
        }
        const qsizetype end = bytes.indexOf("\r\n\r\n");
        const QByteArray head = bytes.left(end);
        bytes.remove(0, end + 4);
        if (!answerOne(ssl, head, bytes))
            return;
    }
}

bool Conformance::answerOne(SSL *ssl, const QByteArray &head, QByteArray &rest)
{
    const std::lock_guard lock(m_mutex);
    ++m_requests;
    const auto refuse = [&](const QString &what) {
        complain(what);
        writeAll(ssl, httpAnswer(418, {QStringLiteral("Connection: close")}, "not as it must be"));
        return false;
    };
    if (m_at == m_script.size())
        return refuse(QStringLiteral("one request more than there must be: ") + linesOf(head).value(0));
    const Expected &wanted = m_script[m_at];
    QStringList lines = linesOf(head);
    const QString first = lines.takeFirst();
    if (first != QString::fromUtf8(wanted.request) + QStringLiteral(" HTTP/1.1"))
        return refuse(QStringLiteral("came: %1\nmust: %2").arg(first, QString::fromUtf8(wanted.request)));
    QStringList must = wanted.headers;
    must << QStringLiteral("Host: ") + QString::fromUtf8(wanted.host) << QStringLiteral("Accept: */*")
         << QStringLiteral("Accept-Encoding: identity");
    if (!wanted.body.isEmpty() || hasBody(wanted.request))
        must << QStringLiteral("Content-Length: %1").arg(wanted.body.size());
    if (m_anyCase) {
        for (QStringList *list : {&must, &lines}) {
            for (QString &line : *list)
                line = line.section(QLatin1Char(':'), 0, 0).toLower() + QLatin1Char(':') +
                       line.section(QLatin1Char(':'), 1);
        }
    }
    must.sort();
    lines.sort();
    if (lines != must)
        return refuse(QStringLiteral("headers of %1\ncame: %2\nmust: %3")
                          .arg(first, lines.join(QStringLiteral(" | ")), must.join(QStringLiteral(" | "))));
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (!name || wanted.host != name)
        return refuse(QStringLiteral("TLS for another name than %1").arg(QString::fromUtf8(wanted.host)));
    while (rest.size() < wanted.body.size()) {
        char buffer[4096];
        const int got = SSL_read(ssl, buffer, sizeof buffer);
        if (got <= 0)
            return refuse(QStringLiteral("the body is too short: ") + QString::fromUtf8(rest));
        rest.append(buffer, got);
    }
    const QByteArray body = rest.left(wanted.body.size());
    rest.remove(0, body.size());
    if (body != wanted.body)
        return refuse(QStringLiteral("body of %1\ncame: %2\nmust: %3")
                          .arg(first, QString::fromUtf8(body), QString::fromUtf8(wanted.body)));
    ++m_at;
    writeAll(ssl, wanted.answer);
    return !wanted.close;
}

} // namespace sixgate::test
