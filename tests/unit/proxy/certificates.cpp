#include "certificates.h"

#include <QtGlobal>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace proxytest
{

namespace
{

void add(X509 *certificate, X509 *issuer, int kind, const QByteArray &value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.constData());
    if (!extension || X509_add_ext(certificate, extension, -1) != 1)
        qFatal("no extension %s", value.constData());
    X509_EXTENSION_free(extension);
}

template <class Write>
QByteArray written(Write write)
{
    BIO *memory = BIO_new(BIO_s_mem());
    write(memory);
    char *bytes = nullptr;
    const long size = BIO_get_mem_data(memory, &bytes);
    const QByteArray text(bytes, qsizetype(size));
    BIO_free(memory);
    return text;
}

} // namespace

QByteArray Identity::pem() const
{
    return written([this](BIO *to) { PEM_write_bio_X509(to, certificate.get()); });
}

QByteArray Identity::chainPem() const
{
    QByteArray all = pem();
    for (const auto &one : chain)
        all += written([&one](BIO *to) { PEM_write_bio_X509(to, one.get()); });
    return all;
}

QByteArray Identity::keyPem() const
{
    return written([this](BIO *to) { PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

QByteArray Identity::publicKey() const
{
    unsigned char *bytes = nullptr;
    const int size = i2d_PUBKEY(key.get(), &bytes);
    const QByteArray der(reinterpret_cast<const char *>(bytes), size);
    OPENSSL_free(bytes);
    return der;
}

Identity issue(const CertificateSpec &spec, const Identity *issuer)
{
    static long serial = 1000;
    Identity made;
    made.key = {EVP_EC_gen("P-256"), EVP_PKEY_free};
    made.certificate = {X509_new(), X509_free};
    X509 *const it = made.certificate.get();
    X509 *const by = issuer ? issuer->certificate.get() : it;
    X509_set_version(it, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(it), ++serial);
    constexpr long day = 24 * 3600;
    X509_gmtime_adj(X509_getm_notBefore(it), -60 * day);
    X509_gmtime_adj(X509_getm_notAfter(it), spec.daysLeft * day);
    X509_set_pubkey(it, made.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(it), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char *>(spec.commonName.constData()), -1, -1, 0);
    X509_set_issuer_name(it, X509_get_subject_name(by));
    add(it, by, NID_basic_constraints, spec.authority ? "critical,CA:TRUE" : "CA:FALSE");
    // A self-signed authority says nothing of its use, as those of "openssl req -x509".
    if (issuer || !spec.authority)
        add(it, by, NID_key_usage, spec.authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    if (!spec.names.isEmpty()) {
        QByteArrayList names;
        for (const QByteArray &name : spec.names)
            names << "DNS:" + name;
        add(it, by, NID_subject_alt_name, names.join(','));
    }
    if (X509_sign(it, issuer ? issuer->key.get() : made.key.get(), EVP_sha256()) == 0)
        qFatal("a certificate could not be signed");
    // The root is not shown.
    if (issuer && X509_NAME_cmp(X509_get_subject_name(by), X509_get_issuer_name(by)) != 0) {
        made.chain.append(issuer->certificate);
        made.chain.append(issuer->chain);
    }
    return made;
}

} // namespace proxytest
