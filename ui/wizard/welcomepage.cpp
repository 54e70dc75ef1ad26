#include "ui/wizard/welcomepage.h"

#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace sixgate
{

SetupWelcomePage::SetupWelcomePage(WizardState &shared, QWidget *parent)
    : WizardPage(SetupPage::Welcome, tr("Make your home reachable"),
                 tr("Your home server has IPv6, but no IPv4 address of its own that visitors could reach. A small VPS "
                    "carries those with IPv4; those with IPv6 come straight to you. This sets it up, step by step. "
                    "Nothing is changed until you have seen the plan and agreed to it."),
                 shared, parent),
      m_need(new StatusLine), m_again(new QPushButton(tr("Look a&gain")))
{
    auto *list = new QGridLayout;
    list->setHorizontalSpacing(16);
    list->setVerticalSpacing(12);
    const auto add = [&](const QString &what, const QString &why) {
        auto *name = new QLabel(what);
        QFont bold = name->font();
        bold.setWeight(QFont::DemiBold);
        name->setFont(bold);
        const int row = list->rowCount();
        list->addWidget(name, row, 0, Qt::AlignTop);
        list->addWidget(words(why, true), row, 1);
    };
    auto *title = new QLabel(tr("What you need"));
    list->addWidget(title, 0, 0, 1, 2);
    add(tr("A home server"), tr("It serves HTTPS in your home network: Nextcloud, photos, Home Assistant …"));
    add(tr("A name"), tr("A domain or a dynamic name, at a provider whose records Sixgate can set."));
    add(tr("A VPS"), tr("The smallest one will do: Debian 12 or 13, with an IPv4 and an IPv6 address."));
    add(tr("Your home router"), tr("You will let one port in there, for IPv6. The entry is shown to you."));
    list->setColumnStretch(1, 1);
    addCard(list);

    auto *need = new QVBoxLayout;
    need->setSpacing(8);
    need->addWidget(new QLabel(tr("Is it needed here?")));
    need->addWidget(m_need);
    need->addWidget(m_again, 0, Qt::AlignLeft);
    m_again->setObjectName(QStringLiteral("lookAgain"));
    m_need->setObjectName(QStringLiteral("need"));
    addCard(need);
    body()->addStretch(1);
    connect(m_again, &QPushButton::clicked, this, &SetupWelcomePage::look);
    connect(m_need, &StatusLine::stopped, this, [this] {
        m_task.stop();
        m_need->show(OverviewState::Paused, tr("Stopped."));
        m_again->show();
    });
}

void SetupWelcomePage::enter()
{
    if (state().home)
        showNeed(state().home->need);
    else if (!m_task.isRunning())
        look();
}

void SetupWelcomePage::look()
{
    m_need->begin(tr("Looking at this home's IPv4"));
    m_again->hide();
    m_task.run([port = state().sharedPort()](std::stop_token stop) { return port->home(std::move(stop)); },
               [this](const Result<SetupHome> &home) {
                   m_again->show();
                   if (!home)
                       return tell(*m_need, home.error());
                   state().home = *home;
                   Q_EMIT state().changed();
                   showNeed(home->need);
               });
}

void SetupWelcomePage::showNeed(const SetupNeed &need)
{
    m_need->show(!need.needed ? OverviewState::Degraded
                 : need.sure  ? OverviewState::Fine
                              : OverviewState::Unknown,
                 need.sentence, need.text);
}

} // namespace sixgate
