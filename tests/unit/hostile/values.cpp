#include "hostile/values.h"

#include <QList>
#include <QRandomGenerator>

#include <algorithm>
#include <unistd.h>

namespace hostile
{

namespace
{

constexpr int mebibyte = 1024 * 1024;

QString utf8(const char *text)
{
    return QString::fromUtf8(text);
}

QString of(std::initializer_list<char32_t> points)
{
    const std::vector<char32_t> all(points);
    return QString::fromUcs4(all.data(), qsizetype(all.size()));
}

void addShell(std::vector<Text> &all)
{
    const QString touch = QStringLiteral("touch ") + QString::fromLatin1(markerPath());
    const QString there = QString::fromLatin1(markerPath());
    all.insert(all.end(), {{"command substitution", QStringLiteral("$(%1)").arg(touch)},
                           {"backticks", QStringLiteral("`%1`").arg(touch)},
                           {"semicolon", QStringLiteral("x; %1").arg(touch)},
                           {"pipe", QStringLiteral("x | %1").arg(touch)},
                           {"and", QStringLiteral("x && %1").arg(touch)},
                           {"background", QStringLiteral("x & %1").arg(touch)},
                           {"redirection", QStringLiteral("x > %1").arg(there)},
                           {"single quote", QStringLiteral("x'; %1; '").arg(touch)},
                           {"double quote", QStringLiteral("x\"; %1; \"").arg(touch)},
                           {"escaped quote", QStringLiteral("x\\'; %1; \\'").arg(touch)},
                           {"lone single quote", utf8("'")},
                           {"lone double quote", utf8("\"")},
                           {"typographic quotes", utf8("“x” ‘y’ «z»")},
                           {"line end and command", QStringLiteral("x\n%1\n").arg(touch)},
                           {"variable", utf8("$PATH")},
                           {"field separator", QStringLiteral("x;touch${IFS}%1").arg(there)},
                           {"here document", QStringLiteral("<<x\n%1\nx\n").arg(touch)},
                           {"glob", utf8("/etc/*")},
                           {"braces", utf8("{a,b}")},
                           {"brackets", utf8("[a-z]?")},
                           {"history", utf8("!!")},
                           {"comment", utf8("#x")},
                           {"long option", utf8("--option")},
                           {"short option", utf8("-x")},
                           {"SSH option", QStringLiteral("-oProxyCommand=%1").arg(touch)},
                           {"option with a path", QStringLiteral("--config=%1").arg(there)}});
}

void addConfiguration(std::vector<Text> &all)
{
    const QString program = QString::fromLatin1(markerPath());
    all.insert(all.end(),
               {{"end of the section", utf8("x\n</VirtualHost>")},
                {"line end and Include", utf8("\nInclude /etc/passwd")},
                {"line end and piped log", QStringLiteral("x\nErrorLog \"|/usr/bin/touch %1\"").arg(program)},
                {"CRLF and header", utf8("x\r\nHost: evil.example")},
                {"lone CR", utf8("x\rInclude /etc/passwd")},
                {"form feed", utf8("x\fInclude /etc/passwd")},
                {"section", utf8("<VirtualHost *:443>")},
                {"Apache's variable", utf8("${APACHE_LOG_DIR}")},
                {"Sixgate's variable", utf8("${SIXGATE_RELEASE}")},
                {"request's variable", utf8("%{ENV:PATH}")},
                {"expression", utf8("expr=%{reqenv:PATH}")},
                {"interpolation", utf8("%(here)s")},
                {"backreference", utf8("$1\\1%1")},
                {"backslash at the end", utf8("x\\")},
                {"double backslash", utf8("\\\\x\\y")},
                {"escape sequence as text", utf8("\\x41\\n\\000")},
                {"tab", utf8("x\ty")},
                {"equals sign", utf8("x=y")},
                {"colon", utf8("x:y")},
                {"comma", utf8("x,y")},
                {"tag", utf8("{{secret}}")},
                {"tag without escape", utf8("{{{service}}}")},
                {"ampersand tag", utf8("{{&service}}")},
                {"section tag", utf8("{{#names}}x{{/names}}")},
                {"partial tag", utf8("{{>/etc/passwd}}")},
                {"delimiters", utf8("{{=<% %>=}}")},
                {"ini section", utf8("x\n[renewalparams]\npre_hook = touch")},
                {"format", utf8("%s%n%x %1 %2 %%")}});
}

void addPathsAndAddresses(std::vector<Text> &all)
{
    all.insert(all.end(), {{"path upwards", utf8("../../etc/passwd")},
                           {"absolute path", utf8("/etc/passwd")},
                           {"path through the middle", utf8("/a/../../etc/passwd")},
                           {"home of another", utf8("~root/.ssh/id")},
                           {"percent-encoded path", utf8("/%2e%2e/%2e%2e/etc/passwd")},
                           {"percent-encoded line end", utf8("/%0d%0aHost:%20evil")},
                           {"percent-encoded NUL", utf8("/x%00y")},
                           {"broken percent", utf8("/%zz%")},
                           {"two slashes", utf8("//evil.example/")},
                           {"query", utf8("/?x=$(y)")},
                           {"fragment", utf8("/#x")},
                           {"wildcard name", utf8("*.example.org")},
                           {"underscore name", utf8("_x.example.org")},
                           {"numeric name", utf8("1.2.3.4.5")},
                           {"IPv4 address", utf8("127.0.0.1")},
                           {"hexadecimal address", utf8("0x7f.0x1")},
                           {"decimal address", utf8("2130706433")},
                           {"IPv6 address in brackets", utf8("[::1]")},
                           {"address with a zone", utf8("fe80::1%eth0;x")},
                           {"mapped address", utf8("::ffff:127.0.0.1")},
                           {"localhost", utf8("localhost")},
                           {"two dots", utf8("a..example.org")},
                           {"dot first", utf8(".example.org")},
                           {"dot alone", utf8(".")},
                           {"name with a port", utf8("cloud.example.org:443")},
                           {"user in the address", utf8("root@cloud.example.org")},
                           {"two at signs", utf8("a@b@cloud.example.org")},
                           {"option as mail", utf8("--config=/x@cloud.example.org")},
                           {"quoted mail", utf8("\"a b\"@cloud.example.org")},
                           {"URL of a file", utf8("file:///etc/passwd")},
                           {"URL with a user", utf8("https://user:word@cloud.example.org/")},
                           {"URL with a query", utf8("https://cloud.example.org/?$(x)")},
                           {"URL without TLS", utf8("http://cloud.example.org/")},
                           {"script URL", utf8("javascript:alert(1)")}});
}

void addUnicode(std::vector<Text> &all)
{
    all.insert(all.end(),
               {{"NUL", QStringLiteral("cloud") + QChar(0) + QStringLiteral(".example.org")},
                {"NUL first", QString(QChar(0))},
                {"right-to-left override", of({0x202e}) + utf8("gro.elpmaxe")},
                {"left-to-right embedding", of({0x202a, 'x', 0x202c})},
                {"isolates", of({0x2066, 'x', 0x2067, 'y', 0x2069})},
                {"direction marks", of({0x200e, 'x', 0x200f, 0x061c})},
                {"zero-width space", of({'a', 0x200b, 'b'}) + utf8(".example.org")},
                {"zero-width joiners", of({'a', 0x200d, 'b', 0x200c, 'c'}) + utf8(".example.org")},
                {"byte order mark", of({0xfeff}) + utf8("cloud.example.org")},
                {"soft hyphen", of({'c', 0xad, 'x'}) + utf8(".example.org")},
                {"word joiner", of({'c', 0x2060, 'x'}) + utf8(".example.org")},
                {"tag characters", of({'c', 0xe0041, 0xe007f}) + utf8(".example.org")},
                {"variation selector", of({'c', 0xfe0f}) + utf8(".example.org")},
                {"line separator", of({'c', 0x2028, 'x', 0x2029})},
                {"next line", of({'c', 0x85, 'x'})},
                {"eight-bit CSI", of({0x9b}) + utf8("2J")},
                {"DEL", of({'c', 0x7f})},
                {"bell and backspace", utf8("c\a\b\b\b")},
                {"clear the screen", utf8("\033[2J\033[31mred\033[0m")},
                {"terminal title", utf8("\033]0;owned\007")},
                {"terminal link", utf8("\033]8;;http://evil.example\033\\x\033]8;;\033\\")},
                {"Cyrillic letter", of({'c', 'l', 0x43e, 'u', 'd'}) + utf8(".example.org")},
                {"Greek letter", of({0x3bf}) + utf8("x.example.org")},
                {"fullwidth letters", of({0xff43, 0xff4c}) + utf8(".example.org")},
                {"fullwidth dots", of({'c', 0xff0e, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0x3002, 'o', 'r', 'g'})},
                {"fullwidth slash", of({'c', 0xff0f, 'x'}) + utf8(".example.org")},
                {"Kelvin sign", of({0x212a}) + utf8("ey.example.org")},
                {"dotless i", of({0x131}) + utf8(".example.org")},
                {"sharp s", utf8("straße.example.org")},
                {"Arabic and European digits", of({0x627, '1', 0x661}) + utf8(".example.org")},
                {"fullwidth digits", of({0xff11, 0xff12, 0xff17}) + utf8(".0.0.1")},
                {"Hebrew", of({0x5d0, 0x5d1}) + utf8(".example.org")},
                {"emoji", of({0x1f600}) + utf8(".example.org")},
                {"combining marks", QStringLiteral("a") + QString(200, QChar(0x301))},
                {"private use", of({0xe000}) + utf8(".example.org")},
                {"non-character", of({0xfdd0}) + QString(QChar(0xffff))},
                {"lone high surrogate", QStringLiteral("a") + QChar(0xd800) + QStringLiteral(".example.org")},
                {"lone low surrogate", QStringLiteral("a") + QChar(0xdc00) + QStringLiteral(".example.org")},
                {"not punycode", utf8("xn--0.example.org")},
                {"punycode of ASCII", utf8("xn--cloud-.example.org")},
                {"punycode of capitals", utf8("xn--A-eqb.example.org")},
                {"hyphens in third place", utf8("ab--cd.example.org")},
                {"hyphen last", utf8("a-.example.org")}});
}

void addSizes(std::vector<Text> &all)
{
    const QString letters = QStringLiteral("a");
    all.insert(all.end(), {{"empty", QString()},
                           {"a blank", utf8(" ")},
                           {"white space", utf8(" \t \n ")},
                           {"blank first", utf8(" cloud.example.org")},
                           {"blank last", utf8("cloud.example.org ")},
                           {"no-break space", of({'a', 0xa0, 'b'})},
                           {"ideographic space", of({'a', 0x3000, 'b'})},
                           {"label of 64", letters.repeated(64) + utf8(".example.org")},
                           {"name of 254", QStringLiteral("a.").repeated(125) + utf8("abcd")},
                           {"4,000 letters", letters.repeated(4000)},
                           {"4,000 dots", QStringLiteral(".").repeated(4000)},
                           {"4,000 labels", QStringLiteral("a.").repeated(4000)},
                           {"1 MiB of letters", letters.repeated(mebibyte)},
                           {"1 MiB of overrides", QString(mebibyte / 3, QChar(0x202e))},
                           {"1 MiB of lines", QStringLiteral("x\n").repeated(mebibyte / 2)},
                           {"a number", utf8("1")},
                           {"a negative number", utf8("-1")},
                           {"not a number", utf8("NaN")},
                           {"a word of JSON", utf8("null")}});
}

} // namespace

QByteArray markerPath()
{
    static const QByteArray path =
        "/tmp/sixgate-marker-" + QByteArray::number(QRandomGenerator::system()->generate64(), 36);
    return path;
}

bool markerAppeared()
{
    return ::unlink(markerPath().constData()) == 0;
}

const std::vector<Text> &texts()
{
    static const std::vector<Text> all = [] {
        std::vector<Text> made;
        addShell(made);
        addConfiguration(made);
        addPathsAndAddresses(made);
        addUnicode(made);
        addSizes(made);
        return made;
    }();
    return all;
}

const std::vector<Token> &tokens()
{
    static const std::vector<Token> all = {
        {"number 0", "0"},
        {"number -1", "-1"},
        {"number -0", "-0"},
        {"number 1.5", "1.5"},
        {"number 65536", "65536"},
        {"number 2^32+443", "4294967739"},
        {"number 2^53+1", "9007199254740993"},
        {"number 2^63", "9223372036854775808"},
        {"number -2^63", "-9223372036854775808"},
        {"number 1e300", "1e300"},
        {"number 443.0000001", "443.0000001"},
        {"number of 4,000 digits", QByteArray(4000, '9'), Token::Line},
        {"number 1e999", "1e999", Token::Line},
        {"number NaN", "NaN", Token::Line},
        {"number Infinity", "-Infinity", Token::Line},
        {"number in hexadecimal", "0x1bb", Token::Line},
        {"number with a zero first", "0443", Token::Line},
        {"null", "null"},
        {"true", "true"},
        {"empty list", "[]"},
        {"list", "[\"x\"]"},
        {"empty object", "{}"},
        {"object", "{\"x\": 1}"},
        {"deep list", QByteArray(5000, '[') + QByteArray(5000, ']'), Token::Line},
        {"nothing", "", Token::Anything},
        {"broken UTF-8", "\"a\xff\xfe.example.org\"", Token::Line},
        {"overlong UTF-8", "\"a\xc0\xaf.example.org\"", Token::Line},
        {"surrogate in UTF-8", "\"a\xed\xa0\x80.example.org\"", Token::Line},
        {"override in UTF-8", "\"\xe2\x80\xae.example.org\""},
        {"line end in UTF-8", "\"x\nInclude /etc/passwd\""},
        {"escape in UTF-8", "\"\033[2J\""},
        {"end of the string", "\"x\", \"evil\": \"y\"", Token::Anything},
        {"end of the document", "\"x\"}]}]}} {", Token::Line},
    };
    return all;
}

QByteArray jsonString(const QString &text)
{
    QByteArray out = "\"";
    for (const QChar c : text) {
        if (c.unicode() < 0x20 || c.unicode() > 0x7e || c == QLatin1Char('"') || c == QLatin1Char('\\'))
            out += "\\u" + QByteArray::number(c.unicode(), 16).rightJustified(4, '0');
        else
            out += char(c.unicode());
    }
    return out + '"';
}

const std::vector<Bytes> &bytes()
{
    static const std::vector<Bytes> all = [] {
        std::vector<Bytes> made;
        for (const Text &one : texts())
            made.push_back({one.name, one.value.toUtf8()});
        QByteArray every;
        for (int i = 0; i < 256; ++i)
            every += char(i);
        made.insert(made.end(), {{"broken UTF-8", "a\xff\xfe"},
                                 {"overlong UTF-8", "a\xc0\xaf"},
                                 {"surrogate in UTF-8", "a\xed\xa0\x80"},
                                 {"half a character", "a\xe2\x80"},
                                 {"eight-bit CSI as a byte", "\x9b\x32J"},
                                 {"every byte", every},
                                 {"4,000 zeros", QByteArray(4000, '\0')}});
        return made;
    }();
    return all;
}

bool isShowable(const QString &text)
{
    if (!text.isValidUtf16())
        return false;
    for (const uint point : text.toUcs4()) {
        const auto category = QChar::category(point);
        if (category == QChar::Other_Control || category == QChar::Other_Format || category == QChar::Separator_Line ||
            category == QChar::Separator_Paragraph)
            return false;
    }
    return true;
}

bool areShowableLines(const QString &text)
{
    return text.isValidUtf16() && std::none_of(text.begin(), text.end(), [](QChar c) {
               const auto point = c.unicode();
               const bool turns = (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
                                  point == 0x200e || point == 0x200f || point == 0x61c;
               return turns || (c.category() == QChar::Other_Control && point != '\n' && point != '\t');
           });
}

QByteArray escaped(const QString &text)
{
    return jsonString(text.left(600));
}

} // namespace hostile
