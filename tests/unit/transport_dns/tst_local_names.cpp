// Multicast DNS as bytes: what is asked, what machines of a LAN answer, and what somebody else may send.

#include "transport/dnscodec.h"

#include <QRandomGenerator>
#include <QTest>

using namespace sixgate;
using namespace sixgate::dnscodec;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QByteArray number(int value)
{
    return QByteArray(1, char(value >> 8)) + char(value & 0xff);
}

QByteArray name(const char *dotted)
{
    QByteArray wire;
    for (const QByteArray &label : QByteArray(dotted).split('.'))
        wire += char(label.size()) + label;
    return wire + '\0';
}

/// With the bit that tells others to forget what they had (RFC 6762 §10.2).
QByteArray record(const char *owner, int type, const QByteArray &data)
{
    return name(owner) + number(type) + number(0x8001) + QByteArray(2, '\0') + number(120) + number(int(data.size())) +
           data;
}

QByteArray answer(const QByteArrayList &records, int flags = 0x8400)
{
    return number(0) + number(flags) + number(0) + number(int(records.size())) + number(0) + number(0) + records.join();
}

QByteArray bytesOf(const char *address)
{
    const auto &bytes = Ipv6Address::parse(latin(address))->bytes();
    return QByteArray(reinterpret_cast<const char *>(bytes.data()), qsizetype(bytes.size()));
}

QString shown(const QByteArray &wire)
{
    QStringList lines;
    for (const LocalAnswer &one : decodeLocalAnswer(wire))
        lines << one.owner + QLatin1Char('>') + (one.address ? ipText(*one.address) : one.target);
    return lines.join(QLatin1Char(' '));
}

} // namespace

class TestLocalNames : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void reverse()
    {
        QCOMPARE(reverseName(*Ipv6Address::parse(latin("2001:db8::567:89ab"))),
                 latin("b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"));
    }

    void question()
    {
        const auto wire = encodePointerQuestion({latin("_https._tcp.local"), latin("_ssh._tcp.local")});
        QVERIFY(wire);
        QCOMPARE(wire->mid(2, 10), number(0) + number(2) + QByteArray(6, '\0'));
        QVERIFY(wire->contains(name("_https._tcp.local") + number(12) + number(1)));
        const auto toResolver = encodePointerQuestion({latin("1.ip6.arpa")}, true);
        QVERIFY(toResolver && toResolver->mid(2, 2) == number(0x0100));
    }

    void answers_data()
    {
        QTest::addColumn<QByteArray>("wire");
        QTest::addColumn<QString>("wanted");
        const QByteArray six = record("nas.local", 28, bytesOf("2001:db8::11"));
        QTest::newRow("address") << answer({six}) << latin("nas.local>2001:db8::11");
        QTest::newRow("service, place, addresses")
            << answer({record("_https._tcp.local", 12, name("My NAS._https._tcp.local")),
                       record("My NAS._https._tcp.local", 33, QByteArray(6, '\0') + name("nas.local")), six,
                       record("nas.local", 1, QByteArray("\xc0\xa8\x01\x02", 4))})
            << latin("_https._tcp.local>My\\032NAS._https._tcp.local my\\032nas._https._tcp.local>nas.local "
                     "nas.local>2001:db8::11 nas.local>192.168.1.2");
        QTest::newRow("texts are left out")
            << answer({record("nas.local", 16, QByteArray("\x01x", 2)), six}) << latin("nas.local>2001:db8::11");
        QTest::newRow("a question") << answer({six}, 0) << QString();
        QTest::newRow("a short address") << answer({record("nas.local", 28, QByteArray(4, '\1'))}) << QString();
        QTest::newRow("fewer than it says") << answer({six}).replace(6, 2, number(9)) << QString();
        QTest::newRow("nothing") << QByteArray() << QString();
        QTest::newRow("a header") << QByteArray(12, '\0') << QString();
    }

    void answers()
    {
        QFETCH(QByteArray, wire);
        QFETCH(QString, wanted);
        QCOMPARE(shown(wire), wanted);
    }

    // Whatever comes, it is read or it is not.
    void hostile()
    {
        QRandomGenerator random(7);
        const QByteArray good = answer({record("_https._tcp.local", 12, name("nas._https._tcp.local")),
                                        record("nas.local", 28, bytesOf("2001:db8::11"))});
        for (int i = 0; i < 20000; ++i) {
            QByteArray wire = good.left(int(random.bounded(good.size() + 1)));
            for (int k = int(random.bounded(4)); k > 0 && !wire.isEmpty(); --k)
                wire[int(random.bounded(wire.size()))] = char(random.bounded(256));
            decodeLocalAnswer(wire);
        }
    }
};

QTEST_GUILESS_MAIN(TestLocalNames)
#include "tst_local_names.moc"
