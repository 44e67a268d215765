"""The list of scenarios: who runs what, in which scope, and how many states that makes."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from ..ir.program import ANY
from ..lang import Const, Scenario
from ..output.lists import first_sentence
from ..source.catalogue import Catalogue
from .states import ABOVE, BOUNDS, REDUCED, SETS, Counted

ONE_LINE = 140  # columns from which on the sentence stands beside the numbers
LEGEND = {
    REDUCED: "~  stored by a search with partial-order reduction; there are more",
    ABOVE: "> found within {:g} s; there are more",
    SETS: "=  kept in sets, each counted once; else `any` counts each state twice",
}


def rows(catalogue: Catalogue, counted: Mapping[str, Counted]) -> list[dict[str, Any]]:
    """What is to be said of each scenario, for programs."""
    return [
        {
            "name": name,
            "of": catalogue.name_of(scenario.of) if scenario.of else None,
            "bound": scenario.bound,
            "scope": {catalogue.name_of(constant): value for constant, value in scenario.scope.items()},
            "processes": [_process(p, scenario) for p in scenario.processes],
            "states": {
                str(bound): {"states": one.states, "kind": one.kind} for bound, one in counted[name].counts.items()
            }
            if name in counted
            else {},
            "any": _endless(counted.get(name)),
            "doc": first_sentence(scenario.doc),
        }
        for name, scenario in catalogue.scenarios.items()
    ]


def _endless(entry: Counted | None) -> dict[str, Any] | None:
    return {"states": entry.endless.states, "kind": entry.endless.kind} if entry and entry.endless else None


def _numbers(entry: Counted) -> list[str]:
    """Those of each bound, and for any number of operations."""
    return [*map(str, entry.counts.values()), str(entry.endless or "-")]


def _process(process: Any, scenario: Scenario) -> dict[str, Any]:
    count = process.count
    return {
        "kind": process.kind,
        "name": process.name,
        "runs": [function.__name__ for function in process.functions],
        "count": count.value(scenario.scope) if isinstance(count, Const) else count,
        "per": process.per.__name__ if process.per else None,
    }


def text(catalogue: Catalogue, counted: Mapping[str, Counted], width: int) -> str:
    """The scenarios of each system below its name: numbers of states, and the sentence beside or below them."""
    by_system: dict[Any, list[str]] = {}
    for name, scenario in catalogue.scenarios.items():
        by_system.setdefault(scenario.of, []).append(name)
    named = max(map(len, catalogue.scenarios), default=0)
    numbers = {name: _numbers(counted[name]) for name in catalogue.scenarios if name in counted}
    wide = [max([7, *(len(line[n]) for line in numbers.values())]) for n in range(len(BOUNDS) + 1)]
    heads = [f"{head:>{size}}" for head, size in zip([*(f"bound {bound}" for bound in BOUNDS), ANY], wide)]
    gap = " " if width < ONE_LINE else "  "
    lines: list[str] = []
    for system, names in by_system.items():
        lines += [*([""] if lines else []), gap.join([f"{_heading(catalogue, system):<{named + 2}}", *heads]).rstrip()]
        for name in names:
            cells = [f"{cell:>{size}}" for cell, size in zip(numbers.get(name, ["-"] * len(wide)), wide)]
            start = gap.join([f"  {name:<{named}}", *cells])
            lines += _with_sentence(start, first_sentence(catalogue.scenarios[name].doc), width)
    kinds = {one.kind for entry in counted.values() for one in (*entry.counts.values(), entry.endless) if one}
    most = max((entry.seconds for entry in counted.values()), default=0)
    legend = [said.format(most) for kind, said in LEGEND.items() if kind in kinds]
    return "\n".join([*lines, *(["", *legend] if legend else [])])


def _heading(catalogue: Catalogue, system: Any) -> str:
    return catalogue.name_of(system) if system else catalogue.model


def _with_sentence(start: str, sentence: str, width: int) -> list[str]:
    """A line of the list and its sentence: beside it, if there is room, else below it."""
    if width < ONE_LINE:
        below = " " * 6
        return [start.rstrip(), *textwrap.wrap(sentence, width, initial_indent=below, subsequent_indent=below)]
    return textwrap.wrap(sentence, width, initial_indent=start + "  ", subsequent_indent=" " * (len(start) + 2)) or [start]
