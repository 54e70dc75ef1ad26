#include "model/alarmnames.h"
#include "storage/sitefile.h"

#include <QJsonArray>
#include <QJsonDocument>

namespace sixgate
{

namespace
{

/// Writes JSON with the keys in the order of the calls, which QJsonObject would sort by the alphabet.
class Writer
{
public:
    void open(const char *key, char bracket)
    {
        begin(key);
        m_out += bracket;
        m_indent += 2;
        m_empty = true;
    }
    void close(char bracket)
    {
        m_indent -= 2;
        if (!m_empty)
            newLine();
        m_out += bracket;
        m_empty = false;
    }
    void text(const char *key, const QString &value)
    {
        begin(key);
        m_out += quoted(value);
    }
    void number(const char *key, qint64 value)
    {
        begin(key);
        m_out += QByteArray::number(value);
    }
    void boolean(const char *key, bool value)
    {
        begin(key);
        m_out += value ? "true" : "false";
    }
    /// A list on one line.
    template <class List, class Text>
    void texts(const char *key, const List &values, Text text)
    {
        begin(key);
        QByteArrayList items;
        for (const auto &value : values)
            items.append(quoted(text(value)));
        m_out += '[' + items.join(", ") + ']';
    }
    QByteArray done() { return std::move(m_out) + '\n'; }

private:
    void begin(const char *key)
    {
        if (!m_empty)
            m_out += ',';
        if (!m_out.isEmpty())
            newLine();
        m_empty = false;
        if (key)
            m_out += QByteArray("\"") + key + "\": ";
    }
    void newLine() { m_out += '\n' + QByteArray(m_indent, ' '); }
    static QByteArray quoted(const QString &text)
    {
        const QByteArray list = QJsonDocument(QJsonArray{text}).toJson(QJsonDocument::Compact);
        return list.sliced(1, list.size() - 2);
    }

    QByteArray m_out;
    int m_indent = 0;
    bool m_empty = true;
};

void write(Writer &out, const HomeServer &server)
{
    out.open(nullptr, '{');
    out.text("name", server.name.text());
    out.open("address", '{');
    if (const auto *own = std::get_if<AddressOfThisMachine>(&server.address)) {
        out.text("from", QStringLiteral("this-machine"));
        if (own->interface)
            out.text("interface", own->interface->text());
    } else if (const auto *fixed = std::get_if<AddressFromInterfaceId>(&server.address)) {
        out.text("from", QStringLiteral("interface-id"));
        out.text("interfaceId", fixed->id.text());
    } else if (const auto *named = std::get_if<AddressFromLanName>(&server.address)) {
        out.text("from", QStringLiteral("lan-name"));
        out.text("lanName", named->name.ascii());
    }
    out.close('}');
    if (server.pinnedKey)
        out.text("pinnedKey", server.pinnedKey->text());
    out.close('}');
}

void write(Writer &out, const char *key, const TsigKeyRef &ref)
{
    out.open(key, '{');
    out.text("name", ref.name.text());
    out.text("algorithm", tsigAlgorithmName(ref.algorithm));
    out.close('}');
}

void write(Writer &out, const DnsAccount &account)
{
    out.open(nullptr, '{');
    out.text("name", account.name.text());
    const UpdateAccess *update = account.update();
    const ProviderAccess *provider = account.provider();
    out.text("kind", update     ? QStringLiteral("rfc2136")
                     : provider ? QStringLiteral("provider")
                                : QStringLiteral("watched"));
    if (provider)
        out.text("provider", provider->provider.text());
    out.text("zone", account.zone.ascii());
    if (update) {
        out.text("server", serverAddressText(update->server));
        if (update->port.number() != 53)
            out.number("port", update->port.number());
    }
    if (provider && !provider->server.isEmpty())
        out.text("server", provider->server);
    if (account.ttl.count() != 60)
        out.number("ttl", account.ttl.count());
    if (update) {
        write(out, "key", update->key);
        if (update->acmeKey)
            write(out, "acmeKey", *update->acmeKey);
    }
    if (provider && !provider->url.isEmpty())
        out.text("url", provider->url);
    if (provider && !provider->plain.empty()) {
        out.open("credentials", '{');
        for (const auto &[name, value] : provider->plain)
            out.text(name.text().toLatin1().constData(), value);
        out.close('}');
    }
    if (provider && provider->ownAcme)
        out.text("acmeCredentials", *provider->ownAcme ? QStringLiteral("own") : QStringLiteral("shared"));
    out.close('}');
}

void write(Writer &out, const Vps &vps)
{
    out.open(nullptr, '{');
    out.text("name", vps.name.text());
    out.text("host", vps.host.ascii());
    if (!vps.addresses.empty())
        out.texts("addresses", vps.addresses, [](const IpAddress &address) { return ipText(address); });
    if (!vps.pushKeys.empty())
        out.texts("pushKeys", vps.pushKeys, [](const PushKey &key) { return key.text(); });
    out.open("ssh", '{');
    if (vps.sshPort.number() != 22)
        out.number("port", vps.sshPort.number());
    out.text("user", vps.user.text());
    if (vps.auth != SshAuth::Key)
        out.text("auth", sshAuthName(vps.auth));
    if (!vps.keyFile.isEmpty())
        out.text("keyFile", vps.keyFile);
    out.texts("hostKeys", vps.hostKeys, [](const HostKeyPin &key) { return key.text(); });
    out.close('}');
    out.open("acme", '{');
    out.text("directory", vps.acme.directory.text());
    if (vps.acme.mail)
        out.text("mail", vps.acme.mail->text());
    out.boolean("agreeToTerms", vps.acme.termsAgreed);
    if (vps.acme.propagation.count() != 30)
        out.number("propagationSeconds", vps.acme.propagation.count());
    out.close('}');
    out.close('}');
}

void write(Writer &out, const Service &service)
{
    out.open(nullptr, '{');
    out.text("name", service.name.text());
    out.texts("publicNames", service.publicNames, [](const Hostname &name) { return name.ascii(); });
    out.text("upstreamName", service.upstreamName.ascii());
    out.text("server", service.server.text());
    if (service.port.number() != 443)
        out.number("port", service.port.number());
    if (service.probePath.text() != QLatin1String("/"))
        out.text("probePath", service.probePath.text());
    if (service.challenge != Challenge::Dns)
        out.text("challenge", challengeName(service.challenge));
    out.close('}');
}

void write(Writer &out, const SmtpServer &smtp)
{
    out.open("smtp", '{');
    out.text("host", smtp.host.ascii());
    if (smtp.port.number() != standardPort(smtp.security))
        out.number("port", smtp.port.number());
    if (smtp.security != SmtpSecurity::StartTls)
        out.text("security", smtpSecurityName(smtp.security));
    if (!smtp.user.isEmpty())
        out.text("user", smtp.user);
    out.close('}');
}

void write(Writer &out, const Webhook &hook)
{
    out.open(nullptr, '{');
    out.text("name", hook.name.text());
    out.text("kind", webhookKindName(hook.kind));
    out.close('}');
}

template <class T>
void writeEach(Writer &out, const char *key, const std::vector<T> &items)
{
    out.open(key, '[');
    for (const T &item : items)
        write(out, item);
    out.close(']');
}

void write(Writer &out, const Alarm &alarm)
{
    out.open("alarm", '{');
    if (alarm.mail) {
        out.open("mail", '{');
        out.text("to", alarm.mail->to.text());
        if (alarm.mail->from != alarm.mail->to)
            out.text("from", alarm.mail->from.text());
        if (alarm.mail->smtp)
            write(out, *alarm.mail->smtp);
        out.close('}');
    }
    if (!alarm.webhooks.empty())
        writeEach(out, "webhooks", alarm.webhooks);
    const Alarm standard;
    if (alarm.silence != standard.silence)
        out.number("silence", alarm.silence.count());
    if (alarm.lasting != standard.lasting)
        out.number("lasting", alarm.lasting.count());
    out.close('}');
}

} // namespace

QByteArray vpsJson(const Vps &vps)
{
    Writer out;
    write(out, vps);
    return out.done();
}

QByteArray siteJson(const Site &site)
{
    Writer out;
    out.open(nullptr, '{');
    out.number("schema", site.schema);
    out.text("name", site.name.text());
    writeEach(out, "servers", site.servers);
    writeEach(out, "dns", site.dns);
    writeEach(out, "vps", site.vps);
    writeEach(out, "services", site.services);
    if (!site.echo.empty())
        out.texts("echo", site.echo, [](const EchoService &service) { return service.text(); });
    if (site.alarm)
        write(out, *site.alarm);
    out.close('}');
    return out.done();
}

} // namespace sixgate
