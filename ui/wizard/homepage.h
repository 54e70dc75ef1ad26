#pragma once

#include "ui/wizard/wizardpage.h"

class QTableWidget;

namespace sixgate
{

/// This home: its prefix, and which machine is the home server.
class SetupHomePage : public WizardPage
{
    Q_OBJECT

public:
    explicit SetupHomePage(WizardState &state, QWidget *parent = nullptr);
    void enter() override;
    void leave() override;

protected:
    void restyle() override { showServers(); }

private:
    void look();
    void showPrefix();
    void showServers();
    void choose(int row);
    void tellChoice();

    QLabel *m_prefix;
    QLabel *m_kind;
    StatusLine *m_status;
    QTableWidget *m_table;
    QLabel *m_why;
    QLineEdit *m_id;
    QPushButton *m_again;
    Task m_homeTask;
    Task m_task;
    bool m_filling = false;
};

} // namespace sixgate
