// UPDATE with TSIG against the two servers that people have, knotd and named: the same questions, the same outcomes.

#include "daemons.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTest>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

constexpr auto secret = "Wg0nl2TbXmGmYwFQ4uYlqX8k5o3xT6cBzr7ZkqVtE1s=";
const DnsServer primary = serverAt("127.0.0.1");

QString zoneText()
{
    QString text = QStringLiteral("$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 10\n@ NS ns1\nns1 A 127.0.0.1\n");
    // More than fits into a datagram.
    for (int i = 0; i < 40; ++i)
        text += QStringLiteral("long TXT \"%1 %2\"\n").arg(i).arg(QString(100, QLatin1Char('x')));
    return text;
}

std::unique_ptr<Daemon> startKnotServer()
{
    const QString rest = QStringLiteral("key:\n  - id: setter\n    algorithm: hmac-sha256\n    secret: %1\n"
                                        "  - id: idle\n    algorithm: hmac-sha256\n    secret: %1\n"
                                        "acl:\n  - id: set\n    key: setter\n    action: update\n"
                                        "zone:\n  - domain: example.org\n    file: site\n    acl: set\n")
                             .arg(QString::fromLatin1(secret));
    return startKnot(QStringLiteral("127.0.0.1@53"), rest, {{QStringLiteral("site"), zoneText()}});
}

std::unique_ptr<Daemon> startNamed()
{
    return std::make_unique<Daemon>(QStringLiteral("/usr/sbin/named"), [](const QString &folder) {
        const auto write = [&](const char *name, const QString &text) {
            QFile file(folder + QLatin1Char('/') + QLatin1String(name));
            if (!file.open(QIODevice::WriteOnly) || file.write(text.toUtf8()) < 0)
                qFatal("cannot write %s", name);
        };
        write("site", zoneText());
        write("named.conf",
              QStringLiteral("options { directory \"%1\"; pid-file none; session-keyfile none; recursion no;\n"
                             "  dnssec-validation no; listen-on port 53 { 127.0.0.1; }; listen-on-v6 { none; }; };\n"
                             "controls { };\n"
                             "key setter { algorithm hmac-sha256; secret \"%2\"; };\n"
                             "key idle { algorithm hmac-sha256; secret \"%2\"; };\n"
                             "zone \"example.org\" { type primary; file \"site\"; allow-update { key setter; }; };\n")
                  .arg(folder, QString::fromLatin1(secret)));
        return QStringList{QStringLiteral("-g"), QStringLiteral("-c"), folder + QStringLiteral("/named.conf")};
    });
}

std::unique_ptr<Daemon> startServer(const QString &which)
{
    auto server = which == QStringLiteral("knot") ? startKnotServer() : startNamed();
    server->waitUntilItAnswers(primary, "example.org");
    return server;
}

TsigKey key(const char *name, const char *value = secret)
{
    return {parsed<KeyName>(name), TsigAlgorithm::HmacSha256, Secret(QByteArray(value))};
}

RecordSet set(const QString &name, RecordType type, std::initializer_list<QString> values)
{
    return {*Hostname::parse(name), type, 60s, values};
}

RecordSet cloud(RecordType type, std::initializer_list<QString> values)
{
    return set(QStringLiteral("cloud.example.org"), type, values);
}

Outcome update(const RecordSet &wanted, const TsigKey &with, const RecordSet *expected = nullptr)
{
    return updateRecordSet(primary, parsed<Hostname>("example.org"), wanted, expected, with, Deadline::after(5s), {});
}

std::vector<QString> seen(const RecordSet &of)
{
    const auto answer = queryServer(primary, of.name, of.type, false, Deadline::after(5s), {});
    if (!answer)
        qFatal("%s", qPrintable(answer.error().summary));
    return answer->find(of.name, of.type).values;
}

QString said(const Outcome &outcome)
{
    return outcome ? QStringLiteral("done")
                   : outcome.error().summary + QLatin1Char('|') + outcome.error().detail + QLatin1Char('|') +
                         outcome.error().fix;
}

constexpr auto oneUpdate = "one-update";

/// As a program of its own, for a clock of its own: the code of the error, and what was said.
int tryOneUpdate()
{
    const auto done = update(cloud(RecordType::A, {QStringLiteral("198.51.100.10")}), key("setter"));
    const QString text = (done ? QString() : errorCodeName(done.error().code) + QLatin1Char(' ')) + said(done);
    printf("%s\n", qPrintable(text));
    return 0;
}

void bothServers()
{
    QTest::addColumn<QString>("which");
    QTest::newRow("knot") << QStringLiteral("knot");
    QTest::newRow("bind9") << QStringLiteral("bind9");
}

} // namespace

class TestDnsServers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void setsAndDeletes_data() { bothServers(); }
    void setsAndDeletes()
    {
        QFETCH(QString, which);
        const auto server = startServer(which);
        const RecordSet four = cloud(RecordType::A, {QStringLiteral("198.51.100.10")});
        const RecordSet six = cloud(RecordType::AAAA, {QStringLiteral("2001:db8:1::11")});
        const RecordSet next = cloud(RecordType::AAAA, {QStringLiteral("2001:db8:2::11")});
        const RecordSet none = cloud(RecordType::AAAA, {});
        for (const auto &[wanted, expected] :
             {std::pair(&four, static_cast<const RecordSet *>(nullptr)), std::pair(&six, &none), std::pair(&next, &six),
              std::pair(&next, &next)}) {
            const auto done = update(*wanted, key("setter"), expected);
            QVERIFY2(done, qPrintable(said(done)));
            QCOMPARE(seen(*wanted), wanted->values);
        }
        // A record that moved is left alone.
        const auto moved = update(six, key("setter"), &six);
        QVERIFY(!moved);
        QVERIFY2(moved.error().code == ErrorCode::Moved, qPrintable(said(moved)));
        QVERIFY(update(none, key("setter"), &next));
        QVERIFY(seen(none).empty());
        QCOMPARE(seen(four), four.values); // the other family all the while
    }

    void refused_data() { bothServers(); }
    void refused()
    {
        QFETCH(QString, which);
        const auto server = startServer(which);
        const RecordSet wanted = cloud(RecordType::A, {QStringLiteral("198.51.100.10")});
        const std::pair<const char *, TsigKey> keys[] = {{"unknown", key("stranger")},
                                                         {"wrong secret", key("setter", "c2VjcmV0c2VjcmV0c2VjcmV0")},
                                                         {"without rights", key("idle")}};
        for (const auto &[what, used] : keys) {
            const auto done = update(wanted, {used.name, used.algorithm, used.secret.clone(), {}});
            QVERIFY2(!done, what);
            QVERIFY2(done.error().code == ErrorCode::Denied, qPrintable(QLatin1String(what) + said(done)));
            QVERIFY(!done.error().fix.isEmpty());
            QVERIFY(!said(done).contains(QString::fromLatin1(used.secret.reveal())));
            QVERIFY(seen(wanted).empty());
        }
        // A zone of somebody else's.
        const auto other =
            updateRecordSet(primary, parsed<Hostname>("example.net"),
                            set(QStringLiteral("cloud.example.net"), RecordType::A, {QStringLiteral("198.51.100.10")}),
                            nullptr, key("setter"), Deadline::after(5s), {});
        QVERIFY(!other);
        QVERIFY2(other.error().code == ErrorCode::Denied, qPrintable(said(other)));
    }

    void wrongTime_data() { bothServers(); }
    // The clock of the client: named does not run with a faked one.
    void wrongTime()
    {
        QFETCH(QString, which);
        const auto server = startServer(which);
        for (const char *shift : {"+1h", "-1h"}) {
            QProcess client;
            auto environment = QProcessEnvironment::systemEnvironment();
            environment.insert(QStringLiteral("LD_PRELOAD"), QStringLiteral("/usr/$LIB/faketime/libfaketimeMT.so.1"));
            environment.insert(QStringLiteral("FAKETIME"), QString::fromLatin1(shift));
            environment.insert(QStringLiteral("DONT_FAKE_MONOTONIC"), QStringLiteral("1"));
            client.setProcessEnvironment(environment);
            client.start(QStringLiteral("/proc/self/exe"), {QString::fromLatin1(oneUpdate)});
            QVERIFY2(client.waitForFinished(), qPrintable(client.errorString()));
            const QString told = QString::fromUtf8(client.readAllStandardOutput());
            QVERIFY2(told.startsWith(QStringLiteral("denied ")), qPrintable(told));
            QVERIFY2(told.contains(QStringLiteral("clocks")), qPrintable(told));
            QVERIFY(seen(cloud(RecordType::A, {})).empty());
        }
    }

    // What is too long for a datagram comes by TCP.
    void truncated_data() { bothServers(); }
    void truncated()
    {
        QFETCH(QString, which);
        const auto server = startServer(which);
        QCOMPARE(seen(set(QStringLiteral("long.example.org"), RecordType::TXT, {})).size(), 40u);
        RecordSet many = set(QStringLiteral("many.example.org"), RecordType::TXT, {});
        for (int i = 0; i < 60; ++i)
            many.values.push_back(
                QStringLiteral("\"%1 %2\"").arg(i, 2, 10, QLatin1Char('0')).arg(QString(120, QLatin1Char('y'))));
        const auto done = update(many, key("setter"));
        QVERIFY2(done, qPrintable(said(done)));
        QCOMPARE(seen(many).size(), 60u);
    }

    void twoThousandInARow_data() { bothServers(); }
    void twoThousandInARow()
    {
        QFETCH(QString, which);
        const auto server = startServer(which);
        const TsigKey with = key("setter");
        constexpr int count = 2000;
        QElapsedTimer clock;
        clock.start();
        RecordSet before = cloud(RecordType::AAAA, {});
        for (int i = 0; i < count; ++i) {
            const RecordSet wanted = cloud(RecordType::AAAA, {QStringLiteral("2001:db8:%1::11").arg(i + 1, 0, 16)});
            const auto done = update(wanted, with, &before);
            QVERIFY2(done, qPrintable(QStringLiteral("%1: %2").arg(i).arg(said(done))));
            before = wanted;
        }
        qInfo("%s: %d updates in %lld ms", qPrintable(which), count, static_cast<long long>(clock.elapsed()));
        QCOMPARE(seen(before), before.values);
    }
};

int main(int argc, char **argv)
{
    if (argc == 2 && QByteArray(argv[1]) == oneUpdate)
        return tryOneUpdate();
    enterOwnNetwork(QStringLiteral("nameserver 127.0.0.53\n"));
    QCoreApplication app(argc, argv);
    TestDnsServers test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_dns_servers.moc"
