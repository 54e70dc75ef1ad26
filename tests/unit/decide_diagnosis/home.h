#pragma once

#include "decide/diagnosis.h"

#include <QByteArray>

#include <functional>

/// A home where all is well, seen by one check from the desktop, and the ways to spoil it.

namespace diagnosistest
{

using namespace sixgate;

struct Seen {
    Site site;
    Evidence evidence;

    Seen();

    PathReport &path(PathKind kind);
    /// The path failed at this step; the steps after it were not gone. `state` Unknown: it could not be walked.
    void fail(PathKind kind, const char *step, const char *reason, PathState state = PathState::Broken);
    void failAll(const char *step, const char *reason); ///< all four
    /// The three paths that lead through the VPS or start there are broken by what the VPS was told.
    void failFromVps(const char *step, const char *reason);
    void record(const char *name, RecordType type, std::vector<QString> values);
    void recordUnknown();
    void ssh(ErrorCode code, const char *reason);
    void reach(std::vector<Reach> &list, const char *address, int port, const char *reason);
    /// The server does not prove itself in the LAN: it fails there at this step.
    void silent(const char *step, const char *reason);
    /// What the server shows.
    void certificate(const std::function<void(CertificateSeen &)> &change, const char *reason);
};

Catalogue realCatalogue();
QByteArray contentOf(const QString &path);
Hostname host(const char *name);
Ipv6Address ip6(const char *text);
Ipv4Address ip4(const char *text);

} // namespace diagnosistest
