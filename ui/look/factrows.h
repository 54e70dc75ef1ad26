#pragma once

#include <QString>

#include <vector>

class QFormLayout;

namespace sixgate
{

/// A form of facts: what it is at the left, in less weight; its value, which can be selected, at the right.
QFormLayout *factForm();
/// Fills it anew; nothing happens where it shows just that.
void fillFacts(QFormLayout &form, const std::vector<std::pair<QString, QString>> &facts);

} // namespace sixgate
