"""A search with symmetry checks itself: what it stores for a state is a permutation of that state.

The states are stored sorted, by generated code or by `checker.symmetry`.  Here the permutation is looked
for, and carried out as `checker.renaming` defines it, by which the program's text was judged: variable by variable.
So the sorting, the packing of states, and what is taken to belong to whom are held against their definition.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from .errors import InternalError
from .interpret import Interpreter
from .renaming import Renaming
from .symmetry import Group

State = tuple[int, ...]

SAMPLE = 64  # stored states of which the successors are looked at in every search
SECONDS = 0.05  # that this may take


def check_orbits(
    interpreter: Interpreter,
    group: Group,
    stored: Callable[[int], State],
    count: int,
    canonical: Callable[[State], State],
    everything: bool = False,
    closed: bool = False,
) -> int:
    """Look at a sample of the `count` stored states, or at everything; how many successors were looked at.

    stored: the flat state with this number.  canonical: the engine's, of flat states.  closed: what stands for a
    successor must be stored, too.
    Raises InternalError if the search contradicts itself.
    """
    end, looked = time.perf_counter() + SECONDS, 0
    known = {stored(number) for number in range(count)} if everything and closed else None
    for number in range(count) if everything else _spread(count, SAMPLE):
        state = stored(number)
        if canonical(state) != state:
            raise InternalError("symmetry contradicts itself: a stored state does not stand for itself")
        for step in interpreter.steps(state):
            if step.after is not None:
                stands = canonical(step.after)
                require_permutation(group, step.after, stands)
                if known is not None and stands not in known:
                    raise InternalError("symmetry contradicts itself: a successor of a stored state is not stored")
                looked += 1
        if not everything and time.perf_counter() > end:
            break
    return looked


def _spread(count: int, wanted: int) -> list[int]:
    """Up to so many numbers below `count`, far apart from each other, in an order in which the first ones are, too."""
    step = max(count // wanted, 1)
    numbers = list(range(0, count, step))
    return numbers[::4] + numbers[1::4] + numbers[2::4] + numbers[3::4]


def require_permutation(group: Group, state: State, stands: State) -> None:
    """Raise InternalError unless a permutation of identities takes `state` to `stands`."""
    permuted = state
    for one, mine, theirs in zip(group.classes, group.keys(state), group.keys(stands)):
        if sorted(mine) != sorted(theirs):
            break
        order = [0] * one.size
        for k, place in zip(_sorted(mine), _sorted(theirs)):
            order[k] = place
        permuted = Renaming(group.program, one, order).state(permuted, group.slots)
    if permuted != stands:
        raise InternalError("symmetry contradicts itself: a state is stored that is no permutation of the one that it stands for")


def _sorted(keys: Sequence[list[int]]) -> list[int]:
    return sorted(range(len(keys)), key=lambda k: keys[k])
