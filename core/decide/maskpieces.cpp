#include "decide/maskpieces.h"

#include <QSet>

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr QChar Placeholder(0xFFFC); // OBJECT REPLACEMENT CHARACTER: for a piece that was found already
constexpr qsizetype LongestIpv6 = 45;

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

// Where a word begins: not within another, but right after an escape of JSON ("\n2001:db8::1").
const char *const Begins = "(?:(?<![\\p{L}\\p{N}_\\\\])|(?<=\\\\[nrtbf])|(?<=\\\\)(?![nrtbf]))";

// Behind "@": not a section of OpenWrt's settings ("dhcp.@dnsmasq[0]"), which is nobody's address.
const char *const NoSection = "(?!(?<=\\.@)[a-z_]+\\[-?\\d+\\])";

QRegularExpression pattern(const QString &text)
{
    return QRegularExpression(text, QRegularExpression::UseUnicodePropertiesOption |
                                        QRegularExpression::CaseInsensitiveOption);
}

bool isHex(QChar c)
{
    return (c >= u'0' && c <= u'9') || (c >= u'a' && c <= u'f') || (c >= u'A' && c <= u'F');
}

/// The pieces that have colons, taken out of `text`; in their place stand placeholders.
std::vector<MaskPiece> takeColons(QString &text)
{
    // Pairs of digits are a hardware address, a fingerprint, or by chance an address of eight short groups.
    static const QRegularExpression colons = pattern(
        latin(Begins) + latin("(?:(?<pairs>(?<!(?<![\\p{L}\\p{N}])[0-9a-f]{2}:)(?:MD5:)?[0-9a-f]{2}([:-])(?:[0-9a-f]{2}"
                              "\\2){4,}[0-9a-f]{2}(?![\\p{L}\\p{N}_])(?!:[0-9a-f]))"
                              "|(?<run>(?=[0-9a-f.]*:[0-9a-f.]*:)[0-9a-f:.]++))"));
    std::vector<MaskPiece> out;
    QString left;
    qsizetype done = 0;
    const auto take = [&](MaskKind kind, qsizetype from, qsizetype to) {
        left += QStringView(text).mid(done, from - done);
        left += Placeholder;
        out.push_back({kind, text.mid(from, to - from)});
        done = to;
    };
    for (auto matches = colons.globalMatch(text); matches.hasNext();) {
        const auto match = matches.next();
        qsizetype from = match.capturedStart();
        const qsizetype end = match.capturedEnd();
        if (match.hasCaptured(latin("pairs"))) {
            const auto count = match.captured().count(match.captured(2));
            if (count != 7 || match.captured(2) == QLatin1String("-")) {
                take(count == 5 ? MaskKind::Mac : MaskKind::Fingerprint, from, end);
                continue;
            }
        }
        // A group that goes on as a word ends no address.
        const bool cut = end < text.size() && (text[end].isLetterOrNumber() || text[end] == u'_');
        while (from < end) {
            qsizetype to = std::min(end, from + LongestIpv6);
            while (to > from + 1 && (((to < end ? isHex(text[to]) : cut) && isHex(text[to - 1])) ||
                                     !Ipv6Address::parse(text.mid(from, to - from))))
                --to;
            if (to > from + 1) {
                take(MaskKind::Ipv6, from, to);
                from = to;
                continue;
            }
            while (from < end && isHex(text[from])) // the next group
                ++from;
            ++from;
        }
    }
    text = left + text.mid(done);
    return out;
}

/// Words with a dot whose last part tells that they are no host names.
bool isFile(const QString &last, bool inPath)
{
    static const QSet<QString> files = {
        latin("bak"),      latin("bz2"),      latin("cfg"),    latin("cnf"),     latin("conf"),   latin("cpp"),
        latin("crt"),      latin("css"),      latin("csr"),    latin("damaged"), latin("deb"),    latin("gz"),
        latin("html"),     latin("ini"),      latin("js"),     latin("json"),    latin("key"),    latin("lock"),
        latin("log"),      latin("mustache"), latin("nft"),    latin("old"),     latin("orig"),   latin("passphrase"),
        latin("password"), latin("pem"),      latin("php"),    latin("pid"),     latin("pub"),    latin("rules"),
        latin("service"),  latin("sock"),     latin("socket"), latin("tar"),     latin("target"), latin("timer"),
        latin("tmp"),      latin("txt"),      latin("ufw"),    latin("xml"),     latin("xz"),     latin("yaml"),
        latin("yml")};
    // Ends of names as well.
    static const QSet<QString> both = {latin("md"), latin("pl"), latin("py"), latin("sh"), latin("so")};
    return files.contains(last) || (inPath && both.contains(last));
}

bool endsLikeName(const QString &last)
{
    static const QRegularExpression end = pattern(latin("\\A(?:\\p{L}{2,}|xn--[a-z0-9-]+)\\z"));
    return end.match(last).hasMatch();
}

QString either(std::vector<QString> texts)
{
    std::sort(texts.begin(), texts.end(), [](const QString &a, const QString &b) { return a.size() > b.size(); });
    QStringList out;
    for (const QString &one : texts)
        out << QRegularExpression::escape(one);
    return out.join(u'|');
}

std::vector<QString> spellings(const std::vector<Hostname> &names)
{
    std::vector<QString> out;
    for (const Hostname &one : names) {
        out.push_back(one.ascii());
        out.push_back(one.display());
    }
    return out;
}

QString keyNames(const Site &site)
{
    std::vector<QString> keys;
    for (const DnsAccount &account : site.dns) {
        const UpdateAccess *access = account.update();
        if (!access)
            continue;
        const TsigKeyRef &acme = access->acmeKey ? *access->acmeKey : access->key;
        for (const QString &key : {access->key.name.text(), acme.name.text()}) {
            if (key != QLatin1String("sixgate")) // everybody's
                keys.push_back(key);
        }
    }
    return keys.empty() ? latin("(?!)") : either(keys);
}

} // namespace

std::vector<Hostname> namesOf(const Site &site)
{
    std::vector<Hostname> names;
    for (const Service &service : site.services) {
        names.insert(names.end(), service.publicNames.begin(), service.publicNames.end());
        names.push_back(service.upstreamName);
    }
    for (const Vps &vps : site.vps)
        names.push_back(vps.host);
    for (const DnsAccount &account : site.dns) {
        const UpdateAccess *access = account.update();
        if (const auto *server = access ? std::get_if<Hostname>(&access->server) : nullptr)
            names.push_back(*server);
    }
    return names;
}

MaskScanner::MaskScanner(const Site &site) : m_names(namesOf(site))
{
    for (const DnsAccount &account : site.dns)
        m_zones.push_back(account.zone);
    const QString zones = m_zones.empty() ? latin("(?!)") : either(spellings(m_zones));
    const QString names = m_names.empty() ? latin("(?!)") : either(spellings(m_names));
    m_sites = pattern(latin("(?<![\\p{L}\\p{N}])(?:%1|(?:[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]*[\\p{L}\\p{N}])?\\.)*(?:%2))"
                            "(?![\\p{L}\\p{N}])")
                          .arg(names, zones));
    m_rest = pattern(latin("(?<=/home/|/Users/|/home\\\\/)(?<user>[^/\\\\\\s\"'<>:;,|()\\]}\\x{FFFC}]+)"
                           "|(?<print>SHA256:[A-Za-z0-9+/]{20,}=*)"
                           "|%1(?:(?<blob>AAAA[A-Za-z0-9+/]{28,}=*)"
                           "|(?<![._%+-])(?<mail>[\\p{L}\\p{N}._%+-]{1,200})@%3(?=[\\p{L}\\p{N}[\\x{FFFC}])"
                           "|(?<![.-])(?<key>%2)(?![\\p{L}\\p{N}_-])(?!\\.[\\p{L}\\p{N}_])"
                           "|(?<!\\d\\.)(?<ip4>\\d{1,3}(?:\\.\\d{1,3}){3})(?![\\p{L}\\p{N}_])(?!\\.[\\p{L}_])"
                           "|(?<!\\d-)(?<dashed>\\d{1,3}(?:-\\d{1,3}){3})(?![\\p{L}\\p{N}_-])(?!\\.[\\p{L}_])"
                           "|(?<mac>[0-9a-f]{4}(?:\\.[0-9a-f]{4}){2})(?![\\p{L}\\p{N}_])"
                           "|(?<!-)(?<word>[\\p{L}\\p{N}_][\\p{L}\\p{N}_-]*+(?:\\.[\\p{L}\\p{N}_][\\p{L}\\p{N}_-]*+)+))"
                           "|(?<=@)%3(?<host>[\\p{L}\\p{N}-]+)(?![\\p{L}\\p{N}_-])(?!\\.[\\p{L}\\p{N}])")
                         .arg(latin(Begins), keyNames(site), latin(NoSection)));
}

bool MaskScanner::isSites(const Hostname &name) const
{
    return std::find(m_names.begin(), m_names.end(), name) != m_names.end() ||
           std::any_of(m_zones.begin(), m_zones.end(), [&](const Hostname &zone) { return name.isWithin(zone); });
}

/// Takes a word that is a host name, or one with something behind it ("cloud.example.org.conf").
bool MaskScanner::takeName(const QString &word, bool inPath, std::vector<MaskPiece> &out) const
{
    static const QRegularExpression under(latin("\\A(?:_[A-Za-z0-9-]+\\.)+"));
    static const QRegularExpression lineage(latin("-\\d{4}\\z")); // as certbot counts
    // Settings of the kernel, and names of secrets.
    static const QRegularExpression setting(
        latin("\\A(?:net\\.(?:ipv4|ipv6|core)\\.|(?:dns|vps)\\.[a-z][a-z0-9-]*\\.(?:key|passphrase|password)\\z)"));
    if (setting.match(word).hasMatch())
        return false;
    const QString before = under.match(word).captured();
    QString name = word.mid(before.size()), behind;
    while (name.contains(u'.')) {
        const qsizetype dot = name.lastIndexOf(u'.');
        const auto parsed = Hostname::parse(name);
        if (parsed &&
            (isSites(*parsed) || (!isFile(name.mid(dot + 1).toLower(), inPath) && endsLikeName(name.mid(dot + 1))))) {
            out.push_back({MaskKind::None, before});
            out.push_back({MaskKind::Name, parsed->ascii()});
            out.push_back({MaskKind::None, behind});
            return true;
        }
        const auto count = lineage.match(name);
        if (!count.hasMatch() && !isFile(name.mid(dot + 1).toLower(), inPath))
            return false;
        const qsizetype end = count.hasMatch() ? count.capturedStart() : dot;
        behind.prepend(name.mid(end));
        name.truncate(end);
    }
    return false;
}

void MaskScanner::takeWord(const QString &word, bool inPath, std::vector<MaskPiece> &out) const
{
    if (takeName(word, inPath, out))
        return;
    qsizetype done = 0;
    for (auto matches = m_sites.globalMatch(word); matches.hasNext();) {
        const auto match = matches.next();
        const auto name = Hostname::parse(match.captured());
        if (!name)
            continue;
        out.push_back({MaskKind::None, word.mid(done, match.capturedStart() - done)});
        out.push_back({MaskKind::Name, name->ascii()});
        done = match.capturedEnd();
    }
    static const QRegularExpression address(latin("(?<![0-9.])\\d{1,3}(?:\\.\\d{1,3}){3}(?![0-9])"));
    for (auto matches = address.globalMatch(word, done); matches.hasNext();) {
        const auto match = matches.next();
        out.push_back({MaskKind::None, word.mid(done, match.capturedStart() - done)});
        out.push_back({MaskKind::Ipv4, match.captured()});
        done = match.capturedEnd();
    }
    out.push_back({MaskKind::None, word.mid(done)});
}

std::vector<MaskPiece> MaskScanner::pieces(const QString &given) const
{
    QString text = given;
    text.replace(Placeholder, u'?');
    const std::vector<MaskPiece> colons = takeColons(text);
    std::vector<MaskPiece> raw;
    qsizetype done = 0;
    for (auto matches = m_rest.globalMatch(text); matches.hasNext();) {
        const auto match = matches.next();
        const auto is = [&](const char *group) { return match.capturedLength(latin(group)) > 0; };
        const qsizetype start = match.capturedStart();
        raw.push_back({MaskKind::None, text.mid(done, start - done)});
        done = match.capturedEnd();
        if (is("print") || is("blob"))
            raw.push_back({MaskKind::Fingerprint, match.captured()});
        else if (is("mail")) {
            raw.push_back({MaskKind::User, match.captured(latin("mail"))});
            raw.push_back({MaskKind::None, latin("@")});
        } else if (is("key"))
            raw.push_back({MaskKind::Key, match.captured().toLower()});
        else if (is("ip4"))
            raw.push_back({MaskKind::Ipv4, match.captured()});
        else if (is("dashed"))
            raw.push_back({MaskKind::DashedIpv4, match.captured()});
        else if (is("mac"))
            raw.push_back({MaskKind::Mac, match.captured()});
        else if (is("host"))
            raw.push_back({MaskKind::Host, match.captured().toLower()});
        else if (is("user"))
            raw.push_back({MaskKind::User, match.captured()});
        else
            takeWord(match.captured(), start > 0 && text[start - 1] == u'/' && (start < 2 || text[start - 2] != u'/'),
                     raw);
    }
    raw.push_back({MaskKind::None, text.mid(done)});
    // What was found first goes back to where it stood.
    std::vector<MaskPiece> out;
    std::size_t next = 0;
    for (const MaskPiece &one : raw) {
        if (one.kind != MaskKind::None) {
            out.push_back(one);
            continue;
        }
        const QStringList parts = one.text.split(Placeholder);
        for (qsizetype i = 0; i < parts.size(); ++i) {
            if (i > 0)
                out.push_back(colons.at(next++));
            out.push_back({MaskKind::None, parts[i]});
        }
    }
    return out;
}

} // namespace sixgate
