// What single values in a rule of nftables say about a visitor.

#include "decide/firewall_parts.h"

#include <QList>

#include <algorithm>

namespace sixgate::firewall
{

namespace
{

Match matchPort(const QByteArray &word, int port)
{
    const qsizetype dash = word.indexOf('-');
    if (dash > 0) {
        const auto from = portOf(word.left(dash)), to = portOf(word.mid(dash + 1));
        if (from && to)
            return yesIf(*from <= port && port <= *to);
    }
    // Any other word is the name of another service.
    return yesIf(portOf(word) == port);
}

/// Addresses that no packet to the VPS over the internet has.
bool isNoTarget(const QByteArray &word, const Visit &visit)
{
    if (visit.ipv6)
        return word == "::1" || word.startsWith("ff") || word.startsWith("fe80:");
    const int first = word.left(word.indexOf('.')).toInt();
    return word.contains('.') && (first == 127 || first >= 224);
}

Match matchWord(Key key, const QByteArray &word, const Visit &visit)
{
    if (word == "*" && key != Key::Never)
        return Match::Yes;
    if (word == "...") // left out of a long list
        return key == Key::Source ? Match::No : Match::Maybe;
    switch (key) {
    case Key::Port:
        return matchPort(word, visit.port);
    case Key::L4:
        return yesIf(visit.udp ? word == "udp" || word == "17" : word == "tcp" || word == "6");
    case Key::Nfproto:
        return yesIf(visit.ipv6 ? word == "ipv6" || word == "10" : word == "ipv4" || word == "2");
    case Key::EtherType:
        return yesIf(visit.ipv6 ? word == "ip6" || word == "0x86dd" : word == "ip" || word == "0x0800");
    case Key::Interface:
        return matchInterface(word.startsWith('"') ? word.mid(1) : word, visit);
    case Key::Source:
        return yesIf(visit.ipv6 ? word == "::/0" || word == "2000::/3"
                                : word == "0.0.0.0/0" || word == "0.0.0.0-255.255.255.255");
    case Key::Target:
        return word == "0.0.0.0/0" || word == "::/0" ? Match::Yes : isNoTarget(word, visit) ? Match::No : Match::Maybe;
    case Key::State:
        return yesIf(word == "new");
    case Key::Packet:
        return yesIf(word == "host" || word == "unicast");
    case Key::FibType:
        return yesIf(word == "local");
    case Key::Status: // of a first packet, nothing yet
    case Key::Never:
        return Match::No;
    case Key::Other:
        break;
    }
    return Match::Maybe;
}

} // namespace

bool isWordOf(const QByteArray &word, std::initializer_list<const char *> words)
{
    return std::any_of(words.begin(), words.end(), [&word](const char *one) { return word == one; });
}

std::optional<int> portOf(const QByteArray &word)
{
    if (isWordOf(word, {"http", "www"}))
        return 80;
    if (word == "https")
        return 443;
    if (word == "domain")
        return 53;
    bool number = false;
    const int port = word.toInt(&number);
    return number && port >= 0 && port <= 65535 ? std::optional<int>(port) : std::nullopt;
}

std::optional<Key> keyOf(const QByteArray &word, const QByteArray &field, const Visit &visit)
{
    if (word == (visit.udp ? "tcp" : "udp") || word == (visit.ipv6 ? "ip" : "ip6"))
        return Key::Never;
    if (isWordOf(word, {"udplite", "icmp", "icmpv6", "igmp", "sctp", "dccp", "esp", "ah", "comp", "arp", "rt", "exthdr",
                        "mld", "hbh", "frag", "dst"}))
        return Key::Never;
    if (isWordOf(word, {"iif", "iifname"}))
        return Key::Interface;
    static const std::map<QByteArray, Key> known = {
        {"tcp dport", Key::Port},          {"th dport", Key::Port},          {"tcp sport", Key::Other},
        {"meta l4proto", Key::L4},         {"ip protocol", Key::L4},         {"meta nfproto", Key::Nfproto},
        {"meta protocol", Key::EtherType}, {"meta iifname", Key::Interface}, {"meta iif", Key::Interface},
        {"ip saddr", Key::Source},         {"ip daddr", Key::Target},        {"ct state", Key::State},
        {"udp dport", Key::Port},          {"udp sport", Key::Other},        {"ip6 saddr", Key::Source},
        {"ip6 daddr", Key::Target},        {"ip6 nexthdr", Key::L4},         {"ct status", Key::Status},
        {"meta pkttype", Key::Packet}};
    const auto found = known.find(word + ' ' + field);
    if (found != known.end())
        return found->second;
    return isWordOf(word, {"meta", "ip", "ip6", "ct", "th"}) ? std::optional(Key::Other) : std::nullopt;
}

std::vector<Rule> elementsOf(const Rule &words)
{
    std::vector<Rule> elements(1);
    int depth = 0;
    for (const QByteArray &word : words) {
        depth += word == "{" ? 1 : word == "}" ? -1 : 0;
        if (word == "," && depth == 0)
            elements.emplace_back();
        else
            elements.back().push_back(word);
    }
    if (elements.back().empty())
        elements.pop_back();
    return elements;
}

Match matchElement(const std::vector<Key> &keys, const Rule &element, const Visit &visit)
{
    Match match = Match::Yes;
    size_t part = 0;
    bool first = true;
    for (const QByteArray &word : element) {
        if (word == ".") {
            ++part;
            first = true;
        } else if (first) {
            // What follows a value is its age, its counter or its comment.
            first = false;
            match = both(match, part < keys.size() ? matchWord(keys[part], word, visit) : Match::Maybe);
        }
    }
    return element.empty() ? Match::No : part + 1 == keys.size() ? match : Match::Maybe;
}

Match matchAny(const std::vector<Key> &keys, const Rule &words, const Visit &visit)
{
    Match match = Match::No;
    for (const Rule &element : elementsOf(words))
        match = either(match, matchElement(keys, element, visit));
    return match;
}

Match matchFlags(const Rule &words)
{
    // The first packet of a connection has the flag syn alone. Forms: "syn,ack", "! syn", "& (syn | ack) == syn",
    // "syn / syn,ack", each of the last two also with "!=".
    std::vector<QByteArray> lists[2]; // before and after the operator
    QByteArray by;
    bool negated = false;
    for (const QByteArray &word : words) {
        if (isWordOf(word, {"==", "/"}))
            by = word;
        else if (word == "!=" || word == "!")
            negated = true;
        else
            for (QByteArray name : QByteArray(word).replace('(', "").replace(')', "").split('|'))
                if (!name.isEmpty() && !isWordOf(name, {"&", ","}))
                    lists[by.isEmpty() && !(negated && words.front() == "&") ? 0 : 1].push_back(name);
    }
    const bool masked = !words.empty() && words.front() == "&";
    if (!masked && by != "/") {
        const auto &list = lists[by.isEmpty() ? 0 : 1];
        const bool syn = std::find(list.begin(), list.end(), "syn") != list.end();
        return by.isEmpty() ? yesIf(syn != negated) : Match::Maybe;
    }
    const auto &mask = lists[masked ? 0 : 1], &value = lists[masked ? 1 : 0];
    const bool seen = std::find(mask.begin(), mask.end(), "syn") != mask.end();
    const bool none = value.empty() || (value.size() == 1 && isWordOf(value[0], {"0", "0x0"}));
    const bool same = seen ? value.size() == 1 && value[0] == "syn" : none;
    return yesIf(same != negated);
}

Match matchInterface(const QByteArray &pattern, const Visit &visit)
{
    const QByteArray name = visit.interface.toLatin1();
    if (pattern == "lo")
        return Match::No;
    if (name.isEmpty())
        return Match::Maybe;
    return yesIf(pattern.endsWith('*') ? name.startsWith(pattern.chopped(1)) : name == pattern);
}

} // namespace sixgate::firewall
