#pragma once

#include "model/providertalk.h"
#include "model/secret.h"
#include "transport/httpconnection.h"

#include <map>

namespace sixgate
{

/// Credential → its value.
using Credentials = std::map<QString, Secret>;

/// Puts the credentials into a request, each encoded for where it stands; blanks and line ends around one are left
/// out. NotFound where one is missing, Invalid where one cannot stand where it belongs; errors name the credential,
/// never its value.
Result<HttpsRequest> wireRequest(const ProviderRequest &request, const Credentials &credentials);

} // namespace sixgate
