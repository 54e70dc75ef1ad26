#include "decide/alarm.h"

#include "model/alarmnames.h"
#include "model/text.h"
#include "model/texts.h"

#include <QStringList>

#include <algorithm>
#include <array>

namespace sixgate
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;

constexpr auto mostCalm = 60s;
constexpr size_t mostSentences = 8;
constexpr qsizetype longestSentence = 300;
constexpr std::array<milliseconds, 5> waits = {1min, 2min, 4min, 8min, 10min};
constexpr milliseconds fetchEvery = 1min;

bool holds(const std::vector<QString> &list, const QString &one)
{
    return std::find(list.begin(), list.end(), one) != list.end();
}

seconds between(const QDateTime &from, const QDateTime &to)
{
    return seconds(std::max<qint64>(from.msecsTo(to), 0) / 1000);
}

QString joined(const std::vector<QString> &sentences)
{
    return QStringList(sentences.begin(), sentences.end()).join(QLatin1Char(' '));
}

AlarmErrand troubleErrand(const QString &channel, const AlarmMatter &matter, const QDateTime &now)
{
    const seconds span = between(matter.since, now);
    return {channel,
            AlarmEvent::Trouble,
            QStringLiteral("trouble since %1 UTC")
                .arg(matter.since.toUTC().toString(span < 20h ? QStringLiteral("HH:mm")
                                                              : QStringLiteral("yyyy-MM-dd HH:mm"))),
            Texts::tr("Something has been wrong with the home since %1, for %2: %3")
                .arg(timeText(matter.since), spanText(span), joined(matter.sentences)),
            matter.since,
            span};
}

AlarmErrand overErrand(const QString &channel, const AlarmMatter &matter)
{
    const seconds span = between(matter.since, *matter.until);
    if (matter.passed)
        return {channel,
                AlarmEvent::Passed,
                QStringLiteral("another machine keeps it now"),
                Texts::tr("Another machine keeps the home now, and tells what it sees. The trouble that this one "
                          "told lasted since %1, for %2.")
                    .arg(timeText(matter.since), spanText(span)),
                matter.since,
                span};
    return {channel,
            AlarmEvent::Over,
            QStringLiteral("over after %1").arg(spanText(span)),
            Texts::tr("The home is as it should be again, after a trouble of %1 since %2.")
                .arg(spanText(span), timeText(matter.since)),
            matter.since,
            span};
}

AlarmErrand missedErrand(const QString &channel, const AlarmMatter &matter)
{
    AlarmErrand one = overErrand(channel, matter);
    one.text = Texts::tr("The home is as it should be again. Something was wrong since %1, for %2, which could not "
                         "be told then: %3")
                   .arg(timeText(matter.since), spanText(one.span), joined(matter.sentences));
    return one;
}

AlarmErrand fineErrand(const QString &channel, const QDateTime &now)
{
    return {channel, AlarmEvent::Fine, QStringLiteral("fine"), Texts::tr("All is as it should be."), now, 0s};
}

/// The trouble is over, for every channel in its own way.
void close(AlarmState &state, const AlarmRules &rules, const AlarmState::Calm &calm, const AlarmClock &now)
{
    AlarmMatter matter = *std::exchange(state.memory.open, {});
    matter.until = now.wall.addMSecs(-(now.boot - calm.boot).count());
    // The wall clock may have been set meanwhile; the other one was not.
    if (state.spell)
        matter.since = matter.until->addMSecs(-(calm.boot - state.spell->boot).count());
    matter.passed = calm.passed;
    for (const QString &channel : rules.channels) {
        AlarmTold &told = state.memory.channels[channel];
        if (told.told && !told.told->until)
            told.told = matter;
        else if (!matter.passed)
            told.missed = matter;
    }
    std::erase_if(state.memory.channels, [](const auto &one) { return one.second == AlarmTold(); });
}

/// What is wrong, or no longer is, since the last look.
void lookAtTrouble(AlarmState &state, const AlarmView &view, const AlarmRules &rules, const AlarmClock &now)
{
    const bool leads = view.part == AlarmView::Part::Leads;
    const bool wrong = leads && !view.fine;
    if (wrong) {
        if (!state.spell && !state.memory.open)
            state.spell = AlarmState::Spell{now.boot, 0ms};
        if (state.spell && state.wrongAt)
            state.spell->wrong += std::max(now.awake - *state.wrongAt, 0ms);
        state.calm.reset();
        if (!state.memory.open && state.spell->wrong >= rules.lasting)
            state.memory.open =
                AlarmMatter{now.wall.addMSecs(-(now.boot - state.spell->boot).count()), {}, view.sentences, false};
    } else {
        if (state.spell && state.wrongAt)
            state.spell->wrong += std::max(now.awake - *state.wrongAt, 0ms);
        if (!state.calm || state.calm->passed == leads)
            state.calm = AlarmState::Calm{now.awake, now.boot, !leads};
        if (now.awake - state.calm->awake >= rules.calm) {
            if (state.memory.open)
                close(state, rules, *state.calm, now);
            state.spell.reset();
        }
    }
    state.wrongAt.reset();
    if (wrong)
        state.wrongAt = now.awake;
}

std::optional<AlarmErrand> errandFor(AlarmState &state, const QString &channel, const AlarmView &view,
                                     const AlarmRules &rules, const AlarmClock &now)
{
    const bool leads = view.part == AlarmView::Part::Leads;
    const auto known = state.memory.channels.find(channel);
    const AlarmTold told = known == state.memory.channels.end() ? AlarmTold() : known->second;
    if (told.told && told.told->until)
        return overErrand(channel, *told.told);
    if (!leads)
        return std::nullopt;
    if (told.missed)
        return missedErrand(channel, *told.missed);
    if (state.memory.open)
        return told.told ? std::nullopt : std::optional(troubleErrand(channel, *state.memory.open, now.wall));
    const auto &pinged = state.channels[channel].pinged;
    // What has not lasted yet is none.
    if (holds(rules.pinged, channel) && (!pinged || now.boot - *pinged >= rules.ping))
        return fineErrand(channel, now.wall);
    return std::nullopt;
}

/// Whether that is mended by another secret: somebody answered, and does not take it.
bool isRefusal(ErrorCode code)
{
    return code == ErrorCode::Denied || code == ErrorCode::Refused || code == ErrorCode::Invalid ||
           code == ErrorCode::Protocol;
}

bool waitsForSecret(const AlarmState &state, const QString &channel, const AlarmClock &now)
{
    const auto kept = state.secrets.find(channel);
    return kept != state.secrets.end() &&
           (!kept->second.known || (kept->second.fetch && now.boot >= *kept->second.fetch));
}

} // namespace

AlarmRules alarmRules(const Alarm &alarm, milliseconds ping)
{
    AlarmRules rules{alarm.lasting, std::min<milliseconds>(alarm.lasting, mostCalm), ping, {}, {}, {}};
    if (alarm.mail)
        rules.channels.push_back(alarmMailChannel());
    for (const Webhook &hook : alarm.webhooks) {
        rules.channels.push_back(hook.name.text());
        if (hook.kind == WebhookKind::Healthchecks)
            rules.pinged.push_back(hook.name.text());
    }
    for (const QString &channel : rules.channels) {
        if (!alarmSecretOf(alarm, channel).isEmpty())
            rules.secret.push_back(channel);
    }
    return rules;
}

AlarmView alarmView(KeeperSnapshot snapshot)
{
    snapshot.alarmTroubles.clear();
    AlarmView view;
    view.fine = snapshot.fine();
    view.atHome = std::any_of(snapshot.servers.begin(), snapshot.servers.end(),
                              [](const KeptServer &one) { return one.address.has_value(); });
    view.prefixes = snapshot.prefixes;
    if (!snapshot.servers.empty()) {
        if (snapshot.role == QLatin1String("leader"))
            view.part = AlarmView::Part::Leads;
        else if (snapshot.role == QLatin1String("follower"))
            view.part = AlarmView::Part::Follows;
        else if (snapshot.role == QLatin1String("away"))
            view.part = AlarmView::Part::Away;
    }
    if (view.fine)
        return view;
    const auto add = [&](const QString &sentence) {
        const QString text = sentence.simplified().left(longestSentence);
        if (!text.isEmpty() && view.sentences.size() < mostSentences && !holds(view.sentences, text))
            view.sentences.push_back(text);
    };
    for (const QString &one : snapshot.troubles)
        add(one);
    for (const KeptServer &one : snapshot.servers) {
        if (!one.address)
            add(one.why);
    }
    for (const KeptPath &one : snapshot.paths) {
        if (one.state == PathState::Broken)
            add(QStringLiteral("%1 (%2): %3").arg(one.publicName, pathName(one.kind), one.why));
    }
    if (view.sentences.empty()) {
        for (const KeptRecord &one : snapshot.records) {
            if (!one.right)
                add(QStringLiteral("%1: %2").arg(one.record, one.why));
        }
        for (const KeptPush &one : snapshot.pushes) {
            if (!one.done)
                add(QStringLiteral("%1: %2").arg(one.upstream, one.why));
        }
    }
    if (view.sentences.empty())
        add(snapshot.awaitedText());
    if (view.sentences.empty())
        add(Texts::tr("The keeper cannot say what it is."));
    return view;
}

AlarmState beginAlarm(AlarmMemory memory, const AlarmRules &rules, const QDateTime &wall)
{
    AlarmState state;
    std::erase_if(memory.channels, [&](const auto &one) { return !holds(rules.channels, one.first); });
    for (auto &[channel, told] : memory.channels) {
        // A damaged memory must not keep a channel from being told ever again.
        if (told.told && !told.told->until && !memory.open)
            told.told->until = wall;
        if (told.missed && !told.missed->until)
            told.missed.reset();
    }
    state.memory = std::move(memory);
    for (const QString &channel : rules.secret)
        state.secrets[channel].fetch = 0ms;
    return state;
}

AlarmStep decideAlarm(AlarmState &state, const AlarmView &seen, const AlarmRules &rules, const AlarmClock &now)
{
    AlarmView view = seen;
    auto &led = state.memory.led;
    // What it sees is known a moment before what that makes of it: one that has just been carried away does not lead,
    // and one that has just begun follows nobody.
    if ((view.part == AlarmView::Part::Leads || view.part == AlarmView::Part::Follows) && !view.atHome)
        view.part = AlarmView::Part::Away;
    switch (view.part) {
    case AlarmView::Part::Leads:
        if (!view.prefixes.empty())
            led = view.prefixes;
        break;
    case AlarmView::Part::Follows:
        led.clear();
        break;
    case AlarmView::Part::Away: {
        const bool still = std::any_of(view.prefixes.begin(), view.prefixes.end(),
                                       [&](const QString &one) { return holds(led, one); });
        view.part = still ? AlarmView::Part::Leads : AlarmView::Part::Silent;
        break;
    }
    case AlarmView::Part::Silent:
        break;
    }
    AlarmStep step;
    const auto lookIn = [&](milliseconds span) {
        span = std::max(span, 1ms);
        step.look = step.look ? std::min(*step.look, span) : span;
    };
    for (const auto &[channel, kept] : state.secrets) {
        if (kept.fetch && now.boot >= *kept.fetch)
            step.fetch.push_back(channel);
        else if (kept.fetch)
            lookIn(*kept.fetch - now.boot);
    }
    if (view.part == AlarmView::Part::Silent) {
        // Nothing is known of the time meanwhile. When a trouble that was told began stays known.
        if (!state.memory.open)
            state.spell.reset();
        state.calm.reset();
        state.wrongAt.reset();
        return step;
    }
    lookAtTrouble(state, view, rules, now);

    const bool leads = view.part == AlarmView::Part::Leads;
    if (state.wrongAt && !state.memory.open)
        lookIn(rules.lasting - state.spell->wrong);
    if (state.calm && (state.spell || state.memory.open))
        lookIn(rules.calm - (now.awake - state.calm->awake));
    for (const QString &channel : rules.channels) {
        auto errand = errandFor(state, channel, view, rules, now);
        if (errand && waitsForSecret(state, channel, now))
            continue;
        const AlarmState::Trying &trying = state.channels[channel];
        if (errand && now.boot >= trying.next)
            step.send.push_back(std::move(*errand));
        else if (errand)
            lookIn(trying.next - now.boot);
        else if (leads && !state.memory.open && trying.pinged && holds(rules.pinged, channel))
            lookIn(rules.ping - (now.boot - *trying.pinged));
    }
    return step;
}

void noteErrand(AlarmState &state, const AlarmErrand &errand, std::optional<ErrorCode> failed, const AlarmClock &now)
{
    AlarmState::Trying &trying = state.channels[errand.channel];
    const auto kept = state.secrets.find(errand.channel);
    if (failed) {
        trying.next = now.boot + waits[std::min<size_t>(size_t(trying.failures), waits.size() - 1)];
        ++trying.failures;
        if (kept == state.secrets.end())
            return;
        AlarmState::Kept &secret = kept->second;
        secret.refused = isRefusal(*failed);
        secret.fetch =
            secret.refused ? std::min(secret.fetch.value_or(milliseconds::max()), now.boot + fetchEvery) : trying.next;
        return;
    }
    if (kept != state.secrets.end())
        kept->second = {true, false, {}};
    trying.failures = 0;
    trying.next = now.boot;
    AlarmTold &told = state.memory.channels[errand.channel];
    switch (errand.event) {
    case AlarmEvent::Trouble:
        told.told = state.memory.open;
        break;
    case AlarmEvent::Over:
    case AlarmEvent::Passed:
        // A sign of life as well, of whoever leads now.
        trying.pinged = now.boot;
        if (told.told && told.told->until)
            told.told.reset();
        else
            told.missed.reset();
        break;
    case AlarmEvent::Fine:
        trying.pinged = now.boot;
        break;
    case AlarmEvent::Test:
        break;
    }
    if (told == AlarmTold())
        state.memory.channels.erase(errand.channel);
}

void noteSecret(AlarmState &state, const QString &channel, SecretGot got, const AlarmClock &now)
{
    AlarmState::Kept &secret = state.secrets[channel];
    if (got == SecretGot::Another) {
        secret = {true, false, {}};
        // What could not be told for want of it is due.
        state.channels.erase(channel);
        return;
    }
    // The same one may work yet, in its own time.
    secret.fetch.reset();
    if (!secret.known || secret.refused)
        secret.fetch = now.boot + fetchEvery;
}

AlarmErrand testErrand(const QString &channel, const QDateTime &wall)
{
    return {channel,
            AlarmEvent::Test,
            QStringLiteral("a test"),
            Texts::tr("This is a test: it shows that Sixgate can tell you when the home is in trouble."),
            wall,
            0s};
}

} // namespace sixgate
