#include "decide/render.h"
#include "model/texts.h"

#include <QRegularExpression>

#include <algorithm>
#include <optional>

// GCC 12 sees null pointers in the library's inlined vectors that are not there.
#pragma GCC diagnostic ignored "-Wnull-dereference"
#include <kainjow/mustache.hpp>

namespace sixgate
{

namespace mustache = kainjow::mustache;

class TemplateValues::Private
{
public:
    mustache::data data{mustache::data::type::object};
};

class Template::Private
{
public:
    explicit Private(const std::string &text) : parsed(text)
    {
        parsed.set_custom_escape([this](const std::string &value) { return escape(value); });
    }

    std::string escape(const std::string &value)
    {
        const auto fits = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == ':' ||
                   c == '/' || c == '_' || c == '-';
        };
        if (!value.empty() && std::all_of(value.begin(), value.end(), fits))
            return value;
        if (!refused)
            refused = value;
        return {};
    }

    mustache::mustache parsed;
    std::optional<std::string> refused; // first value that did not fit
};

TemplateValues::TemplateValues() : d(std::make_unique<Private>()) {}
TemplateValues::TemplateValues(TemplateValues &&) noexcept = default;
TemplateValues &TemplateValues::operator=(TemplateValues &&) noexcept = default;
TemplateValues::~TemplateValues() = default;

TemplateValues &TemplateValues::text(const char *name, const QString &value)
{
    d->data.set(name, value.toStdString());
    return *this;
}

TemplateValues &TemplateValues::flag(const char *name, bool value)
{
    d->data.set(name, mustache::data(value ? mustache::data::type::bool_true : mustache::data::type::bool_false));
    return *this;
}

TemplateValues &TemplateValues::list(const char *name, std::vector<TemplateValues> values)
{
    mustache::list list;
    list.reserve(values.size());
    for (TemplateValues &one : values)
        list.push_back(std::move(one.d->data));
    d->data.set(name, mustache::data(list));
    return *this;
}

Template::Template(std::unique_ptr<Private> parsed) : d(std::move(parsed)) {}
Template::Template(Template &&) noexcept = default;
Template &Template::operator=(Template &&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::parse(const QByteArray &text)
{
    static const QRegularExpression around(QStringLiteral("\\{\\{\\s*[{&=]"));
    const auto match = around.match(QString::fromUtf8(text));
    if (match.hasMatch())
        return fail(ErrorCode::Invalid, Texts::tr("A proxy template has a tag that goes around the escape."),
                    match.captured());
    auto d = std::make_unique<Private>(text.toStdString());
    if (!d->parsed.is_valid())
        return fail(ErrorCode::Invalid, Texts::tr("A proxy template does not parse."),
                    QString::fromStdString(d->parsed.error_message()));
    return Template(std::move(d));
}

Result<QByteArray> Template::render(const TemplateValues &values) const
{
    d->refused.reset();
    const std::string text = d->parsed.render(values.d->data);
    if (d->refused)
        return fail(ErrorCode::Invalid,
                    Texts::tr("A value cannot stand in the proxy's configuration: only letters, digits and "
                              "\".:/_-\" may."),
                    Texts::tr("The value is \"%1\".").arg(QString::fromStdString(*d->refused)));
    return QByteArray::fromStdString(text);
}

} // namespace sixgate
