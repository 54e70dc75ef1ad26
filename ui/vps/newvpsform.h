#pragma once

#include "ipc/sitejobs.h"

#include <QWidget>

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
    /// Empty again; `user` and `port` are what the machine before has.
    void begin(const QString &user, const QString &port);
    /// As it was entered, but for the password.
    void resume();
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
    QLabel *m_wrong;
    QPushButton *m_next;
};

} // namespace sixgate
