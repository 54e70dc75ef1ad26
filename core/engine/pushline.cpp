#include "engine/pushline.h"

#include "engine/vpsaccess.h"
#include "model/texts.h"
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
constexpr auto aheadStart = 150ms; // of those that were begun ahead, before one more is
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
    std::vector<Ahead> before; // ends without the lock
    const std::lock_guard lock(m_mutex);
    for (auto one = m_ahead.begin(); one != m_ahead.end();) {
        const bool failed = one->dialled.wait_for(0ms) == std::future_status::ready && !one->dialled.get().has_value();
        if (source && one->source == source && !failed)
            return;
        if (source && !one->source) {
            ++one;
            continue;
        }
        before.push_back(std::move(*one));
        one = m_ahead.erase(one);
    }
    if (addresses.empty())
        return;
    std::promise<Dialled> promise;
    Ahead ahead{source, promise.get_future().share(), {}};
    ahead.thread =
        std::jthread([this, addresses, source, deadline, promise = std::move(promise)](std::stop_token stop) mutable {
            promise.set_value(dial(addresses, source, deadline, stop));
        });
    m_ahead.push_back(std::move(ahead));
}

std::vector<PushLine::Ahead> PushLine::takeAhead(const std::optional<Ipv6Address> &source)
{
    std::vector<Ahead> all;
    {
        const std::lock_guard lock(m_mutex);
        all.swap(m_ahead);
    }
    std::erase_if(all, [&](const Ahead &one) { return one.source && one.source != source; });
    return all;
}

PushLine::Dialled PushLine::dial(const std::vector<IpAddress> &addresses, const std::optional<Ipv6Address> &source,
                                 const Deadline &deadline, std::stop_token stop) const
{
    const auto user = Login::parse(QString::fromLatin1(pushUser));
    SshTarget target{vpsLabel(m_vps), addresses, m_vps.sshPort, *user, m_keyFile, {}, hostKeyPins(m_vps), {}};
    target.source = source;
    auto session = SshSession::connect(target, deadline, stop);
    if (session)
        return std::shared_ptr<SshSession>(std::move(*session));
    Error error = session.error();
    // The account for pushes gets its keys from the site file, by apply.
    if (error.code == ErrorCode::Denied || error.code == ErrorCode::Invalid)
        error.fix = Texts::tr("See that the VPS has this machine's push key: sixgatectl vps push-key shows it; it "
                              "belongs into the site file of the machine that deploys, then: sixgatectl apply");
    return tl::unexpected<Error>(std::move(error));
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
        // Dead, most likely: a new one tells more. Another lane may have kept one meanwhile.
        const std::lock_guard lock(m_mutex);
        if (m_kept == before)
            m_kept.reset();
    }
    auto aheads = fresh ? takeAhead(source) : std::vector<Ahead>();
    Race race;
    const std::stop_callback passStop(stop, [&race] { race.losers.request_stop(); });
    const auto login = [&]() -> Dialled {
        // What was begun ahead is most likely done. One over IPv4 may be dead as well, where the carrier's NAT forgot
        // it just now: nobody waits for it.
        const bool likely =
            std::any_of(aheads.begin(), aheads.end(), [](const Ahead &one) { return one.source.has_value(); });
        if (likely && !pauseFor(aheadStart, race.losers.get_token()))
            return fail(ErrorCode::Cancelled, Texts::tr("Cancelled."));
        auto session = dial(vpsAddresses, source, deadline, race.losers.get_token());
        // sshd drops connections at random while many log in at once (MaxStartups): the next one may get through.
        for (int again = 0; again < mostAgain && !session && session.error().code == ErrorCode::Network; ++again) {
            if (!pauseFor(againPause, race.losers.get_token()))
                break;
            session = dial(vpsAddresses, source, deadline, race.losers.get_token());
        }
        return session;
    };
    const auto begun = [&](const Ahead &ahead) -> Dialled {
        while (ahead.dialled.wait_for(10ms) != std::future_status::ready) {
            if (race.losers.get_token().stop_requested())
                return fail(ErrorCode::Cancelled, Texts::tr("Cancelled."));
        }
        return ahead.dialled.get();
    };
    enum class Kind { New, Early, Kept };
    const auto run = [&](Kind kind, const Ahead *ahead) {
        const Dialled session = kind == Kind::New ? login() : kind == Kind::Early ? begun(*ahead) : Dialled(before);
        Result<PushAnswer> answer = fail(ErrorCode::Cancelled, Texts::tr("Cancelled."));
        if (session)
            answer = push(**session, request, deadline, race.losers.get_token());
        else
            answer = passOn(session);
        const std::lock_guard lock(race.mutex);
        --race.running;
        if (answer && !race.answer) {
            race.answer = std::move(*answer);
            if (kind != Kind::Kept)
                keep(*session, kind == Kind::Early && !ahead->source);
            race.losers.request_stop();
        } else if (!answer && (kind == Kind::New || !race.error)) {
            race.error = answer.error();
        }
        race.changed.notify_all();
    };
    {
        std::vector<std::jthread> runners;
        const bool useKept = before && fresh;
        race.running = 1 + int(aheads.size()) + (useKept ? 1 : 0);
        runners.emplace_back(run, Kind::New, nullptr);
        for (const Ahead &one : aheads)
            runners.emplace_back(run, Kind::Early, &one);
        if (useKept)
            runners.emplace_back(run, Kind::Kept, nullptr);
        std::unique_lock lock(race.mutex);
        race.changed.wait(lock, [&] { return race.answer || race.running == 0; });
    }
    if (race.answer)
        return std::move(*race.answer);
    if (stop.stop_requested() || !race.error)
        return fail(ErrorCode::Cancelled, Texts::tr("Cancelled."));
    return tl::unexpected<Error>(std::move(*race.error));
}

} // namespace sixgate
