// The codec: the only source file that knows ldns.

#include "model/text.h"
#include "model/texts.h"
#include "transport/dnscodec.h"

#include <QRandomGenerator>

#include <ldns/ldns.h>

#include <algorithm>
#include <ctime>
#include <memory>

namespace sixgate
{

namespace dnscodec
{

namespace
{

template <auto Free>
struct FreeBy {
    template <class T>
    void operator()(T *object) const
    {
        Free(object);
    }
};
using Packet = std::unique_ptr<ldns_pkt, FreeBy<ldns_pkt_free>>;
using Rr = std::unique_ptr<ldns_rr, FreeBy<ldns_rr_free>>;
using Rdf = std::unique_ptr<ldns_rdf, FreeBy<ldns_rdf_deep_free>>;
using CText = std::unique_ptr<char, FreeBy<free>>;
using Bytes = std::unique_ptr<std::uint8_t, FreeBy<free>>;

constexpr int headerSize = 12;
constexpr std::uint16_t ednsSize = 1232; // fits every path without fragments (DNS flag day 2020)
constexpr std::uint16_t fudge = 300;     // RFC 8945 §10

ldns_rr_type wireType(RecordType type)
{
    return static_cast<ldns_rr_type>(typeNumber(type));
}

tl::unexpected<Error> ldnsFailed(const char *what, ldns_status status)
{
    return fail(
        ErrorCode::Internal, Texts::tr("A DNS message could not be built."),
        QStringLiteral("%1: %2").arg(QString::fromLatin1(what), QString::fromLatin1(ldns_get_errorstr_by_id(status))));
}

QString presentation(const ldns_rdf *rdf)
{
    const CText text(ldns_rdf2str(rdf));
    return text ? QString::fromLatin1(text.get()) : QString();
}

QString nameOf(const ldns_rdf *rdf)
{
    QString name = presentation(rdf).toLower();
    if (name.endsWith(QLatin1Char('.')))
        name.chop(1);
    return name;
}

Result<Rdf> nameRdf(const QString &name)
{
    ldns_rdf *made = nullptr;
    const auto status = ldns_str2rdf_dname(&made, qPrintable(name + QLatin1Char('.')));
    if (status != LDNS_STATUS_OK)
        return fail(ErrorCode::Invalid, Texts::tr("%1 is no DNS name.").arg(quoted(name)),
                    QString::fromLatin1(ldns_get_errorstr_by_id(status)));
    return Rdf(made);
}

template <class Address, size_t Size>
QString addressText(const ldns_rdf *rdf)
{
    std::array<std::uint8_t, Size> bytes;
    if (ldns_rdf_size(rdf) != Size)
        return {};
    std::copy_n(ldns_rdf_data(rdf), Size, bytes.begin());
    return Address::fromBytes(bytes).text();
}

/// The value of one RR as RecordSet holds it; an empty one where the RR is not as its type wants it.
QString valueOf(const ldns_rr *rr, RecordType type)
{
    QStringList parts;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); ++i) {
        const ldns_rdf *rdf = ldns_rr_rdf(rr, i);
        if (!rdf)
            return {};
        switch (ldns_rdf_get_type(rdf)) {
        case LDNS_RDF_TYPE_A:
            parts << addressText<Ipv4Address, 4>(rdf);
            break;
        case LDNS_RDF_TYPE_AAAA:
            parts << addressText<Ipv6Address, 16>(rdf);
            break;
        case LDNS_RDF_TYPE_DNAME:
            parts << nameOf(rdf);
            break;
        default:
            parts << presentation(rdf);
        }
    }
    if (type != RecordType::TXT && type != RecordType::SOA && parts.size() != 1)
        return {};
    return parts.join(QLatin1Char(' '));
}

/// A number with the highest bit set means zero (RFC 2181 §8).
std::chrono::seconds ttlOf(const ldns_rr *rr)
{
    const std::uint32_t ttl = ldns_rr_ttl(rr);
    return std::chrono::seconds(ttl > INT32_MAX ? 0 : ttl);
}

std::vector<Record> recordsOf(const ldns_rr_list *list)
{
    std::vector<Record> records;
    for (size_t i = 0; list && i < ldns_rr_list_rr_count(list); ++i) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        const auto type = recordType(static_cast<int>(ldns_rr_get_type(rr)));
        if (!type || ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
            continue;
        QString value = valueOf(rr, *type);
        if (!value.isEmpty())
            records.push_back({nameOf(ldns_rr_owner(rr)), *type, ttlOf(rr), value});
    }
    return records;
}

/// An RR without data, as questions, prerequisites and deletions are.
Result<Rr> emptyRr(const QString &owner, ldns_rr_type type, ldns_rr_class cls)
{
    auto name = nameRdf(owner);
    if (!name)
        return passOn(name);
    Rr rr(ldns_rr_new());
    ldns_rr_set_owner(rr.get(), name->release());
    ldns_rr_set_type(rr.get(), type);
    ldns_rr_set_class(rr.get(), cls);
    ldns_rr_set_ttl(rr.get(), 0);
    return rr;
}

tl::unexpected<Error> badValue(RecordType type, const QString &value)
{
    return fail(ErrorCode::Invalid,
                Texts::tr("%1 is no value of a record of type %2.").arg(quoted(value), recordTypeName(type)));
}

Result<Rr> rrOf(const RecordSet &set, const QString &value, std::chrono::seconds ttl)
{
    auto rr = emptyRr(set.name.ascii(), wireType(set.type), LDNS_RR_CLASS_IN);
    if (!rr)
        return rr;
    ldns_rr_set_ttl(rr->get(), static_cast<std::uint32_t>(std::clamp<qint64>(ttl.count(), 0, INT32_MAX)));
    switch (set.type) {
    case RecordType::A: {
        const auto address = Ipv4Address::parse(value);
        if (!address)
            return passOn(address);
        ldns_rr_push_rdf(rr->get(), ldns_rdf_new_frm_data(LDNS_RDF_TYPE_A, 4, address->bytes().data()));
        return rr;
    }
    case RecordType::AAAA: {
        const auto address = Ipv6Address::parse(value);
        if (!address)
            return passOn(address);
        ldns_rr_push_rdf(rr->get(), ldns_rdf_new_frm_data(LDNS_RDF_TYPE_AAAA, 16, address->bytes().data()));
        return rr;
    }
    case RecordType::CNAME:
    case RecordType::NS: {
        auto target = nameRdf(value);
        if (!target)
            return passOn(target);
        ldns_rr_push_rdf(rr->get(), target->release());
        return rr;
    }
    case RecordType::TXT: {
        // Quoted strings, as ldns prints them.
        ldns_rr *made = nullptr;
        const QString line = QStringLiteral("x. 0 IN TXT ") + value;
        if (value.contains(QLatin1Char('\n')) ||
            ldns_rr_new_frm_str(&made, line.toLatin1().constData(), 0, nullptr, nullptr) != LDNS_STATUS_OK)
            return badValue(set.type, value);
        const Rr parsed(made);
        for (size_t i = 0; i < ldns_rr_rd_count(made); ++i)
            ldns_rr_push_rdf(rr->get(), ldns_rdf_clone(ldns_rr_rdf(made, i)));
        if (ldns_rr_rd_count(rr->get()) == 0)
            return badValue(set.type, value);
        return rr;
    }
    case RecordType::SOA:
        break;
    }
    return badValue(set.type, value);
}

Outcome push(ldns_pkt *packet, ldns_pkt_section section, Result<Rr> rr)
{
    if (!rr)
        return passOn(rr);
    if (!ldns_pkt_push_rr(packet, section, rr->release()))
        return ldnsFailed("ldns_pkt_push_rr", LDNS_STATUS_MEM_ERR);
    return {};
}

Result<QByteArray> bytesOf(const ldns_pkt *packet)
{
    std::uint8_t *data = nullptr;
    size_t size = 0;
    const auto status = ldns_pkt2wire(&data, packet, &size);
    const Bytes owned(data);
    if (status != LDNS_STATUS_OK)
        return ldnsFailed("ldns_pkt2wire", status);
    return QByteArray(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
}

const std::uint8_t *data(const QByteArray &wire)
{
    return reinterpret_cast<const std::uint8_t *>(wire.constData());
}

/// The parsed message where it answers `asked`.
Packet answerTo(const QByteArray &wire, const Question &asked)
{
    ldns_pkt *made = nullptr;
    if (ldns_wire2pkt(&made, data(wire), static_cast<size_t>(wire.size())) != LDNS_STATUS_OK)
        return {};
    Packet packet(made);
    const auto opcode = asked.update ? LDNS_PACKET_UPDATE : LDNS_PACKET_QUERY;
    if (ldns_pkt_id(made) != asked.id || !ldns_pkt_qr(made) || ldns_pkt_get_opcode(made) != opcode)
        return {};
    const ldns_rr_list *questions = ldns_pkt_question(made);
    // A server that could not read the question, or answers an UPDATE, may leave it out.
    if (ldns_rr_list_rr_count(questions) == 0)
        return asked.update || ldns_pkt_get_rcode(made) != LDNS_RCODE_NOERROR ? std::move(packet) : Packet();
    const ldns_rr *rr = ldns_rr_list_rr(questions, 0);
    if (ldns_rr_list_rr_count(questions) != 1 || nameOf(ldns_rr_owner(rr)) != asked.name ||
        ldns_rr_get_type(rr) != static_cast<ldns_rr_type>(asked.type) || ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
        return {};
    return packet;
}

QString algorithmName(TsigAlgorithm algorithm)
{
    return tsigAlgorithmName(algorithm) + QLatin1Char('.');
}

std::uint64_t bigEndian(const ldns_rdf *rdf, size_t from, size_t size)
{
    std::uint64_t number = 0;
    for (size_t i = 0; i < size && from + i < ldns_rdf_size(rdf); ++i)
        number = number << 8 | ldns_rdf_data(rdf)[from + i];
    return number;
}

std::uint16_t randomId()
{
    return static_cast<std::uint16_t>(QRandomGenerator::system()->generate());
}

// Fields of a TSIG record (RFC 8945 §4.2).
enum TsigField { Algorithm, TimeSigned, Fudge, Mac, OriginalId, TsigError, OtherData, TsigFields };
constexpr int badTime = 18;

} // namespace

Question question(const QString &name, RecordType type)
{
    return Question{name.toLower(), wireType(type), false, randomId()};
}

Result<QByteArray> encodeQuery(const Question &asked, bool recursionDesired, bool edns, bool checkingDisabled)
{
    const Packet packet(ldns_pkt_new());
    ldns_pkt_set_id(packet.get(), asked.id);
    ldns_pkt_set_opcode(packet.get(), LDNS_PACKET_QUERY);
    ldns_pkt_set_rd(packet.get(), recursionDesired);
    ldns_pkt_set_cd(packet.get(), checkingDisabled);
    auto rr = emptyRr(asked.name, static_cast<ldns_rr_type>(asked.type), LDNS_RR_CLASS_IN);
    if (auto pushed = push(packet.get(), LDNS_SECTION_QUESTION, std::move(rr)); !pushed)
        return passOn(pushed);
    if (edns)
        ldns_pkt_set_edns_udp_size(packet.get(), ednsSize);
    return bytesOf(packet.get());
}

std::optional<Reply> decodeReply(const QByteArray &wire, const Question &asked)
{
    if (wire.size() < headerSize)
        return std::nullopt;
    // A truncated answer may end anywhere: only its header is read.
    const std::uint8_t *header = data(wire);
    const bool truncated = (header[2] & 0x02) != 0;
    const bool answer = (header[2] & 0x80) != 0;
    if (truncated)
        return answer && LDNS_ID_WIRE(header) == asked.id ? std::optional(Reply{0, false, true}) : std::nullopt;

    const Packet packet = answerTo(wire, asked);
    if (!packet)
        return std::nullopt;
    Reply reply;
    reply.edns = ldns_pkt_edns(packet.get());
    reply.rcode = ldns_pkt_get_rcode(packet.get());
    if (reply.edns)
        reply.rcode |= ldns_pkt_edns_extended_rcode(packet.get()) << 4;
    reply.authoritative = ldns_pkt_aa(packet.get());
    reply.answers = recordsOf(ldns_pkt_answer(packet.get()));
    reply.authority = recordsOf(ldns_pkt_authority(packet.get()));
    return reply;
}

namespace
{

/// An UPDATE of the zone without content.
Result<Packet> updateOf(const Hostname &zone, SignedUpdate &update)
{
    update.asked = Question{zone.ascii(), LDNS_RR_TYPE_SOA, true, randomId()};
    Packet packet(ldns_pkt_new());
    ldns_pkt_set_id(packet.get(), update.asked.id);
    ldns_pkt_set_opcode(packet.get(), LDNS_PACKET_UPDATE);
    auto zoneRr = emptyRr(zone.ascii(), LDNS_RR_TYPE_SOA, LDNS_RR_CLASS_IN);
    if (auto done = push(packet.get(), LDNS_SECTION_QUESTION, std::move(zoneRr)); !done)
        return passOn(done);
    return packet;
}

Result<SignedUpdate> signedUpdate(const Packet &packet, SignedUpdate update, const TsigKey &key)
{
    const auto status = ldns_pkt_tsig_sign(packet.get(), qPrintable(key.name.text()), key.secret.reveal().constData(),
                                           fudge, qPrintable(algorithmName(key.algorithm)), nullptr);
    const ldns_rr *tsig = ldns_pkt_tsig(packet.get());
    if (status != LDNS_STATUS_OK || !tsig || ldns_rr_rd_count(tsig) < TsigFields)
        return ldnsFailed("ldns_pkt_tsig_sign", status);
    const ldns_rdf *mac = ldns_rr_rdf(tsig, Mac);
    update.mac =
        QByteArray(reinterpret_cast<const char *>(ldns_rdf_data(mac)), static_cast<qsizetype>(ldns_rdf_size(mac)));
    auto wire = bytesOf(packet.get());
    if (!wire)
        return passOn(wire);
    update.wire = std::move(*wire);
    return update;
}

} // namespace

Result<SignedUpdate> encodeUpdate(const Hostname &zone, const RecordSet &wanted, const RecordSet *expected,
                                  const TsigKey &key)
{
    SignedUpdate update;
    const auto packet = updateOf(zone, update);
    if (!packet)
        return passOn(packet);
    const auto add = [&](ldns_pkt_section section, Result<Rr> rr) {
        return push(packet->get(), section, std::move(rr));
    };
    const QString name = wanted.name.ascii();
    const ldns_rr_type type = wireType(wanted.type);

    // The answer section holds the prerequisites, the authority section the update (RFC 2136 §2).
    if (expected && expected->values.empty()) {
        if (auto done = add(LDNS_SECTION_ANSWER, emptyRr(name, type, LDNS_RR_CLASS_NONE)); !done)
            return passOn(done);
    } else if (expected) {
        for (const QString &value : expected->values) {
            const RecordSet same{wanted.name, wanted.type, std::chrono::seconds(0), {}};
            if (auto done = add(LDNS_SECTION_ANSWER, rrOf(same, value, std::chrono::seconds(0))); !done)
                return passOn(done);
        }
    }
    if (auto done = add(LDNS_SECTION_AUTHORITY, emptyRr(name, type, LDNS_RR_CLASS_ANY)); !done)
        return passOn(done);
    for (const QString &value : wanted.values) {
        if (auto done = add(LDNS_SECTION_AUTHORITY, rrOf(wanted, value, wanted.ttl)); !done)
            return passOn(done);
    }
    return signedUpdate(*packet, std::move(update), key);
}

Result<SignedUpdate> encodeEmptyUpdate(const Hostname &zone, const TsigKey &key)
{
    SignedUpdate update;
    const auto packet = updateOf(zone, update);
    if (!packet)
        return passOn(packet);
    return signedUpdate(*packet, std::move(update), key);
}

std::optional<UpdateReply> decodeUpdateReply(const QByteArray &wire, const SignedUpdate &sent, const TsigKey &key)
{
    const Packet packet = answerTo(wire, sent.asked);
    if (!packet)
        return std::nullopt;
    UpdateReply reply;
    reply.rcode = ldns_pkt_get_rcode(packet.get());
    const ldns_rr *tsig = ldns_pkt_tsig(packet.get());
    if (!tsig || ldns_rr_rd_count(tsig) < TsigFields)
        return reply;
    reply.tsigError = static_cast<int>(bigEndian(ldns_rr_rdf(tsig, TsigError), 0, 2));
    const auto now = static_cast<qint64>(std::time(nullptr));
    const auto timeSigned = static_cast<qint64>(bigEndian(ldns_rr_rdf(tsig, TimeSigned), 0, 6));
    const auto allowed = static_cast<qint64>(bigEndian(ldns_rr_rdf(tsig, Fudge), 0, 2));
    const bool inTime = std::abs(now - timeSigned) <= allowed;
    // Not checked by ldns_pkt_tsig_verify(): it takes the algorithm from the answer and does not look at the time.
    const bool ourKey = nameOf(ldns_rr_owner(tsig)) == key.name.text() &&
                        nameOf(ldns_rr_rdf(tsig, Algorithm)) == tsigAlgorithmName(key.algorithm);
    if (*reply.tsigError == badTime && ldns_rdf_size(ldns_rr_rdf(tsig, OtherData)) == 8)
        reply.serverAhead =
            std::chrono::seconds(static_cast<qint64>(bigEndian(ldns_rr_rdf(tsig, OtherData), 2, 6)) - now);

    const Rdf mac(
        ldns_rdf_new_frm_data(LDNS_RDF_TYPE_INT16_DATA, static_cast<size_t>(sent.mac.size()), sent.mac.constData()));
    const bool macRight = ldns_pkt_tsig_verify(packet.get(), data(wire), static_cast<size_t>(wire.size()),
                                               qPrintable(key.name.text()), key.secret.reveal().constData(), mac.get());
    reply.verified = ourKey && inTime && macRight;
    return reply;
}

namespace
{

Result<QByteArray> encodeLocalQuestion(const std::vector<QString> &names, ldns_rr_type type, bool recursionDesired)
{
    const Packet packet(ldns_pkt_new());
    ldns_pkt_set_id(packet.get(), randomId());
    ldns_pkt_set_rd(packet.get(), recursionDesired);
    ldns_pkt_set_opcode(packet.get(), LDNS_PACKET_QUERY);
    for (const QString &name : names) {
        auto rr = emptyRr(name, type, LDNS_RR_CLASS_IN);
        if (auto pushed = push(packet.get(), LDNS_SECTION_QUESTION, std::move(rr)); !pushed)
            return passOn(pushed);
    }
    return bytesOf(packet.get());
}

} // namespace

Result<QByteArray> encodePointerQuestion(const std::vector<QString> &names, bool recursionDesired)
{
    return encodeLocalQuestion(names, LDNS_RR_TYPE_PTR, recursionDesired);
}

Result<QByteArray> encodeAddressQuestion(const QString &name)
{
    return encodeLocalQuestion({name}, LDNS_RR_TYPE_AAAA, false);
}

std::vector<LocalAnswer> decodeLocalAnswer(const QByteArray &wire)
{
    ldns_pkt *made = nullptr;
    if (wire.size() < headerSize ||
        ldns_wire2pkt(&made, data(wire), static_cast<size_t>(wire.size())) != LDNS_STATUS_OK)
        return {};
    const Packet packet(made);
    std::vector<LocalAnswer> all;
    if (!ldns_pkt_qr(made))
        return all;
    for (const ldns_rr_list *list : {ldns_pkt_answer(made), ldns_pkt_authority(made), ldns_pkt_additional(made)}) {
        for (size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
            const ldns_rr *rr = ldns_rr_list_rr(list, i);
            LocalAnswer one{nameOf(ldns_rr_owner(rr)), {}, std::nullopt};
            const auto plain = [&](const ldns_rdf *rdf) {
                QString name = rdf ? presentation(rdf) : QString();
                return name.endsWith(QLatin1Char('.')) ? name.chopped(1) : name;
            };
            switch (ldns_rr_get_type(rr)) {
            case LDNS_RR_TYPE_PTR:
                one.target = plain(ldns_rr_rdf(rr, 0));
                break;
            case LDNS_RR_TYPE_SRV:
                one.target = plain(ldns_rr_rdf(rr, 3));
                break;
            case LDNS_RR_TYPE_A:
            case LDNS_RR_TYPE_AAAA:
                if (const auto address = parseIpAddress(presentation(ldns_rr_rdf(rr, 0))))
                    one.address = *address;
                break;
            default:
                continue;
            }
            all.push_back(std::move(one));
        }
    }
    return all;
}

QString reverseName(const Ipv6Address &address)
{
    QString name;
    const auto &bytes = address.bytes();
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte)
        name += QStringLiteral("%1.%2.").arg(*byte & 0xf, 0, 16).arg(*byte >> 4, 0, 16);
    return name + QStringLiteral("ip6.arpa");
}

} // namespace dnscodec

} // namespace sixgate
