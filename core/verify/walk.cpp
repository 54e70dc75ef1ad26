#include "verify/walk.h"

#include "model/texts.h"
#include "verify/answers.h"

namespace sixgate
{

void Walk::passed(const char *step, std::chrono::milliseconds took, const QString &detail)
{
    m_report.steps.push_back({QString::fromLatin1(step), true, took, detail});
}

void Walk::broken(const char *step, std::chrono::milliseconds took, const QString &detail, Error error,
                  const QString &reason)
{
    m_report.steps.push_back({QString::fromLatin1(step), false, took, detail, reason});
    end(QString::fromLatin1(step), PathState::Broken, std::move(error));
}

void Walk::unknown(const char *step, std::chrono::milliseconds took, const QString &detail, Error error,
                   const QString &reason)
{
    m_report.steps.push_back({QString::fromLatin1(step), false, took, detail, reason});
    end(QString::fromLatin1(step), PathState::Unknown, std::move(error));
}

void Walk::unknown(Error error)
{
    end({}, PathState::Unknown, std::move(error));
}

void Walk::add(const ProbeSeen &seen, size_t first)
{
    for (size_t i = first; i < seen.steps.size(); ++i)
        m_report.steps.push_back(seen.steps[i]);
    if (seen.tls)
        m_report.certificate = seen.tls->certificate;
    if (seen.http)
        m_report.http = httpAnswer(*seen.http);
    if (seen.error)
        end(seen.steps.empty() ? QString() : seen.steps.back().name, PathState::Broken, *seen.error);
}

void Walk::revoke(const char *step, PathState state, Error error, const QString &reason)
{
    for (ProbeStep &one : m_report.steps) {
        if (one.name != QLatin1String(step))
            continue;
        one.passed = false;
        if (!reason.isEmpty())
            one.reason = reason;
    }
    end(QString::fromLatin1(step), state, std::move(error));
}

void Walk::end(const QString &step, PathState state, Error error)
{
    const bool outOfTime = error.code == ErrorCode::Timeout && m_deadline.passed();
    if (outOfTime)
        error = Error{ErrorCode::Timeout, Texts::tr("The time for the check was over before this was known."),
                      error.detail, Texts::tr("Check again.")};
    m_report.state = outOfTime || error.code == ErrorCode::Cancelled ? PathState::Unknown : state;
    m_report.failedStep = step;
    m_report.error = std::move(error);
}

PathReport Walk::finish()
{
    if (!ended())
        m_report.state = PathState::Works;
    m_report.took = std::chrono::milliseconds(0);
    for (const ProbeStep &step : m_report.steps)
        m_report.took += step.took;
    return std::move(m_report);
}

} // namespace sixgate
