#include "decide/leadership.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Whether this machine still holds the lease, told a little early.
bool holds(const LeaseAnswer &answer, BootTime now)
{
    return answer.says == LeaseSays::Mine && now < answer.asked + answer.left - LeaseTimes::Margin;
}

/// Whether it led so lately that nobody else can be supposed to.
bool ledLately(const LeadershipState &state, const LeadershipInput &input)
{
    if (state.led)
        return input.now - *state.led < LeaseTimes::Remembered;
    if (!state.memory.led)
        return false;
    const milliseconds ago = input.wall - *state.memory.led;
    // In the future: the clock was set, and nobody knows how long ago it was.
    return ago >= milliseconds(0) && ago < LeaseTimes::Remembered;
}

Leadership leads(const LeaseAnswer &answer, bool byLease, const QString &why)
{
    Leadership out{KeeperRole::Leader, true, answer.says != LeaseSays::NoPush, byLease, false, {}, why};
    // Not asked: nobody else is there who could lead.
    if (answer.says != LeaseSays::NoPush && answer.says != LeaseSays::NotAsked)
        out.ask = answer.asked + (answer.says == LeaseSays::Mine ? LeaseTimes::Renew : LeaseTimes::Retry);
    return out;
}

Leadership follows(BootTime ask, const QString &why)
{
    return {KeeperRole::Follower, false, false, false, false, ask, why};
}

bool isAlone(const LeadershipState &state, const LeadershipInput &input)
{
    return input.onlyMachine && !state.othersSeen;
}

Leadership atHome(const LeadershipState &state, const LeadershipInput &input)
{
    const LeaseAnswer &answer = state.answer;
    const bool alone = isAlone(state, input);
    switch (answer.says) {
    case LeaseSays::NoPush:
        return leads(answer, false, Texts::tr("No push is set up, so this machine decides by itself."));
    case LeaseSays::NoKey:
        return follows(answer.asked + LeaseTimes::Follow,
                       Texts::tr("This machine has no push key, and others have: it only watches until it has one "
                                 "(sixgatectl vps push-key)."));
    case LeaseSays::Mine:
        if (holds(answer, input.now))
            return leads(answer, true, Texts::tr("This machine holds the lease at the VPS."));
        if (alone)
            return leads(answer, false, Texts::tr("This is the only machine that keeps the site."));
        return follows(input.now,
                       Texts::tr("The lease ran out without a renewal; this machine asks again before it writes."));
    case LeaseSays::Others: {
        // Not later than the other's lease ends, so that a dead leader is followed at once.
        const milliseconds wait =
            std::clamp<milliseconds>(answer.left, LeaseTimes::Margin, milliseconds(LeaseTimes::Follow));
        return follows(answer.asked + wait, Texts::tr("%1 leads: it holds the lease at the VPS.").arg(answer.holder));
    }
    case LeaseSays::Unreachable:
        if (alone)
            return leads(answer, false,
                         Texts::tr("The VPS cannot be reached, and this is the only machine that keeps the site."));
        if (ledLately(state, input))
            return leads(answer, false, Texts::tr("The VPS cannot be reached; the machine that led goes on."));
        return follows(answer.asked + LeaseTimes::Follow,
                       Texts::tr("The VPS cannot be reached, and this machine did not lead: it writes nothing."));
    case LeaseSays::NotAsked:
        break;
    }
    if (alone)
        return leads(answer, false, Texts::tr("This is the only machine that keeps the site."));
    return follows(input.now, Texts::tr("The VPS has not told yet who leads."));
}

} // namespace

LeadershipState noteLease(LeadershipState state, const LeaseAnswer &answer)
{
    state.answer = answer;
    if (answer.says == LeaseSays::Others) {
        state.othersSeen = true;
        state.led.reset();
        state.memory.led.reset();
    }
    return state;
}

Leadership decideLeadership(LeadershipState &state, const LeadershipInput &input)
{
    Leadership out;
    switch (input.where) {
    case Whereabouts::Home:
        out = atHome(state, input);
        break;
    case Whereabouts::Near:
        if (isAlone(state, input)) {
            out = atHome(state, input);
            break;
        }
        // Another machine may see the server.
        [[fallthrough]];
    case Whereabouts::Elsewhere:
        out.role = KeeperRole::Away;
        out.letGo = holds(state.answer, input.now);
        out.why = input.where == Whereabouts::Near
                      ? Texts::tr("No home server answers here, so this machine has nothing to tell and only "
                                  "watches.")
                      : Texts::tr("No home server is seen from here, so this machine only watches.");
        // Meanwhile another one leads, or may.
        state.led.reset();
        state.memory.led.reset();
        break;
    case Whereabouts::Unknown:
        // The lease is not renewed: a machine that never gets to know where it is must not keep others from it.
        out.role = holds(state.answer, input.now) ? KeeperRole::Leader : KeeperRole::Follower;
        out.why = Texts::tr("It is not known yet whether this machine is at home, so it writes nothing.");
        break;
    }
    if (out.mayWriteDns) {
        state.led = input.now;
        state.memory.led = input.wall;
    }
    state.memory.role = out.role;
    return out;
}

bool worthSaving(const LeaderMemory &saved, const LeaderMemory &memory)
{
    if (saved.role != memory.role || saved.led.has_value() != memory.led.has_value())
        return true;
    return memory.led && std::chrono::abs(*memory.led - *saved.led) >= LeaseTimes::SaveEvery;
}

} // namespace sixgate
