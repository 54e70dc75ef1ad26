#pragma once

#include "transport/dns.h"

#include <optional>

namespace sixgate::dnscodec
{

/// DNS messages as bytes; pure. The one place that knows ldns.

/// What a message asks; an answer must repeat it. `name` is in presentation form, lower case, without trailing dot.
struct Question {
    QString name;
    int type = 0;
    bool update = false;
    std::uint16_t id = 0;
};
Question question(const QString &name, RecordType type);

int typeNumber(RecordType type);
std::optional<RecordType> recordType(int number);

struct Record {
    QString owner; ///< lower case, without trailing dot; need not be a host name
    RecordType type;
    std::chrono::seconds ttl;
    QString value;
};

struct Reply {
    int rcode = 0;
    bool authoritative = false;
    bool truncated = false; ///< the records are incomplete and not given
    bool edns = false;
    std::vector<Record> answers; ///< of the types of RecordType only
    std::vector<Record> authority;
};

Result<QByteArray> encodeQuery(const Question &asked, bool recursionDesired, bool edns, bool checkingDisabled = false);
/// nullopt where the bytes are no answer to what was asked.
std::optional<Reply> decodeReply(const QByteArray &wire, const Question &asked);

struct SignedUpdate {
    Question asked;
    QByteArray wire;
    QByteArray mac; ///< in wire form with its length; the answer's MAC covers it
};
/// The key's secret is base64 and nothing else (base64Text()): ldns takes an empty one, ends at the first character
/// that it does not know, and leaks where the text is too short.
Result<SignedUpdate> encodeUpdate(const Hostname &zone, const RecordSet &wanted, const RecordSet *expected,
                                  const TsigKey &key);
/// The same without any update.
Result<SignedUpdate> encodeEmptyUpdate(const Hostname &zone, const TsigKey &key);

struct UpdateReply {
    int rcode = 0;
    std::optional<int> tsigError;                    ///< nullopt where the answer has no TSIG record
    bool verified = false;                           ///< MAC, key, algorithm and time are right
    std::optional<std::chrono::seconds> serverAhead; ///< BADTIME: how far the server's clock is ahead of ours
};
std::optional<UpdateReply> decodeUpdateReply(const QByteArray &wire, const SignedUpdate &sent, const TsigKey &key);

/// Multicast DNS (RFC 6762): what machines of a LAN call themselves.

/// A question for pointers (PTR) of several names at once, whose answers come to the asker alone (§5.1, §6.7). With
/// `recursionDesired` and one name it is one for a resolver.
Result<QByteArray> encodePointerQuestion(const std::vector<QString> &names, bool recursionDesired = false);

/// A question for the IPv6 addresses (AAAA) of one name.
Result<QByteArray> encodeAddressQuestion(const QString &name);

struct LocalAnswer {
    QString owner;                    ///< lower case, without trailing dot
    QString target;                   ///< of PTR and SRV: the name it leads to; as it is written
    std::optional<IpAddress> address; ///< of A and AAAA
};
/// PTR, SRV, A and AAAA of all sections; nothing where the bytes are no answer.
std::vector<LocalAnswer> decodeLocalAnswer(const QByteArray &wire);

/// `1.0.…ip6.arpa`: where the name of an address is asked (RFC 3596 §2.5).
QString reverseName(const Ipv6Address &address);

} // namespace sixgate::dnscodec
