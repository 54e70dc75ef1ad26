// Site files that are not good: one sentence with the place, what is wrong, an example of right.

#include "example.h"

#include "storage/sitefile.h"

using namespace sixgate;

class TestSiteRefused : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refused_data()
    {
        QTest::addColumn<QString>("changes");
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("text"); // a part of the sentence
        const auto at = [](const char *path, const char *changes, const char *text) {
            QTest::newRow(changes) << QString::fromUtf8(changes) << QString::fromUtf8(path) << QString::fromUtf8(text);
        };
        // The path is that of the change.
        const auto row = [&](const char *change, const char *text) {
            at(QByteArray(change).split(' ').first().constData(), change, text);
        };
        // The file.
        row("schema", "missing, for example \"schema\": 1");
        row("schema = \"1\"", "a whole number without quotes is wanted, not a text, for example 1");
        row("schema = 0", "from 1");
        row("schema = 1.5", "whole number");
        row("schema = 2", "newer Sixgate");
        at("schema", "schema = 2\nfuture = 1", "newer Sixgate"); // before anything else
        row("name", "missing, for example \"name\": \"home\"");
        row("name = 7", "a text in quotes is wanted, not a number, for example \"home\"");
        row("name = null", "not null");
        row("name = \"\"", "Example: cloud");
        row("name = \"Home\"", "Example: cloud");
        row("name = \"../../etc\"", "Example: cloud");
        row("servers", "missing");
        row("servers = {}", "a list is wanted, not an object");
        row("dns", "missing");
        row("vps", "missing");
        row("vps = []", "Exactly one VPS is supported for now, not 0");
        row("services", "missing");
        row("service = []", "not known; known here: schema, name, servers, dns, vps, services, echo, alarm");
        row("Name = \"home\"", "not known");
        row("$schema = \"x\"", "not known");

        // Echo services.
        row("echo = \"https://ip.example.org/\"", "a list is wanted");
        at("echo[0]", "echo = [7]", "a text in quotes is wanted");
        at("echo[0]", "echo = [\"ftp://ip.example.org/\"]", "https://, a name and a path are wanted");
        at("echo[0]", "echo = [\"https://me@ip.example.org/\"]", "are wanted. Example: \"https://ip.example.org/\"");
        at("echo[0]", "echo = [\"https://ip.example.org?x=1\"]", "are wanted");
        at("echo[0]", "echo = [\"https://192.0.2.1/\"]", "a host name is wanted");
        at("echo[0]", "echo = [\"https://[2001:db8::1]/\"]", "are wanted");
        at("echo[0]", "echo = [\"https://ip.example.org:0/\"]", "its port is none");
        at("echo[0]", "echo = [\"https://ip.example.org/a b\"]", "its path may hold");
        at("echo[0]", "echo = [\"https://ip.example.org/\\r\\nX: y\"]", "wanted");
        at("echo[1]", "echo = [\"https://ip.example.org/\", \"https://IP.example.org:443\"]", "stands here twice");
        row("echo = [\"https://a.example.org/\", \"https://b.example.org/\", \"https://c.example.org/\", "
            "\"https://d.example.org/\", \"https://e.example.org/\", \"https://f.example.org/\"]",
            "At most 5 echo services");

        // The alarm.
        row("alarm = []", "an object is wanted");
        row("alarm = {}", "Nobody is told: \"mail\" or \"webhooks\" is needed, for example");
        row("alarm = {\"silence\": 600}", "Nobody is told");
        at("alarm.mails", "alarm = {\"mails\": {}}", "known here: mail, webhooks, silence, lasting");
        at("alarm.webhooks", "alarm = {\"webhooks\": []}", "leave \"webhooks\" out");
        at("alarm.webhooks", "alarm = {\"webhooks\": [1, 2, 3, 4, 5, 6, 7, 8, 9]}", "At most 8 webhooks");
        at("alarm.mail.to", "alarm = {\"mail\": {}}", "missing, for example \"to\": \"me@example.org\"");
        const QByteArray alarm =
            "alarm = {\"mail\": {\"to\": \"me@example.org\", \"smtp\": {\"host\": \"smtp.example.org\", \"user\": "
            "\"me\"}}, \"webhooks\": [{\"name\": \"phone\", \"kind\": \"ntfy\"}]}\n";
        const auto more = [&](const char *path, const char *value, const char *text) {
            at(path, (alarm + path + " = " + value).constData(), text);
        };
        more("alarm.silence", "119", "from 120 to 86400");
        more("alarm.silence", "86401", "from 120 to 86400");
        more("alarm.silence", "\"600\"", "a whole number without quotes is wanted");
        more("alarm.lasting", "29", "from 30 to 86400");
        more("alarm.mail.to", "\"me\"", "Example: me@example.org");
        more("alarm.mail.to", "\"me@example.org\\nBcc: you@example.org\"", "is not a mail address");
        more("alarm.mail.from", "\"Me <me@example.org>\"", "is not a mail address");
        more("alarm.mail.smtp.host", "\"192.0.2.25\"", "an address is not a name");
        more("alarm.mail.smtp.port", "0", "from 1 to 65535");
        more("alarm.mail.smtp.security", "\"ssl\"",
             "is not a way to protect mail on its way, for example \"starttls\", \"tls\" or \"none\"");
        more("alarm.mail.smtp.user", "\"my name\"", "ASCII without blanks");
        more("alarm.mail.smtp.user", "\"\"", "ASCII without blanks");
        more("alarm.mail.smtp.user", "\"m\\u00e4x\"", "ASCII without blanks");
        at("alarm.mail.smtp.user", (alarm + "alarm.mail.smtp.security = \"none\"").constData(),
           "could read the password");
        more("alarm.webhooks[0].name", "\"Phone\"", "Example: cloud");
        more("alarm.webhooks[0].name", "\"mail\"", "is how the mail is called");
        more("alarm.webhooks[0].kind", "\"slack\"",
             "is not a kind of webhook, for example \"ntfy\", \"healthchecks\" or \"generic\"");
        at("alarm.webhooks[1].kind", (alarm + "alarm.webhooks[1].name = \"watch\"").constData(),
           "missing, for example \"kind\": \"ntfy\"");
        at("alarm.webhooks[1].name",
           (alarm + "alarm.webhooks[1] = {\"name\": \"phone\", \"kind\": \"generic\"}").constData(),
           "is already the name of alarm.webhooks[0]");

        // Servers.
        row("servers[0] = \"nas\"", "an object is wanted, not a text");
        row("servers[0].name", "missing, for example \"name\": \"nas\"");
        row("servers[0].name = \"my nas\"", "Example: cloud");
        row("servers[0].mac = \"02:00:5e:00:53:01\"", "known here: name, address, pinnedKey");
        row("servers[0].address", "missing, for example \"address\": { \"from\": \"interface-id\"");
        row("servers[0].address = \"::11\"", "an object is wanted");
        row("servers[0].address.from", "missing");
        row("servers[0].address.from = \"router\"", "for example \"interface-id\", \"this-machine\" or \"lan-name\"");
        at("servers[0].address.lanName", "servers[0].address = {\"from\": \"lan-name\"}",
           "missing, for example \"lanName\": \"nas.local\"");
        at("servers[0].address.lanName", "servers[0].address = {\"from\": \"lan-name\", \"lanName\": \"nas local\"}",
           "");
        at("servers[0].address.interfaceId", "servers[0].address.from = \"lan-name\"",
           "goes with \"from\": \"interface-id\"");
        at("servers[0].address.lanName", "servers[0].address.lanName = \"nas.local\"",
           "goes with \"from\": \"lan-name\"");
        at("servers[0].address.lanName",
           "servers[0].address = {\"from\": \"lan-name\", \"lanName\": \"cloud.example.org\"}",
           "is a name that Sixgate publishes");
        row("servers[0].address.interfaceId", "missing, for example \"interfaceId\": \"::11\"");
        row("servers[0].address.interfaceId = \"2001:db8::11\"", "upper half");
        row("servers[0].address.interfaceId = \"::\"", "zero means the router");
        row("servers[0].address.interfaceId = 11", "a text in quotes is wanted");
        row("servers[0].address.interface = \"eth0\"", "goes with \"from\": \"this-machine\"");
        at("servers[0].address.interfaceId", "servers[0].address.from = \"this-machine\"",
           "goes with \"from\": \"interface-id\"");
        at("servers[0].address.interface",
           "servers[0].address = {\"from\": \"this-machine\", \"interface\": \"eth0; reboot\"}", "Example: eth0");
        row("servers[0].pinnedKey = \"SHA256:short\"", "Example: SHA256:");
        at("servers[1].name", "servers[1] = {\"name\": \"nas\", \"address\": {\"from\": \"this-machine\"}}",
           "already the name of servers[0]; choose another, for example \"nas-2\"");

        // DNS accounts.
        row("dns[0].kind", "missing, for example \"kind\": \"rfc2136\"");
        row("dns[0].kind = \"cloudflare\"", "for example \"rfc2136\"");
        row("dns[0].zone = \"*.example.org\"", "is not a host name");
        row("dns[0].zone = \"org\"", "it has no dot");
        const auto other = [&](const char *place, const char *rest, const char *part) {
            at((QByteArray("dns[1].") + place).constData(),
               (QByteArray("dns[1] = {\"name\": \"two\", \"zone\": \"example.net\", ") + rest + '}').constData(), part);
        };
        const auto atProvider = [&](const char *place, const char *rest, const char *part) {
            other(place, (QByteArray("\"kind\": \"provider\", ") + rest).constData(), part);
        };
        other("provider", "\"kind\": \"provider\"", "\"provider\": \"desec\"");
        atProvider("provider", "\"provider\": \"nobody\"",
                   "There is no provider “nobody”; \"sixgatectl dns providers\" lists");
        atProvider("provider", "\"provider\": \"rfc2136\"", "\"kind\": \"rfc2136\"");
        atProvider("credentials", "\"provider\": \"strato\"", "Strato needs \"user\" here");
        atProvider("credentials.password",
                   "\"provider\": \"strato\", \"credentials\": {\"user\": \"a\", \"password\": \"c3dvcmRmaXNo\"}",
                   "This is a secret, and the site file holds none");
        atProvider("credentials.user", "\"provider\": \"desec\", \"credentials\": {\"user\": \"a\"}",
                   "no such credential");
        atProvider("credentials.user", "\"provider\": \"desec\", \"credentials\": {\"user\": \"a\\nb\"}",
                   "ASCII characters on one line");
        atProvider("url", "\"provider\": \"desec\", \"url\": \"https://a.example/{host}\"", "a URL of its own");
        atProvider("url", "\"provider\": \"custom\", \"credentials\": {\"user\": \"a\"}", "needs its URL");
        atProvider("url", "\"provider\": \"custom\", \"url\": \"http://a.example/{host}\"", "https");
        const auto atUrl = [&](const char *url, const char *part) {
            atProvider("url", (QByteArray("\"provider\": \"custom\", \"url\": \"https://") + url + '"').constData(),
                       part);
        };
        atUrl("me:c3dvcmRmaXNo@a.example/u?h={host}&a={v6}", "A secret stands in the part before the host");
        atUrl("c3dvcmRmaXNo@a.example/u?h={host}&a={v6}", "sixgatectl secret set dns.two.password");
        atUrl("{user}:{password}@a.example/u?h={host}&a={v6}", "the part before the host");
        atUrl("a.example/u?h={host}&a={v6}&password=c3dvcmRmaXNo", "the parameter “password”");
        atUrl("a.example/u?h={host}&a={v6}&password=c3dvcmRmaXNo", "write {password} in its place");
        atUrl("a.example/u?h={host}&a={v6}&userPassword=c3dvcmRmaXNo", "the parameter “userPassword”");
        atUrl("a.example/u?h={host}&a={v6}&pw=c3dvcmRmaXNo", "sixgatectl secret set dns.two.password");
        atUrl("a.example/u?h={host}&a={v6}&pwd=c3dvcmRmaXNo", "the parameter “pwd”");
        atUrl("a.example/u?token=c3dvcmRmaXNo&h={host}&a={v6}", "write {token} in its place");
        atUrl("a.example/u?api_key=c3dvcmRmaXNo&h={host}&a={v6}", "sixgatectl secret set dns.two.token");
        atUrl("a.example/u?KEY=c3dvcmRmaXNo&h={host}&a={v6}", "the parameter “KEY”");
        atUrl("me:12/34@a.example.net/u?h={host}&a={v6}", "the part before the host");
        atUrl("a.example/u/a1b2c3d4e5f6a7b8/?h={host}&a={v6}", "the path, as it seems, of the URL");
        atUrl("a.example/u?h={host}&a={v6}&id=geheimnis", "the parameter “id”, as it seems,");
        atUrl("a.example/u?h={host}&a={v6}&a1b2c3d4e5f6a7b8=1", "write {token} in its place");
        atUrl("a.example/u?pass%77ord=c3dvcmRmaXNo&h={host}&a={v6}", "A secret stands in");
        atProvider("key", "\"provider\": \"desec\", \"key\": {}", "not known");
        atProvider("acmeCredentials", "\"provider\": \"desec\", \"acmeCredentials\": \"mine\"", "for example \"own\"");
        atProvider("acmeCredentials", "\"provider\": \"desec\", \"acmeCredentials\": true",
                   "a text in quotes is wanted");
        at("services[0].challenge",
           "dns[0] = {\"name\": \"main\", \"kind\": \"provider\", \"provider\": \"strato\", \"zone\": \"example.org\", "
           "\"credentials\": {\"user\": \"a\"}}",
           "Strato takes no texts; choose \"http\"");
        at("services[0].challenge", "dns[0] = {\"name\": \"main\", \"kind\": \"watched\", \"zone\": \"example.org\"}",
           "\"delegated\"");
        // A server of the user's own.
        atProvider("server", "\"provider\": \"powerdns\"", "PowerDNS runs on a server of your own; name it here");
        atProvider("server", "\"provider\": \"desec\", \"server\": \"a.example.net\"", "a server of its own; leave");
        for (const char *server :
             {"http://a.example.net", "a.example.net/api", "a.example.net:0", "192.0.2.1",
              "me:c3dvcmRmaXNo@a.example.net", "a.example.net?x", "a.example.net:8443\\n", "a", ""})
            atProvider("server", (QByteArray("\"provider\": \"powerdns\", \"server\": \"") + server + '"').constData(),
                       "for example \"dns.example.org\"");
        // Names that the provider cannot keep.
        const auto inOwn = [&](const char *place, const char *account, const char *names, const char *part) {
            at(place,
               (QByteArray("dns[1] = {\"name\": \"two\", \"kind\": \"provider\", ") + account +
                "}\nservices[0].challenge = \"http\"\nservices[0].publicNames = [\"" + names + "\"]")
                   .constData(),
               part);
        };
        inOwn("dns[1].zone", "\"provider\": \"duckdns\", \"zone\": \"example.net\"", "cloud.example.net",
              "(duckdns.org), and “example.net” is none of them, so cloud.example.net cannot be set there");
        inOwn("dns[1].zone", "\"provider\": \"duckdns\", \"zone\": \"me.duckdns.org\"", "cloud.me.duckdns.org",
              "a name below it, and not the zone");
        inOwn("services[0].publicNames[0]", "\"provider\": \"duckdns\", \"zone\": \"duckdns.org\"",
              "cloud.me.duckdns.org", "for example “cloud-me.duckdns.org”");
        inOwn("services[0].publicNames[0]", "\"provider\": \"dynv6\", \"zone\": \"me.dynv6.net\"", "cloud.me.dynv6.net",
              "with “cloud.me.dynv6.net” as its zone");
        inOwn("services[0].publicNames[0]", "\"provider\": \"dynv6\", \"zone\": \"dynv6.net\"", "cloud.me.dynv6.net",
              "one label before dynv6.net");
        // One name only, whichever is meant.
        const auto oneName = [&](const char *place, const char *account, const char *service, const char *part) {
            at(place,
               (QByteArray("dns[1] = {\"name\": \"two\", \"kind\": \"provider\", \"zone\": \"example.net\", ") +
                account + "}\nservices[0].publicNames = [\"a.example.net\", \"b.example.net\"]\n" + service)
                   .constData(),
               part);
        };
        oneName("dns[1].url", "\"provider\": \"custom\", \"url\": \"https://a.example/u?a={addresses}\"",
                "services[0].challenge = \"http\"", "sets one name, whichever is meant, and the account has 2");
        // A text for each name, or one for all.
        at("services[0].publicNames",
           "dns[1] = {\"name\": \"two\", \"kind\": \"provider\", \"provider\": \"duckdns\", \"zone\": "
           "\"duckdns.org\"}\nservices[0].publicNames = [\"a.duckdns.org\", \"b.duckdns.org\"]",
           "make a service of its own for each name");
        at("services[0].challenge",
           "dns[1] = {\"name\": \"two\", \"kind\": \"provider\", \"provider\": \"desec\", \"zone\": "
           "\"dedyn.io\"}\nservices[0].publicNames = [\"me.dedyn.io\"]",
           "give me.dedyn.io an account in \"dns\"");
        other("server", "\"kind\": \"watched\", \"server\": \"ns1.example.net\"", "not known");
        row("dns[0].server", "missing, for example \"server\": \"ns1.example.org\"");
        row("dns[0].server = \"198.51.100\"", "is not an IP address");
        row("dns[0].server = \"198.51.100.300\"", "is not an IP address");
        row("dns[0].server = \"fe80::1%eth0\"", "is not an IP address");
        row("dns[0].server = \"\"", "Example");
        row("dns[0].server = \"ns1.example.org:53\"", "Example");
        row("dns[0].port = \"53\"", "a whole number without quotes is wanted, not a text, for example 53");
        row("dns[0].port = 0", "from 1 to 65535 is wanted, for example 53");
        row("dns[0].port = 65536", "from 1 to 65535");
        row("dns[0].port = 53.5", "whole number");
        row("dns[0].port = 1e30", "whole number");
        row("dns[0].ttl = 0", "from 1 to 86400");
        row("dns[0].ttl = 86401", "from 1 to 86400");
        row("dns[0].ttl = true", "not true or false, for example 60");
        row("dns[0].key", "missing, for example \"key\": { \"name\"");
        row("dns[0].key.name", "missing");
        row("dns[0].key.name = \"a b\"", "Example: sixgate-key");
        row("dns[0].key.algorithm", "missing");
        row("dns[0].key.algorithm = \"hmac-md5.sig-alg.reg.int\"", "too weak, for example \"hmac-sha256\"");
        row("dns[0].key.algorithm = \"hmac-sha1\"", "too weak");
        row("dns[0].key.algorithm = \"hmac-sha384\"", "not understood");
        row("dns[0].key.algorithm = \"HMAC-SHA256\"", "for example \"hmac-sha256\"");
        row("dns[0].acmeKey", "missing, for example \"acmeKey\": { \"name\": \"sixgate-acme\"");
        at("dns[0].acmeKey", "dns[0].acmeKey\nservices[0].challenge = \"http\"",
           "without one each service whose names lie in “example.org” needs \"challenge\": \"http\"");
        at("dns[1].name",
           "dns[1] = {\"name\": \"main\", \"kind\": \"rfc2136\", \"zone\": \"example.net\", \"server\": "
           "\"192.0.2.1\", \"key\": {\"name\": \"a\", \"algorithm\": \"hmac-sha256\"}, \"acmeKey\": "
           "{\"name\": \"b\", \"algorithm\": \"hmac-sha256\"}}",
           "already the name of dns[0]");
        at("dns[1].zone",
           "dns[1] = {\"name\": \"two\", \"kind\": \"rfc2136\", \"zone\": \"Example.ORG.\", \"server\": "
           "\"192.0.2.1\", \"key\": {\"name\": \"a\", \"algorithm\": \"hmac-sha256\"}, \"acmeKey\": "
           "{\"name\": \"b\", \"algorithm\": \"hmac-sha256\"}}",
           "already the zone of dns[0]");

        // The VPS.
        at("vps",
           "vps[1] = {\"name\": \"b\", \"host\": \"b.example.org\", \"ssh\": {\"user\": \"root\", \"keyFile\": "
           "\"/k\", \"hostKeys\": [\"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]}, \"acme\": "
           "{\"agreeToTerms\": true}}",
           "Exactly one VPS is supported for now, not 2");
        row("vps[0].host", "missing, for example \"host\": \"vps.example.org\"");
        row("vps[0].host = \"198.51.100.10\"", "an address is not a name");
        row("vps[0].ssh", "missing");
        row("vps[0].ssh.user = \"-oProxyCommand=id\"", "Example: root");
        row("vps[0].ssh.port = -22", "from 1 to 65535 is wanted, for example 22");
        row("vps[0].ssh.keyFile", "missing, for example \"keyFile\": \"~/.ssh/id_ed25519\"");
        row("vps[0].ssh.keyFile = \"id_ed25519\"", "beginning with / or ~/, for example \"~/.ssh/id_ed25519\"");
        row("vps[0].ssh.keyFile = \"~/.ssh/\"", "private key file");
        row("vps[0].ssh.keyFile = \"/k\\ny\"", "private key file");
        row("vps[0].ssh.keyFile = \"~root/.ssh/id\"", "private key file");
        row("vps[0].ssh.hostKeys", "missing, for example \"hostKeys\": [\"ssh-ed25519 SHA256:…\"]");
        row("vps[0].ssh.hostKeys = []", "At least one fingerprint");
        row("vps[0].ssh.hostKeys = \"SHA256:x\"", "a list is wanted, not a text");
        row("vps[0].ssh.hostKeys[0] = \"ssh-ed25519 AAAA\"", "Example: SHA256:");
        row("vps[0].ssh.hostKeys[1] = \"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"", "stands here twice");
        row("vps[0].acme", "missing");
        row("vps[0].acme.agreeToTerms", "missing, for example \"agreeToTerms\": true");
        row("vps[0].acme.agreeToTerms = \"yes\"", "true or false is wanted, not a text, for example true");
        row("vps[0].acme.directory = \"http://acme.example.org/\"", "Example: https://");
        row("vps[0].acme.mail = \"me\"", "Example: me@example.org");
        row("vps[0].acme.propagationSeconds = 3601", "from 0 to 3600");

        // Services.
        row("services[0].publicNames", "missing, for example \"publicNames\": [\"cloud.example.org\"]");
        row("services[0].publicNames = \"cloud.example.org\"", "a list is wanted");
        row("services[0].publicNames = []", "at least one public name, for example [\"cloud.example.org\"]");
        row("services[0].publicNames[0] = \"cloud\\n</VirtualHost>.example.org\"", "Example: cloud.example.org");
        row("services[0].publicNames[0] = null", "a text in quotes is wanted, not null");
        row("services[0].publicNames[0] = \"cloud.example.net\"",
            "lies in no zone of an account in \"dns\" (example.org), for example \"cloud.example.org\"");
        row("services[0].publicNames[0] = \"vps.example.org\"", "is the VPS name");
        row("services[0].publicNames[1] = \"CLOUD.example.org.\"",
            "already a public name at services[0].publicNames[0]");
        row("services[1].publicNames[0] = \"cloud.example.org\"",
            "already a public name at services[0].publicNames[0]; each name belongs to one service, for example");
        row("services[0].upstreamName", "missing, for example \"upstreamName\": \"home6.example.org\"");
        row("services[0].upstreamName = \"home6.example.net\"", "lies in no zone");
        row("services[0].upstreamName = \"vps.example.org\"", "is the VPS name");
        row("services[0].upstreamName = \"photos.example.org\"", "is a public name too (services[1].publicNames[0])");
        row("services[0].upstreamName = \"cloud.example.org\"", "is a public name too (services[0].publicNames[0])");
        at("services[1].upstreamName",
           "servers[1] = {\"name\": \"pi\", \"address\": {\"from\": \"this-machine\"}}\nservices[1].server = \"pi\"",
           "leads to the server “nas” already (services[0].upstreamName); each server needs an upstream name of its "
           "own, for example \"pi-home6.example.org\"");
        row("services[0].server", "missing, for example \"server\": \"nas\"");
        row("services[0].server = \"pi\"", "There is no server “pi” in \"servers\", for example \"nas\"");
        row("services[0].port = 0", "from 1 to 65535 is wanted, for example 443");
        row("services[0].probePath = \"status\"", "Example: /status");
        row("services[0].probePath = \"/\\r\\nHost: x\"", "Example: /status");
        row("services[0].port_ = 443",
            "known here: name, publicNames, upstreamName, server, port, probePath, challenge");
        row("services[0].challenge = \"tls-alpn\"", "for example \"dns\", \"http\" or \"delegated\"");
        row("services[0].challenge = \"HTTP\"", "for example \"dns\", \"http\" or \"delegated\"");
        row("services[0].challenge = true", "a text in quotes is wanted");
        row("services[1].name = \"cloud\"", "already the name of services[0]");
    }

    void refused()
    {
        QFETCH(QString, changes);
        QFETCH(QString, path);
        QFETCH(QString, text);
        const auto site = parseSite(changedExample(changes));
        QVERIFY(!site);
        const Error &error = site.error();
        QCOMPARE(error.code, ErrorCode::Invalid);
        QVERIFY2(error.summary.startsWith(path + QStringLiteral(": ")), qPrintable(error.summary));
        QVERIFY2(error.summary.contains(text), qPrintable(error.summary));
        QVERIFY2(error.summary.endsWith(QLatin1Char('.')) || error.summary.endsWith(QStringLiteral("SuFU.")),
                 qPrintable(error.summary));
        for (const QChar c : error.summary)
            QVERIFY2(c.unicode() >= 0x20, qPrintable(error.summary));
    }

    void secretsAreTurnedAway_data()
    {
        QTest::addColumn<QString>("change");
        QTest::addColumn<QString>("command");
        const auto row = [](const char *change, const char *command) {
            QTest::newRow(change) << QString::fromUtf8(change) << QString::fromUtf8(command);
        };
        row("dns[0].key.secret = \"c3dvcmRmaXNo\"", "sixgatectl secret set dns.main.key");
        row("dns[0].acmeKey.secret = \"c3dvcmRmaXNo\"", "sixgatectl secret set dns.main.acme-key");
        row("dns[0].key.token = \"c3dvcmRmaXNo\"", "sixgatectl secret set dns.main.key");
        row("vps[0].ssh.passphrase = \"c3dvcmRmaXNo\"", "sixgatectl secret set vps.vps.passphrase");
        row("vps[0].ssh.password = \"c3dvcmRmaXNo\"", "sixgatectl secret set vps.vps.password");
        row("alarm.mail.password = \"c3dvcmRmaXNo\"", "sixgatectl secret set alarm.mail.password");
    }

    void secretsOfTheAlarmAreTurnedAway_data()
    {
        QTest::addColumn<QString>("alarm");
        QTest::addColumn<QString>("place");
        QTest::addColumn<QString>("command");
        const auto row = [](const char *alarm, const char *place, const char *command) {
            QTest::newRow(place) << QString::fromUtf8(alarm) << QString::fromUtf8(place) << QString::fromUtf8(command);
        };
        row("{\"mail\": {\"to\": \"me@example.org\", \"smtp\": {\"host\": \"smtp.example.org\", \"password\": "
            "\"c3dvcmRmaXNo\"}}}",
            "alarm.mail.smtp.password", "sixgatectl secret set alarm.mail.password");
        row("{\"webhooks\": [{\"name\": \"phone\", \"kind\": \"ntfy\", \"url\": "
            "\"https://ntfy.example.org/c3dvcmRmaXNo\"}]}",
            "alarm.webhooks[0].url", "sixgatectl secret set alarm.phone.url");
        row("{\"webhooks\": [{\"url\": \"https://ntfy.example.org/c3dvcmRmaXNo\"}]}", "alarm.webhooks[0].url",
            "sixgatectl secret set alarm.NAME.url");
        row("{\"webhooks\": [{\"name\": \"phone\", \"token\": \"c3dvcmRmaXNo\"}]}", "alarm.webhooks[0].token",
            "sixgatectl secret set alarm.phone.url");
    }

    void secretsOfTheAlarmAreTurnedAway()
    {
        QFETCH(QString, alarm);
        QFETCH(QString, place);
        QFETCH(QString, command);
        const auto site = parseSite(changedExample(QStringLiteral("alarm = ") + alarm));
        QVERIFY(!site);
        const Error &error = site.error();
        QVERIFY2(error.summary.startsWith(place + QStringLiteral(": ")), qPrintable(error.summary));
        QVERIFY2(error.summary.contains(QStringLiteral("never in the site file.")), qPrintable(error.summary));
        QVERIFY2(error.fix.contains(command), qPrintable(error.fix));
        QVERIFY(!(error.summary + error.detail + error.fix).contains(QStringLiteral("c3dvcmRmaXNo")));
    }

    void secretsAreTurnedAway()
    {
        QFETCH(QString, change);
        QFETCH(QString, command);
        const auto site = parseSite(changedExample(change));
        QVERIFY(!site);
        const Error &error = site.error();
        QCOMPARE(error.summary,
                 change.section(QLatin1Char(' '), 0, 0) + QStringLiteral(": Secrets are never in the site file."));
        QVERIFY2(error.fix.contains(command), qPrintable(error.fix));
        QVERIFY(!(error.summary + error.detail + error.fix).contains(QStringLiteral("c3dvcmRmaXNo")));
    }

    void syntax_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("sentence");
        const auto row = [](const char *name, const QByteArray &text, const char *sentence) {
            QTest::newRow(name) << text << QString::fromUtf8(sentence);
        };
        const QByteArray good = exampleSite();
        row("empty", "", "The site file is empty.");
        row("spaces", " \n\t", "The site file is empty.");
        row("not JSON", "name: home", "not valid JSON at line 1, column ");
        row("comma missing", "{\n  \"schema\": 1\n  \"name\": \"home\"\n}", "line 3, column");
        row("comma too much", "{\n  \"schema\": 1,\n}", "line 3, column");
        row("column in characters", "{\"ä\": tru}", "line 1, column");
        row("cut off", good.left(good.size() / 2), "not valid JSON at line");
        row("comment", "// mine\n" + good, "line 1, column");
        row("two documents", good + good, "not valid JSON");
        row("bad UTF-8", QByteArray(good).replace("nas", "n\xff\xfes"), "not valid JSON");
        row("NUL", QByteArray(good).replace("nas", QByteArray("n\0s", 3)), "");
        row("list", "[]", "must be one JSON object");
        row("text", "\"home\"", "not valid JSON");
        row("deep", QByteArray(100000, '['), "not valid JSON");
        row("key twice",
            QByteArray(good)
                .replace("\"ttl\"", "\"x\"")
                .replace("\"kind\": \"rfc2136\"", "\"kind\": \"x\", \"kind\": \"rfc2136\""),
            "dns[0].kind: This key stands here twice; keep one.");
        row("key twice, once escaped", QByteArray(good).replace("\"schema\": 1", "\"schema\": 1, \"\\u0073chema\": 1"),
            "schema: This key stands here twice");
        row("key twice, deep",
            QByteArray(good).replace("\"name\": \"photos\"", "\"port\": 8443, \"port\": 443, \"name\": \"photos\""),
            "services[1].port: This key stands here twice");
    }

    void syntax()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, sentence);
        const auto site = parseSite(text);
        QVERIFY(!site);
        QCOMPARE(site.error().code, ErrorCode::Invalid);
        QVERIFY2(site.error().summary.contains(sentence), qPrintable(site.error().summary));
        QVERIFY2(site.error().summary.endsWith(QLatin1Char('.')), qPrintable(site.error().summary));
    }

    // A file cut off anywhere is refused.
    void cutOff()
    {
        const QByteArray whole = exampleSite().trimmed();
        for (qsizetype length = 0; length < whole.size(); ++length)
            QVERIFY2(!parseSite(whole.left(length)), qPrintable(QString::number(length)));
    }
};

QTEST_APPLESS_MAIN(TestSiteRefused)
#include "tst_site_refused.moc"
