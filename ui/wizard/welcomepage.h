#pragma once

#include "ui/wizard/wizardpage.h"

namespace sixgate
{

/// What is needed, and whether it is needed at all. Begins to look at the home.
class SetupWelcomePage : public WizardPage
{
    Q_OBJECT

public:
    explicit SetupWelcomePage(WizardState &state, QWidget *parent = nullptr);
    void enter() override;

private:
    void look();
    void showNeed(const SetupNeed &need);

    StatusLine *m_need;
    QPushButton *m_again;
    Task m_task;
};

} // namespace sixgate
