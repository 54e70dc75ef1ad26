#include "ctl/options.h"

#include "model/version.h"

#include <QDir>

#include <algorithm>
#include <vector>

namespace sixgate::ctl
{

namespace
{

/// An option, and the commands it goes with; none: with all.
struct Rule {
    const char *name;
    bool takesValue;
    std::vector<const char *> places;
};

const std::vector<Rule> &rules()
{
    static const std::vector<Rule> list = {
        {"--site", true, {}},
        {"--secrets", true, {}},
        {"--json", false, {}},
        {"--only", true, {"plan", "apply"}},
        {"--replace-newer", false, {"plan", "apply"}},
        {"--ip-json", true, {"home explain"}},
        {"--force", false, {"site new"}},
        {"--public-name", true, {"site new"}},
        {"--upstream-name", true, {"site new"}},
        {"--vps-name", true, {"site new"}},
        {"--zone", true, {"site new"}},
        {"--dns-server", true, {"site new"}},
        {"--interface-id", true, {"site new"}},
        {"--mail", true, {"site new"}},
        {"--agree-to-terms", false, {"site new"}},
        {"--host-key", true, {"site new", "vps trust", "vps replace"}},
        {"--new-key", false, {"vps trust"}},
        {"--key", true, {"vps keys"}},
        {"--keep-packages", false, {"vps remove"}},
        {"--address", true, {"vps replace"}},
        {"--user", true, {"vps replace"}},
        {"--port", true, {"vps replace"}},
        {"--abandon-old", false, {"vps replace"}},
        {"--yes", false, {"vps rollback", "vps remove", "vps replace"}},
    };
    return list;
}

const Rule *ruleOf(const QString &name)
{
    const auto found = std::find_if(rules().begin(), rules().end(),
                                    [&](const Rule &rule) { return name == QLatin1String(rule.name); });
    return found == rules().end() ? nullptr : &*found;
}

QString defaultSiteFile()
{
    // Qt's standard paths need an application name; the place is fixed by the XDG base directory specification.
    const QString base = qEnvironmentVariable("XDG_CONFIG_HOME");
    return (base.startsWith(QLatin1Char('/')) ? base : QDir::homePath() + QStringLiteral("/.config")) +
           QStringLiteral("/sixgate/site.json");
}

tl::unexpected<Finished> usage(const QString &sentence, bool json)
{
    return tl::unexpected<Finished>({sentence, BadInput, true, json});
}

tl::unexpected<Finished> print(const QString &text)
{
    return tl::unexpected<Finished>({text, AllWell, false, false});
}

// Which options make sense where; all others are a mistake worth a word.
tl::expected<void, Finished> checkPlace(const Options &options, const QStringList &used)
{
    const QString all = options.words.join(QLatin1Char(' ')) + QLatin1Char(' ');
    for (const QString &name : used) {
        const auto &places = ruleOf(name)->places;
        const bool fits = places.empty() || std::any_of(places.begin(), places.end(), [&](const char *place) {
                              return all.startsWith(QLatin1String(place) + QLatin1Char(' '));
                          });
        if (!fits)
            return usage(QStringLiteral("%1 does not go with \"%2\"; see sixgatectl %3 --help.")
                             .arg(name, options.words.join(QLatin1Char(' ')), options.words.value(0)),
                         options.json);
    }
    return {};
}

/// Keeps what an option says; a sentence where that does not fit.
QString take(Options &options, const QString &name, const QString &value)
{
    if (name == QLatin1String("--site")) {
        options.siteFile = value;
        options.siteNamed = true;
    } else if (name == QLatin1String("--secrets")) {
        options.secrets = value;
    } else if (name == QLatin1String("--only")) {
        if (value != QLatin1String("dns") && value != QLatin1String("vps"))
            return QStringLiteral("--only takes dns or vps, for example --only dns.");
        options.scope = value == QLatin1String("dns") ? PlanScope::Dns : PlanScope::Vps;
    } else {
        options.given[name] << value;
    }
    return {};
}

} // namespace

QString Options::value(const char *name) const
{
    const auto found = given.find(QLatin1String(name));
    return found == given.end() || found->second.isEmpty() ? QString() : found->second.last();
}

Error noSuchCommand(const QString &command)
{
    return {ErrorCode::Invalid,
            QStringLiteral("There is no command \"%1\"; see sixgatectl --help.").arg(command.left(40)),
            {},
            {}};
}

tl::expected<Options, Finished> parseOptions(const QStringList &arguments)
{
    Options options;
    options.siteFile = defaultSiteFile();
    options.secrets = QStringLiteral("keychain");
    options.json = arguments.contains(QStringLiteral("--json"));
    QStringList used;
    bool wantsHelp = false;
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        QString name = arguments[i];
        if (!name.startsWith(QLatin1String("-")) || name == QLatin1String("-")) {
            options.words << name;
            continue;
        }
        QString value;
        const qsizetype equals = name.indexOf(QLatin1Char('='));
        const bool attached = equals > 0;
        if (attached) {
            value = name.mid(equals + 1);
            name.truncate(equals);
        }
        if (name == QLatin1String("--help") || name == QLatin1String("-h")) {
            wantsHelp = true;
            continue;
        }
        if (name == QLatin1String("--version"))
            return print(QStringLiteral("sixgatectl %1\n").arg(sixgateVersion()));
        const Rule *rule = ruleOf(name);
        if (!rule)
            return usage(QStringLiteral("There is no option %1; see sixgatectl --help.").arg(arguments[i].left(40)),
                         options.json);
        if (attached && !rule->takesValue)
            return usage(QStringLiteral("The option %1 takes no value.").arg(name), options.json);
        if (rule->takesValue && !attached) {
            if (i + 1 >= arguments.size() || arguments[i + 1].startsWith(QLatin1String("--")))
                return usage(QStringLiteral("The option %1 needs a value; see sixgatectl --help.").arg(name),
                             options.json);
            value = arguments[++i];
        }
        if (rule->takesValue && value.isEmpty())
            return usage(QStringLiteral("The option %1 has an empty value.").arg(name), options.json);
        if (const QString wrong = take(options, name, value); !wrong.isEmpty())
            return usage(wrong, options.json);
        used << name;
    }
    const QString command = options.words.value(0);
    if (wantsHelp || command == QLatin1String("help")) {
        const QString topic = command == QLatin1String("help") ? options.words.value(1) : command;
        return topic.isEmpty() || isCommand(topic) ? print(help(topic))
                                                   : usage(noSuchCommand(topic).summary, options.json);
    }
    if (command.isEmpty())
        return usage(QStringLiteral("A command is missing, for example: sixgatectl check. See sixgatectl --help."),
                     options.json);
    if (auto fits = checkPlace(options, used); !fits)
        return tl::unexpected<Finished>(fits.error());
    return options;
}

} // namespace sixgate::ctl
