#pragma once

#include <QByteArray>

#include <optional>
#include <utility>

namespace sixgate
{

/// A secret in memory: never printed, never compared with a log, wiped when the last copy goes.
/// Move-only, so that each copy is a decision.
class Secret
{
public:
    Secret() = default;
    explicit Secret(QByteArray bytes) : m_bytes(std::move(bytes)) {}
    Secret(Secret &&other) noexcept : m_bytes(std::exchange(other.m_bytes, {})) {}
    Secret &operator=(Secret &&other) noexcept
    {
        if (this != &other) {
            wipe();
            m_bytes = std::exchange(other.m_bytes, {});
        }
        return *this;
    }
    Secret(const Secret &) = delete;
    Secret &operator=(const Secret &) = delete;
    ~Secret() { wipe(); }

    /// The bytes; do not keep a copy.
    const QByteArray &reveal() const { return m_bytes; }
    bool isEmpty() const { return m_bytes.isEmpty(); }
    Secret clone() const { return Secret(QByteArray(m_bytes.constData(), m_bytes.size())); }

private:
    void wipe();
    QByteArray m_bytes;
};

/// A key in base64 as it is stored, without the white space that files and terminals leave around it; nothing where the
/// rest is not base64 (RFC 4648 §4, padded) or empty.
std::optional<Secret> base64Text(const Secret &stored);

} // namespace sixgate
