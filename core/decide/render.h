#pragma once

#include "model/result.h"

#include <QByteArray>

#include <memory>
#include <vector>

namespace sixgate
{

/// Values for a template: names with a text, a flag, or a list of further values. Texts come from parsed types only;
/// rendering refuses all others.
class TemplateValues
{
public:
    TemplateValues();
    TemplateValues(TemplateValues &&) noexcept;
    TemplateValues &operator=(TemplateValues &&) noexcept;
    ~TemplateValues();

    TemplateValues &text(const char *name, const QString &value);
    TemplateValues &flag(const char *name, bool value);
    TemplateValues &list(const char *name, std::vector<TemplateValues> values);

private:
    friend class Template;
    class Private;
    std::unique_ptr<Private> d;
};

/// A parsed mustache template whose escape is a whitelist: a value with any character outside of `[A-Za-z0-9.:/_-]`,
/// or an empty one, makes rendering fail. There is no way around the escape: templates with unescaped tags are refused.
class Template
{
public:
    /// Invalid where the text is no mustache template, or has `{{{name}}}`, `{{&name}}` or changed delimiters.
    static Result<Template> parse(const QByteArray &text);
    Template(Template &&) noexcept;
    Template &operator=(Template &&) noexcept;
    ~Template();

    /// Invalid, naming the value, where one does not survive the escape.
    Result<QByteArray> render(const TemplateValues &values) const;

private:
    class Private;
    explicit Template(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace sixgate
