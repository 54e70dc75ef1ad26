#pragma once

#include "ui/wizard/wizardstate.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QStackedWidget;

namespace sixgate
{

class SetupRun;
class StatusLine;
class StepList;
class WizardPage;

/// From nothing to a proven service: the steps at the left, one page at the right, back and on below.
class Wizard : public QWidget
{
    Q_OBJECT

public:
    /// `begun`: the answers of a setup that was closed before its end.
    Wizard(std::shared_ptr<SetupPort> port, SetupAnswers begun, QWidget *parent = nullptr);
    ~Wizard() override;

    WizardPage *page() const;
    const SetupAnswers &answers() const { return m_state.answers(); }
    void raiseUp();
    /// Whether it may be closed: while the VPS is at work only when it is asked for twice, and it says so.
    bool letsGo();
    /// Its job has not ended yet.
    bool isRunning() const;
    /// The plan is being carried out.
    bool isWorking() const;
    /// A sentence below, until something is entered.
    void say(const QString &sentence);

Q_SIGNALS:
    /// The plan was agreed to: there is a site from now on.
    void agreed();
    /// The site is set up.
    void finished();
    /// isRunning() is false from now on.
    void idle();
    /// It was closed before its end; the answers are kept.
    void left();

protected:
    void closeEvent(QCloseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void addPages();
    void go(int index);
    void goBack(int index);
    /// The button that leads on, or, until it can be pressed, a place where Enter does nothing.
    void focusNext();
    /// Of the page, what can have the focus.
    std::vector<QWidget *> orderTabs();
    void next();
    void forward();
    void end();
    void showButtons();
    void tellGap(const SetupGap &gap);
    std::optional<SetupGap> firstGap() const;

    WizardState m_state;
    SetupRun *m_run;
    std::vector<WizardPage *> m_all;
    StepList *m_steps;
    QStackedWidget *m_pages;
    StatusLine *m_gap;
    QPushButton *m_back;
    QPushButton *m_next;
    QPushButton *m_later;
    bool m_done = false;
    bool m_closeAsked = false;
    bool m_closing = false; ///< as soon as its job has ended
    bool m_parked = false;  ///< the focus waits for the button that leads on
};

} // namespace sixgate
