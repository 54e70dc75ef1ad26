#pragma once

#include "ui/wizard/secretfields.h"
#include "ui/wizard/wizardpage.h"

class QComboBox;
class QTableWidget;

namespace sixgate
{

/// Names, and who keeps their records: the credentials are tried, and what will be written is shown.
class SetupNamesPage : public WizardPage
{
    Q_OBJECT

public:
    explicit SetupNamesPage(WizardState &state, QWidget *parent = nullptr);
    void enter() override;
    void leave() override;
    std::optional<SetupGap> missing() const override;
    QString nextText() const override;
    bool goesOn() override;

protected:
    void restyle() override { showRecords(); }

private:
    void makeAccount();
    void addKey(QFormLayout *form, const QString &label, const QString &name,
                std::function<SetupKey &(SetupAnswers &)> key);
    void showDerived();
    void showRecords();
    void showPlace();
    void tryIt(bool thenOn);
    /// What the account was tried with: the same again need not be tried.
    SetupAnswers triedWith() const;

    QLineEdit *m_publicName;
    QLineEdit *m_zone;
    QLineEdit *m_upstream;
    QLineEdit *m_vps;
    QComboBox *m_provider;
    QLabel *m_about;
    QWidget *m_account = nullptr;
    QVBoxLayout *m_accountPlace;
    SecretFields m_secrets;
    std::vector<SetupSecret> m_shown;
    StatusLine *m_place;
    QPushButton *m_folder;
    StatusLine *m_status;
    QPushButton *m_try;
    QTableWidget *m_records;
    Task m_task;
    std::optional<SetupAnswers> m_good;   ///< was tried, and is right or cannot be tried
    std::optional<SetupAnswers> m_failed; ///< was tried in vain
};

} // namespace sixgate
