// Credentials are put in at the last moment, encoded for where they stand, and shown nowhere.

#include "apply/providerwire.h"

#include <QTest>

using namespace sixgate;

namespace
{

using Encoding = RequestPiece::Encoding;

ProviderRequest request(const RequestText &target, std::vector<RequestHeader> headers = {},
                        const RequestText &body = {})
{
    return {
        "GET", *Hostname::parse(QStringLiteral("api.example.net")), *Port::fromNumber(443), target, std::move(headers),
        body};
}

RequestPiece text(const char *bytes)
{
    return {bytes, {}, Encoding::Header};
}

RequestPiece secret(const char *name, Encoding encoding)
{
    return {{}, QString::fromLatin1(name), encoding};
}

Credentials holding(const QByteArray &value)
{
    Credentials all;
    all.emplace(QStringLiteral("user"), Secret("me"));
    all.emplace(QStringLiteral("key"), Secret(value));
    return all;
}

} // namespace

class TestProviderCredentials : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void encoded_data()
    {
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<QByteArray>("percent");
        QTest::addColumn<QByteArray>("json");
        const auto row = [](const char *name, const QByteArray &value, const char *percent, const QByteArray &json) {
            QTest::newRow(name) << value << QByteArray(percent) << json;
        };
        row("plain", "aZ09-._~", "aZ09-._~", "aZ09-._~");
        row("plus and blank", "a+b c", "a%2Bb%20c", "a+b c");
        row("what a query means", "&=?#/%", "%26%3D%3F%23%2F%25", "&=?#/%");
        row("quotes", "\"\\'", "%22%5C%27", "\\\"\\\\'");
        row("umlaut", "\xc3\xbc", "%C3%BC", "\xc3\xbc");
        row("encoded already", "%2B", "%252B", "%2B");
        row("line end of a file", "abc\r\n", "abc", "abc");
        row("blanks around", "  abc ", "abc", "abc");
    }

    void encoded()
    {
        QFETCH(QByteArray, value);
        QFETCH(QByteArray, percent);
        QFETCH(QByteArray, json);
        const auto wire =
            wireRequest(request({text("/u?k="), secret("key", Encoding::Percent)},
                                {{"X-Key", {text("a."), secret("key", Encoding::Header)}},
                                 {"Authorization",
                                  {secret("user", Encoding::Header), text(":"), secret("key", Encoding::Header)},
                                  true}},
                                {text("{\"k\":\""), secret("key", Encoding::Json), text("\"}")}),
                        holding(value));
        QVERIFY2(wire, wire ? "" : qPrintable(wire.error().summary));
        QCOMPARE(wire->target.reveal(), "/u?k=" + percent);
        QCOMPARE(wire->headers[0].second.reveal(), "a." + value.trimmed());
        QCOMPARE(wire->headers[1].second.reveal(), "Basic " + ("me:" + value.trimmed()).toBase64());
        QCOMPARE(wire->body.reveal(), "{\"k\":\"" + json + "\"}");
    }

    void refused_data()
    {
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<int>("code");
        QTest::newRow("missing") << QByteArray() << int(ErrorCode::NotFound);
        QTest::newRow("blank") << QByteArray(" \n") << int(ErrorCode::NotFound);
        QTest::newRow("a line end within") << QByteArray("hush\r\nX: y") << int(ErrorCode::Invalid);
        QTest::newRow("a zero byte") << QByteArray("hush\0x", 6) << int(ErrorCode::Invalid);
    }

    void refused()
    {
        QFETCH(QByteArray, value);
        QFETCH(int, code);
        const auto wire =
            wireRequest(request({text("/")}, {{"X-Key", {secret("key", Encoding::Header)}}}), holding(value));
        QVERIFY(!wire);
        QCOMPARE(int(wire.error().code), code);
        QVERIFY(wire.error().summary.contains(QStringLiteral("key")));
        QVERIFY(!(wire.error().summary + wire.error().detail).contains(QStringLiteral("hush")));
    }

    void aUserNameWithAColon()
    {
        const RequestText pair{secret("key", Encoding::Header), text(":"), secret("user", Encoding::Header)};
        const auto wire = wireRequest(request({text("/")}, {{"Authorization", pair, true}}), holding("a:b"));
        QVERIFY(!wire);
        QCOMPARE(wire.error().code, ErrorCode::Invalid);
        const RequestText other{secret("user", Encoding::Header), text(":"), secret("key", Encoding::Header)};
        QVERIFY(wireRequest(request({text("/")}, {{"Authorization", other, true}}), holding("a:b")));
    }

    void shownWithout()
    {
        const ProviderRequest one = request({text("/u/"), secret("key", Encoding::Percent), text("/x?a=literal&b=")});
        QCOMPARE(shownRequest(one), QStringLiteral("GET https://api.example.net/u/<key>/x"));
    }
};

QTEST_GUILESS_MAIN(TestProviderCredentials)
#include "tst_provider_credentials.moc"
