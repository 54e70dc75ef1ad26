#include "engine/pushline.h"

#include "engine/vpsaccess.h"
#include "transport/io.h"

#include <QFileInfo>

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <utility>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto keptTime = 4s;       // for an answer over the kept connection, before a new one is made
constexpr auto lastingAgain = 1min; // where the last try to have one over IPv4 failed
constexpr auto againPause = 100ms;
constexpr int mostAgain = 3;
constexpr const char *pushUser = "sixgate-push";

/// Two ways of asking; the first answer wins.
struct Race {
    std::mutex mutex;
    std::condition_variable changed;
    int running = 0;
    std::optional<PushAnswer> answer;
    std::optional<Error> error; ///< of the new connection, which says more than that of a dead one
    std::stop_source losers;
};

std::vector<IpAddress> onlyIpv4(const std::vector<IpAddress> &addresses)
{
    std::vector<IpAddress> ipv4;
    std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(ipv4),
                 [](const IpAddress &one) { return std::holds_alternative<Ipv4Address>(one); });
    return ipv4;
}

} // namespace

QString pushKeyFile(const QString &siteFile, const Label &site)
{
    // A service has it as a credential: it may not read the administrator's folders (systemd.exec, LoadCredential).
    const QString credential = qEnvironmentVariable("CREDENTIALS_DIRECTORY") + QStringLiteral("/push-key");
    if (credential.startsWith(QLatin1Char('/')) && QFileInfo::exists(credential) &&
        qEnvironmentVariableIsSet("CREDENTIALS_DIRECTORY"))
        return credential;
    return QFileInfo(siteFile).absolutePath() + QStringLiteral("/push_%1_ed25519").arg(site.text());
}

std::shared_ptr<SshSession> PushLine::kept()
{
    const std::lock_guard lock(m_mutex);
    return m_kept;
}

void PushLine::keep(std::shared_ptr<SshSession> session, bool lasting)
{
    const std::lock_guard lock(m_mutex);
    m_kept.swap(session);
    m_lasting = lasting;
}

void PushLine::forget()
{
    keep(nullptr, false);
}

void PushLine::makeLasting(const std::vector<IpAddress> &vpsAddresses, const Deadline &deadline, std::stop_token stop)
{
    const auto ipv4 = onlyIpv4(vpsAddresses);
    const auto now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(m_mutex);
        if ((m_kept && m_lasting) || ipv4.empty() || now < m_tryLasting)
            return;
        m_tryLasting = now + lastingAgain;
    }
    auto session = dial(ipv4, std::nullopt, deadline.sooner(keptTime), stop);
    if (!session)
        return;
    keep(std::move(*session), true);
    const std::lock_guard lock(m_mutex);
    m_tryLasting = {};
}

void PushLine::dialAhead(const std::vector<IpAddress> &vpsAddresses, const std::optional<Ipv6Address> &source,
                         const Deadline &deadline)
{
    const auto addresses = source ? vpsAddresses : onlyIpv4(vpsAddresses);
    std::optional<Ahead> before = takeAhead();
    if (addresses.empty())
        return;
    std::promise<Dialled> promise;
    Ahead ahead{source, promise.get_future().share(), {}};
    ahead.thread =
        std::jthread([this, addresses, source, deadline, promise = std::move(promise)](std::stop_token stop) mutable {
            promise.set_value(dial(addresses, source, deadline, stop));
        });
    const std::lock_guard lock(m_mutex);
    m_ahead.swap(before);
    m_ahead = std::move(ahead);
}

std::optional<PushLine::Ahead> PushLine::takeAhead()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_ahead, std::nullopt);
}

/// A login from `source`: the one that was begun before, if there is one, and else a new one.
PushLine::Dialled PushLine::dialFresh(const std::vector<IpAddress> &addresses, const std::optional<Ipv6Address> &source,
                                      const Deadline &deadline, std::stop_token stop)
{
    if (auto ahead = takeAhead(); ahead && (!ahead->source || source == ahead->source)) {
        while (!stop.stop_requested() && ahead->dialled.wait_for(10ms) != std::future_status::ready) {
        }
        if (stop.stop_requested())
            return fail(ErrorCode::Cancelled, QStringLiteral("Cancelled."));
        if (auto session = ahead->dialled.get())
            return session;
    }
    return dial(addresses, source, deadline, stop);
}

PushLine::Dialled PushLine::dial(const std::vector<IpAddress> &addresses, const std::optional<Ipv6Address> &source,
                                 const Deadline &deadline, std::stop_token stop) const
{
    const auto user = Login::parse(QString::fromLatin1(pushUser));
    SshTarget target{vpsLabel(m_vps), addresses, m_vps.sshPort, *user, m_keyFile, {}, hostKeyPins(m_vps), {}};
    target.source = source;
    auto session = SshSession::connect(target, deadline, stop);
    if (!session)
        return passOn(session);
    return std::shared_ptr<SshSession>(std::move(*session));
}

Result<PushAnswer> PushLine::ask(const PushRequest &request, const std::vector<IpAddress> &vpsAddresses, bool fresh,
                                 const std::optional<Ipv6Address> &source, const Deadline &deadline,
                                 std::stop_token stop)
{
    if (!fresh)
        makeLasting(vpsAddresses, deadline, stop);
    const auto before = kept();
    if (before && !fresh) {
        auto answer = push(*before, request, deadline.sooner(keptTime), stop);
        if (answer || answer.error().code == ErrorCode::Cancelled)
            return answer;
        // Dead, most likely: a new one tells more.
        forget();
    }
    Race race;
    const std::stop_callback passStop(stop, [&race] { race.losers.request_stop(); });
    const auto run = [&](bool anew) {
        Result<PushAnswer> answer = fail(ErrorCode::Cancelled, QStringLiteral("Cancelled."));
        if (anew) {
            auto session = dialFresh(vpsAddresses, source, deadline, race.losers.get_token());
            // sshd drops connections at random while many log in at once (MaxStartups): the next one may get through.
            for (int again = 0; again < mostAgain && !session && session.error().code == ErrorCode::Network; ++again) {
                if (!pauseFor(againPause, race.losers.get_token()))
                    break;
                session = dial(vpsAddresses, source, deadline, race.losers.get_token());
            }
            if (session) {
                answer = push(**session, request, deadline, race.losers.get_token());
                if (answer)
                    keep(std::move(*session), false);
            } else {
                answer = passOn(session);
            }
        } else {
            answer = push(*before, request, deadline, race.losers.get_token());
        }
        const std::lock_guard lock(race.mutex);
        --race.running;
        if (answer && !race.answer) {
            race.answer = std::move(*answer);
            race.losers.request_stop();
        } else if (!answer && (anew || !race.error)) {
            race.error = answer.error();
        }
        race.changed.notify_all();
    };
    {
        std::vector<std::jthread> runners;
        race.running = before && fresh ? 2 : 1;
        runners.emplace_back(run, true);
        if (before && fresh)
            runners.emplace_back(run, false);
        std::unique_lock lock(race.mutex);
        race.changed.wait(lock, [&] { return race.answer || race.running == 0; });
    }
    if (race.answer)
        return std::move(*race.answer);
    if (stop.stop_requested() || !race.error)
        return fail(ErrorCode::Cancelled, QStringLiteral("Cancelled."));
    return tl::unexpected<Error>(std::move(*race.error));
}

} // namespace sixgate
