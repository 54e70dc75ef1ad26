#pragma once

#include "ipc/sitejobs.h"

#include <QWidget>

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QRadioButton;

namespace sixgate
{

/// What is to be known of a bare machine that is to be the VPS. Nothing is asked of it before "Next".
class NewVpsForm : public QWidget
{
    Q_OBJECT

public:
    explicit NewVpsForm(QWidget *parent = nullptr);
    /// Empty again; `user` and `port` are what the machine before has. As it was entered, but for the password, where
    /// "Next" was pressed and forget() not called since: that move has broken off.
    void begin(const QString &user, const QString &port);
    /// As it was entered, but for the password, which is asked for again.
    void resume();
    /// The site knows of the move that was entered.
    void forget() { m_entered = false; }
    /// What was entered, or what is wrong with it: one sentence that names the field.
    Result<ReplaceOrder> order() const;

Q_SIGNALS:
    void accepted(const sixgate::ReplaceOrder &order);
    void closes();

private:
    void next();

    QLineEdit *m_addresses;
    QLineEdit *m_user;
    QLineEdit *m_port;
    QRadioButton *m_withKey;
    QRadioButton *m_withPassword;
    QLineEdit *m_password;
    QCheckBox *m_gone;
    QLabel *m_wrong;
    QPushButton *m_next;
    bool m_entered = false;
};

} // namespace sixgate
