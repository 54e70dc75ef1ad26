#pragma once

#include "model/names.h"
#include "model/result.h"

#include <QLocalServer>
#include <QLockFile>

#include <optional>

namespace sixgate
{

/// One window for a user and a site: a second start raises the first one's. GUI thread.
class FirstOne : public QObject
{
    Q_OBJECT

public:
    explicit FirstOne(const QString &siteFile, QObject *parent = nullptr);
    /// False where another one runs; it was told to raise its window.
    bool claim();

Q_SIGNALS:
    void raised();

private:
    QString m_path;
    std::optional<QLockFile> m_lock;
    QLocalServer m_server;
};

} // namespace sixgate
