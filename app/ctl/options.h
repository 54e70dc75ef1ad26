#pragma once

#include "decide/plan.h"
#include "model/pathreport.h"

#include <QStringList>

#include <chrono>
#include <map>
#include <set>

namespace sixgate::ctl
{

/// Exit codes; documented in --help.
enum Exit {
    AllWell = 0,
    Failed = 1,   ///< something could not be done
    BadInput = 2, ///< usage, site file, option
    Differs = 3,  ///< `plan` has changes, or a path is broken or could not be checked
};

enum class CheckFormat {
    Text,
    Json,       ///< as --json
    Nagios,     ///< one line, with exit codes of its own
    Prometheus, ///< exposition text
};

/// What goes with `check` alone.
struct CheckOptions {
    CheckFormat format = CheckFormat::Text; ///< --format
    bool explain = false;                   ///< --explain
    bool watch = false;                     ///< --watch
    std::chrono::seconds interval{60};      ///< --interval
    QString report;                         ///< --report; empty: none
    std::set<PathKind> paths;               ///< --path; empty: all
};

/// A parsed command line.
struct Options {
    QString siteFile;       ///< --site, or the default place
    bool siteNamed = false; ///< --site was given
    QString secrets;        ///< --secrets, or "keychain"
    bool json = false;      ///< --json
    PlanScope scope = PlanScope::All;
    CheckOptions check;
    std::map<QString, QStringList> given; ///< all other options, by name, with their values
    QStringList words;                    ///< the command and what follows it

    bool has(const char *name) const { return given.contains(QLatin1String(name)); }
    /// The last value of an option; empty where it was not given.
    QString value(const char *name) const;
};

/// What to do instead of a command: a text and an exit code (help, version, an error of usage).
struct Finished {
    QString text;
    int exit = AllWell;
    bool error = false; ///< the text goes to standard error (or is the JSON error)
    bool json = false;
    bool nagios = false; ///< the error is for a monitor: one line, and its exit code
};

/// Parses the arguments, without the program's name.
tl::expected<Options, Finished> parseOptions(const QStringList &arguments);

bool isCommand(const QString &name);
Error noSuchCommand(const QString &command);

/// Help for one command that there is, or (empty) for all.
QString help(const QString &command);

/// The handbook's page about a condition; empty where there is none of this code.
QString conditionPage(const QString &code);

} // namespace sixgate::ctl
