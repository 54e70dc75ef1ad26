// The TLS client against real servers: what it sees, what it refuses, and that every wait ends.

#include "testserver.h"
#include "transport/io.h"
#include "transport/probe.h"
#include "transport/tls.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

Hostname cloud()
{
    return *Hostname::parse(QStringLiteral("cloud.example.org"));
}

// The authorities of all tests.
struct World {
    Identity root = makeIdentity({{}, "Trusted root", -3600, 86400, true});
    Identity between = makeIdentity({{}, "Intermediate", -3600, 86400, true}, &root);
    Identity strangeRoot = makeIdentity({{}, "Strange root", -3600, 86400, true});
    Identity strangeBetween = makeIdentity({{}, "Strange intermediate", -3600, 86400, true}, &strangeRoot);
    Identity good = makeIdentity({{"cloud.example.org"}}, &between);
};

World &world()
{
    static World all;
    return all;
}

Result<TlsStream> connectTls(const Server &server, std::chrono::milliseconds span, std::stop_token stop = {})
{
    const Deadline deadline = Deadline::after(span);
    auto socket = connectTcp(server.address(), server.port(), deadline, stop);
    if (!socket)
        return passOn(socket);
    return TlsStream::handshake(std::move(*socket), cloud(), deadline, stop);
}

void waitForEnd(SSL *ssl)
{
    char buffer[256];
    while (SSL_read(ssl, buffer, sizeof buffer) > 0) {
    }
}

} // namespace

Q_DECLARE_METATYPE(sixgate::test::Identity)
Q_DECLARE_METATYPE(std::vector<sixgate::test::Identity>)
Q_DECLARE_METATYPE(std::optional<sixgate::Fingerprint>)
Q_DECLARE_METATYPE(sixgate::ChainFault)

class TestTls : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        trustOnly(world().root, m_folder.path());
    }

    void identity_data()
    {
        QTest::addColumn<Identity>("shown");
        QTest::addColumn<std::vector<Identity>>("chain");
        QTest::addColumn<std::optional<Fingerprint>>("pinned");
        QTest::addColumn<ChainFault>("fault");
        QTest::addColumn<QString>("summary"); // empty: accepted
        const World &w = world();
        const std::optional<Fingerprint> noPin;
        const std::vector<Identity> full{w.between};
        const auto key = [](const Identity &one) -> std::optional<Fingerprint> {
            return parseCertificate(one.pem())->key;
        };
        const Identity self = makeIdentity({{"cloud.example.org"}, "cloud.example.org"});
        const Identity selfWithoutName = makeIdentity({{}, "nas"});

        QTest::newRow("valid") << w.good << full << noPin << ChainFault::None << QString();
        QTest::newRow("signed by the root itself") << makeIdentity({{"cloud.example.org"}}, &w.root)
                                                   << std::vector<Identity>{} << noPin << ChainFault::None << QString();
        QTest::newRow("several names") << makeIdentity({{"a.example.org", "cloud.example.org"}}, &w.between) << full
                                       << noPin << ChainFault::None << QString();
        QTest::newRow("wildcard") << makeIdentity({{"*.example.org"}}, &w.between) << full << noPin << ChainFault::None
                                  << QString();
        QTest::newRow("wildcard of part of a label")
            << makeIdentity({{"clo*.example.org"}}, &w.between) << full << noPin << ChainFault::WrongName
            << QStringLiteral("The certificate is for clo*.example.org, not for cloud.example.org.");
        QTest::newRow("wrong name") << makeIdentity({{"other.example.net", "www.example.net"}}, &w.between) << full
                                    << noPin << ChainFault::WrongName
                                    << QStringLiteral("The certificate is for other.example.net, www.example.net, not "
                                                      "for cloud.example.org.");
        QTest::newRow("name in the subject only")
            << makeIdentity({{}, "cloud.example.org"}, &w.between) << full << noPin << ChainFault::WrongName
            << QStringLiteral("The certificate is for no name at all, not for cloud.example.org.");
        QTest::newRow("wrong name and expired")
            << makeIdentity({{"other.example.net"}, "test", -7200, -3600}, &w.between) << full << noPin
            << ChainFault::WrongName << QStringLiteral("not for cloud.example.org.");
        QTest::newRow("expired") << makeIdentity({{"cloud.example.org"}, "test", -7200, -3600}, &w.between) << full
                                 << noPin << ChainFault::Expired
                                 << QStringLiteral("The certificate expired on %1")
                                        .arg(QDateTime::currentDateTimeUtc().addSecs(-3600).toString(
                                            QStringLiteral("yyyy-MM-dd")));
        QTest::newRow("not yet valid") << makeIdentity({{"cloud.example.org"}, "test", 3600, 86400}, &w.between) << full
                                       << noPin << ChainFault::NotYetValid
                                       << QStringLiteral("The certificate is not valid before ");
        QTest::newRow("untrusted") << makeIdentity({{"cloud.example.org"}}, &w.strangeBetween)
                                   << std::vector<Identity>{w.strangeBetween} << noPin << ChainFault::Untrusted
                                   << QStringLiteral("an authority that this machine does not trust "
                                                     "(CN=Strange intermediate).");
        QTest::newRow("untrusted, root shown") << makeIdentity({{"cloud.example.org"}}, &w.strangeBetween)
                                               << std::vector<Identity>{w.strangeBetween, w.strangeRoot} << noPin
                                               << ChainFault::Untrusted << QStringLiteral("does not trust");
        QTest::newRow("incomplete chain")
            << w.good << std::vector<Identity>{} << noPin << ChainFault::Incomplete
            << QStringLiteral("The server sends its certificate without the chain, and its issuer (CN=Intermediate)");
        QTest::newRow("self-signed") << self << std::vector<Identity>{} << noPin << ChainFault::SelfSigned
                                     << QStringLiteral("The certificate is self-signed.");
        QTest::newRow("self-signed, pinned")
            << self << std::vector<Identity>{} << key(self) << ChainFault::SelfSigned << QString();
        QTest::newRow("self-signed without a name, pinned")
            << selfWithoutName << std::vector<Identity>{} << key(selfWithoutName) << ChainFault::SelfSigned
            << QString();
        QTest::newRow("self-signed, another key pinned")
            << self << std::vector<Identity>{} << key(w.good) << ChainFault::SelfSigned
            << QStringLiteral("The server shows the key %1 instead of the pinned one %2.")
                   .arg(key(self)->text(), key(w.good)->text());
        QTest::newRow("valid chain, another key pinned")
            << w.good << full << key(self) << ChainFault::None << QStringLiteral("instead of the pinned one");
        QTest::newRow("valid chain, its key pinned")
            << w.good << full << key(w.good) << ChainFault::None
            << QStringLiteral("which CN=Intermediate issued; only a self-signed one can be pinned.");
        const Identity past = makeIdentity({{"cloud.example.org"}, "test", -7200, -3600});
        QTest::newRow("self-signed, pinned, expired")
            << past << std::vector<Identity>{} << key(past) << ChainFault::SelfSigned
            << QStringLiteral("The certificate expired on ");
        const Identity future = makeIdentity({{"cloud.example.org"}, "test", 3600, 86400});
        QTest::newRow("self-signed, pinned, not yet valid")
            << future << std::vector<Identity>{} << key(future) << ChainFault::SelfSigned
            << QStringLiteral("The certificate is not valid before ");
    }

    void identity()
    {
        QFETCH(Identity, shown);
        QFETCH(std::vector<Identity>, chain);
        QFETCH(std::optional<Fingerprint>, pinned);
        QFETCH(ChainFault, fault);
        QFETCH(QString, summary);
        const Server server("127.0.0.1", 0, tlsSession(shown, chain, waitForEnd));
        const auto stream = connectTls(server, 5s);
        QVERIFY2(stream, stream ? "" : qPrintable(stream.error().summary + stream.error().detail));
        const TlsSeen &seen = stream->seen();
        QCOMPARE(seen.fault, fault);
        QCOMPARE(seen.chainValid, fault == ChainFault::None);
        QCOMPARE(seen.chainError.isEmpty(), seen.chainValid);
        const auto parsed = parseCertificate(shown.pem());
        QCOMPARE(seen.certificate.pem, shown.pem());
        QCOMPARE(seen.certificate.key, parsed->key);
        const auto known = checkIdentity(seen, ExpectedIdentity{cloud(), pinned, {}});
        if (summary.isEmpty()) {
            QVERIFY2(known, known ? "" : qPrintable(known.error().summary));
        } else {
            QVERIFY(!known);
            QCOMPARE(known.error().code, ErrorCode::Denied);
            QVERIFY2(known.error().summary.contains(summary), qPrintable(known.error().summary));
            QVERIFY(known.error().summary.endsWith(QLatin1Char('.')));
            QVERIFY(!known.error().fix.isEmpty());
        }
        // A foreign key is refused, whatever the chain and the pin say.
        const auto foreign = checkIdentity(seen, ExpectedIdentity{cloud(), pinned, {seen.certificate.key}});
        QVERIFY(!foreign);
        QCOMPARE(foreign.error().code, ErrorCode::Denied);
        QVERIFY(foreign.error().summary.contains(QLatin1String("leads back to the VPS")));
    }

    void version_data()
    {
        QTest::addColumn<int>("highest");
        QTest::addColumn<QString>("protocol"); // empty: refused
        QTest::newRow("1.0") << TLS1_VERSION << QString();
        QTest::newRow("1.1") << TLS1_1_VERSION << QString();
        QTest::newRow("1.2") << TLS1_2_VERSION << QStringLiteral("TLSv1.2");
        QTest::newRow("1.3") << TLS1_3_VERSION << QStringLiteral("TLSv1.3");
    }

    void version()
    {
        QFETCH(int, highest);
        QFETCH(QString, protocol);
        const Server server("::1", 0, tlsSession(world().good, {world().between}, waitForEnd, highest));
        const auto stream = connectTls(server, 5s);
        QCOMPARE(stream.has_value(), !protocol.isEmpty());
        if (stream) {
            QCOMPARE(stream->seen().protocol, protocol);
            return;
        }
        QCOMPARE(stream.error().code, ErrorCode::Protocol);
        QCOMPARE(stream.error().summary, QStringLiteral("The server does not offer TLS 1.2 or newer."));
    }

    void nameAndProtocolAreOffered()
    {
        std::mutex mutex;
        QByteArray name;
        QByteArray protocol;
        const auto session = [&](SSL *ssl) {
            {
                const std::lock_guard lock(mutex);
                name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
                const unsigned char *chosen = nullptr;
                unsigned size = 0;
                SSL_get0_alpn_selected(ssl, &chosen, &size);
                protocol = QByteArray(reinterpret_cast<const char *>(chosen), qsizetype(size));
            }
            writeAll(ssl, "x");
            waitForEnd(ssl);
        };
        const Server server("127.0.0.1", 0, tlsSession(world().good, {world().between}, session));
        auto stream = connectTls(server, 5s);
        QVERIFY(stream);
        QCOMPARE(stream->read(10, Deadline::after(5s), {}).value(), QByteArray("x"));
        const std::lock_guard lock(mutex);
        QCOMPARE(name, QByteArray("cloud.example.org"));
        QCOMPARE(protocol, QByteArray("http/1.1"));
    }

    void noTls_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<QString>("summary");
        QTest::newRow("plain HTTP") << QByteArray("HTTP/1.1 400 Bad Request\r\n\r\n") << ErrorCode::Protocol
                                    << QStringLiteral("The server does not speak TLS on this port.");
        QTest::newRow("SSH") << QByteArray("SSH-2.0-OpenSSH_9.2p1 Debian\r\n") << ErrorCode::Protocol
                             << QStringLiteral("The server does not speak TLS on this port.");
        QTest::newRow("closes") << QByteArray() << ErrorCode::Network
                                << QStringLiteral("The server closed the connection during the TLS handshake.");
        QTest::newRow("knows no such site") << QByteArray("\x15\x03\x03\x00\x02\x02\x70", 7) << ErrorCode::Protocol
                                            << QStringLiteral("The server knows no site named cloud.example.org.");
        QTest::newRow("another alert") << QByteArray("\x15\x03\x03\x00\x02\x02\x28", 7) << ErrorCode::Protocol
                                       << QStringLiteral("The TLS handshake failed.");
    }

    void noTls()
    {
        QFETCH(QByteArray, answer);
        const Server server("127.0.0.1", 0, [answer](int fd) {
            char buffer[4096];
            if (::read(fd, buffer, sizeof buffer) > 0 && !answer.isEmpty()) {
                [[maybe_unused]] const auto sent = ::write(fd, answer.constData(), size_t(answer.size()));
            }
        });
        const auto stream = connectTls(server, 5s);
        QVERIFY(!stream);
        QTEST(stream.error().code, "code");
        QTEST(stream.error().summary, "summary");
    }

    void silentServerTimesOut()
    {
        const Server server("127.0.0.1", 0, [](int fd) {
            char buffer[4096];
            while (::read(fd, buffer, sizeof buffer) > 0) {
            }
        });
        QElapsedTimer timer;
        timer.start();
        const auto stream = connectTls(server, 300ms);
        QVERIFY(!stream);
        QCOMPARE(stream.error().code, ErrorCode::Timeout);
        QVERIFY2(timer.elapsed() >= 290 && timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
    }

    void stopEndsTheWait()
    {
        const Server server("127.0.0.1", 0, [](int fd) {
            char buffer[4096];
            while (::read(fd, buffer, sizeof buffer) > 0) {
            }
        });
        std::stop_source source;
        std::jthread stopper([&source] {
            std::this_thread::sleep_for(200ms);
            source.request_stop();
        });
        QElapsedTimer timer;
        timer.start();
        const auto stream = connectTls(server, 30s, source.get_token());
        QVERIFY(!stream);
        QCOMPARE(stream.error().code, ErrorCode::Cancelled);
        QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
    }

    void muchDataBothWays()
    {
        const Server server("::1", 0, tlsSession(world().good, {world().between}, [](SSL *ssl) {
                                QByteArray got;
                                while (got.size() < 1'000'000) {
                                    char buffer[16384];
                                    const int n = SSL_read(ssl, buffer, sizeof buffer);
                                    if (n <= 0)
                                        return;
                                    got.append(buffer, n);
                                }
                                writeAll(ssl, got);
                            }));
        auto stream = connectTls(server, 10s);
        QVERIFY(stream);
        QByteArray sent;
        for (int i = 0; sent.size() < 1'000'000; ++i)
            sent += QByteArray::number(i);
        sent.truncate(1'000'000);
        QVERIFY(stream->write(sent, Deadline::after(10s), {}));
        QByteArray got;
        while (true) {
            const auto part = stream->read(100'000, Deadline::after(10s), {});
            QVERIFY(part);
            if (part->isEmpty())
                break;
            got += *part;
        }
        QCOMPARE(got.size(), sent.size());
        QVERIFY(got == sent);
    }

    void writingToAClosedConnectionIsAnError()
    {
        // The default action of SIGPIPE would end this process.
        QVERIFY(std::signal(SIGPIPE, SIG_DFL) != SIG_ERR);
        const Server server("127.0.0.1", 0, tlsSession(world().good, {world().between}, [](SSL *) {}));
        auto stream = connectTls(server, 5s);
        QVERIFY(stream);
        Outcome written;
        for (int i = 0; i < 100 && written; ++i) {
            written = stream->write(QByteArray(100'000, 'x'), Deadline::after(5s), {});
            std::this_thread::sleep_for(5ms);
        }
        QVERIFY(!written);
        QCOMPARE(written.error().code, ErrorCode::Network);
    }

    void certificates_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<bool>("good");
        const QByteArray pem = world().good.pem();
        const QByteArray der = world().good.der();
        QTest::newRow("PEM") << pem << true;
        QTest::newRow("PEM after a text, before another") << "subject=x\n" + pem + world().root.pem() << true;
        QTest::newRow("PEM with CRLF") << QByteArray(pem).replace("\n", "\r\n") << true;
        QTest::newRow("DER") << der << true;
        QTest::newRow("DER with more behind it") << der + "x" << false;
        QTest::newRow("DER cut") << der.chopped(1) << false;
        QTest::newRow("PEM cut") << pem.left(pem.size() / 2) << false;
        QTest::newRow("another PEM") << QByteArray("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
                                     << false;
        QTest::newRow("encrypted PEM") << QByteArray(pem).replace(
                                              "CERTIFICATE-----\n",
                                              "CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
                                              "00112233445566778899AABBCCDDEEFF\n\n")
                                       << false;
        QTest::newRow("empty") << QByteArray() << false;
        QTest::newRow("garbage") << QByteArray("hello") << false;
        QTest::newRow("zeros") << QByteArray(5000, '\0') << false;
        QTest::newRow("too long") << pem + QByteArray(2 * 1024 * 1024, 'x') << false;
    }

    void certificates()
    {
        QFETCH(QByteArray, text);
        QFETCH(bool, good);
        const auto seen = parseCertificate(text);
        QCOMPARE(seen.has_value(), good);
        if (!good) {
            QCOMPARE(seen.error().code, ErrorCode::Invalid);
            return;
        }
        QCOMPARE(seen->pem, world().good.pem());
        QCOMPARE(seen->names, (std::vector<QString>{QStringLiteral("cloud.example.org")}));
        QCOMPARE(seen->subject, QStringLiteral("CN=test"));
        QCOMPARE(seen->issuer, QStringLiteral("CN=Intermediate"));
        QVERIFY(!seen->selfSigned);
        QCOMPARE(seen->notBefore.secsTo(seen->notAfter), qint64(86400 + 3600));
        QVERIFY(qAbs(seen->notAfter.secsTo(QDateTime::currentDateTimeUtc().addSecs(86400))) < 120);
        unsigned char *spki = nullptr;
        const int size = i2d_PUBKEY(world().good.key.get(), &spki);
        QCOMPARE(seen->key, Fingerprint::ofBytes(QByteArray(reinterpret_cast<const char *>(spki), size)));
        OPENSSL_free(spki);
    }

    void hostileCertificateTextIsTamed()
    {
        const auto seen = parseCertificate(makeIdentity({{}, "evil\x1b[2J\xe2\x80\xae"}).pem());
        QVERIFY(seen);
        QVERIFY(seen->selfSigned);
        for (const QChar c : seen->subject)
            QVERIFY2(c.isPrint(), qPrintable(seen->subject));
        QVERIFY(parseCertificate(world().root.pem())->selfSigned);
    }

    void connectReasons()
    {
        const Deadline deadline = Deadline::after(3s);
        Port port = *Port::fromNumber(1);
        {
            const Server server("127.0.0.1", 0, [](int) {});
            port = server.port();
        }
        const auto refused = connectTcp(*parseIpAddress(QStringLiteral("127.0.0.1")), port, deadline, {});
        QVERIFY(!refused);
        QCOMPARE(connectReason(refused.error()), QStringLiteral("ECONNREFUSED"));
        QCOMPARE(connectError(QStringLiteral("127.0.0.1:1"), QStringLiteral("ECONNREFUSED")).summary,
                 QStringLiteral("127.0.0.1:1 refuses the connection."));
        QCOMPARE(whereText(*parseIpAddress(QStringLiteral("2001:db8::11")), *Port::fromNumber(443)),
                 QStringLiteral("[2001:db8::11]:443"));
    }

private:
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestTls)
#include "tst_tls.moc"
