#pragma once

#include "ipc/keeperport.h"

#include <QObject>

#include <memory>
#include <thread>

namespace sixgate
{

/// Brings a keeper's snapshots to the GUI thread, and intents to the keeper; waits for neither there.
class KeeperFeed : public QObject
{
    Q_OBJECT

public:
    /// `port` outlives it, or is shared.
    explicit KeeperFeed(std::shared_ptr<KeeperPort> port, QObject *parent = nullptr);
    /// Waits for its threads, which end within milliseconds.
    ~KeeperFeed() override;

    void start();
    void tell(KeeperIntent intent);

Q_SIGNALS:
    /// Never null.
    void came(const sixgate::SharedSnapshot &snapshot);
    /// No keeper can be seen; it is looked for again each second.
    void lost(const QString &why);
    /// What was asked of it did not reach it.
    void unheard(const QString &why);

private:
    std::shared_ptr<KeeperPort> m_port;
    std::jthread m_follower;
    std::jthread m_teller;
};

} // namespace sixgate
