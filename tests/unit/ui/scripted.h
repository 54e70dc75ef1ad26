#pragma once

#include "ipc/sitejobs.h"

#include <functional>

namespace sixgate::tests
{

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
