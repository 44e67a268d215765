"""Peterson's mutual exclusion for two processes: a flag each, and whose turn it is.

Four locations: raise the flag, give the turn away, wait and enter, leave.  20 states.
The order of the first two steps is what makes it right: see `turn_first`.
"""

from checker.lang import Flag, Ghost, Range, Struct, atomic, baseline, invariant, number, primitive, process, reachable
from checker.lang import scenario, swap, variant, wait_until


class Contender(Struct, count=2):
    """A process that wants to enter."""

    wants = Flag("flag")
    inside = Ghost(Flag("in the critical section"))


class Referee(Struct):
    """What both share."""

    turn = Range(0, 1, "turn")


@primitive()
def raise_flag(me: Contender):
    """Say that `me` wants to enter."""
    me.wants = True


@primitive()
def give_turn_away(me: Contender):
    """Let the other one go first."""
    Referee[0].turn = 1 - number(me)


def compete(me: Contender):
    """Enter and leave the critical section, again and again."""
    while True:
        raise_flag(me)
        give_turn_away(me)
        with atomic("the test and the entry"):
            wait_until(not Contender[1 - number(me)].wants or Referee[0].turn == number(me))
            me.inside = True
        with atomic("leaving"):
            me.inside = False
            me.wants = False


@reachable
def somebody_is_inside(one: Contender):
    """A process can enter."""
    return one.inside


@invariant(witness=somebody_is_inside)
def mutual_exclusion():
    """At most one process is in the critical section."""
    return not (Contender[0].inside and Contender[1].inside)


peterson = baseline("Peterson 1981.")
two = scenario("Two processes.", process("compete", compete, per=Contender), of=peterson)
turn_first = variant(
    "Give the turn away before raising the flag.", swap(raise_flag, give_turn_away, inside=compete), of=peterson
)
