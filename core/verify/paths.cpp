#include "verify/paths.h"

#include "verify/fourpaths.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

namespace sixgate
{

namespace
{

constexpr size_t mostTasks = 32;

// In the order of the report.
std::vector<PathQuestion> pathQuestions(const Site &site, const std::set<PathKind> &kinds)
{
    std::vector<PathQuestion> questions;
    for (const Service &service : site.services) {
        for (const Hostname &name : service.publicNames) {
            for (PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan})
                if (kinds.empty() || kinds.contains(kind))
                    questions.push_back({service, site.server(service.server), name, kind});
        }
    }
    return questions;
}

} // namespace

ProbeQuestions vpsQuestions(const Site &site, const ZoneSeen &zone)
{
    ProbeQuestions questions;
    const auto connect = [&](const Hostname &name, Port port) {
        const auto addresses = knownIpv6(zone, name);
        for (const Ipv6Address &address : addresses)
            questions.connect.insert(Endpoint{address, port});
        return !addresses.empty();
    };
    for (const Service &service : site.services) {
        if (connect(service.upstreamName, service.port))
            questions.resolve.insert(service.upstreamName);
        for (const Hostname &name : service.publicNames)
            connect(name, service.port);
    }
    return questions;
}

Verified verifyPaths(const Site &site, const VerifyInputs &inputs, SshSession *session, const Error &noSession,
                     const PathSink &sink, const Deadline &deadline, std::stop_token stop)
{
    Ground ground{site, inputs, session, noSession, {}, deadline, stop};
    if (session) {
        ground.vps = std::async(std::launch::async, [&] {
                         ProbeQuestions all = vpsQuestions(site, inputs.zone);
                         ProbeQuestions more = inputs.more;
                         all.resolve.merge(more.resolve);
                         all.connect.merge(more.connect);
                         all.lookUp.merge(more.lookUp);
                         all.insteadOf.merge(more.insteadOf);
                         all.greet.merge(more.greet);
                         return askVps(*session, all, deadline, stop);
                     }).share();
    }
    const auto questions = pathQuestions(site, inputs.kinds);
    // Those that wait for the VPS's answers come last, so that they hold nobody up.
    std::vector<size_t> order(questions.size());
    for (size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::stable_partition(order.begin(), order.end(), [&](size_t i) {
        return questions[i].kind == PathKind::V4 || questions[i].kind == PathKind::Lan;
    });

    std::vector<std::optional<PathReport>> reports(questions.size());
    std::atomic<size_t> next{0};
    std::mutex telling;
    {
        std::vector<std::jthread> pool;
        for (size_t n = 0; n < std::min(mostTasks, questions.size()); ++n) {
            pool.emplace_back([&] {
                for (size_t at = next++; at < order.size(); at = next++) {
                    PathReport report = walkPath(ground, questions[order[at]]);
                    if (sink) {
                        const std::lock_guard lock(telling);
                        sink(report);
                    }
                    reports[order[at]] = std::move(report);
                }
            });
        }
    }
    Verified verified;
    for (auto &report : reports)
        verified.report.paths.push_back(std::move(*report));
    if (ground.vps.valid())
        verified.vps = ground.vps.get();
    return verified;
}

} // namespace sixgate
