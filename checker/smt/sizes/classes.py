"""The class of all sizes for which one interleaving is bad, in words that a person can check."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...base.errors import InternalError
from ...trace.trace import Trace
from ...verdict.api import Task
from ..asking import ask
from .of_trace import Regions, checked
from .real_sizes import Unmeasured, geometry_of, real_program

MOST_REGIONS = 400  # of sizes that are told apart, for one trace
PATIENCE = 4000  # milliseconds for one simplification


@dataclass(frozen=True)
class SizeClass:
    """alternatives: each a list of conditions that are all true; sizes are in bytes, BS is the block
    size.  fixed: sizes that are zero in the scope, and stay so.  boundaries: the least and greatest value of each size, with values of the others,
    each judged by the interpreter.  regions: how many were told apart, bad ones and all.  whole: no
    size was left out.  why: why there is no class.
    """

    block: int
    fixed: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()
    boundaries: tuple[tuple[str, str, dict[str, int]], ...] = ()
    bad: int = 0
    regions: int = 0
    whole: bool = True
    why: str = ""

    def lines(self) -> list[str]:
        """What is printed."""
        if self.why:
            return [f"no class of sizes: {self.why}"]
        head = f"block size BS = {self.block}; {self.regions} cases of sizes were told apart, {self.bad} of them bad"
        lines = [head if self.whole else head + "; time was up before all were seen"]
        if self.fixed:
            lines.append("as in the scope: " + ", ".join(f"{name} = 0" for name in self.fixed))
        lines.append("bad for all sizes with" if self.whole else "bad at least for sizes with")
        for number, conditions in enumerate(self.alternatives):
            lines.append(("  or " if number else "  ") + (" and ".join(conditions) or "any value at all"))
        lines.append("boundary cases, followed again by the interpreter:")
        for name, which, values in self.boundaries:
            shown = ", ".join(f"{n} = {v}" for n, v in values.items())
            lines.append(f"  {which} {name}: {shown}")
        return lines


def size_class(
    task: Task, trace: Trace, block: int | None = None, order: int | None = None, seconds: float = 60
) -> SizeClass:
    """The class of sizes for which the schedule of `trace` ends as badly; arguments as of `lifted`."""
    try:
        geometry = geometry_of(task, block, order)
        regions = Regions(real_program(task, geometry), trace, seconds)
    except Unmeasured as reason:
        return SizeClass(0, why=str(reason))
    whole = False
    try:
        while len(regions.known) < MOST_REGIONS:
            if regions.next() is None:
                whole = True
                break
    except Unmeasured:
        pass
    bad = [region for region in regions.known if region.bad]
    if not bad:
        return SizeClass(geometry.block, why="no sizes drive these steps to this violation", whole=whole)
    words = _Words(regions, bad)
    alternatives = words.alternatives()
    fixed = tuple(name for name, cells in regions.real.sizes.items() if not cells)
    return SizeClass(
        geometry.block, fixed, alternatives, tuple(words.boundaries()), len(bad), len(regions.known), whole
    )


class _Words:
    """Puts the bad regions into conditions on the sizes alone."""

    def __init__(self, regions: Regions, bad: Sequence[Any]) -> None:
        self.z3, self.regions, self.bad = regions.z3, regions, bad
        self.names = list(dict.fromkeys(n for region in bad for n in regions.matter(region)))
        self.cuts = [regions.variables[n] for n in regions.real.cuts]
        self.parts = [self._without_cuts(region) for region in bad]
        self.candidates = self._candidates()

    def _without_cuts(self, region: Any) -> Any:
        """A region's conditions on sizes: there are bytes to follow such that they hold."""
        z3 = self.z3
        whole = z3.And(*self.regions.bounds, *region.path)
        if not self.cuts:
            return whole
        tactic = z3.TryFor(z3.Then("qe", "simplify"), PATIENCE)
        try:
            return tactic(z3.Exists(self.cuts, whole)).as_expr()
        except z3.Z3Exception:
            raise InternalError("z3 does not eliminate the followed bytes in time") from None

    def _candidates(self) -> list[tuple[Any, str]]:
        """Conditions that a class may be put in, the plainest first."""
        block, v = self.regions.real.geometry.block, self.regions.variables
        found: list[tuple[Any, str]] = []
        most = max((int(x.type.hi) for x in self.regions.real.program.variables if x.struct == "Sizes"), default=0)
        multiples = range(block, most + 1, block)

        def bs(number: int) -> str:
            return {0: "0", block: "BS"}.get(number, f"{number // block} BS")

        for a in self.names:
            found += [(v[a] == n, f"{a} = {bs(n)}") for n in (0, *multiples)]
            found += [(v[a] % block == 0, f"{a} block-aligned"), (v[a] % block != 0, f"{a} not block-aligned")]
        sums = [(a,) for a in self.names] + list(itertools.combinations(self.names, 2))
        sums += [tuple(c) for c in itertools.combinations(self.names, 3)]
        sums += [(a, a) for a in self.names] + [(a, a, b) for a in self.names for b in self.names if a != b]
        for names in sums:
            total = sum((v[n] for n in names[1:]), v[names[0]])
            text = " + ".join(names)
            if len(set(names)) < len(names):
                text = " + ".join(f"{names.count(n)} {n}" if names.count(n) > 1 else n for n in dict.fromkeys(names))
            for n in (0, *multiples):
                found += [(total > n, f"{text} > {bs(n)}"), (total < n, f"{text} < {bs(n)}")]
                found += [(total >= n, f"{text} >= {bs(n)}"), (total <= n, f"{text} <= {bs(n)}")]
        for a, b in itertools.permutations(self.names, 2):
            found += [(v[a] == v[b], f"{a} = {b}"), (v[a] < v[b], f"{a} < {b}"), (v[a] <= v[b], f"{a} <= {b}")]
        return found

    def _implied(self, premise: Any, claim: Any) -> bool:
        solver = self.z3.Solver()
        solver.set("timeout", PATIENCE)
        solver.add(*self.regions.bounds[: 2 * len(self.regions.real.sizes)], premise, self.z3.Not(claim))
        return ask(solver) == self.z3.unsat

    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        """The whole class as one list of conditions if that says it, else one for each region."""
        z3 = self.z3
        together = self._conditions(z3.Or(*self.parts))
        if together is not None:
            return (together,)
        found = [self._conditions(part) or self._such_as(region) for part, region in zip(self.parts, self.bad)]
        return tuple(dict.fromkeys(found))

    def _such_as(self, region: Any) -> tuple[str, ...]:
        """A case that these words do not say: some of its sizes."""
        values = self.regions.round_values(region)
        return ("a case like " + ", ".join(f"{name} = {values[name]}" for name in self.names),)

    def _conditions(self, part: Any) -> tuple[str, ...] | None:
        """Candidates that together say exactly what `part` says, as few as that takes; or None."""
        points = self._points(part)
        kept = [
            (term, text) for term, text in self.candidates
            if all(self._holds(term, point) for point in points) and self._implied(part, term)
        ]  # fmt: skip
        if not self._implied(self.z3.And(*(term for term, _ in kept)), part):
            return None
        for one in list(reversed(kept)):
            rest = [other for other in kept if other is not one]
            if self._implied(self.z3.And(*(term for term, _ in rest)), part):
                kept = rest
        return tuple(text for _, text in kept)

    def _points(self, part: Any) -> list[list[tuple[Any, Any]]]:
        """A few sizes of a class, which rule out most candidates without a question to z3."""
        z3, found = self.z3, []
        solver = self.regions.solver(part)
        solver.set("timeout", PATIENCE)
        for _ in range(12):
            if ask(solver) != z3.sat:
                break
            model = solver.model()
            values = [(self.regions.variables[n], model.eval(self.regions.variables[n], True)) for n in self.names]
            found.append(values)
            solver.add(z3.Or(*(variable != value for variable, value in values)))
        return found

    def _holds(self, term: Any, point: list[tuple[Any, Any]]) -> bool:
        return self.z3.is_true(self.z3.simplify(self.z3.substitute(term, *point)))

    def boundaries(self) -> list[tuple[str, str, dict[str, int]]]:
        """The least and the greatest value of each size, with values of the others."""
        z3, found = self.z3, []
        for name in self.names:
            for which in ("least", "greatest"):
                optimize = z3.Optimize()
                optimize.set("timeout", PATIENCE)
                optimize.add(*self.regions.bounds, z3.Or(*(z3.And(*region.path) for region in self.bad)))
                variable = self.regions.variables[name]
                optimize.minimize(variable) if which == "least" else optimize.maximize(variable)
                if ask(optimize) != z3.sat:
                    continue
                model = optimize.model()
                values = {n: model.eval(v, True).as_long() for n, v in self.regions.variables.items()}
                if checked(self.regions.real, self.regions.trace, values, self.regions.chosen) is None:
                    raise InternalError(f"with the sizes {values} the interpreter sees no violation")
                found.append((name, which, {n: values[n] for n in self.names}))
        return found
