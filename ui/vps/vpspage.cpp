#include "ui/vps/vpspage.h"

#include "ui/details/detailpage.h"
#include "ui/look/buttonwords.h"
#include "ui/look/card.h"
#include "ui/look/factrows.h"
#include "ui/look/quietlabel.h"
#include "ui/overview/overviewpage.h"
#include "ui/vps/newvpsform.h"
#include "ui/vps/runspage.h"

#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

template <class T>
QString texts(const Known<std::vector<T>> &addresses)
{
    QStringList all;
    if (addresses) {
        for (const T &one : *addresses)
            all << one.text();
    }
    return all.join(QStringLiteral(", "));
}

QString release(const QString &id)
{
    return id.left(12);
}

void addFacts(std::vector<std::pair<QString, QString>> &lines, const VpsFacts &facts, const QDateTime &now)
{
    lines.emplace_back(VpsPage::tr("System"), facts.osName);
    if (facts.busy)
        lines.emplace_back(VpsPage::tr("At work"), facts.busyWith);
    lines.emplace_back(
        VpsPage::tr("Deployed"),
        facts.deployedId.isEmpty() ? VpsPage::tr("nothing yet")
        : facts.madeBy.isEmpty()
            ? release(facts.deployedId)
            : VpsPage::tr("%1, by %2 with Sixgate %3").arg(release(facts.deployedId), facts.madeBy, facts.madeVersion));
    lines.emplace_back(VpsPage::tr("One step back"),
                       facts.previousId.isEmpty() ? VpsPage::tr("none is kept") : release(facts.previousId));
    QStringList certificates;
    for (const auto &[name, certificate] : facts.certificates)
        certificates << QStringLiteral("%1: %2").arg(name, daysLeft(certificate.notAfter, now));
    lines.emplace_back(VpsPage::tr("Certificates"),
                       certificates.isEmpty() ? VpsPage::tr("none") : certificates.join(QStringLiteral("; ")));
    if (facts.freeBytes >= 0)
        lines.emplace_back(VpsPage::tr("Free space"), QLocale().formattedDataSize(facts.freeBytes));
    lines.emplace_back(VpsPage::tr("Web server"),
                       facts.apacheActive ? VpsPage::tr("Apache runs") : VpsPage::tr("Apache does not run"));
}

} // namespace

namespace
{

QString joinedTexts(QStringList all)
{
    all.removeAll(QString());
    return all.join(QStringLiteral(", "));
}

} // namespace

std::vector<std::pair<QString, QString>> vpsFacts(const Vps &vps, const SiteLook &look, const QDateTime &now)
{
    std::vector<std::pair<QString, QString>> lines;
    lines.emplace_back(VpsPage::tr("Name"), vps.host.display());
    if (!look.seen)
        return lines;
    const VpsSeen &seen = look.seen->vps;
    const QString addresses = joinedTexts({texts(seen.ipv4), texts(seen.ipv6)});
    lines.emplace_back(VpsPage::tr("Addresses"), addresses);
    if (seen.facts)
        addFacts(lines, *seen.facts, now);
    else
        lines.emplace_back(VpsPage::tr("State"), buttonWords(withRemedy(seen.facts.error())));
    return lines;
}

QString driftText(const SiteLook &look)
{
    if (look.looking)
        return VpsPage::tr("Looking at the VPS …");
    if (!look.plan)
        return look.why.isEmpty() ? VpsPage::tr("Not looked at yet.") : look.why;
    const auto changes = int(std::ranges::count(look.plan->changes, Lane::Vps, &Change::lane));
    if (look.seen && !look.seen->vps.facts)
        return VpsPage::tr("It is not known whether the VPS is as the site file wants it.");
    if (changes == 0 && look.plan->blocked())
        return VpsPage::tr("Something is in the way of what the site file wants: redeploy shows what.");
    if (changes == 0)
        return VpsPage::tr("The VPS is as the site file wants it (seen %1).")
            .arg(whenText(look.at, QDateTime::currentDateTime()));
    return VpsPage::tr("%n thing(s) on the VPS are not as the site file wants them: redeploy.", nullptr, changes);
}

QString moveText(const OpenMove &move, const QDateTime &now)
{
    const QString old = move.old.empty() ? VpsPage::tr("the old machine")
                                         : VpsPage::tr("the old machine (%1)").arg(ipText(move.old.front()));
    if (!move.forgottenAt.isValid())
        return VpsPage::tr("The move from %1 is not finished: visitors may still be led there.").arg(old);
    if (move.forgottenAt <= now)
        return VpsPage::tr("Sixgate is still on %1, which is to be cleaned.").arg(old);
    const QDateTime until = move.forgottenAt.toLocalTime();
    const bool today = until.date() == now.toLocalTime().date();
    return VpsPage::tr("Sixgate is still on %1, which is to be cleaned; resolvers may lead visitors there until %2.")
        .arg(old, until.toString(today ? QStringLiteral("HH:mm") : QStringLiteral("yyyy-MM-dd HH:mm")));
}

VpsPage::VpsPage(std::shared_ptr<const Site> site, std::shared_ptr<SiteJobs> jobs, QWidget *parent)
    : QWidget(parent), m_site(std::move(site)), m_stack(new QStackedWidget)
{
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(m_stack);
    m_home = makeHome();
    m_stack->addWidget(m_home);
    if (!m_site || !jobs || m_site->vps.empty())
        return;
    m_form = new NewVpsForm;
    m_runs = new RunsPage(jobs);
    m_panel = new JobPanel(std::move(jobs));
    m_stack->addWidget(m_runs);
    connect(m_runs, &RunsPage::closes, this, &VpsPage::goHome);
    m_stack->addWidget(m_form);
    m_stack->addWidget(m_panel);
    connect(m_form, &NewVpsForm::closes, this, &VpsPage::goHome);
    connect(m_form, &NewVpsForm::accepted, this, [this](const ReplaceOrder &order) {
        begin(order, {tr("New VPS"), tr("&Move to it")});
    });
    connect(m_panel, &JobPanel::closes, this, &VpsPage::goHome);
    connect(m_panel, &JobPanel::needsPassword, this, [this] {
        m_form->resume();
        m_stack->setCurrentWidget(m_form);
    });
    connect(&m_panel->runner(), &JobRunner::ended, this, [this] {
        for (QPushButton *one : m_buttons)
            one->setEnabled(true);
        Q_EMIT changed();
    });
}

QWidget *VpsPage::makeHome()
{
    m_pushes = new DetailPage(tr("VPS"), tr("The machine that carries the visitors with IPv4."),
                              {tr("Upstream name"), tr("Leads to"), tr("State")});
    auto *fields = new QWidget;
    m_facts = factForm();
    fields->setLayout(m_facts);
    m_card = new Card;
    m_card->hold(fields, 16);
    m_drift = new QLabel;
    m_drift->setObjectName(QStringLiteral("drift"));
    m_drift->setWordWrap(true);
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    m_drift->setFont(strong);
    m_drift->setContentsMargins(0, 8, 0, 4);
    m_again = new QPushButton(tr("&Look again"));
    auto *runs = new QPushButton(tr("Lo&gs…"));
    runs->setObjectName(QStringLiteral("runs"));
    auto *redeploys = new QPushButton(tr("Re&deploy…"));
    auto *back = m_back = new QPushButton(tr("&Roll back…"));
    auto *replaces = new QPushButton(tr("New &VPS…"));
    redeploys->setObjectName(QStringLiteral("redeploy"));
    back->setObjectName(QStringLiteral("rollback"));
    replaces->setObjectName(QStringLiteral("replace"));
    m_again->setObjectName(QStringLiteral("look"));
    m_buttons.insert(m_buttons.end(), {redeploys, back, replaces});
    auto *row = new QWidget;
    auto *buttons = new QHBoxLayout(row);
    buttons->setContentsMargins(0, 0, 0, 0);
    buttons->setSpacing(8);
    buttons->addWidget(m_again);
    buttons->addWidget(runs);
    buttons->addStretch();
    for (QPushButton *one : {replaces, back, redeploys})
        buttons->addWidget(one);
    for (QPushButton *one : {m_again, runs, redeploys, back, replaces}) {
        one->setMinimumSize(fontMetrics().horizontalAdvance(one->text()) + 40, fontMetrics().height() + 18);
        one->setEnabled(m_site && !m_site->vps.empty());
    }
    m_moveCard = makeMoveCard();
    m_pushes->addAbove(m_moveCard);
    m_pushes->addAbove(m_drift);
    m_pushes->addAbove(m_card);
    m_pushes->addBelow(row);
    connect(m_again, &QPushButton::clicked, this, &VpsPage::looksAgain);
    connect(runs, &QPushButton::clicked, this, &VpsPage::showRuns);
    connect(redeploys, &QPushButton::clicked, this, &VpsPage::redeploy);
    connect(back, &QPushButton::clicked, this, &VpsPage::rollBack);
    connect(replaces, &QPushButton::clicked, this, &VpsPage::replace);
    return m_pushes;
}

QWidget *VpsPage::makeMoveCard()
{
    m_moveSays = new QLabel;
    m_moveSays->setObjectName(QStringLiteral("move-says"));
    m_moveSays->setWordWrap(true);
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    m_moveSays->setFont(strong);
    auto *means = new QuietLabel(tr("Is the old machine gone? Then give it up."));
    means->setWordWrap(true);
    auto *givesUp = new QPushButton(tr("Give the old machine &up…"));
    givesUp->setObjectName(QStringLiteral("give-up"));
    m_endsMove = new QPushButton;
    m_endsMove->setObjectName(QStringLiteral("end-move"));
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(means, 1);
    for (QPushButton *one : {givesUp, m_endsMove}) {
        buttons->addWidget(one);
        m_buttons.push_back(one);
    }
    connect(givesUp, &QPushButton::clicked, this, &VpsPage::giveUpOld);
    connect(m_endsMove, &QPushButton::clicked, this, &VpsPage::endMove);
    auto *all = new QWidget;
    auto *lines = new QVBoxLayout(all);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(8);
    lines->addWidget(m_moveSays);
    lines->addLayout(buttons);
    auto *card = new Card;
    card->hold(all, 16);
    auto *place = new QWidget;
    place->setObjectName(QStringLiteral("move"));
    auto *around = new QVBoxLayout(place);
    around->setContentsMargins(0, 8, 0, 0);
    around->addWidget(card);
    place->hide();
    return place;
}

void VpsPage::showMove(const std::optional<OpenMove> &move)
{
    m_move = move;
    m_moveCard->setVisible(move.has_value());
    if (!move)
        return;
    m_moveSays->setText(moveText(*move, QDateTime::currentDateTime()));
    m_endsMove->setText(move->forgottenAt.isValid() ? tr("&Clean the old machine…") : tr("Go &on with the move…"));
    for (QPushButton *one : m_moveCard->findChildren<QPushButton *>())
        one->setMinimumSize(fontMetrics().horizontalAdvance(one->text()) + 40, fontMetrics().height() + 18);
}

void VpsPage::setSite(std::shared_ptr<const Site> site)
{
    m_site = std::move(site);
    // Where it names another machine now, the move is remembered there and in the state.
    if (m_form)
        m_form->forget();
}

void VpsPage::show(const SiteLook &look)
{
    const bool any = m_site && !m_site->vps.empty();
    m_drift->setText(driftText(look));
    m_drift->setVisible(any);
    m_card->setVisible(any);
    m_again->setEnabled(bool(m_site));
    if (!any)
        return;
    // What a look that goes on, or that failed, does not know may still be so.
    if (look.seen)
        showMove(look.move);
    const bool none = look.seen && look.seen->vps.facts && look.seen->vps.facts->previousId.isEmpty();
    m_back->setEnabled(!none && m_panel && !m_panel->isRunning());
    m_back->setToolTip(none ? tr("There is no deployment before this one.") : QString());
    // Each snapshot comes by here; the facts are others only after a look.
    auto facts = vpsFacts(m_site->vps.front(), look, QDateTime::currentDateTimeUtc());
    if (facts == m_shown)
        return;
    m_shown = std::move(facts);
    fillFacts(*m_facts, m_shown);
}

void VpsPage::showPushes(const SharedSnapshot &snapshot, const QString &empty)
{
    m_pushes->show(snapshot ? pushRows(*snapshot) : std::vector<DetailRow>(), empty);
}

void VpsPage::begin(const JobOrder &order, const JobWords &words)
{
    if (!m_panel)
        return;
    // Of two jobs the one that runs is shown.
    m_stack->setCurrentWidget(m_panel);
    if (!m_panel->start(order, words))
        return;
    for (QPushButton *one : m_buttons)
        one->setEnabled(false);
}

bool VpsPage::isWorking() const
{
    return m_panel && m_panel->isWorking();
}

void VpsPage::leave()
{
    if (m_stack->currentWidget() == m_panel)
        m_panel->leave();
    else
        goHome();
}

void VpsPage::cancelWork()
{
    if (m_panel)
        m_panel->cancelWork();
}

void VpsPage::redeploy()
{
    begin(ApplyOrder(), {tr("Redeploy"), tr("&Redeploy")});
}

void VpsPage::setRecords()
{
    begin(ApplyOrder{PlanScope::Dns}, {tr("Set the records"), tr("&Set them")});
}

void VpsPage::rollBack()
{
    begin(RollBackOrder(), {tr("Roll back"), tr("&Roll back")});
}

void VpsPage::replace()
{
    if (!m_form || m_panel->isRunning())
        return;
    const Vps &vps = m_site->vps.front();
    m_form->begin(vps.user.text(), vps.sshPort.text());
    m_stack->setCurrentWidget(m_form);
}

void VpsPage::endMove()
{
    const bool cleans = m_move && m_move->forgottenAt.isValid();
    begin(ReplaceOrder(), cleans ? JobWords{tr("Clean the old machine"), tr("&Clean it")}
                                 : JobWords{tr("Go on with the move"), tr("&Go on")});
}

void VpsPage::giveUpOld()
{
    begin(ReplaceOrder{{}, true}, {tr("Give the old machine up"), tr("&Give it up")});
}

void VpsPage::showRuns()
{
    if (!m_runs)
        return;
    m_stack->setCurrentWidget(m_runs);
    m_runs->read();
}

void VpsPage::goHome()
{
    m_stack->setCurrentWidget(m_home);
}

} // namespace sixgate
