#include "ui/wizard/servicespage.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace sixgate
{

SetupServicesPage::SetupServicesPage(WizardState &shared, QWidget *parent)
    : WizardPage(SetupPage::Services, tr("Services"),
                 tr("What is to be reachable, and on which port the home server has it. The VPS needs a certificate of "
                    "its own for each name, because it meets the visitors with IPv4."),
                 shared, parent),
      m_rowsPlace(new QVBoxLayout), m_ways(new WaysView(shared)), m_status(new StatusLine),
      m_again(new QPushButton(tr("Look a&gain"))), m_pin(new QPushButton(tr("Take this &key")))
{
    auto *list = new QVBoxLayout;
    list->setSpacing(8);
    list->addLayout(m_rowsPlace);
    auto *more = new QPushButton(tr("&Add a service"));
    more->setObjectName(QStringLiteral("addService"));
    list->addWidget(more, 0, Qt::AlignLeft);
    list->addWidget(m_ways);
    addCard(list);

    auto *own = new QVBoxLayout;
    own->setSpacing(8);
    own->addWidget(new QLabel(tr("The home server's own certificate")));
    m_status->setObjectName(QStringLiteral("certificate"));
    own->addWidget(m_status);
    auto *buttons_ = new QHBoxLayout;
    m_again->setObjectName(QStringLiteral("lookAgain"));
    m_pin->setObjectName(QStringLiteral("pin"));
    m_pin->hide();
    buttons_->addWidget(m_again);
    buttons_->addWidget(m_pin);
    buttons_->addStretch(1);
    own->addLayout(buttons_);
    addCard(own);

    auto *authority = wizardForm();
    addField(
        authority, tr("Certification a&uthority"), QStringLiteral("directory"),
        [](SetupAnswers &one) -> QString & { return one.directory; }, tr("Let's Encrypt"));
    addField(
        authority, tr("&Mail address for it"), QStringLiteral("mail"),
        [](SetupAnswers &one) -> QString & { return one.mail; }, tr("may be left empty"));
    auto *terms = new QCheckBox(tr("I agree to the te&rms of the certification authority"));
    terms->setObjectName(QStringLiteral("termsAgreed"));
    authority->addRow(QString(), terms);
    addCard(authority);
    body()->addStretch(1);

    const auto showTerms = [this, terms] { terms->setChecked(answers().termsAgreed); };
    showTerms();
    connect(&state(), &WizardState::changed, terms, showTerms);
    connect(terms, &QCheckBox::clicked, this,
            [this](bool on) { state().set([on](SetupAnswers &one) { one.termsAgreed = on; }); });
    connect(more, &QPushButton::clicked, this, [this] {
        state().set([](SetupAnswers &one) {
            SetupService next;
            next.challenge = one.services.back().challenge;
            one.services.push_back(next);
        });
        makeRows();
        if (auto *field =
                findChild<QLineEdit *>(QStringLiteral("services.%1.names").arg(answers().services.size() - 1)))
            field->setFocus();
    });
    connect(m_again, &QPushButton::clicked, this, [this] {
        look();
        m_ways->look();
    });
    connect(m_ways, &WaysView::changed, this, &SetupServicesPage::goOnIfKnown);
    connect(m_pin, &QPushButton::clicked, this, [this] {
        state().set([this](SetupAnswers &one) { one.pinnedKey = m_pinKey; });
        look();
    });
    connect(m_status, &StatusLine::stopped, this, [this] {
        m_thenOn = false;
        m_task.stop();
        m_status->show(OverviewState::Paused, tr("Stopped."));
    });
    connect(&state(), &WizardState::changed, this, [this] {
        m_ways->tell();
        Q_EMIT buttons();
    });
}

void SetupServicesPage::enter()
{
    makeRows();
    m_ways->tell();
    look();
    m_ways->look();
}

void SetupServicesPage::leave()
{
    m_thenOn = false;
    m_ways->stop();
    m_task.stop();
}

void SetupServicesPage::makeRows()
{
    if (m_rows) {
        m_rows->hide();
        m_rows->deleteLater();
    }
    m_rows = new QWidget;
    auto *grid = new QGridLayout(m_rows);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(8);
    grid->addWidget(new QLabel(tr("Public names")), 0, 0);
    grid->addWidget(new QLabel(tr("Port at home")), 0, 1);
    grid->addWidget(new QLabel(tr("Certificate on the VPS")), 0, 2);
    grid->setColumnStretch(0, 3);
    m_made = int(answers().services.size());
    for (int i = 0; i < m_made; ++i)
        addRow(i);
    m_rowsPlace->addWidget(m_rows);
    makeRoomy(*m_rows);
    Q_EMIT rebuilt();
}

void SetupServicesPage::addRow(int i)
{
    auto *grid = qobject_cast<QGridLayout *>(m_rows->layout());
    const SetupService &now = answers().services[size_t(i)];
    const auto change = [this, i](const std::function<void(SetupService &)> &how) {
        state().set([&](SetupAnswers &one) {
            if (size_t(i) < one.services.size())
                how(one.services[size_t(i)]);
        });
        // What was seen is of before, and so is the wish to go on.
        m_thenOn = false;
        m_task.stop();
        m_status->show(OverviewState::Unknown, tr("Not looked at as it is now."));
    };
    auto *names = new QLineEdit(now.names);
    names->setObjectName(QStringLiteral("services.%1.names").arg(i));
    names->setAccessibleName(tr("Public names of service %1").arg(i + 1));
    names->setPlaceholderText(QStringLiteral("photos.example.org"));
    auto *port = new QLineEdit(now.port);
    port->setObjectName(QStringLiteral("services.%1.port").arg(i));
    port->setAccessibleName(tr("Port at home of service %1").arg(i + 1));
    port->setPlaceholderText(QStringLiteral("443"));
    port->setFixedWidth(fontMetrics().averageCharWidth() * 14);
    auto *way = new QComboBox;
    way->setObjectName(QStringLiteral("services.%1.challenge").arg(i));
    way->setAccessibleName(tr("Way of the certificate of service %1").arg(i + 1));
    way->addItem(tr("by DNS records"), int(Challenge::Dns));
    way->addItem(tr("by HTTP, handed over by the home"), int(Challenge::Http));
    way->addItem(tr("by DNS, delegated to the VPS"), int(Challenge::Delegated));
    way->setCurrentIndex(way->findData(int(now.challenge)));
    auto *gone = new QPushButton(tr("Remove"));
    gone->setAccessibleName(tr("Remove service %1").arg(i + 1));
    gone->setEnabled(m_made > 1);
    grid->addWidget(names, i + 1, 0);
    grid->addWidget(port, i + 1, 1);
    grid->addWidget(way, i + 1, 2);
    grid->addWidget(gone, i + 1, 3);
    connect(names, &QLineEdit::textEdited, this,
            [change](const QString &text) { change([&](SetupService &one) { one.names = text; }); });
    connect(port, &QLineEdit::textEdited, this,
            [change](const QString &text) { change([&](SetupService &one) { one.port = text; }); });
    connect(way, &QComboBox::currentIndexChanged, this, [this, change, way] {
        change([&](SetupService &one) { one.challenge = Challenge(way->currentData().toInt()); });
        m_ways->look();
    });
    connect(gone, &QPushButton::clicked, this, [this, i] {
        state().set([i](SetupAnswers &one) {
            if (one.services.size() > 1)
                one.services.erase(one.services.begin() + i);
        });
        makeRows();
    });
}

void SetupServicesPage::look()
{
    SetupAnswers now = answers();
    now.page = SetupPage::Services;
    m_pin->hide();
    m_status->begin(tr("Looking at the home's certificate"));
    m_task.run(
        [port = state().sharedPort(), now](std::stop_token stop) { return port->certificate(now, std::move(stop)); },
        [this, now](const Result<SetupCertificate> &seen) {
            m_seen = now;
            m_bad = !seen || !seen->good;
            if (seen)
                showCertificate(*seen);
            else
                tell(*m_status, seen.error());
            goOnIfKnown();
        });
}

bool SetupServicesPage::isKnown() const
{
    SetupAnswers now = answers();
    now.page = SetupPage::Services;
    return m_seen && *m_seen == now && m_ways->isKnown();
}

void SetupServicesPage::goOnIfKnown()
{
    Q_EMIT buttons();
    if (!m_thenOn || m_task.isRunning() || m_ways->isRunning())
        return;
    m_thenOn = false;
    if (isKnown() && !m_bad && !m_ways->isBad())
        Q_EMIT goOn();
}

void SetupServicesPage::showCertificate(const SetupCertificate &seen)
{
    QStringList lines;
    if (seen.seen)
        lines << tr("For %1; by %2; until %3.")
                     .arg(
                         seen.seen->names.empty()
                             ? seen.seen->subject
                             : QStringList(seen.seen->names.begin(), seen.seen->names.end()).join(QStringLiteral(", ")),
                         seen.seen->selfSigned ? tr("itself") : seen.seen->issuer,
                         seen.seen->notAfter.date().toString(Qt::ISODate));
    if (!seen.fix.isEmpty())
        lines << QStringLiteral("→ ") + seen.fix;
    m_status->show(seen.good ? OverviewState::Fine : OverviewState::Broken, seen.sentence,
                   lines.join(QLatin1Char('\n')));
    m_pin->setVisible(!seen.good && seen.seen && seen.seen->selfSigned);
    if (seen.seen)
        m_pinKey = seen.seen->key.text();
}

QString SetupServicesPage::nextText() const
{
    return isKnown() && (m_bad || m_ways->isBad()) ? tr("Go o&n all the same") : QString();
}

bool SetupServicesPage::goesOn()
{
    if (isKnown())
        return true;
    m_thenOn = true;
    SetupAnswers now = answers();
    now.page = SetupPage::Services;
    if (!m_ways->isKnown() && !m_ways->isRunning())
        m_ways->look();
    if (!m_seen || *m_seen != now)
        look();
    return false;
}

} // namespace sixgate
