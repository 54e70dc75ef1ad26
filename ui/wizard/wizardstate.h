#pragma once

#include "ipc/setupport.h"
#include "ui/wizard/task.h"

#include <QTimer>

#include <functional>
#include <optional>

namespace sixgate
{

/// What the pages of the wizard share: the answers, what was found, who finds it. Keeps the answers on the disk.
class WizardState : public QObject
{
    Q_OBJECT

public:
    WizardState(std::shared_ptr<SetupPort> work, SetupAnswers begun, QObject *parent = nullptr);
    /// Saves what was not saved yet.
    ~WizardState() override;

    const SetupAnswers &answers() const { return m_answers; }
    void set(const std::function<void(SetupAnswers &)> &change);
    /// Nothing is kept from now on: the setup has ended.
    void finish();
    /// Saves what was not saved yet, at once: for who closes.
    void keep();

    std::optional<Ipv6Address> serverAddress() const;
    /// Looks for what serverAddress() needs and is not known: where the setup is gone on with in the middle. changed()
    /// tells.
    void find();
    SetupPort &port() { return *m_port; }
    const std::shared_ptr<SetupPort> &sharedPort() const { return m_port; }

    std::optional<SetupHome> home;
    std::vector<SetupServer> servers;
    bool serversKnown = false;

Q_SIGNALS:
    void changed();
    /// The answers could not be kept.
    void unsaved(const QString &why);

private:
    void save();

    std::shared_ptr<SetupPort> m_port;
    SetupAnswers m_answers;
    SetupAnswers m_saved;
    bool m_finished = false;
    QTimer m_later;
    Task m_saving;
    Task m_finding;
};

} // namespace sixgate
