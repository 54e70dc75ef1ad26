#pragma once

#include "model/result.h"

#include <compare>

namespace sixgate
{

/// A text that is only ever made by a `parse` function of the given kind; compares as text.
template <class Kind>
class ParsedText
{
public:
    /// One sentence with an example of right where `text` does not fit.
    static Result<ParsedText> parse(const QString &text)
    {
        auto checked = Kind::check(text);
        if (!checked)
            return passOn(checked);
        return ParsedText(*checked);
    }

    const QString &text() const { return m_text; }

    friend auto operator<=>(const ParsedText &a, const ParsedText &b) { return a.m_text.compare(b.m_text) <=> 0; }
    friend bool operator==(const ParsedText &a, const ParsedText &b) { return a.m_text == b.m_text; }

private:
    explicit ParsedText(QString text) : m_text(std::move(text)) {}
    QString m_text;
};

// Each check returns the text in its normal form, or Invalid.

/// `[a-z][a-z0-9-]{0,31}`, no trailing hyphen: names the user gives to servers, accounts, machines and services.
struct LabelKind {
    static Result<QString> check(const QString &text);
};
/// TSIG key name: DNS labels of letters, digits, `-` and `_`, one or more, at most 253 octets, lower case.
struct KeyNameKind {
    static Result<QString> check(const QString &text);
};
/// POSIX portable login name: `[a-z_][a-z0-9_-]{0,31}`.
struct LoginKind {
    static Result<QString> check(const QString &text);
};
/// Mail address: one `@`, dot-atom local part (RFC 5322), a Hostname after it.
struct MailKind {
    static Result<QString> check(const QString &text);
};
/// `https://` URL: a Hostname or address literal, optional port, a path of unreserved characters; no user info, query,
/// fragment.
struct HttpsUrlKind {
    static Result<QString> check(const QString &text);
};
/// Absolute URL path of RFC 3986 unreserved characters, `/` and percent escapes; at most 255 octets.
struct UrlPathKind {
    static Result<QString> check(const QString &text);
};
/// Network interface name (Linux): 1 to 15 of `[A-Za-z0-9._-]`.
struct InterfaceNameKind {
    static Result<QString> check(const QString &text);
};

/// SSH public key, Ed25519, as a .pub file has it: `ssh-ed25519 AAAA… comment`. Other white space becomes one blank;
/// the comment is 0 to 64 of `[A-Za-z0-9@._-]`.
struct PushKeyKind {
    static Result<QString> check(const QString &text);
};

/// Where Sixgate's files lie on the VPS: below /etc/sixgate or /etc/apache2/sites-available, without `.`, `..` or empty
/// parts.
bool isManagedPath(const QString &path);

using Label = ParsedText<LabelKind>;
using KeyName = ParsedText<KeyNameKind>;
using Login = ParsedText<LoginKind>;
using Mail = ParsedText<MailKind>;
using HttpsUrl = ParsedText<HttpsUrlKind>;
using UrlPath = ParsedText<UrlPathKind>;
using PushKey = ParsedText<PushKeyKind>;
using InterfaceName = ParsedText<InterfaceNameKind>;

} // namespace sixgate
