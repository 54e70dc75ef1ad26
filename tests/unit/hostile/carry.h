#pragma once

#include "decide/deployment.h"
#include "model/observation.h"
#include "model/plan.h"
#include "model/site.h"

#include <QByteArrayList>
#include <QStringList>

#include <map>

namespace hostile
{

/// Everything that the values of a site reach on their way to the VPS and to the name server.
struct Carried {
    sixgate::WantedDeployment wanted;
    sixgate::Plan plan;
    std::vector<QByteArrayList> directives; ///< names of the directives of each of Apache's files, sorted
    std::map<QByteArray, int> raw;          ///< how often what means something to Apache or to certbot stands there
    QByteArrayList steps;                   ///< kind and number of fields of each step, sorted
    QByteArrayList changes;                 ///< lane, verb and action of each change, sorted
    QByteArrayList words;                   ///< what a remote shell was given
    QByteArray shell;                       ///< the command for it
    QString local;                          ///< what stays on this machine, but stands in errors
};

/// A bare Debian 12.
sixgate::VpsFacts bareVps();
/// A home that answers, empty zones, and a VPS with these facts.
sixgate::Observation observed(const sixgate::Site &site, const sixgate::VpsFacts &facts);
sixgate::Result<sixgate::WantedDeployment> deploymentOf(const sixgate::Site &site);

/// The plan for both lanes.
sixgate::Plan planOf(const sixgate::Site &site, const sixgate::Observation &seen,
                     const sixgate::WantedDeployment &wanted);

/// Carries the site through; an error where a part refuses it.
sixgate::Result<Carried> carry(const sixgate::Site &site);

/// What is not as with the good site; empty: harmless.
QString harm(const Carried &good, const Carried &one);
/// What in the texts of a plan a terminal must not see; empty: nothing.
QString harm(const sixgate::Plan &plan);
/// The same of an error: one sentence that is not endless, evidence and remedy without a terminal's orders.
QString harm(const sixgate::Error &error);

/// What the words of a command are to a real shell, one after the other.
QByteArrayList wordsByShell(const QByteArray &command);

} // namespace hostile
