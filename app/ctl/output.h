#pragma once

#include "ctl/options.h"
#include "model/observation.h"
#include "model/pathreport.h"
#include "model/plan.h"

#include <QJsonObject>

#include <mutex>

namespace sixgate::ctl
{

/// What people and programs read. On a terminal with symbols, colour (unless NO_COLOR is set) and a line that moves;
/// piped as plain lines; with --json nothing but the final document. Any thread.
class Output
{
public:
    explicit Output(bool json);

    bool json() const { return m_json; }

    /// A text as it is, on standard output; nothing with --json.
    void print(const QString &text);
    /// What goes on right now: a line that moves on a terminal, a plain line when piped.
    void activity(const QString &text);
    /// The same, but nothing when piped: for what gets a line of its own when it is done.
    void moving(const QString &text);
    /// Clears the moving line.
    void quiet();
    /// The one JSON document.
    void document(const QJsonObject &object);
    /// With --json, a document on one line: for what goes on.
    void line(const QJsonObject &object);
    /// An error to standard error: sentence, evidence, remedy; with --json as a document on standard output.
    void error(const Error &error, const QString &command = {});
    /// A remark to standard error.
    void remark(const QString &text);

    // Rendering; plain texts with colours where they are wanted.
    QString plan(const Plan &plan, bool diffs) const;
    QString change(const Change &change) const;
    QString withheld(const std::vector<Withheld> &withheld) const;
    QString path(const PathReport &path) const;    ///< one line
    QString steps(const PathReport &path) const;   ///< how it was gone, step by step
    QString trouble(const PathReport &path) const; ///< its error; empty where it works
    /// With `explain`, where to enter it in each kind of router.
    QString condition(const Condition &condition, bool explain = false) const;
    /// What is wrong, and the reason of each path that no condition explains; with `explain` of every path, and how
    /// that was found. Last comes one line about it all.
    QString summary(const CheckReport &report, bool explain = false) const;
    QString home(const HomeSeen &home) const;
    QString candidates(const std::vector<CandidateVerdict> &candidates) const;

    QString good(const QString &text) const { return paint(text, "32"); }
    QString bad(const QString &text) const { return paint(text, "31"); }
    QString warning(const QString &text) const { return paint(text, "33"); }
    QString dim(const QString &text) const { return paint(text, "2"); }
    QString strong(const QString &text) const { return paint(text, "1"); }

private:
    QString paint(const QString &text, const char *code) const;
    void write(const QString &text);

    bool m_json;
    bool m_terminal;
    bool m_colour;
    bool m_moving = false;
    QString m_last;
    std::mutex m_mutex;
};

/// Prints an error and gives the exit code that goes with it.
int giveUp(Output &output, const Error &error, const QString &command);

/// What a text from the network looks like on a terminal: control characters gone, line ends kept.
QString harmless(const QString &text);

/// "2 warnings", "1 path".
QString counted(qsizetype number, const char *one, const char *many);

} // namespace sixgate::ctl
