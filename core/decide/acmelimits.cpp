#include "decide/acmelimits.h"
#include "model/texts.h"

#include <QUrl>

#include <algorithm>
#include <set>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

/// When a bucket that these events took from has a token again; null: it has one now.
QDateTime nextToken(const AcmeBucket &bucket, const std::vector<QDateTime> &events, const QDateTime &now)
{
    if (bucket.most <= 0 || events.empty())
        return {};
    // In milliseconds, so that no rounding adds up.
    const qint64 refill = qint64(std::chrono::milliseconds(bucket.refill).count());
    const qint64 full = bucket.most * refill;
    qint64 level = full;
    QDateTime last = events.front();
    const auto fill = [&](const QDateTime &at) {
        level = std::min(full, level + last.msecsTo(at));
        last = at;
    };
    for (const QDateTime &event : events) {
        fill(event);
        level -= refill;
    }
    fill(now);
    if (level >= refill)
        return {};
    const QDateTime until = now.addMSecs(refill - level);
    return QDateTime::fromSecsSinceEpoch((until.toMSecsSinceEpoch() + 999) / 1000, Qt::UTC);
}

QString moment(const QDateTime &until, const QDateTime &now)
{
    return Texts::tr("the next try is possible at %1 UTC, %2")
        .arg(until.toUTC().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")),
             countdown(std::chrono::seconds(now.secsTo(until))));
}

class Judge
{
public:
    Judge(const std::vector<AcmeAttempt> &attempts, const HttpsUrl &directory, const QDateTime &now)
        : m_directory(directory), m_limits(acmeLimitsOf(directory)), m_now(now)
    {
        for (const AcmeAttempt &one : attempts) {
            if (one.directory == directory.text() && one.at <= now)
                m_attempts.push_back(one);
        }
        std::stable_sort(m_attempts.begin(), m_attempts.end(),
                         [](const AcmeAttempt &a, const AcmeAttempt &b) { return a.at < b.at; });
    }

    std::optional<AcmePause> judge(const std::vector<Hostname> &names)
    {
        std::set<QString> all;
        for (const Hostname &name : names) {
            all.insert(name.ascii());
            failures(name.ascii());
        }
        duplicates(all);
        told(all);
        return std::move(m_pause);
    }

private:
    // The longest pause counts.
    void pause(const QDateTime &until, const QString &why, const QString &fix)
    {
        if (!until.isValid() || until <= m_now || (m_pause && m_pause->until >= until))
            return;
        m_pause = AcmePause{until, why + QStringLiteral("; ") + moment(until, m_now) + QLatin1Char('.'), fix};
    }

    QString authority() const { return QUrl(m_directory.text()).host(); }

    void failures(const QString &name)
    {
        std::vector<QDateTime> events;
        for (const AcmeAttempt &one : m_attempts) {
            if (one.end == AcmeEnd::Failed && std::find(one.names.begin(), one.names.end(), name) != one.names.end())
                events.push_back(one.at);
        }
        pause(nextToken(m_limits.failures, events, m_now),
              Texts::tr("%1 could not be validated too often in a row, and %2 takes %3 failures an hour")
                  .arg(name, authority())
                  .arg(m_limits.failures.most),
              Texts::tr("Mend what the last try told meanwhile; from then on apply asks again. Until then the VPS "
                        "stays as it is."));
    }

    void duplicates(const std::set<QString> &names)
    {
        std::vector<QDateTime> events;
        for (const AcmeAttempt &one : m_attempts) {
            if (one.end == AcmeEnd::Issued && std::set<QString>(one.names.begin(), one.names.end()) == names)
                events.push_back(one.at);
        }
        pause(nextToken(m_limits.duplicates, events, m_now),
              Texts::tr("%1 gives %2 certificates a week for exactly the same names (%3), and these are used up")
                  .arg(authority())
                  .arg(m_limits.duplicates.most)
                  .arg(QStringList(names.begin(), names.end()).join(QStringLiteral(", "))),
              Texts::tr("Wait, or add or leave out a public name: that makes it another certificate. Until then "
                        "the VPS stays as it is."));
    }

    /// What the authority itself said.
    void told(const std::set<QString> &names)
    {
        for (const AcmeAttempt &one : m_attempts) {
            const bool concerns = std::any_of(one.names.begin(), one.names.end(),
                                              [&](const QString &name) { return names.count(name) > 0; });
            if (one.end == AcmeEnd::Limited && concerns)
                pause(one.until.isValid() ? one.until : one.at.addSecs(3600),
                      Texts::tr("%1 says that it was asked too often for %2")
                          .arg(authority(), QStringList(names.begin(), names.end()).join(QStringLiteral(", "))),
                      Texts::tr("Until then the VPS stays as it is."));
        }
    }

    const HttpsUrl &m_directory;
    const AcmeLimits m_limits;
    const QDateTime m_now;
    std::vector<AcmeAttempt> m_attempts;
    std::optional<AcmePause> m_pause;
};

} // namespace

AcmeLimits acmeLimitsOf(const HttpsUrl &directory)
{
    const QString host = QUrl(directory.text()).host();
    if (host == QLatin1String("acme-v02.api.letsencrypt.org"))
        return {{5, 12min}, {5, 34h}};
    if (host == QLatin1String("acme-staging-v02.api.letsencrypt.org"))
        return {{200, 18s}, {30000, 21s}};
    return {{5, 12min}, {}};
}

std::optional<AcmePause> acmePause(const std::vector<AcmeAttempt> &attempts, const HttpsUrl &directory,
                                   const std::vector<Hostname> &names, const QDateTime &now)
{
    if (!now.isValid())
        return std::nullopt;
    return Judge(attempts, directory, now).judge(names);
}

QString countdown(std::chrono::seconds left)
{
    const qint64 minutes = std::max<qint64>(1, (left.count() + 59) / 60);
    if (minutes < 60)
        return Texts::tr("in %1 min").arg(minutes);
    if (minutes < 24 * 60)
        return Texts::tr("in %1 h %2 min").arg(minutes / 60).arg(minutes % 60);
    const qint64 hours = (minutes + 59) / 60;
    return Texts::tr("in %1 d %2 h").arg(hours / 24).arg(hours % 24);
}

} // namespace sixgate
