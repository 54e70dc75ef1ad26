#include "model/secret.h"

#include <string.h>

namespace sixgate
{

void Secret::wipe()
{
    // Bytes shared with another QByteArray stay that one's business: data() would make a copy of them, and wipe that.
    if (!m_bytes.isEmpty() && m_bytes.isDetached())
        explicit_bzero(m_bytes.data(), size_t(m_bytes.size()));
    m_bytes.clear();
}

std::optional<Secret> base64Text(const Secret &stored)
{
    Secret text(stored.reveal().trimmed());
    auto result = QByteArray::fromBase64Encoding(text.reveal(), QByteArray::AbortOnBase64DecodingErrors);
    const Secret decoded(std::move(result.decoded));
    if (!result || decoded.isEmpty())
        return std::nullopt;
    // Qt takes it without its padding, others do not.
    const Secret again(decoded.reveal().toBase64());
    if (again.reveal() != text.reveal())
        return std::nullopt;
    return text;
}

} // namespace sixgate
