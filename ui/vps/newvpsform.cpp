#include "ui/vps/newvpsform.h"

#include "ui/look/card.h"
#include "ui/look/quietlabel.h"

#include <QCheckBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QRegularExpression>
#include <QStyle>
#include <QVBoxLayout>

namespace sixgate
{

NewVpsForm::NewVpsForm(QWidget *parent)
    : QWidget(parent), m_addresses(new QLineEdit), m_user(new QLineEdit), m_port(new QLineEdit),
      m_withKey(new QRadioButton(tr("With this site's SSH &key, which the machine knows already"))),
      m_withPassword(new QRadioButton(tr("With its pass&word, used once to bring the key"))), m_password(new QLineEdit),
      m_gone(new QCheckBox(tr("The old machine is &gone"))), m_wrong(new QLabel), m_next(new QPushButton(tr("&Next")))
{
    auto *title = new QLabel(tr("New VPS"));
    QFont big = font();
    big.setPointSizeF(big.pointSizeF() * 1.45);
    big.setWeight(QFont::DemiBold);
    title->setFont(big);
    auto *about =
        new QuietLabel(tr("A bare Debian machine takes the place of the present one: it is set up, visitors are "
                          "led to it, the paths are proven, and the machine before is cleaned."));
    about->setWordWrap(true);
    m_addresses->setObjectName(QStringLiteral("addresses"));
    m_addresses->setPlaceholderText(QStringLiteral("192.0.2.20, 2001:db8::20"));
    m_user->setObjectName(QStringLiteral("user"));
    m_port->setObjectName(QStringLiteral("port"));
    m_withKey->setObjectName(QStringLiteral("with-key"));
    m_withPassword->setObjectName(QStringLiteral("with-password"));
    m_password->setObjectName(QStringLiteral("password"));
    m_password->setEchoMode(QLineEdit::Password);
    m_password->setAccessibleName(tr("Password"));
    m_password->setPlaceholderText(tr("Password"));
    m_gone->setObjectName(QStringLiteral("gone"));
    auto *goneMeans =
        new QuietLabel(tr("Sixgate does not go there any more, and cleans nothing there. It may still hold "
                          "the ACME keys: replace them after the move."));
    goneMeans->setWordWrap(true);
    goneMeans->setContentsMargins(m_gone->style()->pixelMetric(QStyle::PM_IndicatorWidth) +
                                      m_gone->style()->pixelMetric(QStyle::PM_CheckBoxLabelSpacing),
                                  0, 0, 0);
    m_wrong->setObjectName(QStringLiteral("wrong"));
    m_wrong->setWordWrap(true);
    m_next->setObjectName(QStringLiteral("next"));
    m_next->setDefault(true);
    auto *fields = new QWidget;
    auto *form = new QFormLayout(fields);
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(16);
    form->setVerticalSpacing(12);
    form->setFieldGrowthPolicy(QFormLayout::ExpandingFieldsGrow);
    form->addRow(tr("&Addresses, IPv4 and IPv6"), m_addresses);
    form->addRow(tr("&User"), m_user);
    form->addRow(tr("SSH &port"), m_port);
    form->addRow(tr("Log in"), m_withKey);
    form->addRow(QString(), m_withPassword);
    form->addRow(QString(), m_password);
    // Not of the new machine.
    auto *content = new QWidget;
    auto *parts = new QVBoxLayout(content);
    parts->setContentsMargins(0, 0, 0, 0);
    parts->setSpacing(4);
    parts->addWidget(fields);
    parts->addSpacing(16);
    parts->addWidget(m_gone);
    parts->addWidget(goneMeans);
    auto *card = new Card;
    card->hold(content, 24);
    auto *back = new QPushButton(tr("&Back"));
    back->setObjectName(QStringLiteral("back"));
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_wrong, 1);
    buttons->addWidget(back);
    buttons->addWidget(m_next);
    for (QPushButton *one : {back, m_next})
        one->setMinimumSize(fontMetrics().horizontalAdvance(one->text()) + 56, fontMetrics().height() + 18);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(24, 24, 24, 24);
    all->setSpacing(16);
    all->addWidget(title);
    all->addWidget(about);
    all->addWidget(card);
    all->addStretch();
    all->addLayout(buttons);
    connect(m_withPassword, &QRadioButton::toggled, m_password, &QWidget::setVisible);
    connect(m_withPassword, &QRadioButton::clicked, m_password, [this] { m_password->setFocus(); });
    connect(m_next, &QPushButton::clicked, this, &NewVpsForm::next);
    for (QLineEdit *one : {m_addresses, m_user, m_port, m_password})
        connect(one, &QLineEdit::returnPressed, this, &NewVpsForm::next);
    connect(back, &QPushButton::clicked, this, [this] {
        m_password->clear();
        Q_EMIT closes();
    });
}

void NewVpsForm::begin(const QString &user, const QString &port)
{
    // Each time anew: it gives a machine up.
    m_gone->setChecked(false);
    if (m_entered) {
        if (m_withPassword->isChecked())
            return resume();
        m_wrong->clear();
        m_addresses->setFocus();
        return;
    }
    m_addresses->clear();
    m_user->setText(user);
    m_port->setText(port);
    m_password->clear();
    m_password->hide();
    m_withKey->setChecked(true);
    m_wrong->clear();
    m_addresses->setFocus();
}

void NewVpsForm::resume()
{
    m_wrong->setText(tr("Enter the password again: it is kept nowhere."));
    m_password->setFocus();
}

Result<ReplaceOrder> NewVpsForm::order() const
{
    static const QRegularExpression between(QStringLiteral("[\\s,;]+"));
    NewMachine machine;
    for (const QString &text : m_addresses->text().split(between, Qt::SkipEmptyParts)) {
        const auto address = parseIpAddress(text);
        if (!address)
            return fail(ErrorCode::Invalid, tr("Addresses: %1").arg(address.error().summary));
        machine.addresses.push_back(*address);
    }
    if (std::ranges::none_of(machine.addresses,
                             [](const IpAddress &one) { return std::holds_alternative<Ipv4Address>(one); }))
        return fail(ErrorCode::Invalid, tr("Addresses: the IPv4 address is missing; visitors over IPv4 come to it."));
    auto user = Login::parse(m_user->text().trimmed());
    if (!user)
        return fail(ErrorCode::Invalid, tr("User: %1").arg(user.error().summary));
    machine.user = std::move(*user);
    const auto port = Port::parse(m_port->text().trimmed());
    if (!port)
        return fail(ErrorCode::Invalid, tr("SSH port: %1").arg(port.error().summary));
    machine.port = *port;
    if (m_withPassword->isChecked()) {
        if (m_password->text().isEmpty())
            return fail(ErrorCode::Invalid, tr("The password is missing."));
        machine.password = std::make_shared<const Secret>(m_password->text().toUtf8());
    }
    return ReplaceOrder{std::move(machine), m_gone->isChecked()};
}

void NewVpsForm::next()
{
    const auto entered = order();
    m_wrong->setText(entered ? QString() : entered.error().summary);
    if (!entered)
        return;
    m_password->clear();
    m_entered = true;
    Q_EMIT accepted(*entered);
}

} // namespace sixgate
