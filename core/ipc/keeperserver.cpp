#include "ipc/keeperserver.h"

#include "ipc/keeperport.h"
#include "ipc/keepertext.h"
#include "model/texts.h"
#include "storage/state.h"
#include "transport/fd.h"

#include <QDir>
#include <QFile>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto quietTime = 60s;
constexpr auto showPause = 100ms;
constexpr size_t mostClients = 32;
constexpr qsizetype mostAsk = 4096;

using Clock = std::chrono::steady_clock;

struct Client {
    Fd socket;
    QByteArray in;
    QByteArray out;
    bool follows = false;
    bool behind = false; ///< has not got the latest snapshot yet
    Clock::time_point active = Clock::now();
};

QString runtimeFolder()
{
    const QString given = qEnvironmentVariable("RUNTIME_DIRECTORY").section(QLatin1Char(':'), 0, 0);
    if (!given.isEmpty())
        return given;
    const QString xdg = qEnvironmentVariable("XDG_RUNTIME_DIR");
    return xdg.startsWith(QLatin1Char('/')) ? xdg + QStringLiteral("/sixgate") : QString();
}

QString socketIn(const QString &folder, const Label &site)
{
    return folder + QLatin1Char('/') + site.text() + QStringLiteral(".sock");
}

std::optional<sockaddr_un> unixAddress(const QString &path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const QByteArray name = QFile::encodeName(path);
    if (size_t(name.size()) >= sizeof address.sun_path)
        return std::nullopt;
    std::memcpy(address.sun_path, name.constData(), size_t(name.size()));
    return address;
}

tl::unexpected<Error> cannotListen(const QString &path, const char *call, int number)
{
    return fail(
        ErrorCode::Unavailable, Texts::tr("Other programs cannot be let to see the keeper."),
        QStringLiteral("%1: %2: %3").arg(path, QString::fromLatin1(call), QString::fromLocal8Bit(strerror(number))),
        Texts::tr("Let XDG_RUNTIME_DIR name a folder of yours with a short path."));
}

} // namespace

std::vector<QString> keeperSockets(const Label &site)
{
    std::vector<QString> all;
    if (const QString folder = runtimeFolder(); !folder.isEmpty())
        all.push_back(socketIn(folder, site));
    all.push_back(socketIn(stateFolder(site), site));
    all.push_back(socketIn(QStringLiteral("/run/sixgate"), site));
    return all;
}

class KeeperServer::Private
{
public:
    ~Private()
    {
        if (m_thread.joinable()) {
            m_thread.request_stop();
            wake();
            m_thread.join();
        }
        if (m_listening.valid())
            ::unlink(QFile::encodeName(m_path).constData());
    }

    Outcome open(const Label &site)
    {
        const QString runtime = runtimeFolder();
        const QString folder = runtime.isEmpty() ? stateFolder(site) : runtime;
        if (!QDir().mkpath(folder))
            return cannotListen(folder, "mkdir", errno);
        if (!runtime.isEmpty() && qEnvironmentVariableIsEmpty("RUNTIME_DIRECTORY"))
            ::chmod(QFile::encodeName(folder).constData(), 0700);
        m_path = socketIn(folder, site);
        const auto address = unixAddress(m_path);
        if (!address)
            return cannotListen(m_path, "bind", ENAMETOOLONG);
        m_listening = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        m_wake = Fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
        if (!m_listening.valid() || !m_wake.valid())
            return cannotListen(m_path, "socket", errno);
        ::unlink(address->sun_path);
        // Nobody may connect before its mode is right.
        const mode_t mask = ::umask(0177);
        const int bound = ::bind(m_listening.get(), reinterpret_cast<const sockaddr *>(&*address), sizeof *address);
        const int number = errno;
        ::umask(mask);
        if (bound != 0)
            return cannotListen(m_path, "bind", number);
        if (::listen(m_listening.get(), 16) != 0)
            return cannotListen(m_path, "listen", errno);
        return {};
    }

    void start()
    {
        m_thread = std::jthread([this](std::stop_token stop) { run(stop); });
    }

    void show(SharedSnapshot snapshot)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_latest = std::move(snapshot);
            ++m_number;
        }
        wake();
    }

    Heard m_heard;
    QString m_path;

private:
    void wake() const
    {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(m_wake.get(), &one, sizeof one);
    }

    SharedSnapshot latest()
    {
        const std::lock_guard lock(m_mutex);
        return m_latest;
    }

    void run(const std::stop_token &stop)
    {
        std::uint64_t shown = 0;
        auto lastShown = Clock::now() - showPause;
        while (!stop.stop_requested()) {
            std::uint64_t number = 0;
            {
                const std::lock_guard lock(m_mutex);
                number = m_number;
            }
            int wait = -1;
            if (!m_clients.empty())
                wait = 1000;
            if (number != shown) {
                const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - lastShown);
                if (since >= showPause) {
                    shown = number;
                    lastShown = Clock::now();
                    for (Client &one : m_clients)
                        one.behind = one.follows;
                } else if (!m_clients.empty()) {
                    wait = int((showPause - since).count());
                }
            }
            sendBehind();
            std::vector<pollfd> polled{{m_wake.get(), POLLIN, 0}, {m_listening.get(), POLLIN, 0}};
            for (const Client &one : m_clients)
                polled.push_back({one.socket.get(), short(one.out.isEmpty() ? POLLIN : POLLIN | POLLOUT), 0});
            if (::poll(polled.data(), polled.size(), wait) < 0 && errno != EINTR)
                return;
            std::uint64_t counted = 0;
            [[maybe_unused]] const auto got = ::read(m_wake.get(), &counted, sizeof counted);
            size_t i = 2;
            for (auto client = m_clients.begin(); client != m_clients.end(); ++i) {
                const short events = polled[i].revents;
                const bool idle = !client->follows && Clock::now() - client->active > quietTime;
                const bool stuck = !client->out.isEmpty() && Clock::now() - client->active > quietTime;
                if (idle || stuck || (events & POLLNVAL) ||
                    ((events & (POLLIN | POLLHUP | POLLERR)) && !take(*client)) ||
                    ((events & POLLOUT) && !give(*client)))
                    client = m_clients.erase(client);
                else
                    ++client;
            }
            if (polled[1].revents & POLLIN)
                accept();
        }
    }

    void accept()
    {
        Fd socket(::accept4(m_listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket.valid())
            return;
        if (m_clients.size() >= mostClients)
            m_clients.erase(std::min_element(m_clients.begin(), m_clients.end(),
                                             [](const Client &a, const Client &b) { return a.active < b.active; }));
        m_clients.emplace_back().socket = std::move(socket);
    }

    /// Those who follow and have read what they got before.
    void sendBehind()
    {
        const SharedSnapshot snapshot = latest();
        if (!snapshot)
            return;
        QByteArray line;
        for (Client &one : m_clients) {
            if (!one.behind || !one.out.isEmpty())
                continue;
            if (line.isEmpty())
                line = snapshotLine(*snapshot);
            one.behind = false;
            one.out = line;
            give(one);
        }
    }

    bool take(Client &client)
    {
        char buffer[4096];
        const auto got = ::read(client.socket.get(), buffer, sizeof buffer);
        if (got < 0)
            return errno == EAGAIN || errno == EINTR;
        if (got == 0)
            return false;
        client.active = Clock::now();
        client.in.append(buffer, got);
        qsizetype end = 0;
        while ((end = client.in.indexOf('\n')) >= 0) {
            const QByteArray line = client.in.left(end);
            client.in.remove(0, end + 1);
            answer(client, line);
        }
        return client.in.size() <= mostAsk && client.out.size() <= mostKeeperLine && give(client);
    }

    void answer(Client &client, const QByteArray &line)
    {
        const auto word = parseAsk(line);
        if (!word) {
            client.out += errorLine(word.error());
            return;
        }
        const SharedSnapshot snapshot = latest();
        if (*word == QLatin1String("snapshot") && snapshot) {
            client.out += snapshotLine(*snapshot);
            return;
        }
        if (*word == QLatin1String("follow")) {
            client.follows = true;
            client.behind = true;
            return;
        }
        for (const KeeperIntent intent : {KeeperIntent::Check, KeeperIntent::Pause, KeeperIntent::Resume}) {
            if (*word != keeperIntentName(intent))
                continue;
            m_heard(intent);
            client.out += heardLine(*word);
            return;
        }
        client.out += errorLine({ErrorCode::Refused, Texts::tr("The keeper does not know what that is."), {}, {}});
    }

    /// Writes what fits.
    static bool give(Client &client)
    {
        while (!client.out.isEmpty()) {
            const auto written =
                ::send(client.socket.get(), client.out.constData(), size_t(client.out.size()), MSG_NOSIGNAL);
            if (written < 0)
                return errno == EAGAIN || errno == EINTR;
            client.active = Clock::now();
            client.out.remove(0, written);
        }
        return true;
    }

    Fd m_listening;
    Fd m_wake;
    std::mutex m_mutex;
    SharedSnapshot m_latest;
    std::uint64_t m_number = 0;
    std::list<Client> m_clients;
    std::jthread m_thread;
};

KeeperServer::KeeperServer(std::unique_ptr<Private> own) : d(std::move(own)) {}
KeeperServer::~KeeperServer() = default;

Result<std::unique_ptr<KeeperServer>> KeeperServer::listen(const Label &site, Heard heard)
{
    auto own = std::make_unique<Private>();
    own->m_heard = std::move(heard);
    if (const auto opened = own->open(site); !opened)
        return passOn(opened);
    own->start();
    return std::unique_ptr<KeeperServer>(new KeeperServer(std::move(own)));
}

void KeeperServer::show(SharedSnapshot snapshot)
{
    d->show(std::move(snapshot));
}

const QString &KeeperServer::path() const
{
    return d->m_path;
}

} // namespace sixgate
