#include "apache.h"

#include "sandbox.h"
#include "wire.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QThread>

namespace proxytest
{

namespace
{

// What Debian 12 enables by itself; the deployment's own modules come on top.
constexpr auto debianModules = "access_compat alias auth_basic authn_core authn_file authz_core authz_host authz_user "
                               "autoindex deflate dir env filter mime mpm_event negotiation reqtimeout setenvif "
                               "socache_shmcb status";

// Debian's apache2.conf, ports.conf and the settings of its modules that matter to a proxy; the listeners leave the
// home's addresses on the same machine free.
QByteArray mainConfiguration(const std::vector<QString> &wanted)
{
    QByteArrayList modules = QByteArray(debianModules).split(' ');
    for (const QString &one : wanted) {
        if (!modules.contains(one.toLatin1()))
            modules << one.toLatin1();
    }
    QByteArray text = "ServerRoot /etc/apache2\nServerName vps.example.org\nDefaultRuntimeDir /run\n"
                      "PidFile /run/apache2.pid\nTypesConfig /etc/mime.types\nUser www-data\nGroup www-data\nErrorLog "
                      "/run/error.log\nLogLevel warn\n";
    for (const QByteArray &one : modules)
        text += "LoadModule " + one + "_module /usr/lib/apache2/modules/mod_" + one + ".so\n";
    for (const char *port : {"80", "443"})
        text += QByteArray("Listen ") + proxyV4 + ':' + port + "\nListen [" + proxyV6 + "]:" + port + '\n';
    text += R"(
Timeout 300
KeepAlive On
MaxKeepAliveRequests 100
KeepAliveTimeout 5
HostnameLookups Off
ServerTokens OS
ServerSignature On
TraceEnable Off
StartServers 1
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
<Location /server-status>
    SetHandler server-status
    Require local
</Location>
ExtendedStatus On
Alias /icons/ "/run/www/"
<Directory /run/www/>
    Options Indexes FollowSymLinks
    Require all granted
</Directory>
RequestReadTimeout header=20-40,minrate=500
RequestReadTimeout body=10,minrate=500
AddOutputFilterByType DEFLATE text/html text/plain text/xml text/css application/javascript application/json
SSLRandomSeed startup builtin
SSLRandomSeed connect builtin
SSLSessionCache shmcb:/run/ssl_scache(512000)
SSLSessionCacheTimeout 300
SSLCipherSuite HIGH:!aNULL
SSLProtocol all -SSLv3
IncludeOptional sites-enabled/*.conf
)";
    return text;
}

constexpr auto debianSite = "<VirtualHost *:80>\n    ServerAdmin webmaster@localhost\n    DocumentRoot /run/www\n"
                            "    ErrorLog /run/error.log\n</VirtualHost>\n";

} // namespace

Trust::Trust()
    : root(issue({"Test Root", {}, true})), first(issue({"Test Authority 1", {}, true}, &root)),
      second(issue({"Test Authority 2", {}, true}, &first)),
      home(with({"cloud.example.org", "files.example.org", "photos.example.org"}))
{
}

Identity Trust::with(const QList<QByteArray> &names, int daysLeft) const
{
    return issue({names.value(0), names, false, daysLeft}, &first);
}

Apache::Apache(const sixgate::WantedDeployment &wanted, const Trust &trust, bool foreignSites,
               const std::function<QByteArray(QByteArray)> &edit)
{
    for (const char *folder : {"/etc/apache2", "/etc/sixgate", "/etc/letsencrypt"})
        QDir(QString::fromLatin1(folder)).removeRecursively();
    writeFile("/etc/ssl/certs/ca-certificates.crt", trust.root.pem());
    const Identity nameless = issue({"unknown", {}});
    writeFile("/etc/sixgate/default/certificate.pem", nameless.pem());
    writeFile("/etc/sixgate/default/key.pem", nameless.keyPem(), 0600);
    for (const sixgate::WantedCertificate &one : wanted.certificates) {
        QList<QByteArray> names;
        for (const sixgate::Hostname &name : one.names)
            names << name.ascii().toLatin1();
        const Identity mine = trust.with(names);
        const QByteArray folder = "/etc/letsencrypt/live/" + one.lineage.toLatin1();
        writeFile(folder + "/fullchain.pem", mine.chainPem());
        writeFile(folder + "/privkey.pem", mine.keyPem(), 0600);
    }
    writeFile("/etc/apache2/apache2.conf", mainConfiguration(wanted.modules));
    writeFile("/run/www/index.html", "It works");
    QDir().mkpath(QStringLiteral("/etc/apache2/sites-enabled"));
    if (foreignSites)
        writeFile("/etc/apache2/sites-enabled/000-default.conf", debianSite);
    // A release and the link to it, as run.pl makes them.
    const QByteArray release = "releases/" + wanted.releaseId.toLatin1() + "-test";
    QDir().mkpath(QString::fromLatin1("/etc/sixgate/" + release));
    makeLink(release, "/etc/sixgate/current");
    for (const sixgate::WantedFile &file : wanted.files) {
        const bool service = file.path.startsWith(QLatin1String("/etc/sixgate/current/apache/"));
        writeFile(file.path.toUtf8(), edit && service ? edit(file.content) : file.content, file.mode);
    }
    for (const QString &site : wanted.sites)
        makeLink("../sites-available/" + site.toLatin1() + ".conf",
                 "/etc/apache2/sites-enabled/" + site.toLatin1() + ".conf");

    m_process.setProcessChannelMode(QProcess::ForwardedChannels);
    m_process.start(
        QStringLiteral("/usr/sbin/apache2"),
        {QStringLiteral("-f"), QStringLiteral("/etc/apache2/apache2.conf"), QStringLiteral("-DFOREGROUND")});
    m_process.waitForStarted();
    QElapsedTimer since;
    since.start();
    while (since.elapsed() < 10000 && m_process.state() == QProcess::Running) {
        m_process.waitForFinished(0);
        if (visit({"", {}, {}, 443, true, false}).open())
            return;
        QThread::msleep(20);
    }
    qFatal("Apache does not start:\n%s", log().constData());
}

Apache::~Apache()
{
    m_process.terminate();
    if (!m_process.waitForFinished(10000)) {
        m_process.kill();
        m_process.waitForFinished();
    }
    QFile::remove(QStringLiteral("/run/error.log"));
}

QByteArray Apache::check(const QByteArray &define)
{
    QStringList arguments{QStringLiteral("-t"), QStringLiteral("-f"), QStringLiteral("/etc/apache2/apache2.conf")};
    if (!define.isEmpty())
        arguments << QStringLiteral("-D") << QString::fromLatin1(define);
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(QStringLiteral("/usr/sbin/apache2"), arguments);
    process.waitForFinished(20000);
    return process.readAll() + "status " + QByteArray::number(process.exitCode());
}

QByteArray Apache::log()
{
    QFile file(QStringLiteral("/run/error.log"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return file.readAll().right(4000);
}

} // namespace proxytest
