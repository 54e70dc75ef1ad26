// One step back, removal, and what a newer Sixgate or another VPS has to do with a plan.

#include "decide/vpsacts.h"

#include "decide/fitness.h"
#include "decide/plan.h"
#include "sites.h"

#include <QTest>

using namespace sites;

namespace
{

const QString current = QStringLiteral("0123456789abcdef");
const QString before = QStringLiteral("fedcba9876543210");

RecordKey aRecord(const char *name)
{
    return {host(name), RecordType::A};
}

Site oneService()
{
    return site({service("cloud", {"cloud.example.org", "www.example.org"}, "home6.example.org")});
}

VpsFacts deployedFacts()
{
    VpsFacts facts;
    facts.osId = QStringLiteral("debian");
    facts.osVersion = QStringLiteral("12");
    facts.uid = 0;
    facts.systemd = true;
    facts.deployedId = current;
    facts.installed = {QStringLiteral("apache2"), QStringLiteral("certbot")};
    facts.renewals[QStringLiteral("cloud")] = {QStringLiteral("https://acme.example.net/directory"),
                                               QStringLiteral("/etc/sixgate/acme/main.ini")};
    facts.renewals[QStringLiteral("foreign")] = {QStringLiteral("https://acme.example.net/directory"), {}};
    return facts;
}

Observation observed(const VpsFacts &facts)
{
    Observation seen;
    seen.vps.facts = facts;
    seen.vps.ipv4 = std::vector{must(Ipv4Address::parse(QStringLiteral("192.0.2.10")))};
    for (const char *name : {"cloud.example.org", "www.example.org"})
        seen.zone.records.emplace(
            aRecord(name),
            RecordSet{host(name), RecordType::A, std::chrono::seconds(60), {QStringLiteral("192.0.2.10")}});
    return seen;
}

QStringList ids(const Plan &plan)
{
    QStringList all;
    for (const Change &change : plan.changes)
        all << change.id;
    return all;
}

} // namespace

class TestVpsActs : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void back()
    {
        VpsSeen vps;
        VpsFacts facts = deployedFacts();
        facts.previousId = before;
        vps.facts = facts;
        const Plan plan = planRollback(oneService(), vps);
        QCOMPARE(ids(plan), QStringList{QStringLiteral("vps.back")});
        const auto &action = std::get<GoBack>(plan.changes.front().action);
        QCOMPARE(action.releaseId, before);
        QCOMPARE(action.expectedId, current);
        QVERIFY(plan.withheld.empty());
    }

    void noWayBack_data()
    {
        QTest::addColumn<QString>("deployed");
        QTest::addColumn<QString>("previous");
        QTest::addColumn<bool>("known");
        QTest::addColumn<QString>("reason");
        QTest::newRow("the first deployment") << current << QString() << true << QStringLiteral("no deployment before");
        QTest::newRow("nothing there") << QString() << before << true << QStringLiteral("not set anything up");
        QTest::newRow("facts not known") << current << before << false << QStringLiteral("no answer");
    }

    void noWayBack()
    {
        QFETCH(QString, deployed);
        QFETCH(QString, previous);
        QFETCH(bool, known);
        QFETCH(QString, reason);
        VpsSeen vps;
        VpsFacts facts = deployedFacts();
        facts.deployedId = deployed;
        facts.previousId = previous;
        if (known)
            vps.facts = facts;
        else
            vps.facts = fail(ErrorCode::Network, QStringLiteral("no answer"));
        const Plan plan = planRollback(oneService(), vps);
        QVERIFY(plan.empty());
        QCOMPARE(plan.withheld.size(), size_t(1));
        QVERIFY(plan.withheld.front().blocking);
        QVERIFY2(plan.withheld.front().reason.contains(reason), qPrintable(plan.withheld.front().reason));
    }

    void removal_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("expected");
        QTest::addColumn<QString>("told"); ///< of the second name, or of the VPS
        const QString both = QStringLiteral("dns.cloud.example.org.a dns.www.example.org.a vps.remove");
        const QString first = QStringLiteral("dns.cloud.example.org.a vps.remove");
        const auto row = [](const char *what, const QString &expected, const char *told = "") {
            QTest::newRow(what) << QString::fromLatin1(what) << expected << QString::fromLatin1(told);
        };
        row("all", both);
        row("packages stay", both);
        row("records stay", QStringLiteral("vps.remove"));
        row("another computer has set it", both);
        row("another computer has set it, one of several addresses", both);
        row("it was changed to the VPS's other address", both);
        row("it was changed by somebody", first, "leads elsewhere (192.0.2.99)");
        row("another computer has set it, and it leads elsewhere, too", first, "leads to the VPS, but elsewhere, too");
        row("another computer has set it, a wildcard", first, "wildcard");
        row("another computer has set it, the VPS's addresses are not known", first, "leads to the VPS. no answer");
        row("another computer has set it, it cannot be read", first, "no answer");
        row("it cannot be read", first, "no answer");
        row("an alias", first, "alias");
        row("another account's", first, "No DNS account");
        row("it is gone", first);
        row("nothing there", QStringLiteral("dns.cloud.example.org.a dns.www.example.org.a"));
        row("another computer has set it, nothing there", QStringLiteral("dns.cloud.example.org.a"),
            "Sixgate has nothing there");
        row("packages only", both);
        row("facts not known", QString(), "no answer");
    }

    void removal()
    {
        QFETCH(QString, what);
        QFETCH(QString, expected);
        QFETCH(QString, told);
        const auto is = [&what](const char *text) { return what == QLatin1String(text); };
        const auto has = [&what](const char *text) { return what.contains(QLatin1String(text)); };
        Site of = oneService();
        VpsFacts facts = deployedFacts();
        if (has("nothing there") || is("packages only"))
            facts.deployedId.clear();
        if (has("nothing there"))
            facts.installed.clear();
        Observation seen = observed(facts);
        if (is("facts not known"))
            seen.vps.facts = fail(ErrorCode::Network, QStringLiteral("no answer"));
        const std::vector<QString> value = {QStringLiteral("192.0.2.10")};
        std::vector<ManagedRecord> managed = {{aRecord("cloud.example.org"), value}};
        if (!has("another computer has set it"))
            managed.push_back({aRecord("www.example.org"), value});
        const RecordKey second = aRecord("www.example.org");
        if (has("one of several") || has("other address"))
            seen.vps.ipv4->push_back(must(Ipv4Address::parse(QStringLiteral("192.0.2.11"))));
        if (is("it was changed to the VPS's other address"))
            seen.zone.records.at(second)->values = {QStringLiteral("192.0.2.11")};
        if (is("it was changed by somebody"))
            seen.zone.records.at(second)->values = {QStringLiteral("192.0.2.99")};
        if (has("elsewhere, too"))
            seen.zone.records.at(second)->values = {QStringLiteral("192.0.2.10"), QStringLiteral("192.0.2.99")};
        if (has("wildcard"))
            seen.zone.wildcards.insert(second.name);
        if (has("are not known"))
            seen.vps.ipv4 = fail(ErrorCode::Network, QStringLiteral("no answer"));
        if (has("cannot be read"))
            seen.zone.records.at(second) = fail(ErrorCode::Network, QStringLiteral("no answer"));
        if (is("an alias"))
            seen.zone.records.emplace(
                RecordKey{second.name, RecordType::CNAME},
                RecordSet{
                    second.name, RecordType::CNAME, std::chrono::seconds(60), {QStringLiteral("vps.example.org")}});
        if (is("another account's"))
            of.services.front().publicNames.back() = host("www.example.net");
        if (is("it is gone"))
            seen.zone.records.at(second)->values.clear();
        const Plan plan = planRemoval(of, seen, managed, {is("packages stay"), !is("records stay")});
        QCOMPARE(ids(plan), expected.split(QLatin1Char(' '), Qt::SkipEmptyParts));
        QCOMPARE(plan.withheld.size(), size_t(!told.isEmpty()));
        if (!told.isEmpty()) {
            const Withheld &one = plan.withheld.front();
            QVERIFY2(one.reason.contains(told), qPrintable(one.reason));
            // Nobody is kept from a removal by a record that this computer does not look after.
            QCOMPARE(one.blocking, is("facts not known") || is("it cannot be read"));
        }
        for (const Change &change : plan.changes) {
            const auto *records = std::get_if<SetRecords>(&change.action);
            QVERIFY(!records || (records->wanted.values.empty() && !records->expected.values.empty()));
        }
        if (plan.empty() || plan.changes.back().lane != Lane::Vps)
            return;
        const Change &last = plan.changes.back();
        QCOMPARE(std::get<RemoveAll>(last.action).keepPackages, is("packages stay"));
        QCOMPARE(last.diff, is("packages stay") ? QString() : QStringLiteral("apache2 certbot"));
        QVERIFY2(last.sentence.contains(QStringLiteral("cloud")) && !last.sentence.contains(QStringLiteral("foreign")),
                 qPrintable(last.sentence));
    }

    void newerSixgate_data()
    {
        QTest::addColumn<QString>("made");
        QTest::addColumn<QString>("mine");
        QTest::addColumn<bool>("replaceNewer");
        QTest::addColumn<bool>("blocked");
        const auto row = [](const char *made, const char *mine, bool replaceNewer, bool blocked) {
            QTest::addRow("%s, this is %s%s", made, mine, replaceNewer ? ", replaced" : "")
                << QString::fromLatin1(made) << QString::fromLatin1(mine) << replaceNewer << blocked;
        };
        row("0.1.0", "0.1.0", false, false);
        row("0.0.9", "0.1.0", false, false);
        row("0.2.0", "0.1.0", false, true);
        row("0.10.0", "0.9.0", false, true);
        row("0.2.0", "0.1.0", true, false);
        row("", "0.1.0", false, false);
        row("nonsense", "0.1.0", false, false);
    }

    void newerSixgate()
    {
        QFETCH(QString, made);
        QFETCH(QString, mine);
        QFETCH(bool, replaceNewer);
        QFETCH(bool, blocked);
        const Site s = oneService();
        VpsFacts facts = deployedFacts();
        facts.madeVersion = made;
        facts.madeBy = QStringLiteral("ada@laptop");
        facts.freeBytes = -1;
        PlanInputs in{PlanScope::Vps, {}, mine, replaceNewer};
        in.deployment = must(wantedDeployment(s, inputs(s)));
        const Plan plan = makePlan(s, observed(facts), in);
        QCOMPARE(plan.empty(), blocked);
        bool told = false;
        for (const Withheld &one : plan.withheld)
            told = told || (one.blocking && one.reason.contains(QStringLiteral("newer Sixgate")) &&
                            one.reason.contains(QStringLiteral("ada@laptop")) &&
                            one.fix.contains(QStringLiteral("--replace-newer")));
        QCOMPARE(told, blocked);

        // A step back and a removal, the same, but for the choice.
        facts.previousId = before;
        for (const Plan &act : {planRollback(s, observed(facts).vps), planRemoval(s, observed(facts), {}, {})}) {
            QVERIFY(!act.empty());
            const Plan left = leftToNewer(act, s, observed(facts).vps, mine);
            const bool newer = blocked || replaceNewer;
            QCOMPARE(left.empty(), newer);
            QCOMPARE(left.blocked(), newer);
            if (newer)
                QVERIFY(left.withheld.back().reason.contains(QStringLiteral("newer Sixgate")));
        }
        QVERIFY(!leftToNewer({}, s, observed(facts).vps, mine).blocked());
    }

    // With addresses in the site file the VPS name's records are Sixgate's, and lead to the machine only when it is
    // ready.
    void vpsName_data()
    {
        QTest::addColumn<bool>("ipv6");
        QTest::addColumn<bool>("ready");
        QTest::addColumn<bool>("http");
        QTest::addColumn<QString>("expected");
        const QString both = QStringLiteral("vps.example.org A=192.0.2.20 vps.example.org AAAA=2001:db8::20");
        QTest::newRow("both families") << true << true << false << both;
        QTest::newRow("IPv4 only") << false << true << false << "vps.example.org A=192.0.2.20 vps.example.org AAAA=";
        QTest::newRow("not ready") << true << false << false << "";
        // The home hands challenges over to it.
        QTest::newRow("certificates by HTTP") << true << true << true << both;
        QTest::newRow("certificates by HTTP, not ready") << true << false << true << "";
    }

    void vpsName()
    {
        QFETCH(bool, ipv6);
        QFETCH(bool, ready);
        QFETCH(bool, http);
        QFETCH(QString, expected);
        Site s = oneService();
        if (http)
            s.services.front().challenge = Challenge::Http;
        s.vps.front().addresses = {must(parseIpAddress(QStringLiteral("192.0.2.20")))};
        VpsFacts facts = deployedFacts();
        facts.freeBytes = -1;
        if (!ready)
            facts.systemd = false;
        Observation seen = observed(facts);
        seen.vps.ipv4 = std::vector{must(Ipv4Address::parse(QStringLiteral("192.0.2.20")))};
        seen.vps.ipv6 = std::vector<Ipv6Address>();
        if (ipv6)
            seen.vps.ipv6->push_back(must(Ipv6Address::parse(QStringLiteral("2001:db8::20"))));
        const Hostname name = s.vps.front().host;
        for (const auto &[type, value] : {std::pair(RecordType::A, "192.0.2.10"), {RecordType::AAAA, "2001:db8::10"}})
            seen.zone.records.emplace(RecordKey{name, type},
                                      RecordSet{name, type, std::chrono::seconds(60), {QString::fromLatin1(value)}});
        PlanInputs in{PlanScope::All, {}, QStringLiteral("0.1.0"), false};
        in.deployment = must(wantedDeployment(s, inputs(s)));
        QStringList found;
        bool deployed = false;
        for (const Change &change : makePlan(s, seen, in).changes) {
            const auto *records = std::get_if<SetRecords>(&change.action);
            deployed = deployed || change.lane == Lane::Vps;
            if (!records || records->wanted.name != name)
                continue;
            QCOMPARE(deployed, !http);
            found
                << change.object + QLatin1Char('=') +
                       QStringList(records->wanted.values.begin(), records->wanted.values.end()).join(QLatin1Char(','));
        }
        QCOMPARE(found.join(QLatin1Char(' ')), expected);
    }

    // Tested, recognised but never tested, or refused.
    void sameMachine_data()
    {
        QTest::addColumn<QString>("addresses");
        QTest::addColumn<QString>("keys");
        QTest::addColumn<bool>("same");
        QTest::newRow("itself") << "192.0.2.10 2001:db8::10"
                                << "ssh-ed25519 a" << true;
        QTest::newRow("another one") << "192.0.2.20 2001:db8::20"
                                     << "ssh-ed25519 b" << false;
        QTest::newRow("the same address, installed anew") << "192.0.2.10"
                                                          << "ssh-ed25519 b" << true;
        QTest::newRow("the same IPv6 address") << "192.0.2.20 2001:db8::10"
                                               << "ssh-ed25519 b" << true;
        QTest::newRow("another address, the same key") << "192.0.2.20"
                                                       << "ssh-ed25519 a" << true;
        QTest::newRow("the same key, without its type") << "192.0.2.20"
                                                        << "a" << true;
        QTest::newRow("one key of several") << "192.0.2.20"
                                            << "ssh-ed25519 b,a" << true;
        QTest::newRow("no address, another key") << ""
                                                 << "ssh-ed25519 b" << false;
        QTest::newRow("no address, the same key") << ""
                                                  << "ssh-ed25519 a" << true;
    }

    void sameMachine()
    {
        QFETCH(QString, addresses);
        QFETCH(QString, keys);
        QFETCH(bool, same);
        const auto machine = [](const QString &where, const QString &pins) {
            Vps vps = oneService().vps.front();
            vps.addresses.clear();
            for (const QString &text : where.split(QLatin1Char(' '), Qt::SkipEmptyParts))
                vps.addresses.push_back(*parseIpAddress(text));
            vps.hostKeys.clear();
            for (const QString &pin : pins.split(QLatin1Char(','))) {
                const QStringList words = pin.split(QLatin1Char(' '));
                const Fingerprint key = Fingerprint::ofBytes(words.last().toUtf8());
                vps.hostKeys.push_back(words.size() > 1 ? HostKeyPin(*HostKeyType::parse(words.first()), key)
                                                        : HostKeyPin(key));
            }
            return vps;
        };
        const Vps now = machine(QStringLiteral("2001:db8::10 192.0.2.10"), QStringLiteral("ssh-ed25519 a"));
        QCOMPARE(mayBeSameMachine(machine(addresses, keys), now), same);
        QCOMPARE(mayBeSameMachine(now, machine(addresses, keys)), same);
    }

    void oneNewMachine_data()
    {
        QTest::addColumn<QString>("answers"); ///< ADDRESS=KEY, or nothing where it is silent
        QTest::addColumn<QString>("verdict");
        const auto row = [](const char *what, const char *answers, const char *verdict) {
            QTest::newRow(what) << QString::fromLatin1(answers) << QString::fromLatin1(verdict);
        };
        row("both the same", "2001:db8::20=a 192.0.2.20=a", "a");
        row("IPv4 only", "192.0.2.20=a", "a");
        row("several of each", "2001:db8::20=a 2001:db8::21=a 192.0.2.20=a 192.0.2.21=a", "a");
        row("no IPv6 here", "2001:db8::20= 192.0.2.20=a", "a");
        row("a stranger at the IPv4 address", "2001:db8::20=a 192.0.2.20=b",
            "2001:db8::20 and 192.0.2.20 present different host keys");
        row("the same key as another type", "2001:db8::20=a 192.0.2.20=A", "present different host keys");
        row("a silent IPv4 address", "2001:db8::20=a 192.0.2.20=", "at 192.0.2.20, where visitors would be led");
        row("one of two IPv4 addresses silent", "192.0.2.20=a 192.0.2.21=", "at 192.0.2.21");
        row("all silent", "2001:db8::20= 192.0.2.20=", "at 192.0.2.20");
        row("a stranger at one of two IPv6 addresses", "2001:db8::20=b 2001:db8::21=a 192.0.2.20=a",
            "2001:db8::20 and 2001:db8::21");
        row("no address", "", "No address");
    }

    // Visitors come to an address that no login has tried.
    void oneNewMachine()
    {
        QFETCH(QString, answers);
        QFETCH(QString, verdict);
        const auto keyOf = [](const QString &letter) {
            return PresentedHostKey::ofBlob(letter == QLatin1String("A") ? QStringLiteral("ecdsa-sha2-nistp256")
                                                                         : QStringLiteral("ssh-ed25519"),
                                            letter.toLower().toUtf8());
        };
        std::vector<KeyAt> all;
        for (const QString &answer : answers.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
            const QStringList parts = answer.split(QLatin1Char('='));
            all.push_back({must(parseIpAddress(parts[0])), fail(ErrorCode::Timeout, QStringLiteral("silent"))});
            if (!parts[1].isEmpty())
                all.back().key = keyOf(parts[1]);
        }
        const auto key = oneMachine(all);
        if (verdict == QLatin1String("a")) {
            QVERIFY(key && key->fingerprint == keyOf(verdict).fingerprint);
            return;
        }
        QVERIFY(!key);
        QVERIFY2(key.error().summary.contains(verdict), qPrintable(key.error().summary));
        QVERIFY(!key.error().fix.isEmpty());
    }

    void revoked_data()
    {
        QTest::addColumn<QString>("user");
        QTest::addColumn<SshAuth>("auth");
        QTest::addColumn<bool>("pushAndAlarm");
        QTest::addColumn<QString>("expected");
        const QString root = QStringLiteral("root"), ada = QStringLiteral("ada");
        QTest::newRow("root by key") << root << SshAuth::Key << false << "TSIG,other users";
        QTest::newRow("root by agent") << root << SshAuth::Agent << false << "TSIG,other users";
        QTest::newRow("root by password")
            << root << SshAuth::Password << false << "TSIG,password of root (for the login),other users";
        QTest::newRow("a sudo user by key")
            << ada << SshAuth::Key << false << "TSIG,password of ada (for sudo),other users";
        QTest::newRow("a sudo user by password")
            << ada << SshAuth::Password << false << "TSIG,password of ada (for the login and for sudo),other users";
        QTest::newRow("keepers and an alarm") << root << SshAuth::Key << true << "TSIG,pushKeys,alarm,other users";
    }

    // An SSH key that is gone is not all that a lost computer had.
    void revoked()
    {
        QFETCH(QString, user);
        QFETCH(SshAuth, auth);
        QFETCH(bool, pushAndAlarm);
        QFETCH(QString, expected);
        Site of = oneService();
        of.vps.front().user = must(Login::parse(user));
        of.vps.front().auth = auth;
        if (pushAndAlarm) {
            of.vps.front().pushKeys = {pushKey(QStringLiteral("nas"))};
            of.alarm = alarm();
        }
        const QStringList left = stillToRevoke(of), wanted = expected.split(QLatin1Char(','));
        QCOMPARE(left.size(), wanted.size());
        for (qsizetype i = 0; i < left.size(); ++i)
            QVERIFY2(left[i].contains(wanted[i]), qPrintable(left[i]));
    }

    // The VPS's own name and IPv6 lead no visitor over IPv4.
    void stay()
    {
        const Site site = oneService();
        ZoneSeen zone;
        QCOMPARE(longestStay(site, zone).count(), 0);
        const auto record = [&](const Hostname &name, RecordType type, int ttl) {
            zone.records.insert_or_assign(RecordKey{name, type}, RecordSet{name, type, std::chrono::seconds(ttl), {}});
        };
        record(host("cloud.example.org"), RecordType::A, 60);
        record(host("www.example.org"), RecordType::A, 300);
        record(host("www.example.org"), RecordType::AAAA, 7200);
        record(site.vps.front().host, RecordType::A, 86400);
        QCOMPARE(longestStay(site, zone).count(), 300);
    }

    void systems_data()
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<QString>("version");
        QTest::addColumn<QString>("verdict");
        const auto row = [](const char *id, const char *version, const char *verdict) {
            QTest::addRow("%s %s", id, version)
                << QString::fromLatin1(id) << QString::fromLatin1(version) << QString::fromLatin1(verdict);
        };
        row("debian", "12", "good");
        row("debian", "13", "good");
        row("debian", "11", "refused");
        row("debian", "", "refused");
        row("ubuntu", "22.04", "untested");
        row("ubuntu", "24.04", "untested");
        row("ubuntu", "20.04", "refused");
        row("ubuntu", "12", "refused");
        row("fedora", "41", "refused");
        row("", "", "refused");
    }

    void systems()
    {
        QFETCH(QString, id);
        QFETCH(QString, version);
        QFETCH(QString, verdict);
        VpsFacts facts = deployedFacts();
        facts.osId = id;
        facts.osVersion = version;
        facts.hasGlobalIpv6 = true;
        facts.freeBytes = -1;
        const auto withheld = judgeVps(facts, QStringLiteral("vps.example.org"), true);
        const QString seen = withheld.empty()            ? QStringLiteral("good")
                             : withheld.front().blocking ? QStringLiteral("refused")
                                                         : QStringLiteral("untested");
        QCOMPARE(seen, verdict);
        QVERIFY(withheld.size() <= 1);
        QCOMPARE(!withheld.empty() && withheld.front().reason.contains(QStringLiteral("never tested")),
                 verdict == QLatin1String("untested"));
    }
};

QTEST_GUILESS_MAIN(TestVpsActs)
#include "tst_vps_acts.moc"
