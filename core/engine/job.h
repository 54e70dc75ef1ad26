#pragma once

#include "engine/engine.h"

namespace sixgate
{

/// What all parts of one job share. One thread.
struct Job {
    Site site;
    SecretStore &secrets;
    Engine::Sinks sinks;
    SiteState state;

    /// One line about what is going on.
    void say(const QString &text) const;
    void step(const QString &changeId, StepState how, const QString &text = {}) const;
    /// Tells that the change failed, and passes the error on.
    Outcome failed(const Change &change, const Error &error) const;
    /// Makes `next` the state, on disk first.
    Outcome save(SiteState next);
    /// A budget of time that grows with what there is to look at: a fixed part and 20 ms for each of `things`.
    static Deadline budget(std::chrono::milliseconds fixed, std::size_t things);
};

} // namespace sixgate
