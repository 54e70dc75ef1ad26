// alarm test: whether whoever is to be told can be told from this machine.

#include "ctl/commands.h"
#include "ctl/input.h"
#include "ctl/json.h"
#include "decide/alarm.h"
#include "engine/keeperalarm.h"
#include "model/alarmnames.h"
#include "transport/parallel.h"

#include <algorithm>

namespace sixgate::ctl
{

using namespace std::chrono_literals;

namespace
{

constexpr auto secretTime = 60s; // a keychain may ask the user to unlock it
constexpr auto tellTime = 20s;
constexpr size_t mostAtOnce = 9;

struct Channel {
    QString name;
    Secret secret;
    Outcome told;
};

QString capital(const QString &text)
{
    return text.left(1).toUpper() + text.mid(1);
}

} // namespace

int runAlarm(const Options &options, Output &output, std::stop_token stop)
{
    const QString command = QStringLiteral("alarm test");
    const auto failed = [&](const Error &error) { return giveUp(output, error, command); };
    if (options.words.value(1) != QLatin1String("test"))
        return giveUp(
            output,
            {ErrorCode::Invalid, QStringLiteral("\"alarm\" takes test, for example: sixgatectl alarm test."), {}, {}},
            {});
    if (auto few = noMoreWords(options, 2); !few)
        return failed(few.error());
    const auto site = siteOf(options);
    if (!site) {
        output.error(site.error(), command);
        return BadInput;
    }
    if (!site->alarm)
        return failed({ErrorCode::Invalid,
                       QStringLiteral("The site file names nobody to tell."),
                       {},
                       QStringLiteral("Add \"alarm\" to %1, for example: \"alarm\": {\"mail\": {\"to\": "
                                      "\"me@example.org\"}}")
                           .arg(options.siteFile)});
    auto store = openSecrets(options, site->name, output, stop);
    if (!store)
        return failed(store.error());
    std::vector<Channel> channels;
    for (const QString &name : alarmRules(*site->alarm, 0s).channels) {
        Channel one{name, {}, {}};
        if (const QString secret = alarmSecretOf(*site->alarm, name); !secret.isEmpty()) {
            auto got = (*store)->get(secret, Deadline::after(secretTime), stop);
            if (got)
                one.secret = std::move(*got);
            else if (got.error().code != ErrorCode::NotFound) // that is told for the channel
                return failed(got.error());
        }
        channels.push_back(std::move(one));
    }
    output.activity(QStringLiteral("Sending a test on each channel."));
    const QDateTime now = QDateTime::currentDateTimeUtc();
    const Deadline deadline = Deadline::after(tellTime);
    forEachParallel(channels.size(), mostAtOnce, [&](std::size_t i) {
        Channel &one = channels[i];
        const AlarmErrand test = testErrand(one.name, now);
        one.told = tellOn(*site->alarm, one.name, one.secret,
                          {site->name, alarmSender(), test.event, test.brief, test.text, test.since, test.span},
                          deadline, stop);
    });
    if (stop.stop_requested())
        return failed({ErrorCode::Cancelled, QStringLiteral("Stopped on request."), {}, {}});
    QJsonArray list;
    bool all = true;
    for (const Channel &one : channels) {
        all = all && one.told;
        const QString name = capital(alarmChannelText(one.name));
        if (one.told) {
            output.print(QStringLiteral("%1 %2: the test was taken; see whether it arrives.\n")
                             .arg(output.good(QStringLiteral("✓")), name));
        } else {
            const Error &why = one.told.error();
            output.print(
                harmless(QStringLiteral("%1 %2: %3\n").arg(output.bad(QStringLiteral("✗")), name, why.summary)));
            if (!why.detail.isEmpty())
                output.print(output.dim(harmless(QStringLiteral("    %1\n").arg(why.detail))));
            if (!why.fix.isEmpty())
                output.print(harmless(QStringLiteral("  → %1\n").arg(why.fix)));
        }
        list.append(QJsonObject{
            {QStringLiteral("channel"), one.name},
            {QStringLiteral("taken"), one.told.has_value()},
            {QStringLiteral("error"), json(one.told ? std::nullopt : std::optional<Error>(one.told.error()))}});
    }
    QJsonObject out = document(command);
    out[QStringLiteral("channels")] = list;
    output.document(out);
    return all ? AllWell : Failed;
}

} // namespace sixgate::ctl
