#pragma once

#include "decide/addresses.h"

#include <QStringList>
#include <QTest>

// Rows as text: addresses and verdicts in the order of the input.

namespace sixgate
{

/// "eth0 2001:db8::1/64 temporary preferred=600 valid=1200; …": flags as `ip` prints them, and
/// the kind of an interface that is no LAN (tunnel, loopback, noarp); no lifetime is forever.
inline std::vector<LocalAddress> addressesFrom(const QString &rows)
{
    std::vector<LocalAddress> addresses;
    for (const QString &row : rows.split(QLatin1Char(';'), Qt::SkipEmptyParts)) {
        const QStringList words = row.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        const QStringList parts = words.value(1).split(QLatin1Char('/'));
        const auto address = Ipv6Address::parse(parts.value(0));
        if (!address || parts.size() != 2)
            qFatal("bad test row: %s", qPrintable(row));
        LocalAddress one{words[0], *address, parts[1].toInt()};
        for (const QString &word : words.mid(2)) {
            if (word == QLatin1String("temporary"))
                one.temporary = true;
            else if (word == QLatin1String("deprecated"))
                one.deprecated = true;
            else if (word == QLatin1String("tentative"))
                one.tentative = true;
            else if (word == QLatin1String("dadfailed"))
                one.dadFailed = true;
            else if (word == QLatin1String("mngtmpaddr"))
                continue; // the lasting one beside privacy addresses: fit as any other
            else if (word == QLatin1String("tunnel"))
                one.link = LinkKind::PointToPoint;
            else if (word == QLatin1String("loopback"))
                one.link = LinkKind::Loopback;
            else if (word == QLatin1String("noarp"))
                one.link = LinkKind::NoNeighbours;
            else if (word.startsWith(QLatin1String("preferred=")))
                one.preferred = std::chrono::seconds(word.mid(10).toLongLong());
            else if (word.startsWith(QLatin1String("valid=")))
                one.valid = std::chrono::seconds(word.mid(6).toLongLong());
            else
                qFatal("bad test row: %s", qPrintable(row));
        }
        addresses.push_back(std::move(one));
    }
    return addresses;
}

/// "eth0 2001:db8:1::/64; …"
inline std::vector<OnLinkPrefix> routesFrom(const QString &rows)
{
    std::vector<OnLinkPrefix> routes;
    for (const QString &row : rows.split(QLatin1Char(';'), Qt::SkipEmptyParts)) {
        const QStringList words = row.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        const auto prefix = Ipv6Prefix::parse(words.value(1));
        if (!prefix)
            qFatal("bad test row: %s", qPrintable(row));
        routes.push_back({words[0], *prefix});
    }
    return routes;
}

inline QString joined(const std::vector<Ipv6Address> &addresses)
{
    QStringList texts;
    for (const Ipv6Address &one : addresses)
        texts << one.text();
    return texts.join(QLatin1Char(' '));
}

/// The contract of every choice, whatever the row says.
inline void checkChoice(const AddressChoice &choice, const QString &fit, const QString &verdicts)
{
    QCOMPARE(joined(choice.fit), fit);
    QCOMPARE(choice.chosen ? choice.chosen->text() : QString(), fit.section(QLatin1Char(' '), 0, 0));
    int taken = 0;
    QStringList said;
    for (const CandidateVerdict &one : choice.candidates) {
        taken += one.taken;
        if (one.taken)
            QCOMPARE(one.address, *choice.chosen);
        QVERIFY2(one.reason.endsWith(QLatin1Char('.')), qPrintable(one.reason));
        said << one.address.text() + QStringLiteral(": ") + one.reason;
    }
    QCOMPARE(taken, choice.chosen ? 1 : 0);
    const QStringList wanted = verdicts.isEmpty() ? QStringList() : verdicts.split(QLatin1Char('|'));
    QVERIFY2(size_t(wanted.size()) == choice.candidates.size(), qPrintable(said.join(QLatin1Char('\n'))));
    for (qsizetype i = 0; i < wanted.size(); ++i) {
        const CandidateVerdict &one = choice.candidates[size_t(i)];
        const bool good =
            wanted[i] == QLatin1String("taken") ? one.taken : !one.taken && one.reason.contains(wanted[i]);
        QVERIFY2(good, qPrintable(QStringLiteral("wanted \"%1\" in %2").arg(wanted[i], said[i])));
    }
}

} // namespace sixgate
