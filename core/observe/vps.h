#pragma once

#include "model/deadline.h"
#include "model/observation.h"
#include "transport/remotehost.h"

#include <QByteArray>

#include <stop_token>
#include <vector>

namespace sixgate
{

/// What to look for on the VPS: the names and files of the wanted deployment.
struct FactsQuestions {
    struct File {
        QString path;
        QByteArray sha256; ///< hex, as wanted; the content of a file that has it is not sent
        bool secret = false;
    };
    std::vector<QString> packages;
    std::vector<File> files;
};

/// Reads the facts of the VPS in one round trip: runs resources/vps/facts.pl there (perl-base and coreutils only; as
/// root). Changes nothing. Errors as of RemoteHost::perl; Protocol where the
/// answer is not what the script says.
Known<VpsFacts> readVpsFacts(RemoteHost &host, const FactsQuestions &questions, const Deadline &deadline,
                             std::stop_token stop);

/// The script's standard input: the script itself, `__END__`, the questions.
QByteArray vpsFactsInput(const FactsQuestions &questions);

/// Parses the script's answer. The VPS is not trusted: sizes, names and hashes are checked, unknown lines refused.
Known<VpsFacts> parseVpsFacts(const QByteArray &answer);

} // namespace sixgate
