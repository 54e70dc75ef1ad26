#include "ui/wizard/machinepage.h"

#include <QButtonGroup>
#include <QFontDatabase>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

constexpr const char *passwordSecret = "vps.vps.password";
constexpr const char *passphraseSecret = "vps.vps.passphrase";

QLabel *fingerprint(const QString &name)
{
    auto *label = new QLabel;
    label->setObjectName(name);
    label->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    label->setFocusPolicy(Qt::StrongFocus);
    label->setWordWrap(true);
    return label;
}

} // namespace

SetupMachinePage::SetupMachinePage(WizardState &shared, QWidget *parent)
    : WizardPage(
          SetupPage::Vps, tr("The VPS"),
          tr("Sixgate logs in by SSH. It must be sure to talk to your machine, so you compare its host key once."),
          shared, parent),
      m_keyStatus(new StatusLine), m_fetch(new QPushButton(tr("&Ask for its host key"))), m_keyBox(new QWidget),
      m_sha(fingerprint(QStringLiteral("sha256"))), m_md5(fingerprint(QStringLiteral("md5"))),
      m_compare(words(QString(), true)), m_ways(new QButtonGroup(this)), m_logIn(new QPushButton),
      m_status(new StatusLine), m_found(words(QString()))
{
    auto *where = new QVBoxLayout;
    where->setSpacing(8);
    auto *form = wizardForm();
    QLineEdit *addresses = addField(
        form, tr("IP a&ddresses"), QStringLiteral("addresses"),
        [](SetupAnswers &one) -> QString & { return one.addresses; },
        tr("IPv4 and IPv6, as its provider shows them; empty: the VPS name leads there already"));
    auto *user = new QHBoxLayout;
    auto *userForm = wizardForm();
    QLineEdit *login = addField(
        userForm, tr("&User"), QStringLiteral("user"), [](SetupAnswers &one) -> QString & { return one.user; },
        QStringLiteral("root"));
    auto *portForm = wizardForm();
    QLineEdit *port = addField(
        portForm, tr("SSH p&ort"), QStringLiteral("sshPort"),
        [](SetupAnswers &one) -> QString & { return one.sshPort; }, QStringLiteral("22"));
    user->setSpacing(24);
    user->addLayout(userForm, 2);
    user->addLayout(portForm, 1);
    where->addLayout(form);
    where->addLayout(user);
    auto *asking = new QHBoxLayout;
    m_fetch->setObjectName(QStringLiteral("fetchKey"));
    m_keyStatus->setObjectName(QStringLiteral("keyStatus"));
    asking->addWidget(m_fetch, 0, Qt::AlignTop);
    asking->addWidget(m_keyStatus, 1, Qt::AlignVCenter);
    asking->addStretch(0);
    where->addLayout(asking);

    auto *box = new QVBoxLayout(m_keyBox);
    box->setContentsMargins(0, 0, 0, 0);
    box->setSpacing(4);
    box->addWidget(m_sha);
    box->addWidget(m_md5);
    box->addWidget(m_compare);
    auto *answer = new QHBoxLayout;
    auto *same = new QPushButton(tr("It &is the same"));
    auto *other = new QPushButton(tr("It is anoth&er"));
    same->setObjectName(QStringLiteral("same"));
    other->setObjectName(QStringLiteral("another"));
    answer->setSpacing(8);
    answer->addWidget(same);
    answer->addWidget(other);
    answer->addStretch(1);
    box->addLayout(answer);
    where->addWidget(m_keyBox);
    m_keyBox->hide();
    addCard(where);
    makeLogin();
    body()->addStretch(1);

    connect(m_fetch, &QPushButton::clicked, this, &SetupMachinePage::meet);
    connect(same, &QPushButton::clicked, this, [this] { confirm(true); });
    connect(other, &QPushButton::clicked, this, [this] { confirm(false); });
    // Another machine has another key.
    for (QLineEdit *one : {addresses, port})
        connect(one, &QLineEdit::textEdited, this, &SetupMachinePage::forgetKey);
    connect(login, &QLineEdit::textEdited, this, &SetupMachinePage::forgetLogin);
    for (const auto &[line, task] : {std::pair(m_keyStatus, &m_meeting), std::pair(m_status, &m_task)})
        connect(line, &StatusLine::stopped, this, [line = line, task = task] {
            task->stop();
            line->show(OverviewState::Paused, tr("Stopped."));
        });
    connect(m_logIn, &QPushButton::clicked, this, [this] { logIn(false); });
}

void SetupMachinePage::makeLogin()
{
    auto *all = new QVBoxLayout;
    all->setSpacing(8);
    all->addWidget(new QLabel(tr("How to log in")));
    auto *ways = new QHBoxLayout;
    const auto add = [&](Way way, const QString &text, const char *name) {
        auto *button = new QRadioButton(text);
        button->setObjectName(QLatin1String(name));
        m_ways->addButton(button, int(way));
        ways->addWidget(button);
    };
    add(Way::NewKey, tr("A key of its o&wn"), "newKey");
    add(Way::OwnKey, tr("A key of &mine"), "ownKey");
    add(Way::Agent, tr("The &SSH agent"), "agent");
    add(Way::Password, tr("T&he password"), "passwordWay");
    ways->addStretch(1);
    all->addLayout(ways);
    m_wayWords = words(QString(), true);
    all->addWidget(m_wayWords);
    auto *form = wizardForm();
    m_keyFile = addField(
        form, tr("&Key file"), QStringLiteral("keyFile"), [](SetupAnswers &one) -> QString & { return one.keyFile; },
        QStringLiteral("~/.ssh/id_ed25519"));
    m_keyLabel = qobject_cast<QLabel *>(form->labelForField(m_keyFile));
    m_password = new QLineEdit;
    m_password->setEchoMode(QLineEdit::Password);
    m_password->setObjectName(QStringLiteral("password"));
    m_password->setAccessibleName(tr("Password of the VPS"));
    form->addRow(tr("&Password"), m_password);
    connect(m_password, &QLineEdit::textEdited, this, [this] { m_retyped = true; });
    m_passwordLabel = qobject_cast<QLabel *>(form->labelForField(m_password));
    all->addLayout(form);
    auto *row = new QHBoxLayout;
    m_logIn->setObjectName(QStringLiteral("logIn"));
    m_status->setObjectName(QStringLiteral("loginStatus"));
    row->addWidget(m_logIn, 0, Qt::AlignTop);
    row->addWidget(m_status, 1, Qt::AlignVCenter);
    row->addStretch(0);
    all->addLayout(row);
    m_found->setObjectName(QStringLiteral("found"));
    m_found->hide();
    all->addWidget(m_found);
    m_loginCard = addCard(all);
    connect(m_ways, &QButtonGroup::idClicked, this, [this](int id) { setWay(Way(id)); });
    connect(m_keyFile, &QLineEdit::textEdited, this, &SetupMachinePage::forgetLogin);
}

void SetupMachinePage::enter()
{
    const SetupAnswers &now = answers();
    m_way = now.auth == SshAuth::Agent                                                        ? Way::Agent
            : now.auth == SshAuth::Password                                                   ? Way::Password
            : now.keyFile.isEmpty() || now.keyFile.endsWith(QLatin1String("sixgate_ed25519")) ? Way::NewKey
                                                                                              : Way::OwnKey;
    m_ways->button(int(m_way))->setChecked(true);
    showWay();
    m_loginCard->setVisible(!now.hostKey.isEmpty());
    if (!now.hostKey.isEmpty() && m_keyStatus->state() == OverviewState::Unknown)
        m_keyStatus->show(OverviewState::Fine, tr("You have confirmed its host key."), now.hostKey);
}

void SetupMachinePage::leave()
{
    m_meeting.stop();
    m_task.stop();
    // What was stopped says nothing any more.
    for (StatusLine *one : {m_keyStatus, m_status}) {
        if (one->state() == OverviewState::Working)
            one->clear();
    }
    m_password->clear();
}

void SetupMachinePage::setWay(Way way)
{
    // What was typed for another way is not to be taken for this one's.
    if (way != m_way) {
        m_task.stop();
        clearPassword();
    }
    m_way = way;
    m_looked.reset();
    state().set([&](SetupAnswers &one) {
        one.auth = way == Way::Agent ? SshAuth::Agent : way == Way::Password ? SshAuth::Password : SshAuth::Key;
        if (way == Way::NewKey || way == Way::Password || way == Way::Agent)
            one.keyFile.clear();
    });
    m_status->clear();
    m_found->hide();
    showWay();
}

void SetupMachinePage::clearPassword()
{
    m_password->clear();
    m_password->setPlaceholderText({});
}

void SetupMachinePage::showWay()
{
    const bool file = m_way == Way::OwnKey || m_way == Way::Agent;
    const bool installed = m_way == Way::NewKey && !answers().keyFile.isEmpty();
    m_keyFile->setVisible(file);
    m_keyLabel->setVisible(file);
    const bool password = (m_way == Way::NewKey && !installed) || m_way == Way::Password || m_way == Way::OwnKey;
    m_password->setVisible(password);
    m_passwordLabel->setVisible(password);
    m_passwordLabel->setText(m_way == Way::OwnKey ? tr("&Passphrase") : tr("&Password"));
    m_password->setAccessibleName(m_way == Way::OwnKey ? tr("Passphrase of the key") : tr("Password of the VPS"));
    switch (m_way) {
    case Way::NewKey:
        m_wayWords->setText(installed
                                ? tr("Sixgate's key %1 is on the VPS.").arg(answers().keyFile)
                                : tr("Sixgate makes a key and brings it to the VPS. The password is used once for "
                                     "that, and kept nowhere."));
        m_logIn->setText(installed ? tr("Lo&g in") : tr("Install the key and lo&g in"));
        break;
    case Way::OwnKey:
        m_wayWords->setText(tr("An Ed25519 or ECDSA key that may log in there already. Where it has a passphrase, that "
                               "is kept with the secrets."));
        m_logIn->setText(tr("Lo&g in"));
        break;
    case Way::Agent:
        m_wayWords->setText(tr("A key of the agent that may log in there already: the one of this file, or the only "
                               "one that it has."));
        m_logIn->setText(tr("Lo&g in"));
        break;
    case Way::Password:
        m_wayWords->setText(tr("The password is kept with the secrets, and used for each login. A key is the better "
                               "way."));
        m_logIn->setText(tr("Lo&g in"));
        break;
    }
    makeRoomy(*m_loginCard);
}

void SetupMachinePage::forgetLogin()
{
    m_task.stop();
    m_looked.reset();
    m_status->clear();
    m_found->hide();
}

void SetupMachinePage::forgetKey()
{
    m_meeting.stop();
    m_task.stop();
    clearPassword();
    m_presented.reset();
    m_looked.reset();
    m_keyBox->hide();
    m_loginCard->hide();
    m_keyStatus->clear();
    m_status->clear();
    m_found->hide();
    // Another machine does not know Sixgate's key yet.
    state().set([this](SetupAnswers &one) {
        one.hostKey.clear();
        if (m_way == Way::NewKey)
            one.keyFile.clear();
    });
}

void SetupMachinePage::meet()
{
    m_keyBox->hide();
    m_keyStatus->begin(tr("Asking the VPS for its host key"));
    m_meeting.run([port = state().sharedPort(),
                   now = answers()](std::stop_token stop) { return port->hostKey(now, std::move(stop)); },
                  [this](const Result<PresentedHostKey> &key) {
                      if (!key)
                          return tell(*m_keyStatus, key.error());
                      present(*key);
                  });
}

void SetupMachinePage::present(const PresentedHostKey &key)
{
    m_presented = key;
    const auto known = HostKeyPin::parse(answers().hostKey);
    if (known && known->fits(key.type, key.fingerprint)) {
        m_keyStatus->show(OverviewState::Fine, tr("It presents the host key that you have confirmed."),
                          answers().hostKey);
        return;
    }
    if (known) {
        m_loginCard->hide();
        m_looked.reset();
    }
    m_keyStatus->show(known ? OverviewState::Broken : OverviewState::Unknown,
                      known ? tr("It presents another host key than the one that you have confirmed.")
                            : tr("Is that your machine? It presents this host key (%1).").arg(key.type),
                      known ? tr("Somebody may intercept the connection, or the machine was installed anew. Compare it "
                                 "again, and carefully.")
                            : QString());
    m_sha->setText(key.fingerprint.text());
    m_sha->setAccessibleName(tr("Fingerprint, first form: %1").arg(key.fingerprint.text()));
    m_md5->setText(key.md5);
    m_md5->setAccessibleName(tr("Fingerprint, second form: %1").arg(key.md5));
    m_compare->setText(
        tr("Compare one of the two with what the machine itself shows: on its provider's page, or on its "
           "console there (not by SSH) with\nssh-keygen -l -f /etc/ssh/ssh_host_%1_key.pub   (second "
           "form: add -E md5)")
            .arg(key.type == QLatin1String("ssh-ed25519") ? QStringLiteral("ed25519") : QStringLiteral("ecdsa")));
    m_keyBox->show();
    m_sha->setFocus();
}

void SetupMachinePage::confirm(bool same)
{
    m_keyBox->hide();
    if (!same) {
        state().set([](SetupAnswers &one) { one.hostKey.clear(); });
        m_loginCard->hide();
        m_keyStatus->show(OverviewState::Broken, tr("Then it is not your machine: nothing is sent there."),
                          tr("Compare the IP addresses with those that the provider shows, then ask again."));
        return;
    }
    const QString text = HostKeyPin(*HostKeyType::parse(m_presented->type), m_presented->fingerprint).text();
    state().set([&](SetupAnswers &one) { one.hostKey = text; });
    m_keyStatus->show(OverviewState::Fine, tr("You have confirmed its host key."), text);
    m_loginCard->show();
    showWay();
    if (m_password->isVisible())
        m_password->setFocus();
    else
        m_logIn->setFocus();
}

SetupAnswers SetupMachinePage::lookedWith() const
{
    SetupAnswers part = answers();
    part.page = SetupPage::Vps;
    part.services = {SetupService()};
    part.mail.clear();
    part.directory.clear();
    part.termsAgreed = false;
    return part;
}

void SetupMachinePage::logIn(bool thenOn)
{
    const QByteArray entered = m_password->text().toUtf8();
    m_retyped = false;
    if (m_way == Way::NewKey && answers().keyFile.isEmpty()) {
        if (entered.isEmpty()) {
            m_status->show(OverviewState::Degraded, tr("Enter the password of the VPS: it is used once."));
            m_password->setFocus();
            return;
        }
        m_status->begin(tr("Making a key and bringing it to the VPS"));
        auto password = std::make_shared<Secret>(entered);
        m_task.run([port = state().sharedPort(), now = answers(), password](
                       std::stop_token stop) { return port->bringKey(now, std::move(*password), std::move(stop)); },
                   [this, thenOn](const Result<QString> &file) {
                       if (!file) {
                           m_password->selectAll();
                           return tell(*m_status, file.error());
                       }
                       if (!m_retyped)
                           m_password->clear();
                       state().set([&](SetupAnswers &one) { one.keyFile = *file; });
                       showWay();
                       look(thenOn);
                   });
        return;
    }
    if (entered.isEmpty() || (m_way != Way::Password && m_way != Way::OwnKey))
        return look(thenOn);
    m_status->begin(tr("Storing the secret"));
    auto secret = std::make_shared<Secret>(entered);
    const QString name = QLatin1String(m_way == Way::Password ? passwordSecret : passphraseSecret);
    m_task.run([port = state().sharedPort(), now = answers(), secret,
                name](std::stop_token stop) { return port->store(now, name, *secret, std::move(stop)); },
               [this, thenOn](const Outcome &stored) {
                   if (!stored)
                       return tell(*m_status, stored.error());
                   if (!m_retyped)
                       m_password->clear();
                   m_password->setPlaceholderText(tr("stored"));
                   look(thenOn);
               });
}

void SetupMachinePage::look(bool thenOn)
{
    m_found->hide();
    m_status->begin(tr("Logging in and looking at the VPS"));
    m_task.run([port = state().sharedPort(),
                now = answers()](std::stop_token stop) { return port->vps(now, std::move(stop)); },
               [this, thenOn, with = lookedWith()](const Result<SetupVpsLook> &look) {
                   if (!look) {
                       m_looked.reset();
                       return tell(*m_status, look.error());
                   }
                   // Something else may have been entered meanwhile; that was not tried.
                   m_looked = with;
                   showLook(*look);
                   if (with != lookedWith() || !m_password->text().isEmpty())
                       return;
                   if (thenOn)
                       Q_EMIT goOn();
                   else if (m_logIn->hasFocus())
                       Q_EMIT done();
               });
}

void SetupMachinePage::showLook(const SetupVpsLook &look)
{
    const bool blocked =
        std::any_of(look.obstacles.begin(), look.obstacles.end(), [](const Withheld &one) { return one.blocking; });
    m_status->show(blocked                  ? OverviewState::Broken
                   : look.obstacles.empty() ? OverviewState::Fine
                                            : OverviewState::Degraded,
                   blocked ? tr("Logged in, but this machine cannot be the VPS as it is.")
                           : tr("Logged in: %1.").arg(look.lines.join(QStringLiteral(" · "))),
                   blocked ? look.lines.join(QStringLiteral(" · ")) : QString());
    QStringList lines;
    for (const Withheld &one : look.obstacles)
        lines << one.reason + QStringLiteral("\n→ ") + one.fix;
    const QString addresses = answers().addresses;
    if (look.facts.hasGlobalIpv6 && !addresses.trimmed().isEmpty() && !addresses.contains(QLatin1Char(':')))
        lines << tr(
            "It has IPv6, and no IPv6 address is entered: then its name gets none, and loses one that it has.\n→ "
            "Enter both addresses above.");
    m_found->setText(lines.join(QStringLiteral("\n\n")));
    m_found->setVisible(!lines.isEmpty());
}

std::optional<SetupGap> SetupMachinePage::missing() const
{
    if (m_keyBox->isVisible())
        return SetupGap{SetupPage::Vps, QStringLiteral("same"),
                        tr("Compare the host key, then say whether it is the same.")};
    // What is not confirmed or not entered is told by the answers' own gaps, but the key that is to be made.
    if (m_way == Way::NewKey && answers().keyFile.isEmpty() && !answers().hostKey.isEmpty() &&
        m_password->text().isEmpty())
        return SetupGap{SetupPage::Vps, QStringLiteral("password"),
                        tr("Enter the password of the VPS, so that the key can be installed.")};
    return std::nullopt;
}

bool SetupMachinePage::settles(const SetupGap &gap) const
{
    return gap.field == QLatin1String("hostKey") || (m_way == Way::NewKey && gap.field == QLatin1String("keyFile"));
}

bool SetupMachinePage::goesOn()
{
    if (answers().hostKey.isEmpty()) {
        meet();
        return false;
    }
    if (m_looked && *m_looked == lookedWith() && m_password->text().isEmpty())
        return true;
    logIn(true);
    return false;
}

} // namespace sixgate
