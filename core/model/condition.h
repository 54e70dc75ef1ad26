#pragma once

#include <QString>
#include <QStringList>

#include <chrono>
#include <map>
#include <set>
#include <vector>

namespace sixgate
{

/// What is wrong, in words: the same for the command line, the window and the tray.

enum class Severity {
    Info,    ///< worth knowing; nothing is broken
    Warning, ///< will break, or is half broken
    Error,   ///< visitors are kept out
};
QString severityName(Severity severity); ///< "info", "warning", "error"

/// What to enter where in one kind of router.
struct RouterGuide {
    QString router; ///< "FRITZ!Box", "OpenWrt" …
    QString text;

    friend bool operator==(const RouterGuide &, const RouterGuide &) = default;
};

/// What to do about a condition. `place` and `action` are words of the catalogue (resources/conditions/README.md): a
/// program may go by them and by `fields`.
struct Remedy {
    QString place;                     ///< "this-machine", "home-server", "router", "vps", "provider" …
    QString action;                    ///< "run", "allow", "start", "wait" …
    QString text;                      ///< one or two sentences
    QString command;                   ///< the line to enter, for "run"; else empty
    std::map<QString, QString> fields; ///< what to enter: "port" → "443", "interfaceId" → "::11" …
    std::vector<RouterGuide> routers;  ///< where to enter it, for the place "router"
    QString button = {};               ///< of the window, which mends it: "redeploy", "records", "set-up"; else empty
    QString window = {};               ///< `text` for who has that button in place of a command; empty: the same

    const QString &windowText() const { return window.isEmpty() ? text : window; }

    friend bool operator==(const Remedy &, const Remedy &) = default;
};

/// One thing that is wrong (or worth knowing).
struct Condition {
    QString code; ///< `[a-z0-9-]+`; the handbook has a page of this name
    Severity severity = Severity::Error;
    QString title;        ///< one sentence
    QString text;         ///< what it means; one to three sentences
    QStringList evidence; ///< what was seen, a line each
    Remedy remedy;
    QString about;                  ///< what it is about: a public name, server, record …; with `code` it is unique
    std::vector<QString> dependsOn; ///< codes of causes that would explain it
    QString explainedBy;            ///< code of the cause that was found and explains it; empty: a root
    /// So long it must last before what goes on looking shows it: `check --watch`, the tray. One check shows it at
    /// once.
    std::chrono::seconds timeToVisible{0};
};

/// One step of the reasoning, for a person: a rule, and what it made of what was seen.
struct Reasoning {
    QString rule;
    QString conclusion;
};

struct Diagnosis {
    std::vector<Condition> roots;        ///< worst first
    std::vector<Condition> consequences; ///< each explained by a root
    std::vector<Reasoning> reasoning;
    std::set<QString> explained; ///< paths that a condition explains, as of explainedKey()

    /// The worst of the roots is an Error.
    bool broken() const;
};

} // namespace sixgate
