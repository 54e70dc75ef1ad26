#include "resources/resources.h"

#include <QDir>
#include <QFile>

namespace sixgate
{

QByteArray resource(QStringView path)
{
    QFile file(QStringLiteral(":/sixgate/") + path.toString());
    if (!file.open(QIODevice::ReadOnly))
        qFatal("Resource missing from the build: %s", qUtf8Printable(path.toString()));
    return file.readAll();
}

QStringList resourceNames(QStringView folder)
{
    return QDir(QStringLiteral(":/sixgate/") + folder.toString()).entryList(QDir::Files, QDir::Name);
}

} // namespace sixgate
