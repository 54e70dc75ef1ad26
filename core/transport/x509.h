#pragma once

#include "model/hostname.h"
#include "model/observation.h"

#include <openssl/x509.h>

#include <memory>

namespace sixgate
{

/// Private to the room: what tls.cpp and certificate.cpp share of OpenSSL.

struct FreeX509 {
    void operator()(X509 *certificate) const { X509_free(certificate); }
};
using X509Pointer = std::unique_ptr<X509, FreeX509>;

/// Reads a certificate as it was shown.
Result<CertificateSeen> certificateSeen(X509 *certificate);

/// OpenSSL's words about the last failure of this thread; empties its queue.
QString opensslError();

} // namespace sixgate
