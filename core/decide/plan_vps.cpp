#include "decide/acmelimits.h"
#include "decide/acmetalk.h"
#include "decide/alarmsettings.h"
#include "decide/deployment.h"
#include "decide/firewall.h"
#include "decide/fitness.h"
#include "decide/push.h"
#include "model/texts.h"

#include <QCryptographicHash>

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr auto currentRelease = "/etc/sixgate/current/";
// certbot's renewals refer to the files here.
constexpr auto credentialsFolder = "/etc/sixgate/acme/";
// certbot renews 30 days before the end: a certificate this close to it did not renew by itself.
constexpr int daysLeftAtLeast = 7;

QString joined(const std::vector<QString> &list)
{
    return QStringList(list.begin(), list.end()).join(QStringLiteral(", "));
}

/// The records that make the VPS the name server of these names' challenges, as a zone file has them.
QString delegations(const std::vector<Hostname> &names, const Hostname &vps)
{
    QStringList all;
    for (const Hostname &name : names)
        all << QStringLiteral("\"_acme-challenge.%1. NS %2.\"").arg(name.ascii(), vps.ascii());
    return all.join(Texts::tr(" and "));
}

QString capitalised(QString text)
{
    if (!text.isEmpty())
        text[0] = text[0].toUpper();
    return text;
}

class Planner
{
public:
    Planner(const Site &site, const WantedDeployment &wanted, const VpsFacts &facts, std::vector<Withheld> &withheld)
        : m_site(site), m_wanted(wanted), m_facts(facts), m_withheld(withheld)
    {
        if (!site.vps.empty())
            m_host = site.vps.front().host.ascii();
    }

    std::vector<Change> plan()
    {
        packages();
        openFirewall();
        files();
        deletions(false);
        modules();
        certificates();
        warnOfSharedCredentials();
        enableSite();
        const size_t before = m_changes.size();
        takeAlarmAway();
        setUpPush();
        setUpAlarm();
        setUpRenewalTest();
        // What the old release needs goes when the new one has proven itself, and credentials after what needs them.
        forgetCertificates();
        deletions(true);
        activate(before);
        if (!m_changes.empty())
            judge();
        judgeNames();
        if (m_blocked)
            return {};
        return std::move(m_changes);
    }

private:
    void withhold(const QString &reason, const QString &fix, bool blocking = true)
    {
        m_withheld.push_back({m_host, reason, fix, blocking});
        m_blocked = m_blocked || blocking;
    }

    Change &add(const QString &id, Verb verb, const QString &object, const QString &sentence, ChangeAction action)
    {
        Change change;
        change.id = unique(id);
        change.lane = Lane::Vps;
        change.verb = verb;
        change.object = object;
        change.sentence = sentence;
        change.action = std::move(action);
        m_changes.push_back(std::move(change));
        return m_changes.back();
    }

    // Identifiers are of [a-z0-9.-]; paths read on the VPS may hold more.
    QString unique(QString id)
    {
        for (QChar &c : id) {
            c = c.toLower();
            const bool fits = (c >= QLatin1Char('a') && c <= QLatin1Char('z')) ||
                              (c >= QLatin1Char('0') && c <= QLatin1Char('9')) || c == QLatin1Char('.') ||
                              c == QLatin1Char('-');
            if (!fits)
                c = c == QLatin1Char('/') ? QLatin1Char('.') : QLatin1Char('-');
        }
        QString candidate = id;
        for (int i = 2; !m_ids.insert(candidate).second; ++i)
            candidate = id + QLatin1Char('.') + QString::number(i);
        return candidate;
    }

    static QString fileId(const QString &path)
    {
        for (const char *prefix : {currentRelease, "/etc/sixgate/", "/etc/"}) {
            if (path.startsWith(QLatin1String(prefix)))
                return QStringLiteral("vps.file.") + path.mid(qsizetype(qstrlen(prefix)));
        }
        return QStringLiteral("vps.file.") + path;
    }

    void packages()
    {
        std::vector<QString> missing;
        for (const QString &package : m_wanted.packages) {
            if (!m_facts.packages.count(package))
                missing.push_back(package);
        }
        m_installs = !missing.empty();
        if (!m_installs)
            return;
        Change &change = add(QStringLiteral("vps.packages"), Verb::Install, Texts::tr("Debian packages"),
                             Texts::tr("Install from Debian: %1.").arg(joined(missing)), InstallPackages{missing});
        change.newValue = joined(missing);
    }

    /// Visitors who come over IPv4 must get through the VPS's own firewall; so must the authority, where it comes to
    /// this machine: over IPv6 by what the home hands over, or with questions about delegated challenges.
    void openFirewall()
    {
        std::vector<Traffic> more;
        if (wantsCertificateBy(Challenge::Http) && m_facts.hasGlobalIpv6)
            more.push_back(Traffic::Challenges);
        if (wantsCertificateBy(Challenge::Delegated))
            more.push_back(Traffic::Questions);
        const FirewallVerdict verdict =
            judgeFirewall({m_facts.ufw, m_facts.nft, m_facts.outerInterface}, more, m_facts.hasGlobalIpv6);
        for (const ClosedPorts &one : verdict.closed) {
            const bool visitors = one.action.traffic == Traffic::Visitors;
            const QString ports = trafficText(one.action);
            Change &change = add(QStringLiteral("vps.firewall"), Verb::Open, QStringLiteral("firewall"),
                                 Texts::tr("Open the VPS's %1 in %2 for %3; \"vps remove\" closes %4 again.")
                                     .arg(ports, one.where,
                                          visitors ? Texts::tr("visitors") : Texts::tr("the certification authority"),
                                          one.action.ports.size() == 1 ? Texts::tr("it") : Texts::tr("them")),
                                 one.action);
            change.oldValue = QStringLiteral("closed");
            change.newValue = Texts::tr("%1 open").arg(ports);
        }
        for (const FirewallRemark &one : verdict.remarks) {
            if (one.certain)
                withhold(one.reason, one.fix, false);
            else
                m_perhaps.push_back(one);
        }
    }

    bool wantsCertificateBy(Challenge challenge) const
    {
        return std::any_of(m_wanted.certificates.begin(), m_wanted.certificates.end(),
                           [&](const WantedCertificate &one) { return one.challenge == challenge; });
    }

    void files()
    {
        // The credentials first, the release's manifest last: as certbot and the swap need them.
        for (const bool secret : {true, false}) {
            for (const WantedFile &file : m_wanted.files) {
                if (file.secret == secret)
                    writeFile(file);
            }
        }
    }

    void writeFile(const WantedFile &file)
    {
        const auto found = m_facts.files.find(file.path);
        const RemoteFile old = found == m_facts.files.end() ? RemoteFile() : found->second;
        const bool same = old.sha256 == file.sha256;
        if (same && old.mode == file.mode)
            return;
        const bool absent = old.sha256.isEmpty();
        const QString mode = QString::number(file.mode, 8);
        QString sentence = capitalised(file.purpose) + QLatin1Char('.');
        if (same)
            sentence =
                Texts::tr("Set the mode of %1 to %2 (is %3).").arg(file.path, mode, QString::number(old.mode, 8));
        Change &change = add(fileId(file.path), absent ? Verb::Create : Verb::Update, file.path, sentence,
                             WriteFile{file.path, file.mode, file.content, file.secret, old.sha256});
        change.oldHash = QString::fromLatin1(old.sha256);
        change.newValue = file.secret ? Texts::tr("(secret), mode %1").arg(mode)
                                      : Texts::tr("%1 bytes, mode %2").arg(file.content.size()).arg(mode);
        if (!absent)
            change.oldValue =
                file.secret ? QStringLiteral("(secret)") : Texts::tr("mode %1").arg(QString::number(old.mode, 8));
        if (m_facts.edited.count(file.path))
            change.sentence += editedRemark(file.secret);
        if (!file.secret && !same)
            change.diff = diffOf(file.path, old, file.content);
    }

    static QString editedRemark(bool secret)
    {
        const QString copy =
            Texts::tr(" It was edited on the VPS since; a copy of that stays in /var/lib/sixgate/edited there");
        return copy +
               (secret ? Texts::tr(", for root alone: it holds a secret, so it is not shown.") : QStringLiteral("."));
    }

    static QString diffOf(const QString &path, const RemoteFile &old, const QByteArray &content)
    {
        const bool unread = !old.sha256.isEmpty() && old.content.isEmpty() &&
                            old.sha256 != QCryptographicHash::hash({}, QCryptographicHash::Sha256).toHex();
        if (unread)
            return QStringLiteral("--- %1\n+++ %1\n(the old content is too long to show)\n").arg(path);
        return unifiedDiff(path, old.content, content);
    }

    void deletions(bool credentials)
    {
        std::set<QString> wanted;
        for (const WantedFile &file : m_wanted.files)
            wanted.insert(file.path);
        for (const auto &[path, old] : m_facts.files) {
            if (old.sha256.isEmpty() || wanted.count(path) ||
                path.startsWith(QLatin1String(credentialsFolder)) != credentials || renewsSomething(path))
                continue;
            Change &change = add(fileId(path), Verb::Delete, path,
                                 Texts::tr("Remove %1: nothing in the site needs it any more.").arg(path),
                                 DeleteFile{path, old.sha256});
            change.oldHash = QString::fromLatin1(old.sha256);
            change.oldValue = Texts::tr("mode %1").arg(QString::number(old.mode, 8));
            if (m_facts.edited.count(path))
                change.sentence += editedRemark(credentials);
            if (!old.content.isEmpty())
                change.diff = unifiedDiff(path, old.content, {});
        }
    }

    /// A certificate that stays is renewed by these credentials.
    bool renewsSomething(const QString &path) const
    {
        return std::any_of(m_facts.renewals.begin(), m_facts.renewals.end(), [&](const auto &one) {
            const QString &means = one.second.means;
            const bool uses =
                means == path || (path == acmeHookPath() && means.startsWith(QLatin1String(credentialsFolder)) &&
                                  means.endsWith(QLatin1String(".json")));
            return uses && !m_forgotten.count(one.first) && !m_obtained.count(one.first);
        });
    }

    void modules()
    {
        std::vector<QString> missing;
        for (const QString &module : m_wanted.modules) {
            if (!m_facts.apacheModules.count(module))
                missing.push_back(module);
        }
        if (missing.empty())
            return;
        Change &change = add(QStringLiteral("vps.modules"), Verb::Enable, Texts::tr("Apache modules"),
                             Texts::tr("Enable Apache's modules %1.").arg(joined(missing)), EnableModules{missing});
        change.newValue = joined(missing);
    }

    // Why the certificate has to be got; empty where it has not.
    QString whyObtain(const WantedCertificate &wanted) const
    {
        const auto found = m_facts.certificates.find(wanted.lineage);
        if (found == m_facts.certificates.end())
            return Texts::tr("there is none yet");
        std::set<QString> seen;
        for (const QString &name : found->second.names)
            seen.insert(name.toLower());
        std::set<QString> names;
        for (const Hostname &name : wanted.names)
            names.insert(name.ascii());
        if (seen != names)
            return Texts::tr("the one there is for %1").arg(joined({seen.begin(), seen.end()}));
        if (m_facts.clock.isValid() && found->second.notAfter < m_facts.clock.addDays(daysLeftAtLeast))
            return Texts::tr("the one there ends on %1").arg(found->second.notAfter.toUTC().toString(Qt::ISODate));
        const auto renewal = m_facts.renewals.find(wanted.lineage);
        if (renewal == m_facts.renewals.end())
            return Texts::tr("certbot does not renew the one there");
        if (renewal->second.directory != wanted.directory.text())
            return Texts::tr("the one there is from %1").arg(renewal->second.directory);
        if (renewal->second.means != wanted.means())
            return Texts::tr("the one there renews in another way");
        return {};
    }

    void certificates()
    {
        if (m_site.vps.empty())
            return;
        const AcmeSettings &acme = m_site.vps.front().acme;
        for (const WantedCertificate &wanted : m_wanted.certificates) {
            const QString why = whyObtain(wanted);
            if (why.isEmpty())
                continue;
            QStringList names;
            for (const Hostname &name : wanted.names)
                names << name.ascii();
            const QString all = names.join(QStringLiteral(", "));
            if (const auto pause = acmePause(m_facts.acmeAttempts, wanted.directory, wanted.names, m_facts.clock))
                withhold(pause->sentence, pause->fix);
            const bool http = wanted.challenge == Challenge::Http;
            const bool here = wanted.challenge == Challenge::Delegated;
            const Hostname &host = m_site.vps.front().host;
            Change &change =
                add(QStringLiteral("vps.certificate.") + wanted.lineage, Verb::Obtain,
                    QStringLiteral("certificate %1").arg(wanted.lineage),
                    Texts::tr("Get a certificate for %1 from %2 (%3)%4; certbot renews it by itself.")
                        .arg(all, wanted.directory.text(), why,
                             http   ? Texts::tr(", after a rehearsal of how the home hands challenges over")
                             : here ? Texts::tr(", with the VPS as name server of what proves the names: it needs "
                                                "%1, once, where the zone is kept")
                                          .arg(delegations(wanted.names, host))
                                    : QString()),
                    ObtainCertificate{wanted.lineage, wanted.names, wanted.directory, acme.mail,
                                      http || here ? std::chrono::seconds(0) : acme.propagation, wanted.credentialsPath,
                                      http ? std::optional(host) : std::nullopt,
                                      here ? std::optional(host) : std::nullopt});
            change.newValue = all;
            const auto found = m_facts.certificates.find(wanted.lineage);
            if (found != m_facts.certificates.end())
                change.oldValue = joined(found->second.names);
            m_obtained.insert(wanted.lineage);
            if (!acme.termsAgreed)
                m_termsMissing = true;
        }
    }

    /// What the VPS gets to hold that is good for more than certificates.
    void warnOfSharedCredentials()
    {
        for (const DnsAccount &account : m_site.dns) {
            const ProviderAccess *access = account.provider();
            if (!access || !access->definition || access->hasOwnAcme() || !m_site.needsAcmeKey(account))
                continue;
            const ProviderDefinition &provider = *access->definition;
            m_perhaps.push_back(
                {Texts::tr("The VPS holds the credentials of the account %1 at %2: whoever takes it over could %3.")
                     .arg(account.name.text(), provider.title, reachOf(provider)),
                 provider.challenges.scoped
                     ? Texts::tr("Make one for the VPS, and leave \"acmeCredentials\" out. %1")
                           .arg(provider.challenges.how)
                     : Texts::tr("Where you do not want that, give the services \"challenge\": \"http\", which "
                                 "needs none.")});
        }
    }

    void enableSite()
    {
        for (const QString &site : m_wanted.sites) {
            if (!m_facts.apacheSites.count(site))
                add(QStringLiteral("vps.site.") + site, Verb::Enable, Texts::tr("Apache site %1").arg(site),
                    Texts::tr("Enable the site %1 in Apache; other sites stay as they are.").arg(site),
                    EnableSite{site});
        }
    }

    /// When the release has proven itself: until then there is nothing for the service to run.
    void setUpPush()
    {
        const bool wanted = !m_site.vps.empty() && !m_site.vps.front().pushKeys.empty();
        if (!wanted && m_facts.push.any)
            add(QStringLiteral("vps.push"), Verb::Delete, QStringLiteral("push"),
                Texts::tr("Take away the account and the service by which machines told the home's new address: the "
                          "site has no push key any more."),
                SetUpPush{false});
        if (!wanted)
            return;
        if (!pushIsSetUp(m_facts.push, m_wanted.files))
            add(QStringLiteral("vps.push"), m_facts.push.any ? Verb::Update : Verb::Enable, QStringLiteral("push"),
                Texts::tr("Let machines with a push key tell the home's new address: the account sixgate-push, which "
                          "can do nothing else, and the service %1.")
                    .arg(QLatin1String(pushUnitName)),
                SetUpPush{true});
        if (const auto obstacle = pushObstacle(m_facts.push.sshd))
            withhold(obstacle->reason, obstacle->fix, false);
    }

    /// Before the push, whose service it asks.
    void takeAlarmAway()
    {
        if (vpsTellsSilence(m_site) || !m_facts.alarm.any)
            return;
        add(QStringLiteral("vps.alarm"), Verb::Delete, QStringLiteral("alarm"),
            Texts::tr("Take away what tells when the home falls silent, with its settings: %1.")
                .arg(m_site.alarm ? Texts::tr("the site has no push key, so nobody could see it")
                                  : Texts::tr("the site names nobody to tell")),
            SetUpAlarm{});
    }

    void setUpAlarm()
    {
        if (m_site.alarm && !vpsTellsSilence(m_site))
            withhold(Texts::tr("No machine has a push key, so the VPS cannot see when the home falls silent, and "
                               "tells nobody."),
                     Texts::tr("Make one on the machine that is to keep the home reachable: sixgatectl vps "
                               "push-key"),
                     false);
        for (const Error &shortfall : m_wanted.alarm.shortfalls)
            m_withheld.push_back({m_host, shortfall.summary, shortfall.fix, false, shortfall.detail});
        if (!m_wanted.alarm.settings)
            return;
        const Alarm &alarm = m_wanted.alarm.told;
        if (!alarmIsSetUp(m_facts.alarm, m_wanted)) {
            Change &change = add(
                QStringLiteral("vps.alarm"), m_facts.alarm.any ? Verb::Update : Verb::Enable, QStringLiteral("alarm"),
                Texts::tr("Tell you when the home has been silent for %1 s, and when it is back: by %2.")
                    .arg(alarm.silence.count())
                    .arg(alarmReceivers(alarm)),
                SetUpAlarm{m_wanted.alarm.settings});
            change.newValue = Texts::tr("(secret), mode 600");
            if (m_facts.alarm.any)
                change.oldValue = QStringLiteral("(secret)");
        }
        if (alarm.mail && !alarm.mail->smtp && !m_facts.alarm.sendmail)
            withhold(Texts::tr("The VPS has no /usr/sbin/sendmail, so it can send no mail when the home falls "
                               "silent."),
                     Texts::tr("Name your mail server as alarm.mail.smtp in the site file, or install a program "
                               "that takes mail on the VPS, for example msmtp-mta."),
                     false);
    }

    /// The renewal of a certificate that was got is rehearsed at once, too: what would fail in two months is told now.
    void setUpRenewalTest()
    {
        const RenewalTestSeen &seen = m_facts.renewalTest;
        if (m_wanted.certificates.empty()) {
            if (seen.any)
                add(QStringLiteral("vps.renewals"), Verb::Delete, Texts::tr("rehearsal of renewals"),
                    Texts::tr("Take away what rehearses the renewal of certificates: the site needs none any more."),
                    SetUpRenewalTest{false});
            return;
        }
        const bool got = std::any_of(m_changes.begin(), m_changes.end(), [](const Change &change) {
            return std::holds_alternative<ObtainCertificate>(change.action);
        });
        if (got || !renewalTestIsSetUp(seen, m_wanted))
            add(QStringLiteral("vps.renewals"), seen.any ? Verb::Update : Verb::Enable,
                Texts::tr("rehearsal of renewals"),
                Texts::tr("Rehearse the renewal of the certificates by certbot's dry run, now and each week; check "
                          "tells where one would fail."),
                SetUpRenewalTest{});
    }

    /// Certificates that Sixgate got and that no service needs any more: nor the current deployment, which can be gone
    /// back to. So they go along with the deployment after the next one.
    void forgetCertificates()
    {
        if (m_changes.empty())
            return;
        std::set<QString> wanted;
        for (const WantedCertificate &one : m_wanted.certificates)
            wanted.insert(one.lineage);
        for (const auto &[lineage, renewal] : m_facts.renewals) {
            if (wanted.count(lineage) || m_facts.usedCertificates.count(lineage) || !isSixgatesOwn(renewal))
                continue;
            m_forgotten.insert(lineage);
            Change &change =
                add(QStringLiteral("vps.certificate.") + lineage, Verb::Delete,
                    QStringLiteral("certificate %1").arg(lineage),
                    Texts::tr("Delete the certificate %1: nothing in the site needs it any more, and certbot "
                              "would renew it for ever.")
                        .arg(lineage),
                    ForgetCertificate{lineage});
            const auto found = m_facts.certificates.find(lineage);
            if (found != m_facts.certificates.end())
                change.oldValue = joined(found->second.names);
        }
    }

    /// Goes to the place `at` among the changes: what follows is done when the release has proven itself.
    void activate(size_t at)
    {
        const bool running = m_facts.apacheActive && m_facts.certbotTimerActive;
        // The folder of the challenges is made anew by an activation.
        const bool challenges =
            m_facts.webroot ||
            std::none_of(m_wanted.certificates.begin(), m_wanted.certificates.end(),
                         [](const WantedCertificate &one) { return one.challenge == Challenge::Http; });
        if (m_changes.empty() && running && challenges && m_facts.deployedId == m_wanted.releaseId)
            return;
        Change &change =
            add(QStringLiteral("vps.activate"), Verb::Activate, QStringLiteral("release %1").arg(m_wanted.releaseId),
                Texts::tr("Check the new configuration, make it the current one by one rename, reload Apache, and "
                          "look whether it answers; go back to the old one if it does not."),
                ActivateRelease{m_wanted.releaseId, m_facts.deployedId});
        change.oldValue = m_facts.deployedId;
        change.newValue = m_wanted.releaseId;
        std::rotate(m_changes.begin() + std::ptrdiff_t(at), m_changes.end() - 1, m_changes.end());
    }

    void judge()
    {
        for (const Withheld &one : judgeVps(m_facts, m_host, m_installs)) {
            m_withheld.push_back(one);
            m_blocked = m_blocked || one.blocking;
        }
        if (m_termsMissing)
            withhold(Texts::tr("The terms of the certificate authority are not agreed to."),
                     Texts::tr("Read them and set \"agreeToTerms\" to true in the site file."));
        for (const FirewallRemark &one : m_perhaps)
            withhold(one.reason, one.fix, false);
    }

    void judgeNames()
    {
        for (const Service &service : m_site.services) {
            if (service.challenge != Challenge::Dns)
                continue;
            const DnsAccount *first = nullptr;
            for (const Hostname &name : service.publicNames) {
                const DnsAccount *account = m_site.accountFor(name);
                first = first ? first : account;
                if (account && account == first) {
                    judgeTexts(service, *account);
                    continue;
                }
                m_withheld.push_back(
                    {QStringLiteral("certificate %1").arg(service.name.text()),
                     account ? Texts::tr("The public names of the service %1 lie in the DNS accounts %2 and %3; "
                                         "certbot proves one certificate's names with one account.")
                                   .arg(service.name.text(), first->name.text(), account->name.text())
                             : Texts::tr("No DNS account of the site holds %1.").arg(name.ascii()),
                     account ? Texts::tr("Make a service of its own for %1.").arg(name.ascii())
                             : Texts::tr("Add the account of its zone."),
                     true});
                m_blocked = true;
                break;
            }
        }
    }

    /// certbot sets the texts of all names before the authority looks at any; some providers let names share one.
    void judgeTexts(const Service &service, const DnsAccount &account)
    {
        const ProviderAccess *access = account.provider();
        if (!access || !access->definition || access->definition->severalTexts || service.publicNames.size() < 2 ||
            m_blocked)
            return;
        m_withheld.push_back({QStringLiteral("certificate %1").arg(service.name.text()),
                              Texts::tr("%1 keeps one text for a name and all below it; a certificate for the %2 "
                                        "public names of the service %3 needs one for each.")
                                  .arg(access->definition->title)
                                  .arg(service.publicNames.size())
                                  .arg(service.name.text()),
                              Texts::tr("Make a service of its own for each name, or give this one \"challenge\": "
                                        "\"http\"."),
                              true});
        m_blocked = true;
    }

    const Site &m_site;
    const WantedDeployment &m_wanted;
    const VpsFacts &m_facts;
    std::vector<Withheld> &m_withheld;
    QString m_host;
    std::vector<Change> m_changes;
    std::set<QString> m_ids;
    std::set<QString> m_forgotten;         ///< certificates that go
    std::set<QString> m_obtained;          ///< those that renew as wanted from now on
    std::vector<FirewallRemark> m_perhaps; ///< nothing to trouble anybody with who changes nothing
    bool m_installs = false;
    bool m_termsMissing = false;
    bool m_blocked = false;
};

} // namespace

std::vector<Change> planDeployment(const Site &site, const WantedDeployment &wanted, const VpsFacts &facts,
                                   std::vector<Withheld> &withheld)
{
    return Planner(site, wanted, facts, withheld).plan();
}

} // namespace sixgate
