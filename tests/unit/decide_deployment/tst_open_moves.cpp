// Moves to another VPS that have not ended.

#include "decide/vpsacts.h"
#include "storage/sitefile.h"

#include <QFile>
#include <QTest>

using namespace sixgate;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

} // namespace

class TestOpenMoves : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    // Which moves have not ended, of the state and of what the site file names.
    void openMoves_data()
    {
        QTest::addColumn<QStringList>("file");
        QTest::addColumn<QStringList>("zone");
        QTest::addColumn<bool>("left");
        QTest::addColumn<bool>("open");
        const QStringList old{latin("198.51.100.10"), latin("2001:db8::10")}, next{latin("192.0.2.20")}, none;
        QTest::newRow("none was left") << next << next << false << false;
        QTest::newRow("the file names the new one") << next << next << true << true;
        QTest::newRow("the records still lead to the old one") << next << old << true << true;
        QTest::newRow("the file names the old one") << old << old << true << false;
        QTest::newRow("the name leads to the old one") << none << old << true << false;
        QTest::newRow("the name leads to the new one") << none << next << true << true;
    }

    void openMoves()
    {
        QFETCH(QStringList, file);
        QFETCH(QStringList, zone);
        QFETCH(bool, left);
        QFETCH(bool, open);
        QFile example(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"));
        QVERIFY(example.open(QIODevice::ReadOnly));
        const auto site = parseSite(example.readAll());
        QVERIFY(site);
        const auto parsed = [](const QStringList &texts) {
            std::vector<IpAddress> all;
            for (const QString &one : texts)
                all.push_back(*parseIpAddress(one));
            return all;
        };
        Vps now = site->vps.front();
        now.hostKeys.clear();
        now.addresses = parsed(file);
        VpsSeen seen;
        std::vector<Ipv4Address> v4;
        for (const IpAddress &one : parsed(zone)) {
            if (const auto *address = std::get_if<Ipv4Address>(&one))
                v4.push_back(*address);
        }
        seen.ipv4 = v4;
        std::optional<LeftVps> before;
        if (left) {
            before = LeftVps{now, {}};
            before->vps.addresses = parsed({latin("198.51.100.10"), latin("2001:db8::10")});
        }
        const auto move = openMove(now, before, seen);
        QCOMPARE(move.has_value(), open);
        if (!open)
            return;
        QVERIFY(move->old == before->vps.addresses);
        QVERIFY(!move->forgottenAt.isValid());
        before->forgottenAt = 1'795'000'000;
        QCOMPARE(openMove(now, before, seen)->forgottenAt.toSecsSinceEpoch(), 1'795'000'000);
    }
};

QTEST_GUILESS_MAIN(TestOpenMoves)

#include "tst_open_moves.moc"
