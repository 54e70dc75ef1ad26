#pragma once

#include "ctl/output.h"
#include "model/pathreport.h"

#include <QDateTime>

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <vector>

namespace sixgate::ctl
{

/// What is different since the check before.
struct Transition {
    enum class Kind { Path, Appeared, Gone } kind = Kind::Path;
    QDateTime at; ///< UTC
    /// Of a path: how it is now, and how it was (nothing at the first check).
    std::optional<PathReport> path;
    std::optional<PathState> before;
    /// Of a condition.
    Condition condition;
};

/// Tells what changes from check to check. A condition counts once it has lasted its time; it is gone when it is
/// neither a root nor explained by one any more. Pure.
class Changes
{
public:
    std::vector<Transition> next(const CheckReport &report, const QDateTime &now);

private:
    struct Lasting {
        QDateTime since;
        bool told = false;
        Condition condition;
    };
    std::map<std::pair<Hostname, PathKind>, PathState> m_paths;
    std::map<std::pair<QString, QString>, Lasting> m_conditions; ///< code and what it is about
};

QString transitionText(const Output &output, const Transition &one); ///< one line
QJsonObject json(const Transition &one);                             ///< one document

/// Checks every `interval` until a stop, which is no failure: gives the exit code of the last check. `check` makes one.
int watch(Output &output, std::chrono::seconds interval, const std::function<Result<CheckReport>()> &check,
          std::stop_token stop);

} // namespace sixgate::ctl
