// One signed UPDATE message (RFC 2136, RFC 8945), and what its answer means.

#include "model/texts.h"
#include "transport/dnsexchange.h"

namespace sixgate
{

namespace
{

enum TsigError { BadSig = 16, BadKey = 17, BadTime = 18 };

QString nameOf(const TsigKey &key)
{
    return key.secretName.isEmpty() ? QStringLiteral("NAME") : key.secretName;
}

tl::unexpected<Error> badSecret(const TsigKey &key)
{
    return fail(ErrorCode::Invalid, Texts::tr("The secret of the TSIG key %1 is not base64 text.").arg(key.name.text()),
                {},
                Texts::tr("Store the secret as the key file holds it (letters, digits, + and /, with = at the end "
                          "where the file has it): sixgatectl secret set %1")
                    .arg(nameOf(key)));
}

struct Job {
    const DnsServer &primary;
    const Hostname &zone;
    std::optional<RecordKey> wanted; ///< none: the zone alone is meant
    const TsigKey &key;

    QString object() const { return wanted ? recordText(*wanted) : zone.ascii(); }
    QString keyText() const { return QStringLiteral("%1 (%2)").arg(key.name.text(), tsigAlgorithmName(key.algorithm)); }
};

QString evidence(const Job &job, const dnscodec::UpdateReply &reply)
{
    QString text =
        Texts::tr("UPDATE of %1 at %2: %3").arg(job.object(), serverText(job.primary), rcodeName(reply.rcode));
    if (!reply.tsigError)
        return text + Texts::tr(", not signed");
    if (*reply.tsigError != 0)
        return text + Texts::tr(", TSIG error %1").arg(*reply.tsigError);
    return reply.verified ? text : text + Texts::tr(", signature not valid");
}

/// What the server says about the key. Such answers are not signed (RFC 8945 §5.2), so they are believed only as far
/// as that nothing was changed.
tl::unexpected<Error> keyFailed(const Job &job, const dnscodec::UpdateReply &reply)
{
    const QString detail = evidence(job, reply);
    switch (*reply.tsigError) {
    case BadKey:
        return fail(
            ErrorCode::Denied,
            Texts::tr("The DNS server does not accept the TSIG key %1 for %2.").arg(job.keyText(), job.object()),
            detail,
            Texts::tr("Compare the key's name and algorithm in the site file with those on the server, "
                      "and check that the key may update %1 there.")
                .arg(job.object()));
    case BadSig:
        return fail(ErrorCode::Denied,
                    Texts::tr("The DNS server has another secret for the TSIG key %1.").arg(job.keyText()), detail,
                    Texts::tr("Store the key's secret again, as the server has it: sixgatectl secret set %1")
                        .arg(nameOf(job.key)));
    case BadTime:
        return fail(ErrorCode::Denied,
                    reply.serverAhead ? Texts::tr("The clocks of this machine and of the DNS server differ by %1 s.")
                                            .arg(std::abs(reply.serverAhead->count()))
                                      : Texts::tr("The clocks of this machine and of the DNS server differ too much."),
                    detail,
                    Texts::tr("Set this machine's clock (timedatectl shows it); more than 300 s are not allowed."));
    default:
        return fail(ErrorCode::Denied,
                    Texts::tr("The DNS server refuses the signature of the TSIG key %1.").arg(job.keyText()), detail,
                    Texts::tr("Compare the key in the site file with the one on the server."));
    }
}

tl::unexpected<Error> updateFailed(const Job &job, const dnscodec::UpdateReply &reply)
{
    const QString detail = evidence(job, reply);
    switch (reply.rcode) {
    case Rcode::NxDomain:
    case Rcode::YxDomain:
    case Rcode::YxRrSet:
    case Rcode::NxRrSet:
        return fail(ErrorCode::Moved,
                    Texts::tr("%1 is no longer what it was when the plan was made.").arg(job.object()), detail,
                    Texts::tr("Look at the new plan, then apply it."));
    case Rcode::Refused:
        return fail(ErrorCode::Denied,
                    Texts::tr("The DNS server does not let the key %1 change %2.").arg(job.keyText(), job.object()),
                    detail, Texts::tr("Give the key the right to update %1 on the server.").arg(job.object()));
    case Rcode::NotAuth:
        return fail(ErrorCode::Denied,
                    Texts::tr("The DNS server takes no updates of the zone %1 by the key %2.")
                        .arg(job.zone.ascii(), job.keyText()),
                    detail,
                    Texts::tr("Check that the server of the DNS account is the primary of %1 and knows the key.")
                        .arg(job.zone.ascii()));
    case Rcode::NotZone:
        return fail(ErrorCode::Refused,
                    Texts::tr("%1 does not belong to the zone %2.").arg(job.object(), job.zone.ascii()), detail,
                    Texts::tr("Correct the zone of the DNS account in the site file."));
    case Rcode::NotImp:
        return fail(ErrorCode::Refused, Texts::tr("The DNS server takes no dynamic updates (RFC 2136)."), detail,
                    Texts::tr("Switch dynamic updates on for the zone %1.").arg(job.zone.ascii()));
    default:
        return fail(ErrorCode::Refused, Texts::tr("The DNS server could not change %1.").arg(job.object()), detail,
                    Texts::tr("The server's log says why; try again later."));
    }
}

/// Sends the update and judges the answer.
Outcome carry(const Job &job, const dnscodec::SignedUpdate &update, const Deadline &deadline, std::stop_token stop)
{
    const auto socket = dnscodec::connectServer(job.primary, deadline, stop);
    if (!socket)
        return passOn(socket);
    const auto answer = dnscodec::exchange(job.primary, *socket, update.wire, deadline, stop);
    if (!answer) {
        Error why = answer.error();
        why.fix = Texts::tr("It is not known whether %1 was changed: look at the plan again.").arg(job.object());
        return tl::unexpected<Error>(std::move(why));
    }
    const auto reply = dnscodec::decodeUpdateReply(*answer, update, job.key);
    if (!reply)
        return fail(ErrorCode::Protocol,
                    Texts::tr("The DNS server %1 sent something that is no answer.").arg(serverText(job.primary)),
                    Texts::tr("UPDATE of %1, %2 bytes").arg(job.object()).arg(answer->size()),
                    Texts::tr("See what answers there: it must be the zone's primary DNS server."));
    if (reply->tsigError && *reply->tsigError != 0 && reply->rcode != Rcode::NoError)
        return keyFailed(job, *reply);
    if (reply->verified)
        return reply->rcode == Rcode::NoError ? Outcome() : updateFailed(job, *reply);
    // Somebody else may have sent it: it is no success and no proof that the record moved.
    const bool moved = updateFailed(job, *reply).value().code == ErrorCode::Moved;
    if (reply->rcode != Rcode::NoError && !moved)
        return updateFailed(job, *reply);
    return fail(ErrorCode::Protocol,
                reply->tsigError ? Texts::tr("The DNS server's answer bears a wrong signature.")
                                 : Texts::tr("The DNS server's answer is not signed."),
                evidence(job, *reply),
                Texts::tr("Nobody knows whether %1 was changed: look at the plan again. If it stays so, something "
                          "between this machine and the server alters the answers.")
                    .arg(job.object()));
}

} // namespace

Outcome updateRecordSet(const DnsServer &primary, const Hostname &zone, const RecordSet &wanted,
                        const RecordSet *expected, const TsigKey &key, const Deadline &deadline, std::stop_token stop)
{
    auto secret = base64Text(key.secret);
    if (!secret)
        return badSecret(key);
    const TsigKey signing{key.name, key.algorithm, std::move(*secret), key.secretName};
    const Job job{primary, zone, RecordKey{wanted.name, wanted.type}, signing};
    if (!wanted.name.isWithin(zone))
        return fail(ErrorCode::Invalid,
                    Texts::tr("%1 does not belong to the zone %2.").arg(wanted.name.ascii(), zone.ascii()), {},
                    Texts::tr("Correct the zone of the DNS account in the site file."));
    const auto update = dnscodec::encodeUpdate(zone, wanted, expected, signing);
    if (!update)
        return passOn(update);
    return carry(job, *update, deadline, stop);
}

Outcome tryUpdateKey(const DnsServer &primary, const Hostname &zone, const TsigKey &key, const Deadline &deadline,
                     std::stop_token stop)
{
    auto secret = base64Text(key.secret);
    if (!secret)
        return badSecret(key);
    const TsigKey signing{key.name, key.algorithm, std::move(*secret), key.secretName};
    const auto update = dnscodec::encodeEmptyUpdate(zone, signing);
    if (!update)
        return passOn(update);
    return carry({primary, zone, std::nullopt, signing}, *update, deadline, stop);
}

} // namespace sixgate
