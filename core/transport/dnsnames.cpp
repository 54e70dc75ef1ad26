// The numbers of the protocol and what people call them (IANA, DNS parameters).

#include "transport/dnscodec.h"

#include <array>

namespace sixgate
{

namespace
{

constexpr std::array<std::pair<RecordType, int>, 6> typeNumbers = {{{RecordType::A, 1},
                                                                    {RecordType::NS, 2},
                                                                    {RecordType::CNAME, 5},
                                                                    {RecordType::SOA, 6},
                                                                    {RecordType::TXT, 16},
                                                                    {RecordType::AAAA, 28}}};

} // namespace

QString serverText(const DnsServer &server)
{
    if (server.port.number() == 53)
        return ipText(server.address);
    return QStringLiteral("%1 (port %2)").arg(ipText(server.address), server.port.text());
}

QString rcodeName(int rcode)
{
    static constexpr const char *names[] = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
                                            "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};
    if (rcode >= 0 && rcode < static_cast<int>(std::size(names)))
        return QString::fromLatin1(names[rcode]);
    return rcode == Rcode::BadVers ? QStringLiteral("BADVERS") : QStringLiteral("RCODE%1").arg(rcode);
}

RecordSet DnsAnswer::find(const Hostname &name, RecordType type) const
{
    for (const RecordSet &set : answers) {
        if (set.name == name && set.type == type)
            return set;
    }
    return RecordSet{name, type, std::chrono::seconds(0), {}};
}

namespace dnscodec
{

int typeNumber(RecordType type)
{
    for (const auto &[one, number] : typeNumbers) {
        if (one == type)
            return number;
    }
    return 0;
}

std::optional<RecordType> recordType(int number)
{
    for (const auto &[type, one] : typeNumbers) {
        if (one == number)
            return type;
    }
    return std::nullopt;
}

} // namespace dnscodec

} // namespace sixgate
