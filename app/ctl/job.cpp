#include "ctl/job.h"

#include "ctl/commands.h"
#include "ctl/input.h"

namespace sixgate::ctl
{

tl::expected<Begun, NotBegun> begin(const Options &options, Output &output, Engine::Sinks sinks, std::stop_token stop)
{
    const auto stopped = [](const Error &error) {
        return tl::unexpected<NotBegun>({error, error.code == ErrorCode::Invalid ? BadInput : Failed});
    };
    if (auto fits = noMoreWords(options, 1); !fits)
        return stopped(fits.error());
    auto site = siteOf(options);
    if (!site)
        return tl::unexpected<NotBegun>({site.error(), BadInput});
    auto store = openSecrets(options, site->name, output, stop);
    if (!store)
        return stopped(store.error());
    Begun begun;
    begun.secrets = std::move(*store);
    begun.engine = std::make_unique<Engine>(std::move(*site), *begun.secrets, std::move(sinks));
    return begun;
}

int notBegun(Output &output, const NotBegun &why, const QString &command)
{
    output.error(why.error, command);
    return why.exit;
}

Engine::Sinks sinksFor(Output &output)
{
    Engine::Sinks to;
    to.activity = [&output](const QString &text) { output.activity(text); };
    to.path = [&output](const PathReport &path) { output.print(output.path(path)); };
    return to;
}

} // namespace sixgate::ctl
