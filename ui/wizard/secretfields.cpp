#include "ui/wizard/secretfields.h"

#include <QFormLayout>
#include <QLineEdit>

namespace sixgate
{

void SecretFields::add(QFormLayout *form, const SetupSecret &secret)
{
    auto *field = new QLineEdit;
    field->setEchoMode(QLineEdit::Password);
    field->setInputMethodHints(Qt::ImhHiddenText | Qt::ImhNoPredictiveText | Qt::ImhNoAutoUppercase);
    field->setObjectName(QStringLiteral("secret.") + secret.name);
    field->setAccessibleName(secret.label);
    field->setToolTip(secret.where);
    form->addRow(secret.label, field);
    m_fields[secret.name] = field;
    m_order.push_back(secret.name);
    if (const auto kept = m_kept.extract(secret.name))
        field->setText(kept.mapped());
    connect(field, &QLineEdit::textEdited, this, [this, name = secret.name] {
        m_edited.insert(name);
        Q_EMIT changed();
    });
    showStored();
}

void SecretFields::clear(bool keep)
{
    m_kept.clear();
    for (const auto &[name, field] : m_fields) {
        if (keep)
            m_kept[name] = field->text();
    }
    m_fields.clear();
    m_order.clear();
}

void SecretFields::look()
{
    m_task.run([port = m_state.sharedPort(),
                answers = m_state.answers()](std::stop_token stop) { return port->stored(answers, std::move(stop)); },
               [this](const Result<std::set<QString>> &stored) {
                   m_known = true;
                   m_unavailable.reset();
                   if (stored)
                       m_stored = *stored;
                   else
                       m_unavailable = stored.error();
                   showStored();
                   Q_EMIT changed();
               });
}

bool SecretFields::anyEntered() const
{
    return std::any_of(m_fields.begin(), m_fields.end(), [](const auto &one) { return !one.second->text().isEmpty(); });
}

QString SecretFields::firstMissing() const
{
    for (const QString &name : m_order) {
        if (!isStored(name) && m_fields.at(name)->text().isEmpty())
            return name;
    }
    return {};
}

std::vector<std::pair<QString, Secret>> SecretFields::take()
{
    m_edited.clear();
    std::vector<std::pair<QString, Secret>> all;
    for (const QString &name : m_order) {
        QLineEdit *field = m_fields.at(name);
        if (!field->text().isEmpty())
            all.emplace_back(name, Secret(field->text().trimmed().toUtf8()));
    }
    return all;
}

void SecretFields::noteStored(const QString &name)
{
    m_stored.insert(name);
    // What was typed since is another one, which is not stored yet.
    if (const auto field = m_fields.find(name); field != m_fields.end() && !m_edited.contains(name))
        field->second->clear();
    showStored();
    Q_EMIT changed();
}

void SecretFields::showStored()
{
    for (const auto &[name, field] : m_fields)
        field->setPlaceholderText(isStored(name) ? tr("stored; enter another one to replace it") : QString());
}

} // namespace sixgate
