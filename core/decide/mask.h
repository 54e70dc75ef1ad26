#pragma once

#include "model/site.h"

#include <memory>

namespace sixgate
{

/// Makes a text fit to be shown to strangers: addresses, names, people and keys are replaced, each by the same other
/// one for as long as this lives, different ones by different ones. Which /56, which /64 and which interface
/// identifier are the same, and of what kind an address is, can still be seen. Documentation space is replaced like
/// all else. Not for two threads at once.
class Masker
{
public:
    explicit Masker(const Site &site);
    ~Masker();
    Masker(const Masker &) = delete;
    Masker &operator=(const Masker &) = delete;

    QString mask(const QString &text);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sixgate
