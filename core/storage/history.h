#pragma once

#include "model/names.h"
#include "model/recovery.h"

#include <memory>
#include <vector>

namespace sixgate
{

/// What happened to a site, for people to look back on: `<state folder>/history.sqlite`, mode 0600. Nothing depends on
/// it, so a damaged file is put aside as `history.sqlite.damaged` and begun anew.
///
/// Several programs may have it open and write at once. Any thread, one call at a time on one object; a call waits at
/// most 5 s for another program (Unavailable). A full disk or the like: Internal, and nothing of that call is kept.
class History
{
public:
    static constexpr int MostRecoveries = 5000;
    static constexpr int MostTransitions = 20000;

    /// Opens it, and makes it where it is not there; of an older Sixgate's the tables are brought up to date. Invalid
    /// where a newer Sixgate made it: it is left as it is.
    static Result<History> open(const Label &site);

    History(History &&) noexcept;
    History &operator=(History &&) noexcept;
    ~History();

    /// Gives the id, which is larger than those before it.
    Result<qint64> add(const Recovery &recovery);
    Result<qint64> add(const KeeperTransition &transition);
    /// Replaces the one with this id; NotFound where there is none (any more).
    Outcome update(const Recovery &recovery);
    /// Those that are open become superseded: for a keeper that begins, since the one before it was ended.
    Outcome supersedeOpen();

    /// At most `most`, newest first.
    Result<std::vector<Recovery>> recoveries(int most) const;
    Result<std::vector<KeeperTransition>> transitions(int most) const;

    /// Forgets the oldest beyond MostRecoveries and MostTransitions. `open` and every hundredth `add` do it by
    /// themselves.
    Outcome prune();

private:
    struct Database;
    explicit History(std::unique_ptr<Database> database);
    std::unique_ptr<Database> m_database;
};

} // namespace sixgate
