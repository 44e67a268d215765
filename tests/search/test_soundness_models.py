"""Minimal models on which a reduction could go wrong: each property is judged by every kind of search.

A model is a file in `tests/models/soundness`; all of its scenarios are searched without reduction, with
each reduction and with both, from the first state on, to the end whatever is violated, in both engines.
What is violated has to be the same in all eight, property by property.  Reachability is not compared:
that a reduced search has not seen something is no verdict.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.verdict import api
from checker.source.catalogue import load
from checker.search.exploration import Exploration
from checker.search.explore import explore
from checker.ir.program import Program
from checker.trace.trace import replay
from tests.support import oracle

FILES = sorted((Path(__file__).parents[1] / "models" / "soundness").glob("*.py"))
KINDS = {
    "none": {},
    "partial order": {"reduced": True},
    "symmetry": {"symmetric": True},
    "both": {"reduced": True, "symmetric": True},
}
ENGINES = ("interpret", "native")


def scenarios() -> list:
    """Every scenario of every file, as test parameters."""
    return [pytest.param(file, name, id=f"{file.stem}-{name}") for file in FILES for name in load(file).scenarios]


def searched(program: Program) -> dict[tuple[str, str], Exploration]:
    """What each kind of search finds in each engine."""
    return {
        (kind, engine): explore(program, engine=engine, stop=False, **options)
        for kind, options in KINDS.items()
        for engine in ENGINES
    }


def disagreements(program: Program) -> list[str]:
    """Where searches of a program differ, in words."""
    found = searched(program)
    right = set(found["none", "interpret"].violations)
    wrong = [
        f"{kind}, {engine}: {sorted(set(one.violations) ^ right)}"
        for (kind, engine), one in found.items()
        if set(one.violations) != right
    ]
    for kind in KINDS:
        one, other = (found[kind, engine] for engine in ENGINES)
        wrong += [f"{kind}: {one.states} states and {other.states}"] * (one.states != other.states)
    for one in found.values():
        for violation in one.violations.values():
            replay(program, violation.path, violation.last, violation.property)
    return wrong + [f"{key}: not complete" for key, one in found.items() if not one.complete]


@pytest.mark.parametrize(("file", "scenario"), scenarios())
def test_every_search_finds_the_same_violations(file: Path, scenario: str) -> None:
    assert disagreements(api.prepare(model=file, scenario=scenario).program) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_who_held_a_lock_before_the_step_is_asked_of_the_state_before(engine: str) -> None:
    """Each of the three is violated; read as it is now, a lock is never free and taken, and all of them hold."""
    catalogue = load(FILES[0].with_name("old_of_locks.py"))
    found = explore(api.prepare(catalogue=catalogue).program, engine=engine, stop=False)
    told = oracle.explore(catalogue.scenario("house"), limit=1000)

    assert len(found.violations) == 3
    assert {name: one.steps for name, one in found.violations.items()} == told.violations


@pytest.mark.parametrize("file", [file for file in FILES if file.stem.startswith("por_")], ids=lambda file: file.stem)
def test_the_models_of_the_partial_order_are_violated(file: Path) -> None:
    """A model in which nothing can be missed shows nothing."""
    found = [explore(api.prepare(model=file, scenario=name).program, stop=False) for name in load(file).scenarios]

    assert all(one.violations for one in found)
