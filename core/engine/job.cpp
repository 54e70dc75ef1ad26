#include "engine/job.h"

namespace sixgate
{

void Job::say(const QString &text) const
{
    if (sinks.activity)
        sinks.activity(text);
}

void Job::step(const QString &changeId, StepState how, const QString &text) const
{
    if (sinks.step)
        sinks.step(changeId, how, text);
}

Outcome Job::failed(const Change &change, const Error &error) const
{
    step(change.id, StepState::Failed, error.summary);
    return tl::unexpected<Error>(error);
}

Outcome Job::save(SiteState next)
{
    if (auto saved = saveState(site.name, next); !saved)
        return saved;
    state = std::move(next);
    return {};
}

Deadline Job::budget(std::chrono::milliseconds fixed, std::size_t things)
{
    return Deadline::after(fixed + std::chrono::milliseconds(20) * static_cast<std::int64_t>(things));
}

} // namespace sixgate
