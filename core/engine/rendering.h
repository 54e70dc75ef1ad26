#pragma once

#include "decide/deployment.h"
#include "engine/job.h"

namespace sixgate
{

/// The deployment as rendered, and the self-signed certificates of home servers that are in it.
struct Rendered {
    WantedDeployment deployment;
    std::map<Label, QByteArray> pinnedCertificates; ///< PEM
};

/// What the VPS should be: fetches the ACME keys and the addresses that certbot needs. A pinned server that is off
/// counts with the certificate that the state remembers, where it has the pinned key.
Result<Rendered> renderDeployment(const Job &job, const HomeSeen &home, std::stop_token stop);

} // namespace sixgate
