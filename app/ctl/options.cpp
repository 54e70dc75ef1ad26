#include "ctl/options.h"

#include "model/version.h"
#include "storage/sitefile.h"

#include <algorithm>
#include <optional>
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
        {"--no-check", false, {"apply"}},
        {"--ip-json", true, {"home explain"}},
        {"--force", false, {"site new", "check"}},
        {"--public-name", true, {"site new"}},
        {"--upstream-name", true, {"site new"}},
        {"--vps-name", true, {"site new"}},
        {"--zone", true, {"site new"}},
        {"--provider", true, {"site new"}},
        {"--credential", true, {"site new"}},
        {"--update-url", true, {"site new"}},
        {"--dns-server", true, {"site new"}},
        {"--interface-id", true, {"site new"}},
        {"--lan-name", true, {"site new"}},
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
        {"--bring-key", false, {"vps replace"}},
        {"--explain", false, {"check"}},
        {"--report", true, {"check"}},
        {"--watch", false, {"check"}},
        {"--interval", true, {"check"}},
        {"--format", true, {"check"}},
        {"--path", true, {"check"}},
        {"--follow", false, {"status"}},
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

/// Nothing where the option is none of check's; else as take().
std::optional<QString> takeCheck(Options &options, const QString &name, const QString &value)
{
    CheckOptions &check = options.check;
    if (name == QLatin1String("--explain")) {
        check.explain = true;
    } else if (name == QLatin1String("--watch")) {
        check.watch = true;
    } else if (name == QLatin1String("--report")) {
        check.report = value;
    } else if (name == QLatin1String("--interval")) {
        bool number = false;
        const int seconds = value.toInt(&number);
        if (!number || seconds < 10 || seconds > 3600)
            return QStringLiteral("--interval takes seconds from 10 to 3600, for example --interval 60.");
        check.interval = std::chrono::seconds(seconds);
        options.given[name] << value;
    } else if (name == QLatin1String("--format")) {
        static const QStringList formats = {QStringLiteral("text"), QStringLiteral("json"), QStringLiteral("nagios"),
                                            QStringLiteral("prometheus")};
        const qsizetype which = formats.indexOf(value);
        if (which < 0)
            return QStringLiteral("--format takes text, json, nagios or prometheus, for example --format json.");
        check.format = CheckFormat(which);
        options.given[name] << value;
    } else if (name == QLatin1String("--path")) {
        for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan}) {
            if (value != pathName(kind))
                continue;
            check.paths.insert(kind);
            return QString();
        }
        return QStringLiteral("--path takes v4, upstream, v6 or lan, for example --path v6.");
    } else {
        return {};
    }
    return QString();
}

/// What of check's options does not go together; empty: all does.
QString contradiction(const Options &options)
{
    const CheckOptions &check = options.check;
    const bool forMonitors = check.format == CheckFormat::Nagios || check.format == CheckFormat::Prometheus;
    const auto apart = [](const char *one, const char *other) {
        return QStringLiteral("%1 does not go together with %2.").arg(QLatin1String(one), QLatin1String(other));
    };
    if (options.json && options.has("--format") && check.format != CheckFormat::Json)
        return apart("--json", "another --format");
    if (forMonitors && check.watch)
        return apart("--watch", "--format nagios or prometheus");
    if (forMonitors && check.explain)
        return apart("--explain", "--format nagios or prometheus");
    if (check.watch && check.explain)
        return apart("--watch", "--explain");
    if (check.watch && !check.report.isEmpty())
        return apart("--watch", "--report");
    if (!check.watch && options.has("--interval"))
        return QStringLiteral("--interval goes with --watch.");
    if (options.has("--force") && check.report.isEmpty())
        return QStringLiteral("--force goes with --report.");
    return {};
}

/// Also where the command line cannot be understood: the last --format is for a monitor that runs plugins.
bool asksForNagios(const QStringList &arguments)
{
    bool nagios = false;
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == QLatin1String("--format"))
            nagios = arguments.value(i + 1) == QLatin1String("nagios");
        else if (arguments[i].startsWith(QLatin1String("--format=")))
            nagios = arguments[i] == QLatin1String("--format=nagios");
    }
    return nagios;
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
    } else if (const auto told = takeCheck(options, name, value)) {
        return *told;
    } else {
        options.given[name] << value;
    }
    return {};
}

tl::expected<Options, Finished> parsed(const QStringList &arguments)
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
        if (topic.isEmpty() || isCommand(topic))
            return print(help(topic));
        const QString page = command == QLatin1String("help") ? conditionPage(topic) : QString();
        return page.isEmpty() ? usage(noSuchCommand(topic).summary, options.json) : print(page);
    }
    if (command.isEmpty())
        return usage(QStringLiteral("A command is missing, for example: sixgatectl check. See sixgatectl --help."),
                     options.json);
    if (auto fits = checkPlace(options, used); !fits)
        return tl::unexpected<Finished>(fits.error());
    if (command != QLatin1String("check"))
        return options;
    if (const QString wrong = contradiction(options); !wrong.isEmpty())
        return usage(wrong, options.json);
    if (options.json)
        options.check.format = CheckFormat::Json;
    options.json = options.check.format == CheckFormat::Json;
    return options;
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
    auto options = parsed(arguments);
    if (!options && options.error().error)
        options.error().nagios = asksForNagios(arguments);
    return options;
}

} // namespace sixgate::ctl
