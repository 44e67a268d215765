"""Liveness: `leads_to` under weak fairness, on the explicit graph of a small program.

p leads to q if on every fair behaviour each state with p is followed by one with q.  A
behaviour may stop at any moment, except that a fair process instance that could take a
step from some moment on for ever takes one.  So a counterexample is a *lasso*: steps to a
state with p, then states without q only, up to a loop (or a stop) in which each fair
instance takes a step or is sometimes not able to.

Such a loop exists exactly if a strongly connected component of the states without q is
fair in this sense: a component that starves an instance does so in each of its parts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..ir.interpreter import Interpreter, PropertyViolation, State, Step
from ..ir.program import Expr, Instantiation, Program, Property
from .trace import Facts, Trace

CAP = 200_000  # states

Who = tuple[int, int]  # process index, instance


@dataclass(frozen=True)
class Liveness:
    """verdict: "holds", "violated" or "incomplete" (there are more states than the cap).
    trace: the lasso, if violated.  states: explored.  begins: False if p is nowhere true."""

    verdict: str
    states: int
    trace: Trace | None = None
    begins: bool = True


def check_leads_to(program: Program, property: Property, cap: int = CAP, facts: Facts = Facts()) -> Liveness:
    """Does the leads_to property hold, for all values of its parameters?"""
    space = _Space(program, cap)
    if not space.complete:
        return Liveness("incomplete", len(space.steps))
    fair = fair_instances(program, property)
    for one, target in zip(property.instances, property.target, strict=True):
        if lasso := space.lasso(one.expr, target, fair):
            stem, loop = lasso
            trace = _trace(space, stem + loop, len(stem), facts)
            return Liveness("violated", len(space.steps), replace(trace, violation=_violation(property, one)))
    begins = any(space.judge.evaluate(one.expr, state) for one in property.instances for state in space.steps)
    return Liveness("holds", len(space.steps), begins=begins)


def fair_instances(program: Program, property: Property) -> list[Who]:
    """The process instances that the property asks to be scheduled fairly."""
    return [
        (index, instance)
        for index, process in enumerate(program.processes)
        if process.name in property.fair
        for instance in range(process.instances)
    ]


def judge_lasso(trace: Trace, name: str) -> PropertyViolation | None:
    """The violation of the leads_to property `name` by a trace with a loop, if it is one."""
    property = next((p for p in trace.program.properties if p.name == name and p.kind == "leads_to"), None)
    if property is None or trace.loop is None or trace.loop > len(trace.steps):
        return None
    round_trip, judge = trace.states[trace.loop :], trace.judge
    steps = trace.steps[trace.loop :]
    for who in fair_instances(trace.program, property):
        moves = any((s.process, s.instance) == who for s in steps)
        if not moves and all(_can_move(judge, state, who) for state in round_trip):
            return None
    if trace.states[-1] != round_trip[0]:
        return None
    for one, target in zip(property.instances, property.target, strict=True):
        without = [not judge.evaluate(target, state) for state in trace.states]
        last_q = max((i for i, free in enumerate(without) if not free), default=-1)
        if (
            any(judge.evaluate(one.expr, state) for state in trace.states[last_q + 1 :])
            and last_q < trace.loop
        ):
            return _violation(property, one)
    return None


def _violation(property: Property, one: Instantiation) -> PropertyViolation:
    return PropertyViolation(property.name, property.doc, one.binding, property.pos)


def _can_move(judge: Interpreter, state: State, who: Who) -> bool:
    actor = next(a for a in judge.actors if (a.process, a.instance) == who)
    return any(step.after is not None for step in judge.steps_of(state, actor))


def _trace(space: _Space, steps: list[tuple[State, Step]], loop: int, facts: Facts) -> Trace:
    start = steps[0][0] if steps else space.end
    states = (start, *(step.after for _, step in steps))
    initial = space.judge.initial_states()
    taken = tuple(step for _, step in steps)
    return Trace(space.program, space.judge, states, taken, initial.index(start), loop=loop, facts=facts)


class _Space:
    """All reachable states and their steps."""

    def __init__(self, program: Program, cap: int) -> None:
        self.program, self.judge = program, Interpreter(program)
        self.steps: dict[State, list[Step]] = {}
        self.arrival: dict[State, tuple[State, Step] | None] = dict.fromkeys(self.judge.initial_states())
        self.end = next(iter(self.arrival))
        self.complete = True
        todo = deque(self.arrival)
        while todo:
            state = todo.popleft()
            self.steps[state] = [step for step in self.judge.steps(state) if step.after is not None]
            for step in self.steps[state]:
                if step.after not in self.arrival:
                    if len(self.arrival) == cap:
                        self.complete = False
                        return
                    self.arrival[step.after] = (state, step)
                    todo.append(step.after)

    def lasso(self, p: Expr, q: Expr, fair: list[Who]) -> tuple[list, list] | None:
        """Stem and loop of a fair behaviour with p at some moment and without q from then on."""
        import networkx  # heavy: only where there is a graph to look at

        without = {state for state in self.steps if not self.judge.evaluate(q, state)}
        pending = [state for state in self.steps if state in without and self.judge.evaluate(p, state)]
        onward = self._search(pending, without)
        graph = networkx.DiGraph()
        graph.add_nodes_from(onward)
        graph.add_edges_from(
            (s, step.after) for s in onward for step in self.steps[s] if step.after in onward
        )
        fair_states: dict[State, set[State]] = {}
        for component in networkx.strongly_connected_components(graph):
            if all(self._satisfied(component, who) for who in fair):
                fair_states.update(dict.fromkeys(component, component))
        entry = next((state for state in onward if state in fair_states), None)  # onward: nearest first
        if entry is None:
            return None
        self.end = entry
        tail = self._path(onward, entry)
        first = tail[0][0] if tail else entry
        return self._path(self.arrival, first) + tail, self._round(entry, fair_states[entry], fair)

    def _search(self, sources: Iterable[State], within: set[State]) -> dict[State, tuple[State, Step] | None]:
        """States of `within` that can be reached from `sources`, with the step to each; nearest first."""
        arrival: dict[State, tuple[State, Step] | None] = dict.fromkeys(sources)
        todo = deque(arrival)
        while todo:
            state = todo.popleft()
            for step in self.steps[state]:
                if step.after in within and step.after not in arrival:
                    arrival[step.after] = (state, step)
                    todo.append(step.after)
        return arrival

    def _path(
        self, arrival: dict[State, tuple[State, Step] | None], state: State
    ) -> list[tuple[State, Step]]:
        steps = []
        while (before := arrival[state]) is not None:
            steps.append(before)
            state = before[0]
        return steps[::-1]

    def _satisfied(self, component: set[State], who: Who) -> bool:
        """Can a loop through `component` be fair to `who`?"""
        return any(self._is_fair_here(state, component, who) for state in component)

    def _is_fair_here(self, state: State, component: set[State], who: Who) -> bool:
        own = [s for s in self.steps[state] if (s.process, s.instance) == who]
        return not own or any(s.after in component for s in own)

    def _round(self, entry: State, component: set[State], fair: list[Who]) -> list[tuple[State, Step]]:
        """A loop from `entry` back to it that is fair to all; [] if the behaviour may stop at `entry`."""
        steps: list[tuple[State, Step]] = []
        for who in fair:
            visited = [entry, *(step.after for _, step in steps)]
            if any((s.process, s.instance) == who for _, s in steps) or any(
                not self._own(v, who) for v in visited
            ):
                continue
            arrival = self._search([visited[-1]], component)
            goal = next(state for state in arrival if self._is_fair_here(state, component, who))
            steps += self._path(arrival, goal)
            if own := [s for s in self._own(goal, who) if s.after in component]:
                steps.append((goal, own[0]))
        here = steps[-1][1].after if steps else entry
        return steps + self._path(self._search([here], component), entry)

    def _own(self, state: State, who: Who) -> list[Step]:
        return [s for s in self.steps[state] if (s.process, s.instance) == who]
