#include "verify/answers.h"

#include "model/texts.h"
#include "verify/steps.h"

#include <QLocale>
#include <QUrl>

#include <algorithm>
#include <set>

namespace sixgate
{

namespace
{

// What the usual web servers show where nobody has set up a site.
struct WellKnownPage {
    const char *words;
    const char *name;
};
constexpr WellKnownPage wellKnown[] = {
    {"Welcome to nginx!", "nginx-default"},
    {"Apache2 Debian Default Page", "apache-default"},
    {"Apache2 Ubuntu Default Page", "apache-default"},
    {"It works!", "apache-default"},
    {"Your web server is working. Now make it work for you", "caddy-default"},
    {"You've successfully started the Nginx Proxy Manager", "nginx-proxy-manager-default"},
    {"Web Station has been enabled", "synology-default"},
    {"Test Page for the", "test-page"},
};

constexpr qsizetype mostOfHeader = 500;

/// What an HTML page is called: its title and its first heading. Words elsewhere may be somebody's own.
QByteArray headingOf(const QByteArray &body)
{
    QByteArray text;
    for (const char *tag : {"title", "h1"}) {
        const qsizetype open = body.indexOf(QByteArray("<") + tag);
        const qsizetype start = open < 0 ? -1 : body.indexOf('>', open);
        const qsizetype end = start < 0 ? -1 : body.indexOf(QByteArray("</") + tag, start);
        if (end > start)
            text += body.mid(start + 1, std::min<qsizetype>(end - start - 1, 200)) + '\n';
    }
    return text;
}

QString headerOf(const HttpSeen &seen, const char *name)
{
    const auto found = seen.headers.find(name);
    return found == seen.headers.end() ? QString() : QString::fromLatin1(found->second.left(mostOfHeader));
}

constexpr size_t mostHops = 5;

void goesRound(Walk &walk, const QStringList &way)
{
    walk.report().http->loops = true;
    walk.revoke("http", PathState::Broken,
                Error{ErrorCode::Refused, Texts::tr("The service's redirects lead round in a circle."),
                      way.join(QStringLiteral(" → ")),
                      Texts::tr("Let the service know that visitors come by HTTPS: let it trust the header "
                                "X-Forwarded-Proto of its proxy.")},
                QStringLiteral("redirect-loop"));
}

} // namespace

bool isRedirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

HttpAnswer httpAnswer(const HttpSeen &seen)
{
    HttpAnswer answer;
    answer.status = seen.status;
    if (isRedirect(seen.status))
        answer.location = headerOf(seen, "location");
    const QByteArray heading = headingOf(seen.body);
    for (const WellKnownPage &page : wellKnown) {
        if (heading.contains(page.words))
            answer.page = QString::fromLatin1(page.name);
    }
    // IMF-fixdate (RFC 9110 §5.6.7).
    answer.date = QLocale::c().toDateTime(headerOf(seen, "date"), QStringLiteral("ddd, dd MMM yyyy HH:mm:ss 'GMT'"));
    answer.date.setTimeSpec(Qt::UTC);
    return answer;
}

std::optional<UrlPath> redirectedTo(const QString &location, const Hostname &name, const UrlPath &path)
{
    // What no URL holds (RFC 3986 §2): visitors' programs differ in what they make of it.
    const auto inUrl = [](QChar c) { return c.unicode() > 0x20 && c.unicode() < 0x7f && c != QLatin1Char('\\'); };
    if (!std::all_of(location.begin(), location.end(), inUrl))
        return std::nullopt;
    QUrl base;
    base.setScheme(QStringLiteral("https"));
    base.setHost(name.ascii());
    base.setPath(path.text(), QUrl::TolerantMode);
    const QUrl to = base.resolved(QUrl(location, QUrl::StrictMode));
    const bool web = (to.scheme() == QLatin1String("https") && to.port(443) == 443) ||
                     (to.scheme() == QLatin1String("http") && to.port(80) == 80);
    // A longer one was cut, and says nothing.
    if (location.isEmpty() || location.size() >= mostOfHeader || !to.isValid() || !web || to.hasQuery() ||
        !to.userInfo().isEmpty() || to.host(QUrl::FullyEncoded).compare(name.ascii(), Qt::CaseInsensitive) != 0)
        return std::nullopt;
    const QString target = to.path(QUrl::FullyEncoded);
    const auto parsed = UrlPath::parse(target.isEmpty() ? QStringLiteral("/") : target);
    return parsed ? std::optional(*parsed) : std::nullopt;
}

void judgeStatus(Walk &walk, const HttpSeen &http)
{
    if (walk.ended())
        return;
    const QString status = QString::number(http.status);
    const QString page = httpAnswer(http).page;
    if (http.status >= 500)
        walk.revoke("http", PathState::Broken,
                    Error{ErrorCode::Refused,
                          Texts::tr("The service at home answers with an error of its own (status %1).").arg(status),
                          {},
                          Texts::tr("Look into the service's log on the home server.")});
    else if (http.status == 421)
        walk.revoke("http", PathState::Broken,
                    Error{ErrorCode::Refused,
                          Texts::tr("The home server answers that it does not serve this name (status 421)."),
                          {},
                          Texts::tr("Give the home server's web server a site (virtual host) for this name.")});
    else if (!page.isEmpty())
        walk.revoke("http", PathState::Broken,
                    Error{ErrorCode::Refused,
                          Texts::tr("The home server shows its default page (%1), not the service.").arg(page),
                          {},
                          Texts::tr("Give the home server's web server a site (virtual host) for this name.")},
                    page);
}

void judgeOwnRedirect(Walk &walk, const PathQuestion &question)
{
    auto &answer = walk.report().http;
    const UrlPath &asked = question.service.probePath;
    if (!walk.ended() && answer && isRedirect(answer->status) &&
        redirectedTo(answer->location, question.name, asked) == std::optional(asked))
        goesRound(walk, {asked.text(), asked.text()});
}

void judgeRedirects(Walk &walk, const PathQuestion &question, const Opener &open, const ExpectedIdentity &identity,
                    const Deadline &deadline, std::stop_token stop)
{
    auto &answer = walk.report().http;
    if (walk.ended() || !answer || !isRedirect(answer->status))
        return;
    std::set<UrlPath> been{question.service.probePath};
    QStringList way{question.service.probePath.text()};
    auto next = redirectedTo(answer->location, question.name, question.service.probePath);
    const Deadline until = deadline.sooner(mostForProbe);
    while (next && been.size() <= mostHops) {
        way << next->text();
        if (!been.insert(*next).second) {
            goesRound(walk, way);
            return;
        }
        const ProbeSeen seen =
            probe(question.name.ascii(), open, identity, HttpQuestion{*next, newToken()}, until, stop);
        if (!seen.http || !isRedirect(seen.http->status))
            return;
        next = redirectedTo(httpAnswer(*seen.http).location, question.name, *next);
    }
}

} // namespace sixgate
