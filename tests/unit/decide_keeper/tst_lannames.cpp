// Several servers that are known by their names in the LAN: each has its own address, and one's trouble is none of the
// other's.

#include "decide/addresses.h"
#include "decide/homemoves.h"

#include <QTest>

using namespace sixgate;

namespace
{

template <class T>
T parsed(const QString &text)
{
    return *T::parse(text);
}

LocalAddress local(const QString &text)
{
    LocalAddress one{QStringLiteral("eth0"), parsed<Ipv6Address>(text), 64};
    one.preferred = std::chrono::seconds(3600);
    one.valid = std::chrono::seconds(7200);
    return one;
}

Site siteOf(const QString &first, const QString &second)
{
    Site one{1, parsed<Label>(QStringLiteral("home")), {}, {}, {}, {}, {}};
    for (const auto &[name, inLan] :
         {std::pair(QStringLiteral("nas"), first), std::pair(QStringLiteral("web"), second)})
        one.servers.push_back({parsed<Label>(name), AddressFromLanName{parsed<Hostname>(inLan)}, std::nullopt});
    return one;
}

/// "2001:db8:1::77 fe80::1"; "?": nobody could be asked.
Known<std::vector<Ipv6Address>> told(const QString &text)
{
    if (text == QLatin1String("?"))
        return fail(ErrorCode::Timeout, QStringLiteral("No answer."));
    std::vector<Ipv6Address> all;
    for (const QString &one : text.split(QLatin1Char(' '), Qt::SkipEmptyParts))
        all.push_back(parsed<Ipv6Address>(one));
    return all;
}

HomeSeen homeWith(const QString &nas, const QString &web)
{
    HomeSeen home;
    for (const auto &[name, proven] : {std::pair(QStringLiteral("nas"), nas), std::pair(QStringLiteral("web"), web)}) {
        ServerSeen server{parsed<Label>(name), {}};
        if (!proven.isEmpty())
            server.proven = parsed<Ipv6Address>(proven);
        home.servers.push_back(std::move(server));
    }
    return home;
}

} // namespace

class TestLanNames : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void chosen_data()
    {
        QTest::addColumn<QString>("nasTold");
        QTest::addColumn<QString>("webTold");
        QTest::addColumn<QString>("nas"); // chosen
        QTest::addColumn<QString>("web");
        const auto row = [](const char *what, const char *nasTold, const char *webTold, const char *nas,
                            const char *web) {
            QTest::newRow(what) << QString::fromLatin1(nasTold) << QString::fromLatin1(webTold)
                                << QString::fromLatin1(nas) << QString::fromLatin1(web);
        };
        row("each its own", "2001:db8:1::77", "2001:db8:1::88", "2001:db8:1::77", "2001:db8:1::88");
        row("the first cannot be asked for", "?", "2001:db8:1::88", "", "2001:db8:1::88");
        row("the second cannot be asked for", "2001:db8:1::77", "?", "2001:db8:1::77", "");
        row("nobody has the second name", "2001:db8:1::77", "", "2001:db8:1::77", "");
        row("the second is elsewhere", "2001:db8:1::77", "2001:db8:9::88", "2001:db8:1::77", "");
        row("the second is link-local alone", "2001:db8:1::77", "fe80::88", "2001:db8:1::77", "");
        row("both lead to one machine", "2001:db8:1::77", "2001:db8:1::77", "2001:db8:1::77", "2001:db8:1::77");
    }

    void chosen()
    {
        QFETCH(QString, nasTold);
        QFETCH(QString, webTold);
        QFETCH(QString, nas);
        QFETCH(QString, web);
        const Site site = siteOf(QStringLiteral("nas.local"), QStringLiteral("web.home.arpa"));
        LinkSeen link{{local(QStringLiteral("2001:db8:1::5"))}, {}};
        link.named.emplace(parsed<Hostname>(QStringLiteral("nas.local")), told(nasTold));
        link.named.emplace(parsed<Hostname>(QStringLiteral("web.home.arpa")), told(webTold));
        QStringList all;
        for (const HomeServer &one : site.servers) {
            const AddressChoice choice = chooseAddress(one, link);
            all << (choice.chosen ? choice.chosen->text() : QString());
        }
        QCOMPARE(all, (QStringList{nas, web}));
    }

    void proven_data()
    {
        QTest::addColumn<QString>("nas"); // where it was proven; empty: nowhere
        QTest::addColumn<QString>("web");
        QTest::addColumn<bool>("all");
        QTest::addColumn<bool>("best");
        QTest::addColumn<bool>("home");
        const auto row = [](const char *what, const char *nas, const char *web, bool all, bool best, bool home) {
            QTest::newRow(what) << QString::fromLatin1(nas) << QString::fromLatin1(web) << all << best << home;
        };
        row("both in the best prefix", "2001:db8:2::77", "2001:db8:2::88", true, true, true);
        row("one in the old one", "2001:db8:2::77", "2001:db8:1::88", true, false, true);
        row("both in the old one", "2001:db8:1::77", "2001:db8:1::88", true, false, true);
        row("one does not answer", "2001:db8:2::77", "", false, false, true);
        row("the other one does not", "", "2001:db8:2::88", false, false, true);
        row("none answers", "", "", false, false, false);
    }

    void proven()
    {
        QFETCH(QString, nas);
        QFETCH(QString, web);
        QFETCH(bool, all);
        QFETCH(bool, best);
        QFETCH(bool, home);
        const Site site = siteOf(QStringLiteral("nas.local"), QStringLiteral("web.local"));
        LocalAddress old = local(QStringLiteral("2001:db8:1::5"));
        old.preferred = std::chrono::seconds(60);
        const LinkSeen link{{old, local(QStringLiteral("2001:db8:2::5"))}, {}};
        const HomeSeen seen = homeWith(nas, web);
        QCOMPARE(allProven(seen), all);
        QCOMPARE(bestProven(site, seen, link), best);
        QCOMPARE(isAtHome(seen), home);
    }

    // Of such servers the link tells when they may have moved: with the prefix, and each of them.
    void digest()
    {
        const Site site = siteOf(QStringLiteral("nas.local"), QStringLiteral("web.local"));
        const LinkSeen before{{local(QStringLiteral("2001:db8:1::5"))}, {}};
        const auto now = linkDigest(site, before);
        QCOMPARE(now.chosen.size(), std::size_t(2));
        QVERIFY(now.chosen[0] && now.chosen[0] == now.chosen[1]);
        QCOMPARE(linkDigest(site, LinkSeen{{local(QStringLiteral("2001:db8:1::6"))}, {}}).text, now.text);
        QVERIFY(linkDigest(site, LinkSeen{{local(QStringLiteral("2001:db8:2::5"))}, {}}).text != now.text);
        QVERIFY(!linkDigest(site, LinkSeen{}).chosen[1]);
    }
};

QTEST_APPLESS_MAIN(TestLanNames)
#include "tst_lannames.moc"
