#pragma once

#include "storage/json.h"

#include <map>
#include <optional>

namespace sixgate
{

/// Reads one object's members in a row; the first error stays, and what comes after it does nothing.
class ProviderFields
{
public:
    ProviderFields(const JsonNode &node, std::initializer_list<const char *> keys);

    bool has(const char *key) const { return !m_error && m_fields->has(key); }
    JsonNode at(const char *key) const { return m_fields->at(key); }
    bool failed() const { return m_error.has_value(); }
    /// Invalid at a member.
    void refuse(const char *key, const QString &sentence, const QString &fix = {});
    Outcome outcome() const;

    /// True where the member is there, or must be.
    bool begin(const char *key, const char *example, bool needed);
    void text(const char *key, QString &into, const char *example, bool needed = false);
    void flag(const char *key, bool &into);
    void number(const char *key, qint64 &into, qint64 least, qint64 most, qint64 example);
    void texts(const char *key, QStringList &into, const char *example);

    /// A member that `read` reads: Result<T>(const JsonNode &).
    template <class T, class Read>
    void part(const char *key, T &into, const char *example, const Read &read, bool needed = false)
    {
        if (!begin(key, example, needed))
            return;
        auto value = read(at(key));
        if (!value)
            m_error = value.error();
        else
            into = std::move(*value);
    }

    template <class T, class Read>
    void list(const char *key, std::vector<T> &into, const char *example, const Read &read, bool needed = false)
    {
        if (!begin(key, example, needed))
            return;
        const auto items = jsonList(at(key), example);
        if (!items) {
            m_error = items.error();
            return;
        }
        for (const JsonNode &item : *items) {
            auto value = read(item);
            if (!value) {
                m_error = value.error();
                return;
            }
            into.push_back(std::move(*value));
        }
    }

    /// One of several words.
    template <class T>
    void word(const char *key, T &into, std::initializer_list<std::pair<const char *, T>> words, bool needed = false)
    {
        QString found;
        text(key, found, words.begin()->first, needed);
        if (m_error || !m_fields->has(key))
            return;
        QStringList known;
        for (const auto &[name, value] : words) {
            if (found == QLatin1String(name)) {
                into = value;
                return;
            }
            known.append(QString::fromLatin1(name));
        }
        unknownWord(key, found, known);
    }

private:
    void unknownWord(const char *key, const QString &found, const QStringList &known);

    std::optional<JsonFields> m_fields;
    std::optional<Error> m_error;
};

} // namespace sixgate
