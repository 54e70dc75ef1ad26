#include "ui/wizard/routerpage.h"

#include <QComboBox>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

QString routerKey()
{
    return QStringLiteral("wizard/router");
}

} // namespace

SetupRouterPage::SetupRouterPage(WizardState &shared, QWidget *parent)
    : WizardPage(
          SetupPage::Router, tr("The home router"),
          tr("It keeps visitors out until you let them in: one entry, for IPv6, to the home server alone. No port "
             "forwarding for IPv4 is needed."),
          shared, parent),
      m_entry(new QLabel), m_router(new QComboBox), m_guide(words(QString())), m_status(new StatusLine),
      m_again(new QPushButton(tr("Try a&gain")))
{
    auto *entry = new QVBoxLayout;
    entry->setSpacing(8);
    m_entry->setObjectName(QStringLiteral("entry"));
    m_entry->setTextFormat(Qt::PlainText);
    m_entry->setWordWrap(true);
    m_entry->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_entry->setFocusPolicy(Qt::StrongFocus);
    QFont bold = m_entry->font();
    bold.setWeight(QFont::DemiBold);
    m_entry->setFont(bold);
    entry->addWidget(m_entry);
    auto *form = wizardForm();
    m_router->setObjectName(QStringLiteral("router"));
    m_router->setAccessibleName(tr("Kind of router"));
    form->addRow(tr("Your &router"), m_router);
    entry->addLayout(form);
    m_guide->setObjectName(QStringLiteral("guide"));
    m_guide->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_guide->setFocusPolicy(Qt::StrongFocus);
    entry->addWidget(m_guide);
    addCard(entry);

    auto *live = new QVBoxLayout;
    live->setSpacing(8);
    live->addWidget(new QLabel(tr("Is it open? The VPS tries it again and again while you look at this page.")));
    m_status->setObjectName(QStringLiteral("open"));
    m_again->setObjectName(QStringLiteral("tryAgain"));
    m_again->hide();
    live->addWidget(m_status);
    live->addWidget(m_again, 0, Qt::AlignLeft);
    addCard(live);
    body()->addStretch(1);

    connect(m_router, &QComboBox::currentIndexChanged, this, [this](int row) {
        if (row < 0 || size_t(row) >= m_what.guides.size())
            return;
        m_guide->setText(m_what.guides[size_t(row)].text);
        m_guide->setAccessibleName(m_guide->text());
        if (m_router->hasFocus())
            QSettings().setValue(routerKey(), m_router->currentText());
    });
    connect(m_again, &QPushButton::clicked, this, &SetupRouterPage::watch);
    connect(&state(), &WizardState::changed, this, &SetupRouterPage::showEntry);
    connect(m_status, &StatusLine::stopped, this, [this] {
        m_task.stop();
        m_status->show(OverviewState::Paused, tr("Stopped."));
        m_again->show();
    });
}

void SetupRouterPage::enter()
{
    state().find();
    showEntry();
    watch();
}

void SetupRouterPage::leave()
{
    m_task.stop();
}

void SetupRouterPage::showEntry()
{
    const SetupRouterEntry now = state().port().routerEntry(answers(), state().serverAddress());
    if (m_router->count() > 0 && now == m_what)
        return;
    m_what = now;
    const QString ports = m_what.ports.join(QStringLiteral(", "));
    QStringList lines;
    if (m_what.interfaceId.isEmpty())
        lines
            << tr("Allow incoming IPv6, TCP port %1, to the home server; its address is being looked for.").arg(ports);
    else if (m_what.address.isEmpty())
        lines << tr("Allow incoming IPv6, TCP port %1, to the interface identifier %2").arg(ports, m_what.interfaceId);
    else
        lines << tr("Allow incoming IPv6, TCP port %1, to the interface identifier %2 (now %3)")
                     .arg(ports, m_what.interfaceId, m_what.address);
    if (m_what.changes)
        lines << tr("This identifier may change with the prefix: a router that opens ports by identifier needs a fixed "
                    "one; a FRITZ!Box opens them for the device.");
    m_entry->setText(lines.join(QLatin1Char('\n')));
    m_entry->setAccessibleName(m_entry->text());
    const QString chosen =
        m_router->currentText().isEmpty() ? QSettings().value(routerKey()).toString() : m_router->currentText();
    m_router->clear();
    for (const RouterGuide &one : m_what.guides)
        m_router->addItem(one.router);
    m_router->setCurrentIndex(std::max(0, m_router->findText(chosen)));
}

void SetupRouterPage::watch()
{
    m_again->hide();
    m_open = {};
    m_status->begin(tr("Asking the VPS whether it reaches the home server"));
    m_task.run(
        [this, port = state().sharedPort(), now = answers()](std::stop_token stop) {
            return port->watchRouter(
                now,
                [&](const SetupOpen &open) {
                    m_task.tell(stop, [this, open] {
                        const bool yes = open.state == SetupOpen::State::Open;
                        m_wasClosed = m_wasClosed || !yes;
                        m_open = open;
                        m_status->show(yes ? OverviewState::Fine : OverviewState::Degraded,
                                       !yes          ? tr("Not open yet.")
                                       : m_wasClosed ? tr("Now it is open.")
                                                     : tr("It is open already."),
                                       open.sentence);
                        Q_EMIT buttons();
                    });
                },
                stop);
        },
        [this](const Outcome &ended) {
            m_again->show();
            if (!ended)
                tell(*m_status, ended.error());
        });
    Q_EMIT buttons();
}

QString SetupRouterPage::nextText() const
{
    return m_open.state == SetupOpen::State::Closed ? tr("Go o&n, do that later") : QString();
}

} // namespace sixgate
