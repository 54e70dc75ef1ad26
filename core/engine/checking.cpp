#include "engine/checking.h"

#include "decide/diagnosis.h"
#include "decide/lookout.h"
#include "decide/memory.h"
#include "decide/records.h"
#include "engine/home.h"
#include "engine/ipv4.h"
#include "engine/lookout.h"
#include "model/texts.h"
#include "observe/home.h"
#include "observe/lan.h"
#include "observe/resolvers.h"
#include "observe/zone.h"
#include "resources/resources.h"
#include "storage/memory.h"
#include "transport/dns.h"

#include <QUrl>

#include <algorithm>
#include <future>
#include <mutex>
#include <utility>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto wholeTime = 7s; // and more with the number of names
constexpr auto zoneTime = 2500ms;
constexpr auto homeTime = 4000ms;
constexpr auto reachTime = 2500ms;
constexpr auto factsTime = 4000ms;
constexpr auto nameTime = 2500ms;
constexpr auto loginTime = 4000ms;
constexpr size_t mostIdentifiers = 4; // for each server
constexpr auto shortWait = 400ms;     // for the look around, before the VPS is asked

Port httpsPort()
{
    return *Port::fromNumber(443);
}

std::size_t namesOf(const Site &site)
{
    std::size_t names = 0;
    for (const Service &service : site.services)
        names += service.publicNames.size();
    return names;
}

/// libssh2 opens channels one after another: some round trips for each name.
Deadline checkBudget(const Site &site)
{
    return Job::budget(wholeTime, 25 * namesOf(site));
}

/// Somebody outside whom the user deals with anyway: the authority that issues the certificates.
std::vector<std::pair<IpAddress, Port>> authorityOf(const Vps &vps, const Deadline &deadline, std::stop_token stop)
{
    const QUrl url(vps.acme.directory.text());
    const auto host = Hostname::parse(url.host());
    const auto port = Port::fromNumber(url.port(443));
    if (!host || !port)
        return {};
    std::vector<std::pair<IpAddress, Port>> where;
    if (const auto found = resolveServer(*host, deadline, stop)) {
        for (const IpAddress &address : *found)
            where.emplace_back(address, *port);
    }
    return where;
}

bool answeredOver(const std::vector<Reach> &list, bool ipv6)
{
    return std::any_of(list.begin(), list.end(), [ipv6](const Reach &one) {
        return one.answered() && std::holds_alternative<Ipv6Address>(one.address) == ipv6;
    });
}

/// By service, name and number of the path.
std::vector<PathReport> pathsInOrder(const Site &site, std::vector<PathReport> paths,
                                     const std::vector<PathReport> &more)
{
    paths.insert(paths.end(), more.begin(), more.end());
    std::map<std::pair<Label, Hostname>, size_t> place;
    for (const Service &service : site.services) {
        for (const Hostname &name : service.publicNames)
            place.emplace(std::pair(service.name, name), place.size());
    }
    std::stable_sort(paths.begin(), paths.end(), [&](const PathReport &a, const PathReport &b) {
        const size_t first = place.at({a.service, a.publicName}), second = place.at({b.service, b.publicName});
        return first != second ? first < second : a.kind < b.kind;
    });
    return paths;
}

const Catalogue &catalogue()
{
    // Compiled in: damage is a defect of the build, which the tests find.
    static const Catalogue words =
        *Catalogue::parse(resource(u"conditions/catalogue.json"), resource(u"conditions/routers.json"));
    return words;
}

template <class Work>
auto begin(Work &&work)
{
    return std::async(std::launch::async, std::forward<Work>(work));
}

} // namespace

/// What goes on beside the paths.
struct Checking::Around {
    Deadline deadline;
    std::shared_future<ZoneSeen> zone;
    std::shared_future<std::vector<NameServerSeen>> nameServers;
    std::future<HomeSeen> home;
    std::future<std::map<Hostname, ResolverSeen>> resolvers;
    std::future<std::vector<Reach>> vps;
    std::future<std::vector<Reach>> outside;
    std::shared_future<std::vector<ServerLook>> looks;
    std::future<Verified> here;
    std::set<PathKind> hereKinds; ///< paths that need not wait for the VPS's login
    PathSink sink;
};

std::optional<Error> Checking::heldBack() const
{
    if (!m_monitor || mayTryLogin(m_seen.memory, m_seen.now))
        return std::nullopt;
    return Error{ErrorCode::Denied, Texts::tr("The VPS refused the last login; it is not tried again for a while."),
                 QStringLiteral("%1 UTC").arg(m_seen.memory.sshRefused.back().toUTC().toString(Qt::ISODate)),
                 Texts::tr("When it is mended: sixgatectl check")};
}

void Checking::connect(std::stop_token stop, Around &around)
{
    bool begun = false;
    const auto beginHere = [&](const std::vector<IpAddress> &addresses) {
        if (std::exchange(begun, true))
            return;
        around.vps = begin([&around, addresses, stop] {
            std::vector<std::pair<IpAddress, Port>> where;
            for (const IpAddress &address : addresses)
                where.emplace_back(address, httpsPort());
            return tryToReach(where, reachTime, around.deadline, stop);
        });
        around.here = begin([this, &around, vps = m_vps.seen(), keys = m_keysOfVps(), stop] {
            if (around.hereKinds.empty())
                return Verified();
            ZoneSeen zone = around.zone.get();
            fillZone(zone, around.nameServers.get());
            return verifyPaths(m_job.site, {zone, vps, keys, around.hereKinds, {}}, nullptr, Error(), around.sink,
                               around.deadline, stop);
        });
    };
    m_vps.connect(stop, {around.deadline.sooner(nameTime).left(), around.deadline.sooner(loginTime).left()},
                  m_seen.memory.vps, beginHere, heldBack());
    beginHere(m_vps.addresses());
}

ProbeQuestions Checking::moreQuestions(const std::vector<ServerLook> &looks) const
{
    ProbeQuestions more;
    for (const Service &service : m_job.site.services)
        more.lookUp.insert(service.upstreamName);
    // Others' machines over IPv6: whether the VPS gets out at all.
    for (const NameServerSeen &server : m_seen.nameServers) {
        if (std::holds_alternative<Ipv6Address>(server.address) && more.connect.size() < 2)
            more.connect.insert({server.address, *Port::fromNumber(53)});
    }
    for (const auto &[endpoint, wanted] : m_wantedTries) {
        const auto look = std::find_if(looks.begin(), looks.end(),
                                       [&](const ServerLook &one) { return one.server == wanted.server; });
        if (look == looks.end() || !look->address)
            continue;
        const Endpoint right{*look->address, wanted.port};
        // Only beside a question that is asked: the records lead there.
        const auto published = publishedFor(m_job.site, m_seen.seen.zone, wanted.server);
        if (std::find(published.begin(), published.end(), *look->address) != published.end())
            more.insteadOf.emplace(endpoint, right);
    }
    return more;
}

void Checking::takeAnswers(const Known<VpsAnswers> &answers, const ProbeQuestions &asked)
{
    if (!answers)
        return;
    for (const auto &[name, looked] : answers->lookedUp) {
        ResolverSeen seen;
        seen.resolver = looked.resolver;
        seen.bogus = looked.bogus;
        if (!looked.reason.isEmpty() || looked.bogus ||
            (looked.rcode != Rcode::NoError && looked.rcode != Rcode::NxDomain)) {
            seen.answer =
                fail(ErrorCode::Network,
                     Texts::tr("No answer for %1 (%2).")
                         .arg(name.ascii(), looked.reason.isEmpty() ? rcodeName(looked.rcode) : looked.reason));
        } else {
            RecordSet found{name, RecordType::AAAA, looked.ttl, {}};
            for (const Ipv6Address &address : looked.addresses)
                found.values.push_back(address.text());
            std::sort(found.values.begin(), found.values.end());
            seen.saysNone = found.values.empty();
            seen.answer = std::move(found);
        }
        m_seen.vpsAaaa.emplace(name, std::move(seen));
    }
    for (const auto &[endpoint, connected] : answers->connected) {
        const auto wanted = m_wantedTries.find(endpoint);
        if (wanted != m_wantedTries.end() && asked.insteadOf.contains(endpoint)) {
            IdentifierTry tried = wanted->second;
            tried.reason = connected.reason;
            m_seen.identifiers.push_back(std::move(tried));
        }
        if (asked.connect.contains(endpoint) && endpoint.second.number() == 53)
            m_seen.vpsOutside.push_back({endpoint.first, endpoint.second, connected.reason, connected.took});
    }
}

void Checking::tryMtu(const Deadline &deadline, std::stop_token stop)
{
    ProbeQuestions questions;
    for (const PathReport &path : m_seen.paths) {
        if ((path.kind != PathKind::V6 && path.kind != PathKind::Upstream) || path.failedStep != QLatin1String("tls") ||
            path.reason() != QLatin1String("TIMEOUT") || path.addresses.size() != 1 || questions.greet.size() >= 8)
            continue;
        const auto service = std::find_if(m_job.site.services.begin(), m_job.site.services.end(),
                                          [&](const Service &one) { return one.name == path.service; });
        const auto hello = clientHello(path.publicName);
        if (service != m_job.site.services.end() && hello)
            questions.greet.emplace(Endpoint{path.addresses.front(), service->port}, *hello);
    }
    if (questions.greet.empty() || !m_vps.session())
        return;
    const auto answers = askVps(*m_vps.session(), questions, deadline.sooner(2500ms), stop);
    if (!answers)
        return;
    for (const auto &[endpoint, greeted] : answers->greeted)
        m_seen.mtu.push_back({std::get<Ipv6Address>(endpoint.first), endpoint.second, greeted.reason.isEmpty()});
}

Result<CheckReport> Checking::run(const std::set<PathKind> &kinds, const PathSink &sink, bool freshFacts,
                                  std::stop_token stop)
{
    const auto start = Deadline::Clock::now();
    const Site &site = m_job.site;
    m_seen = Evidence{};
    m_wantedTries.clear();
    m_seen.now = QDateTime::currentDateTimeUtc();
    m_seen.memory = *loadMemory(site.name);

    const auto keys = recordKeysToObserve(site, {});
    std::mutex telling;
    const auto wanted = [&](PathKind kind) { return kinds.empty() || kinds.contains(kind); };
    std::set<Hostname> publicNames;
    for (const Service &service : site.services)
        publicNames.insert(service.publicNames.begin(), service.publicNames.end());
    const SiteMemory memory = m_seen.memory;
    const Known<LinkSeen> link = m_seen.link = readLinkFor(m_job.site.servers, Deadline::after(nameTime), stop);
    Around around{checkBudget(site), {}, {}, {}, {}, {}, {}, {}};
    around.sink = [&](const PathReport &path) {
        const std::lock_guard lock(telling);
        if (sink)
            sink(path);
    };
    if (wanted(PathKind::V4))
        around.hereKinds.insert(PathKind::V4);
    // Without the keys of the VPS's certificates nobody knows who answers.
    if (wanted(PathKind::Lan) && m_keysOfVps())
        around.hereKinds.insert(PathKind::Lan);
    around.zone = begin([&] { return observeZone(site, keys, Job::budget(zoneTime, keys.size()), stop); }).share();
    around.nameServers =
        begin([&] {
            return askNameServers(site, keys, memory.nameServers, Job::budget(zoneTime, keys.size()), stop);
        }).share();
    around.home = begin([&] { return lookAtHome(site, Deadline::after(homeTime), stop); });
    around.resolvers =
        begin([&] { return askResolvers(publicNames, Job::budget(zoneTime, publicNames.size()), stop); });
    if (m_seen.link)
        m_seen.mostAddresses = mostAddressesOf(*m_seen.link);
    m_seen.router = routerHardware();
    around.looks =
        begin([&, memory, link, router = m_seen.router] {
            ZoneSeen zone = around.zone.get();
            fillZone(zone, around.nameServers.get());
            return lookAtServers(site, link, zone, memory, mayBeAtHome(router, memory), around.deadline, stop);
        }).share();
    around.outside = begin([&] {
        auto reached = reachOf(around.nameServers.get());
        if (answeredOver(reached, true) && answeredOver(reached, false))
            return reached;
        const auto more =
            tryToReach(authorityOf(site.vps.front(), Deadline::after(1200ms), stop), 2000ms, around.deadline, stop);
        reached.insert(reached.end(), more.begin(), more.end());
        return reached;
    });

    connect(stop, around);
    if (freshFacts || !m_vps.seen().facts)
        m_vps.readFacts({}, false, stop, around.deadline.sooner(factsTime).left());

    m_seen.seen.zone = around.zone.get();
    m_seen.nameServers = around.nameServers.get();
    m_primary = m_seen.seen.zone;
    m_seen.notByPrimary = fillZone(m_seen.seen.zone, m_seen.nameServers);
    if (m_vps.session())
        around.looks.wait_for(shortWait);
    std::vector<ServerLook> looks;
    if (around.looks.wait_for(0s) == std::future_status::ready)
        looks = around.looks.get();
    for (IdentifierTry &one : identifiersToTry(site, link, memory, looks, mostIdentifiers)) {
        const Endpoint endpoint{one.address, one.port};
        m_wantedTries.emplace(endpoint, std::move(one));
    }
    std::set<PathKind> rest;
    for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan}) {
        if (wanted(kind) && !around.hereKinds.contains(kind))
            rest.insert(kind);
    }
    const VerifyInputs inputs{m_seen.seen.zone, m_vps.seen(), m_keysOfVps(), rest, moreQuestions(looks)};
    Verified verified;
    if (!rest.empty())
        verified = verifyPaths(site, inputs, m_vps.session(), m_vps.why(), around.sink, around.deadline, stop);
    const Verified here = around.here.get();
    verified.report.paths = pathsInOrder(site, std::move(verified.report.paths), here.report.paths);
    m_seen.paths = verified.report.paths;
    takeAnswers(verified.vps, inputs.more);
    tryMtu(around.deadline, stop);

    m_seen.servers = around.looks.get();
    m_seen.seen.home = around.home.get();
    m_seen.seen.vps = m_vps.seen();
    m_seen.hereAaaa = around.resolvers.get();
    m_seen.outside = around.outside.get();
    if (around.vps.valid())
        m_seen.vps = around.vps.get();
    m_seen.sshTries = m_vps.sshTries();
    if (!m_vps.session())
        m_seen.ssh = m_vps.why();
    if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, Texts::tr("Cancelled."));
    verified.report.at = m_seen.now;
    verified.report.took = std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - start);
    return std::move(verified.report);
}

void Checking::awaitRenewalTest(std::stop_token stop)
{
    auto ended = m_vps.awaitRenewalTest(stop);
    if (ended && m_seen.seen.vps.facts)
        m_seen.seen.vps.facts->renewalTest = std::move(*ended);
}

void Checking::diagnoseInto(CheckReport &report, std::stop_token stop)
{
    spreadLoops(report.paths);
    m_seen.paths = report.paths;
    if (const auto keys = m_keysOfVps())
        refuseForeignKeys(m_seen.seen.home, *keys);
    const auto &facts = m_seen.seen.vps.facts;
    if (facts && facts->clock.isValid())
        m_seen.clocks[QStringLiteral("the VPS")] = facts->clock;
    for (const PathReport &path : report.paths) {
        const auto service = std::find_if(m_job.site.services.begin(), m_job.site.services.end(),
                                          [&](const Service &one) { return one.name == path.service; });
        const HomeServer *server = service == m_job.site.services.end() ? nullptr : m_job.site.server(service->server);
        // A proxy passes the home's date on; and what this machine says to itself is no witness.
        if (server && path.http && path.http->date.isValid() && path.kind != PathKind::V4 &&
            !std::holds_alternative<AddressOfThisMachine>(server->address))
            m_seen.clocks[server->name.text()] = path.http->date;
    }
    askPublicIpv4(stop);
    remember();
    report.diagnosis = diagnose(m_job.site, m_seen, catalogue());
    judgePaths(report.paths, report.diagnosis);
}

/// Only where an A record leads elsewhere, and only services that the user agreed to.
void Checking::askPublicIpv4(std::stop_token stop)
{
    const bool odd = std::any_of(m_seen.paths.begin(), m_seen.paths.end(), [](const PathReport &path) {
        return path.kind == PathKind::V4 && path.failedStep == QLatin1String("dns") &&
               path.reason() == QLatin1String("not-vps");
    });
    if (!odd || m_job.site.echo.empty() || !mayBeAtHome(m_seen.router, m_seen.memory))
        return;
    const auto sight = lookAtIpv4(m_job.site, stop);
    if (!sight)
        return;
    for (const EchoSeen &echo : sight->echo) {
        if (echo.address)
            m_seen.publicIpv4 = *echo.address;
    }
}

void Checking::remember()
{
    bool home = false;
    for (const ServerSeen &server : m_seen.seen.home.servers)
        home = home || server.proven.has_value();
    const auto fold = [&](SiteMemory memory) {
        memory = noteRecords(std::move(memory), m_primary, m_job.state.managedRecords, m_seen.now);
        memory = noteAddresses(std::move(memory), m_seen.seen.home, m_seen.now);
        if (!heldBack())
            memory = noteSsh(std::move(memory), m_seen.ssh, m_seen.now);
        if (home && !m_seen.router.isEmpty())
            memory.router = m_seen.router;
        for (const ServerLook &look : m_seen.servers) {
            if (!look.mac.isEmpty() && look.failedStep.isEmpty() && look.address)
                memory.macs.insert_or_assign(look.server, look.mac);
        }
        memory = noteNameServers(std::move(memory), reachOf(m_seen.nameServers));
        if (const auto &vps = m_seen.seen.vps; vps.ipv4 && vps.ipv6 && !(vps.ipv4->empty() && vps.ipv6->empty()))
            memory.vps = m_vps.addresses();
        return memory;
    };
    m_seen.memory = fold(std::move(m_seen.memory));
    // What is remembered is a help for the next check, nothing that this one needs.
    (void)updateMemory(m_job.site.name, fold);
}

} // namespace sixgate
