#pragma once

#include "ui/wizard/setuprun.h"
#include "ui/wizard/wizardpage.h"

namespace sixgate
{

class NameTable;
class PathFigure;
class PlanView;

/// What Review and Apply have in common: what is going on, with a button, and below it the plan.
class SetupRunPage : public WizardPage
{
    Q_OBJECT

protected:
    using WizardPage::WizardPage;
    QWidget *addPlan(StatusLine &status, QPushButton &button, PlanView &plan); ///< the plan's card
};

/// The plan, item by item. Going on carries it out.
class SetupReviewPage : public SetupRunPage
{
    Q_OBJECT

public:
    SetupReviewPage(WizardState &state, SetupRun &run, QWidget *parent = nullptr);
    void enter() override;
    void leave() override;
    QString nextText() const override;
    bool mayGoOn() const override;
    bool goesOn() override;

private:
    void show();

    SetupRun &m_run;
    StatusLine *m_status;
    PlanView *m_plan;
    QWidget *m_card;
    QPushButton *m_again;
    bool m_here = false;
};

/// The same plan while it is carried out.
class SetupApplyPage : public SetupRunPage
{
    Q_OBJECT

public:
    SetupApplyPage(WizardState &state, SetupRun &run, QWidget *parent = nullptr);
    void enter() override;
    void leave() override;
    bool mayGoOn() const override;
    bool mayGoBack() const override;

private:
    void show();

    SetupRun &m_run;
    StatusLine *m_status;
    PlanView *m_plan;
    QWidget *m_card;
    QPushButton *m_cancel;
    QTimer m_tick;
    bool m_here = false;
};

/// The four paths.
class SetupProofPage : public WizardPage
{
    Q_OBJECT

public:
    SetupProofPage(WizardState &state, SetupRun &run, QWidget *parent = nullptr);
    void enter() override;
    void leave() override;
    QString nextText() const override;
    bool mayGoOn() const override;

private:
    void show();

    SetupRun &m_run;
    StatusLine *m_status;
    PathFigure *m_figure;
    NameTable *m_names;
    QWidget *m_nameCard;
    QPushButton *m_again;
    bool m_here = false;
};

} // namespace sixgate
