#pragma once

#include "ui/wizard/wizardpage.h"

class QComboBox;

namespace sixgate
{

/// The one entry in the home router, and whether it works: asked from the VPS, again and again.
class SetupRouterPage : public WizardPage
{
    Q_OBJECT

public:
    explicit SetupRouterPage(WizardState &state, QWidget *parent = nullptr);
    void enter() override;
    void leave() override;
    QString nextText() const override;

private:
    void watch();
    void showEntry();

    QLabel *m_entry;
    QComboBox *m_router;
    QLabel *m_guide;
    StatusLine *m_status;
    QPushButton *m_again;
    SetupOpen m_open;
    bool m_wasClosed = false;
    SetupRouterEntry m_what;
    Task m_task;
};

} // namespace sixgate
