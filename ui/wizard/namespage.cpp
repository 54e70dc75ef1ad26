#include "ui/wizard/namespage.h"

#include "ui/look/table.h"

#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

constexpr int mostRows = 8;

QString byUpdate()
{
    return QStringLiteral("rfc2136");
}

} // namespace

SetupNamesPage::SetupNamesPage(WizardState &shared, QWidget *parent)
    : WizardPage(
          SetupPage::Names, tr("Names and DNS provider"),
          tr("Visitors use the public name. Two more names belong to Sixgate: by the upstream name the VPS finds "
             "your home, the VPS name leads to the VPS alone."),
          shared, parent),
      m_provider(new QComboBox), m_about(words(QString(), true)), m_accountPlace(new QVBoxLayout),
      m_secrets(shared, this), m_place(new StatusLine), m_folder(new QPushButton(tr("Keep them in a &folder"))),
      m_status(new StatusLine), m_try(new QPushButton(tr("T&ry the account"))), m_records(new QTableWidget(0, 4))
{
    auto *names = new QHBoxLayout;
    names->setSpacing(24);
    QFormLayout *left = wizardForm();
    QFormLayout *right = wizardForm();
    names->addLayout(left, 1);
    names->addLayout(right, 1);
    m_publicName = addField(
        left, tr("&Public name"), QStringLiteral("services.0.names"),
        [](SetupAnswers &one) -> QString & { return one.services.front().names; }, QStringLiteral("cloud.example.org"));
    m_zone =
        addField(left, tr("&Zone"), QStringLiteral("zone"), [](SetupAnswers &one) -> QString & { return one.zone; });
    m_upstream = addField(right, tr("&Upstream name"), QStringLiteral("upstreamName"),
                          [](SetupAnswers &one) -> QString & { return one.upstreamName; });
    m_vps = addField(right, tr("&VPS name"), QStringLiteral("vpsName"),
                     [](SetupAnswers &one) -> QString & { return one.vpsName; });
    addCard(names);

    auto *account = new QVBoxLayout;
    account->setSpacing(8);
    auto *who = wizardForm();
    m_provider->setObjectName(QStringLiteral("provider"));
    m_provider->setAccessibleName(tr("Who keeps the zone"));
    m_provider->addItem(tr("Choose …"), QString());
    std::vector<std::pair<QString, QString>> all;
    for (const auto &[label, one] : state().port().providers())
        all.emplace_back(one.title, label.text());
    std::sort(all.begin(), all.end(),
              [](const auto &a, const auto &b) { return a.first.compare(b.first, Qt::CaseInsensitive) < 0; });
    for (const auto &[title, label] : all)
        m_provider->addItem(title, label);
    m_provider->addItem(tr("A name server that takes updates (RFC 2136)"), byUpdate());
    m_provider->setCurrentIndex(std::max(0, m_provider->findData(answers().provider)));
    who->addRow(tr("&DNS provider"), m_provider);
    account->addLayout(who);
    account->addWidget(m_about);
    account->addLayout(m_accountPlace);
    m_place->setObjectName(QStringLiteral("secretPlace"));
    m_folder->setObjectName(QStringLiteral("useFolder"));
    m_folder->hide();
    account->addWidget(m_place);
    account->addWidget(m_folder, 0, Qt::AlignLeft);
    auto *trying = new QHBoxLayout;
    m_status->setObjectName(QStringLiteral("tried"));
    m_try->setObjectName(QStringLiteral("try"));
    trying->addWidget(m_try, 0, Qt::AlignTop);
    trying->addWidget(m_status, 1, Qt::AlignVCenter);
    trying->addStretch(0);
    account->addLayout(trying);
    addCard(account);

    auto *list = new QVBoxLayout;
    list->setSpacing(8);
    auto *title = new QLabel(tr("What will be &written"));
    title->setBuddy(m_records);
    list->addWidget(title);
    m_records->setObjectName(QStringLiteral("records"));
    m_records->setAccessibleName(tr("What will be written"));
    m_records->setHorizontalHeaderLabels({tr("Name"), tr("Type"), tr("Value"), tr("For whom")});
    list->addWidget(m_records);
    addCard(list);
    body()->addStretch(1);

    connect(m_provider, &QComboBox::currentIndexChanged, this, [this] {
        state().set([this](SetupAnswers &one) {
            one.provider = m_provider->currentData().toString();
            // Where the provider takes no texts, certificates are got by another way.
            const auto label = Label::parse(one.provider);
            const auto found = label ? state().port().providers().find(*label) : state().port().providers().end();
            const bool texts = one.provider == byUpdate() ||
                               (found != state().port().providers().end() && found->second.texts != ProviderWay::None);
            for (SetupService &service : one.services)
                service.challenge = texts ? Challenge::Dns : Challenge::Http;
        });
        makeAccount();
        m_status->clear();
    });
    connect(m_try, &QPushButton::clicked, this, [this] { tryIt(false); });
    connect(m_folder, &QPushButton::clicked, this, [this] {
        state().set(
            [this](SetupAnswers &one) { one.secrets = QStringLiteral("dir:") + state().port().privateFolder(); });
        m_folder->hide();
        m_secrets.look();
    });
    connect(m_status, &StatusLine::stopped, this, [this] {
        m_task.stop();
        m_status->show(OverviewState::Paused, tr("Stopped."));
    });
    connect(&m_secrets, &SecretFields::changed, this, [this] {
        showPlace();
        Q_EMIT buttons();
    });
    connect(&state(), &WizardState::changed, this, [this] {
        showDerived();
        showRecords();
        if (m_shown != state().port().secrets(answers()))
            makeAccount();
        Q_EMIT buttons();
    });
    makeAccount();
    showDerived();
}

void SetupNamesPage::enter()
{
    state().find();
    makeAccount();
    showRecords();
    m_secrets.look();
}

void SetupNamesPage::leave()
{
    m_task.stop();
}

void SetupNamesPage::addKey(QFormLayout *form, const QString &label, const QString &name,
                            std::function<SetupKey &(SetupAnswers &)> key)
{
    auto *row = new QHBoxLayout;
    row->setSpacing(8);
    auto *algorithm = new QComboBox;
    for (const TsigAlgorithm one : {TsigAlgorithm::HmacSha256, TsigAlgorithm::HmacSha512})
        algorithm->addItem(tsigAlgorithmName(one), int(one));
    algorithm->setObjectName(name + QStringLiteral(".algorithm"));
    algorithm->setAccessibleName(tr("Algorithm of the key"));
    SetupAnswers now = answers();
    algorithm->setCurrentIndex(algorithm->findData(int(key(now).algorithm)));
    auto *field = new QLineEdit(key(now).name);
    field->setObjectName(name);
    field->setAccessibleName(QString(label).remove(QLatin1Char('&')));
    row->addWidget(field, 1);
    row->addWidget(algorithm);
    form->addRow(label, row);
    if (auto *buddy = qobject_cast<QLabel *>(form->labelForField(row)))
        buddy->setBuddy(field);
    connect(field, &QLineEdit::textEdited, this, [this, key](const QString &text) {
        state().set([&](SetupAnswers &one) { key(one).name = text.trimmed(); });
    });
    connect(algorithm, &QComboBox::currentIndexChanged, this, [this, key, algorithm] {
        state().set([&](SetupAnswers &one) { key(one).algorithm = TsigAlgorithm(algorithm->currentData().toInt()); });
    });
}

void SetupNamesPage::makeAccount()
{
    const auto wanted = state().port().secrets(answers());
    const QString provider = answers().provider;
    if (m_account && m_account->property("provider").toString() == provider && m_shown == wanted)
        return;
    // What is being typed stays where it is.
    const QString focus = focusWidget() ? focusWidget()->objectName() : QString();
    m_shown = wanted;
    m_secrets.clear(m_account && m_account->property("provider").toString() == provider);
    if (m_account) {
        m_account->hide();
        m_account->deleteLater();
    }
    m_account = new QWidget;
    m_account->setProperty("provider", provider);
    auto *form = wizardForm();
    form->setContentsMargins(0, 0, 0, 0);
    m_account->setLayout(form);
    const auto secretsOf = [&](bool acme) {
        for (const SetupSecret &one : m_shown) {
            if (one.acme == acme)
                m_secrets.add(form, one);
        }
    };
    m_about->clear();
    if (provider == byUpdate()) {
        m_about->setText(tr("Keys are TSIG keys of that server: one may set A and AAAA, the other one TXT at "
                            "_acme-challenge names only; that one goes to the VPS."));
        addField(
            form, tr("Na&me server"), QStringLiteral("dnsServer"),
            [](SetupAnswers &one) -> QString & { return one.dnsServer; }, QStringLiteral("ns1.example.org"));
        addKey(form, tr("Key for &addresses"), QStringLiteral("key"),
               [](SetupAnswers &one) -> SetupKey & { return one.key; });
        secretsOf(false);
        addKey(form, tr("Key for &certificates"), QStringLiteral("acmeKey"),
               [](SetupAnswers &one) -> SetupKey & { return one.acmeKey; });
        secretsOf(true);
        addField(
            form, tr("T&ime to live, seconds"), QStringLiteral("ttl"),
            [](SetupAnswers &one) -> QString & { return one.ttl; }, QStringLiteral("60"));
    } else if (const auto label = Label::parse(provider)) {
        const auto found = state().port().providers().find(*label);
        if (found != state().port().providers().end()) {
            const ProviderDefinition &definition = found->second;
            m_about->setText(definition.about);
            if (definition.customUrl)
                addField(
                    form, tr("Update UR&L"), QStringLiteral("url"),
                    [](SetupAnswers &one) -> QString & { return one.url; },
                    QStringLiteral("https://dyn.example.org/nic/update?hostname={host}&myip={addresses}"));
            for (const CredentialField &one : definition.needs) {
                if (one.secret)
                    continue;
                QLineEdit *field =
                    addField(form, one.label, QStringLiteral("plain.") + one.name.text(),
                             [key = one.name.text()](SetupAnswers &now) -> QString & { return now.plain[key]; });
                field->setToolTip(one.where);
                field->setPlaceholderText(one.where);
            }
            secretsOf(false);
            secretsOf(true);
        }
    }
    m_about->setVisible(!m_about->text().isEmpty());
    m_accountPlace->addWidget(m_account);
    makeRoomy(*m_account);
    Q_EMIT rebuilt();
    const bool chosen = form->rowCount() > 0;
    m_account->setVisible(chosen);
    m_try->setVisible(chosen);
    if (!focus.isEmpty()) {
        if (auto *again = m_account->findChild<QWidget *>(focus))
            again->setFocus();
    }
    if (isVisible())
        m_secrets.look();
}

void SetupNamesPage::showDerived()
{
    const SetupAnswers whole = state().port().completed(answers());
    m_zone->setPlaceholderText(whole.zone);
    m_upstream->setPlaceholderText(whole.upstreamName);
    m_vps->setPlaceholderText(whole.vpsName);
}

void SetupNamesPage::showRecords()
{
    const auto records = state().port().records(answers(), state().serverAddress());
    m_records->setRowCount(int(records.size()));
    for (int row = 0; row < m_records->rowCount(); ++row) {
        const SetupRecord &one = records[size_t(row)];
        int column = 0;
        for (const QString &text : {one.name, one.type, one.value, one.purpose})
            m_records->setItem(row, column++, new QTableWidgetItem(text));
    }
    m_records->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_records->horizontalHeader()->setStretchLastSection(true);
    fitRows(*m_records, mostRows);
    m_records->parentWidget()->parentWidget()->setVisible(!records.empty());
}

void SetupNamesPage::showPlace()
{
    const auto &error = m_secrets.unavailable();
    const bool folder = answers().secrets.startsWith(QLatin1String("dir:"));
    m_folder->setVisible(error && !folder && !m_shown.empty());
    if (m_shown.empty())
        m_place->clear();
    else if (error && error->code != ErrorCode::Cancelled)
        m_place->show(OverviewState::Degraded, error->summary,
                      folder ? failureText(*error)
                             : tr("Unlock it and try again; or keep the secrets in %1: readable by you alone, not "
                                  "encrypted.")
                                   .arg(state().port().privateFolder()));
    else if (folder)
        m_place->show(
            OverviewState::Fine,
            tr("Secrets are kept in %1: readable by you alone, not encrypted.").arg(answers().secrets.mid(4)));
    else
        m_place->clear();
}

SetupAnswers SetupNamesPage::triedWith() const
{
    SetupAnswers part;
    const SetupAnswers &all = answers();
    part.services.front().names = all.services.front().names;
    part.zone = all.zone;
    part.provider = all.provider;
    part.dnsServer = all.dnsServer;
    part.key = all.key;
    part.acmeKey = all.acmeKey;
    part.plain = all.plain;
    part.url = all.url;
    part.secrets = all.secrets;
    return part;
}

std::optional<SetupGap> SetupNamesPage::missing() const
{
    const QString name = m_secrets.firstMissing();
    if (name.isEmpty() || !m_secrets.isKnown())
        return std::nullopt;
    const auto found =
        std::find_if(m_shown.begin(), m_shown.end(), [&](const SetupSecret &one) { return one.name == name; });
    return SetupGap{SetupPage::Names, QStringLiteral("secret.") + name,
                    tr("Enter this: %1. %2").arg(found->label, found->where).trimmed()};
}

QString SetupNamesPage::nextText() const
{
    return m_failed && *m_failed == triedWith() && !m_secrets.anyEntered() ? tr("Go o&n all the same") : QString();
}

bool SetupNamesPage::goesOn()
{
    const auto now = triedWith();
    if (!m_secrets.anyEntered() && ((m_good && *m_good == now) || (m_failed && *m_failed == now)))
        return true;
    tryIt(true);
    return false;
}

void SetupNamesPage::tryIt(bool thenOn)
{
    for (const SetupGap &gap : state().port().gaps(answers())) {
        if (gap.page == SetupPage::Names) {
            m_status->show(OverviewState::Degraded, gap.sentence);
            return;
        }
    }
    if (const auto gap = missing()) {
        m_status->show(OverviewState::Degraded, gap->sentence);
        return;
    }
    m_status->begin(tr("Trying the account"));
    auto entered = std::make_shared<std::vector<std::pair<QString, Secret>>>(m_secrets.take());
    struct Tried {
        Outcome stored;
        std::vector<QString> names;
        Result<SetupTried> account = SetupTried();
    };
    m_task.run(
        [port = state().sharedPort(), now = answers(), entered](std::stop_token stop) {
            Tried tried;
            for (const auto &[name, value] : *entered) {
                tried.stored = port->store(now, name, value, stop);
                if (!tried.stored)
                    return tried;
                tried.names.push_back(name);
            }
            tried.account = port->tryAccount(now, stop);
            return tried;
        },
        [this, thenOn, now = triedWith()](const Tried &tried) {
            for (const QString &name : tried.names)
                m_secrets.noteStored(name);
            if (!tried.stored) {
                if (tried.stored.error().code != ErrorCode::Unavailable)
                    return tell(*m_status, tried.stored.error());
                m_status->show(OverviewState::Broken, tr("Nothing was tried: the secrets cannot be kept yet."),
                               tr("→ Unlock the keychain, or keep them in a folder; then try again."));
                m_secrets.look();
                return;
            }
            m_good.reset();
            m_failed.reset();
            if (!tried.account) {
                m_failed = now;
                tell(*m_status, tried.account.error());
                Q_EMIT buttons();
                return;
            }
            m_good = now;
            m_status->show(tried.account->tried ? OverviewState::Fine : OverviewState::Unknown,
                           tried.account->sentence);
            Q_EMIT buttons();
            // What was typed meanwhile was not tried.
            if (now != triedWith() || m_secrets.anyEntered())
                return;
            if (thenOn)
                Q_EMIT goOn();
            else if (m_try->hasFocus())
                Q_EMIT done();
        });
}

} // namespace sixgate
