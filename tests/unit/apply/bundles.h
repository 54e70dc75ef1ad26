#pragma once

#include "apply/bundle.h"
#include "decide_deployment/sites.h"

#include <QProcess>

/// Changes for the tests of the bundle, and what a program says.
namespace bundles
{

using namespace sites;

inline const QByteArray someHash(64, 'a');

inline Change change(ChangeAction action, const QString &id = QStringLiteral("vps.x"))
{
    Change made;
    made.id = id;
    made.lane = Lane::Vps;
    made.action = std::move(action);
    return made;
}

inline QString path(const char *text)
{
    return QString::fromUtf8(text);
}

inline ActivateRelease activation(const char *release = "0123456789abcdef", const char *expected = "")
{
    return {path(release), path(expected)};
}

inline QByteArray output(const QString &program, const QStringList &arguments, const QByteArray &input = {})
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(program, arguments);
    process.write(input);
    process.closeWriteChannel();
    process.waitForFinished(30000);
    return process.readAll();
}

} // namespace bundles
