// What becomes of a visitor's first packet in a chain of nftables.

#include "decide/firewall_parts.h"

#include <algorithm>
#include <set>

namespace sixgate::firewall
{

namespace
{

struct Verdict {
    enum Kind { None, Accept, Drop, Return, Jump, Goto, Unknown } kind = None;
    QByteArray chain;
};

class Walk
{
public:
    Walk(const Table &table, const Visit &visit) : m_table(table), m_visit(visit) {}

    Fate chain(const QByteArray &name, int depth = 0)
    {
        const auto known = m_fates.find(name);
        if (known != m_fates.end())
            return known->second;
        const auto found = m_table.chains.find(name);
        // The kernel allows 16 jumps and no rings.
        if (found == m_table.chains.end() || depth > 16 || !m_open.insert(name).second)
            return {true, true, true};
        Fate fate;
        bool reached = true;
        for (const Rule &rule : found->second.rules) {
            m_outcomes.clear();
            judge(rule);
            const auto outcomes = m_outcomes; // a jump judges rules of its own
            for (const auto &[match, verdict] : outcomes) {
                reached = follow(fate, match, verdict, depth) && reached;
                if (!reached)
                    break;
            }
            if (!reached)
                break;
        }
        fate.passed = fate.passed || reached;
        m_open.erase(name);
        m_fates[name] = fate;
        return fate;
    }

private:
    /// Whether the rules after this one may be reached.
    bool follow(Fate &fate, Match match, const Verdict &verdict, int depth)
    {
        if (match == Match::No)
            return true;
        const bool sure = match == Match::Yes;
        switch (verdict.kind) {
        case Verdict::None:
            return true;
        case Verdict::Accept:
            fate.accepted = true;
            return !sure;
        case Verdict::Drop:
            fate.dropped = true;
            return !sure;
        case Verdict::Return:
            fate.passed = true;
            return !sure;
        case Verdict::Unknown:
            fate.accepted = fate.dropped = true;
            return true;
        case Verdict::Jump:
        case Verdict::Goto:
            break;
        }
        const Fate there = chain(verdict.chain, depth + 1);
        fate.accepted = fate.accepted || there.accepted;
        fate.dropped = fate.dropped || there.dropped;
        // After a goto the rest of this chain is left out.
        if (verdict.kind == Verdict::Goto)
            fate.passed = fate.passed || there.passed;
        return !sure || (there.passed && verdict.kind == Verdict::Jump);
    }

    /// Fills m_outcomes: the rule's verdicts in the order in which they are tried.
    void judge(const Rule &rule)
    {
        m_rule = &rule;
        m_at = 0;
        m_match = Match::Yes;
        while (m_at < rule.size() && m_match != Match::No) {
            const QByteArray word = take();
            if (verdictWord(word)) {
                m_outcomes.push_back({m_match, verdict(word)});
                return;
            }
            if (!statement(word) && !expression(word)) {
                rest();
                return;
            }
        }
    }

    const QByteArray &peek(size_t ahead = 0) const
    {
        static const QByteArray none;
        return m_at + ahead < m_rule->size() ? (*m_rule)[m_at + ahead] : none;
    }
    QByteArray take()
    {
        const QByteArray word = peek();
        ++m_at;
        return word;
    }
    bool takeIf(const char *word)
    {
        const bool is = peek() == word;
        m_at += is ? 1 : 0;
        return is;
    }
    void narrow(Match match) { m_match = both(m_match, match); }

    static bool verdictWord(const QByteArray &word)
    {
        return isWordOf(word, {"accept", "drop", "reject", "return", "continue", "jump", "goto", "queue"});
    }
    Verdict verdict(const QByteArray &word)
    {
        if (word == "accept")
            return {Verdict::Accept, {}};
        if (word == "drop" || word == "reject")
            return {Verdict::Drop, {}};
        if (word == "return")
            return {Verdict::Return, {}};
        if (word == "continue")
            return {Verdict::None, {}};
        if (word == "jump" || word == "goto")
            return {word == "jump" ? Verdict::Jump : Verdict::Goto, take()};
        return {Verdict::Unknown, {}};
    }

    /// Something in the rule is not known here: it may match, and its last verdict is what it does then.
    void rest()
    {
        const Match match = both(m_match, Match::Maybe);
        bool unknown = false;
        for (size_t i = m_rule->size(); i-- > 0;) {
            const QByteArray &word = (*m_rule)[i];
            unknown = unknown || isWordOf(word, {"vmap", "target", "dnat", "redirect", "tproxy", "synproxy"});
            if (unknown)
                break;
            if (verdictWord(word)) {
                m_at = i + 1;
                m_outcomes.push_back({match, verdict(word)});
                return;
            }
        }
        if (unknown)
            m_outcomes.push_back({match, {Verdict::Unknown, {}}});
    }

    /// Words between brackets; the cursor is at the opening one.
    Rule brackets()
    {
        Rule inside;
        int depth = 0;
        while (m_at < m_rule->size()) {
            const QByteArray word = take();
            depth += word == "{" ? 1 : word == "}" ? -1 : 0;
            if (depth == 0)
                break;
            if (depth > 1 || word != "{")
                inside.push_back(word);
        }
        return inside;
    }

    /// What matches everybody, or tells one visitor from another only by how often he comes.
    bool statement(const QByteArray &word)
    {
        if (word == "counter") {
            if (takeIf("name"))
                take();
            else if (takeIf("packets"))
                m_at += 3;
            return true;
        }
        if (word == "log") {
            while (isWordOf(peek(), {"prefix", "level", "group", "snaplen", "queue-threshold", "flags"})) {
                if (take() == "flags" && peek() == "tcp")
                    take();
                take();
                while (takeIf(","))
                    take();
            }
            return true;
        }
        if (word == "limit" || (word == "ct" && peek() == "count")) {
            bool over = false;
            while (m_at < m_rule->size() && !verdictWord(peek()) &&
                   !isWordOf(peek(), {"comment", "counter", "log", "#"}))
                over = take() == "over" || over;
            narrow(yesIf(!over));
            return true;
        }
        if (isWordOf(word, {"add", "update", "set", "meter", "delete"})) {
            bool over = false;
            while (m_at < m_rule->size() && peek() != "{")
                take();
            for (const QByteArray &one : brackets())
                over = over || one == "over";
            narrow(yesIf(!over));
            return true;
        }
        const bool mark =
            isWordOf(word, {"meta", "ct"}) && isWordOf(peek(), {"mark", "nftrace", "priority"}) && peek(1) == "set";
        if (mark) {
            m_at += 3;
            return m_at >= m_rule->size() || verdictWord(peek());
        }
        if (word == "comment")
            take();
        return word == "comment" || word == "notrack";
    }

    bool expression(const QByteArray &word)
    {
        if (word == "fib")
            return fib();
        if (word == "tcp" && peek() == "flags" && !m_visit.udp)
            return flags();
        std::vector<Key> keys;
        for (QByteArray one = word;; one = take()) {
            const auto is = keyOf(one, peek(), m_visit);
            if (!is)
                return false;
            keys.push_back(*is);
            // "iifname" and headers of other protocols stand alone.
            if (*is != Key::Never && !isWordOf(one, {"iif", "iifname"}))
                take();
            if (*is == Key::Never && keys.size() == 1 && m_rule->size() > m_at) {
                narrow(Match::No); // whatever comes after: the packet has no such header
                return true;
            }
            if (!takeIf("."))
                break;
        }
        if (takeIf("vmap"))
            return map(keys);
        return comparison(keys);
    }

    bool comparison(const std::vector<Key> &keys)
    {
        const QByteArray by =
            isWordOf(peek(), {"!=", "==", "<", ">", "<=", ">=", "&", "|"}) ? take() : QByteArray("==");
        if (isWordOf(by, {"&", "|"}))
            return false;
        if (by != "!=" && by != "==") {
            const auto port = portOf(take());
            if (keys.size() != 1 || keys[0] != Key::Port || !port)
                narrow(Match::Maybe);
            else
                narrow(yesIf(by[0] == '<' ? m_visit.port < *port + (by.size() - 1)
                                          : m_visit.port > *port - (by.size() - 1)));
            return true;
        }
        Match match = Match::Maybe;
        if (peek() == "{") {
            match = matchAny(keys, brackets(), m_visit);
        } else if (peek().startsWith('@')) {
            const auto found = m_table.sets.find(take().mid(1));
            const bool source = std::find(keys.begin(), keys.end(), Key::Source) != keys.end();
            // Who is in a list of addresses changes, and is never everybody.
            if (source)
                match = Match::No;
            else if (found != m_table.sets.end())
                match = matchAny(keys, found->second, m_visit);
        } else {
            Rule words{take()};
            while (isWordOf(peek(), {",", "."})) {
                words.push_back(take());
                words.push_back(take());
            }
            match = matchAny(keys, words, m_visit);
        }
        narrow(by == "!=" ? opposite(match) : match);
        return true;
    }

    /// A map from values to verdicts; without a match the rules after it come.
    bool map(const std::vector<Key> &keys)
    {
        Rule words;
        if (peek() == "{") {
            words = brackets();
        } else {
            const auto found = m_table.sets.find(take().mid(1));
            if (found == m_table.sets.end())
                return false;
            words = found->second;
        }
        for (const Rule &element : elementsOf(words)) {
            const auto colon = std::find(element.begin(), element.end(), ":");
            if (colon == element.end() || colon + 1 == element.end())
                return false;
            const Match match = both(m_match, matchElement(keys, Rule(element.begin(), colon), m_visit));
            const QByteArray &word = *(colon + 1);
            const bool leads = isWordOf(word, {"jump", "goto"}) && colon + 2 != element.end();
            if (!verdictWord(word) || (isWordOf(word, {"jump", "goto"}) && !leads))
                return false;
            const Rule *const outer = m_rule;
            const size_t at = m_at;
            const Rule end(colon + 1, element.end());
            m_rule = &end;
            m_at = 1;
            m_outcomes.push_back({match, verdict(word)});
            m_rule = outer;
            m_at = at;
        }
        narrow(Match::No); // all is said
        return true;
    }

    bool fib()
    {
        QByteArray words;
        while (m_at < m_rule->size() && !isWordOf(peek(), {"type", "oif", "oifname"}))
            words += take() + ' ';
        if (take() == "type")
            return words.startsWith("daddr ") ? comparison({Key::FibType}) : comparison({Key::Other});
        // Whether the visitor's packet came where the answer goes.
        const QByteArray value = take();
        narrow(isWordOf(value, {"missing", "0"}) ? Match::No : value == "exists" ? Match::Yes : Match::Maybe);
        return true;
    }

    bool flags()
    {
        take();
        Rule words;
        while (m_at < m_rule->size() && !verdictWord(peek()) &&
               !isWordOf(peek(), {"counter", "log", "ct", "limit", "comment", "ip", "meta", "iifname", "tcp", "xt"}))
            words.push_back(take());
        narrow(matchFlags(words));
        return true;
    }

    const Table &m_table;
    const Visit &m_visit;
    std::map<QByteArray, Fate> m_fates;
    std::set<QByteArray> m_open;
    std::vector<std::pair<Match, Verdict>> m_outcomes;
    const Rule *m_rule = nullptr;
    size_t m_at = 0;
    Match m_match = Match::Yes;
};

} // namespace

Fate judgeChain(const Table &table, const QByteArray &chain, const Visit &visit)
{
    Fate fate = Walk(table, visit).chain(chain);
    // A base chain whose rules decide nothing decides by its policy.
    if (fate.passed)
        (table.chains.at(chain).dropsByPolicy ? fate.dropped : fate.accepted) = true;
    fate.passed = false;
    return fate;
}

} // namespace sixgate::firewall
