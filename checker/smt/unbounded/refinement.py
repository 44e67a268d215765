"""Is every step of the model one of a small system's?  Asked for each step of complete searches.

A proof by induction is of a small system; it says something of the model only if the model does what
the system does.  `induction(seen_as=..., compared_with=...)` says how a state of the model is seen as one of
the system: a predicate of both, which may leave variables of the system open.  With each state of the
model goes the set of states that the system may be in: from one of the set before, by no step or up to `within`
steps, to one that the predicate accepts; z3 finds them.  Where the set is empty, the model has done what the
system cannot do.  So every run of the model is a run of the system, seen through the predicate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ... import lang
from ...base.errors import UsageError
from ...compile.program import _Compiler
from ...ir import program as ir
from ...ir.interpreter import NOBODY, OPERATORS, Interpreter, PropertyViolation, State, Step
from ...source.catalogue import Catalogue
from ...trace.trace import Facts, Trace
from ...types.typed import Typed
from ..asking import ask
from .transitions import Alternative, Transitions

MOST_GUESSES = 64  # states of the small system that go with one of the model


@dataclass(frozen=True)
class ComparedWithModel:
    """What was compared: a complete search of `scenario`, with so many states and steps of the model.

    trace: the shortest run that the small system does not have, None if there is none.
    """

    scenario: str
    bound: int
    states: int
    steps: int
    trace: Trace | None = None

    def __str__(self) -> str:
        operations = f"{self.bound} operation" + "s" * (self.bound != 1)
        return f"{self.scenario} with {operations} ({self.states:,} states, {self.steps:,} steps)"


class _SeenCompiler(_Compiler):
    """Compiles a scenario of the model with the predicate as its only property.  Nobody writes the variables of
    the small system here; they are kept all the same."""

    def __init__(
        self, catalogue: Catalogue, scenario: lang.Scenario, design: lang.Design | None, seen_as: Any, small: ir.Program
    ) -> None:
        super().__init__(catalogue, scenario, design, {})
        self.seen_as, self.small = seen_as, {v.struct for v in small.variables if v.struct}

    def _properties(self, names: list[str] | None) -> dict[str, Any]:
        return {self.seen_as.__name__: self.seen_as}

    def _find_written(self, typed: list[list[Typed]], setup: Typed | None) -> None:
        super()._find_written(typed, setup)
        for info in self.world.fields():
            if info.field.struct.__name__ in self.small:
                info.written = True


def compared(
    catalogue: Catalogue, asked: lang.Induction, small: ir.Program, design: lang.Design | None, seconds: float
) -> Iterator[ComparedWithModel]:
    """Compare the system of `asked`, compiled as `small`, with the model under `design`, scenario by scenario.

    seconds: for one question to z3; raises TimeoutError if it has no answer.
    """
    for scenario, bound in asked.compared_with:
        seen = _SeenCompiler(catalogue, scenario, design, asked.seen_as, small).program(bound, None)
        name = catalogue.name_of(scenario)
        for which, instance in enumerate(seen.properties[0].instances):
            found = _Comparison(seen, instance.expr, small, asked.within, seconds).run()
            if which == 0 or found[2] is not None:
                first = ComparedWithModel(name, bound, *found)
            if found[2] is not None:
                break
        yield first


class _Comparison:
    """One search of the model.  relation: that of a state of it and one of the small system."""

    def __init__(self, model: ir.Program, relation: ir.Expr, small: ir.Program, within: int, seconds: float) -> None:
        self.model, self.relation, self.within = model, relation, within
        self.judge, self.system = Interpreter(model), Transitions(small)
        self.z3, self.seconds = self.system.z3, seconds
        self.small = {variable.name for variable in small.variables if variable.process is None}
        slots = self.judge.slots
        read = sorted(set(_reads(relation)) - self.small)
        self.read = [slots.at(name, k) for name in read for k in range(model.variable(name).count)]
        self.seen: dict[State, ir.Expr] = {}
        self.next: dict[tuple[frozenset[State], ir.Expr], frozenset[State]] = {}
        self.moves: dict[tuple[State, ir.Expr], frozenset[State]] = {}
        self.steps: dict[State, list[Alternative]] = {}

    def run(self) -> tuple[int, int, Trace | None]:
        """States and steps of the model, and a run that the small system does not have."""
        start = self.judge.initial_states()
        begin = frozenset(self.system.judge.initial_states())
        first = [(state, self._after(begin, self._view(state))) for state in start]
        came: dict[tuple[State, frozenset[State]], Any] = {node: None for node in first}
        queue, steps, states = list(first), 0, set()
        for node in queue:
            state, guesses = node
            if not guesses:
                return len(states), steps, self._trace(node, came, start)
            taken = [step for step in self.judge.steps(state) if step.after is not None]
            steps += len(taken) if state not in states else 0
            states.add(state)
            for step in taken:
                after = step.after, self._after(guesses, self._view(step.after))
                if after not in came:
                    came[after] = node, step
                    queue.append(after)
        return len(states), steps, None

    def _trace(self, node: Any, came: dict[Any, Any], start: Sequence[State]) -> Trace:
        steps: list[Step] = []
        while came[node] is not None:
            node, step = came[node]
            steps.insert(0, step)
        prop = self.model.properties[0]
        wrong = PropertyViolation(prop.name, f"What the last step does is no step of the small system.  {prop.doc}", (), prop.pos)
        states = (node[0], *(step.after for step in steps))
        return Trace(self.model, self.judge, states, tuple(steps), start.index(node[0]), wrong, facts=Facts())

    # what the small system may do meanwhile

    def _view(self, state: State) -> ir.Expr:
        """What the predicate says of the small system's state, where the model is in `state`."""
        seen = tuple(state[slot] for slot in self.read)
        if seen not in self.seen:
            self.seen[seen] = self._rest(self.relation, state)
        return self.seen[seen]

    def _rest(self, expr: ir.Expr, state: State) -> ir.Expr:
        """`expr` with the values of the model's variables put in."""
        match expr:
            case ir.Read(var, index):
                at = self._rest(index, state)
                if var in self.small:
                    return ir.Read(var, at)
                element = at.value if 0 <= at.value < self.model.variable(var).count else 0
                return ir.Const(state[self.judge.slots.at(var, element)])
            case ir.Unary(op, operand):
                inner = self._rest(operand, state)
                if isinstance(inner, ir.Const):
                    return ir.Const(int(not inner.value) if op == "not" else -inner.value)
                return ir.Unary(op, inner)
            case ir.Binary(op, left, right):
                return _joined(op, self._rest(left, state), self._rest(right, state))
            case ir.Ite(cond, then, other):
                test = self._rest(cond, state)
                if isinstance(test, ir.Const):
                    return self._rest(then if test.value else other, state)
                return ir.Ite(test, self._rest(then, state), self._rest(other, state))
        return expr

    def _after(self, guesses: frozenset[State], view: ir.Expr) -> frozenset[State]:
        """States of the small system that go with `view`, reached from one of `guesses`."""
        if (guesses, view) not in self.next:
            found = frozenset().union(*(self._moves(one, view) for one in guesses))
            if len(found) > MOST_GUESSES:
                raise UsageError(f"{self.model.properties[0].name} leaves more than {MOST_GUESSES} states open")
            self.next[guesses, view] = found
        return self.next[guesses, view]

    def _moves(self, one: State, view: ir.Expr) -> frozenset[State]:
        if (one, view) not in self.moves:
            state = [self.z3.IntVal(value) for value in one]
            if one not in self.steps:
                self.steps[one] = self._steps(state)
            reached = set(self._solutions(state, [], view))
            if self.within:
                for step in self.steps[one]:
                    reached |= set(self._reached(step.state, list(step.path), view, self.within - 1))
            self.moves[one, view] = frozenset(reached)
        return self.moves[one, view]

    def _steps(self, state: Sequence[Any]) -> list[Alternative]:
        return [step for step in self.system.alternatives(state) if not step.violated]

    def _reached(self, state: Sequence[Any], path: list[Any], view: ir.Expr, left: int) -> Iterator[State]:
        """States that go with `view`, by up to `left` more steps."""
        yield from self._solutions(state, path, view)
        if left:
            for step in self._steps(state):
                yield from self._reached(step.state, [*path, *step.path], view, left - 1)

    def _solutions(self, state: Sequence[Any], path: list[Any], view: ir.Expr) -> Iterator[State]:
        accepted = self.system.truth(view, state, NOBODY)
        if self.z3.is_false(accepted):
            return
        solver = self.z3.SimpleSolver()
        solver.set("timeout", max(1, int(1000 * self.seconds)))
        solver.add(*path, accepted)
        for _ in range(MOST_GUESSES + 1):
            answer = ask(solver)
            if answer == self.z3.unknown:
                raise TimeoutError
            if answer == self.z3.unsat:
                return
            model = solver.model()
            values = [model.eval(value, model_completion=True) for value in state]
            yield tuple(value.as_long() for value in values)
            solver.add(self.z3.Or(*(a != b for a, b in zip(state, values, strict=True))))


def _joined(op: str, left: ir.Expr, right: ir.Expr) -> ir.Expr:
    """`left op right`, as short as the values that are known make it."""
    if isinstance(left, ir.Const) and isinstance(right, ir.Const):
        return ir.Const(int(OPERATORS[op](left.value, right.value)))
    for known, other in ((left, right), (right, left)):
        if op in ir.LOGIC and isinstance(known, ir.Const):
            return known if bool(known.value) == (op == "or") else other
    return ir.Binary(op, left, right)


def _reads(expr: ir.Expr) -> Iterator[str]:
    match expr:
        case ir.Read(var, index):
            yield var
            yield from _reads(index)
        case ir.Unary(_, operand):
            yield from _reads(operand)
        case ir.Binary(_, left, right):
            yield from _reads(left)
            yield from _reads(right)
        case ir.Ite(cond, then, other):
            for inner in (cond, then, other):
                yield from _reads(inner)
