// What the VPS says about itself, with a hostile value in every field: refused, or harmless in the plan.

#include "apply/bundle.h"
#include "hostile/carry.h"
#include "hostile/values.h"
#include "observe/vps.h"
#include "proxy/certificates.h"
#include "proxy/sandbox.h"
#include "resources/resources.h"
#include "storage/sitefile.h"
#include "transport_tls/testserver.h"
#include "verify/vpsprobe.h"

#include <QCoreApplication>
#include <QProcess>
#include <QRegularExpression>
#include <QTest>

#include <ctime>
#include <functional>
#include <optional>
#include <set>

using namespace sixgate;
using namespace hostile;
using proxytest::makeLink;
using proxytest::writeFile;

namespace
{

QString text(const char *latin)
{
    return QString::fromLatin1(latin);
}

/// A VPS with a bit of everything, so that the script's answer has every key.
void setUpMachine()
{
    const proxytest::Identity certificate = proxytest::issue({"x", {"cloud.example.org"}});
    writeFile("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n");
    writeFile("/run/systemd/system/x", "");
    writeFile("/var/lib/dpkg/status",
              "Package: perl-base\nStatus: install ok installed\nVersion: 5\nArchitecture: all\n"
              "Maintainer: x\nDescription: x\n\n");
    writeFile("/var/lib/dpkg/info/format", "1\n");
    const QByteArray release = "releases/0123456789abcdef-20260101-000000-0000abcd";
    writeFile("/etc/sixgate/" + release + "/apache/cloud.conf", "cloud\n");
    makeLink(release, "/etc/sixgate/current");
    makeLink(release, "/etc/sixgate/active");
    writeFile("/etc/apache2/mods-enabled/ssl.load", "");
    writeFile("/etc/apache2/sites-enabled/000-default.conf", "");
    for (const char *lineage : {"cloud", "old"}) {
        writeFile(QByteArray("/etc/letsencrypt/live/") + lineage + "/cert.pem", certificate.pem());
        writeFile(QByteArray("/etc/letsencrypt/renewal/") + lineage + ".conf",
                  "[renewalparams]\nauthenticator = dns-rfc2136\nserver = https://acme.example.net/dir\n"
                  "dns_rfc2136_credentials = /etc/sixgate/acme/main.ini\n");
    }
}

/// The real script's answer about this machine.
QByteArray realAnswer()
{
    const sixgate::test::Server listener("127.0.0.1", 443, [](int) {});
    QProcess perl;
    perl.start(text("perl"), {text("-")});
    perl.write(vpsFactsInput(
        {{text("perl-base")}, {{text("/etc/sixgate/current/apache/cloud.conf"), QByteArray(64, 'a'), false}}}));
    perl.closeWriteChannel();
    perl.waitForFinished(30000);
    return perl.readAllStandardOutput();
}

} // namespace

using Make = std::function<QByteArray()>;

class TestHostileFacts : public QObject
{
    Q_OBJECT

    QByteArrayList m_lines; ///< of the real answer, without "end"
    std::optional<Site> m_site;
    std::optional<WantedDeployment> m_wanted;

    QByteArray answerWith(qsizetype index, const QByteArray &line) const
    {
        QByteArrayList lines = m_lines;
        lines[index] = line;
        return lines.join('\n') + "\nend\n";
    }

    void judge(const QByteArray &answer)
    {
        const auto facts = parseVpsFacts(answer);
        if (!facts) {
            QCOMPARE(facts.error().code, ErrorCode::Protocol);
            QCOMPARE(harm(facts.error()), QString());
            return;
        }
        // As it is, and as a machine on which nothing is in the way of the changes.
        VpsFacts open = *facts;
        const VpsFacts bare = bareVps();
        open.listeners80And443.clear();
        open.osId = bare.osId;
        open.osVersion = bare.osVersion;
        open.uid = 0;
        open.systemd = true;
        open.freeBytes = -1;
        for (const VpsFacts *one : {&std::as_const(*facts), &std::as_const(open)}) {
            const Plan plan = planOf(*m_site, observed(*m_site, *one), *m_wanted);
            QCOMPARE(harm(plan), QString());
            std::vector<Change> changes;
            for (const Change &change : plan.changes) {
                if (change.lane == Lane::Vps)
                    changes.push_back(change);
            }
            std::vector<QByteArray> blobs;
            const auto steps = deploymentSteps(changes, blobs);
            QVERIFY2(steps, steps ? "" : qPrintable(steps.error().detail));
            QCOMPARE(steps->count('\n'), qsizetype(changes.size()));
            for (const char byte : *steps)
                QVERIFY((byte >= 0x20 && byte < 0x7f) || byte == '\t' || byte == '\n');
        }
    }

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("NO_COLOR", "1");
        setUpMachine();
        QByteArray json = resource(u"handbook/example-site.json");
        json.replace("\"agreeToTerms\": false", "\"agreeToTerms\": true");
        m_site = *parseSite(json);
        m_wanted = *deploymentOf(*m_site);
        QByteArray answer = realAnswer();
        QVERIFY2(answer.endsWith("\nend\n"), answer.constData());
        QVERIFY(parseVpsFacts(answer));
        answer.chop(5);
        m_lines = answer.split('\n');
        // What this machine has nothing of.
        for (const auto &[key, values] : std::vector<std::pair<QByteArray, QByteArrayList>>{
                 {"owner", {"ada@laptop since today"}},
                 {"outer", {"eth0"}},
                 {"ufw",
                  {"Status: active\nDefault: deny (incoming)\n\nTo Action From\n-- ------ ----\n22 ALLOW IN "
                   "Anywhere\n"}},
                 {"nft",
                  {"table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy "
                   "drop;\n\t\ttcp dport 22 accept\n\t}\n}\n"}},
                 {"maker", {"ada@laptop", "0.3.0"}},
                 {"previous", {"fedcba9876543210"}},
                 {"installed", {"apache2", "certbot"}},
                 {"edited", {"/etc/sixgate/current/apache/cloud.conf"}},
                 {"push", {"1", "1", "1", "1", QByteArray(64, 'a')}},
                 {"alarm",
                  {"1", "1", "1", QByteArray(64, 'a'), QByteArray(64, 'b'), QByteArray(64, 'c'), QByteArray(64, 'd'),
                   QByteArray(64, 'e')}},
                 {"sshd", {"pubkeyauthentication", "yes"}},
                 {"attempt", {"1790000000", "failed", "https://acme.example.net/dir", "cloud.example.org", "0"}},
                 {"rehearsed", {"cloud", "1790000000", "0", "The key authorization file was not found."}},
                 {"used", {"cloud"}}}) {
            if (answer.contains('\n' + key + '\t'))
                continue;
            QByteArray line = key;
            for (const QByteArray &value : values)
                line += '\t' + value.toBase64();
            m_lines << line;
        }
        // Every key that the script knows.
        static const QRegularExpression said(text("answer\\('([a-z0-9]+)'"));
        auto match = said.globalMatch(QString::fromUtf8(resource(u"vps/facts.pl")));
        QVERIFY(match.hasNext());
        while (match.hasNext()) {
            const QByteArray key = match.next().captured(1).toLatin1();
            QVERIFY2(std::any_of(m_lines.begin(), m_lines.end(),
                                 [&](const QByteArray &line) { return line.startsWith(key + '\t'); }),
                     "nothing here says " + key);
        }
        QVERIFY(parseVpsFacts(m_lines.join('\n') + "\nend\n"));
        judge(m_lines.join('\n') + "\nend\n");
    }

    void cleanup() { QVERIFY2(!markerAppeared(), "a value was run as a command"); }

    void everyField_data()
    {
        QTest::addColumn<Make>("answer");
        std::set<QByteArray> told;
        for (qsizetype i = 0; i < m_lines.size(); ++i) {
            const QByteArray line = m_lines[i];
            const QByteArrayList fields = line.split('\t');
            const QByteArray key = fields.first();
            if (!told.insert(key).second)
                continue;
            // Made when its turn comes: all together would be much.
            const auto row = [this, i](const QByteArray &name, const Make &made) {
                QTest::newRow(name.constData()) << Make([this, i, made] { return answerWith(i, made()); });
            };
            for (qsizetype field = 1; field < fields.size(); ++field) {
                const QByteArray place = key + ' ' + QByteArray::number(field);
                const auto with = [fields, field](const QByteArray &value) {
                    QByteArrayList changed = fields;
                    changed[field] = value;
                    return changed.join('\t');
                };
                for (const Bytes &one : bytes()) {
                    row(place + " is " + one.name, [with, &one] { return with(one.value.toBase64()); });
                    if (one.value.size() < 1000 && !isShowable(QString::fromUtf8(one.value)))
                        row(place + " ends with " + one.name, [with, &one, good = fields[field]] {
                            return with((QByteArray::fromBase64(good) + one.value).toBase64());
                        });
                }
                for (const char *bad : {"!!!!", "QQ", "Q", "QQ==QQ==", "-_-_", "QUJD QUJD", "QQ==\r", "\033[2J", "="})
                    row(place + " is no base64: " + QByteArray(bad).toHex(), [with, bad] { return with(bad); });
            }
            const auto odd = [&](const char *name, const Make &made) { row(key + ' ' + name, made); };
            odd("without values", [key] { return key; });
            odd("without the last value", [line] { return line.left(line.lastIndexOf('\t')); });
            odd("with one value more", [line] { return line + "\tQQ=="; });
            odd("with a tab more", [line] { return line + '\t'; });
            odd("with CRLF", [line] { return line + '\r'; });
            odd("twice", [line] { return line + '\n' + line; });
            odd("30,000 times", [line] { return (line + '\n').repeated(29999) + line; });
            odd("in capitals", [key, line] { return key.toUpper() + line.mid(key.size()); });
            odd("with a blank before", [line] { return ' ' + line; });
            odd("with a NUL", [line] { return QByteArray(1, '\0') + line; });
            odd("with a terminal's orders", [line] { return "\033[2J" + line; });
            odd("after an empty line", [line] { return '\n' + line; });
            odd("after the end", [line] { return "end\n" + line; });
        }
        for (const Bytes &one : bytes())
            QTest::newRow(("line of " + one.name).constData())
                << Make([this, &one] { return answerWith(0, m_lines[0] + '\n' + one.value); });
    }

    void everyField()
    {
        QFETCH(Make, answer);
        judge(answer());
    }

    void hugeLines_data()
    {
        QTest::addColumn<QByteArray>("key");
        for (const char *key : {"module", "unknown"})
            QTest::newRow(key) << QByteArray(key);
    }

    // The connection takes less; the parser must not be the one to rely on it.
    void hugeLines()
    {
        QFETCH(QByteArray, key);
        constexpr qsizetype hundredMegabytes = 100'000'000;
        // Of the processor, which others may be using, too; a parser with a square in it takes hours.
        const std::clock_t began = std::clock();
        const auto facts =
            parseVpsFacts(m_lines.join('\n') + '\n' + key + '\t' + QByteArray(hundredMegabytes, 'Q') + "\nend\n");
        QVERIFY(!facts);
        QCOMPARE(harm(facts.error()), QString());
        const auto seconds = (std::clock() - began) / CLOCKS_PER_SEC;
        QVERIFY2(seconds < 60, qPrintable(QString::number(seconds)));
    }

    void probeAnswers_data()
    {
        QTest::addColumn<QByteArray>("line");
        for (const Bytes &one : bytes()) {
            QTest::newRow((one.name + " as a line").constData()) << one.value;
            QTest::newRow((one.name + " as an address").constData()) << "0 resolved 5 " + one.value;
            QTest::newRow((one.name + " as a reason").constData()) << "0 unresolved 5 " + one.value;
        }
    }

    // The answers about what the VPS reaches.
    void probeAnswers()
    {
        QFETCH(QByteArray, line);
        ProbeQuestions questions;
        questions.resolve.insert(*Hostname::parse(text("cloud.example.org")));
        const auto answers = parseVpsAnswers(questions, line + "\nend\n");
        if (answers) {
            for (const auto &[name, seen] : answers->resolved)
                QVERIFY(isShowable(seen.reason));
            return;
        }
        QCOMPARE(answers.error().code, ErrorCode::Protocol);
        QCOMPARE(harm(answers.error()), QString());
    }
};

int main(int argc, char *argv[])
{
    return proxytest::inSandbox([&] {
        QCoreApplication application(argc, argv);
        TestHostileFacts test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_hostile_facts.moc"
