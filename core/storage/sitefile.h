#pragma once

#include "model/site.h"
#include "storage/providerfile.h"

#include <QByteArray>

namespace sixgate
{

/// The site file: one JSON file, format in `resources/site/site.schema.json`, explained in
/// `resources/handbook/site.md`. All functions are safe on any thread.

/// Parses the text of a site file and checks that its parts fit together. Invalid: one sentence with the JSON path,
/// what is wrong, and an example of right; for a syntax error line and column instead of the path.
/// `shelf`: the definitions of providers; those that come with Sixgate where absent.
Result<Site> parseSite(const QByteArray &json, const ProviderShelf *shelf = nullptr);

/// The text of a site file: UTF-8, indented, keys always in the same order, values that are the default left out.
QByteArray siteJson(const Site &site);

/// Where a user's site file is, unless he names another one: `$XDG_CONFIG_HOME/sixgate/site.json` (XDG base directory
/// specification).
QString defaultSiteFile();

/// Reads and parses a file of at most 16 MiB, with the definitions of providers that lie beside it. NotFound, Denied or
/// Invalid.
Result<Site> loadSite(const QString &path);

/// Writes the file with mode 0600, complete or not at all: temporary file in the same folder, fsync, rename, fsync of
/// the folder. Where `path` is a symbolic link, the file it leads to is replaced and the link stays. Refuses a site
/// that `loadSite` would refuse.
Outcome saveSite(const QString &path, const Site &site);

/// Something that is allowed but deserves a word.
struct SiteWarning {
    QString path;    ///< JSON path
    QString summary; ///< one sentence
    QString fix;     ///< what to do; may be empty
};

/// Documentation names and addresses, times to live that are very short or long, terms of the certification authority
/// not agreed to, one TSIG key for two purposes, the example's host key. Pure.
std::vector<SiteWarning> siteWarnings(const Site &site);

/// A path as the user wrote it, with a leading `~/` replaced by the home folder.
QString expandHome(const QString &path);

} // namespace sixgate
