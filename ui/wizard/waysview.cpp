#include "ui/wizard/waysview.h"

#include "ui/look/quietlabel.h"
#include "ui/wizard/wizardpage.h"

#include <QClipboard>
#include <QComboBox>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

constexpr int textLines = 8;

std::set<Challenge> used(const SetupAnswers &answers)
{
    std::set<Challenge> all;
    for (const SetupService &one : answers.services)
        all.insert(one.challenge);
    return all;
}

} // namespace

WaysView::WaysView(WizardState &shared, QWidget *parent)
    : QWidget(parent), m_state(shared), m_words(new QuietLabel), m_status(new StatusLine), m_snippet(new QWidget),
      m_server(new QComboBox), m_text(new QPlainTextEdit)
{
    m_words->setWordWrap(true);
    m_status->setObjectName(QStringLiteral("ways"));
    m_server->setObjectName(QStringLiteral("webServer"));
    m_text->setObjectName(QStringLiteral("snippet"));
    m_text->setAccessibleName(tr("What the web server is told"));
    m_text->setReadOnly(true);
    m_text->setTabChangesFocus(true);
    m_text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_text->setFixedHeight(QFontMetrics(m_text->font()).lineSpacing() * textLines + 16);
    auto *head = new QHBoxLayout;
    auto *label = new QLabel(tr("For the &web server at home"));
    label->setBuddy(m_server);
    auto *copies = new QPushButton(tr("C&opy"));
    copies->setObjectName(QStringLiteral("copySnippet"));
    head->setSpacing(8);
    head->addWidget(label);
    head->addWidget(m_server);
    head->addWidget(copies);
    head->addStretch(1);
    auto *inside = new QVBoxLayout(m_snippet);
    inside->setContentsMargins(0, 0, 0, 0);
    inside->setSpacing(8);
    inside->addLayout(head);
    inside->addWidget(m_text);
    m_snippet->hide();
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(8);
    all->addWidget(m_words);
    all->addWidget(m_status);
    all->addWidget(m_snippet);
    connect(m_server, &QComboBox::currentIndexChanged, this,
            [this] { m_text->setPlainText(m_server->currentData().toString()); });
    connect(copies, &QPushButton::clicked, this,
            [this] { QGuiApplication::clipboard()->setText(m_text->toPlainText()); });
    connect(m_status, &StatusLine::stopped, this, [this] {
        m_task.stop();
        m_seen.reset();
        m_status->show(OverviewState::Paused, tr("Stopped."));
        Q_EMIT changed();
    });
}

void WaysView::tell()
{
    const auto ways = used(m_state.answers());
    QStringList lines;
    if (ways.contains(Challenge::Dns))
        lines << tr("By DNS records: the VPS sets TXT records with the key for certificates; nothing is to be done at "
                    "home.");
    if (ways.contains(Challenge::Http))
        lines << tr("By HTTP: the authority asks the home on port 80, and its web server hands over to the VPS. Before "
                    "the authority is asked, the VPS rehearses it.");
    if (ways.contains(Challenge::Delegated))
        lines << tr("Delegated: you make one NS record for each name, once. Before the authority is asked, the VPS "
                    "rehearses it.");
    m_words->setText(lines.join(QLatin1Char('\n')));
    const auto snippets =
        ways.contains(Challenge::Http) ? m_state.port().snippets(m_state.answers()) : std::vector<SetupSnippet>();
    m_snippet->setVisible(!snippets.empty());
    const QString chosen = m_server->currentText();
    const QSignalBlocker quiet(m_server);
    m_server->clear();
    for (const SetupSnippet &one : snippets)
        m_server->addItem(one.server, one.text);
    m_server->setCurrentIndex(std::max(0, m_server->findText(chosen)));
    if (const QString text = m_server->currentData().toString(); m_text->toPlainText() != text)
        m_text->setPlainText(text);
}

SetupAnswers WaysView::asked() const
{
    SetupAnswers part = m_state.answers();
    part.page = SetupPage::Services;
    part.mail.clear();
    part.directory.clear();
    part.pinnedKey.clear();
    part.termsAgreed = false;
    return part;
}

void WaysView::look()
{
    const auto ways = used(m_state.answers());
    m_bad = false;
    m_seen = asked();
    if (!ways.contains(Challenge::Http) && !ways.contains(Challenge::Delegated)) {
        m_task.stop();
        m_status->clear();
        Q_EMIT changed();
        return;
    }
    m_status->begin(tr("Looking whether that is there already"));
    m_task.run([port = m_state.sharedPort(),
                now = m_state.answers()](std::stop_token stop) { return port->ways(now, std::move(stop)); },
               [this](const Result<std::vector<SetupWay>> &seen) {
                   if (seen)
                       show(*seen);
                   else
                       m_status->show(OverviewState::Unknown, seen.error().summary, seen.error().fix);
                   Q_EMIT changed();
               });
}

void WaysView::show(const std::vector<SetupWay> &ways)
{
    QStringList lines;
    for (const SetupWay &one : ways) {
        if (one.ready)
            continue;
        lines << one.sentence;
        if (!one.fix.isEmpty())
            lines << QStringLiteral("→ ") + one.fix;
    }
    m_bad = !lines.isEmpty();
    if (ways.empty())
        m_status->show(OverviewState::Unknown, tr("Nothing was asked yet: a name is missing."));
    else if (m_bad)
        m_status->show(OverviewState::Degraded, tr("As seen from here, the rehearsal would fail."),
                       lines.join(QLatin1Char('\n')));
    else
        m_status->show(OverviewState::Fine, tr("All that the home and the zone do for the certificates is there."));
}

} // namespace sixgate
