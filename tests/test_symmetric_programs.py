"""Random programs with instances that are nearly alike are judged with symmetry as they are without.

`python -m tests.test_symmetric_programs FIRST COUNT` tries so many more, in the reference engine, for a night.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from random import Random

import pytest

import symmetric_programs
from agreement import changed_by_symmetry
from checker.api import prepare
from checker.explore import explore
from checker.interpret import Interpreter
from checker.ir import Program
from checker.symmetry import Group, classes_of

MOST = 1_500  # states of a program that is compared


def program_of(seed: int, directory: Path) -> Program:
    file = directory / f"random{seed}.py"
    file.write_text(symmetric_programs.text(Random(seed)), "utf-8")
    return prepare(file).program


def wrong_in(program: Program) -> list[str] | None:
    """What differs with symmetry, in the reference engine; None if there is none, or the program is too large."""
    classes = classes_of(program, Interpreter(program).initial_states())
    whole = explore(program, engine="interpret", states=MOST, stop=False) if classes else None
    if whole is None or not whole.complete:
        return None
    found = explore(program, engine="interpret", symmetric=True, stop=False, self_check=True)
    pairs = [
        ({name: one.steps for name, one in one.violations.items()}, one.reached, one.depth) for one in (whole, found)
    ]
    orbits = behind(program, Group(program, classes))
    return [f"{one} and {other}" for one, other in zip(*pairs) if one != other] + [f"{orbits} states behind them"] * (orbits != whole.states)


def behind(program: Program, group: Group) -> int:
    """The states behind those that are stored."""
    judge = Interpreter(program)
    known = dict.fromkeys(map(group.canonical, judge.initial_states()))
    for state in (order := list(known)):
        new = {group.canonical(step.after) for step in judge.steps(state) if step.after is not None} - known.keys()
        known |= dict.fromkeys(new)
        order += new
    return sum(map(group.orbit, known))


def test_random_programs_are_judged_as_without_symmetry(tmp_path: Path) -> None:
    found = [wrong_in(program_of(seed, tmp_path)) for seed in range(12)]

    assert [one for one in found if one] == [] and sum(one is not None for one in found) > 3


@pytest.mark.parametrize("seed", [0, 1])
def test_generated_code_judges_them_so_too(tmp_path: Path, seed: int) -> None:
    assert [] == changed_by_symmetry(program_of(seed, tmp_path))


def main(first: int, count: int) -> int:
    compared = wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        for seed in range(first, first + count):
            found = wrong_in(program_of(seed, Path(directory)))
            compared, wrong = compared + (found is not None), wrong + bool(found)
            if found:
                print(f"{seed}: {'; '.join(found)}")
    print(f"{count} programs, {compared} with symmetry compared, {wrong} judged otherwise")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
