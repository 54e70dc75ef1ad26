#include "decide/mask.h"

#include "decide/maskvalues.h"
#include "decide/maskwords.h"

namespace sixgate
{

struct Masker::Private {
    MaskWords words;
    MaskScanner scanner;
    MaskValues values;

    std::vector<MaskPiece> pieces(const QString &text) const
    {
        std::vector<MaskPiece> out;
        for (const MaskPiece &part : words.paths(text)) {
            if (part.kind != MaskKind::None) {
                out.push_back(part);
                continue;
            }
            for (const MaskPiece &one : scanner.pieces(part.text)) {
                if (one.kind != MaskKind::None)
                    out.push_back(one);
                else
                    for (MaskPiece &last : words.logins(one.text))
                        out.push_back(std::move(last));
            }
        }
        return out;
    }
};

Masker::Masker(const Site &site) : d(new Private{MaskWords(site), MaskScanner(site), MaskValues(site)}) {}

Masker::~Masker() = default;

QString Masker::mask(const QString &text)
{
    const auto pieces = d->pieces(text);
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
