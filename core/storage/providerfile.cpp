#include "storage/providerfile.h"

#include "model/texts.h"
#include "resources/resources.h"
#include "storage/files.h"

#include <QDir>
#include <QFileInfo>

namespace sixgate
{

namespace
{

constexpr qsizetype mostFile = 256 * 1024;

Result<ProviderDefinition> readUserFile(const QString &path)
{
    const auto text = readIfThere(path, mostFile);
    if (!text)
        return passOn(text);
    if (!*text)
        return fail(ErrorCode::NotFound, Texts::tr("It is no longer there."));
    auto provider = parseProvider(**text);
    if (provider && provider->name.text() != QFileInfo(path).completeBaseName())
        return fail(ErrorCode::Invalid,
                    Texts::tr("name: the file defines %1 and must be called %1.json.").arg(provider->name.text()), {},
                    Texts::tr("Rename the file, or change its \"name\"."));
    return provider;
}

} // namespace

ProviderShelf loadProviders(const QStringList &folders)
{
    ProviderShelf shelf;
    for (const QString &file : resourceNames(u"providers")) {
        if (!file.endsWith(QStringLiteral(".json")) || file.endsWith(QStringLiteral(".schema.json")))
            continue;
        auto provider = parseProvider(resource(QStringLiteral("providers/") + file));
        // A file of Sixgate's own that does not parse is a defect that the tests find.
        if (!provider)
            shelf.faults.push_back({file, provider.error()});
        else
            shelf.providers.insert_or_assign(provider->name, std::move(*provider));
    }
    for (const QString &folder : folders) {
        const QDir directory(folder);
        for (const QString &file : directory.entryList({QStringLiteral("*.json")}, QDir::Files, QDir::Name)) {
            const QString path = directory.filePath(file);
            auto provider = readUserFile(path);
            if (provider) {
                shelf.providers.insert_or_assign(provider->name, std::move(*provider));
                continue;
            }
            Error error = provider.error();
            error.summary = path + QStringLiteral(": ") + error.summary;
            if (error.fix.isEmpty())
                error.fix = Texts::tr("Correct the file, or remove it.");
            shelf.faults.push_back({path, std::move(error)});
        }
    }
    return shelf;
}

QStringList providerFolders(const QString &siteFile)
{
    const QString own = QFileInfo(siteFile).absoluteDir().filePath(QStringLiteral("providers"));
    // A keeper that systemd runs has its site file in a folder of systemd's.
    const QString ofMachine = QStringLiteral("/etc/sixgate/providers");
    return own == ofMachine ? QStringList{own} : QStringList{ofMachine, own};
}

} // namespace sixgate
