#pragma once

#include "certificates.h"

#include "decide/deployment.h"

#include <QByteArray>
#include <QProcess>

#include <map>

namespace proxytest
{

/// The certificates that the tests share: the authority that everybody trusts, and what it issued.
struct Trust {
    Identity root, first, second; ///< root issued first, first issued second
    Identity home;                ///< for all public names, issued by first: as the public CA does it
    Trust();

    Identity with(const QList<QByteArray> &names, int daysLeft = 30) const; ///< issued by first
};

/// Debian's Apache with the rendered deployment, as the VPS has it: paths and ports are the real ones.
class Apache
{
public:
    /// Puts the files, certificates and trusted authorities where they belong and starts it. `foreignSites`: Debian's
    /// default site is enabled, too. `edit` changes the text of each service's file first.
    Apache(const sixgate::WantedDeployment &wanted, const Trust &trust, bool foreignSites = false,
           const std::function<QByteArray(QByteArray)> &edit = {});
    ~Apache();

    bool running() const { return m_process.state() == QProcess::Running; }
    QByteArray check(const QByteArray &define = {}); ///< output of apache2 -t, with "status N" at its end
    static QByteArray log();                         ///< the last lines of the error log

private:
    QProcess m_process;
};

} // namespace proxytest
