#pragma once

#include "model/result.h"

#include <compare>
#include <cstdint>

namespace sixgate
{

/// A TCP or UDP port, 1 to 65535.
class Port
{
public:
    static Result<Port> parse(const QString &text);
    static Result<Port> fromNumber(qint64 number);

    std::uint16_t number() const { return m_number; }
    QString text() const { return QString::number(m_number); }

    friend auto operator<=>(const Port &, const Port &) = default;

private:
    explicit Port(std::uint16_t number) : m_number(number) {}
    std::uint16_t m_number;
};

} // namespace sixgate
