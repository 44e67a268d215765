"""Which orders of a counterexample's steps matter: "A before B", without which nothing is violated.

All orders of the trace's own steps are explored: every actor takes its steps one after the other, the
same calls with the same choices, or stops where it cannot.  Of each step B and each other actor
this tells how far that actor has at least to be when B is taken, in the orders in which all steps are
taken, and in those that end in the violation.  Where the second is farther, its last step A must
come before B.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from ..ir.interpreter import State, Step
from ..ir.program import DEADLOCK
from .trace import Trace
from .values import Names

MOST_NODES = 4_000  # places in the orders that are looked at; if there are more, nothing is said
MOST_TOLD = 3  # orderings in the text

Node = tuple[tuple[int, ...], State]  # how many steps each actor has taken, and the state then
Point = tuple[int, int]  # actor, number of its step


@dataclass(frozen=True)
class Ordering:
    """Step `first` of the trace has to come before step `second` (their indices in the trace)."""

    first: int
    second: int


def orderings(trace: Trace) -> tuple[list[Ordering], bool] | None:
    """A smallest set of orderings that every order of the steps of `trace` has that ends in the violation, and
    some other order has not; what follows from the rest is left out.

    The second result is whether the other orders are of all the same steps; else they are of some, because
    the rest does not come about then.  None if there are too many orders to be looked at, or the trace has no end or no violation.
    """
    if trace.violation is None or trace.loop is not None or not trace.steps:
        return None
    orders = _Orders(trace)
    found = orders.found()
    return None if found is None else (found, orders.whole)


def sentences(trace: Trace, width: int = 80) -> list[str]:
    """What `orderings` finds, in words; [] if it says nothing."""
    found, whole = orderings(trace) or ([], True)
    if not found:
        return []
    told = [f"{_step(trace, one.first)} before {_step(trace, one.second)}" for one in found[:MOST_TOLD]]
    if len(found) > MOST_TOLD:
        told.append(f"{len(found) - MOST_TOLD} more of the kind")
    these = ", ".join(told[:-1]) + (", and " if told[:-1] else "") + told[-1]
    without = "Without any one of these orders" if len(found) > 1 else "The other way round"
    what = "the same steps violate nothing" if whole else "these steps do not come about"
    text = f"This takes {these}. {without} {what}."
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _step(trace: Trace, index: int) -> str:
    """A step as "writer's folio_lock() in iomap_write_begin()"."""
    step = trace.steps[index]
    block = trace.program.processes[step.process].blocks[step.label]
    who = Names(trace.program).actors[trace.actor(index).self - 1]
    name = block.call.name
    head = name.split(":")[0]  # of an atomic group: the call that it stands for, if it names one
    call = f"{name}()" if name.isidentifier() else head if head.endswith("()") else f'"{name}"'
    inside = block.frames[-1].function if block.frames else ""
    return f"{who}'s {call}" + (f" in {inside}()" if inside and f"{inside}()" != call else "")


class _Orders:
    """The orders of one trace's steps.

    least: for each step and each other actor, how many steps that one has taken at least when the
    step is taken; guilty: the same in orders that end in the violation.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace, self.judge = trace, trace.judge
        index = {(a.process, a.instance): n for n, a in enumerate(self.judge.actors)}
        self.mine: list[list[int]] = [[] for _ in self.judge.actors]  # indices of each actor's steps in the trace
        for number, step in enumerate(trace.steps):
            self.mine[index[step.process, step.instance]].append(number)
        self.everything = tuple(map(len, self.mine))
        self.wanted = trace.violation.property if trace.violation else ""
        self.properties = [p for p in trace.program.properties if p.name == self.wanted]
        self.edges: dict[Node, list[tuple[int, Node | None]]] = {}  # None: the step that fails
        self.bad: set[Node] = set()
        self.known: dict[tuple[State, int, int], Step | None] = {}
        self.whole = True  # can all the steps be taken in other orders?

    def found(self) -> list[Ordering] | None:
        if not self._explore():
            return None
        guilty = self._leading_to_violation()
        whole = self._leading_to({n for n in self.edges if n[0] == self.everything})
        needed = self._least(lambda node, after: after is None or after in guilty)
        for counts in (lambda node, after: after is None or after in whole or after in guilty, lambda node, after: True):
            least = self._least(counts)
            forced = {(x, c - 1, point) for (point, x), c in least.items() if c > 0}
            wanted = [(x, c - 1, point) for (point, x), c in needed.items() if c > least[point, x]]
            if wanted:
                break
            self.whole = False
        return self._independent(wanted, forced)

    # ---- the graph of all orders

    def _explore(self) -> bool:
        start: Node = ((0,) * len(self.mine), self.trace.states[0])
        ahead = [start]
        self.edges[start] = []
        while ahead:
            node = ahead.pop()
            if self._is_bad(node):
                self.bad.add(node)
                continue
            for who, step in self._steps(node):
                if step.after is None:
                    if step.violation and step.violation.property == self.wanted:
                        self.edges[node].append((who, None))
                    continue
                after: Node = (_advanced(node[0], who), step.after)
                self.edges[node].append((who, after))
                if after not in self.edges:
                    if len(self.edges) >= MOST_NODES:
                        return False
                    self.edges[after] = []
                    ahead.append(after)
        return True

    def _steps(self, node: Node) -> Iterator[tuple[int, Step]]:
        """The next step of each actor, where it can be taken."""
        for who, done in enumerate(node[0]):
            if done < len(self.mine[who]) and (step := self._step(node[1], who, self.mine[who][done])) is not None:
                yield who, step

    def _step(self, state: State, who: int, index: int) -> Step | None:
        """The step of the trace with this index, taken in `state` instead."""
        key = state, who, index
        if key not in self.known:
            old, actor = self.trace.steps[index], self.judge.actors[who]
            here = state[self.judge.slots.pc(actor.process, actor.instance)] == old.label
            steps = self.judge.steps_of(state, actor) if here else ()
            self.known[key] = next((s for s in steps if s.choices == old.choices), None)
        return self.known[key]

    def _is_bad(self, node: Node) -> bool:
        """Is the property violated here?"""
        state = node[1]
        if self.wanted == DEADLOCK:
            return not self.judge.steps(state) and any(v.property == DEADLOCK for v in self.judge.at_rest(state))
        for prop in self.properties:
            if prop.kind == "terminal" and self.judge.steps(state):
                continue
            if prop.kind in ("invariant", "crash", "terminal"):
                if not all(self.judge.evaluate(one.expr, state) for one in prop.instances):
                    return True
        return False

    def _violates(self, node: Node, after: Node | None) -> bool:
        """Is a step a violation by itself?"""
        if after is None:
            return True
        kinds = [p for p in self.properties if p.kind == "transition"]
        return any(not self.judge.evaluate(i.expr, after[1], before=node[1]) for p in kinds for i in p.instances)

    def _leading_to_violation(self) -> set[Node]:
        """The nodes from which the violation can be reached."""
        found = set(self.bad)
        for node, edges in self.edges.items():
            for _, after in edges:
                if self._violates(node, after):
                    found |= {node} | ({after} if after is not None else set())
        return self._leading_to(found)

    def _leading_to(self, nodes: set[Node]) -> set[Node]:
        """The nodes from which one of `nodes` can be reached."""
        before: dict[Node, list[Node]] = {}
        for node, edges in self.edges.items():
            for _, after in edges:
                if after is not None:
                    before.setdefault(after, []).append(node)
        found, ahead = set(nodes), list(nodes)
        while ahead:
            for node in before.get(ahead.pop(), ()):
                if node not in found:
                    found.add(node)
                    ahead.append(node)
        return found

    def _least(self, counts) -> dict[tuple[Point, int], int]:
        """For each step and each actor: how many steps of that actor were taken before it, at least, on the
        edges that count."""
        least: dict[tuple[Point, int], int] = {}
        for node, edges in self.edges.items():
            for who, after in edges:
                if counts(node, after):
                    for other, done in enumerate(node[0]):
                        if other != who and self.mine[other]:
                            key = (who, node[0][who]), other
                            least[key] = min(done, least.get(key, done))
        return least

    # ---- what follows from the rest

    def _independent(self, wanted: list[tuple[int, int, Point]], forced: set[tuple[int, int, Point]]) -> list[Ordering]:
        """The wanted orderings, in the order of the trace, without those that follow from the others, from what
        is so in every order, and from the order of each actor's own steps."""
        kept = sorted(wanted, key=lambda o: (self._at(o[2]), -self._at((o[0], o[1]))))
        for one in list(reversed(kept)):
            rest = [o for o in kept if o != one]
            if self._follows(one, [*rest, *forced]):
                kept = rest
        return [Ordering(self._at((actor, number)), self._at(second)) for actor, number, second in kept]

    def _at(self, point: Point) -> int:
        return self.mine[point[0]][point[1]]

    def _follows(self, one: tuple[int, int, Point], known: list[tuple[int, int, Point]]) -> bool:
        """Does a chain of known orderings lead from the first step of `one` to its second?"""
        reached, ahead = {(one[0], one[1])}, [(one[0], one[1])]
        while ahead:
            who, number = ahead.pop()
            if who == one[2][0] and number <= one[2][1]:
                return True
            for actor, last, second in known:
                if actor == who and last >= number and second not in reached:
                    reached.add(second)
                    ahead.append(second)
        return False


def _advanced(done: tuple[int, ...], who: int) -> tuple[int, ...]:
    return (*done[:who], done[who] + 1, *done[who + 1 :])
