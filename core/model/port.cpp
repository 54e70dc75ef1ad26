#include "model/port.h"

#include "model/text.h"
#include "model/texts.h"

namespace sixgate
{

Result<Port> Port::parse(const QString &text)
{
    bool digits = !text.isEmpty() && text.size() <= 5;
    for (const QChar c : text)
        digits = digits && c >= QLatin1Char('0') && c <= QLatin1Char('9');
    if (!digits || (text.size() > 1 && text.startsWith(QLatin1Char('0'))))
        return fail(ErrorCode::Invalid, Texts::tr("%1 is not a port. Example: 443.").arg(quoted(text)));
    return fromNumber(text.toLongLong());
}

Result<Port> Port::fromNumber(qint64 number)
{
    if (number < 1 || number > 65535)
        return fail(ErrorCode::Invalid,
                    Texts::tr("%1 is not a port: ports go from 1 to 65535. Example: 443.").arg(number));
    return Port(std::uint16_t(number));
}

} // namespace sixgate
