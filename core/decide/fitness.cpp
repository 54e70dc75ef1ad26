#include "decide/fitness.h"
#include "model/texts.h"

namespace sixgate
{

namespace
{

// Apache, certbot and Python need about 150 MB; the rest is air for dpkg's unpacking.
constexpr qint64 roomToInstall = 300LL * 1024 * 1024;
constexpr qint64 roomForFiles = 20LL * 1024 * 1024;

class Judge
{
public:
    Judge(const VpsFacts &facts, const QString &host) : m_facts(facts), m_host(host) {}

    std::vector<Withheld> judge(bool installs)
    {
        system();
        if (m_facts.uid != 0)
            withhold(Texts::tr("Sixgate's script on the VPS did not run as root."),
                     Texts::tr("Set the VPS's \"user\" to root in the site file, or to a user who may use sudo."));
        if (!m_facts.systemd)
            withhold(Texts::tr("The VPS does not run systemd."),
                     Texts::tr("Use a VPS with a full Debian system, no bare container."));
        const qint64 needed = installs ? roomToInstall : roomForFiles;
        if (m_facts.freeBytes >= 0 && m_facts.freeBytes < needed)
            room(QString(), m_facts.freeBytes, needed);
        else if (installs && m_facts.freeForPackages >= 0 && m_facts.freeForPackages < needed)
            room(Texts::tr(" in /usr"), m_facts.freeForPackages, needed);
        listeners();
        if (!m_facts.hasGlobalIpv6)
            withhold(Texts::tr("The VPS has no global IPv6 address, so it cannot reach the home."),
                     Texts::tr("Switch IPv6 on at the VPS's provider."), false);
        return std::move(m_withheld);
    }

private:
    void withhold(const QString &reason, const QString &fix, bool blocking = true)
    {
        m_withheld.push_back({m_host, reason, fix, blocking});
    }

    void room(const QString &where, qint64 free, qint64 needed)
    {
        constexpr qint64 megabyte = 1024LL * 1024;
        withhold(Texts::tr("The VPS has %1 MB free%2; %3 MB are needed.")
                     .arg(free / megabyte)
                     .arg(where)
                     .arg(needed / megabyte),
                 Texts::tr("Make room on the VPS."));
    }

    void system()
    {
        using Releases = std::set<QString>;
        const Releases debian = {QStringLiteral("12"), QStringLiteral("13")};
        const Releases ubuntu = {QStringLiteral("22.04"), QStringLiteral("24.04")};
        const QString name = m_facts.osName.isEmpty() ? Texts::tr("an unknown system") : m_facts.osName;
        if (m_facts.osId == QLatin1String("debian") && debian.count(m_facts.osVersion))
            return;
        if (m_facts.osId == QLatin1String("ubuntu") && ubuntu.count(m_facts.osVersion))
            withhold(Texts::tr("The VPS runs %1, on which Sixgate was never tested.").arg(name),
                     Texts::tr("It may well work; Debian 12 and 13 are tested."), false);
        else
            withhold(Texts::tr("The VPS runs %1; Sixgate sets up Debian 12 and 13.").arg(name),
                     Texts::tr("Reinstall the VPS with Debian 12 or 13."));
    }

    void listeners()
    {
        std::set<QString> told;
        for (const QString &listener : m_facts.listeners80And443) {
            const QString port = listener.section(QLatin1Char(' '), 0, 0);
            const QString program = listener.section(QLatin1Char(' '), 1);
            if (program == QLatin1String("apache2") || !told.insert(listener).second)
                continue;
            withhold(Texts::tr("Another program, %1, listens on the VPS's port %2.").arg(program, port),
                     Texts::tr("What it serves is left alone. Move it into the home and let Sixgate lead visitors "
                               "there; or stop and disable %1; or give it another port; or use another VPS for "
                               "Sixgate.")
                         .arg(program));
        }
    }

    const VpsFacts &m_facts;
    QString m_host;
    std::vector<Withheld> m_withheld;
};

} // namespace

std::vector<Withheld> judgeVps(const VpsFacts &facts, const QString &host, bool installs)
{
    return Judge(facts, host).judge(installs);
}

} // namespace sixgate
