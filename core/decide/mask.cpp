#include "decide/mask.h"

#include "decide/maskvalues.h"

namespace sixgate
{

struct Masker::Private {
    MaskScanner scanner;
    MaskValues values;
};

Masker::Masker(const Site &site) : d(new Private{MaskScanner(site), MaskValues(site)}) {}

Masker::~Masker() = default;

QString Masker::mask(const QString &text)
{
    const auto pieces = d->scanner.pieces(text);
    for (const MaskPiece &one : pieces) {
        if (one.kind != MaskKind::None)
            d->values.see(one);
    }
    QString out;
    for (const MaskPiece &one : pieces)
        out += d->values.value(one);
    return out;
}

} // namespace sixgate
