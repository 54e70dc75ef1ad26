#pragma once

#include "ipc/sitejobs.h"
#include "storage/sitefile.h"

#include <QFile>

#include <functional>
#include <memory>
#include <thread>

namespace sixgate::tests
{

/// The handbook's example.
inline std::shared_ptr<const Site> exampleSite()
{
    QFile file(QStringLiteral(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"));
    const auto site = file.open(QIODevice::ReadOnly) ? parseSite(file.readAll())
                                                     : Result<Site>(fail(ErrorCode::NotFound, file.errorString()));
    if (!site)
        qFatal("%s", qPrintable(site.error().summary));
    return std::make_shared<const Site>(*site);
}

/// What a job does that is agreed to and then works until it is stopped; its end takes `end`.
inline Result<JobEnd> workUntilStopped(JobTalk &talk, const JobStops &stops, std::chrono::milliseconds end = {})
{
    Plan plan;
    plan.changes.resize(1);
    talk.planned(plan, PlanPart::Main, {});
    if (auto agreed = talk.agree(plan, {}, stops.stop); !agreed)
        return passOn(agreed);
    while (!stops.stop.stop_requested())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(end);
    return fail(ErrorCode::Cancelled, QStringLiteral("Cancelled."));
}

/// A job that does what the test says.
class ScriptedJobs final : public SiteJobs
{
public:
    std::function<Result<JobEnd>(const JobOrder &, JobTalk &, const JobStops &)> script;

    Result<JobEnd> run(const JobOrder &order, JobTalk &talk, const JobStops &stops) override
    {
        return script(order, talk, stops);
    }
};

} // namespace sixgate::tests
