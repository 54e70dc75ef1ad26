// Queries: UDP, repeated with growing pauses; TCP where the answer does not fit.

#include "model/texts.h"
#include "transport/dnsexchange.h"
#include "transport/io.h"

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto firstWait = 1000ms;
constexpr auto longestWait = 4000ms;

std::vector<RecordSet> grouped(const std::vector<dnscodec::Record> &records)
{
    std::vector<RecordSet> sets;
    for (const dnscodec::Record &record : records) {
        const auto name = Hostname::parse(record.owner);
        if (!name)
            continue; // `_dmarc`, the root …: nothing that we ask for
        auto set = std::find_if(sets.begin(), sets.end(),
                                [&](const RecordSet &one) { return one.name == *name && one.type == record.type; });
        if (set == sets.end())
            set = sets.insert(sets.end(), RecordSet{*name, record.type, record.ttl, {}});
        set->ttl = std::min(set->ttl, record.ttl);
        set->values.push_back(record.value);
    }
    for (RecordSet &set : sets) {
        std::sort(set.values.begin(), set.values.end());
        set.values.erase(std::unique(set.values.begin(), set.values.end()), set.values.end());
    }
    return sets;
}

/// Says which server it was.
tl::unexpected<Error> noAnswer(const DnsServer &server, Error why)
{
    if (why.code == ErrorCode::Timeout)
        why.summary = Texts::tr("The DNS server %1 did not answer in time.").arg(serverText(server));
    else if (why.code == ErrorCode::Network)
        why.summary = Texts::tr("The DNS server %1 cannot be reached.").arg(serverText(server));
    if (why.fix.isEmpty() && (why.code == ErrorCode::Timeout || why.code == ErrorCode::Network))
        why.fix = Texts::tr("See whether it is on, and whether the firewalls on the way let UDP and TCP to its port "
                            "%1 through.")
                      .arg(server.port.text());
    return tl::unexpected<Error>(std::move(why));
}

Result<QByteArray> readExactly(int fd, qsizetype size, const Deadline &deadline, std::stop_token stop)
{
    QByteArray all;
    while (all.size() < size) {
        const auto some = readSome(fd, size - all.size(), deadline, stop);
        if (!some)
            return some;
        if (some->isEmpty())
            return fail(ErrorCode::Network, Texts::tr("The connection ended before the answer was complete."),
                        Texts::tr("%1 of %2 bytes").arg(all.size()).arg(size));
        all += *some;
    }
    return all;
}

Result<dnscodec::Reply> askTcp(const DnsServer &server, const dnscodec::Question &asked, const QByteArray &message,
                               const Deadline &deadline, std::stop_token stop)
{
    const auto socket = dnscodec::connectServer(server, deadline, stop);
    if (!socket)
        return passOn(socket);
    const auto answer = dnscodec::exchange(server, *socket, message, deadline, stop);
    if (!answer)
        return passOn(answer);
    auto reply = dnscodec::decodeReply(*answer, asked);
    if (!reply || reply->truncated)
        return fail(ErrorCode::Protocol,
                    Texts::tr("The DNS server %1 sent something that is no answer.").arg(serverText(server)),
                    Texts::tr("%1 over TCP, %2 bytes").arg(asked.name).arg(answer->size()),
                    Texts::tr("See what answers there: it must be a DNS server."));
    return std::move(*reply);
}

Result<dnscodec::Reply> askUdp(const DnsServer &server, const dnscodec::Question &asked, const QByteArray &message,
                               const Deadline &deadline, std::stop_token stop)
{
    const auto socket = connectUdp(server.address, server.port, server.scopeId);
    if (!socket)
        return noAnswer(server, socket.error());
    constexpr qsizetype largest = 65535;
    for (auto wait = firstWait; !deadline.passed(); wait = std::min(2 * wait, longestWait)) {
        if (const auto sent = writeAll(socket->get(), message, deadline, stop); !sent)
            return noAnswer(server, sent.error());
        const Deadline retry = deadline.sooner(wait);
        while (!retry.passed()) {
            const auto datagram = readSome(socket->get(), largest, retry, stop);
            if (!datagram && datagram.error().code == ErrorCode::Timeout)
                break;
            if (!datagram)
                return noAnswer(server, datagram.error());
            // What is no answer to our question was sent by somebody else, or late.
            if (auto reply = dnscodec::decodeReply(*datagram, asked))
                return std::move(*reply);
        }
    }
    return noAnswer(server, Error{ErrorCode::Timeout, {}, Texts::tr("no answer to %1 over UDP").arg(asked.name)});
}

} // namespace

namespace dnscodec
{

Result<Fd> connectServer(const DnsServer &server, const Deadline &deadline, std::stop_token stop)
{
    auto socket = connectTcp(server.address, server.port, deadline, stop, server.scopeId);
    if (!socket)
        return noAnswer(server, socket.error());
    return socket;
}

Result<QByteArray> exchange(const DnsServer &server, const Fd &connected, const QByteArray &message,
                            const Deadline &deadline, std::stop_token stop)
{
    QByteArray framed;
    framed.append(static_cast<char>(message.size() >> 8)).append(static_cast<char>(message.size() & 0xff));
    framed.append(message);
    if (const auto sent = writeAll(connected.get(), framed, deadline, stop); !sent)
        return noAnswer(server, sent.error());
    const auto length = readExactly(connected.get(), 2, deadline, stop);
    if (!length)
        return noAnswer(server, length.error());
    const auto size = static_cast<std::uint8_t>(length->at(0)) << 8 | static_cast<std::uint8_t>(length->at(1));
    auto answer = readExactly(connected.get(), size, deadline, stop);
    if (!answer)
        return noAnswer(server, answer.error());
    return answer;
}

Result<Reply> ask(const DnsServer &server, const QString &name, RecordType type, bool recursionDesired,
                  const Deadline &deadline, std::stop_token stop, bool checkingDisabled)
{
    const auto attempt = [&](bool edns) -> Result<Reply> {
        const Question asked = question(name, type);
        const auto message = encodeQuery(asked, recursionDesired, edns, checkingDisabled);
        if (!message)
            return passOn(message);
        auto reply = askUdp(server, asked, *message, deadline, stop);
        if (reply && reply->truncated)
            return askTcp(server, asked, *message, deadline, stop);
        return reply;
    };
    auto reply = attempt(true);
    // Old servers and some home routers do not know EDNS (RFC 6891 §7).
    if (reply && !reply->edns && (reply->rcode == Rcode::FormErr || reply->rcode == Rcode::NotImp))
        return attempt(false);
    return reply;
}

} // namespace dnscodec

Result<DnsAnswer> queryServer(const DnsServer &server, const Hostname &name, RecordType type, bool recursionDesired,
                              const Deadline &deadline, std::stop_token stop, bool checkingDisabled)
{
    const auto reply = dnscodec::ask(server, name.ascii(), type, recursionDesired, deadline, stop, checkingDisabled);
    if (!reply)
        return passOn(reply);
    DnsAnswer answer{reply->rcode, reply->authoritative, grouped(reply->answers), std::nullopt};
    for (const dnscodec::Record &record : reply->authority) {
        if (record.type == RecordType::SOA)
            answer.negativeTtl = record.ttl;
    }
    return answer;
}

} // namespace sixgate
