#pragma once

#include "ctl/options.h"
#include "ctl/output.h"
#include "engine/engine.h"

#include <memory>
#include <stop_token>

namespace sixgate::ctl
{

/// What plan, apply and check begin with.
struct Begun {
    std::unique_ptr<SecretStore> secrets;
    std::unique_ptr<Engine> engine;
};

/// Why there is nothing to begin with, and the exit code for it.
struct NotBegun {
    Error error;
    int exit = Failed;
};

/// Reads the site file and opens the secrets.
tl::expected<Begun, NotBegun> begin(const Options &options, Output &output, Engine::Sinks sinks, std::stop_token stop);

/// Prints why, and gives the exit code.
int notBegun(Output &output, const NotBegun &why, const QString &command);

/// What goes on, and each path, on `output`.
Engine::Sinks sinksFor(Output &output);

} // namespace sixgate::ctl
