#include "keeping/host.h"

#include "engine/pushline.h"
#include "ipc/keeperserver.h"
#include "model/texts.h"
#include "storage/files.h"
#include "storage/providerfile.h"
#include "storage/sitefile.h"
#include "transport/io.h"

#include <atomic>
#include <mutex>
#include <thread>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto siteLook = 2s;
constexpr qsizetype mostSiteFile = 1 << 20;

/// Waits until the site file is another good one, e.g. since another machine may push; false where `stop` came first.
bool waitForAnotherSite(const QString &path, const QByteArray &used, const HostCalls &calls,
                        const std::stop_token &stop)
{
    QByteArray known = used, last = used;
    while (pauseFor(siteLook, stop)) {
        const auto text = readIfThere(path, mostSiteFile);
        if (!text || !*text || **text == known)
            continue;
        // Somebody may be in the middle of writing.
        if (**text != last) {
            last = **text;
            continue;
        }
        known = last;
        const ProviderShelf shelf = loadProviders(providerFolders(path));
        const auto site = parseSite(known, &shelf);
        if (site)
            return true;
        calls.log(4, Texts::tr("The site file has changed, and cannot be used: %1 The keeper goes on with what it had.")
                         .arg(site.error().summary));
    }
    return false;
}

} // namespace

Result<HostEnd> hostKeeper(const Site &site, SecretStore &secrets, const QString &siteFile, const HostCalls &calls,
                           std::stop_token stop)
{
    std::stop_source own;
    const std::stop_callback passStop(stop, [&own] { own.request_stop(); });
    const auto siteText = readIfThere(siteFile, mostSiteFile);
    std::unique_ptr<KeeperServer> server;
    std::mutex mutex;
    Keeper *told = nullptr;
    Keeper::Sinks sinks;
    sinks.log = calls.log;
    sinks.alive = calls.alive;
    sinks.snapshot = [&](const SharedSnapshot &snapshot) {
        if (server)
            server->show(snapshot);
        if (calls.snapshot)
            calls.snapshot(snapshot);
    };
    Keeper keeper(site, secrets, {pushKeyFile(siteFile, site.name)}, std::move(sinks));
    {
        const std::lock_guard lock(mutex);
        told = &keeper;
    }
    std::atomic<bool> again = false;
    const std::jthread watch([&](const std::stop_token &done) {
        if (!waitForAnotherSite(siteFile, siteText && *siteText ? **siteText : QByteArray(), calls, done))
            return;
        calls.log(5, Texts::tr("The site file has changed: the keeper begins anew with it."));
        again = true;
        own.request_stop();
    });
    const auto ready = [&]() -> Outcome {
        auto listened = KeeperServer::listen(site.name, [&](KeeperIntent intent) {
            const std::lock_guard lock(mutex);
            if (told)
                told->tell(intent);
        });
        if (!listened)
            return passOn(listened);
        server = std::move(*listened);
        server->show(keeper.snapshot());
        if (calls.ready)
            calls.ready();
        return {};
    };
    const auto ended = keeper.run(ready, own.get_token());
    {
        const std::lock_guard lock(mutex);
        told = nullptr;
    }
    if (!ended && !own.get_token().stop_requested())
        return passOn(ended);
    return again ? HostEnd::SiteChanged : HostEnd::Stopped;
}

} // namespace sixgate
