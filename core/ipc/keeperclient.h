#pragma once

#include "ipc/keeperport.h"
#include "model/names.h"

#include <memory>

namespace sixgate
{

/// The keeper of a site in another process. NotFound where none runs for this user; any thread, one connection a call.
class RemoteKeeper : public KeeperPort
{
public:
    explicit RemoteKeeper(Label site) : m_site(std::move(site)) {}

    Result<SharedSnapshot> snapshot(const Deadline &deadline, std::stop_token stop) override;
    Outcome tell(KeeperIntent intent, const Deadline &deadline, std::stop_token stop) override;
    Outcome follow(const std::function<void(const SharedSnapshot &)> &told, std::stop_token stop) override;

private:
    Label m_site;
};

} // namespace sixgate
