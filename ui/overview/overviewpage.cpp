#include "ui/overview/overviewpage.h"

#include "ui/details/sitelook.h"
#include "ui/look/card.h"
#include "ui/overview/causeview.h"
#include "ui/overview/nametable.h"
#include "ui/overview/pathsteps.h"
#include "ui/overview/verdictbar.h"

#include <QLocale>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace sixgate
{

namespace
{

/// Below a calm verdict: the last change of the home's address, and how long it was felt.
QString lastMove(const KeeperSnapshot &snapshot)
{
    if (!snapshot.recovery)
        return {};
    const KeptRecovery &one = *snapshot.recovery;
    // A server that was away and is back where it was has not moved.
    if (one.before.isEmpty() || one.before == one.after)
        return {};
    const QString when = whenText(one.at, QDateTime::currentDateTime());
    const auto usable = one.took.find(QStringLiteral("address"));
    const auto back = one.took.find(QStringLiteral("v4"));
    if (usable == one.took.end() || back == one.took.end())
        return OverviewPage::tr("The home's address changed %1.").arg(when);
    const double seconds = double(std::max<qint64>(back->second - usable->second, 0)) / 1000;
    return OverviewPage::tr("The home's address changed %1; IPv4 visitors were back after %2 s.")
        .arg(when, QLocale().toString(seconds, 'f', 1));
}

/// The oldest proof of all: until then everything was tried.
QString lastProof(const Overview &overview)
{
    QDateTime oldest;
    for (const auto &[kind, path] : overview.paths) {
        if (path.at.isValid() && (!oldest.isValid() || path.at < oldest))
            oldest = path.at;
    }
    return oldest.isValid() ? OverviewPage::tr("Last proven %1.").arg(whenText(oldest, QDateTime::currentDateTime()))
                            : QString();
}

QString joined(QStringList sentences)
{
    sentences.removeAll(QString());
    return sentences.join(QLatin1Char(' '));
}

} // namespace

QString whenText(const QDateTime &at, const QDateTime &now)
{
    const QDateTime local = at.toLocalTime();
    const QString time = QLocale().toString(local.time(), QLocale::ShortFormat);
    const qint64 days = local.date().daysTo(now.toLocalTime().date());
    if (days == 0)
        return OverviewPage::tr("today at %1").arg(time);
    if (days == 1)
        return OverviewPage::tr("yesterday at %1").arg(time);
    return OverviewPage::tr("on %1 at %2").arg(QLocale().toString(local.date(), QLocale::ShortFormat), time);
}

OverviewPage::OverviewPage(QWidget *parent)
    : QWidget(parent), m_verdict(new VerdictBar(this)), m_figure(new PathFigure(PathFigure::Use::Chosen, this)),
      m_names(new NameTable), m_steps(new PathSteps), m_cause(new CauseView), m_above(new Card(this)),
      m_card(new Card(this)), m_all(new QVBoxLayout(this)), m_below(new QStackedWidget)
{
    setObjectName(QStringLiteral("overview"));
    m_above->hold(m_figure, 0);
    for (QWidget *one :
         {static_cast<QWidget *>(m_names), static_cast<QWidget *>(m_steps), static_cast<QWidget *>(m_cause)})
        m_below->addWidget(one);
    m_card->hold(m_below, 8);
    m_all->setContentsMargins(24, 24, 24, 24);
    m_all->setSpacing(16);
    m_all->addWidget(m_verdict);
    m_all->addWidget(m_above);
    m_all->addWidget(m_card);
    showBelow(m_names);
    connect(m_verdict, &VerdictBar::pressed, this, [this](OverviewButton button) {
        if (button != OverviewButton::Show)
            Q_EMIT pressed(button);
        else if (m_root) {
            m_cause->show(*m_root);
            showBelow(m_cause);
            m_cause->setFocus();
        }
    });
    const auto open = [this](PathKind kind) {
        showBelow(m_steps);
        Q_EMIT proves(kind);
    };
    connect(m_figure, &PathFigure::chosen, this, open);
    connect(m_steps, &PathSteps::again, this, open);
    connect(m_steps, &PathSteps::closes, this, [this] {
        showBelow(m_names);
        m_figure->focusPath(m_steps->kind());
    });
    connect(m_cause, &CauseView::again, this, [this] { Q_EMIT pressed(OverviewButton::Check); });
    connect(m_cause, &CauseView::closes, this, [this] {
        showBelow(m_names);
        m_verdict->focusButton();
    });
}

void OverviewPage::showBelow(QWidget *what)
{
    m_all->setStretchFactor(m_above, what == m_names ? 3 : 1);
    m_all->setStretchFactor(m_card, what == m_names ? 2 : 1);
    m_below->setCurrentWidget(what);
    m_card->setVisible(what != m_names || m_names->rowCount() > 0);
}

std::optional<PathKind> OverviewPage::openPath() const
{
    return m_below->currentWidget() == m_steps ? std::optional(m_steps->kind()) : std::nullopt;
}

void OverviewPage::closeBelow()
{
    if (openPath())
        Q_EMIT m_steps->closes();
    else if (m_below->currentWidget() == m_cause)
        Q_EMIT m_cause->closes();
}

void OverviewPage::showCertificates(const std::map<QString, QString> &days)
{
    m_names->setCertificates(days);
}

void OverviewPage::show(const Overview &overview, const SharedSnapshot &snapshot, const QString &vps)
{
    QString detail = overview.detail;
    FigureTexts texts;
    texts.vps = vps;
    texts.routerClosed = overview.state == OverviewState::Broken && overview.root &&
                         overview.root->remedy.place == QLatin1String("router");
    if (snapshot) {
        if (detail.isEmpty() && overview.state == OverviewState::Fine)
            detail = joined({lastProof(overview), lastMove(*snapshot)});
        for (const KeptServer &one : snapshot->servers) {
            if (one.address && texts.server.isEmpty())
                texts.server = one.address->text();
        }
        if (texts.server.isEmpty() && !snapshot->servers.empty())
            texts.server = tr("does not answer");
        const QStringList prefixes(snapshot->prefixes.begin(), snapshot->prefixes.end());
        if (!prefixes.isEmpty())
            texts.prefix = prefixes.first();
        else if (!snapshot->servers.empty())
            texts.prefix = tr("No IPv6 prefix here");
    }
    const QDateTime now = QDateTime::currentDateTimeUtc();
    const auto certificate = [&](PathKind kind) {
        const auto found = overview.paths.find(kind);
        return certificateText(found == overview.paths.end() ? QDateTime() : found->second.certificateUntil, now);
    };
    texts.vpsCertificate = certificate(PathKind::V4);
    texts.serverCertificate = certificate(PathKind::Lan);
    m_root = overview.root;
    if (m_below->currentWidget() == m_cause) {
        // While it is looked again, what was told stays to be read.
        if (m_root)
            m_cause->show(*m_root);
        else if (overview.state == OverviewState::Fine)
            showBelow(m_names);
    }
    m_verdict->show(overview, detail);
    m_figure->show(overview.paths, texts);
    m_names->show(overview.names);
    m_card->setVisible(!overview.names.empty() || m_below->currentWidget() != m_names);
}

} // namespace sixgate
