// alarm test: whether whoever is to be told can be told from this machine.

#include "ctl/commands.h"
#include "ctl/input.h"
#include "ctl/json.h"
#include "running/sitework.h"

namespace sixgate::ctl
{

namespace
{

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
    auto store = openSecrets(options, site->name, output, stop);
    if (!store)
        return failed(store.error());
    output.activity(QStringLiteral("Sending a test on each channel."));
    const auto channels = testAlarm(*site, **store, stop);
    if (!channels)
        return failed(channels.error());
    QJsonArray list;
    bool all = true;
    for (const AlarmTested &one : *channels) {
        all = all && one.told;
        const QString name = capital(one.text);
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
            {QStringLiteral("channel"), one.channel},
            {QStringLiteral("taken"), one.told.has_value()},
            {QStringLiteral("error"), json(one.told ? std::nullopt : std::optional<Error>(one.told.error()))}});
    }
    QJsonObject out = document(command);
    out[QStringLiteral("channels")] = list;
    output.document(out);
    return all ? AllWell : Failed;
}

} // namespace sixgate::ctl
