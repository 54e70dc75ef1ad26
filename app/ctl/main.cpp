// sixgatectl: the composition root of the program without a display.

#include "ctl/commands.h"
#include "ctl/formats.h"
#include "ctl/json.h"
#include "ctl/signals.h"
#include "storage/sitefile.h"

#include <QCoreApplication>

#include <clocale>
#include <fcntl.h>
#include <unistd.h>

namespace sixgate::ctl
{

Result<Site> siteOf(const Options &options)
{
    auto site = loadSite(options.siteFile);
    if (!site && site.error().code == ErrorCode::NotFound) {
        site.error().detail.clear(); // the sentence says all of it
        if (!options.siteNamed)
            site.error().fix = QStringLiteral("Make one with: sixgatectl site new, or name it with --site FILE.");
    }
    return site;
}

Outcome noMoreWords(const Options &options, qsizetype most)
{
    if (options.words.size() <= most)
        return {};
    return fail(ErrorCode::Invalid, QStringLiteral("\"%1\" is too much here; see sixgatectl %2 --help.")
                                        .arg(options.words[most].left(40), options.words[0]));
}

namespace
{

/// A descriptor that is closed at the start would be given to the next file that is opened.
void fillStandardStreams()
{
    int fd = 0;
    do
        fd = ::open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        ::close(fd);
}

int run(const QStringList &arguments)
{
    const auto options = parseOptions(arguments);
    if (!options) {
        const Finished &end = options.error();
        if (end.nagios) {
            const NagiosAnswer answer = nagios(Error{ErrorCode::Invalid, end.text, {}, {}});
            Output(false).print(answer.line);
            return answer.exit;
        }
        if (end.error)
            Output(end.json).error({ErrorCode::Invalid, end.text, {}, {}});
        else
            Output(false).print(end.text);
        return end.exit;
    }
    Output output(options->json);
    const QString command = options->words[0];
    const QString word = options->words.value(1);
    const bool applies =
        command == QLatin1String("apply") || (command == QLatin1String("vps") && word != QLatin1String("keys") &&
                                              word != QLatin1String("push-key") && word != QLatin1String("trust"));
    Signals signals([&output, applies](int count) {
        // All other commands end at once.
        if (!applies && count == 1)
            return;
        output.quiet();
        output.remark(
            !applies ? QStringLiteral("Still stopping.\n")
            : count == 1
                ? QStringLiteral("Stopping; what has begun is undone or finished first. Ctrl-C again leaves without "
                                 "waiting.\n")
                : QStringLiteral("Leaving; what runs on the VPS goes on by itself.\n"));
    });
    if (command == QLatin1String("site"))
        return runSite(*options, output);
    if (command == QLatin1String("dns"))
        return runDns(*options, output);
    if (command == QLatin1String("secret"))
        return runSecret(*options, output, signals.token());
    if (command == QLatin1String("home"))
        return runHome(*options, output, signals.token());
    if (command == QLatin1String("plan"))
        return runPlan(*options, output, signals.token());
    if (command == QLatin1String("apply"))
        return runApply(*options, output, signals.token(), signals.second());
    if (command == QLatin1String("vps") && word == QLatin1String("push-key"))
        return runPushKey(*options, output, signals.token());
    if (command == QLatin1String("vps"))
        return runVps(*options, output, signals.token(), signals.second());
    if (command == QLatin1String("keep"))
        return runKeep(*options, output, signals.token());
    if (command == QLatin1String("status"))
        return runStatus(*options, output, signals.token());
    if (command == QLatin1String("history"))
        return runHistory(*options, output);
    if (command == QLatin1String("alarm"))
        return runAlarm(*options, output, signals.token());
    if (command == QLatin1String("check"))
        return runCheck(*options, output, signals.token());
    return giveUp(output, noSuchCommand(command), {});
}

} // namespace

} // namespace sixgate::ctl

int main(int argc, char **argv)
{
    // Texts are UTF-8 whatever the machine's locale says.
    if (!std::setlocale(LC_CTYPE, "C.UTF-8"))
        std::setlocale(LC_CTYPE, "");
    sixgate::ctl::fillStandardStreams();
    const QCoreApplication app(argc, argv);
    QStringList arguments;
    for (int i = 1; i < argc; ++i)
        arguments << QString::fromUtf8(argv[i]);
    return sixgate::ctl::run(arguments);
}
