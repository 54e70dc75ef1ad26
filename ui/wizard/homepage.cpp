#include "ui/wizard/homepage.h"

#include "ui/look/marks.h"
#include "ui/look/table.h"

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

constexpr int mostRows = 6;

QString certificateText(const SetupServer &server)
{
    if (!server.certificate)
        return SetupHomePage::tr("none");
    const QString names =
        server.certificate->names.empty() ? server.certificate->subject : server.certificate->names.front();
    return server.certificate->selfSigned ? SetupHomePage::tr("self-signed, %1").arg(names) : names;
}

} // namespace

SetupHomePage::SetupHomePage(WizardState &shared, QWidget *parent)
    : WizardPage(
          SetupPage::Home, tr("This home"),
          tr("The machine that serves your pages. Its address begins with your home's prefix, which changes, and "
             "ends with its interface identifier; where that changes too, the machine is found by its name."),
          shared, parent),
      m_prefix(new QLabel), m_kind(words(QString(), true)), m_status(new StatusLine), m_table(new QTableWidget(0, 4)),
      m_why(words(QString(), true)), m_again(new QPushButton(tr("Look a&gain")))
{
    auto *prefix = new QVBoxLayout;
    prefix->setSpacing(4);
    m_prefix->setObjectName(QStringLiteral("prefix"));
    m_prefix->setTextInteractionFlags(Qt::TextSelectableByMouse);
    prefix->addWidget(m_prefix);
    prefix->addWidget(m_kind);
    addCard(prefix);

    m_table->setObjectName(QStringLiteral("servers"));
    m_table->setAccessibleName(tr("Machines in this home"));
    m_table->setHorizontalHeaderLabels({tr("Machine"), tr("Address"), tr("Shows a certificate for"), tr("Found by")});
    m_status->setObjectName(QStringLiteral("searching"));
    m_again->setObjectName(QStringLiteral("lookAgain"));
    m_why->setObjectName(QStringLiteral("why"));
    auto *list = new QVBoxLayout;
    list->setSpacing(8);
    auto *head = new QHBoxLayout;
    auto *label = new QLabel(tr("Which one is the home &server?"));
    label->setBuddy(m_table);
    head->addWidget(label, 1);
    head->addWidget(m_again);
    list->addLayout(head);
    list->addWidget(m_status);
    list->addWidget(m_table);
    list->addWidget(m_why);
    auto *form = wizardForm();
    form->setContentsMargins(0, 8, 0, 0);
    m_id = addField(
        form, tr("&Identifier or name"), QStringLiteral("interfaceId"),
        [](SetupAnswers &one) -> QString & { return one.interfaceId; }, tr("::11, or nas.local"));
    list->addLayout(form);
    addCard(list);
    body()->addStretch(1);

    connect(m_again, &QPushButton::clicked, this, &SetupHomePage::look);
    connect(m_status, &StatusLine::stopped, this, [this] {
        m_task.stop();
        m_status->show(OverviewState::Paused, tr("Stopped; what was found until then is in the list."));
    });
    connect(m_table, &QTableWidget::itemSelectionChanged, this, [this] {
        const auto rows = m_table->selectionModel()->selectedRows();
        if (!m_filling && !rows.isEmpty())
            choose(rows.front().row());
    });
    // Who enters an identifier means another machine than this one.
    connect(m_id, &QLineEdit::textEdited, this, [this](const QString &text) {
        state().set([&](SetupAnswers &one) { one.thisMachine = false; });
        m_filling = true;
        m_table->clearSelection();
        const auto id = InterfaceId::entered(text.trimmed());
        for (int row = 0; row < m_table->rowCount(); ++row) {
            const SetupServer &server = state().servers[size_t(row)];
            if (!server.thisMachine &&
                (id ? server.id == *id : !server.name.isEmpty() && server.name == text.trimmed()))
                m_table->selectRow(row);
        }
        m_filling = false;
        tellChoice();
    });
    connect(&state(), &WizardState::changed, this, &SetupHomePage::showPrefix);
}

void SetupHomePage::enter()
{
    showPrefix();
    if (!state().home)
        m_homeTask.run([port = state().sharedPort()](std::stop_token stop) { return port->home(std::move(stop)); },
                       [this](const Result<SetupHome> &home) {
                           if (home)
                               state().home = *home;
                           Q_EMIT state().changed();
                       });
    if (!state().serversKnown && !m_task.isRunning())
        look();
    else
        showServers();
}

void SetupHomePage::leave()
{
    m_task.stop();
    m_homeTask.stop();
}

void SetupHomePage::showPrefix()
{
    const auto &home = state().home;
    if (!home) {
        m_prefix->setText(tr("Looking at the prefix …"));
        m_kind->clear();
        return;
    }
    if (!home->prefixes) {
        m_prefix->setText(home->prefixes.error().summary);
        m_kind->setText(home->prefixes.error().fix);
        return;
    }
    m_prefix->setText(home->prefixes->empty() ? tr("No prefix")
                                              : tr("Prefix of this network: %1").arg(home->prefixes->front().text()));
    m_kind->setText(home->prefixKind);
}

void SetupHomePage::look()
{
    m_status->begin(tr("Looking for machines: neighbours, ping, mDNS, then TLS on port 443"));
    m_task.run(
        [this, port = state().sharedPort()](std::stop_token stop) {
            const auto told = [&](const std::vector<SetupServer> &some) {
                m_task.tell(stop, [this, some] {
                    state().servers = some;
                    showServers();
                });
            };
            return port->servers(told, stop);
        },
        [this](const Result<std::vector<SetupServer>> &all) {
            if (!all)
                return tell(*m_status, all.error());
            state().servers = *all;
            state().serversKnown = true;
            const auto fit = std::count_if(all->begin(), all->end(), [](const SetupServer &one) { return one.fit; });
            m_status->show(fit > 0 ? OverviewState::Fine : OverviewState::Degraded,
                           fit > 0 ? tr("Machines found: %1. Fit to be the home server: %2.").arg(all->size()).arg(fit)
                                   : tr("Machines found: %1. None of them is surely fit.").arg(all->size()),
                           fit > 0 ? QString()
                                   : tr("Choose one all the same, or enter the interface identifier of yours below."));
            showServers();
            // The only fit one is surely meant.
            if (fit == 1 && answers().interfaceId.isEmpty() && !answers().thisMachine)
                m_table->selectRow(0);
        });
}

void SetupHomePage::showServers()
{
    const auto &all = state().servers;
    const Colours colours = Colours::of(palette());
    const bool looks = m_status->state() == OverviewState::Working; // they may show to be fit yet
    m_filling = true;
    m_table->clearSelection();
    m_table->setRowCount(int(all.size()));
    for (int row = 0; row < m_table->rowCount(); ++row) {
        const SetupServer &one = all[size_t(row)];
        QString name = one.name.isEmpty() ? (one.router ? tr("Home router") : one.mac) : one.name;
        if (one.thisMachine)
            name = tr("This computer (%1)").arg(one.name);
        else if (one.router && !one.name.isEmpty())
            name = tr("%1 (router)").arg(one.name);
        QStringList by;
        for (const QString &how : one.foundBy) {
            if (how == QLatin1String("neighbours"))
                by << tr("neighbour table");
            else if (how == QLatin1String("ping"))
                by << tr("ping");
            else if (how == QLatin1String("mdns"))
                by << tr("mDNS");
        }
        const QString address = !one.addresses.empty() ? one.addresses.front().text()
                                : !one.others.empty()  ? one.others.front().text()
                                                       : QString();
        const QStringList cells{name, address, certificateText(one), by.join(QStringLiteral(", "))};
        for (int column = 0; column < cells.size(); ++column) {
            auto *cell = new QTableWidgetItem(cells[column]);
            cell->setToolTip(one.why);
            if (column == 0) {
                cell->setIcon(markIcon(one.fit ? OverviewState::Fine
                                       : looks ? OverviewState::Unknown
                                               : OverviewState::Degraded,
                                       colours));
                cell->setData(Qt::AccessibleTextRole, QStringLiteral("%1. %2").arg(name, one.why));
            }
            m_table->setItem(row, column, cell);
        }
        const bool chosen = answers().thisMachine ? one.thisMachine
                                                  : !one.entry.isEmpty() && !one.thisMachine &&
                                                        one.entry == answers().interfaceId.trimmed();
        if (chosen)
            m_table->selectRow(row);
    }
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->horizontalHeader()->setStretchLastSection(true);
    fitRows(*m_table, mostRows);
    m_filling = false;
    tellChoice();
}

void SetupHomePage::choose(int row)
{
    const SetupServer server = state().servers[size_t(row)];
    state().set([&](SetupAnswers &one) {
        one.thisMachine = server.thisMachine;
        one.interfaceId = server.thisMachine ? QString() : server.entry;
        // What it shows a certificate for it is surely called.
        const auto &names = server.certificate ? server.certificate->names : std::vector<QString>();
        if (one.services.front().names.isEmpty() && !names.empty() && !server.certificate->selfSigned &&
            !names.front().startsWith(QLatin1String("*.")))
            one.services.front().names = names.front();
    });
    tellChoice();
}

void SetupHomePage::tellChoice()
{
    const auto rows = m_table->selectionModel()->selectedRows();
    m_id->setPlaceholderText(answers().thisMachine
                                 ? tr("not needed for this computer; another machine: ::11, or nas.local")
                                 : tr("::11, or nas.local"));
    m_why->setText(rows.isEmpty() || size_t(rows.front().row()) >= state().servers.size()
                       ? QString()
                       : state().servers[size_t(rows.front().row())].why);
    m_why->setVisible(!m_why->text().isEmpty());
}

} // namespace sixgate
