#pragma once

#include <QByteArray>
#include <QString>

#include <vector>

/// Values that nobody means well, and what a text must not hold.
namespace hostile
{

/// The file that an injected command of these values would make.
QByteArray markerPath();
/// True where one came to be; removes it.
bool markerAppeared();

struct Text {
    QByteArray name; ///< readable, for the row
    QString value;
};
/// Texts for any field.
const std::vector<Text> &texts();

/// A JSON value as it stands in a file; it may break the file's syntax.
struct Token {
    /// What an error names: the place; line and column; or, since it may be several values, something nearby.
    enum Names { Place, Line, Anything };
    QByteArray name;
    QByteArray json;
    Names names = Place;
};
/// Numbers out of range, other types, strings that are no proper text.
const std::vector<Token> &tokens();
/// A JSON string with escapes for all that is not plain ASCII: what QString::toUtf8() would lose arrives as it is.
QByteArray jsonString(const QString &text);

struct Bytes {
    QByteArray name;
    QByteArray value;
};
/// All texts in UTF-8, and bytes that are no text.
const std::vector<Bytes> &bytes();

/// True where no character moves a terminal's cursor, breaks the line, hides, or turns the direction of what follows.
bool isShowable(const QString &text);
/// For several lines of a file, too: characters without a width may stay, orders to a terminal may not.
bool areShowableLines(const QString &text);
/// For the message of a failed check.
QByteArray escaped(const QString &text);

} // namespace hostile
