#pragma once

#include "model/keepersnapshot.h"
#include "model/names.h"
#include "model/result.h"

#include <functional>
#include <memory>

namespace sixgate
{

/// Lets other programs of the same user (and root) see a keeper, over a Unix socket of mode 0600; has one thread of its
/// own. A client that does not read, says nonsense or says nothing for a minute is dropped; at most 32 at once, the one
/// that was quiet longest makes room.
class KeeperServer
{
public:
    /// Called on the server's thread; must not block.
    using Heard = std::function<void(KeeperIntent)>;

    /// Listens. Only one that holds the keeper's lock may call it: a socket that is left over is replaced. Unavailable
    /// where the socket cannot be made.
    static Result<std::unique_ptr<KeeperServer>> listen(const Label &site, Heard heard);
    /// Ends the thread and removes the socket.
    ~KeeperServer();

    /// Shows a new snapshot to those who follow; any thread, returns at once. More than ten a second become fewer: the
    /// latest is shown.
    void show(SharedSnapshot snapshot);
    const QString &path() const;

private:
    class Private;
    explicit KeeperServer(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace sixgate
