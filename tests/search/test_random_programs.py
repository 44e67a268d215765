"""Random programs: the interpreter, the native engine and the oracle say the same of each.

By default a fixed set of programs is drawn, the same in every run.  CHECKER_EXAMPLES=5000
draws so many new ones, for as long as it takes.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, note, reject, settings

from checker.base.errors import ModelError
from checker.source.catalogue import load
from checker.verdict import api
from tests.support import oracle
from tests.support.agreement import (
    all_states,
    changed_by_symmetry,
    same_as_oracle,
    same_engines,
    same_verdict_when_reduced,
)
from tests.support.random_programs import programs

MORE = int(os.environ.get("CHECKER_EXAMPLES", "0"))
FEW = settings(
    max_examples=MORE or 150,
    derandomize=not MORE,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LIMIT = 4_000  # states; a program with more is not looked at


def written(directory: Path, text: str) -> Path:
    file = directory / "program.py"
    file.write_text(text, encoding="utf-8")
    return file


def disagreements(file: Path) -> list[str]:
    """What the engines and the oracle do not agree on."""
    catalogue = load(file)
    try:
        program = api.prepare(catalogue=catalogue).program
    except ModelError as error:
        assert all(problem.rule == "type" and "never" in problem.text for problem in error.problems), error
        reject()  # a value that can never be in its range is refused, and rightly
    judged = all_states(program, LIMIT)
    if judged is None:
        return []
    wrong = same_engines(program) + same_verdict_when_reduced(program) + changed_by_symmetry(program)
    opinion = oracle.explore(catalogue.scenario("run"), limit=20 * LIMIT)
    return wrong + (same_as_oracle(program, opinion, judged) if opinion.complete else [])


@FEW
@given(text=programs())
def test_engines_and_oracle_agree_on_random_programs(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    note(text)

    assert [] == disagreements(written(tmp_path_factory.mktemp("random"), text))


def module_of(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@settings(FEW, max_examples=40)
@given(text=programs())
def test_random_programs_are_worth_looking_at(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The oracle, which compiles nothing, can run each of them."""
    opinion = oracle.explore(module_of(written(tmp_path_factory.mktemp("random"), text)).run, limit=LIMIT)

    assert opinion.states > 0


# -------------------------------------------------- what random programs have found

START = """
from checker.lang import Flag, Ghost, Range, Struct, bug_on, process, scenario

Small = Range(0, 1)


class Hub(Struct):
    on = Flag("on")
    noted = Ghost(Flag("noted"))


def once():
    \"\"\"Begins with local work.\"\"\"
    {work}
    Hub[0].on = True


run = scenario("One process.", process("once", once))
"""


@pytest.mark.parametrize(
    ("work", "states", "violated"),
    [("Hub[0].noted = True", 3, {}), ("bug_on(True)", 1, {"bug_on": 1})],
    ids=["a ghost is written", "it always fails"],
)
def test_a_process_may_begin_with_any_local_work(
    tmp_path: Path, work: str, states: int, violated: dict[str, int]
) -> None:
    file = written(tmp_path, START.format(work=work))

    assert [] == disagreements(file)
    judged = all_states(api.prepare(file).program)
    assert (states, violated) == (len(judged.states), judged.violations)


RESULT = """
from checker.lang import Range, Struct, bug_on, primitive, process, scenario

Narrow = Range(0, 1)


class Hub(Struct):
    total = Range(0, 3, "total")


@primitive()
def look(hub: Hub) -> Narrow:
    \"\"\"What it says does not fit what it returns.\"\"\"
    return hub.total


def once():
    \"\"\"Counts up to 2.\"\"\"
    Hub[0].total = 2
    bug_on(look(Hub[0]) > 2)


run = scenario("One process.", process("once", once))
"""


def test_a_result_outside_of_its_range_is_a_violation(tmp_path: Path) -> None:
    """Also of a function that changes nothing, which becomes a part of the caller's expression."""
    file = written(tmp_path, RESULT)

    assert [] == disagreements(file)
    assert {"range": 2} == all_states(api.prepare(file).program).violations
