#pragma once

#include "model/result.h"
#include "model/site.h"

#include <QByteArray>

#include <vector>

namespace sixgate
{

/// What the home's web server is told so that it hands challenges that it does not know over to the VPS name (HTTP-01).
/// Pure.

enum class HomeServerKind { Apache, Nginx, Caddy };
inline constexpr HomeServerKind allHomeServerKinds[] = {HomeServerKind::Apache, HomeServerKind::Nginx,
                                                        HomeServerKind::Caddy};
/// "apache", "nginx", "caddy": the word on the command line, and the file's name below resources/home.
QString homeServerKindName(HomeServerKind kind);

struct HomeSnippet {
    HomeServerKind kind = HomeServerKind::Apache;
    QString file;    ///< where its text goes
    QByteArray text; ///< ends with a line end
    QString place;   ///< a sentence: how the server comes to read it
    QString reload;  ///< the command that makes the server read it
};

/// All of it, to be copied: where it goes stands in comments above.
QString snippetText(const HomeSnippet &snippet);

/// The snippet for this site, out of the template of its kind (resources/home). It is for the public names whose
/// certificates are got by HTTP-01; where there are none, for all. Invalid where the site has no VPS or no service.
Result<HomeSnippet> homeSnippet(const Site &site, HomeServerKind kind, const QByteArray &text);

} // namespace sixgate
