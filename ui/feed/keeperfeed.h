#pragma once

#include "ipc/keeperport.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <thread>

namespace sixgate
{

/// Brings a keeper's snapshots to the GUI thread, and intents to the keeper; waits for neither there.
class KeeperFeed : public QObject
{
    Q_OBJECT

public:
    /// `pulse`: how often a keeper that says nothing is asked whether it is there.
    explicit KeeperFeed(std::shared_ptr<KeeperPort> port, std::chrono::milliseconds pulse = std::chrono::minutes(1),
                        QObject *parent = nullptr);
    /// Waits for its threads, which end within milliseconds.
    ~KeeperFeed() override;

    void start();
    void tell(KeeperIntent intent);

Q_SIGNALS:
    /// Never null.
    void came(const sixgate::SharedSnapshot &snapshot);
    /// No keeper can be seen; it is looked for again each second.
    void lost(const QString &why);
    /// It was seen, and does not answer any more; came() follows once it does.
    void silent();
    /// What was asked of it did not reach it.
    void unheard(const QString &why);

private:
    void ask();

    std::shared_ptr<KeeperPort> m_port;
    QTimer m_pulse;
    bool m_asks = false;
    std::jthread m_follower;
    std::jthread m_asker;
    std::jthread m_teller;
};

} // namespace sixgate
