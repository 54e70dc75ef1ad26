#include "engine/engine.h"

#include "apply/records.h"
#include "engine/home.h"
#include "observe/vps.h"
#include "observe/zone.h"
#include "resources/resources.h"
#include "storage/sitefile.h"
#include "storage/state.h"
#include "transport/ssh.h"
#include "transport/tls.h"
#include "verify/paths.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto lookTime = 20s;     // for the home, the zone, the VPS's name
constexpr auto connectTime = 25s;  // for the SSH connection
constexpr auto factsTime = 30s;    // for the VPS's facts
constexpr auto busyTime = 5min;    // for another run on the VPS to end
constexpr auto recordTime = 20s;   // for one record, with its read-back
constexpr auto deployTime = 20min; // packages and certificates take their time
constexpr auto checkTime = 30s;    // for the four paths
constexpr std::chrono::seconds longestWait = 130s;

tl::unexpected<Error> cancelled()
{
    return fail(ErrorCode::Cancelled, QStringLiteral("Cancelled."));
}

void pause(std::chrono::milliseconds span, std::stop_token stop)
{
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, span, [] { return false; });
}

/// certbot's plugin wants a literal: always the same one, or each run would rewrite the file.
Result<IpAddress> acmeServer(const DnsAccount &account, const Deadline &deadline, std::stop_token stop)
{
    auto addresses = resolveServer(account.server, deadline, stop);
    if (!addresses)
        return passOn(addresses);
    if (addresses->empty())
        return fail(ErrorCode::NotFound,
                    QStringLiteral("The DNS server %1 has no address.").arg(serverAddressText(account.server)));
    const bool sixth = std::any_of(addresses->begin(), addresses->end(),
                                   [](const IpAddress &one) { return std::holds_alternative<Ipv6Address>(one); });
    std::erase_if(*addresses,
                  [sixth](const IpAddress &one) { return std::holds_alternative<Ipv6Address>(one) != sixth; });
    return *std::min_element(addresses->begin(), addresses->end());
}

} // namespace

class Engine::Private
{
public:
    Private(Site wanted, SecretStore &store, Sinks told)
        : site(std::move(wanted)), secrets(store), sinks(std::move(told))
    {
    }

    void say(const QString &text) const
    {
        if (sinks.activity)
            sinks.activity(text);
    }

    // --- the VPS ---------------------------------------------------------------------------

    void lookUpVps(std::stop_token stop) { vps = observeVpsName(site, Deadline::after(lookTime), stop); }

    Secret passphrase(std::stop_token stop)
    {
        auto found = secrets.get(vpsPassphraseSecret(site.vps.front()), Deadline::after(lookTime), stop);
        return found ? std::move(*found) : Secret();
    }

    /// One connection for the whole job; a failure is remembered, so that the VPS is not asked again and again.
    void connect(Secret key, std::stop_token stop)
    {
        if (session || triedToConnect)
            return;
        triedToConnect = true;
        const Vps &one = site.vps.front();
        SshTarget target{one.host.ascii(), {},          one.sshPort, one.user, expandHome(one.keyFile),
                         std::move(key),   one.hostKeys};
        if (vps.ipv6)
            target.addresses.insert(target.addresses.end(), vps.ipv6->begin(), vps.ipv6->end());
        if (vps.ipv4)
            target.addresses.insert(target.addresses.end(), vps.ipv4->begin(), vps.ipv4->end());
        if (target.addresses.empty()) {
            noSession = !vps.ipv4 ? vps.ipv4.error()
                        : !vps.ipv6
                            ? vps.ipv6.error()
                            : Error{ErrorCode::NotFound,
                                    QStringLiteral("The VPS name %1 has no address.").arg(one.host.ascii()),
                                    {},
                                    QStringLiteral("Give it an A and an AAAA record with the VPS's addresses.")};
            return;
        }
        auto connected = SshSession::connect(std::move(target), Deadline::after(connectTime), stop);
        if (connected)
            session = std::move(*connected);
        else
            noSession = connected.error();
    }

    void readFacts(const VpsQuestions &questions, std::stop_token stop)
    {
        if (!session) {
            vps.facts = tl::unexpected<Error>(noSession);
            return;
        }
        say(QStringLiteral("Reading the facts of %1").arg(site.vps.front().host.ascii()));
        vps.facts = readVpsFacts(*session, questions, Deadline::after(factsTime), stop);
        // An apply that was killed here goes on there: wait for its end, or the plan would be made from a half-way
        // state.
        const Deadline patience = Deadline::after(busyTime);
        while (vps.facts && vps.facts->busy && !patience.passed() && !stop.stop_requested()) {
            say(QStringLiteral("Another run of Sixgate is at work on %1; waiting for its end")
                    .arg(site.vps.front().host.ascii()));
            pause(1s, stop);
            vps.facts = readVpsFacts(*session, questions, Deadline::after(factsTime), stop);
        }
    }

    // --- what the VPS should be ------------------------------------------------------------

    Result<WantedDeployment> render(const HomeSeen &home, std::stop_token stop)
    {
        DeploymentInputs inputs{{resource(u"proxy/apache-site.mustache"), resource(u"proxy/apache-base.conf"),
                                 resource(u"proxy/apache-entry.conf")},
                                {},
                                {}};
        for (const DnsAccount &account : site.dns) {
            const bool used = std::any_of(site.services.begin(), site.services.end(), [&](const Service &service) {
                return site.accountFor(service.publicNames.front()) == &account;
            });
            if (!used)
                continue;
            const auto key = secrets.get(dnsAcmeKeySecret(account), Deadline::after(lookTime), stop);
            if (!key)
                return passOn(key);
            const auto server = acmeServer(account, Deadline::after(lookTime), stop);
            if (!server)
                return passOn(server);
            auto credentials = acmeCredentials(account, *server, *key);
            if (!credentials)
                return passOn(credentials);
            inputs.acmeCredentials.emplace(account.name, std::move(*credentials));
        }
        for (const HomeServer &server : site.servers) {
            if (!server.pinnedKey)
                continue;
            if (const auto certificate = pinnedCertificate(server, home))
                inputs.pinnedCertificates.emplace(server.name, *certificate);
        }
        pinned = inputs.pinnedCertificates;
        return wantedDeployment(site, inputs);
    }

    /// As the server shows it; where it is off, the one with the pinned key that was remembered.
    std::optional<CertificateSeen> pinnedCertificate(const HomeServer &server, const HomeSeen &home) const
    {
        for (const ServerSeen &seen : home.servers) {
            if (seen.server == server.name && seen.certificate)
                return seen.certificate;
        }
        const auto remembered = state.pinnedCertificates.find(server.name);
        if (remembered == state.pinnedCertificates.end())
            return {};
        const auto certificate = parseCertificate(remembered->second);
        return certificate && certificate->key == *server.pinnedKey ? std::optional(*certificate) : std::nullopt;
    }

    Outcome rememberCertificates()
    {
        if (!deployment)
            return {};
        std::map<Label, QByteArray> certificates;
        for (const auto &[server, certificate] : pinned)
            certificates.emplace(server, certificate.pem);
        if (certificates == state.pinnedCertificates)
            return {};
        SiteState next = state;
        next.pinnedCertificates = std::move(certificates);
        return save(std::move(next));
    }

    static VpsQuestions questionsOf(const WantedDeployment &wanted)
    {
        VpsQuestions questions{wanted.packages, {}};
        for (const WantedFile &file : wanted.files)
            questions.files.push_back({file.path, file.sha256, file.secret});
        return questions;
    }

    // --- records ---------------------------------------------------------------------------

    Result<std::map<Label, TsigKey>> keysFor(const std::vector<Change> &changes, std::stop_token stop)
    {
        std::map<Label, TsigKey> keys;
        for (const Change &change : changes) {
            const auto *records = std::get_if<SetRecords>(&change.action);
            if (!records || keys.contains(records->account))
                continue;
            const auto account = std::find_if(site.dns.begin(), site.dns.end(),
                                              [&](const DnsAccount &one) { return one.name == records->account; });
            if (account == site.dns.end())
                return fail(
                    ErrorCode::Invalid,
                    QStringLiteral("There is no DNS account %1 in the site file.").arg(records->account.text()));
            auto secret = secrets.get(dnsKeySecret(*account), Deadline::after(lookTime), stop);
            if (!secret)
                return passOn(secret);
            keys.emplace(account->name, TsigKey{account->key.name, account->key.algorithm, std::move(*secret)});
        }
        return keys;
    }

    Outcome setRecords(const Change &change, const SetRecords &records, const std::map<Label, TsigKey> &keys,
                       std::stop_token stop)
    {
        step(change.id, StepState::Started, {});
        // Remembered before it is set: a run that is killed in between must not leave a record nobody owns.
        const auto before = state.managedRecords;
        auto with = managedAfter(site, before, {change});
        with.insert(with.end(), before.begin(), before.end());
        if (auto saved = remember(with); !saved)
            return failed(change, saved.error());
        auto done = applyRecords(records, site, keys, Deadline::after(recordTime), stop);
        const bool certain = done || done.error().code == ErrorCode::Refused ||
                             done.error().code == ErrorCode::Denied || done.error().code == ErrorCode::Moved;
        if (certain) {
            if (auto saved = remember(done ? managedAfter(site, before, {change}) : before); !saved)
                return failed(change, saved.error());
        }
        if (!done)
            return failed(change, done.error());
        oldTtl = std::max(oldTtl, records.expected.values.empty() ? records.wanted.ttl : records.expected.ttl);
        step(change.id, StepState::Done,
             done->stale.empty()
                 ? QString()
                 : QStringLiteral("%1 will follow by zone transfer.")
                       .arg(QStringList(done->stale.begin(), done->stale.end()).join(QStringLiteral(", "))));
        return {};
    }

    Outcome remember(std::vector<RecordKey> records)
    {
        SiteState next = state;
        next.managedRecords = std::move(records);
        return save(std::move(next));
    }

    Outcome save(SiteState next)
    {
        if (auto saved = saveState(site.name, next); !saved)
            return saved;
        state = std::move(next);
        return {};
    }

    void step(const QString &id, StepState how, const QString &text) const
    {
        if (sinks.step)
            sinks.step(id, how, text);
    }

    Outcome failed(const Change &change, const Error &error) const
    {
        step(change.id, StepState::Failed, error.summary);
        return tl::unexpected<Error>(error);
    }

    Site site;
    SecretStore &secrets;
    Sinks sinks;
    VpsSeen vps;
    std::unique_ptr<SshSession> session;
    bool triedToConnect = false;
    Error noSession{ErrorCode::NotFound, QStringLiteral("Not connected yet."), {}, {}};
    SiteState state;
    std::map<Label, CertificateSeen> pinned; ///< what the deployment was rendered with
    Known<WantedDeployment> deployment = fail(ErrorCode::NotFound, QStringLiteral("Not rendered."));
    std::chrono::seconds oldTtl{0}; ///< the longest one of the records that were changed
    bool deployed = false;
};

Engine::Engine(Site site, SecretStore &secrets, Sinks sinks)
    : d(std::make_unique<Private>(std::move(site), secrets, std::move(sinks)))
{
}

Engine::~Engine() = default;

const Site &Engine::site() const
{
    return d->site;
}

Result<HomeSeen> Engine::observeHome(std::stop_token stop)
{
    HomeSeen home = lookAtHome(d->site, Deadline::after(lookTime), stop);
    if (stop.stop_requested())
        return cancelled();
    return home;
}

Result<Observation> Engine::observe(PlanScope scope, std::stop_token stop)
{
    auto state = loadState(d->site.name);
    if (!state)
        return passOn(state);
    d->state = std::move(*state);
    // The store answers one call at a time: secrets are fetched on this thread.
    Secret passphrase = d->passphrase(stop);

    d->say(QStringLiteral("Looking at the home, the zone and the VPS"));
    auto home = std::async(std::launch::async, [&] { return lookAtHome(d->site, Deadline::after(lookTime), stop); });
    auto zone = std::async(std::launch::async, [&] {
        if (scope == PlanScope::Vps)
            return ZoneSeen();
        return observeZone(d->site, recordKeysToObserve(d->site, d->state.managedRecords), Deadline::after(lookTime),
                           stop);
    });
    d->lookUpVps(stop);
    d->connect(std::move(passphrase), stop);

    Observation seen;
    seen.home = home.get();
    seen.zone = zone.get();
    VpsQuestions questions;
    if (scope != PlanScope::Dns) {
        d->deployment = d->render(seen.home, stop);
        if (d->deployment)
            questions = Private::questionsOf(*d->deployment);
    }
    d->readFacts(questions, stop);
    seen.vps = d->vps;
    refuseForeignKeys(seen.home, vpsKeys(seen.vps));
    if (stop.stop_requested())
        return cancelled();
    return seen;
}

Plan Engine::plan(const Observation &seen, PlanScope scope) const
{
    return makePlan(d->site, seen, {scope, d->state.managedRecords, d->deployment});
}

Outcome Engine::apply(const Plan &plan, std::stop_token stop)
{
    const auto keys = d->keysFor(plan.changes, stop);
    if (!keys)
        return passOn(keys);
    if (auto saved = d->rememberCertificates(); !saved)
        return saved;
    bool vpsDone = false;
    for (const Change &change : plan.changes) {
        // Beyond the VPS's swap the job is finished: half of it would leave visitors nowhere.
        if (stop.stop_requested() && !d->deployed)
            return cancelled();
        if (d->deployed)
            stop = {};
        if (const auto *records = std::get_if<SetRecords>(&change.action)) {
            if (auto done = d->setRecords(change, *records, *keys, stop); !done)
                return done;
        } else if (!vpsDone) {
            vpsDone = true;
            if (!d->session)
                return tl::unexpected<Error>(d->noSession);
            if (auto done = deploy(*d->session, plan.changes, d->sinks.step, Deadline::after(deployTime), stop); !done)
                return done;
            d->deployed = true;
        }
    }
    return {};
}

Result<CheckReport> Engine::check(std::stop_token stop)
{
    if (!d->triedToConnect) {
        Secret passphrase = d->passphrase(stop);
        d->say(QStringLiteral("Connecting to %1").arg(d->site.vps.front().host.ascii()));
        d->lookUpVps(stop);
        d->connect(std::move(passphrase), stop);
    }
    // After a deployment there may be certificates that the facts of before do not know.
    if (!d->vps.facts || d->deployed)
        d->readFacts({}, stop);

    const bool mayHeal = d->oldTtl > 0s || d->deployed;
    const auto wait = std::min(d->oldTtl + 10s, longestWait);
    const Deadline until = Deadline::after(wait);
    bool told = false;
    while (!stop.stop_requested()) {
        if (!told)
            d->say(QStringLiteral("Proving the four paths"));
        VerifyInputs inputs{observeZone(d->site, recordKeysToObserve(d->site, {}), Deadline::after(lookTime), stop),
                            d->vps, vpsKeys(d->vps)};
        // While a path may still heal, it is told only at the end.
        const PathSink sink = mayHeal ? PathSink() : d->sinks.path;
        auto report =
            verifyPaths(d->site, inputs, d->session.get(), d->noSession, sink, Deadline::after(checkTime), stop);
        if (stop.stop_requested())
            break;
        const bool broken = std::any_of(report.paths.begin(), report.paths.end(),
                                        [](const PathReport &path) { return path.state == PathState::Broken; });
        if (!mayHeal || !broken || until.passed()) {
            if (mayHeal && d->sinks.path) {
                for (const PathReport &path : report.paths)
                    d->sinks.path(path);
            }
            return report;
        }
        if (!told)
            d->say(QStringLiteral("Waiting until resolvers have forgotten the old records: at most %1 s")
                       .arg(std::chrono::duration_cast<std::chrono::seconds>(until.left()).count()));
        told = true;
        pause(1s, stop);
    }
    return cancelled();
}

} // namespace sixgate
