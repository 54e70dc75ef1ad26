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
std::vector<PathQuestion> pathQuestions(const Site &site)
{
    std::vector<PathQuestion> questions;
    for (const Service &service : site.services) {
        for (const Hostname &name : service.publicNames) {
            for (PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan})
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

CheckReport verifyPaths(const Site &site, const VerifyInputs &inputs, SshSession *session, const Error &noSession,
                        const PathSink &sink, const Deadline &deadline, std::stop_token stop)
{
    Ground ground{site, inputs, session, noSession, {}, deadline, stop};
    if (session) {
        ground.vps = std::async(std::launch::async, [&] {
                         return askVps(*session, vpsQuestions(site, inputs.zone), deadline, stop);
                     }).share();
    }
    const auto questions = pathQuestions(site);
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
    CheckReport check;
    for (auto &report : reports)
        check.paths.push_back(std::move(*report));
    return check;
}

} // namespace sixgate
