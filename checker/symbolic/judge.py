"""Judging a layer: properties of its states and steps, and of the states in which nothing can move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..ir.interpreter import State
from ..ir.program import Binary, Expr, Ite, Read, Unary
from ..ir.sites import REST, STATE, witnesses
from .diagram import EMPTY, Diagram
from .relations import Relations
from .residuals import FALSE, TRUE, Residuals
from .specialise import negation
from .steps import Seen


@dataclass
class Judgement:
    """What is wrong in the layers judged so far.

    violated: numbers of sites (`checker.ir.sites`), each with a state of the layer, or None if only a step is known.
    exercised: as in `Exploration`."""

    violated: dict[int, State | None] = field(default_factory=dict)
    exercised: set[Seen] = field(default_factory=set)


class Judge:
    """Judges one layer after the other; what has been found is not looked for again."""

    def __init__(self, diagram: Diagram, relations: Relations) -> None:
        self.diagram, self.relations, self.components = diagram, relations, relations.components
        self.residuals = Residuals(relations)
        self.steps, self.sites = relations.steps, relations.steps.sites
        self.witnesses = witnesses(self.components.program)
        self.found = Judgement(exercised=relations.exercised)

    def judge(self, layer: int, last: bool) -> Judgement:
        """Judge the states of a layer, which is kept.  last: no operation can be started in them."""
        for number in self.relations.violated:
            self.found.violated.setdefault(number, None)
        self._states(layer, STATE)
        self._steps(layer, last)
        resting = self.resting(layer, last)
        with self.diagram.keep(resting):
            self._deadlock(resting)
            self._states(resting, REST)
        return self.found

    # ---- states

    def _states(self, layer: int, kind: int) -> None:
        """The properties, and the witnesses, of a kind."""
        for number, site in self.sites.of_kind(kind):
            if site.expr is not None and number not in self.found.violated:
                state = self._find(layer, self.residuals.of(negation(site.expr)))
                if state is not None:
                    self.found.violated[number] = state
        for witness in self.witnesses:
            missing = [(n, e) for n, e in witness.exprs if (witness.name, n) not in self.found.exercised]
            for number, expr in missing if witness.kind == kind else ():
                if self._find(layer, self.residuals.of(expr)) is not None:
                    self.found.exercised.add((witness.name, number))

    def _find(self, layer: int, goal: int) -> State | None:
        values = self.diagram.find(layer, goal)
        return None if values is None else self.components.state(values)

    # ---- states without steps

    def resting(self, layer: int, last: bool) -> int:
        """The states of a layer in which nobody can take a step."""
        diagram, learnt = self.diagram, self.relations.learnt
        resting = diagram.select(layer, self._may_rest())
        for event in self._events(last):
            with diagram.keep(resting):
                resting = diagram.select(resting, int(learnt.event_root[event]))
            if not resting:
                break
        return resting

    def _events(self, last: bool) -> list[int]:
        """The events that may be taken in a layer."""
        found = [event for event in self.relations.events if not (last and event.block.starts)]
        return [event.number for event in sorted(found, key=lambda event: self._labels(event.level))]

    def _labels(self, level: int) -> int:
        """How many labels the process at a level has.  Those with few are often enabled, and leave few states to the others."""
        actor = self.components.levels[level].actor
        return 0 if actor is None else len(self.components.program.processes[actor.process].blocks)

    def _may_rest(self) -> int:
        """The condition that no process has a step which it can always take."""
        always = self.relations.always
        steps = [
            (level, lambda value, level=level: FALSE if value in always[level] else None)
            for level, component in enumerate(self.components.levels) if component.actor
        ]  # fmt: skip
        return self.residuals.chain(steps, TRUE)

    def _deadlock(self, resting: int) -> None:
        """Is somebody not at rest although nothing can move?"""
        number = next(n for n, site in self.sites.of_kind(REST) if site.expr is None)
        if number not in self.found.violated:
            state = self._find(resting, self.residuals.chain(self._not_at_rest(), FALSE))
            if state is not None:
                self.found.violated[number] = state

    def _not_at_rest(self) -> Iterator[tuple[int, object]]:
        processes = self.components.program.processes
        for level, component in enumerate(self.components.levels):
            if component.actor:
                rests, values = processes[component.actor.process].rests, component.values
                yield level, lambda value, rests=rests, values=values: None if values[value][0] in rests else TRUE

    # ---- steps

    def _steps(self, layer: int, last: bool) -> None:
        """Transition properties, of the steps that write nothing of what these read: for them old and new are the same.

        The other steps were judged while they were learnt."""
        for number, watch in enumerate(self.steps.watches):
            if watch.seen in self.found.exercised or watch.site and self.steps.transition(watch.site) in self.found.violated:
                continue
            expr = timeless(watch.expr)
            if self._step_from(layer, expr if watch.seen else negation(expr), number, last):
                if watch.seen:
                    self.found.exercised.add(watch.seen)
                else:
                    self.found.violated[self.steps.transition(watch.site)] = None

    def _step_from(self, layer: int, expr: Expr, watch: int, last: bool) -> bool:
        """Is there a step that is not watched, from a state in which `expr` is true?"""
        diagram, learnt = self.diagram, self.relations.learnt
        goal = self.residuals.of(expr)
        if diagram.find(layer, goal) is None:
            return False
        states = diagram.select(layer, goal)
        with diagram.keep(states):
            for event in self._events(last):
                if watch not in self.relations.events[event].watched:
                    if diagram.image(states, int(learnt.event_root[event])) != EMPTY:
                        return True
        return False


def timeless(expr: Expr) -> Expr:
    """`expr` where the state before the step and that after it are the same."""
    match expr:
        case Read(index=index):
            return replace(expr, index=timeless(index), old=False)
        case Unary(operand=operand):
            return replace(expr, operand=timeless(operand))
        case Binary(left=left, right=right):
            return replace(expr, left=timeless(left), right=timeless(right))
        case Ite(cond, then, other):
            return Ite(timeless(cond), timeless(then), timeless(other))
    return expr
