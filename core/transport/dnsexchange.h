#pragma once

#include "transport/dnscodec.h"
#include "transport/fd.h"

namespace sixgate::dnscodec
{

Result<Fd> connectServer(const DnsServer &server, const Deadline &deadline, std::stop_token stop);

/// One message out, one in, each with its length before it (RFC 7766).
Result<QByteArray> exchange(const DnsServer &server, const Fd &connected, const QByteArray &message,
                            const Deadline &deadline, std::stop_token stop);

/// Asks by UDP with EDNS, by TCP where the answer is truncated.
Result<Reply> ask(const DnsServer &server, const QString &name, RecordType type, bool recursionDesired,
                  const Deadline &deadline, std::stop_token stop, bool checkingDisabled = false);

} // namespace sixgate::dnscodec
