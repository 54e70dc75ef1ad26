#pragma once

#include "ctl/output.h"
#include "storage/secrets.h"

#include <QByteArray>

#include <stop_token>
#include <termios.h>

namespace sixgate::ctl
{

/// What people type and programs pipe in. A stop ends every read at once.

/// While this lives, a terminal on standard input shows nothing of what is typed, and Ctrl-Z does nothing: a shell
/// that takes over in between would turn the echo on again.
class HiddenInput
{
public:
    HiddenInput();
    ~HiddenInput();
    HiddenInput(const HiddenInput &) = delete;
    HiddenInput &operator=(const HiddenInput &) = delete;

private:
    termios m_before{};
    void (*m_onSuspend)(int) = nullptr;
    bool m_changed = false;
};

enum class ReadUntil { End, LineEnd };

/// Reads `fd` up to its end or the first line's end (which is not part of the result). Invalid where that is longer
/// than `most` octets, Cancelled on a stop. Of what was read no copy stays in memory but the result.
Result<QByteArray> readInput(int fd, ReadUntil until, qsizetype most, std::stop_token stop);

/// Asks for a secret: hidden on a terminal, else standard input up to `piped`, without the line end that editors add.
/// `empty` where there is none.
Result<Secret> askSecret(Output &output, const QString &question, ReadUntil piped, const Error &empty,
                         std::stop_token stop);

/// Asks a question that "y" or "yes" agrees to. Cancelled where the answer is another one; Invalid, with `otherwise` as
/// what to do, where standard input is no terminal or JSON is wanted.
Outcome askYes(Output &output, const QString &question, const QString &otherwise, std::stop_token stop);

/// Opens the store that --secrets names; on a terminal it asks for what `stdin` needs.
Result<std::unique_ptr<SecretStore>> openSecrets(const Options &options, const Label &siteName, Output &output,
                                                 std::stop_token stop);

} // namespace sixgate::ctl
