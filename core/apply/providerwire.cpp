#include "apply/providerwire.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

using Encoding = RequestPiece::Encoding;

bool isControl(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// As inside a JSON text (RFC 8259 §7).
QByteArray jsonEscaped(const QByteArray &bytes)
{
    static const char digits[] = "0123456789abcdef";
    QByteArray out;
    out.reserve(6 * bytes.size());
    for (const char c : bytes) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (isControl(c)) {
            out += "\\u00";
            out += digits[(static_cast<unsigned char>(c) >> 4) & 15];
            out += digits[static_cast<unsigned char>(c) & 15];
        } else {
            out += c;
        }
    }
    return out;
}

Result<Secret> credential(const RequestPiece &piece, const Credentials &credentials)
{
    const auto found = credentials.find(piece.credential);
    Secret value(found == credentials.end() ? QByteArray() : found->second.reveal().trimmed());
    if (value.isEmpty())
        return fail(ErrorCode::NotFound, Texts::tr("The credential “%1” is missing.").arg(piece.credential), {},
                    Texts::tr("Store it with the account's secrets."));
    switch (piece.encoding) {
    case Encoding::Percent:
        return Secret(value.reveal().toPercentEncoding());
    case Encoding::Json:
        return Secret(jsonEscaped(value.reveal()));
    case Encoding::Header:
        break;
    }
    if (std::any_of(value.reveal().begin(), value.reveal().end(), isControl))
        return fail(ErrorCode::Invalid, Texts::tr("The credential “%1” has a control character.").arg(piece.credential),
                    {}, Texts::tr("Store it again as the provider shows it."));
    return value;
}

Result<Secret> filled(const RequestText &text, const Credentials &credentials)
{
    std::vector<Secret> parts;
    qsizetype size = 0;
    for (const RequestPiece &piece : text) {
        if (piece.credential.isEmpty()) {
            parts.emplace_back(piece.text);
        } else {
            auto value = credential(piece, credentials);
            if (!value)
                return passOn(value);
            parts.push_back(std::move(*value));
        }
        size += parts.back().reveal().size();
    }
    QByteArray bytes;
    bytes.reserve(size);
    for (const Secret &part : parts)
        bytes += part.reveal();
    return Secret(std::move(bytes));
}

/// "Basic " and base64; a user name with a colon would end there (RFC 7617 §2).
Result<Secret> basic(const RequestText &text, const Credentials &credentials)
{
    auto pair = filled(text, credentials);
    if (!pair)
        return pair;
    for (const RequestPiece &piece : text) {
        if (piece.credential.isEmpty() && piece.text.contains(':'))
            break;
        if (piece.credential.isEmpty())
            continue;
        const auto user = credentials.find(piece.credential);
        if (user != credentials.end() && user->second.reveal().contains(':'))
            return fail(
                ErrorCode::Invalid,
                Texts::tr("The credential “%1” has a colon, which no user name may have.").arg(piece.credential), {},
                Texts::tr("Store it again as the provider shows it."));
    }
    return Secret("Basic " + pair->reveal().toBase64());
}

} // namespace

Result<HttpsRequest> wireRequest(const ProviderRequest &request, const Credentials &credentials)
{
    HttpsRequest wire;
    wire.method = request.method;
    wire.repeatable = request.repeatable;
    auto target = filled(request.target, credentials);
    if (!target)
        return passOn(target);
    wire.target = std::move(*target);
    for (const RequestHeader &header : request.headers) {
        auto value = header.basic ? basic(header.value, credentials) : filled(header.value, credentials);
        if (!value)
            return passOn(value);
        wire.headers.emplace_back(header.name, std::move(*value));
    }
    auto body = filled(request.body, credentials);
    if (!body)
        return passOn(body);
    wire.body = std::move(*body);
    return wire;
}

} // namespace sixgate
