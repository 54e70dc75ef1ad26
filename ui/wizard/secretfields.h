#pragma once

#include "ui/wizard/wizardstate.h"

#include <QWidget>

#include <map>

class QFormLayout;
class QLineEdit;

namespace sixgate
{

/// Fields for secrets: what is entered goes to the store and nowhere else, and is forgotten here then.
class SecretFields : public QObject
{
    Q_OBJECT

public:
    SecretFields(WizardState &state, QObject *parent) : QObject(parent), m_state(state) {}

    /// Adds a field; what stood there before is gone.
    void add(QFormLayout *form, const SetupSecret &secret);
    /// `keep`: what is typed comes into the fields of the same names that are added then.
    void clear(bool keep);
    /// Asks which are stored already.
    void look();
    bool isKnown() const { return m_known; }
    /// The place of the secrets is not there, or locked.
    const std::optional<Error> &unavailable() const { return m_unavailable; }
    bool isStored(const QString &name) const { return m_stored.contains(name); }
    /// Names that are entered and not stored yet.
    bool anyEntered() const;
    /// The first that is neither stored nor entered; empty: none.
    QString firstMissing() const;
    /// What is entered; it stays until noteStored().
    std::vector<std::pair<QString, Secret>> take();
    void noteStored(const QString &name);

Q_SIGNALS:
    void changed();

private:
    void showStored();

    WizardState &m_state;
    std::map<QString, QLineEdit *> m_fields;
    std::vector<QString> m_order;
    std::map<QString, QString> m_kept;
    std::set<QString> m_edited; ///< since take()
    std::set<QString> m_stored;
    bool m_known = false;
    std::optional<Error> m_unavailable;
    Task m_task;
};

} // namespace sixgate
