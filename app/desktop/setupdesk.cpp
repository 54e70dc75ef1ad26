#include "desktop/setupdesk.h"

#include "decide/catalogue.h"
#include "decide/homesnippet.h"
#include "decide/setup.h"
#include "engine/setup.h"
#include "engine/vpskeys.h"
#include "resources/resources.h"
#include "running/localjobs.h"
#include "storage/files.h"
#include "storage/setupfile.h"
#include "storage/sitefile.h"

#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto secretTime = 30s; // a keychain may have to be unlocked

Label siteName()
{
    return *Label::parse(QStringLiteral("home"));
}

/// Passes all on, and writes the site file when the plan was agreed to.
class SavingTalk final : public JobTalk
{
public:
    SavingTalk(JobTalk &to, std::function<Outcome()> save) : m_to(to), m_save(std::move(save)) {}

    void activity(const QString &text) override { m_to.activity(text); }
    void planned(const Plan &plan, PlanPart part, const QString &nothing) override
    {
        m_to.planned(plan, part, nothing);
    }
    Outcome agree(const Plan &plan, const QString &warning, std::stop_token stop) override
    {
        auto agreed = m_to.agree(plan, warning, stop);
        return agreed ? m_save() : agreed;
    }
    Outcome confirmHostKey(const QString &machine, const PresentedHostKey &key, std::stop_token stop) override
    {
        return m_to.confirmHostKey(machine, key, stop);
    }
    void step(const QString &id, StepState state, const QString &text) override { m_to.step(id, state, text); }
    void path(const PathReport &path) override { m_to.path(path); }
    void remark(const QString &text, const QString &fix) override { m_to.remark(text, fix); }
    void applied(const Outcome &how) override { m_to.applied(how); }
    void checked(const CheckReport &report) override { m_to.checked(report); }

private:
    JobTalk &m_to;
    std::function<Outcome()> m_save;
};

Outcome keepSite(const QString &siteFile, const Site &site)
{
    if (auto made = makePrivateFolder(QFileInfo(siteFile).absolutePath()); !made)
        return made;
    return saveSite(siteFile, site);
}

/// The providers that the setup offers.
ProviderShelf offered(const QString &siteFile)
{
    ProviderShelf shelf = loadProviders(providerFolders(siteFile));
    // It is reached by DNS itself: the setup has it as its own choice.
    std::erase_if(shelf.providers, [](const auto &one) { return one.second.addresses == ProviderWay::Update; });
    return shelf;
}

/// The site that the answers describe, with what is in its file already and the setup does not ask.
Result<Site> setupWhole(const QString &siteFile, const SetupAnswers &answers)
{
    const auto described = setupSite(answers, offered(siteFile).providers);
    if (!described)
        return passOn(described);
    Site whole = *described;
    if (const auto before = loadSite(siteFile); before && setupAnswers(*before))
        whole = withRest(std::move(whole), *before);
    auto &pushKeys = whole.vps.front().pushKeys;
    const auto key = pushKeyThere(siteFile, whole.name);
    if (key && std::none_of(pushKeys.begin(), pushKeys.end(), [&](const PushKey &one) { return sameKey(one, *key); }))
        pushKeys.push_back(*key);
    // The same checks as for a file.
    const ProviderShelf shelf = loadProviders(providerFolders(siteFile));
    return parseSite(siteJson(whole), &shelf);
}

/// The answers become a site when the job runs: that reads files.
class SetupJobs final : public SiteJobs
{
public:
    SetupJobs(QString siteFile, SetupAnswers answers) : m_siteFile(std::move(siteFile)), m_answers(std::move(answers))
    {
    }

    Result<JobEnd> run(const JobOrder &order, JobTalk &talk, const JobStops &stops) override
    {
        auto site = setupWhole(m_siteFile, m_answers);
        if (!site)
            return passOn(site);
        const SitePlace place{m_siteFile, m_answers.secrets, std::move(*site)};
        const auto before = loadSite(m_siteFile);
        bool saved = false;
        SavingTalk saving(talk, [&]() -> Outcome {
            auto kept = keepSite(place.siteFile, *place.site);
            saved = kept.has_value();
            return kept;
        });
        auto end = LocalJobs(place).run(order, saving, stops);
        // What was taken back is not to be wanted any more: the keeper goes by the file.
        if (saved && before && (!end || end->error))
            (void)saveSite(m_siteFile, *before);
        return end;
    }

private:
    QString m_siteFile;
    SetupAnswers m_answers;
};

} // namespace

SetupDesk::SetupDesk(QString siteFile) : m_siteFile(std::move(siteFile)), m_shelf(offered(m_siteFile)) {}

bool SetupDesk::goesOnWith(const SetupAnswers &kept) const
{
    // What was begun and left is of before where the site was changed since: by "New VPS", for one.
    const QFileInfo site(m_siteFile), begun(setupFile(m_siteFile));
    return !site.exists() || (begun.lastModified() > site.lastModified() && kept.page < SetupPage::Apply);
}

SetupAnswers SetupDesk::completed(const SetupAnswers &answers) const
{
    return sixgate::completed(answers, providers());
}

std::vector<SetupGap> SetupDesk::gaps(const SetupAnswers &answers) const
{
    return setupGaps(answers, providers());
}

std::vector<SetupSecret> SetupDesk::secrets(const SetupAnswers &answers) const
{
    return setupSecrets(answers, providers());
}

std::vector<SetupRecord> SetupDesk::records(const SetupAnswers &answers, const std::optional<Ipv6Address> &server) const
{
    std::vector<IpAddress> vps;
    if (const auto site = setupSiteSoFar(answers, providers(), SetupPage::Names); site && !site->vps.empty())
        vps = site->vps.front().addresses;
    return setupRecords(answers, providers(), server, vps);
}

std::optional<Ipv6Address> SetupDesk::serverAddress(const SetupAnswers &answers, const SetupHome &home,
                                                    const std::vector<SetupServer> &servers) const
{
    if (answers.thisMachine)
        return home.own ? std::optional(*home.own) : std::nullopt;
    const QString entered = answers.interfaceId.trimmed();
    const auto id = enteredId(answers);
    // What a name leads to is known of the machines that were found.
    for (const SetupServer &one : servers) {
        if (!id && !one.addresses.empty() && !one.name.isEmpty() && one.name == entered)
            return one.addresses.front();
    }
    if (!id || !home.prefixes || home.prefixes->empty())
        return std::nullopt;
    const auto joined = home.prefixes->front().join(*id);
    return joined ? std::optional(*joined) : std::nullopt;
}

SetupRouterEntry SetupDesk::routerEntry(const SetupAnswers &answers, const std::optional<Ipv6Address> &server) const
{
    SetupRouterEntry entry;
    entry.address = server ? server->text() : QString();
    const auto id = enteredId(answers);
    if (id && !answers.thisMachine)
        entry.interfaceId = id->text();
    else
        entry.interfaceId = server ? InterfaceId::of(*server).text() : QString();
    entry.changes = !answers.thisMachine && !id;
    for (const SetupService &one : sixgate::completed(answers, providers()).services) {
        if (!entry.ports.contains(one.port.trimmed()))
            entry.ports << one.port.trimmed();
        // There the authority asks; the home hands it over to the VPS.
        if (one.challenge == Challenge::Http && !entry.ports.contains(QLatin1String("80")))
            entry.ports << QStringLiteral("80");
    }
    static const Catalogue catalogue =
        *Catalogue::parse(resource(u"conditions/catalogue.json"), resource(u"conditions/routers.json"));
    entry.guides =
        catalogue.guides(QStringLiteral("allow"),
                         {{QStringLiteral("identifier"), entry.interfaceId},
                          {QStringLiteral("address"), entry.address.isEmpty() ? entry.interfaceId : entry.address},
                          {QStringLiteral("port"), entry.ports.join(QStringLiteral(", "))}});
    return entry;
}

QString SetupDesk::privateFolder() const
{
    return QFileInfo(m_siteFile).absolutePath() + QStringLiteral("/secrets");
}

Result<SetupDesk::WithSecrets> SetupDesk::withSecrets(const SetupAnswers &answers, SetupPage upTo,
                                                      const std::stop_token &stop) const
{
    auto site = soFar(answers, upTo);
    if (!site)
        return passOn(site);
    auto store = openSecretStore(answers.secrets, siteName(), stop);
    if (!store)
        return passOn(store);
    return WithSecrets{std::move(*site), std::move(*store)};
}

Result<Site> SetupDesk::soFar(const SetupAnswers &answers, SetupPage upTo) const
{
    return setupSiteSoFar(answers, providers(), upTo);
}

Result<std::optional<SetupAnswers>> SetupDesk::load()
{
    return loadSetup(m_siteFile);
}

Outcome SetupDesk::save(const SetupAnswers &answers)
{
    return saveSetup(m_siteFile, answers);
}

Result<SetupHome> SetupDesk::home(std::stop_token stop)
{
    return lookAtSetupHome(std::move(stop));
}

Result<std::vector<SetupServer>> SetupDesk::servers(const std::function<void(const std::vector<SetupServer> &)> &told,
                                                    std::stop_token stop)
{
    return findServers(told, std::move(stop));
}

Result<std::set<QString>> SetupDesk::stored(const SetupAnswers &answers, std::stop_token stop)
{
    const auto store = openSecretStore(answers.secrets, siteName(), stop);
    if (!store)
        return passOn(store);
    std::set<QString> there;
    std::vector<QString> wanted{QStringLiteral("dns.main.key")};
    for (const SetupSecret &one : secrets(answers))
        wanted.push_back(one.name);
    // Each is asked for, since a keychain that is not there has names to tell, but no values.
    for (const QString &name : wanted) {
        const auto secret = (*store)->get(name, Deadline::after(secretTime), stop);
        if (secret)
            there.insert(name);
        else if (secret.error().code != ErrorCode::NotFound)
            return passOn(secret);
    }
    return there;
}

Outcome SetupDesk::store(const SetupAnswers &answers, const QString &name, const Secret &value, std::stop_token stop)
{
    if (answers.secrets.startsWith(QLatin1String("dir:"))) {
        if (auto made = makePrivateFolder(answers.secrets.mid(4)); !made)
            return made;
    }
    const auto store = openSecretStore(answers.secrets, siteName(), stop);
    if (!store)
        return passOn(store);
    return (*store)->set(name, value, Deadline::after(secretTime), stop);
}

Result<SetupTried> SetupDesk::tryAccount(const SetupAnswers &answers, std::stop_token stop)
{
    const auto known = withSecrets(answers, SetupPage::Names, stop);
    if (!known)
        return passOn(known);
    return sixgate::tryAccount(known->site, *known->secrets, stop);
}

Result<PresentedHostKey> SetupDesk::hostKey(const SetupAnswers &answers, std::stop_token stop)
{
    const auto site = soFar(answers, SetupPage::Vps);
    if (!site)
        return passOn(site);
    if (site->vps.front().addresses.empty())
        return presentedHostKey(*site, stop);
    return oneMachine(presentedHostKeys(site->vps.front(), std::move(stop)));
}

Result<QString> SetupDesk::bringKey(const SetupAnswers &answers, Secret password, std::stop_token stop)
{
    auto site = soFar(answers, SetupPage::Vps);
    if (!site)
        return passOn(site);
    return bringSshKey(*site, answers.keyFile.trimmed(), std::move(password), std::move(stop));
}

Result<SetupVpsLook> SetupDesk::vps(const SetupAnswers &answers, std::stop_token stop)
{
    const auto known = withSecrets(answers, SetupPage::Vps, stop);
    if (!known)
        return passOn(known);
    // By it the keeper of this computer leads the VPS to a new address; the review shows that it is let in.
    if (auto key = ownPushKey(m_siteFile, siteName(), stop); !key)
        return passOn(key);
    return lookAtSetupVps(known->site, *known->secrets, stop);
}

std::vector<SetupSnippet> SetupDesk::snippets(const SetupAnswers &answers) const
{
    std::vector<SetupSnippet> all;
    const auto site = soFar(answers, SetupPage::Vps);
    if (!site)
        return all;
    for (const HomeServerKind kind : allHomeServerKinds) {
        const auto snippet =
            homeSnippet(*site, kind, resource(QStringLiteral("home/%1.mustache").arg(homeServerKindName(kind))));
        if (snippet)
            all.push_back({homeServerKindName(kind), snippetText(*snippet)});
    }
    return all;
}

Result<std::vector<SetupWay>> SetupDesk::ways(const SetupAnswers &answers, std::stop_token stop)
{
    const auto site = soFar(answers, SetupPage::Vps);
    if (!site)
        return passOn(site);
    return lookAtWays(*site, std::move(stop));
}

Result<SetupCertificate> SetupDesk::certificate(const SetupAnswers &answers, std::stop_token stop)
{
    const auto site = soFar(answers, SetupPage::Vps);
    if (!site)
        return passOn(site);
    return lookAtCertificate(*site, std::move(stop));
}

Outcome SetupDesk::watchRouter(const SetupAnswers &answers, const std::function<void(const SetupOpen &)> &told,
                               std::stop_token stop)
{
    const auto known = withSecrets(answers, SetupPage::Vps, stop);
    if (!known)
        return passOn(known);
    return sixgate::watchRouter(known->site, *known->secrets, told, stop);
}

std::shared_ptr<SiteJobs> SetupDesk::jobs(const SetupAnswers &answers)
{
    return std::make_shared<SetupJobs>(m_siteFile, answers);
}

Outcome SetupDesk::keep(const SetupAnswers &answers)
{
    const auto site = setupWhole(m_siteFile, answers);
    if (!site)
        return passOn(site);
    if (const auto before = loadSite(m_siteFile); before && siteJson(*before) == siteJson(*site))
        return {};
    return keepSite(m_siteFile, *site);
}

} // namespace sixgate
