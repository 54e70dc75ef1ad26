#include "storage/sitefile.h"

#include "model/texts.h"
#include "storage/files.h"

#include <QDir>

#include <sys/stat.h>

namespace sixgate
{

namespace
{

constexpr qsizetype LongestSiteFile = 16 * 1024 * 1024;

} // namespace

QString defaultSiteFile()
{
    // Qt's standard paths need an application's name.
    const QString base = qEnvironmentVariable("XDG_CONFIG_HOME");
    return (base.startsWith(QLatin1Char('/')) ? base : QDir::homePath() + QStringLiteral("/.config")) +
           QStringLiteral("/sixgate/site.json");
}

QString expandHome(const QString &path)
{
    return path.startsWith(QLatin1String("~/")) ? QDir::homePath() + path.mid(1) : path;
}

Result<Site> loadSite(const QString &path)
{
    struct stat status;
    const auto file = openForReading(path, status);
    if (!file) {
        Error error = file.error();
        if (error.code == ErrorCode::NotFound) {
            error.summary = Texts::tr("There is no site file %1.").arg(path);
            error.fix = Texts::tr("Make one with: sixgatectl site new --site %1").arg(path);
        }
        return tl::unexpected<Error>(error);
    }
    const auto text = readAtMost(*file, path, LongestSiteFile);
    if (!text)
        return passOn(text);
    const ProviderShelf shelf = loadProviders(providerFolders(path));
    auto site = parseSite(*text, &shelf);
    if (!site) {
        Error error = site.error();
        error.detail = QStringLiteral("In %1.").arg(path);
        return tl::unexpected<Error>(error);
    }
    return site;
}

Outcome saveSite(const QString &path, const Site &site)
{
    const QByteArray text = siteJson(site);
    // A site built by a program may not fit together; the file must.
    const ProviderShelf shelf = loadProviders(providerFolders(path));
    if (const auto good = parseSite(text, &shelf); !good)
        return passOn(good);
    return writeAtomically(path, text);
}

} // namespace sixgate
