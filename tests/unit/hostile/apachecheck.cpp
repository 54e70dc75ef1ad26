#include "hostile/apachecheck.h"

#include "proxy/certificates.h"
#include "proxy/sandbox.h"

#include <QCryptographicHash>
#include <QProcess>

#include <algorithm>
#include <map>

namespace hostile
{

using proxytest::writeFile;

namespace
{

constexpr auto folder = "/etc/sixgate/checked/";

const proxytest::Identity &identity()
{
    static const proxytest::Identity one = proxytest::issue({"unknown", {"unknown.sixgate.invalid"}});
    return one;
}

} // namespace

ApacheCheck::ApacheCheck()
{
    writeFile("/etc/sixgate/default/certificate.pem", identity().pem());
    writeFile("/etc/sixgate/default/key.pem", identity().keyPem(), 0600);
    writeFile("/etc/ssl/certs/ca-certificates.crt", identity().pem());
}

void ApacheCheck::add(const sixgate::WantedDeployment &wanted)
{
    const QString apache = QStringLiteral("/etc/sixgate/current/apache/");
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (const sixgate::WantedFile &file : wanted.files) {
        if (file.path.startsWith(apache))
            hash.addData(file.path.toUtf8() + file.content);
    }
    const QByteArray release = hash.result().toHex().left(16);
    if (std::find(m_releases.begin(), m_releases.end(), release) != m_releases.end())
        return;
    m_releases.push_back(release);
    for (const sixgate::WantedFile &file : wanted.files) {
        const QString prefix = QStringLiteral("/etc/sixgate/current/");
        if (!file.path.startsWith(prefix))
            continue;
        // The pinned certificates of these tests are none.
        const bool pin = file.path.endsWith(QLatin1String(".pem"));
        writeFile(folder + release + '/' + file.path.mid(prefix.size()).toUtf8(),
                  pin ? identity().pem() : file.content);
    }
    for (const sixgate::WantedCertificate &one : wanted.certificates) {
        const QByteArray live = "/etc/letsencrypt/live/" + one.lineage.toUtf8();
        writeFile(live + "/fullchain.pem", identity().pem());
        writeFile(live + "/privkey.pem", identity().keyPem(), 0600);
    }
    for (const QString &module : wanted.modules) {
        if (!m_modules.contains(module.toLatin1()))
            m_modules << module.toLatin1();
    }
}

ApacheCheck::Said ApacheCheck::ask() const
{
    QByteArray text = "ServerRoot /etc/apache2\nServerName vps.example.org\nDefaultRuntimeDir /run\nPidFile "
                      "/run/apache2.pid\nErrorLog /run/error.log\nListen 443\n";
    for (const QByteArray &module :
         QByteArrayList{"mpm_event", "authz_core", "authz_host", "reqtimeout", "info"} + m_modules)
        text += "LoadModule " + module + "_module /usr/lib/apache2/modules/mod_" + module + ".so\n";
    for (const QByteArray &release : m_releases)
        text += "Define SIXGATE_RELEASE " + QByteArray(folder) + release +
                "\nIncludeOptional ${SIXGATE_RELEASE}/apache/*.conf\nUnDefine SIXGATE_RELEASE\n";
    writeFile("/etc/apache2/checked.conf", text);
    const auto run = [](const QStringList &more) {
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(QStringLiteral("/usr/sbin/apache2"), QStringList{QStringLiteral("-t"), QStringLiteral("-f"),
                                                                       QStringLiteral("/etc/apache2/checked.conf")} +
                                                               more);
        process.waitForFinished(30000);
        return std::pair(process.exitCode(), process.readAll());
    };
    Said said;
    std::tie(said.status, said.output) = run({});
    const auto [status, dump] = run({QStringLiteral("-D"), QStringLiteral("DUMP_CONFIG")});
    if (status != 0)
        said.status = status;
    // "# In file: PATH" stands before the directives of a file, each of them in a line of its own.
    std::map<QByteArray, std::map<QByteArray, QByteArrayList>> read;
    QByteArray release, file;
    for (const QByteArray &line : dump.split('\n')) {
        const QByteArray one = line.trimmed();
        const QByteArray in = "# In file: ";
        if (one.startsWith(in)) {
            const QByteArray path = one.mid(in.size());
            release = path.startsWith(folder) ? path.mid(qsizetype(qstrlen(folder)), 16) : QByteArray();
            file = path;
        } else if (!release.isEmpty() && !one.isEmpty() && !one.startsWith('#') && one != "Syntax OK") {
            read[release][file] << one.split(' ').first();
        }
    }
    for (const QByteArray &one : m_releases) {
        QByteArrayList files;
        for (const auto &[path, names] : read[one])
            files << names.join(' ');
        std::sort(files.begin(), files.end());
        said.directives.push_back(std::move(files));
    }
    return said;
}

} // namespace hostile
