#pragma once

#include "desktop/program.h"
#include "desktop/setupdesk.h"
#include "driver/driver.h"
#include "ui/wizard/runpages.h"
#include "ui/wizard/wizard.h"
#include "ui/wizard/wizardpage.h"

#include <QPointer>
#include <QSignalSpy>

#include <memory>

namespace sixgate::tests
{

/// The setup wizard as a person uses it, by mouse and keyboard, in the lab: SITE is the site file that is to be, the
/// rest of the environment the lab's names. What is not as it should be is a failure of the running test.
class WizardDriver
{
public:
    /// With the answers that are kept.
    void open();
    /// As a user starts it: without a site the program opens the wizard.
    void start();
    /// Closed by its user, and opened again.
    void reopen();
    void leave();

    Wizard *wizard() { return m_wizard; }
    const SetupAnswers &answers() { return m_wizard->answers(); }
    const SetupDesk &desk() { return *m_desk; }
    bool isAt(SetupPage page) { return m_wizard && m_wizard->page()->page() == page; }
    /// That of the present page, where several have one of that name.
    template <class T>
    T *find(const QString &name)
    {
        auto *here = m_wizard->page()->findChild<T *>(name);
        return here ? here : findIn<T>(*m_wizard, name);
    }
    template <class T>
    T *find(const char *name)
    {
        return find<T>(latin(name));
    }
    QString told(const char *status) { return find<StatusLine>(status)->sentence(); }
    OverviewState stateOf(const char *status) { return find<StatusLine>(status)->state(); }
    void dump();

    void click(const char *name);
    void next() { click("next"); }
    void type(const char *name, const QString &text);
    void choose(const char *name, const QString &data);
    void picture(const char *what);

    // The pages, gone through by somebody who knows what he wants.
    void welcome();
    void home();
    void fillNames(const QString &keySecret);
    void names();
    void meetVps(const QString &key);
    void logIn(const QString &password);
    void vps();
    void services();
    void router();
    void review();
    void awaitPlan();
    void apply();
    void proof();
    void upToVps() { inTurn({&WizardDriver::welcome, &WizardDriver::home, &WizardDriver::names}); }
    void upToReview() { inTurn({&WizardDriver::vps, &WizardDriver::services, &WizardDriver::router}); }
    /// One after the other, until one fails: what comes then would only fail, too.
    void inTurn(std::initializer_list<void (WizardDriver::*)()> steps);

private:
    void watch();

    std::shared_ptr<SetupDesk> m_desk;
    std::unique_ptr<Program> m_program;
    std::unique_ptr<Wizard> m_own; ///< none where the program has it
    QPointer<Wizard> m_wizard;
    std::unique_ptr<QSignalSpy> m_finished;
};

} // namespace sixgate::tests
