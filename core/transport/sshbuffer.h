#pragma once

#include <QByteArray>

namespace sixgate
{

/// Bytes between libssh2 and the socket: put in at the end, taken from the front. Private to the room.
class SshBuffer
{
public:
    qsizetype size() const { return m_bytes.size() - m_front; }
    const char *front() const { return m_bytes.constData() + m_front; }
    void append(const char *bytes, qsizetype size) { m_bytes.append(bytes, size); }
    void drop(qsizetype size)
    {
        m_front += size;
        if (m_front == m_bytes.size()) {
            m_bytes.resize(0); // keeps the memory
            m_front = 0;
        } else if (m_front > m_bytes.size() / 2) {
            m_bytes.remove(0, m_front);
            m_front = 0;
        }
    }

private:
    QByteArray m_bytes;
    qsizetype m_front = 0;
};

} // namespace sixgate
