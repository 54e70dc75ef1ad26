// sixgate: the composition root of the desktop program.

#include "ctl/signals.h"
#include "desktop/firstone.h"
#include "desktop/program.h"
#include "model/text.h"
#include "model/version.h"
#include "storage/sitefile.h"
#include "ui/look/marks.h"
#include "ui/look/outlines.h"
#include "ui/look/placeholders.h"
#include "ui/look/texts.h"

#include <QApplication>
#include <QCommandLineParser>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sixgate
{

namespace
{

void logLine(const QString &text)
{
    const QByteArray line = shownLine(text.toUtf8()).toUtf8() + "\n";
    std::fwrite(line.constData(), 1, size_t(line.size()), stderr);
}

constexpr int badUsage = 2;

Choices choicesOf()
{
    QCommandLineParser parser;
    parser.setApplicationDescription(QApplication::translate(
        "main", "Shows whether a home behind carrier-grade NAT is reachable, and keeps it so."));
    parser.addHelpOption();
    parser.addVersionOption();
    const QCommandLineOption site(QStringLiteral("site"), QApplication::translate("main", "The site file."),
                                  QStringLiteral("FILE"), defaultSiteFile());
    const QCommandLineOption secrets(QStringLiteral("secrets"),
                                     QApplication::translate("main", "Where the secrets are, as sixgatectl has it."),
                                     QStringLiteral("PLACE"), rememberedSecrets());
    const QCommandLineOption hidden(QStringLiteral("hidden"),
                                    QApplication::translate("main", "Begin in the tray, where there is one."));
    const QCommandLineOption watch(QStringLiteral("only-watch"),
                                   QApplication::translate("main", "Run no keeper in this program."));
    parser.addOptions({site, secrets, hidden, watch});
    // QCommandLineParser::process() would answer a wrong option with exit code 1.
    if (!parser.parse(QApplication::arguments()) || !parser.positionalArguments().isEmpty()) {
        const QString wrong =
            !parser.positionalArguments().isEmpty()
                ? QApplication::translate("main", "\"%1\" is not an option.").arg(parser.positionalArguments().first())
                : parser.errorText();
        logLine(QApplication::translate("main", "%1 See: sixgate --help").arg(wrong));
        std::exit(badUsage);
    }
    parser.process(QCoreApplication::arguments());
    return {parser.value(site), parser.value(secrets), parser.isSet(hidden), !parser.isSet(watch)};
}

/// Without a display Qt would end the program with a core: what needs none is done before.
bool hasDisplay(int argc, char **argv)
{
    const auto named = [&](const char *option) {
        return std::any_of(argv + 1, argv + argc, [&](const char *one) { return std::strcmp(one, option) == 0; });
    };
    return qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY") ||
           qEnvironmentVariableIsSet("QT_QPA_PLATFORM") || named("-platform") || named("--platform");
}

int withoutDisplay(int argc, char **argv)
{
    const QCoreApplication app(argc, argv);
    (void)choicesOf();
    logLine(QApplication::translate("main", "There is no display here: sixgatectl does the same without one."));
    return badUsage;
}

int run(int argc, char **argv)
{
    QCoreApplication::setApplicationName(QStringLiteral("Sixgate"));
    QCoreApplication::setOrganizationName(QStringLiteral("sixgate"));
    QCoreApplication::setApplicationVersion(sixgateVersion());
    if (!hasDisplay(argc, argv))
        return withoutDisplay(argc, argv);
    // Before any other thread: the platform has some of its own, and a signal that only one of them lets through would
    // end the program on the spot.
    const ctl::Signals signals_([](int) {
        if (!QCoreApplication::instance())
            std::_Exit(0);
        QMetaObject::invokeMethod(
            QCoreApplication::instance(), [] { QCoreApplication::exit(0); }, Qt::QueuedConnection);
    });
    QApplication app(argc, argv);
    QApplication::setWindowIcon(programIcon());
    loadTexts();
    drawOutlines();
    keepPlaceholdersReadable();
    Choices choices = choicesOf();
    FirstOne first(choices.siteFile);
    if (!first.claim())
        return 0;
    QApplication::setQuitOnLastWindowClosed(false);
    Program program(choices);
    QObject::connect(&first, &FirstOne::raised, &app, [&program] { program.raiseUp(); });
    program.begin();
    return QApplication::exec();
}

} // namespace

} // namespace sixgate

int main(int argc, char **argv)
{
    return sixgate::run(argc, argv);
}
