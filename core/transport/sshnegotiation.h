#pragma once

#include "model/result.h"

#include <QByteArray>
#include <QByteArrayList>

namespace sixgate
{

// What this program offers in the SSH key exchange: the modern part of what libssh2 1.10 can do.
QByteArrayList sshHostKeyTypes();
QByteArrayList sshKeyExchanges();
QByteArrayList sshCiphers();
QByteArrayList sshMacs();

/// Whether the server has a host key that this program could compare.
bool hasOtherHostKey(const QByteArray &firstBytes);

/// Why client and server found no common algorithm, from what the server sent first (its banner and SSH_MSG_KEXINIT,
/// both in the clear). `label` names the machine.
Error negotiationError(const QByteArray &firstBytes, const QString &label);

} // namespace sixgate
