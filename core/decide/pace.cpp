#include "decide/pace.h"

#include "model/text.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

using std::chrono::milliseconds;

int mostOf(const UpdateWindow &window)
{
    return std::max(window.most, 1);
}

/// How many updates must be remembered, and how long.
struct Reach {
    milliseconds span{0};
    int count = 1;
};

Reach reachOf(const UpdateRules &rules)
{
    Reach reach{rules.interval, 1};
    for (const UpdateWindow &window : rules.windows) {
        reach.span = std::max(reach.span, window.span);
        reach.count = std::max(reach.count, mostOf(window));
    }
    return reach;
}

/// Where the clock was set back, all that was noted is moved by as much: what is in the future would block for long,
/// and what is thrown away would allow a burst.
void followClock(PaceState &state, const QDateTime &now)
{
    QDateTime latest = state.clockSeen.value_or(now);
    if (!state.updates.empty())
        latest = std::max(latest, state.updates.back());
    if (const auto back = latest - now; back > milliseconds(0)) {
        for (QDateTime &at : state.updates)
            at -= back;
        if (state.blocked)
            *state.blocked -= back;
        if (state.ordered)
            *state.ordered -= back;
        if (state.past.renewed)
            *state.past.renewed -= back;
        for (ForeignChange &one : state.past.foreign)
            one.at -= back;
    }
    state.clockSeen = now;
}

milliseconds pauseAfter(const UpdateRules &rules, int refusals)
{
    milliseconds pause = std::max(rules.pause, milliseconds(0));
    for (int i = 1; i < refusals && pause > milliseconds(0) && pause < rules.longestPause; ++i)
        pause *= 2;
    return std::min(pause, std::max(rules.longestPause, rules.pause));
}

void countUpdate(PaceState &state, const UpdateRules &rules, const QDateTime &now, int requests)
{
    const Reach reach = reachOf(rules);
    // More than any rule looks at would say nothing more.
    const int counted = std::clamp(requests, 1, std::max(reach.count, 1));
    state.updates.insert(state.updates.end(), std::size_t(counted), now);
    const auto old = std::find_if(state.updates.begin(), state.updates.end(),
                                  [&](const QDateTime &at) { return now - at <= reach.span; });
    state.updates.erase(state.updates.begin(), old);
    // More than the rules look at, for where these turn out not to have been sent.
    if (state.updates.size() > std::size_t(reach.count + counted))
        state.updates.erase(state.updates.begin(), state.updates.end() - reach.count - counted);
    state.sendingCount = counted;
}

QString spanOf(milliseconds span)
{
    return exactSpanText(std::chrono::ceil<std::chrono::seconds>(span));
}

} // namespace

UpdateRules rfc2136Rules()
{
    UpdateRules rules;
    rules.windows = {{std::chrono::seconds(60), 60}};
    return rules;
}

MayUpdate mayUpdate(const UpdateRules &rules, PaceState &state, const QString &wanted, const QDateTime &now,
                    int requests, bool anyway, const QString &stop)
{
    followClock(state, now);
    if (!anyway && state.stands && !state.sending && state.accepted == wanted)
        return {UpdateVerdict::Unneeded, {}, Texts::tr("The DNS provider has this value already.")};
    if (const QString &said = state.stopped.isEmpty() ? stop : state.stopped; !said.isEmpty())
        return {UpdateVerdict::Stopped,
                {},
                Texts::tr("The DNS provider answered “%1”: nothing more is sent until you have acted.").arg(said)};

    MayUpdate wait{UpdateVerdict::Wait, now, {}};
    const auto notBefore = [&wait](const QDateTime &at, const QString &why) {
        if (at > wait.at) {
            wait.at = at;
            wait.why = why;
        }
    };
    if (!state.updates.empty())
        notBefore(state.updates.back() + rules.interval,
                  Texts::tr("The DNS provider takes one update of a record in %1.").arg(spanOf(rules.interval)));
    for (const UpdateWindow &window : rules.windows) {
        const auto most = std::size_t(mostOf(window));
        // Of what needs more than there may ever be, the whole window.
        const auto needed = std::min(std::size_t(std::max(requests, 1)), most);
        if (state.updates.size() + needed > most)
            notBefore(
                state.updates[state.updates.size() + needed - 1 - most] + window.span,
                Texts::tr("The DNS provider takes %1 of a record in %2.")
                    .arg(most == 1 ? Texts::tr("one update") : Texts::tr("%1 updates").arg(most), spanOf(window.span)));
    }
    if (state.blocked) // however the clock was set, and whatever the rules were when it was noted
        notBefore(std::min(*state.blocked,
                           now + std::max({rules.longestPause, rules.pause, rules.retry, rules.longestOrder})),
                  state.refusals > 0
                      ? Texts::tr("The DNS provider has refused the last update; the next one is sent after a "
                                  "pause.")
                      : Texts::tr("The DNS provider could not be reached; the next update is sent after a pause."));
    if (state.ordered)
        notBefore(std::min(*state.ordered, now + std::max({rules.longestPause, rules.pause, rules.longestOrder})),
                  Texts::tr("The DNS provider asks to wait."));
    if (wait.at > now)
        return wait;
    return {};
}

QString accountStop(const std::map<PacedRecord, PaceState> &paces, const DnsAccount &account)
{
    const auto found = std::find_if(paces.begin(), paces.end(), [&](const auto &one) {
        return one.first.account == account.name && one.first.key.name.isWithin(account.zone) &&
               one.second.stopsAccount && !one.second.stopped.isEmpty();
    });
    return found == paces.end() ? QString() : found->second.stopped;
}

int requestsLeft(const UpdateRules &rules, const PaceState &state, const QDateTime &now)
{
    int left = 1'000'000;
    for (const UpdateWindow &window : rules.windows) {
        const auto within = std::count_if(state.updates.begin(), state.updates.end(),
                                          [&](const QDateTime &at) { return now - at < window.span; });
        left = std::min(left, mostOf(window) - int(std::min<std::ptrdiff_t>(within, mostOf(window))));
    }
    return left;
}

PaceState noteUpdate(PaceState state, const UpdateRules &rules, const UpdateOutcome &outcome, const QDateTime &now)
{
    using What = UpdateOutcome::What;
    followClock(state, now);
    if (outcome.what == What::Sending)
        state = noteRestart(std::move(state), now); // of another one that nobody has told the end of
    // What was noted as being sent counts once, from now on as late as it can have come in.
    if (state.sending)
        state.updates.resize(state.updates.size() -
                             std::min(state.updates.size(), std::size_t(std::max(state.sendingCount, 1))));
    state.sending.reset();
    if (outcome.what != What::Unsent)
        countUpdate(state, rules, now, outcome.requests);
    if (outcome.what != What::Sending)
        state.sendingCount = 1;

    switch (outcome.what) {
    case What::Sending:
        state.sending = outcome.value;
        break;
    case What::Accepted:
        state.accepted = outcome.value;
        state.stands = true;
        state.refusals = 0;
        state.blocked.reset();
        state.ordered.reset();
        state.stopped.clear();
        state.stopsAccount = false;
        break;
    case What::Refused:
        state.refusals = std::min(state.refusals + 1, 1000);
        state.blocked = now + std::max(pauseAfter(rules, state.refusals),
                                       std::min(outcome.after.value_or(milliseconds(0)), rules.longestOrder));
        if (outcome.after && rules.longestOrder > milliseconds(0))
            state.ordered = now + std::min(*outcome.after, rules.longestOrder);
        if (outcome.untilUserActs || rules.fatal.contains(outcome.answer)) {
            state.stopped = outcome.answer.isEmpty() ? QStringLiteral("refused") : outcome.answer;
            state.stopsAccount = outcome.account;
        }
        break;
    case What::NoAnswer:
        state.stands = state.stands && state.accepted == outcome.value;
        state.accepted = outcome.value;
        state.blocked = now + rules.retry;
        break;
    case What::Unsent:
        state.blocked = now + rules.retry;
        break;
    case What::Answered:
        state.stands = false;
        break;
    }
    return state;
}

PaceState noteRestart(PaceState state, const QDateTime &now)
{
    followClock(state, now);
    if (state.sending) {
        const auto sent = std::min(state.updates.size(), std::size_t(std::max(state.sendingCount, 1)));
        std::fill(state.updates.end() - std::ptrdiff_t(sent), state.updates.end(), now);
        state.sendingCount = 1;
        state.stands = state.stands && state.accepted == state.sending;
        state.accepted = state.sending;
        state.sending.reset();
    }
    return state;
}

PaceState noteSeen(PaceState state, const QString &value)
{
    if (state.sending)
        return state;
    state.stands = state.accepted == value;
    return state;
}

PaceState noteUserActed(PaceState state)
{
    state.stopped.clear();
    state.stopsAccount = false;
    state.refusals = 0;
    state.blocked.reset();
    state.past.refused.clear();
    state.past.foreign.clear();
    return state;
}

} // namespace sixgate
