#pragma once

#include "daemons.h"

#include "engine/homerecords.h"
#include "model/plan.h"
#include "testserver.h"

#include <map>
#include <mutex>

namespace sixgate::test
{

/// The secret of all names: the zone's key.
class OneKey final : public SecretStore
{
public:
    Result<Secret> get(const QString &, const Deadline &, std::stop_token) override;
    Outcome set(const QString &, const Secret &, const Deadline &, std::stop_token) override { return {}; }
    Result<std::vector<QString>> list() override { return std::vector<QString>(); }
    Outcome remove(const QString &, const Deadline &, std::stop_token) override { return {}; }
    QString place() const override { return QStringLiteral("a test"); }
};

/// The zone example.org on a name server of the test's own, in its network; and two ways to write it.
std::unique_ptr<Daemon> startZone();
/// One server, one service: www.example.org (an alias of far, and that of dyn), upstream home6.example.org.
Site site();
/// The home is proven at `home`; empty: it does not answer.
Observation seen(const char *home = "2001:db8:1::11");
/// From one value to another; empty: absent.
Change changeOf(const char *name, const char *from, const char *to, RecordType type = RecordType::AAAA);
/// What the zone has.
QString at(const char *name, RecordType type);
/// Somebody else sets the record, whatever it holds; an empty value deletes it.
void setRecord(const char *name, RecordType type, const char *value);
/// n1 to n5 are gone.
void emptyZone();
QString whyOf(const HomeRecords::Set &set, const char *record);

/// A provider of dyndns2: sets in the zone what it is told, unless it has another word for the name.
class Provider
{
public:
    explicit Provider(const Identity &identity);

    std::map<QString, QByteArray> words; ///< by name; "" for all
    std::vector<QString> take();         ///< the names that were asked for since
    std::vector<QString> takeCalls();    ///< the same as "name=address,address"

private:
    void serve(SSL *ssl);

    std::mutex m_mutex;
    std::vector<QString> m_asked, m_calls;
    Server m_server;
};

/// Five names at that provider, whose limits are these: n1 to n4 public, n5 the upstream name.
Site siteAtProvider(UpdateRules rules, LimitScope scope, std::optional<std::chrono::hours> refresh = {});
UpdateRules window(std::chrono::seconds span, int most);

} // namespace sixgate::test
