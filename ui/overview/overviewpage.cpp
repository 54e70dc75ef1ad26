#include "ui/overview/overviewpage.h"

#include "ui/details/sitelook.h"
#include "ui/look/card.h"
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
      m_names(new NameTable), m_steps(new PathSteps), m_below(new QStackedWidget)
{
    setObjectName(QStringLiteral("overview"));
    auto *figure = new Card(this);
    figure->hold(m_figure, 0);
    Card *names = m_card = new Card(this);
    m_below->addWidget(m_names);
    m_below->addWidget(m_steps);
    names->hold(m_below, 8);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(24, 24, 24, 24);
    all->setSpacing(16);
    all->addWidget(m_verdict);
    all->addWidget(figure);
    all->addWidget(names);
    connect(m_verdict, &VerdictBar::pressed, this, &OverviewPage::pressed);
    const auto divide = [all, figure, names](int above, int below) {
        all->setStretchFactor(figure, above);
        all->setStretchFactor(names, below);
    };
    divide(3, 2);
    const auto open = [this, divide](PathKind kind) {
        divide(1, 1);
        m_below->setCurrentWidget(m_steps);
        Q_EMIT proves(kind);
    };
    connect(m_figure, &PathFigure::chosen, this, open);
    connect(m_steps, &PathSteps::again, this, open);
    connect(m_steps, &PathSteps::closes, this, [this, divide] {
        divide(3, 2);
        m_below->setCurrentWidget(m_names);
        m_figure->focusPath(m_steps->kind());
    });
}

std::optional<PathKind> OverviewPage::openPath() const
{
    return m_below->currentWidget() == m_steps ? std::optional(m_steps->kind()) : std::nullopt;
}

void OverviewPage::closeSteps()
{
    if (openPath())
        Q_EMIT m_steps->closes();
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
    if (snapshot) {
        if (detail.isEmpty() && overview.state == OverviewState::Fine)
            detail = lastMove(*snapshot);
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
    m_verdict->show(overview, detail);
    m_figure->show(overview.paths, texts);
    m_names->show(overview.names);
    m_card->setVisible(!overview.names.empty());
}

} // namespace sixgate
