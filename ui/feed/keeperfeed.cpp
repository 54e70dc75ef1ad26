#include "ui/feed/keeperfeed.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto lookAgain = 1s;
constexpr auto tellTime = 3s;

/// False where the stop came.
bool rest(std::chrono::milliseconds span, const std::stop_token &stop)
{
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, span, [] { return false; });
    return !stop.stop_requested();
}

} // namespace

KeeperFeed::KeeperFeed(std::shared_ptr<KeeperPort> port, std::chrono::milliseconds pulse, QObject *parent)
    : QObject(parent), m_port(std::move(port))
{
    m_pulse.setInterval(pulse);
}

KeeperFeed::~KeeperFeed() = default;

void KeeperFeed::start()
{
    // Who follows hears nothing while nothing changes, nor from one that hangs.
    connect(&m_pulse, &QTimer::timeout, this, &KeeperFeed::ask);
    m_pulse.start();
    m_follower = std::jthread([this](const std::stop_token &stop) {
        const auto show = [this](const SharedSnapshot &snapshot) {
            QMetaObject::invokeMethod(
                this, [this, snapshot] { Q_EMIT came(snapshot); }, Qt::QueuedConnection);
        };
        do {
            const auto followed = m_port->follow(show, stop);
            if (stop.stop_requested())
                return;
            const QString why = followed ? QString() : followed.error().summary;
            QMetaObject::invokeMethod(
                this, [this, why] { Q_EMIT lost(why); }, Qt::QueuedConnection);
        } while (rest(lookAgain, stop));
    });
}

void KeeperFeed::ask()
{
    if (std::exchange(m_asks, true))
        return;
    m_asker = std::jthread([this](const std::stop_token &stop) {
        const auto snapshot = m_port->snapshot(Deadline::after(tellTime), stop);
        QMetaObject::invokeMethod(
            this,
            [this, snapshot] {
                m_asks = false;
                // One that is not there is lost(), which the follower tells.
                if (snapshot)
                    Q_EMIT came(*snapshot);
                else if (snapshot.error().code == ErrorCode::Timeout)
                    Q_EMIT silent();
            },
            Qt::QueuedConnection);
    });
}

void KeeperFeed::tell(KeeperIntent intent)
{
    // The former one has had its time: it ends at once.
    m_teller = std::jthread([this, intent](const std::stop_token &stop) {
        const auto told = m_port->tell(intent, Deadline::after(tellTime), stop);
        if (told || stop.stop_requested())
            return;
        QMetaObject::invokeMethod(
            this, [this, why = told.error().summary] { Q_EMIT unheard(why); }, Qt::QueuedConnection);
    });
}

} // namespace sixgate
