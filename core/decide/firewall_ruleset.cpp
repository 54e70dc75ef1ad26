// `nft list ruleset` as tables, chains and rules.

#include "decide/firewall_parts.h"

#include <cstring>
#include <set>
#include <utility>

namespace sixgate::firewall
{

namespace
{

const QByteArray lineEnd = "\n";

class Words
{
public:
    explicit Words(const QByteArray &text) : m_text(text) {}

    /// The next word; a line's end or a semicolon is "\n", a quoted string begins with a quote. Empty: the end.
    QByteArray next()
    {
        while (m_at < m_text.size() && (m_text[m_at] == ' ' || m_text[m_at] == '\t' || m_text[m_at] == '\r'))
            ++m_at;
        if (m_at == m_text.size())
            return {};
        const qsizetype from = m_at++;
        const char c = m_text[from];
        if (c == '\n' || c == ';')
            return lineEnd;
        if (c == '{' || c == '}' || c == ',' || c == '#')
            return QByteArray(1, c);
        if (c == '"') {
            while (m_at < m_text.size() && m_text[m_at] != '"' && m_text[m_at] != '\n')
                ++m_at;
            if (m_at == m_text.size() || m_text[m_at] == '\n')
                return {}; // a string without an end: nobody knows what comes after it
            ++m_at;
            return m_text.mid(from, m_at - from - 1);
        }
        while (m_at < m_text.size() && !strchr(" \t\r\n;{},\"", m_text[m_at]))
            ++m_at;
        return m_text.mid(from, m_at - from);
    }

    bool atEnd() const { return m_at == m_text.size(); }

private:
    const QByteArray &m_text;
    qsizetype m_at = 0;
};

class Parser
{
public:
    explicit Parser(const QByteArray &text) : m_words(text) {}

    std::optional<std::vector<Table>> parse()
    {
        std::vector<Table> tables;
        for (QByteArray word = m_words.next(); !word.isEmpty(); word = m_words.next()) {
            if (word == lineEnd)
                continue;
            if (word == "#") {
                comment();
                continue;
            }
            Table table;
            table.family = m_words.next();
            table.name = m_words.next();
            if (word != "table" || m_words.next() != "{" || !readTable(table))
                return std::nullopt;
            tables.push_back(std::move(table));
        }
        if (!m_words.atEnd())
            return std::nullopt;
        for (Table &table : tables)
            table.ofIptables = table.ofIptables || m_ofIptables.count({table.family, table.name});
        return tables;
    }

private:
    // "# Warning: table ip filter is managed by iptables-nft, do not touch!"
    void comment()
    {
        Rule words;
        for (QByteArray word = m_words.next(); !word.isEmpty() && word != lineEnd; word = m_words.next())
            words.push_back(word);
        if (words.size() > 7 && words[1] == "table" && words[7] == "iptables-nft")
            m_ofIptables.insert({words[2], words[3]});
    }

    /// Up to the end of a statement, brackets and all; its end is the word that ended it: "\n", "{" where the statement
    /// opens a block, "}" where the block around it ends.
    bool statement(Rule &words, QByteArray &end, bool opensBlock)
    {
        words.clear();
        int depth = 0;
        while (true) {
            end = m_words.next();
            if (end.isEmpty())
                return false;
            if (depth == 0 && (end == lineEnd || end == "}" || (opensBlock && end == "{")))
                return true;
            depth += end == "{" ? 1 : end == "}" ? -1 : 0;
            if (end != lineEnd)
                words.push_back(end);
        }
    }

    bool readTable(Table &table)
    {
        Rule words;
        QByteArray end;
        while (statement(words, end, true)) {
            if (end == "}")
                return true;
            if (end == "{") {
                if (!readBlock(table, words))
                    return false;
            } else if (words.size() >= 2 && words[0] == "flags") {
                for (const QByteArray &word : words)
                    table.dormant = table.dormant || word == "dormant";
            }
        }
        return false;
    }

    bool readBlock(Table &table, const Rule &head)
    {
        const bool named = head.size() >= 2;
        if (named && head[0] == "chain")
            return readChain(table, table.chains[head[1]]);
        const bool set = named && (head[0] == "set" || head[0] == "map");
        Rule words;
        QByteArray end;
        while (statement(words, end, false)) {
            // elements = { 80, 443 }
            if (set && words.size() >= 4 && words[0] == "elements" && words[2] == "{")
                table.sets[head[1]] = Rule(words.begin() + 3, words.end() - 1);
            else if (set)
                table.sets.try_emplace(head[1]);
            if (end == "}")
                return true;
        }
        return false;
    }

    bool readChain(Table &table, Chain &chain)
    {
        Rule words;
        QByteArray end;
        while (statement(words, end, false)) {
            if (words.size() >= 4 && words[0] == "type" && words[2] == "hook") {
                const bool ip = table.family == "inet" || table.family == "ip" || table.family == "ip6";
                chain.input = ip && words[1] == "filter" && words[3] == "input";
            } else if (words.size() >= 2 && words[0] == "policy") {
                chain.dropsByPolicy = words[1] == "drop";
            } else if (!words.empty() && words[0] != "#" && words[0] != "comment") {
                chain.rules.push_back(words);
            }
            if (end == "}")
                return true;
        }
        return false;
    }

    Words m_words;
    std::set<std::pair<QByteArray, QByteArray>> m_ofIptables; ///< family and name
};

} // namespace

std::optional<std::vector<Table>> parseRuleset(const QByteArray &text)
{
    return Parser(text).parse();
}

} // namespace sixgate::firewall
