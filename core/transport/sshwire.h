#pragma once

#include <QByteArray>
#include <QtEndian>

namespace sixgate
{

// Data types of the SSH protocols (RFC 4251 section 5). Private to the room.

/// The number (uint32) at the front; 0 where there are too few bytes.
inline quint32 sshNumber(const QByteArray &bytes)
{
    return bytes.size() < 4 ? 0 : qFromBigEndian<quint32>(bytes.constData());
}

inline QByteArray sshString(const QByteArray &bytes)
{
    QByteArray length(4, Qt::Uninitialized);
    qToBigEndian(quint32(bytes.size()), length.data());
    return length + bytes;
}

/// Takes a string off the front; empty, and the bytes as they are, where there is none.
inline QByteArray takeSshString(QByteArray &bytes)
{
    const auto length = qsizetype(sshNumber(bytes));
    if (bytes.size() < 4 || length > bytes.size() - 4)
        return {};
    const QByteArray value = bytes.mid(4, length);
    bytes = bytes.mid(4 + length);
    return value;
}

} // namespace sixgate
