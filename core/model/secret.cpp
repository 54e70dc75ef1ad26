#include "model/secret.h"

#include <string.h>

namespace sixgate
{

void Secret::wipe()
{
    // Bytes shared with another QByteArray would be detached by data(), and the shared copy stays the other's business.
    if (!m_bytes.isEmpty())
        explicit_bzero(m_bytes.data(), size_t(m_bytes.size()));
    m_bytes.clear();
}

} // namespace sixgate
