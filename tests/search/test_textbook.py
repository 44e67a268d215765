"""The counts of textbook models, by both engines, from Python and from the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import checker
from tests.support.textbook import HUGE, LARGE, MODELS, SMALL, Known, of, slow

COMMAND = [*of([row for row in SMALL if row.scenario != "ordered"]), *of(LARGE)]


def explored(row: Known, **options) -> checker.Result:
    return checker.check(
        row.file, scenario=row.scenario, settings=row.settings, reduction=False, stop=False, **options
    )


def assert_known(row: Known, result: checker.Result) -> None:
    assert (row.states, row.transitions, row.depth) == (result.states, result.transitions, result.depth)
    assert row.levels in ((), result.levels)
    assert ("violated" if row.violated else "holds") == result.verdict
    if row.violated:
        assert (row.violated, row.steps) == (result.violation.property, len(result.violation.trace.steps))


@pytest.mark.parametrize("row", [*of(SMALL), *of(LARGE), *of(HUGE)])
def test_native_engine_finds_the_known_counts(row: Known) -> None:
    assert_known(row, explored(row))


@pytest.mark.parametrize("row", [*of(SMALL), *of(LARGE, slow)])
def test_interpreter_finds_the_known_counts(row: Known) -> None:
    assert_known(row, explored(row, engine="interpret"))


@pytest.mark.parametrize("row", COMMAND)
def test_command_line_finds_the_known_counts(row: Known) -> None:
    settings = [text for name, value in row.settings.items() for text in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "checker", "check", "--model", str(row.file), "--scenario", row.scenario]
    run = subprocess.run(
        [*command, *settings, "--no-reduction", "--continue", "--json", "-"], capture_output=True, text=True, check=False
    )

    assert run.stderr == ""
    found = json.loads(run.stdout)
    assert (row.states, row.transitions, row.depth) == (found["states"], found["transitions"], found["depth"])
    assert (int(bool(row.violated)), row.violated) == (
        run.returncode,
        found["violation"]["property"] if found["violation"] else "",
    )


@pytest.mark.parametrize("engine", ["native", "interpret"])
def test_a_violation_ends_the_search_with_a_shortest_counterexample(engine: str) -> None:
    result = checker.check(MODELS / "dining_philosophers.py", settings={"N": 7}, engine=engine, reduction=False)

    assert ("violated", "deadlock", 7) == (result.verdict, result.violation.property, len(result.violation.trace.steps))


@pytest.mark.parametrize("engine", ["native", "interpret"])
def test_the_order_of_two_steps_is_what_makes_peterson_right(engine: str) -> None:
    result = checker.check(MODELS / "peterson.py", design="turn_first", engine=engine)

    assert ("violated", "mutual_exclusion") == (result.verdict, result.violation.property)


def test_two_phase_commit_needs_all_of_its_states() -> None:
    """Lower counts with fewer managers: no state is counted twice, none is lost between the sizes."""
    sizes = [explored(Known("two_phase_commit", "transaction", 0, 0, 0, {"RM": n})).states for n in (1, 2, 3, 4)]

    assert sizes == sorted(set(sizes)) and sizes[2] == 288
