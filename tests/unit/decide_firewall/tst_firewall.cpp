// Whether a firewall lets visitors in: texts of real ones, single rules, and texts that nobody honest sends.

#include "decide/firewall.h"

#include <QFile>
#include <QTest>

using namespace sixgate;

namespace
{

QByteArray fileText(const char *name)
{
    QFile file(QStringLiteral(FIREWALL_TEXTS "/") + QString::fromLatin1(name));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("%s is not there", name);
    return file.readAll();
}

/// ufw with these rules after the one for SSH.
QByteArray ufw(const char *incoming, const QByteArrayList &rules)
{
    QByteArray text =
        "Status: active\nLogging: on (low)\nDefault: " + QByteArray(incoming) +
        " (incoming), allow (outgoing), disabled (routed)\nNew profiles: skip\n\nTo                        "
        " Action      From\n--                         ------      ----\n22/tcp                     "
        "ALLOW IN    Anywhere                  \n";
    for (const QByteArray &rule : rules)
        text += rule + '\n';
    return text + '\n';
}

/// One base chain.
QByteArray chain(const char *policy, const QByteArrayList &rules, const QByteArray &more = {},
                 const QByteArray &table = "inet filter")
{
    QByteArray text = "table " + table + " {\n" + more +
                      "\tchain input {\n\t\ttype filter hook input priority filter; policy " + policy + ";\n";
    for (const QByteArray &rule : rules)
        text += "\t\t" + rule + '\n';
    return text + "\t}\n}\n";
}

/// "ufw 80,443; inet filter input 443"
QString closedText(const FirewallVerdict &verdict)
{
    QStringList all;
    for (const ClosedPorts &one : verdict.closed) {
        QStringList ports;
        for (const int port : one.action.ports)
            ports << QString::number(port);
        const bool ufw = one.action.firewall == FirewallKind::Ufw;
        all << (ufw ? QStringLiteral("ufw")
                    : QStringList{one.action.family, one.action.table, one.action.chain}.join(QLatin1Char(' '))) +
                   QLatin1Char(' ') + ports.join(QLatin1Char(','));
    }
    return all.join(QStringLiteral("; "));
}

void columns()
{
    QTest::addColumn<QByteArray>("ufw");
    QTest::addColumn<QByteArray>("nft");
    QTest::addColumn<QString>("closed");
    QTest::addColumn<QString>("remark"); ///< words of the reason and the fix; "" is none
    QTest::addColumn<bool>("certain");
}

void row(const char *name, const QByteArray &ufw, const QByteArray &nft, const char *closed, const char *remark = "",
         bool certain = false)
{
    QTest::newRow(name) << ufw << nft << QString::fromLatin1(closed) << QString::fromLatin1(remark) << certain;
}

} // namespace

class TestFirewall : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void judged_data()
    {
        columns();
        realOnes();
        ufwRules();
        nftRules();
        hostileTexts();
    }

    void judged()
    {
        QFETCH(QByteArray, ufw);
        QFETCH(QByteArray, nft);
        QFETCH(QString, closed);
        QFETCH(QString, remark);
        QFETCH(bool, certain);
        const FirewallVerdict verdict = judgeFirewall({ufw, nft, QStringLiteral("eth0")});
        QCOMPARE(closedText(verdict), closed);
        QString said;
        for (const FirewallRemark &one : verdict.remarks)
            said += one.reason + QLatin1Char('\n') + one.fix + QLatin1Char('\n');
        QVERIFY2(remark.isEmpty() == verdict.remarks.empty(), qPrintable(said));
        QVERIFY2(said.contains(remark), qPrintable(said));
        bool anyCertain = false;
        for (const FirewallRemark &one : verdict.remarks) {
            anyCertain = anyCertain || one.certain;
            QVERIFY(one.reason.endsWith(QLatin1Char('.')) && !one.fix.isEmpty());
        }
        QCOMPARE(anyCertain, certain);
        for (const QChar c : said)
            QVERIFY(c.isPrint() || c == QLatin1Char('\n'));
    }

    void interfaces_data()
    {
        QTest::addColumn<QString>("outer");
        QTest::addColumn<QString>("closed");
        QTest::addColumn<bool>("known");
        QTest::newRow("that of the rule") << QStringLiteral("ens3") << QString() << true;
        QTest::newRow("another") << QStringLiteral("eth0") << QStringLiteral("ufw 443; inet filter input 443") << true;
        QTest::newRow("not known") << QString() << QString() << false;
    }

    void interfaces()
    {
        QFETCH(QString, outer);
        QFETCH(QString, closed);
        QFETCH(bool, known);
        const auto verdict =
            judgeFirewall({ufw("deny", {"80/tcp ALLOW IN Anywhere", "443/tcp on ens3 ALLOW IN Anywhere"}),
                           chain("drop", {"tcp dport 80 accept", "iifname \"ens*\" tcp dport 443 accept"}), outer});
        QCOMPARE(closedText(verdict), closed);
        QCOMPARE(verdict.remarks.empty(), known);
    }

    // What certificates need: over IPv6, and by UDP.
    void authority_data()
    {
        QTest::addColumn<QByteArray>("ufw");
        QTest::addColumn<QByteArray>("nft");
        QTest::addColumn<bool>("names"); ///< else port 80 over IPv6
        QTest::addColumn<QString>("closed");
        QTest::addColumn<QString>("remark");
        const auto row = [](const char *name, const QByteArray &byUfw, const QByteArray &byNft, bool names,
                            const char *closed, const char *remark = "") {
            QTest::newRow(name) << byUfw << byNft << names << QString::fromLatin1(closed)
                                << QString::fromLatin1(remark);
        };
        const QByteArray web = "80,443/tcp ALLOW IN Anywhere", web6 = "80/tcp (v6) ALLOW IN Anywhere (v6)";
        const QByteArray open = "tcp dport { 80, 443 } accept";
        row("no firewall", {}, {}, false, "");
        row("ufw for IPv4 alone", ufw("deny", {web}), {}, false, "ufw 80");
        row("ufw for both", ufw("deny", {web, web6}), {}, false, "");
        row("ufw for both, by an application",
            ufw("deny",
                {"80,443/tcp (WWW Full) ALLOW IN Anywhere", "80,443/tcp (WWW Full (v6)) ALLOW IN Anywhere (v6)"}),
            {}, false, "");
        row("ufw denies", ufw("deny", {web, "80/tcp (v6) DENY IN Anywhere (v6)"}), {}, false, "",
            "A rule of ufw on the VPS closes port 80 over IPv6");
        row("ufw for some", ufw("deny", {web, "80/tcp (v6) ALLOW IN 2001:db8::/32"}), {}, false, "ufw 80");
        row("nftables for both", {}, chain("drop", {open}), false, "");
        row("nftables for IPv4", {}, chain("drop", {"meta nfproto ipv4 " + open}), false, "inet filter input 80");
        row("Sixgate's", {},
            chain("drop", {"meta nfproto ipv4 " + open, "meta nfproto ipv6 tcp dport 80 accept comment \"sixgate\""}),
            false, "");
        row("header of IPv6", {}, chain("drop", {open, "ip6 saddr ::/0 drop"}), false, "");
        row("drops IPv6 first", {}, chain("drop", {"ip6 saddr ::/0 drop", open}), false, "inet filter input 80");
        row("for some", {}, chain("drop", {"meta nfproto ipv4 " + open, "ip6 saddr 2001:db8::/32 accept"}), false,
            "inet filter input 80");
        row("table of IPv6", {}, chain("drop", {}, {}, "ip6 filter"), false, "ip6 filter input 80");
        row("table of IPv4", {}, chain("drop", {open}, {}, "ip filter"), false, "");
        row("iptables", {},
            chain("drop", {}, {}, "ip6 filter")
                .prepend("# Warning: table ip6 filter is managed by iptables-nft, do not touch!\n"),
            false, "", "iptables on the VPS closes port 80 over IPv6");
        row("unknown", {}, chain("drop", {"tcp dport 443 accept", "osf name \"Linux\" accept"}), false, "",
            "lets the certification authority in to port 80 over IPv6 cannot be judged");
        row("names: ufw", ufw("deny", {web, web6}), {}, true, "ufw 53");
        row("names: ufw with both", ufw("deny", {web, "53 ALLOW IN Anywhere", "53 (v6) ALLOW IN Anywhere (v6)"}), {},
            true, "");
        row("names: ufw with IPv4 alone", ufw("deny", {web, "53 ALLOW IN Anywhere"}), {}, true, "ufw 53");
        row("names: ufw with UDP alone",
            ufw("deny", {web, "53/udp ALLOW IN Anywhere", "53/udp (v6) ALLOW IN Anywhere (v6)"}), {}, true, "ufw 53");
        row("names: nftables", {}, chain("drop", {open}), true, "inet filter input 53");
        row("names: Sixgate's", {},
            chain("drop", {open, "meta l4proto { tcp, udp } th dport 53 accept comment \"sixgate\""}), true, "");
        row("names: one by one", {}, chain("drop", {open, "tcp dport domain accept", "udp dport 53 accept"}), true, "");
        row("names: UDP alone", {}, chain("drop", {open, "udp dport 53 accept"}), true, "inet filter input 53");
        row("names: guard of TCP", {},
            chain("drop", {"tcp flags & (fin | syn) == fin | syn drop", open, "th dport 53 accept"}), true, "");
        row("names: a table for each", {}, chain("drop", {open}, {}, "ip a") + chain("drop", {}, {}, "ip6 b"), true,
            "ip a input 53; ip6 b input 53");
    }

    void authority()
    {
        QFETCH(QByteArray, ufw);
        QFETCH(QByteArray, nft);
        QFETCH(bool, names);
        QFETCH(QString, closed);
        QFETCH(QString, remark);
        const Traffic traffic = names ? Traffic::Questions : Traffic::Challenges;
        FirewallVerdict verdict = judgeFirewall({ufw, nft, QStringLiteral("eth0")}, {traffic});
        const FirewallVerdict visitors = judgeFirewall({ufw, nft, QStringLiteral("eth0")});
        verdict.remarks.erase(verdict.remarks.begin(),
                              verdict.remarks.begin() +
                                  std::ptrdiff_t(std::min(visitors.remarks.size(), verdict.remarks.size())));
        std::erase_if(verdict.closed, [](const ClosedPorts &one) { return one.action.traffic == Traffic::Visitors; });
        QCOMPARE(closedText(verdict), closed);
        QString said;
        for (const FirewallRemark &one : verdict.remarks)
            said += one.reason;
        QVERIFY2(said.isEmpty() == remark.isEmpty() && said.contains(remark), qPrintable(said));
        // Without IPv6 nobody comes by it.
        if (!names)
            QCOMPARE(closedText(judgeFirewall({ufw, nft, QStringLiteral("eth0")}, {traffic}, false)),
                     closedText(visitors));
    }

    // Cut off anywhere: never a crash, and never ports to open that are open.
    void cutOff()
    {
        for (const char *name : {"server.nft", "two-tables.nft", "maps.nft", "iptables-12.nft", "firewalld.nft"}) {
            const QByteArray whole = fileText(name);
            QVERIFY(!closedText(judgeFirewall({{}, whole, QStringLiteral("eth0")})).contains(QLatin1String("443")));
            for (qsizetype size = 1; size < whole.size(); ++size)
                judgeFirewall({{}, whole.left(size), QStringLiteral("eth0")});
            const auto verdict = judgeFirewall({{}, whole.left(whole.size() - 3), QStringLiteral("eth0")});
            QVERIFY(verdict.closed.empty() && verdict.remarks.size() == 1 && !verdict.remarks[0].certain);
        }
        const QByteArray status = fileText("mixed.ufw");
        for (qsizetype size = 1; size < status.size(); ++size)
            judgeFirewall({status.left(size), {}, QStringLiteral("eth0")});
    }

    // Chains that call each other in all ways cost no more than their length.
    void manyJumps()
    {
        QByteArray more;
        for (int i = 0; i < 2000; ++i)
            more += "\tchain c" + QByteArray::number(i) + " {\n" +
                    QByteArray("\t\tjump c" + QByteArray::number(i + 1) + "\n").repeated(3) + "\t}\n";
        const auto verdict = judgeFirewall({{}, chain("drop", {"jump c0"}, more), {}});
        QVERIFY(verdict.closed.empty() && verdict.remarks.size() == 1);
    }

    void words()
    {
        QCOMPARE(portsText({443}), QStringLiteral("port 443"));
        QCOMPARE(portsText({80, 443}), QStringLiteral("ports 80 and 443"));
        for (const char *good : {"filter", "INPUT", "_x", "a-b.c_d", "f2b"})
            QVERIFY2(isNftName(QString::fromLatin1(good)), good);
        for (const char *bad : {"", "-a", "1", "a b", "a\n", "a;b", "a\"", "../x", "a/b", "\xc3\xa4"})
            QVERIFY2(!isNftName(QString::fromUtf8(bad)), bad);
        QVERIFY(!isNftName(QString(129, QLatin1Char('a'))));
    }

private:
    static void realOnes()
    {
        row("no firewall", {}, {}, "");
        row("ufw switched off", "Status: inactive\n", {}, "");
        row("ufw after its installation", fileText("closed.ufw"), {}, "ufw 80,443");
        row("ufw with a limit", fileText("rules.ufw"), {}, "", "limits how often");
        row("ufw with much", fileText("mixed.ufw"), {}, "");
        row("ufw and its chains", fileText("ufw-active.ufw"), fileText("ufw-active.nft"), "ufw 80");
        row("ufw's chains alone", {}, fileText("ufw-active.nft"), "",
            "iptables -I INPUT -p tcp -m multiport --dports 80 ", true);
        row("workstation", {}, fileText("debian-workstation.nft"), "inet filter input 80,443");
        row("server", {}, fileText("server.nft"), "");
        row("maps", {}, fileText("maps.nft"), "");
        row("two tables", {}, fileText("two-tables.nft"), "ip first in4 80");
        row("iptables of Debian 13", {}, fileText("iptables-13.nft"), "", "cannot be judged");
        row("iptables of Debian 12", {}, fileText("iptables-12.nft"), "",
            "iptables -I INPUT -p tcp -m multiport --dports 80 ", true);
        row("firewalld", {}, fileText("firewalld.nft"), "", "firewall-cmd --permanent --add-service=http ", true);
        row("both", fileText("closed.ufw"), fileText("debian-workstation.nft"), "ufw 80,443; inet filter input 80,443");
    }

    static void ufwRules()
    {
        const auto one = [](const char *name, const char *rule, const char *closed, const char *remark = "",
                            bool certain = false) { row(name, ufw("deny", {rule}), {}, closed, remark, certain); };
        one("one port", "80/tcp                     ALLOW IN    Anywhere                  ", "ufw 443");
        one("both ports", "80,443/tcp                 ALLOW IN    Anywhere", "");
        one("any protocol", "443                        ALLOW IN    Anywhere", "ufw 80");
        one("another protocol", "80,443/udp                 ALLOW IN    Anywhere", "ufw 80,443");
        one("range", "80:443/tcp                 ALLOW IN    Anywhere", "");
        one("everything", "Anywhere                   ALLOW IN    Anywhere", "");
        one("a protocol alone", "Anywhere/esp               ALLOW IN    Anywhere", "ufw 80,443");
        one("application with its ports", "80,443/tcp (Apache Full)   ALLOW IN    Anywhere", "");
        one("half an application", "443/tcp (Nginx HTTPS)      ALLOW IN    Anywhere", "ufw 80");
        one("application's name", "WWW Full                   ALLOW IN    Anywhere", "");
        one("secure application's name", "Apache Secure              ALLOW IN    Anywhere", "ufw 80");
        one("unknown application's name", "OpenSSH                    ALLOW IN    Anywhere", "", "cannot be judged");
        one("of IPv6", "80,443/tcp (v6)            ALLOW IN    Anywhere (v6)", "ufw 80,443");
        one("application of IPv6", "80,443/tcp (WWW Full (v6)) ALLOW IN    Anywhere (v6)", "ufw 80,443");
        one("from some", "80,443/tcp                 ALLOW IN    192.0.2.0/24", "ufw 80,443");
        one("from their ports", "80,443/tcp                 ALLOW IN    1024:65535/tcp", "", "cannot be judged");
        one("to one address", "198.51.100.10 80,443/tcp   ALLOW IN    Anywhere", "", "cannot be judged");
        one("outwards", "80,443/tcp                 ALLOW OUT   Anywhere", "ufw 80,443");
        one("through", "80,443/tcp                 ALLOW FWD   Anywhere", "ufw 80,443");
        one("Sixgate's", "80/tcp                     ALLOW IN    Anywhere                   # sixgate", "ufw 443");
        one("logged", "80,443/tcp                 ALLOW IN    Anywhere                   (log)", "");
        one("comment that looks like one",
            "22/tcp                     DENY IN     10.0.0.1      # 80 ALLOW IN Anywhere", "ufw 80,443");
        one("denied", "80/tcp                     DENY IN     Anywhere", "ufw 443", "ufw insert 1 allow 80/tcp", true);
        one("everybody rejected", "Anywhere                   REJECT IN   Anywhere", "", "ufw insert 1 allow 443/tcp",
            true);
        row("denied to some", ufw("deny", {"80 DENY IN 10.0.0.0/8", "80,443/tcp ALLOW IN Anywhere"}), {}, "");
        row("denied before", ufw("deny", {"80 DENY IN Anywhere", "80,443/tcp ALLOW IN Anywhere"}), {}, "",
            "ufw insert 1 allow 80/tcp", true);
        row("denied after", ufw("deny", {"80,443/tcp ALLOW IN Anywhere", "80 DENY IN Anywhere"}), {}, "");
        row("reject by default", ufw("reject", {}), {}, "ufw 80,443");
        row("allow by default", ufw("allow", {}), {}, "");
        row("no word about the default", "Status: active\n80/tcp ALLOW IN Anywhere\n", {}, "", "cannot be judged");
    }

    static void nftRules()
    {
        const char *const both = "inet filter input 80,443";
        const auto one = [](const char *name, const QByteArray &rule, const char *closed, const char *remark = "",
                            const QByteArray &more = {}) {
            row(name, {}, chain("drop", {rule}, more), closed, remark);
        };
        row("accepts by policy", {}, chain("accept", {}), "");
        row("accepts by policy, drops at the end", {}, chain("accept", {"tcp dport 22 accept", "drop"}), both);
        row("drops a port", {}, chain("accept", {"tcp dport 80 drop"}), "inet filter input 80");
        row("drops after accepting", {}, chain("accept", {"tcp dport 80 accept", "tcp dport 80 drop"}), "");
        row("counts, logs and rejects", {},
            chain("accept", {"counter packets 1 bytes 2 log prefix \"x drop \" level info reject with tcp reset"}),
            both);
        row("table of IPv6", {}, chain("drop", {}, {}, "ip6 filter"), "");
        row("table of IPv4", {}, chain("drop", {}, {}, "ip filter"), "ip filter input 80,443");
        row("dormant table", {}, chain("drop", {}, "\tflags dormant\n"), "");
        row("forward only", {}, chain("drop", {}).replace("hook input", "hook forward"), "");
        row("no name for nft", {}, chain("drop", {}, {}, "inet \"my table\""), "", "does not change it", true);
        row("firewall of Docker", {},
            chain("drop", {}, {}, "ip filter")
                .prepend("# Warning: table ip filter is managed by iptables-nft, do not touch!\n"),
            "", "iptables -I INPUT", true);
        row("warning about another table", {},
            chain("drop", {}).prepend("# Warning: table ip filter is managed by iptables-nft, do not touch!\n"), both);
        one("one port", "tcp dport 80 accept", "inet filter input 443");
        one("list", "tcp dport { 22, 80, 443 } ct state new accept", "");
        one("Sixgate's", "tcp dport { 80, 443 } accept comment \"sixgate\"", "");
        one("Sixgate's, in a table of both families",
            "meta nfproto ipv4 tcp dport { 80, 443 } accept comment \"sixgate\"", "");
        one("names", "tcp dport { http, https } accept", "");
        one("names of others", "tcp dport { ssh, domain } accept", both);
        one("range", "tcp dport 1-1024 accept", "");
        one("range in a list", "tcp dport { 22, 80-90 } accept", "inet filter input 443");
        one("all but", "tcp dport != 80 accept", "inet filter input 80");
        one("less than", "tcp dport < 443 accept", "inet filter input 443");
        one("at most", "tcp dport <= 443 accept", "");
        one("at least", "tcp dport >= 443 accept", "inet filter input 80");
        one("any transport", "th dport { 80, 443 } accept", "");
        one("another transport", "udp dport { 80, 443 } accept", both);
        one("protocol alone", "meta l4proto tcp accept", "");
        one("other protocols", "meta l4proto { icmp, ipv6-icmp, udp } accept", both);
        one("IPv4 alone", "meta nfproto ipv4 tcp dport { 80, 443 } accept", "");
        one("IPv6 alone", "meta nfproto ipv6 tcp dport { 80, 443 } accept", both);
        one("header of IPv6", "ip6 saddr != fe80::/10 tcp dport { 80, 443 } accept", both);
        one("from some", "ip saddr 192.0.2.0/24 tcp dport { 80, 443 } accept", both);
        one("from all but some", "ip saddr != { 192.0.2.0/24, 10.0.0.0/8 } tcp dport { 80, 443 } accept", "");
        one("from everywhere", "ip saddr 0.0.0.0/0 accept", "");
        one("from a list", "ip saddr @friends tcp dport { 80, 443 } accept", both, "",
            "\tset friends {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.1 }\n\t}\n\n");
        one("to an address", "ip daddr 198.51.100.10 tcp dport { 80, 443 } accept", "", "cannot be judged");
        one("to many", "ip daddr 224.0.0.0/4 accept", both);
        one("list of ports", "tcp dport @web accept", "", "",
            "\tset web {\n\t\ttype inet_service\n\t\tflags interval\n\t\telements = { 80-81,\n\t\t\t     443 "
            "}\n\t}\n\n");
        one("empty list of ports", "tcp dport @web accept", both, "", "\tset web {\n\t\ttype inet_service\n\t}\n\n");
        one("list that is left out", "tcp dport @web accept", "", "cannot be judged",
            "\tset web {\n\t\ttype inet_service\n\t\telements = { ... }\n\t}\n\n");
        one("list that is nowhere", "tcp dport @web accept", "", "cannot be judged");
        one("old connections", "ct state { established, related } accept", both);
        one("map that is nowhere", "tcp dport vmap @m", "", "cannot be judged");
        one("map of two keys", "iifname . tcp dport vmap { \"eth0\" . 80 : accept, \"wg0\" . 443 : accept }",
            "inet filter input 443");
        one("pairs", "meta l4proto . th dport { tcp . 80, udp . 443 } accept", "inet filter input 443");
        one("limited", "tcp dport { 80, 443 } limit rate 100/second burst 50 packets accept", "");
        one("something unknown", "osf name \"Linux\" accept", "", "cannot be judged");
        one("something unknown about another port", "osf name \"Linux\" tcp dport 22 drop", both);
        one("something unknown without a verdict", "meta mark set ct mark", both);
        one("mark", "meta mark 0x00000001 accept", "", "cannot be judged");
        one("queue", "tcp dport 443 queue to 1", "inet filter input 80", "cannot be judged");
        one("jump", "jump web", "", "", "\tchain web {\n\t\ttcp dport 80 accept\n\t\ttcp dport 443 accept\n\t}\n\n");
        one("jump and return", "jump web", both, "", "\tchain web {\n\t\treturn\n\t\taccept\n\t}\n\n");
        one("jump that drops", "jump web", "inet filter input 80", "",
            "\tchain web {\n\t\ttcp dport 80 reject\n\t\taccept\n\t}\n\n");
        one("jump to nowhere", "jump web", "", "cannot be judged");
        one("jump in a ring", "jump a", "", "cannot be judged",
            "\tchain a {\n\t\tjump b\n\t}\n\n\tchain b {\n\t\tjump a\n\t}\n\n");
        one("jump within a rule", "tcp dport 80 jump {\n\t\t\taccept\n\t\t}", "inet filter input 443",
            "cannot be judged");
        row("goto leaves out the rest", {},
            chain("drop", {"goto web", "accept"}, "\tchain web {\n\t\ttcp dport 80 accept\n\t}\n\n"),
            "inet filter input 443");
        row("guard against odd packets", {},
            chain("drop", {"tcp flags & (fin | syn | rst | ack) != syn ct state new drop", "tcp flags ! syn drop",
                           "tcp flags & (fin | syn) == fin | syn drop", "tcp flags & syn == 0x0 drop",
                           "tcp flags syn,ack / syn,ack drop", "tcp dport { 80, 443 } accept"}),
            "");
        row("guard that accepts new connections", {}, chain("drop", {"tcp flags syn / fin,syn,rst,ack accept"}), "");
        row("guard against many at once", {},
            chain("drop", {"add @seen { ip saddr limit rate over 10/second burst 5 packets } drop",
                           "update @seen { ip saddr ct count over 20 } reject", "ct count over 100 drop",
                           "tcp dport { 80, 443 } accept"}),
            "");
    }

    static void hostileTexts()
    {
        const auto odd = [](const char *name, const QByteArray &nft) { row(name, {}, nft, "", "cannot be judged"); };
        odd("no ruleset", "Error: Could not process rule\n");
        odd("brackets", QByteArray("{").repeated(100000));
        odd("ends", QByteArray("}").repeated(100000));
        odd("tables in a row", QByteArray("table inet x {\n").repeated(50000));
        odd("string without an end", chain("drop", {"tcp dport 80 accept comment \"x"}));
        odd("zeros", QByteArray(1000, '\0'));
        odd("a terminal's orders", "\x1b[2J\x1b]0;x\x07");
        odd("no text", "\xff\xfe\x80table inet filter {");
        row("names with a terminal's orders", {}, chain("drop", {}, {}, "inet \x1b[2J"), "", "does not change it",
            true);
        row("command as a name", {}, chain("drop", {}, {}, "inet $(reboot)"), "", "does not change it", true);
        row("option as a name", {}, chain("drop", {}, {}, "inet --file"), "", "does not change it", true);
        row("very long name", {}, chain("drop", {}, {}, "inet " + QByteArray(5000, 'a')), "", "does not change it",
            true);
        row("many rules", {}, chain("drop", QByteArrayList(15000, "tcp dport 22 accept")), "inet filter input 80,443");
        row("huge port", {}, chain("drop", {"tcp dport 99999999999999999999 accept"}), "inet filter input 80,443");
        row("rules of one word", {},
            chain("drop", {"tcp", "ip", "jump", "vmap", "{ }", "ct state", "!=", "@", "tcp dport"}), "",
            "cannot be judged");
        row("ufw that is none", QByteArray("Status: active\n") + QByteArray("( ").repeated(50000), {}, "",
            "cannot be judged");
        row("ufw with a terminal's orders", ufw("deny", {"\x1b[2J ALLOW IN Anywhere"}), {}, "", "cannot be judged");
        row("ufw with a long rule", ufw("deny", {QByteArray("80,").repeated(50000) + "80/tcp ALLOW IN Anywhere"}), {},
            "ufw 443");
    }
};

QTEST_GUILESS_MAIN(TestFirewall)
#include "tst_firewall.moc"
