#pragma once

#include "model/result.h"

#include <compare>

namespace sixgate
{

/// A host name that exists only when valid: RFC 1123 labels, at least two of them, at most 253 octets, lower case,
/// IDN given as A-labels (IDNA 2008, UTS 46 non-transitional). No wildcard, no address literal, no trailing dot, no
/// metacharacter.
class Hostname
{
public:
    /// Parses user input; Unicode is converted to A-labels, one trailing dot is dropped.
    static Result<Hostname> parse(const QString &text);

    /// ASCII form, as it goes on the wire and into configuration files.
    const QString &ascii() const { return m_ascii; }

    /// Unicode form for display; never used on the wire.
    QString display() const;

    /// True where this name is `zone` or lies below it.
    bool isWithin(const Hostname &zone) const;

    friend auto operator<=>(const Hostname &a, const Hostname &b) { return a.m_ascii.compare(b.m_ascii) <=> 0; }
    friend bool operator==(const Hostname &a, const Hostname &b) { return a.m_ascii == b.m_ascii; }

private:
    explicit Hostname(QString ascii) : m_ascii(std::move(ascii)) {}
    QString m_ascii;
};

} // namespace sixgate
