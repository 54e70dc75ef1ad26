#include "running/localjobs.h"

#include "running/sitework.h"
#include "storage/sitefile.h"

namespace sixgate
{

Result<JobEnd> LocalJobs::run(const JobOrder &order, JobTalk &talk, const JobStops &stops)
{
    auto site = m_place.site ? Result<Site>(*m_place.site) : loadSite(m_place.siteFile);
    if (!site)
        return passOn(site);
    std::unique_ptr<SecretStore> own;
    if (!m_store) {
        auto opened = openSecretStore(m_place.secrets, site->name, stops.stop);
        if (!opened)
            return passOn(opened);
        own = std::move(*opened);
    }
    SiteWork work(std::move(*site), m_place.siteFile, m_store ? *m_store : *own, talk, {stops.stop, stops.detach});
    return std::visit([&](const auto &one) { return work.run(one); }, order);
}

} // namespace sixgate
