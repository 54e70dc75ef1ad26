#pragma once

#include "ipc/setupport.h"
#include "storage/providerfile.h"
#include "storage/secrets.h"

namespace sixgate
{

/// The setup of the site whose file is to be `siteFile`, by this program's own engine.
class SetupDesk final : public SetupPort
{
public:
    explicit SetupDesk(QString siteFile);

    /// Whether answers that were kept are to be gone on with: they are not where the site is younger.
    bool goesOnWith(const SetupAnswers &kept) const;

    const Providers &providers() const override { return m_shelf.providers; }
    SetupAnswers completed(const SetupAnswers &answers) const override;
    std::vector<SetupGap> gaps(const SetupAnswers &answers) const override;
    std::vector<SetupSecret> secrets(const SetupAnswers &answers) const override;
    std::vector<SetupRecord> records(const SetupAnswers &answers,
                                     const std::optional<Ipv6Address> &server) const override;
    std::optional<Ipv6Address> serverAddress(const SetupAnswers &answers, const SetupHome &home,
                                             const std::vector<SetupServer> &servers) const override;
    SetupRouterEntry routerEntry(const SetupAnswers &answers, const std::optional<Ipv6Address> &server) const override;
    QString privateFolder() const override;

    Result<std::optional<SetupAnswers>> load() override;
    Outcome save(const SetupAnswers &answers) override;
    Result<SetupHome> home(std::stop_token stop) override;
    Result<std::vector<SetupServer>> servers(const std::function<void(const std::vector<SetupServer> &)> &told,
                                             std::stop_token stop) override;
    Result<std::set<QString>> stored(const SetupAnswers &answers, std::stop_token stop) override;
    Outcome store(const SetupAnswers &answers, const QString &name, const Secret &value, std::stop_token stop) override;
    Result<SetupTried> tryAccount(const SetupAnswers &answers, std::stop_token stop) override;
    Result<PresentedHostKey> hostKey(const SetupAnswers &answers, std::stop_token stop) override;
    Result<QString> bringKey(const SetupAnswers &answers, Secret password, std::stop_token stop) override;
    Result<SetupVpsLook> vps(const SetupAnswers &answers, std::stop_token stop) override;
    std::vector<SetupSnippet> snippets(const SetupAnswers &answers) const override;
    Result<std::vector<SetupWay>> ways(const SetupAnswers &answers, std::stop_token stop) override;
    Result<SetupCertificate> certificate(const SetupAnswers &answers, std::stop_token stop) override;
    Outcome watchRouter(const SetupAnswers &answers, const std::function<void(const SetupOpen &)> &told,
                        std::stop_token stop) override;
    std::shared_ptr<SiteJobs> jobs(const SetupAnswers &answers) override;
    Outcome keep(const SetupAnswers &answers) override;

private:
    /// The site as far as it is known up to a page, checked as a file would be.
    Result<Site> soFar(const SetupAnswers &answers, SetupPage upTo) const;
    struct WithSecrets {
        Site site;
        std::unique_ptr<SecretStore> secrets;
    };
    /// The site so far, and where its secrets are.
    Result<WithSecrets> withSecrets(const SetupAnswers &answers, SetupPage upTo, const std::stop_token &stop) const;

    QString m_siteFile;
    ProviderShelf m_shelf;
};

} // namespace sixgate
