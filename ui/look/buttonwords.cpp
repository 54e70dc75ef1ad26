#include "ui/look/buttonwords.h"

#include <QCoreApplication>
#include <QRegularExpression>

namespace sixgate
{

namespace
{

struct ButtonWords {
    Q_DECLARE_TR_FUNCTIONS(ButtonWords)
};

/// The buttons of commands, without "sixgatectl": in the window, and in the setup.
struct Button {
    const char *command; ///< or how it begins; the first row that fits counts
    const char *window;
    const char *setup;
};

constexpr const char *setUp = QT_TRANSLATE_NOOP("ButtonWords", "Settings, “Set up”");
constexpr const char *redeploy = QT_TRANSLATE_NOOP("ButtonWords", "VPS, “Redeploy”");
constexpr const char *newVps = QT_TRANSLATE_NOOP("ButtonWords", "VPS, “New VPS”");
constexpr const char *goOn = QT_TRANSLATE_NOOP("ButtonWords", "VPS, “Go on with the move”");
constexpr const char *cleans = QT_TRANSLATE_NOOP("ButtonWords", "VPS, “Clean the old machine”");
constexpr const char *givesUp = QT_TRANSLATE_NOOP("ButtonWords", "VPS, “Give the old machine up”");
constexpr const char *checkNow = QT_TRANSLATE_NOOP("ButtonWords", "Overview, “Check now”");
constexpr const char *review = QT_TRANSLATE_NOOP("ButtonWords", "the page “Review”");
constexpr const char *checkAgain = QT_TRANSLATE_NOOP("ButtonWords", "“Check again”");
constexpr const char *endsMove = "vps replace";
constexpr Button buttons[] = {
    {"secret set", setUp, QT_TRANSLATE_NOOP("ButtonWords", "in the field here")},
    {"vps trust", setUp, QT_TRANSLATE_NOOP("ButtonWords", "“Ask for its host key”")},
    {"vps keys install", setUp, QT_TRANSLATE_NOOP("ButtonWords", "the page “VPS”")},
    {"vps replace --address", newVps, newVps},
    {"vps replace --abandon-old", givesUp, givesUp},
    {endsMove, goOn, goOn},
    {"apply", redeploy, review},
    {"plan", redeploy, review},
    {"check", checkNow, checkAgain},
    {"status check", checkNow, checkAgain},
};

constexpr const char *vpsSecret = "secret set vps.";

/// `before`: the text up to the command.
QString buttonOf(const QString &command, const QString &before, ToldIn where)
{
    // One command goes on with a move and cleans the machine before; the page of the VPS has a button for each.
    static const QRegularExpression toClean(QStringLiteral("[Cc]lean [^.:]*: $"));
    if (command == QLatin1String(endsMove) && toClean.match(before).hasMatch())
        return ButtonWords::tr(cleans);
    if (where == ToldIn::PasswordJob && command.startsWith(QLatin1String(vpsSecret)) &&
        command.endsWith(QLatin1String(".password")))
        return ButtonWords::tr("“Try again” asks for it");
    for (const Button &one : buttons) {
        if (command.startsWith(QLatin1String(one.command)))
            return ButtonWords::tr(where == ToldIn::Setup ? one.setup : one.window);
    }
    return command;
}

// Words of the core about the site file.
constexpr const char *byPassword = "set \"auth\" to \"password\" in the site file(?: and store it: sixgatectl secret "
                                   "set [^\\s.]+(?:\\.[A-Za-z0-9-]+)*)?";
constexpr const char *agreeing = "set \"agreeToTerms\" to true in the site file";
constexpr const char *inFile = " in the site file";
constexpr const char *fields[] = {"the zone of the DNS account", "the key's name and algorithm", "Compare the key"};

/// What the setup asks for itself, in the place of words about the site file.
QString setupWords(QString text)
{
    static const QRegularExpression password(QString::fromLatin1(byPassword)), terms(QString::fromLatin1(agreeing));
    text.replace(password, ButtonWords::tr("choose “The password” on the page “VPS”"));
    text.replace(terms, ButtonWords::tr("agree to them on the page “Services”"));
    for (const char *field : fields)
        text.replace(QString::fromLatin1(field) + QString::fromLatin1(inFile),
                     QString::fromLatin1(field) + ButtonWords::tr(" in this setup"));
    return text;
}

} // namespace

QString buttonWords(QString text, ToldIn where)
{
    if (where == ToldIn::Setup)
        text = setupWords(text);
    // A name of a secret ends before the full stop of the sentence. Other options make another command of it.
    static const QRegularExpression commands(QStringLiteral(
        "sixgatectl (secret set(?>(?: [A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*)?)|vps trust|"
        "vps replace(?>(?: --address (?:…|[0-9A-Fa-f.:]*[0-9A-Fa-f]))+| --abandon-old)|vps replace|vps keys install|"
        "apply|plan|status check|check)(?! ?--|[A-Za-z-])"));
    // "… (--abandon-old leaves it alone)"
    static const QRegularExpression options(QStringLiteral("\\s\\(--[a-z-]+ [^)]*\\)"));
    text.remove(options);
    QString out;
    qsizetype at = 0;
    for (auto all = commands.globalMatch(text); all.hasNext();) {
        const auto one = all.next();
        out +=
            text.mid(at, one.capturedStart() - at) + buttonOf(one.captured(1), text.left(one.capturedStart()), where);
        at = one.capturedEnd();
    }
    return out + text.mid(at);
}

} // namespace sixgate
