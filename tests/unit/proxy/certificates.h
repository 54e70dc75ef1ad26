#pragma once

#include <QByteArray>
#include <QList>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace proxytest
{

/// What a certificate says.
struct CertificateSpec {
    QByteArray commonName;
    QList<QByteArray> names; ///< DNS names in subjectAltName
    bool authority = false;  ///< may issue others
    int daysLeft = 30;       ///< negative: it has ended
};

/// A certificate, its key, and the intermediates that a server shows with it.
struct Identity {
    std::shared_ptr<X509> certificate;
    std::shared_ptr<EVP_PKEY> key;
    QList<std::shared_ptr<X509>> chain;

    QByteArray pem() const;      ///< the certificate alone
    QByteArray chainPem() const; ///< with its intermediates
    QByteArray keyPem() const;
    QByteArray publicKey() const; ///< DER of SubjectPublicKeyInfo
};

/// A new key and its certificate (P-256), signed by `issuer`, or by itself where there is none.
Identity issue(const CertificateSpec &spec, const Identity *issuer = nullptr);

} // namespace proxytest
