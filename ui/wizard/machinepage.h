#pragma once

#include "ui/wizard/wizardpage.h"

class QButtonGroup;

namespace sixgate
{

/// The VPS: where it is, whether it is the right one, how Sixgate logs in, and what was found there.
class SetupMachinePage : public WizardPage
{
    Q_OBJECT

public:
    explicit SetupMachinePage(WizardState &state, QWidget *parent = nullptr);
    void enter() override;
    void leave() override;
    std::optional<SetupGap> missing() const override;
    bool settles(const SetupGap &gap) const override;
    bool goesOn() override;

private:
    /// How the user chose to log in.
    enum class Way { NewKey, OwnKey, Agent, Password };

    void makeLogin();
    void setWay(Way way);
    void showWay();
    void clearPassword();
    void forgetKey();
    void forgetLogin();
    void meet();
    void present(const PresentedHostKey &key);
    void confirm(bool same);
    void logIn(bool thenOn);
    void look(bool thenOn);
    void showLook(const SetupVpsLook &look);
    SetupAnswers lookedWith() const;

    StatusLine *m_keyStatus;
    QPushButton *m_fetch;
    QWidget *m_keyBox;
    QLabel *m_sha;
    QLabel *m_md5;
    QLabel *m_compare;
    QWidget *m_loginCard;
    QButtonGroup *m_ways;
    Way m_way = Way::NewKey;
    QLineEdit *m_keyFile;
    QLineEdit *m_password;
    bool m_retyped = false; ///< since it was last taken
    QLabel *m_passwordLabel;
    QLabel *m_keyLabel;
    QLabel *m_wayWords;
    QPushButton *m_logIn;
    StatusLine *m_status;
    QLabel *m_found;
    Task m_meeting; ///< the two beside each other: each has a line of its own
    Task m_task;
    std::optional<PresentedHostKey> m_presented;
    std::optional<SetupAnswers> m_looked; ///< was logged in to with these answers
};

} // namespace sixgate
