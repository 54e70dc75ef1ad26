#pragma once

#include "apply/records.h"
#include "decide/pace.h"
#include "model/providertalk.h"
#include "storage/keeping.h"
#include "storage/secrets.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

namespace sixgate
{

class ProviderClient;

/// Writes records into the accounts of a site, however each is reached: by RFC 2136, or by its provider's calls. Keeps
/// the keys that it has fetched, and connections. One thread at a time.
class DnsWriter
{
public:
    /// Both outlive it.
    DnsWriter(const Site &site, SecretStore &secrets);
    ~DnsWriter();

    /// Fetches what an account needs, once; nothing for one that is watched. Errors as of the store of secrets; Invalid
    /// where the account's URL is none.
    Outcome prepare(const DnsAccount &account, const std::stop_token &stop);

    struct Written {
        Result<RecordsApplied> done;
        /// What a provider said, for the account's pace; absent where it was not asked, and of RFC 2136.
        std::optional<ProviderAnswer> said;
        int requests = 0; ///< that the whole talk with the provider made
    };
    /// Makes the changes, those of one account at a provider in one talk; a result for each, in their order. What a
    /// provider took, but its name servers do not show yet, is done, and they are named in `stale`. Errors as of
    /// applyRecords(); Denied where the provider wants the user to act.
    std::vector<Written> write(const std::vector<SetRecords> &changes, const Deadline &deadline,
                               const std::stop_token &stop);

    /// What the provider took before, from whichever Sixgate: where its name servers need not show it yet, it counts as
    /// what stands when the other address of the name is changed.
    void noteTakenBefore(const RecordKey &key, const RecordPast &past, const QDateTime &now);

    /// The next prepare() fetches keys and credentials anew, and keeps what worked where that fails.
    void forget();

    /// How often the account takes updates, and what it counts as one: a record, a name, or all of the account.
    UpdateRules rules(const Label &account) const;
    PacedRecord unitOf(const SetRecords &change) const;
    /// As so many of them changes of one unit will count, as far as that is known before.
    int expected(const Label &account, const std::vector<SetRecords> &changes) const;
    /// A name of this account expires where it is not updated for so long; nothing: it does not, as far as is known.
    std::optional<std::chrono::hours> expiry(const Label &account) const;
    bool isProvider(const Label &account) const { return m_providers.contains(account); }
    /// accountStop() of an account of the site.
    QString stopOf(const std::map<PacedRecord, PaceState> &paces, const Label &account) const;

private:
    struct Provider;
    Outcome fetch(const DnsAccount &account, const std::stop_token &stop);
    Outcome fetchNew(const DnsAccount &account, const std::stop_token &stop);
    const DnsAccount *account(const Label &name) const;
    /// What a provider has taken so lately that its name servers need not show it yet.
    std::optional<std::vector<QString>> taken(const RecordKey &key, bool before = false) const;
    void writeByProvider(Provider &provider, const DnsAccount &account, const std::vector<SetRecords> &changes,
                         const std::vector<std::size_t> &mine, std::vector<std::optional<Written>> &written,
                         const Deadline &deadline, const std::stop_token &stop);

    const Site &m_site;
    SecretStore &m_secrets;
    std::map<Label, TsigKey> m_keys;
    std::set<Label> m_again; ///< accounts whose credentials are to be fetched anew
    std::map<Label, std::unique_ptr<Provider>> m_providers;
    std::map<Label, Error> m_unready;

    struct Taken {
        std::vector<QString> values;
        std::chrono::steady_clock::time_point at;
    };
    mutable std::mutex m_takenMutex; ///< talks with several providers run at once
    std::map<RecordKey, Taken> m_taken;
    std::map<RecordKey, Taken> m_takenBefore;
};

/// Whether the account took it (true) or is refused (false); nothing where it was not asked, where only this name is
/// refused, or where a limit or an outage is in the way.
/// `provider`: isProvider().
std::optional<bool> answerOf(const DnsWriter::Written &written, bool provider);

/// What came of it, for the account's pace. `provider`: isProvider().
UpdateOutcome outcomeOf(const DnsWriter::Written &written, const QString &value, bool provider);

} // namespace sixgate
