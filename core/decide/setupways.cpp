#include "decide/setup.h"
#include "model/texts.h"

#include <QUrl>

namespace sixgate
{

namespace
{

QString hostOf(const QUrl &url)
{
    const auto name = Hostname::parse(url.host());
    return name ? name->ascii() : url.host();
}

} // namespace

bool leadsOn(int status)
{
    return status == 301 || status == 302 || status == 307 || status == 308;
}

SetupWay judgeHandover(const Hostname &name, const Hostname &vps, const QString &path, const Known<SetupHandover> &seen)
{
    SetupWay way{name.display(), false, {}, {}};
    const QString tell = Texts::tr("Tell the home's web server what is shown below.");
    if (!seen) {
        way.sentence = Texts::tr("%1: the home's web server cannot be asked on port 80: %2")
                           .arg(name.display(), seen.error().summary);
        way.fix = seen.error().code == ErrorCode::NotFound ? seen.error().fix
                                                           : Texts::tr("Let it listen on port 80, too. %1").arg(tell);
        return way;
    }
    const QUrl to(seen->location);
    if (!leadsOn(seen->status) || seen->location.isEmpty()) {
        way.sentence = Texts::tr("%1: the home's web server answers challenges itself (%2) and does not hand them "
                                 "over yet.")
                           .arg(name.display())
                           .arg(seen->status);
        way.fix = tell;
    } else if (to.scheme() == QLatin1String("http") && hostOf(to) == vps.ascii() && to.port(80) == 80 &&
               to.path() == path) {
        way.ready = true;
        way.sentence = Texts::tr("%1: the home hands challenges over to %2.").arg(name.display(), vps.display());
    } else {
        way.sentence =
            Texts::tr("%1: the home's web server leads challenges to %2, not to %3.")
                .arg(name.display(), to.toDisplayString(), QStringLiteral("http://%1%2").arg(vps.display(), path));
        way.fix = tell;
    }
    return way;
}

SetupWay judgeDelegation(const Hostname &name, const Hostname &vps, const Known<bool> &leads)
{
    SetupWay way{name.display(), leads && *leads, {}, {}};
    const QString record = QStringLiteral("_acme-challenge.%1 NS %2").arg(name.ascii(), vps.ascii());
    if (!leads) {
        way.sentence = Texts::tr("%1: it cannot be seen whether challenges are delegated: %2")
                           .arg(name.display(), leads.error().summary);
        way.fix = Texts::tr("Make this record where the zone is kept: %1").arg(record);
    } else if (*leads) {
        way.sentence = Texts::tr("%1: challenges are delegated to %2.").arg(name.display(), vps.display());
    } else {
        way.sentence = Texts::tr("%1: challenges are not delegated to %2 yet.").arg(name.display(), vps.display());
        way.fix = Texts::tr("Make this record where the zone is kept: %1").arg(record);
    }
    return way;
}

} // namespace sixgate
