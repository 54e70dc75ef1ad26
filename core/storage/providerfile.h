#pragma once

#include "model/provider.h"

#include <QByteArray>
#include <QStringList>

#include <map>
#include <vector>

namespace sixgate
{

/// Definitions of DNS providers: one JSON file each, format in `resources/providers/provider.schema.json`, explained in
/// `resources/providers/README.md`. Any thread.

/// Parses the text of one file. Invalid: one sentence with the JSON path, what is wrong, and an example of right. A
/// definition that could lose a record is refused, e.g. one that sends each family alone and does not say that the
/// other one is kept.
Result<ProviderDefinition> parseProvider(const QByteArray &json);

/// A file that could not be used.
struct ProviderFault {
    QString file;
    Error error; ///< the summary begins with the file's path
};

struct ProviderShelf {
    std::map<Label, ProviderDefinition> providers;
    std::vector<ProviderFault> faults;
};

/// What comes with Sixgate, then the `*.json` of each folder, which need not exist: a file takes the place of a
/// definition of the same name. It is called as its provider: `strato.json`. Files of more than 256 KiB are refused.
ProviderShelf loadProviders(const QStringList &folders);

/// Where a user's own definitions lie: `providers` beside the site file.
QStringList providerFolders(const QString &siteFile);

} // namespace sixgate
