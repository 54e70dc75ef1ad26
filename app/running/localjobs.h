#pragma once

#include "ipc/sitejobs.h"
#include "model/site.h"
#include "storage/secrets.h"

namespace sixgate
{

/// Where a site and its secrets are.
struct SitePlace {
    QString siteFile;
    QString secrets = QStringLiteral("keychain"); ///< as openSecretStore() takes it
    std::optional<Site> site = {};                ///< this one, although the file may not be written yet
};

/// The jobs of a site, run by this program's own engine on the calling thread.
class LocalJobs : public SiteJobs
{
public:
    explicit LocalJobs(SitePlace place) : m_place(std::move(place)) {}
    /// With a store that is open already and outlives this.
    LocalJobs(SitePlace place, SecretStore &secrets) : m_place(std::move(place)), m_store(&secrets) {}

    Result<JobEnd> run(const JobOrder &order, JobTalk &talk, const JobStops &stops) override;

private:
    SitePlace m_place;
    SecretStore *m_store = nullptr;
};

} // namespace sixgate
