#pragma once

#include "apache.h"
#include "sandbox.h"
#include "upstream.h"

#include "decide_deployment/sites.h"

namespace proxytest
{

inline const Trust &trust()
{
    static const Trust all;
    return all;
}

inline sixgate::WantedDeployment wanted()
{
    const sixgate::Site site =
        sites::site({sites::service("cloud", {"cloud.example.org", "files.example.org"}, "home6.example.org"),
                     sites::service("photos", {"photos.example.org"}, "photos6.example.org", "nas", 8443)});
    return sites::must(wantedDeployment(site, sites::inputs(site)));
}

inline QByteArray request(const QByteArray &target, const QByteArray &lines = {},
                          const QByteArray &host = "cloud.example.org")
{
    return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + lines + "Connection: close\r\n\r\n";
}

inline Answer ask(const QByteArray &bytes, const Visit &how = {})
{
    Stream stream = visit(how);
    stream.write(bytes);
    return readAnswer(stream);
}

inline Answer askPlain(const QByteArray &bytes)
{
    return ask(bytes, {{}, {}, {}, 80, false});
}

} // namespace proxytest
