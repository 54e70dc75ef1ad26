#pragma once

#include "model/deadline.h"
#include "model/pathreport.h"
#include "transport/probe.h"

#include <chrono>

namespace sixgate
{

/// One path under way: takes the steps down and ends with the first that failed. Private to the room.
class Walk
{
public:
    Walk(PathReport report, Deadline deadline) : m_report(std::move(report)), m_deadline(deadline) {}

    void passed(const char *step, std::chrono::milliseconds took, const QString &detail);

    /// The step failed: the path is broken. Unknown instead where it was stopped, or where the time for the whole check
    /// was over.
    void broken(const char *step, std::chrono::milliseconds took, const QString &detail, Error error,
                const QString &reason = {});
    /// The step could not be done from here: says nothing about the path.
    void unknown(const char *step, std::chrono::milliseconds took, const QString &detail, Error error,
                 const QString &reason = {});
    /// Nothing was tried.
    void unknown(Error error);

    /// Appends the steps of a probe, from number `first` on; broken where it has an error.
    void add(const ProbeSeen &seen, size_t first);
    /// A step that passed did not after all: the path is broken, or it is unknown. Without `reason` the step keeps its
    /// own.
    void revoke(const char *step, PathState state, Error error, const QString &reason = {});

    bool ended() const { return m_report.error.has_value(); }
    PathReport &report() { return m_report; }

    /// Works where no step failed.
    PathReport finish();

private:
    void end(const QString &step, PathState state, Error error);

    PathReport m_report;
    Deadline m_deadline;
};

} // namespace sixgate
