#pragma once

#include <QByteArray>
#include <QString>

#include <initializer_list>
#include <map>
#include <optional>
#include <vector>

/// How a firewall is judged; for firewall.cpp and its parts alone.
namespace sixgate::firewall
{

/// Whether a rule is for a visitor from anywhere who opens a connection.
enum class Match { No, Maybe, Yes };

inline Match both(Match a, Match b)
{
    return a < b ? a : b;
}
inline Match either(Match a, Match b)
{
    return a < b ? b : a;
}
inline Match opposite(Match a)
{
    return a == Match::Yes ? Match::No : a == Match::No ? Match::Yes : Match::Maybe;
}

/// What may become of the visitor's first packet. More than one: it cannot be told.
struct Fate {
    bool accepted = false;
    bool dropped = false;
    bool passed = false; ///< no rule of the chain decides

    bool open() const { return accepted && !dropped; }
    bool closed() const { return dropped && !accepted; }
};

/// A visitor, from any address, to this port, in by this interface (empty: not known).
struct Visit {
    int port = 0;
    QString interface;
    bool ipv6 = false; ///< else IPv4
    bool udp = false;  ///< else TCP
};

/// An interface's name in a rule, perhaps with a wildcard at its end.
Match matchInterface(const QByteArray &pattern, const Visit &visit);

// --- ufw -------------------------------------------------------------------------------------

struct UfwFate {
    bool active = false;
    Fate fate;
    bool byRule = false;  ///< a rule of its own denies, not the default
    bool limited = false; ///< open, for few connections at a time
};
UfwFate judgeUfw(const QByteArray &status, const Visit &visit);

// --- nftables --------------------------------------------------------------------------------

using Rule = std::vector<QByteArray>; ///< words; brackets, commas and the mark of a comment are words of their own

struct Chain {
    bool input = false; ///< a base chain of type filter at the hook input, of IPv4 or IPv6
    bool dropsByPolicy = false;
    std::vector<Rule> rules;
};

struct Table {
    QByteArray family;
    QByteArray name;
    bool dormant = false;
    bool ofIptables = false; ///< iptables-nft made it
    std::map<QByteArray, Chain> chains;
    std::map<QByteArray, Rule> sets; ///< the words between the brackets of its elements
};

/// What a rule looks at.
enum class Key {
    Port,
    L4,
    Nfproto,
    EtherType,
    Interface,
    Source,
    Target,
    State,
    Status,
    Packet,
    FibType,
    Never,
    Other
};

/// Of "tcp" and "dport", of "iifname" alone; nothing where the words begin no match that is known here.
std::optional<Key> keyOf(const QByteArray &word, const QByteArray &field, const Visit &visit);

/// A number or the name of one of the services.
std::optional<int> portOf(const QByteArray &word);

/// One element, of as many parts as there are keys: "tcp . 443".
Match matchElement(const std::vector<Key> &keys, const Rule &element, const Visit &visit);
/// Any of the elements in a list with commas.
Match matchAny(const std::vector<Key> &keys, const Rule &words, const Visit &visit);
std::vector<Rule> elementsOf(const Rule &words);

/// What follows "tcp flags".
Match matchFlags(const Rule &words);

bool isWordOf(const QByteArray &word, std::initializer_list<const char *> words);
inline Match yesIf(bool yes)
{
    return yes ? Match::Yes : Match::No;
}

/// Parses `nft list ruleset`; nothing where it is not understood or cut off.
std::optional<std::vector<Table>> parseRuleset(const QByteArray &text);

/// What becomes of a visitor in a base chain.
Fate judgeChain(const Table &table, const QByteArray &chain, const Visit &visit);

} // namespace sixgate::firewall
