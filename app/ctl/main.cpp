// sixgatectl: the composition root of the program without a display.

#include "ctl/commands.h"
#include "ctl/json.h"
#include "ctl/signals.h"
#include "storage/sitefile.h"

#include <QCoreApplication>

#include <clocale>
#include <cstdio>

namespace sixgate::ctl
{

Result<Site> siteOf(const Options &options)
{
    auto site = loadSite(options.siteFile);
    if (!site && site.error().code == ErrorCode::NotFound)
        site.error().fix = QStringLiteral("Make one with: sixgatectl site new, or name it with --site FILE.");
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

int run(const QStringList &arguments)
{
    const auto options = parseOptions(arguments);
    if (!options) {
        const Finished &end = options.error();
        if (end.error)
            Output(end.json).error({ErrorCode::Invalid, end.text, {}, {}});
        else
            Output(false).print(end.text);
        return end.exit;
    }
    Output output(options->json);
    Signals signals([&output](int count) {
        output.quiet();
        if (count == 1)
            output.remark(QStringLiteral("Stopping; what has begun is undone or finished first.\n"));
        else
            output.remark(QStringLiteral("Still stopping; the VPS never stays half changed.\n"));
    });
    const QString command = options->words[0];
    if (command == QLatin1String("site"))
        return runSite(*options, output);
    if (command == QLatin1String("secret"))
        return runSecret(*options, output, signals.token());
    if (command == QLatin1String("home"))
        return runHome(*options, output, signals.token());
    if (command == QLatin1String("plan"))
        return runPlan(*options, output, signals.token());
    if (command == QLatin1String("apply"))
        return runApply(*options, output, signals.token());
    if (command == QLatin1String("check"))
        return runCheck(*options, output, signals.token());
    output.error({ErrorCode::Invalid,
                  QStringLiteral("There is no command \"%1\"; see sixgatectl --help.").arg(command.left(40)),
                  {},
                  {}});
    return BadInput;
}

} // namespace

} // namespace sixgate::ctl

int main(int argc, char **argv)
{
    // Texts are UTF-8 whatever the machine's locale says.
    if (!std::setlocale(LC_CTYPE, "C.UTF-8"))
        std::setlocale(LC_CTYPE, "");
    const QCoreApplication app(argc, argv);
    QStringList arguments;
    for (int i = 1; i < argc; ++i)
        arguments << QString::fromUtf8(argv[i]);
    return sixgate::ctl::run(arguments);
}
