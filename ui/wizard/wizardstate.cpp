#include "ui/wizard/wizardstate.h"

namespace sixgate
{

namespace
{

constexpr int saveAfter = 400; // ms without a change

} // namespace

WizardState::WizardState(std::shared_ptr<SetupPort> work, SetupAnswers begun, QObject *parent)
    : QObject(parent), m_port(std::move(work)), m_answers(std::move(begun)), m_saved(m_answers)
{
    m_later.setSingleShot(true);
    m_later.setInterval(saveAfter);
    connect(&m_later, &QTimer::timeout, this, &WizardState::save);
}

WizardState::~WizardState()
{
    keep();
}

void WizardState::keep()
{
    // An older state that is still being written would come after.
    m_saving.wait();
    if (!m_finished && m_answers != m_saved && m_port->save(m_answers))
        m_saved = m_answers;
}

void WizardState::finish()
{
    m_finished = true;
    m_saving.wait();
}

void WizardState::set(const std::function<void(SetupAnswers &)> &change)
{
    SetupAnswers next = m_answers;
    change(next);
    if (next == m_answers)
        return;
    m_answers = std::move(next);
    m_later.start();
    Q_EMIT changed();
}

void WizardState::save()
{
    if (m_finished || m_saving.isRunning()) {
        if (!m_finished)
            m_later.start();
        return;
    }
    m_saving.run([port = m_port, answers = m_answers](const std::stop_token &) { return port->save(answers); },
                 [this, answers = m_answers](const Outcome &saved) {
                     if (saved)
                         m_saved = answers;
                     else
                         Q_EMIT unsaved(saved.error().summary);
                 });
}

std::optional<Ipv6Address> WizardState::serverAddress() const
{
    return home ? m_port->serverAddress(m_answers, *home, servers) : std::nullopt;
}

void WizardState::find()
{
    const bool byName = !m_answers.thisMachine && !serverAddress();
    if ((home && (serversKnown || !byName)) || m_finding.isRunning())
        return;
    struct Found {
        std::optional<SetupHome> home;
        std::optional<std::vector<SetupServer>> servers;
    };
    m_finding.run(
        [port = m_port, wantsHome = !home, byName](const std::stop_token &stop) {
            Found found;
            if (wantsHome) {
                if (auto now = port->home(stop))
                    found.home = std::move(*now);
            }
            if (byName) {
                if (auto now = port->servers([](const std::vector<SetupServer> &) {}, stop))
                    found.servers = std::move(*now);
            }
            return found;
        },
        [this](const Found &found) {
            if (found.home)
                home = found.home;
            if (found.servers) {
                servers = *found.servers;
                serversKnown = true;
            }
            Q_EMIT changed();
        });
}

} // namespace sixgate
