#pragma once

#include "model/deadline.h"
#include "model/result.h"
#include "model/secret.h"

#include <QByteArray>
#include <QByteArrayList>

#include <stop_token>

namespace sixgate
{

/// A program of this machine, run to its end. What it must not show to others (arguments and environment of a process
/// can be read) goes in by descriptors.
struct ProgramCall {
    QByteArray program; ///< its path
    QByteArrayList arguments;
    QByteArrayList environment;   ///< "NAME=value"; nothing else is there
    Secret input;                 ///< standard input
    QByteArray third;             ///< what it reads from descriptor 3; empty: that is closed
    qsizetype mostOutput = 65536; ///< of each stream; what says more finds it closed
};

struct ProgramEnd {
    int exit = 0; ///< 128 and the signal's number where one ended it
    QByteArray output;
    QByteArray errors;
};

/// NotFound where there is no such program; Timeout and Cancelled (it is killed then); Internal. Any thread.
Result<ProgramEnd> runProgram(const ProgramCall &call, const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
