// Certificates: from PEM, DER or a handshake to a value. Everything in them was written by a stranger.

#include "model/text.h"
#include "model/texts.h"
#include "transport/tls.h"
#include "transport/x509.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace sixgate
{

namespace
{

struct FreeBio {
    void operator()(BIO *bio) const { BIO_free(bio); }
};
using BioPointer = std::unique_ptr<BIO, FreeBio>;

QByteArray bytesOf(BIO *memory)
{
    char *data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return size > 0 ? QByteArray(data, qsizetype(size)) : QByteArray();
}

QString nameText(const X509_NAME *name)
{
    const BioPointer memory(BIO_new(BIO_s_mem()));
    // UTF-8 as it is, control characters and delimiters escaped.
    X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
    return shownLine(bytesOf(memory.get()));
}

QDateTime timeOf(const ASN1_TIME *time)
{
    std::tm at{};
    if (!time || ASN1_TIME_to_tm(time, &at) != 1)
        return {};
    return QDateTime(QDate(at.tm_year + 1900, at.tm_mon + 1, at.tm_mday), QTime(at.tm_hour, at.tm_min, at.tm_sec),
                     Qt::UTC);
}

std::vector<QString> dnsNames(const X509 *certificate)
{
    std::vector<QString> names;
    auto *all = static_cast<GENERAL_NAMES *>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
        if (name->type != GEN_DNS)
            continue;
        const auto *data = reinterpret_cast<const char *>(ASN1_STRING_get0_data(name->d.dNSName));
        names.push_back(shownLine(QByteArray(data, ASN1_STRING_length(name->d.dNSName))).toLower());
    }
    GENERAL_NAMES_free(all);
    return names;
}

// An encrypted PEM would ask for its passphrase on the terminal.
int noPassphrase(char *, int, int, void *)
{
    return -1;
}

X509Pointer readCertificate(const QByteArray &text)
{
    if (text.contains("-----BEGIN ")) {
        const BioPointer memory(BIO_new_mem_buf(text.constData(), int(text.size())));
        return X509Pointer(PEM_read_bio_X509(memory.get(), nullptr, noPassphrase, nullptr));
    }
    const auto *begin = reinterpret_cast<const unsigned char *>(text.constData());
    const unsigned char *at = begin;
    X509Pointer certificate(d2i_X509(nullptr, &at, long(text.size())));
    if (certificate && at != begin + text.size())
        return nullptr;
    return certificate;
}

} // namespace

QString opensslError()
{
    QString text;
    // The oldest entry is nearest to the cause.
    if (const unsigned long code = ERR_get_error()) {
        const char *reason = ERR_reason_error_string(code);
        text = reason ? QString::fromLatin1(reason) : QStringLiteral("error %1").arg(code, 0, 16);
    }
    ERR_clear_error();
    return text;
}

Result<CertificateSeen> certificateSeen(X509 *certificate)
{
    unsigned char *der = nullptr;
    const int keySize = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (keySize <= 0)
        return fail(ErrorCode::Protocol, Texts::tr("The certificate's public key cannot be read."), opensslError(),
                    Texts::tr("Give the server a new certificate."));
    CertificateSeen seen{
        {}, Fingerprint::ofBytes(QByteArray(reinterpret_cast<const char *>(der), keySize)), {}, {}, {}, false, {}, {}};
    OPENSSL_free(der);
    const BioPointer memory(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(memory.get(), certificate) != 1)
        return fail(ErrorCode::Internal, Texts::tr("The certificate could not be written as text."), opensslError());
    seen.pem = bytesOf(memory.get());
    seen.names = dnsNames(certificate);
    seen.subject = nameText(X509_get_subject_name(certificate));
    seen.issuer = nameText(X509_get_issuer_name(certificate));
    seen.selfSigned = X509_self_signed(certificate, 1) == 1;
    seen.notBefore = timeOf(X509_get0_notBefore(certificate));
    seen.notAfter = timeOf(X509_get0_notAfter(certificate));
    ERR_clear_error();
    return seen;
}

Result<CertificateSeen> parseCertificate(const QByteArray &pem)
{
    constexpr qsizetype most = 1024 * 1024;
    ERR_clear_error();
    const X509Pointer certificate = pem.size() > most ? nullptr : readCertificate(pem);
    if (!certificate)
        return fail(ErrorCode::Invalid, Texts::tr("This is not a certificate in PEM or DER form."), opensslError());
    return certificateSeen(certificate.get());
}

} // namespace sixgate
