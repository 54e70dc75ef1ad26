#include "ui/details/dnspage.h"

#include "ui/look/card.h"
#include "ui/look/factrows.h"
#include "ui/look/quietlabel.h"
#include "ui/overview/overviewpage.h"

#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace sixgate
{

using namespace std::chrono_literals;

QString resolverText(const std::vector<QString> &wanted, const ResolverSeen *seen, std::chrono::seconds since)
{
    if (!seen)
        return DnsPage::tr("not asked");
    if (!seen->answer)
        return seen->bogus                                       ? DnsPage::tr("refuses it by DNSSEC")
               : seen->answer.error().code == ErrorCode::Timeout ? DnsPage::tr("does not answer")
                                                                 : DnsPage::tr("does not tell");
    const std::vector<QString> &values = seen->answer->values;
    const QString what = values == wanted ? DnsPage::tr("as wanted")
                         : values.empty() ? DnsPage::tr("none")
                                          : QStringList(values.begin(), values.end()).join(QStringLiteral(", "));
    const auto left = std::max(seen->answer->ttl - since, 0s);
    return DnsPage::tr("%1, %2 s left").arg(what).arg(left.count());
}

QString answerText(const AccountAnswer *answer, const QDateTime &now)
{
    if (!answer)
        return DnsPage::tr("Nothing was sent from this computer yet.");
    const QString when = whenText(answer->at, now);
    if (answer->accepted)
        return DnsPage::tr("Took the last change, %1.").arg(when);
    return DnsPage::tr("Did not take the last change, %1: %2").arg(when, answer->text);
}

DnsPage::DnsPage(QWidget *parent)
    : DetailPage(tr("DNS"), tr("The records that Sixgate keeps, and who knows what of them."),
                 {tr("Record"), tr("Wanted"), tr("Authoritative servers"), tr("This computer's resolver"), tr("State")},
                 parent),
      m_seen(new QuietLabel), m_again(new QPushButton(tr("&Look again"))), m_card(new Card), m_answers(factForm())
{
    auto *fields = new QWidget;
    auto *lines = new QVBoxLayout(fields);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(8);
    auto *title = new QLabel(tr("Last answers of the DNS accounts"));
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    title->setFont(strong);
    lines->addWidget(title);
    lines->addLayout(m_answers);
    m_card->hold(fields, 16);
    m_card->hide();
    addBelow(m_card);
    auto *below = new QWidget;
    auto *row = new QHBoxLayout(below);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(16);
    m_again->setObjectName(QStringLiteral("dns-look"));
    m_again->setMinimumSize(fontMetrics().horizontalAdvance(m_again->text()) + 40, fontMetrics().height() + 18);
    row->addWidget(m_again);
    row->addWidget(m_seen, 1);
    addBelow(below);
    connect(m_again, &QPushButton::clicked, this, &DnsPage::looksAgain);
    m_tick.setInterval(1000);
    connect(&m_tick, &QTimer::timeout, this, &DnsPage::fillRecords);
}

void DnsPage::show(const Site *site, const SharedSnapshot &snapshot, const SiteLook &look, const QString &empty)
{
    m_snapshot = snapshot;
    m_look = look;
    m_empty = empty;
    m_again->setEnabled(site);
    m_seen->setText(look.looking         ? tr("Looking …")
                    : !look.at.isValid() ? QString()
                                         : tr("Looked at %1.").arg(whenText(look.at, QDateTime::currentDateTime())));
    fillRecords();
    fillAnswers(site);
}

void DnsPage::fillRecords()
{
    DetailPage::show(recordRows(m_snapshot.get(), m_look, QDateTime::currentDateTimeUtc()), m_empty);
}

void DnsPage::fillAnswers(const Site *site)
{
    m_card->setVisible(site && m_look.dns);
    if (!site || !m_look.dns)
        return;
    std::vector<std::pair<QString, QString>> facts;
    for (const DnsAccount &account : site->dns) {
        const auto found = m_look.dns->answers.find(account.name);
        const bool known = found != m_look.dns->answers.end();
        facts.emplace_back(tr("%1 (%2)").arg(account.name.text(), account.zone.display()),
                           account.watched()
                               ? tr("Is watched only; nothing is sent.")
                               : answerText(known ? &found->second : nullptr, QDateTime::currentDateTime()));
    }
    fillFacts(*m_answers, facts);
}

void DnsPage::showEvent(QShowEvent *event)
{
    DetailPage::showEvent(event);
    fillRecords();
    m_tick.start();
}

void DnsPage::hideEvent(QHideEvent *event)
{
    m_tick.stop();
    DetailPage::hideEvent(event);
}

} // namespace sixgate
