"""Real sizes for a counterexample: which bytes make the same steps violate the same property.

The schedule of a trace is followed in the program in bytes (`real_sizes`).  A run with some sizes
tells of a *region*: all sizes with which every comparison has the same outcome, so that the same
happens.  z3 gives sizes outside of the regions that are known, until there are none: then
every size is in a region, and the steps are bad in some of them and not in the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...base.errors import InternalError
from ...ir.interpreter import Actor
from ...ir.program import DEADLOCK, Program
from ...trace.temporal import judge_lasso
from ...trace.trace import Trace, follow
from ...verdict.api import Task
from ..asking import ask
from .dual_steps import Dual, DualSteps, End, number
from .real_sizes import HOLDER, Geometry, RealProgram, Unmeasured, counts_bytes, geometry_of, real_program

CHOSEN = "CHOICE_IN_STEP_"  # what numbers of bytes are called that a schedule chooses
GRAINS = 8  # sizes are tried as multiples of a block, of half a block, and so on


@dataclass(frozen=True)
class Region:
    """Sizes with which everything goes alike.

    values: some of them.  path: what is true of all (terms).  bad: the schedule ends with the
    violation.
    """

    values: dict[str, int]
    path: tuple[Any, ...]
    bad: bool


@dataclass(frozen=True)
class Lifted:
    """A trace in bytes.

    sizes: of the scenario, in bytes, that the run depends on.  trace: as the reference interpreter
    followed it, None if no sizes drive it.  bytes: offsets in a block of the bytes that are followed.
    why: why there is no trace.  artefact: because no sizes drive it at all.
    """

    geometry: Geometry | None
    sizes: dict[str, int] = field(default_factory=dict)
    trace: Trace | None = None
    bytes: tuple[int, ...] = ()
    why: str = ""
    artefact: bool = False


class _StepsInBytes(DualSteps):
    """Steps in which a number of bytes that the schedule chooses is a size as well.

    numbered: such a number, of the step and the choice in it that are given, and its value in cells.
    """

    def __init__(
        self, program: Program, unknown: Mapping[str, Dual], numbered: Callable[[tuple[int, int], int], Dual]
    ) -> None:
        super().__init__(program, unknown)
        self.numbered, self.place = numbered, (-1, 0)

    def step(self, state: Sequence[Any], actor: Actor, choices: Sequence[Any]) -> End | None:
        self.place = (self.place[0] + 1, -1)
        return super().step(state, actor, choices)

    def chosen(self, choice: Any, lo: int, hi: int) -> Any:
        self.place = (self.place[0], self.place[1] + 1)
        return self.numbered(self.place, choice) if counts_bytes(lo, hi) else choice


class Regions:
    """The regions of sizes for one trace."""

    def __init__(self, real: RealProgram, trace: Trace, seconds: float) -> None:
        import z3

        if trace.start:
            raise Unmeasured("only traces from the first initial state are followed in bytes")
        self.z3, self.real, self.trace = z3, real, trace
        self.end = time.monotonic() + seconds
        self.variables = {name: z3.Int(name) for name in (*real.sizes, *real.cuts)}
        self.bounds = self._bounds()
        self.known: list[Region] = []
        self.chosen: dict[tuple[int, int], str] = {}  # step, and choice in it: name of the number of bytes

    def _bounds(self) -> list[Any]:
        """What is true of sizes and cuts anyhow.  What is zero in the scope stays so: the empty file,
        the hole that is not there, the start of the file."""
        most = {v.field: v.type.hi for v in self.real.program.variables if v.struct == HOLDER}
        found = []
        for name, cells in self.real.sizes.items():
            found += [self.variables[name] >= 0, self.variables[name] <= (most[name] if cells else 0)]
        last = self.z3.IntVal(0)
        for name in self.real.cuts:
            found += [self.variables[name] > last, self.variables[name] < self.real.geometry.block]
            last = self.variables[name]
        return found

    def solver(self, *conditions: Any) -> Any:
        solver = self.z3.Solver()
        solver.set("timeout", max(1, int(1000 * (self.end - time.monotonic()))))
        solver.add(*self.bounds, *conditions)
        return solver

    def next(self) -> Region | None:
        """A region that was not known, None if there is none.  Unmeasured if z3 or the time is at an end."""
        if not self.known:
            return self._learnt(self.real.uniform())
        solver = self.solver(*(self.z3.Not(self.z3.And(*region.path)) for region in self.known))
        answer = ask(solver)
        if answer == self.z3.unsat:
            return None
        if answer == self.z3.unknown or time.monotonic() > self.end:
            raise Unmeasured("time is up before all sizes were tried")
        model = solver.model()
        return self._learnt({n: model.eval(v, model_completion=True).as_long() for n, v in self.variables.items()})

    def _learnt(self, values: dict[str, int]) -> Region:
        """The region of some sizes."""
        values = dict(values)
        fixed = (*self.real.sizes, *self.real.cuts)
        duals = {f"{HOLDER}.{name}": Dual(values[name], self.variables[name]) for name in fixed}
        block, cells = self.real.geometry.block, self.real.geometry.cells

        def numbered(place: tuple[int, int], choice: int) -> Dual:
            step, which = place
            name = self.chosen.setdefault(place, f"{CHOSEN}{step + 1}" + (f"_{which + 1}" if which else ""))
            variable = self.variables.setdefault(name, self.z3.Int(name))
            return Dual(values.setdefault(name, choice * block // cells), variable)

        steps = _StepsInBytes(self.real.program, duals, numbered)
        bad = self._followed(steps)
        if bad and self.trace.loop is not None:
            bad = checked(self.real, self.trace, values, self.chosen) is not None
        path = {str(one): one for one in map(self.z3.simplify, steps.path) if not self.z3.is_true(one)}
        region = Region(values, tuple(path.values()), bad)
        self.known.append(region)
        return region

    def _followed(self, steps: DualSteps) -> bool:
        """Follow the schedule; does it go on to its end, and is that bad?"""
        trace, before = self.trace, None
        state = steps.initial(trace.start)
        if not state:
            return False
        states = [state]
        for index, step in enumerate(trace.steps):
            end = steps.step(state, trace.actor(index), step.choices)
            if end is None:
                return False
            if step.after is None or end.violated:
                return step.after is None and end.violated == trace.violation.property
            before, state = state, end.state
            states.append(state)
            if not self._same_place(index, end.label):
                return False
        if trace.loop is not None:
            return self._goes_round(steps, states)
        return steps.decide(self._violated(steps, state, before))

    def _goes_round(self, steps: DualSteps, states: Sequence[Sequence[Any]]) -> bool:
        """Do the last steps lead back to the state in which the loop begins?  All that decides whether the
        loop is fair, and bad, is decided on the way; `checked` judges it."""
        prop = next(p for p in self.real.program.properties if p.name == self.trace.violation.property)
        for state in states:
            for one, target in zip(prop.instances, prop.target, strict=True):
                steps.decide(steps.evaluate(one.expr, state))
                steps.decide(steps.evaluate(target, state))
            for actor in steps.judge.actors:
                block = steps.judge.block_of([number(v) for v in state], actor.process, actor.instance)
                steps.decide(steps.evaluate(block.guard, state, actor))
        pairs = zip(states[self.trace.loop], states[-1], strict=True)
        return all(steps.decide(steps.same(a, b)) for a, b in pairs)

    def _same_place(self, index: int, label: int) -> bool:
        """Does the process that took a step stand where it stands in the scope?"""
        trace, step = self.trace, self.trace.steps[index]
        there = trace.judge.block_of(trace.states[index + 1], step.process, step.instance)
        here = self.real.program.processes[step.process].blocks[label]
        return (there.call.name, there.frames) == (here.call.name, here.frames)

    def _violated(self, steps: DualSteps, state: Sequence[Any], before: Sequence[Any] | None) -> Any:
        name = self.trace.violation.property
        if name == DEADLOCK:
            blocks = [(steps.judge.block_of(state, a.process, a.instance), a) for a in steps.judge.actors]
            wrong = [steps.evaluate(block.guard, state, actor) for block, actor in blocks]
            return self._none(steps, wrong)
        prop = next(p for p in self.real.program.properties if p.name == name)
        right = [steps.evaluate(one.expr, state, before=before or state) for one in prop.instances]
        bad = [Dual(int(not one.number), self.z3.Not(steps.condition(one))) if isinstance(one, Dual) else int(not one)
               for one in right]  # fmt: skip
        if any(one == 1 for one in bad if not isinstance(one, Dual)):
            return 1
        unknown = [one for one in bad if isinstance(one, Dual)]
        if not unknown:
            return 0
        return Dual(int(any(one.number for one in unknown)), self.z3.Or(*(one.term for one in unknown)))

    def _none(self, steps: DualSteps, conditions: Sequence[Any]) -> Any:
        """Is none of the conditions true?"""
        if any(one for one in conditions if not isinstance(one, Dual)):
            return 0
        unknown = [one for one in conditions if isinstance(one, Dual)]
        if not unknown:
            return 1
        term = self.z3.Not(self.z3.Or(*map(steps.condition, unknown)))
        return Dual(int(not any(one.number for one in unknown)), term)

    # sizes of a region

    def matter(self, region: Region) -> list[str]:
        """Names of the sizes that a region is about."""
        from z3 import z3util

        names = {str(v) for v in z3util.get_vars(self.z3.And(self.z3.BoolVal(True), *region.path))}
        given = [name for name, cells in self.real.sizes.items() if cells]
        return [name for name in (*given, *self.chosen.values()) if name in names]

    def round_values(self, region: Region) -> dict[str, int]:
        """Sizes of a region: multiples of as large a part of a block as can be."""
        solver, block = self.solver(*region.path), self.real.geometry.block
        solver.set("timeout", 500)
        for variable in self.variables.values():
            for grain in [block >> i for i in range(GRAINS) if block >> i >= 1]:
                solver.push()
                solver.add(variable % grain == 0)
                if ask(solver) == self.z3.sat:
                    break
                solver.pop()
        if ask(solver) != self.z3.sat:
            return region.values
        model = solver.model()
        return {name: model.eval(v, model_completion=True).as_long() for name, v in self.variables.items()}


def lifted(task: Task, trace: Trace, block: int | None = None, order: int | None = None, seconds: float = 8) -> Lifted:
    """`trace` of `task` with real sizes, if there are any.

    block, order: the block size and folio order asked for.  seconds: to look for sizes.
    UsageError if the scope has no folios of that order with blocks of that size.
    """
    geometry = None
    try:
        geometry = geometry_of(task, block, order)
        regions = Regions(real_program(task, geometry), trace, seconds)
        while (region := regions.next()) is not None and not region.bad:
            pass
    except Unmeasured as reason:
        return Lifted(geometry, why=str(reason))
    if region is None:
        own = block is None and order is None  # the geometry in which a page of the scope is one of PAGE_SIZE
        where = "" if own else f", with blocks of {geometry.block} bytes and folios of order {geometry.order}"
        return Lifted(geometry, why=f"no sizes in bytes drive these steps to this violation{where}", artefact=own)
    values = regions.round_values(region)
    followed = checked(regions.real, trace, values, regions.chosen)
    if followed is None:
        raise InternalError(f"with the sizes {values} the interpreter does not follow the trace to its violation")
    cuts = [0, *(values[name] for name in regions.real.cuts)]
    sizes = {name: values[name] for name in regions.matter(region)}
    return Lifted(geometry, sizes, followed, tuple(cuts))


def checked(
    real: RealProgram, trace: Trace, values: Mapping[str, int], chosen: Mapping[tuple[int, int], str] = {}
) -> Trace | None:
    """The trace that the reference interpreter follows with these values; None if it is not as bad.

    chosen: names of the numbers of bytes that the schedule chooses, by step and choice.
    """
    turns = []
    for index, turn in enumerate(trace.turns()):
        names = [chosen.get((index, position)) for position in range(len(turn.choices))]
        choices = (values[name] if name else choice for name, choice in zip(names, turn.choices))
        turns.append(replace(turn, choices=tuple(choices), call=""))
    followed = follow(real.with_values(values), turns, trace.start, trace.violation.property, trace.facts)
    found = followed.trace
    if trace.loop is not None and len(found.states) > trace.loop and found.violation is None:
        found = replace(found, loop=trace.loop)
        found = replace(found, violation=judge_lasso(found, trace.violation.property))
    same = found.violation is not None and found.violation.property == trace.violation.property
    return found if same and len(found.steps) == len(trace.steps) else None
