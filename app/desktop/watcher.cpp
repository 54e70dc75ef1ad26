#include "desktop/watcher.h"

#include "keeping/host.h"
#include "storage/sitefile.h"
#include "transport/io.h"

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto lookAgain = 3s;

} // namespace

Watcher::Watcher(QString siteFile, QString secrets, std::function<void(const QString &)> log,
                 std::function<void(const QString &)> trouble)
    : m_thread([siteFile = std::move(siteFile), secrets = std::move(secrets), log = std::move(log),
                trouble = std::move(trouble)](const std::stop_token &stop) {
          QString said;
          const auto say = [&](const QString &text) {
              if (text == said)
                  return;
              if (!text.isEmpty())
                  log(text);
              trouble(text);
              said = text;
          };
          HostCalls calls;
          calls.log = [&log](int, const QString &text) { log(text); };
          do {
              const auto site = loadSite(siteFile);
              if (!site) {
                  say(site.error().summary);
                  continue;
              }
              const auto store = openSecretStore(secrets, site->name, stop);
              if (!store) {
                  say(store.error().summary);
                  continue;
              }
              calls.ready = [&say] { say(QString()); };
              const auto ended = hostKeeper(*site, **store, siteFile, calls, stop);
              if (!ended)
                  say(ended.error().summary);
          } while (pauseFor(lookAgain, stop));
      })
{
}

} // namespace sixgate
