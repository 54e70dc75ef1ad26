#include "hostile/carry.h"

#include "apply/bundle.h"
#include "ctl/output.h"
#include "decide/acmetalk.h"
#include "decide/alarmsettings.h"
#include "decide/plan.h"
#include "hostile/values.h"
#include "model/alarmnames.h"
#include "observe/vps.h"
#include "resources/resources.h"
#include "storage/sitefile.h"
#include "transport/dnscodec.h"
#include "transport/ssh.h"
#include "verify/vpsprobe.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>

namespace hostile
{

using namespace sixgate;

namespace
{

QString text(const char *latin)
{
    return QString::fromLatin1(latin);
}

bool isApaches(const WantedFile &file)
{
    return file.path.startsWith(text("/etc/sixgate/current/apache/")) || file.path.startsWith(text("/etc/apache2/"));
}

/// Apache's reading of lines: a backslash at the end goes on, the first word is the directive.
QByteArrayList directivesOf(const QByteArray &content)
{
    QByteArrayList names;
    bool goesOn = false;
    for (const QByteArray &line : content.split('\n')) {
        const QByteArray trimmed = line.trimmed();
        if (!goesOn && !trimmed.isEmpty() && !trimmed.startsWith('#'))
            names << trimmed.split(' ').first().split('\t').first();
        goesOn = line.endsWith('\\');
    }
    return names;
}

void count(const QByteArray &content, const QByteArray &kind, std::map<QByteArray, int> &raw)
{
    for (const char *token :
         {"\n", "\r", "\t", "${", "%{", "\"", "'", "`", "\\", "<", ">", "{{", "}}", "$(", "#", ";", "%", "="})
        raw[kind + ' ' + token] += int(content.count(token));
    for (const char byte : content) {
        if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) // as char: beyond ASCII is negative
            ++raw[kind + " other bytes"];
    }
}

QByteArrayList changesOf(const Plan &plan, const std::function<bool(const Change &)> &leaveOut)
{
    QByteArrayList all;
    for (const Change &one : plan.changes) {
        if (leaveOut(one))
            continue;
        all << laneName(one.lane).toLatin1() + ' ' + verbName(one.verb).toLatin1() + ' ' +
                   QByteArray::number(qint64(one.action.index()));
    }
    for (const Withheld &one : plan.withheld)
        all << QByteArray("withheld ") + (one.blocking ? "1" : "0");
    std::sort(all.begin(), all.end());
    return all;
}

Result<QByteArrayList> stepsOf(const Plan &plan)
{
    std::vector<Change> changes;
    for (const Change &one : plan.changes) {
        if (one.lane == Lane::Vps)
            changes.push_back(one);
    }
    std::vector<QByteArray> blobs;
    const auto steps = deploymentSteps(changes, blobs);
    if (!steps)
        return passOn(steps);
    if (const auto bundle = deploymentBundle(changes); !bundle)
        return passOn(bundle);
    QByteArrayList shape;
    const QByteArrayList lines = steps->split('\n');
    for (const QByteArray &line : lines) {
        const auto fields = line.split('\t');
        shape << fields.first() + ' ' + QByteArray::number(fields.size());
        for (const char byte : line) {
            if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
                return fail(ErrorCode::Internal, text("A step holds a byte that is no character."));
        }
    }
    std::sort(shape.begin(), shape.end());
    return shape;
}

/// What the program of the alarm reads of its settings is what the site says.
Outcome readAlarm(const Site &site, const WantedDeployment &wanted)
{
    if (!wanted.alarm.settings)
        return {};
    const auto read = QJsonDocument::fromJson(*wanted.alarm.settings);
    const auto smtp = read[text("mail")][text("smtp")];
    const AlarmMail &mail = *site.alarm->mail;
    if (read[text("mail")][text("to")] != mail.to.text() || smtp[text("user")] != mail.smtp->user ||
        smtp[text("host")] != mail.smtp->host.ascii() ||
        read[text("webhooks")].toArray().size() != qsizetype(site.alarm->webhooks.size()) ||
        wanted.alarm.settings->count('\n') != 1)
        return fail(ErrorCode::Internal, text("The settings of the alarm say something else."));
    return {};
}

/// The questions for the VPS, one a line, and the messages for the name server.
Outcome ask(const Site &site, const Carried &carried, const Observation &seen)
{
    FactsQuestions facts;
    facts.packages = carried.wanted.packages;
    for (const WantedFile &file : carried.wanted.files)
        facts.files.push_back({file.path, file.sha256, file.secret});
    ProbeQuestions probe;
    for (const Service &service : site.services) {
        probe.resolve.insert(service.upstreamName);
        probe.resolve.insert(service.publicNames.begin(), service.publicNames.end());
    }
    const QByteArray questions = vpsFactsInput(facts);
    const QByteArray names = vpsProbeInput(probe);
    if (questions.mid(questions.lastIndexOf("__END__\n")).count('\n') !=
            qsizetype(1 + facts.packages.size() + facts.files.size()) ||
        names.mid(names.lastIndexOf("__END__\n")).count('\n') != qsizetype(1 + probe.resolve.size()))
        return fail(ErrorCode::Internal, text("The questions for the VPS have another number of lines."));
    for (const auto &[key, set] : seen.zone.records) {
        const DnsAccount *account = site.accountFor(key.name);
        if (!account)
            continue;
        const auto question = dnscodec::question(key.name.ascii(), key.type);
        if (const auto query = dnscodec::encodeQuery(question, false, true); !query)
            return passOn(query);
        const UpdateAccess *access = account->update();
        if (!access)
            continue;
        RecordSet wanted{key.name, RecordType::AAAA, account->ttl, {text("2001:db8::11")}};
        const auto update = dnscodec::encodeUpdate(account->zone, wanted, &wanted,
                                                   {access->key.name, access->key.algorithm, Secret("c2VjcmV0"), {}});
        if (!update)
            return passOn(update);
    }
    return {};
}

/// Everything that a RemoteCommand takes, from every part of the site.
void command(const Site &site, Carried &carried)
{
    // A shell's own printf; what it is given it prints, each with a NUL at its end.
    RemoteCommand all("printf");
    all.literal("%s\\0");
    const auto word = [&](const auto &value) {
        all.word(value);
        carried.words << value.text().toUtf8();
    };
    const auto bytes = [&](const QByteArray &value) {
        all.encoded(value);
        carried.words << value.toBase64();
    };
    word(site.name);
    for (const HomeServer &server : site.servers) {
        word(server.name);
        if (const auto *here = std::get_if<AddressOfThisMachine>(&server.address); here && here->interface)
            word(*here->interface);
        if (const auto *named = std::get_if<AddressFromLanName>(&server.address))
            bytes(named->name.ascii().toUtf8());
    }
    for (const DnsAccount &account : site.dns) {
        word(account.name);
        if (const UpdateAccess *access = account.update())
            word(access->key.name);
        if (const TsigKeyRef *key = account.acmeKey())
            word(key->name);
        if (const ProviderAccess *access = account.provider()) {
            word(access->provider);
            for (const auto &[name, value] : access->plain) {
                word(name);
                bytes(value.toUtf8());
            }
            bytes(access->url.toUtf8());
            bytes(access->server.toUtf8());
        }
        bytes(account.zone.ascii().toUtf8());
    }
    for (const Vps &vps : site.vps) {
        word(vps.name);
        word(vps.user);
        word(vps.acme.directory);
        if (vps.acme.mail)
            word(*vps.acme.mail);
        bytes(vps.host.ascii().toUtf8());
    }
    for (const Service &service : site.services) {
        word(service.name);
        word(service.server);
        word(service.probePath);
        for (const Hostname &name : service.publicNames)
            bytes(name.ascii().toUtf8());
    }
    carried.shell = all.text();
}

template <class T>
QString differs(const char *what, const T &good, const T &one)
{
    if (good == one)
        return {};
    return text(what) + text(" differ");
}

} // namespace

VpsFacts bareVps()
{
    VpsFacts facts;
    facts.osId = text("debian");
    facts.osVersion = text("12");
    facts.osName = text("Debian GNU/Linux 12 (bookworm)");
    facts.uid = 0;
    facts.systemd = true;
    facts.hasGlobalIpv6 = true;
    facts.freeBytes = 5LL * 1024 * 1024 * 1024;
    facts.clock = QDateTime(QDate(2026, 6, 1), QTime(0, 0), Qt::UTC);
    return facts;
}

Observation observed(const Site &site, const VpsFacts &facts)
{
    Observation seen;
    for (const HomeServer &server : site.servers)
        seen.home.servers.push_back({server.name, {}, *Ipv6Address::parse(text("2001:db8::11")), {}});
    for (const RecordKey &key : recordKeysToObserve(site, {}))
        seen.zone.records.emplace(key, RecordSet{key.name, key.type, std::chrono::seconds(0), {}});
    seen.vps.ipv4 = std::vector<Ipv4Address>{*Ipv4Address::parse(text("192.0.2.1"))};
    seen.vps.ipv6 = std::vector<Ipv6Address>{};
    seen.vps.facts = facts;
    return seen;
}

Plan planOf(const Site &site, const Observation &seen, const WantedDeployment &wanted)
{
    PlanInputs inputs;
    inputs.deployment = wanted;
    return makePlan(site, seen, inputs);
}

Result<WantedDeployment> deploymentOf(const Site &site)
{
    DeploymentInputs inputs{{resource(u"proxy/apache-site.mustache"), resource(u"proxy/apache-base.conf"),
                             resource(u"proxy/apache-entry.conf"), resource(u"proxy/apache-challenge.mustache")},
                            {},
                            {}};
    inputs.push = {"the daemon\n", "the client\n", "the unit\n"};
    inputs.renewal = {"the rehearsal\n", "its service\n", "its timer\n"};
    inputs.alarm = {"the alarm\n", "the service\n", "the timer\n", "the socket\n", "the mail\n"};
    if (site.alarm) {
        std::map<QString, Secret> secrets;
        for (const QString &name : alarmSecrets(*site.alarm))
            secrets.emplace(name, Secret("https://hook.example.org/secret"));
        auto settings = alarmSettings(site, secrets);
        if (!settings)
            return passOn(settings);
        inputs.alarmForVps = {std::move(*settings), *site.alarm, {}};
    }
    inputs.acmeHook = "the hook\n";
    for (const DnsAccount &account : site.dns) {
        if (const ProviderAccess *access = account.provider(); access && site.needsAcmeKey(account)) {
            std::map<QString, Secret> credentials;
            for (const CredentialField &field : textCredentials(*access->definition))
                credentials.emplace(field.name.text(), Secret("t0ken"));
            std::vector<Hostname> names;
            for (const Service &service : site.services)
                names.insert(names.end(), service.publicNames.begin(), service.publicNames.end());
            auto talk = acmeTalk(account, *access->definition, names, credentials, std::chrono::seconds(30));
            if (!talk)
                return passOn(talk);
            inputs.acmeCredentials.emplace(account.name, std::move(*talk));
        }
        if (!account.acmeKey())
            continue;
        const auto literal = parseIpAddress(serverAddressText(account.update()->server));
        auto credentials = acmeCredentials(account, literal ? *literal : *parseIpAddress(text("192.0.2.53")),
                                           Secret("c2VjcmV0IGFjbWUga2V5"));
        if (!credentials)
            return passOn(credentials);
        inputs.acmeCredentials.emplace(account.name, std::move(*credentials));
    }
    for (const HomeServer &server : site.servers) {
        if (!server.pinnedKey)
            continue;
        inputs.pinnedCertificates.emplace(
            server.name, CertificateSeen{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                                         *server.pinnedKey,
                                         {text("nas.local")},
                                         text("CN=x"),
                                         text("CN=x"),
                                         true,
                                         {},
                                         {}});
    }
    return wantedDeployment(site, inputs);
}

Result<Carried> carry(const Site &site)
{
    Carried carried;
    const auto again = parseSite(siteJson(site));
    if (!again || siteJson(*again) != siteJson(site))
        return fail(ErrorCode::Internal, text("The site file that is written is not the one that was read."));
    auto wanted = deploymentOf(site);
    if (!wanted)
        return passOn(wanted);
    carried.wanted = std::move(*wanted);
    const Observation seen = observed(site, bareVps());
    carried.plan = planOf(site, seen, carried.wanted);
    // A VPS name that lies in no zone of the site gets no records.
    const auto isOwnName = [&](const Change &change) {
        const auto *records = std::get_if<SetRecords>(&change.action);
        return records && !site.vps.empty() && records->wanted.name == site.vps.front().host;
    };
    carried.changes = changesOf(carried.plan, isOwnName);
    for (const WantedFile &file : carried.wanted.files) {
        if (isApaches(file))
            carried.directives.push_back(directivesOf(file.content));
        if (file.path.endsWith(text(".json"))) {
            // Names in Unicode have a spelling of their own in it; but for that its shape is the same.
            QJsonObject talk = QJsonDocument::fromJson(file.content).object();
            if (talk[text("sixgate")] != 1 || talk[text("secrets")].toString().contains(QLatin1Char('\n')))
                return fail(ErrorCode::Internal, text("The talk with the provider says something else."));
            talk.remove(text("spellings"));
            count(QJsonDocument(talk).toJson(), "talk", carried.raw);
        } else if (!file.path.endsWith(text(".pem")))
            count(file.content, isApaches(file) ? "Apache" : file.secret ? "credentials" : "manifest", carried.raw);
    }
    std::sort(carried.directives.begin(), carried.directives.end());
    auto steps = stepsOf(carried.plan);
    if (!steps)
        return passOn(steps);
    carried.steps = std::move(*steps);
    if (const auto read = readAlarm(site, carried.wanted); !read)
        return passOn(read);
    if (const auto asked = ask(site, carried, seen); !asked)
        return passOn(asked);
    command(site, carried);
    for (const Vps &vps : site.vps)
        carried.local += vps.keyFile;
    return carried;
}

QString harm(const Carried &good, const Carried &one)
{
    QString found = differs("the directives", good.directives, one.directives);
    if (found.isEmpty())
        found = differs("the steps", good.steps, one.steps);
    if (found.isEmpty())
        found = differs("the changes", good.changes, one.changes);
    if (found.isEmpty())
        found = harm(one.plan);
    if (found.isEmpty() && !isShowable(one.local))
        found = text("errors would say ") + QString::fromLatin1(escaped(one.local));
    for (const auto &[token, number] : one.raw) {
        const auto before = good.raw.find(token);
        if (before == good.raw.end() || before->second != number)
            found += QStringLiteral("\"%1\" stands there %2 times").arg(QString::fromLatin1(token)).arg(number);
    }
    return found;
}

QString harm(const Plan &plan)
{
    for (const Change &one : plan.changes) {
        for (const QString &shown : {one.id, one.object, one.oldValue, one.newValue, one.oldHash, one.sentence}) {
            if (!isShowable(shown))
                return text("a change says ") + QString::fromLatin1(escaped(shown));
        }
    }
    for (const Withheld &one : plan.withheld) {
        for (const QString &shown : {one.object, one.reason, one.fix}) {
            if (!isShowable(shown))
                return text("what is withheld says ") + QString::fromLatin1(escaped(shown));
        }
    }
    const ctl::Output output(false);
    const QString shown = output.plan(plan, true) + output.withheld(plan.withheld);
    if (!areShowableLines(shown))
        return text("the program prints ") + QString::fromLatin1(escaped(shown));
    return {};
}

QString harm(const Error &error)
{
    if (!isShowable(error.summary) || !error.summary.endsWith(QLatin1Char('.')) || error.summary.size() > 1000)
        return text("the sentence is ") + QString::fromLatin1(escaped(error.summary));
    for (const QString &shown : {error.detail, error.fix}) {
        if (!areShowableLines(shown) || shown.size() > 4000)
            return text("the error says ") + QString::fromLatin1(escaped(shown));
    }
    return {};
}

QByteArrayList wordsByShell(const QByteArray &command)
{
    QProcess shell;
    shell.start(text("/bin/sh"), {text("-c"), QString::fromUtf8(command)});
    shell.closeWriteChannel();
    shell.waitForFinished(10000);
    QByteArray out = shell.readAllStandardOutput();
    if (shell.exitCode() != 0 || !shell.readAllStandardError().isEmpty() || !out.endsWith('\0'))
        return {};
    out.chop(1);
    return out.split('\0');
}

} // namespace hostile
