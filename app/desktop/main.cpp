// sixgate: the composition root of the desktop program.

#include "ctl/signals.h"
#include "desktop/firstone.h"
#include "desktop/program.h"
#include "model/text.h"
#include "model/version.h"
#include "storage/sitefile.h"
#include "ui/look/marks.h"
#include "ui/look/outlines.h"
#include "ui/look/texts.h"

#include <QApplication>
#include <QCommandLineParser>

#include <cstdio>
#include <cstdlib>

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

Choices choicesOf(const QApplication &app)
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
    parser.process(app);
    return {parser.value(site), parser.value(secrets), parser.isSet(hidden), !parser.isSet(watch)};
}

int run(int argc, char **argv)
{
    // Before any other thread: the platform has some of its own, and a signal that only one of them lets through would
    // end the program on the spot.
    const ctl::Signals signals_([](int) {
        if (!QCoreApplication::instance())
            std::_Exit(0);
        QMetaObject::invokeMethod(
            QCoreApplication::instance(), [] { QCoreApplication::exit(0); }, Qt::QueuedConnection);
    });
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Sixgate"));
    QApplication::setOrganizationName(QStringLiteral("sixgate"));
    QApplication::setApplicationVersion(sixgateVersion());
    QApplication::setWindowIcon(programIcon());
    loadTexts();
    drawOutlines();
    Choices choices = choicesOf(app);
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
