"""The sizes of the orbits of all states that a search with symmetry stores add up to the states of the whole search.

A state too few, one that stands for too many, or two that stand for the same ones: any of these changes the sum.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import random_programs
from tests.support.textbook import slow
from checker.verdict import api
from checker.reduce import symmetry
from checker.search.exploration import Limits
from checker.search.explore import explore
from checker.search.native import Search
from checker.ir.interpreter import Interpreter
from checker.ir.program import Program
from checker.reduce.symmetry import Class, Group, classes_of

MODELS = Path("tests/models")
SETTINGS = {"two_phase_commit": {"RM": 4}, "counters": {"N": 4, "K": 3}, "writeback_core": {"F": 1, "W": 3, "WOPS": 1, "FSOPS": 0, "TROPS": 0}}
FILES = [*(MODELS / f"{name}.py" for name in SETTINGS), *sorted((MODELS / "soundness").glob("sym_*.py"))]


def counted(program: Program, classes: tuple[Class, ...]) -> list[int]:
    """The states that stand behind those that each engine stores."""
    group, judge = Group(program, classes), Interpreter(program)
    plain = dict.fromkeys(map(group.canonical, judge.initial_states()))
    for state in (order := list(plain)):
        new = {group.canonical(step.after) for step in judge.steps(state) if step.after is not None} - plain.keys()
        plain |= dict.fromkeys(new)
        order += new
    search = Search(program, Limits(None, None), 1, False, None, symmetric=True)
    found = search.run()
    native = [search.layout.unpack(search.store.state(number)) for number in range(found.states)]
    return [sum(map(group.orbit, states)) for states in (plain, native)]


@pytest.mark.parametrize(
    "file", [pytest.param(file, marks=slow if file.stem == "sym_many" else ()) for file in FILES], ids=lambda file: file.stem
)
def test_orbits_add_up(file: Path) -> None:
    program = api.prepare(file, settings=SETTINGS.get(file.stem, {})).program
    classes = classes_of(program, Interpreter(program).initial_states())

    assert counted(program, classes) == [explore(program, stop=False).states] * 2


@pytest.mark.parametrize("name", ["setup", "setup_choice"])
def test_initial_states_that_prefer_one_are_noticed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The verdict would be the same: the states behind those that are stored are not those that there are."""
    program = api.prepare(MODELS / "soundness" / f"sym_{name}.py").program
    monkeypatch.setattr(symmetry, "_require_same_start", lambda group, renaming, starts: None)
    classes = classes_of(program, Interpreter(program).initial_states())

    assert classes and counted(program, classes) != [explore(program, stop=False).states] * 2
