"""What the engines of a search have in common: its result, its limits, its violations.

A violation does not end the search at once: the level is
finished first, and of all that was found on it the violation with the fewest steps is
reported, among those the one that `checker.ir.sites` numbers lowest.  So the verdict and all
counts are the same in both engines and with any number of threads.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from ..ir.interpreter import Interpreter
from ..ir.program import DEADLOCK, NOWHERE, Pos
from ..ir.sites import Site
from ..reduce.symmetry import symmetry_of

State = tuple[int, ...]

PARTIAL_ORDER = "partial order"  # as results name it


AGAIN = 0.5  # seconds after which a Ctrl-C that was not heard is sent again

@dataclass(frozen=True)
class Found:
    """A violation and a shortest way to it.

    path: flat states (`checker.ir.slots`) from an initial one.  last: (process, instance) of the
    step that failed, if it did: it has no successor, and follows the last state of the path.
    For a transition invariant the last two states are those that it is violated by.
    """

    property: str
    message: str
    path: list[State]
    last: tuple[int, int] | None = None
    binding: tuple[tuple[str, str], ...] = ()
    pos: Pos = NOWHERE

    @property
    def steps(self) -> int:
        """Length of the counterexample, the failing step included."""
        return len(self.path) - 1 + (self.last is not None)


@dataclass
class Exploration:
    """The result of a search.

    complete: everything reachable was seen (with stop=False also if something is violated).
    stopped_by: "", "time", "memory", "disk", "states", "interrupt" or "violation"; stopped_because: more on
    that, if there is more to say.
    states: distinct states.  transitions: successors produced, repeated ones and self loops
    included.  levels: number of states at each depth.  exercised: the instantiations of properties that
    say something in what was seen (`sites.sought`), by property and number.  seconds: of the search, compilation not included.
    violation: the first; violations: the first of each property.
    bytes_per_state: states, parents and index, with disk_bytes, those that went to files.  words, bits: size
    of a packed state (native).
    reduced: with partial-order reduction, which the native engine leaves off where it does not pay.
    symmetries: names of what was found interchangeable, and permuted.
    off: reductions that were asked for and are not used, and why; symmetry for each set of identities.
    whole: states without reduction, if they were all searched, too.
    sizes: states of each smaller bound, as far as a complete search knows them.
    came: somebody comes to one of the steps that were asked for; False may be wrong with partial-order reduction.
    Of the symbolic engine: violations have no path, and operations is the least bound that has the first; covered: the
    greatest bound that was judged, closed: it is as good as any greater one; nodes: of the last set that was judged.
    """

    complete: bool = False
    stopped_by: str = ""
    stopped_because: str = ""
    states: int = 0
    transitions: int = 0
    levels: list[int] = field(default_factory=list)
    exercised: set[tuple[str, int]] = field(default_factory=set)
    seconds: float = 0.0
    compile_seconds: float = 0.0
    bytes_per_state: float = 0.0
    disk_bytes: int = 0
    violation: Found | None = None
    violations: dict[str, Found] = field(default_factory=dict)
    engine: str = "native"
    reduced: bool = False
    symmetries: tuple[str, ...] = ()
    off: tuple[tuple[str, str], ...] = ()
    whole: int | None = None
    sizes: dict[int, int] = field(default_factory=dict)
    came: bool = False
    threads: int = 1
    digest: str = ""
    words: int = 0
    bits: int = 0
    operations: int | None = None
    covered: int | None = None
    closed: bool = False
    nodes: int = 0

    @property
    def reductions(self) -> tuple[str, ...]:
        """Names of those in force."""
        return (PARTIAL_ORDER,) * self.reduced + tuple(map(symmetry_of, self.symmetries))

    @property
    def reached(self) -> set[str]:
        """The reachable properties that were seen to hold somewhere, and the others that say something."""
        return {name for name, _ in self.exercised}

    @property
    def depth(self) -> int:
        """Steps from the initial states to the farthest one."""
        return max(len(self.levels) - 1, 0)

    @property
    def states_per_second(self) -> float:
        return self.states / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Progress:
    """How far a search is.  frontier: states of the level that is being expanded; bytes: of
    memory that states and index take; disk_bytes: of files.  levels: their sizes up to now.
    reduced, symmetric: what the search uses.  symbolic: frontier counts nodes, and `operations` is the
    greatest bound that holds."""

    states: int
    transitions: int
    depth: int
    frontier: int
    bytes: int
    seconds: float
    disk_bytes: int = 0
    levels: Sequence[int] = ()
    reduced: bool = False
    symmetric: bool = False
    symbolic: bool = False
    operations: int | None = None


class Limits:
    """When a search has to end: seconds from now on, bytes, number of states, Ctrl-C.
    directory: for what memory has no room for, or None.  operations: that are started at most, if
    fewer than the program's bound; then states are counted, and not judged.  steps: process and label of those
    of which it is asked whether anybody comes to one."""

    def __init__(
        self,
        seconds: float | None,
        memory: int | None,
        states: int | None = None,
        directory: str | None = None,
        operations: int | None = None,
        steps: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        self.steps = steps
        self.end = None if seconds is None else time.monotonic() + seconds
        self.memory, self.states, self.directory, self.operations = memory, states, directory, operations
        self.interrupted = False
        self.preparing = False  # nothing is lost yet if it ends at once

    def left(self) -> float | None:
        """Seconds that are left, None if there is no limit."""
        return None if self.end is None else self.end - time.monotonic()

    def extend(self, seconds: float) -> None:
        """Allow so many seconds more."""
        if self.end is not None:
            self.end += seconds

    def reached(self, states: int = 0) -> str:
        """Why the search has to end now: "interrupt", "time", "states" or ""."""
        if self.interrupted:
            return "interrupt"
        if self.end is not None and time.monotonic() >= self.end:
            return "time"
        return "states" if self.states is not None and states > self.states else ""


class interruptible(AbstractContextManager):
    """While it lasts Ctrl-C only makes a note in `limits`, so that it cannot come at a bad moment.

    What is only being prepared (`Limits.preparing`) has no such moments: there it is raised, as it is elsewhere."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def __enter__(self) -> None:
        self.here = threading.current_thread() is threading.main_thread()
        if self.here:
            self.before = signal.signal(signal.SIGINT, self._note)

    def __exit__(self, *_: object) -> None:
        if self.here:
            signal.signal(signal.SIGINT, self.before or signal.default_int_handler)

    def _note(self, *_: object) -> None:
        if self.limits.preparing:
            again = threading.Timer(AGAIN, self._send_again)
            again.daemon = True
            again.start()
            raise KeyboardInterrupt
        self.limits.interrupted = True


    def _send_again(self) -> None:
        """Libraries that are being loaded catch everything, and forget it: as long as that goes on it is said again."""
        if self.limits.preparing:
            os.kill(os.getpid(), signal.SIGINT)


@dataclass(frozen=True)
class Candidate:
    """A violation found on a level.  steps: of its counterexample; number: of its site; state: where
    it was found, in the engine's own numbering; detail: whatever the engine wants to remember."""

    steps: int
    number: int
    state: int
    detail: object = None


def settle(
    result: Exploration, found: Iterable[Candidate], sites: list[Site], make: Callable[[Candidate, Site], Found]
) -> None:
    """Enter what was found on one level: the first of each property that has none yet."""
    for candidate in sorted(found, key=lambda c: (c.steps, c.number, c.state)):
        site = sites[candidate.number]
        if site.property not in result.violations:
            result.violations[site.property] = make(candidate, site)
            result.violation = result.violation or result.violations[site.property]


def sentence(site: Site, interpreter: Interpreter, state: State) -> str:
    """What is said of a violation that was found in `state`."""
    return interpreter.at_rest(state)[0].message if site.property == DEADLOCK else site.message
