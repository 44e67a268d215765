"""Two designs side by side: in each scenario that both have, the verdict, the states and the shortest trace."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ..base.errors import UsageError
from ..picture.report import paint
from ..source.catalogue import Catalogue
from .api import check
from .result import HOLDS, VIOLATED, Result

WIDTH = 80


@dataclass(frozen=True)
class ScenarioPair:
    """What was found of two designs in one scenario."""

    scenario: str
    results: tuple[Result, Result]

    @property
    def differs(self) -> bool:
        """Do verdict, violated property or length of the counterexample differ?"""
        one, two = map(_essence, self.results)
        return one != two

    def properties(self) -> list[tuple[str, str, str]]:
        """Name and both verdicts of every property that differs, or is violated in one of them."""
        verdicts = [{p.name: p.verdict for p in result.properties} for result in self.results]
        names = dict.fromkeys([*verdicts[0], *verdicts[1]])
        both = [(name, verdicts[0].get(name, "-"), verdicts[1].get(name, "-")) for name in names]
        return [(name, a, b) for name, a, b in both if a != b or VIOLATED in (a, b)]


def compared(
    catalogue: Catalogue,
    first: str,
    second: str,
    scenarios: Sequence[str] = (),
    bound: int | None = None,
    progress: Callable[[str], None] = lambda text: None,
    done: Callable[[ScenarioPair], None] = lambda pair: None,
    **options: Any,
) -> list[ScenarioPair]:
    """Check both designs in each of `scenarios`, by default all that both can be looked at in.

    Everything is explored even after a violation, so that each property has its verdict.  done: called with each pair.
    options: of `checker.check`.  UsageError for names that there are not, or no common scenario.
    """
    pairs = []
    for name in chosen(catalogue, first, second, scenarios):
        results = []
        for design in (first, second):
            progress(f"{design} in {name}")
            found = check(None, design, name, bound, stop=False, catalogue=catalogue, **options)
            if found.stopped_by == "interrupt":  # Ctrl-C is meant for the comparison
                raise KeyboardInterrupt
            results.append(found)
        pairs.append(ScenarioPair(name, (results[0], results[1])))
        done(pairs[-1])
    return pairs


def chosen(catalogue: Catalogue, first: str, second: str, scenarios: Sequence[str]) -> list[str]:
    """Those of `scenarios`, or all that both designs have.  UsageError as `compared`."""
    common = _common(catalogue, first, second)
    for name in scenarios:
        catalogue.scenario(name)
    return [*scenarios] or common


def _common(catalogue: Catalogue, first: str, second: str) -> list[str]:
    one, two = (catalogue.scenarios_of(catalogue.design(name)) for name in (first, second))
    common = [name for name in one if name in two]
    if not common:
        raise UsageError(f"{first} and {second} have no scenario in common")
    return common


def _essence(result: Result) -> tuple[str, str, int | None]:
    violation = result.violation
    return result.verdict, violation.property if violation else "", _steps(result)


def _steps(result: Result) -> int | None:
    trace = result.violation.trace if result.violation else None
    return len(trace.steps) if trace else None


# ---------------------------------------------------------------------- text


def widths(scenarios: Sequence[str]) -> tuple[int, int]:
    """Of the first column, which names scenarios and their bounds, and of each of the others."""
    names = max(len("scenario"), *(len(name) + len(" any") for name in scenarios))
    return names, (WIDTH - names - 4) // 2


def heading(first: str, second: str, wide: tuple[int, int]) -> str:
    """The line above the columns of two designs, at most 80 columns wide."""
    return _line("scenario", _cut(first, wide[1]), _cut(second, wide[1]), *wide)


def lines(pair: ScenarioPair, wide: tuple[int, int], colour: bool = False) -> str:
    """The verdicts in one scenario side by side, and below them the properties that tell them apart."""
    left, cells, found = _where(pair), [_cell(result, wide[1]) for result in pair.results], []
    for one, two in zip_longest(*cells, fillvalue=""):
        found.append(_painted(_line(left, one, two, *wide), colour))
        left = ""
    for name, a, b in pair.properties():
        if not all(result.violation and result.violation.property == name for result in pair.results):
            found += textwrap.wrap(f"{name}: {a} / {b}", WIDTH - 4, initial_indent="    ", subsequent_indent="      ")
    return "\n".join(found)


def summary(pairs: Sequence[ScenarioPair]) -> str:
    """How many scenarios tell the designs apart."""
    told = sum(pair.differs for pair in pairs)
    return f"{told} of {len(pairs)} scenario{'s' * (len(pairs) != 1)} tell{'s' * (len(pairs) == 1)} them apart"


def _where(pair: ScenarioPair) -> str:
    bound = pair.results[0].bound
    return pair.scenario + (f" {bound}" if bound is not None else "")


def _cell(result: Result, wide: int) -> list[str]:
    """The lines of one cell."""
    verdict, property, steps = _essence(result)
    size = f"{result.states:,} states" if steps is None else f"{steps} steps, {result.states:,} states"
    return [line for part in (verdict, property, size) for line in textwrap.wrap(part, wide)]


def _line(left: str, one: str, two: str, names: int, wide: int) -> str:
    return f"{left:<{names}}  {one:<{wide}}  {two}".rstrip()


def _painted(line: str, colour: bool) -> str:
    for verdict, style in ((HOLDS, "good"), (VIOLATED, "bad")):
        line = re.sub(rf"\b{verdict}\b", paint(verdict, style, colour), line)
    return line


def _cut(text: str, wide: int) -> str:
    return text if len(text) <= wide else text[: wide - 3] + "..."


def as_json(first: str, second: str, pairs: Sequence[ScenarioPair]) -> dict[str, Any]:
    """The object that `compare --json` writes."""
    return {
        "designs": [first, second],
        "scenarios": [
            {
                "scenario": pair.scenario,
                "bound": pair.results[0].bound,
                "differs": pair.differs,
                "results": [_result_as_json(result) for result in pair.results],
            }
            for pair in pairs
        ],
    }


def _result_as_json(result: Result) -> dict[str, Any]:
    verdict, property, steps = _essence(result)
    verdicts = {p.name: p.verdict for p in result.properties}
    return {
        "verdict": verdict, "property": property or None, "steps": steps, "states": result.states, "properties": verdicts,
    }  # fmt: skip
