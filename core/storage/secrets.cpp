#include "storage/secrets.h"

#include "model/texts.h"
#include "storage/secretstores.h"
#include "storage/sitefile.h"
#include "storage/state.h"

#include <algorithm>
#include <unistd.h>

namespace sixgate
{

Outcome checkSecretName(const QString &name)
{
    const auto plain = [](QChar c) { return (c >= u'a' && c <= u'z') || (c >= u'0' && c <= u'9'); };
    const bool good =
        !name.isEmpty() && name.size() <= 100 && plain(name.front()) &&
        std::all_of(name.begin(), name.end(), [&](QChar c) { return plain(c) || c == u'.' || c == u'-'; });
    if (!good)
        return fail(ErrorCode::Invalid,
                    Texts::tr("The name of a secret has lower-case letters, digits, dots and hyphens, for example "
                              "dns.main.key."));
    return {};
}

Outcome checkSecretValue(const QString &name, const Secret &value)
{
    if (value.isEmpty())
        return fail(ErrorCode::Invalid, Texts::tr("The secret %1 is empty.").arg(name));
    if (value.reveal().size() > LongestSecret)
        return fail(ErrorCode::Invalid,
                    Texts::tr("The secret %1 is longer than %2 octets.").arg(name).arg(LongestSecret));
    return {};
}

tl::unexpected<Error> failNoSecret(const QString &name, const QString &place)
{
    return fail(ErrorCode::NotFound, Texts::tr("There is no secret %1 in %2.").arg(name, place), {},
                Texts::tr("Store it with: sixgatectl secret set %1").arg(name));
}

Result<std::unique_ptr<SecretStore>> openSecretStore(const QString &choice, const Label &siteName, std::stop_token stop)
{
    if (choice == QLatin1String("keychain"))
        return makeKeychainStore(siteName, stateFolder(siteName) + QStringLiteral("/keychain-names.json"));
    if (choice == QLatin1String("stdin"))
        return makeStreamStore(STDIN_FILENO, stop);
    if (choice == QLatin1String("systemd")) {
        const QString folder = qEnvironmentVariable("CREDENTIALS_DIRECTORY");
        if (folder.isEmpty())
            return fail(ErrorCode::Unavailable,
                        Texts::tr("There are no systemd credentials here: CREDENTIALS_DIRECTORY is not set."), {},
                        Texts::tr("Start Sixgate by a unit with LoadCredential=, or use --secrets dir:FOLDER."));
        return makeDirectoryStore(folder, DirectoryKind::Systemd);
    }
    for (const char *kind : {"dir:", "file:"}) {
        const QLatin1String prefix(kind);
        if (!choice.startsWith(prefix) || choice.size() == prefix.size())
            continue;
        const QString path = expandHome(choice.mid(prefix.size()));
        return prefix == QLatin1String("dir:") ? makeDirectoryStore(path, DirectoryKind::Own) : makeFileStore(path);
    }
    return fail(ErrorCode::Invalid, Texts::tr("“%1” is no place for secrets: it is keychain, dir:FOLDER, file:FILE, "
                                              "systemd or stdin, for example --secrets dir:/etc/sixgate/secrets.")
                                        .arg(choice.left(60)));
}

} // namespace sixgate
