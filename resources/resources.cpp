#include "resources/resources.h"

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

} // namespace sixgate
