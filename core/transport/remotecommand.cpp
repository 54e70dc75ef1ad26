#include "transport/ssh.h"

#include <QByteArrayList>

#include <algorithm>

namespace sixgate
{

namespace
{

// Single quotes keep every byte in a POSIX shell; a single quote itself leaves them for "\'".
QByteArray shellQuoted(const QByteArray &word)
{
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               QByteArrayView("_-./:,@+").contains(c);
    };
    if (!word.isEmpty() && std::all_of(word.begin(), word.end(), plain))
        return word;
    return '\'' + QByteArray(word).replace('\'', "'\\''") + '\'';
}

} // namespace

RemoteCommand::RemoteCommand(const char *program)
{
    append(QString::fromUtf8(program));
}

RemoteCommand &RemoteCommand::literal(const char *word)
{
    return append(QString::fromUtf8(word));
}

RemoteCommand &RemoteCommand::encoded(const QByteArray &bytes)
{
    return append(QString::fromLatin1(bytes.toBase64()));
}

RemoteCommand &RemoteCommand::words(const RemoteCommand &other)
{
    m_words << other.m_words;
    return *this;
}

QByteArray RemoteCommand::text() const
{
    QByteArrayList words;
    for (const QString &word : m_words)
        words << shellQuoted(word.toUtf8());
    return words.join(' ');
}

RemoteCommand &RemoteCommand::append(const QString &word)
{
    m_words << word;
    return *this;
}

} // namespace sixgate
