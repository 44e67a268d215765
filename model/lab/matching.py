"""Can the model do what a kernel did?  A search over the model's states along a recorded episode.

An event shows a step of its thread: the step lies between the event and the next one of the thread, or, if the table says so, between
the one before and the event.  Steps that no event shows may be taken at any time.  What the event recorded must be so in the model
at that moment, or in that step.  The search goes on from every state only once, so that it ends.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from checker.ir.interpreter import Actor, Interpreter, State, Step
from checker.ir.program import Block, Program

from .episodes import Episode, Event, data

ACCEPTED, REFUSED, UNDECIDED = "accepted", "refused", "undecided"
MOST = 200_000  # configurations looked at, an episode

Fired = tuple[int, ...]  # of the events of each process, how many have their step
Node = tuple[int, State, Fired]  # how many events are over, the state, what has its step


@dataclass(frozen=True)
class Matched:
    """verdict: of an episode.  at: how many events fit.  steps: of the model, along them.  looked: configurations looked at."""

    verdict: str
    at: int
    start: State
    steps: tuple[Step, ...]
    looked: int


@dataclass(frozen=True)
class _Timing:
    """shown: the events of each process that show a step, by their place in the episode.  due[p][q]: how many of process q have
    their step when event p happens; may[p][q]: how many may have it before."""

    shown: list[list[int]]
    due: list[Fired]
    may: list[Fired]


@dataclass
class Matcher:
    """The model of a system, as the table of events sees it.

    unit: bytes of a cell.  seen: how often each block was taken by an accepted episode, by process and label.
    """

    program: Program
    unit: int
    made: dict[str, Any]
    judge: Interpreter = field(init=False)
    seen: Counter[tuple[int, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.judge = Interpreter(self.program)
        self.processes = {process.name: index for index, process in enumerate(self.program.processes)}
        self.actors = [[a for a in self.judge.actors if a.process == index] for index in range(len(self.processes))]
        self.shows = [[self._shown_by(process.name, block) for block in process.blocks] for process in self.program.processes]
        self.known = {name: _Fields(self, event) for name, event in data()["events"].items()}
        self.steps: dict[tuple[State, int], list[Step]] = {}
        self.initial = self.judge.initial_states()

    def match(self, episode: Episode, most: int = MOST) -> Matched:
        """Whether the model can do an episode."""
        return _Search(self, episode.events).run(most)

    def account(self, found: Matched) -> None:
        """Count the steps of an accepted episode."""
        self.seen.update((step.process, step.label) for step in found.steps)

    def shows_a_step(self, event: Event) -> bool:
        """Is the event the trace of a step, and not only of a moment?"""
        if event.name in ("begin", "end"):
            return event.name == "begin"
        return bool(data()["events"][event.name].get("steps"))

    def steps_of(self, state: State, process: int) -> list[Step]:
        """What a process can do; remembered, since episodes go through the same states."""
        key = state, process
        if key not in self.steps:
            self.steps[key] = [s for actor in self.actors[process] for s in self.judge.steps_of(state, actor) if s.after is not None]
        return self.steps[key]

    def at_rest(self, state: State, process: int) -> bool:
        """Is every instance of a process between two operations?"""
        blocks = self.program.processes[process]
        return all(
            (label := state[self.judge.slots.pc(process, actor.instance)]) in blocks.rests or blocks.blocks[label].starts
            for actor in self.actors[process]
        )

    def fits(self, event: Event, before: State, step: Step) -> bool:
        """Can the event be the trace of this step, by what it recorded?"""
        if event.name == "begin":
            return not step.choices or self._which(event) in (None, *step.choices)
        return self.known[event.name].fit(event, before, step)

    def _which(self, event: Event) -> int | None:
        """Which of the sizes that an operation may choose, as a step's choices number them; None if none is drawn."""
        constants = dict(self.program.constants)
        sizes = [constants[name] * self.unit for name in self.made["threads"][event.role][event.said]["sizes"]]
        if not sizes:
            return None
        return sizes.index(event.fields["size"]) if event.fields["size"] in sizes else -1

    def _shown_by(self, process: str, block: Block) -> str:
        """The name of the event that shows a step; "" if none does."""
        for name, op in self.made["threads"].get(process, {}).items():
            if name != "most" and _is(op["step"], block):
                return f"begin {name}"
        known = data()["events"]
        return next((n for n in self.made["events"] if n in known and any(_is(s, block) for s in known[n].get("steps", ()))), "")


def _is(pattern: str, block: Block) -> bool:
    inside, _, call = pattern.partition(": ")
    return bool(block.frames) and inside in ("*", block.frames[-1].function) and block.call.name.startswith(call)


class _Fields:
    """How the fields of an event are compared with the model."""

    def __init__(self, matcher: Matcher, event: dict[str, Any]) -> None:
        self.matcher, self.slots = matcher, matcher.judge.slots
        self.now = {name: self.slots.names.index(slot) for name, slot in event.get("now", {}).items() if slot in self.slots.names}
        self.same, self.folio = event.get("same", {}), event.get("folio", "")

    def hold(self, event: Event, state: State) -> bool:
        """Is what the event read at its moment so in this state?"""
        return all(event.fields.get(name, at) == at for name, at in ((n, state[slot] * self.matcher.unit) for n, slot in self.now.items()))

    def fit(self, event: Event, before: State, step: Step) -> bool:
        """Are its arguments those of the step?"""
        changed = {self.slots.names[slot] for slot, (a, b) in enumerate(zip(before, step.after or before)) if a != b}
        if self.folio and not self._is_folio(event, before, step, changed):
            return False
        recorded = {name: where for name, where in self.same.items() if name in event.fields}
        return all(self._is_same(event.fields[name], where, before, step, changed) for name, where in recorded.items())

    def _is_folio(self, event: Event, before: State, step: Step, changed: set[str]) -> bool:
        """The folio that the step is called with, or, if that is not said, changes."""
        index = event.fields.get(self.folio)
        if index is None:
            return True
        block = self.matcher.program.processes[step.process].blocks[step.label]
        actor = Actor(step.process, step.instance, 0)
        for name, expr, _ in block.call.args:
            if name == "folio":
                return self.matcher.judge.evaluate(expr, before, actor) - 1 == index
        folios = {int(name.split("[")[1].split("]")[0]) for name in changed if name.startswith("Folio[")}
        return not folios or index in folios or self._single(changed)

    def _single(self, changed: set[str]) -> bool:
        return any(name.startswith("Folio.") for name in changed)  # a scope with one folio has no numbers

    def _is_same(self, value: int, where: str, before: State, step: Step, changed: set[str]) -> bool:
        """where: "Struct.field" of the element that the step changes, or the end of the name of a local variable of its process."""
        struct, _, name = where.partition(".")
        if struct[0].isupper():
            owners = {one.rpartition(".")[0] for one in changed if one.startswith(struct)}
            slots = [f"{owner}.{name}" for owner in owners]
        else:
            prefix = self.matcher.program.processes[step.process].name
            slots = [n for n in self.slots.names if n.startswith(prefix) and n.endswith("." + where)]
        values = [before[self.slots.names.index(slot)] * self.matcher.unit for slot in slots if slot in self.slots.names]
        return not values or value in values


class _Search:
    """The search along one episode, depth first: what fits is found without looking at all that could be."""

    def __init__(self, matcher: Matcher, events: tuple[Event, ...]) -> None:
        self.matcher, self.events = matcher, events
        self.who = [matcher.processes[event.role] for event in events]
        self.timing = _timing(matcher, events, self.who)
        self.names = [f"begin {e.said}" if e.name == "begin" else e.name for e in events]

    def run(self, most: int) -> Matched:
        nobody = (0,) * len(self.matcher.processes)
        todo: list[Node] = [(0, state, nobody) for state in self.matcher.initial]
        came: dict[Node, tuple[Node, Step | None] | None] = {node: None for node in todo}
        best = todo[0]
        while todo and len(came) < most:
            node = todo.pop()
            if node[0] > best[0]:
                best = node
            if node[0] > len(self.events):
                return self._matched(ACCEPTED, node, came)
            for after, step in self._next(node):
                if after not in came:
                    came[after] = node, step
                    todo.append(after)
        return self._matched(UNDECIDED if todo else REFUSED, best, came)

    def _matched(self, verdict: str, node: Node, came: dict) -> Matched:
        looked, at, steps = len(came), min(node[0], len(self.events)), []
        while came[node] is not None:
            node, step = came[node]
            if step is not None:
                steps.append(step)
        return Matched(verdict, at, node[1], tuple(reversed(steps)), looked)

    def _next(self, node: Node) -> list[tuple[Node, Step | None]]:
        """Where the search can go on; what is most likely to fit comes last, and is tried first."""
        place, state, fired = node
        found: list[tuple[Node, Step | None]] = []
        behind = [q for q in range(len(fired)) if fired[q] < self.timing.due[place][q]]
        for process in sorted(range(len(fired)), key=lambda q: (q in behind, place < len(self.who) and q == self.who[place])):
            for step in self.matcher.steps_of(state, process):
                if (now := self._taken(node, process, step)) is not None:
                    found.append(((place, step.after, now), step))
        if not behind and self._holds(place, state):
            found.append(((place + 1, state, fired), None))
        return found

    def _taken(self, node: Node, process: int, step: Step) -> Fired | None:
        """What has its step after this one; None if no event shows it that should."""
        place, state, fired = node
        shown = self.matcher.shows[process][step.label]
        if not shown:
            return fired
        number = fired[process]
        if number >= self.timing.may[place][process]:
            return None
        at = self.timing.shown[process][number]
        if self.names[at] != shown or not self.matcher.fits(self.events[at], state, step):
            return None
        return (*fired[:process], number + 1, *fired[process + 1 :])

    def _holds(self, place: int, state: State) -> bool:
        if place == len(self.events):
            return True
        event = self.events[place]
        if event.name == "end":
            return self.matcher.at_rest(state, self.who[place])
        return event.name == "begin" or self.matcher.known[event.name].hold(event, state)


def _timing(matcher: Matcher, events: tuple[Event, ...], who: list[int]) -> _Timing:
    """When each event may have its step, and when it must."""
    processes, length = len(matcher.processes), len(events)
    shown: list[list[int]] = [[] for _ in range(processes)]
    due = [[0] * processes for _ in range(length + 1)]
    may = [[0] * processes for _ in range(length + 1)]
    for place, event in enumerate(events):
        if not matcher.shows_a_step(event):
            continue
        mine = [other for other in range(length) if who[other] == who[place]]
        shown[who[place]].append(place)
        if data()["events"].get(event.name, {}).get("when") == "before":
            first, last = max((other for other in mine if other < place), default=-1) + 1, place
        else:
            first, last = place + 1, min((other for other in mine if other > place), default=length)
        for later in range(first, length + 1):
            may[later][who[place]] += 1
        for later in range(last, length + 1):
            due[later][who[place]] += 1
    return _Timing(shown, [tuple(one) for one in due], [tuple(one) for one in may])
