#pragma once

#include "ipc/sitejobs.h"
#include "model/secret.h"
#include "model/setup.h"

#include <functional>
#include <memory>
#include <set>
#include <stop_token>

namespace sixgate
{

/// What the setup wizard decides, finds out and keeps by. Thread-safe.
class SetupPort
{
public:
    virtual ~SetupPort() = default;

    // At once: pure decisions about the answers.

    virtual const Providers &providers() const = 0;
    /// With what follows from the other answers where the user left a field empty.
    virtual SetupAnswers completed(const SetupAnswers &answers) const = 0;
    virtual std::vector<SetupGap> gaps(const SetupAnswers &answers) const = 0;
    virtual std::vector<SetupSecret> secrets(const SetupAnswers &answers) const = 0;
    virtual std::vector<SetupRecord> records(const SetupAnswers &answers,
                                             const std::optional<Ipv6Address> &server) const = 0;
    /// Where the server is now, by the home's prefix.
    virtual std::optional<Ipv6Address> serverAddress(const SetupAnswers &answers, const SetupHome &home,
                                                     const std::vector<SetupServer> &servers) const = 0;
    virtual SetupRouterEntry routerEntry(const SetupAnswers &answers,
                                         const std::optional<Ipv6Address> &server) const = 0;
    /// Where secrets can be kept without a keychain: a folder that only this user can read.
    virtual QString privateFolder() const = 0;

    // What follows blocks, obeys its stop, and changes nothing but what it says.

    /// Nothing where no setup was begun before.
    virtual Result<std::optional<SetupAnswers>> load() = 0;
    virtual Outcome save(const SetupAnswers &answers) = 0;

    virtual Result<SetupHome> home(std::stop_token stop) = 0;
    /// `told`: what is found so far; on the calling thread.
    virtual Result<std::vector<SetupServer>> servers(const std::function<void(const std::vector<SetupServer> &)> &told,
                                                     std::stop_token stop) = 0;

    /// Names of the account's secrets that are kept already; Unavailable where the place is not there or locked.
    virtual Result<std::set<QString>> stored(const SetupAnswers &answers, std::stop_token stop) = 0;
    virtual Outcome store(const SetupAnswers &answers, const QString &name, const Secret &value,
                          std::stop_token stop) = 0;
    virtual Result<SetupTried> tryAccount(const SetupAnswers &answers, std::stop_token stop) = 0;

    virtual Result<PresentedHostKey> hostKey(const SetupAnswers &answers, std::stop_token stop) = 0;
    /// Makes a key where there is none, and brings it to the VPS with the password, which is kept nowhere. Gives the
    /// key's file. The one thing that is changed before the review is accepted, because the user asks for it.
    virtual Result<QString> bringKey(const SetupAnswers &answers, Secret password, std::stop_token stop) = 0;
    virtual Result<SetupVpsLook> vps(const SetupAnswers &answers, std::stop_token stop) = 0;

    /// Of each kind of web server, for who gets certificates by HTTP; empty where names are missing. Does not block.
    virtual std::vector<SetupSnippet> snippets(const SetupAnswers &answers) const = 0;
    virtual Result<std::vector<SetupWay>> ways(const SetupAnswers &answers, std::stop_token stop) = 0;
    virtual Result<SetupCertificate> certificate(const SetupAnswers &answers, std::stop_token stop) = 0;
    /// Until the stop; `told` on the calling thread.
    virtual Outcome watchRouter(const SetupAnswers &answers, const std::function<void(const SetupOpen &)> &told,
                                std::stop_token stop) = 0;

    /// The jobs of the site that the answers describe; its file is written as soon as the plan was agreed to. They fail
    /// as Invalid with the sentence of the first gap. Does not block.
    virtual std::shared_ptr<SiteJobs> jobs(const SetupAnswers &answers) = 0;
    /// Writes the file of that site where it is another one: for who agreed to a plan that has nothing in it.
    virtual Outcome keep(const SetupAnswers &answers) = 0;
};

} // namespace sixgate
