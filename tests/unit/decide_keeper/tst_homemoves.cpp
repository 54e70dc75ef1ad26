// What a keeper makes of the link's state.

#include "decide/homemoves.h"

#include <QTest>

using namespace sixgate;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

Ipv6Address address(const char *text)
{
    return *Ipv6Address::parse(latin(text));
}

LocalAddress local(const char *text, int preferred = 3600)
{
    LocalAddress one{latin("eth0"), address(text), 64};
    one.preferred = std::chrono::seconds(preferred);
    one.valid = std::chrono::seconds(7200);
    return one;
}

Site site()
{
    Site one{1, *Label::parse(latin("home")), {}, {}, {}, {}, {}};
    one.servers.push_back({*Label::parse(latin("nas")), AddressOfThisMachine{}, std::nullopt});
    return one;
}

LinkSeen link(std::vector<LocalAddress> addresses)
{
    return {std::move(addresses), {}};
}

HomeSeen home(const std::vector<const char *> &proven)
{
    HomeSeen seen;
    for (const char *one : proven) {
        ServerSeen server{*Label::parse(latin("nas")), {}};
        if (*one)
            server.proven = address(one);
        seen.servers.push_back(std::move(server));
    }
    return seen;
}

} // namespace

class TestHomeMoves : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void digest()
    {
        const auto before = linkDigest(site(), link({local("2001:db8:1::11")}));
        QVERIFY(before.state == ReadState::Complete);
        // The same addresses, perhaps of another network.
        QVERIFY(linkDigest(site(), link({local("2001:db8:1::11")}), 1).text != before.text);
        QVERIFY(!isOnlyLess(before, linkDigest(site(), link({}), 1)));
        // Lifetimes run.
        QCOMPARE(linkDigest(site(), link({local("2001:db8:1::11", 60)})).text, before.text);
        QVERIFY(linkDigest(site(), link({local("2001:db8:2::11")})).text != before.text);
        // Temporary ones come and go, and are no matter.
        LocalAddress temporary = local("2001:db8:1::abcd");
        temporary.temporary = true;
        QCOMPARE(linkDigest(site(), link({local("2001:db8:1::11"), temporary})).text, before.text);
        LocalAddress tentative = local("2001:db8:2::11");
        tentative.tentative = true;
        QVERIFY(linkDigest(site(), link({tentative})).state == ReadState::Incomplete);
        // Of a machine that is no server itself it does not matter.
        Site other = site();
        for (HomeServer &one : other.servers)
            one.address = AddressFromInterfaceId{*InterfaceId::parse(latin("::11"))};
        QVERIFY(linkDigest(other, link({tentative})).state == ReadState::Complete);
        QVERIFY(isSettlingIn(link({tentative})) && !isSettlingIn(link({local("2001:db8:2::11")})));
        tentative.dadFailed = true;
        QVERIFY(!isSettlingIn(link({tentative})));
        QVERIFY(linkDigest(site(), link({tentative})).state == ReadState::Complete);
        QVERIFY(linkDigest(site(), fail(ErrorCode::Unavailable, latin("No."))).state == ReadState::Failed);
    }

    void aNameInTheLanMovesWithThePrefix()
    {
        Site named = site();
        named.servers.front().address = AddressFromLanName{*Hostname::parse(latin("nas.local"))};
        const LinkSeen before = link({local("2001:db8:1::5")});
        QCOMPARE(linkDigest(named, link({local("2001:db8:1::6")})).text, linkDigest(named, before).text);
        QVERIFY(linkDigest(named, link({local("2001:db8:2::5")})).text != linkDigest(named, before).text);
        // Any identifier, but of the best prefix.
        QVERIFY(bestProven(named, home({"2001:db8:1::1234"}), before));
        QVERIFY(!bestProven(named, home({""}), before));
        const LinkSeen both = link({local("2001:db8:1::5"), local("2001:db8:2::5", 7000)});
        QVERIFY(!bestProven(named, home({"2001:db8:1::1234"}), both));
        QVERIFY(bestProven(named, home({"2001:db8:2::1234"}), both));
    }

    void lessIsNoNews_data()
    {
        QTest::addColumn<std::vector<LocalAddress>>("before");
        QTest::addColumn<std::vector<LocalAddress>>("now");
        QTest::addColumn<bool>("less");
        const LocalAddress best = local("2001:db8:2::11"), old = local("2001:db8:1::11", 60),
                           older = local("2001:db8:3::11", 50);
        using All = std::vector<LocalAddress>;
        QTest::newRow("one runs out") << All{best, old} << All{best} << true;
        QTest::newRow("one of several") << All{best, old, older} << All{best, old} << true;
        QTest::newRow("the same") << All{best, old} << All{best, old} << false;
        QTest::newRow("one comes back") << All{best} << All{best, old} << false;
        QTest::newRow("one for another") << All{best, old} << All{best, older} << false;
        QTest::newRow("the best one goes") << All{best, old} << All{old} << false;
        QTest::newRow("all go") << All{best} << All{} << false;
    }

    // Addresses that nobody has any more run out one after the other: that is no new home each time.
    void lessIsNoNews()
    {
        QFETCH(std::vector<LocalAddress>, before);
        QFETCH(std::vector<LocalAddress>, now);
        QFETCH(bool, less);
        QCOMPARE(isOnlyLess(linkDigest(site(), link(before)), linkDigest(site(), link(now))), less);
    }

    void source()
    {
        const auto prefix = *Ipv6Prefix::of(address("2001:db8:2::11"), 64);
        LocalAddress old = local("2001:db8:2::5");
        old.deprecated = true;
        LocalAddress tentative = local("2001:db8:2::6");
        tentative.tentative = true;
        QVERIFY(!sourceIn(prefix, link({local("2001:db8:1::5"), old, tentative})));
        QVERIFY(sourceIn(prefix, link({local("2001:db8:1::5"), local("2001:db8:2::7")})) == address("2001:db8:2::7"));
    }

    void proven()
    {
        const auto both = link({local("2001:db8:1::11", 60), local("2001:db8:2::11")});
        QVERIFY(bestProven(site(), home({"2001:db8:2::11"}), both));
        QVERIFY(!bestProven(site(), home({"2001:db8:1::11"}), both));
        QVERIFY(!bestProven(site(), home({""}), both));
        QVERIFY(!bestProven(site(), home({}), both));
        QVERIFY(isAtHome(home({"", "2001:db8:1::11"})) && !allProven(home({"", "2001:db8:1::11"})));
        QVERIFY(!isAtHome(home({""})) && !isAtHome(home({})) && !allProven(home({})));
        QCOMPARE(provenText(home({"2001:db8:1::11", "", "2001:db8:1::11", "2001:db8:1::12"})),
                 latin("2001:db8:1::11, 2001:db8:1::12"));
    }

    // A server that is off is no other network.
    void where()
    {
        const auto on = [](const char *prefix, const std::vector<const char *> &servers) {
            HomeSeen seen = home(servers);
            seen.prefixes = std::vector<Ipv6Prefix>{*Ipv6Prefix::parse(latin(prefix))};
            return seen;
        };
        const std::vector<QString> before{latin("2001:db8:1::/64")};
        QVERIFY(whereabouts(HomeSeen{}, before) == Whereabouts::Unknown);
        QVERIFY(whereabouts(on("2001:db8:1::/64", {"2001:db8:1::11"}), {}) == Whereabouts::Home);
        QVERIFY(whereabouts(on("2001:db8:2::/64", {"2001:db8:2::11"}), before) == Whereabouts::Home);
        QVERIFY(whereabouts(on("2001:db8:1::/64", {""}), before) == Whereabouts::Near);
        QVERIFY(whereabouts(on("2001:db8:2::/64", {""}), before) == Whereabouts::Elsewhere);
        QVERIFY(whereabouts(on("2001:db8:1::/64", {""}), {}) == Whereabouts::Elsewhere);
        HomeSeen unknown = home({""});
        unknown.prefixes = fail(ErrorCode::Unavailable, latin("No netlink."));
        QVERIFY(whereabouts(unknown, before) == Whereabouts::Elsewhere);
    }
};

QTEST_GUILESS_MAIN(TestHomeMoves)
#include "tst_homemoves.moc"
