"""Small adversarial programs, judged property by property by everything that judges: see `tests/fuzz`.

A fixed number of programs, always the same; `python -m tests.fuzz` is the long form.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from checker.verdict import api
from checker.search.explore import explore
from checker.trace.trace import replay
from tests.fuzz.judge import Judge
from tests.fuzz.programs import program
from tests.fuzz.run import Asked, drawn

FIRST, PROGRAMS, PIECES = 1_000_000, 96, 6


@pytest.mark.parametrize("piece", range(PIECES))
def test_all_that_judge_a_program_agree(piece: int) -> None:
    each = PROGRAMS // PIECES
    seeds = range(FIRST + piece * each, FIRST + (piece + 1) * each)

    found = drawn(seeds, Asked(opinions=10))

    wrong = [f"{seed}: {one}" for seed, _, disagreements, _ in found for one in disagreements if one.what != "missed"]
    assert [] == wrong
    assert sum(counts["programs"] for _, counts, _, _ in found) > each // 2
    assert sum(counts["with a reduction in force"] for _, counts, _, _ in found) > each // 2


def test_a_program_is_always_the_same_for_its_seed() -> None:
    assert [program(seed) for seed in range(20)] == [program(seed) for seed in range(20)]
    assert len({program(seed) for seed in range(20)}) == 20


LARGE_BEHIND_A_CHECK = '''
from checker.lang import Range, Struct, atomic, bug_on, invariant, process, scenario


class Count(Struct, count=2):
    """Counted up."""

    n = Range(0, 60, "n")


def up(c: Count):
    """Fails before it counts."""
    bug_on(c.n == 0)
    while c.n < 60:
        with atomic("count"):
            c.n += 1


@invariant
def counted():
    """It holds."""
    return Count[0].n <= 60


run = scenario("Counted up.", process("up", up, per=Count))
'''


def test_what_is_large_without_its_checks_is_not_judged_alone(tmp_path: Path) -> None:
    """Nothing is known of it: what the whole program does, which a check ends, is no measure."""
    file = tmp_path / "counted.py"
    file.write_text(LARGE_BEHIND_A_CHECK, "utf-8")

    report = Judge(api.prepare(file).program, Random(1), native=False).judge()

    assert report is not None
    assert [] == report.errors
    assert (report.counts["too large alone"], report.counts["judged alone"]) == (1, 0)


SELF_LOOP = '''
from checker.lang import Flag, Struct, atomic, implies, old, transition_invariant, worker, scenario


class Bell(Struct):
    """Struck again and again."""

    rings = Flag("rings")


def strike():
    """Leaves everything as it is, but for the first time."""
    with atomic("strike"):
        Bell[0].rings = True


@transition_invariant
def once():
    """No step finds and leaves the bell ringing."""
    return implies(old(Bell[0].rings), not Bell[0].rings)


run = scenario("A bell.", worker("sexton", strike))
'''


@pytest.mark.parametrize("engine", ["interpret", "native"])
def test_a_counterexample_of_a_reduced_search_ends_with_the_violating_step(tmp_path: Path, engine: str) -> None:
    """Several steps lead to its last state, and one of them only violates the transition invariant."""
    file = tmp_path / "bell.py"
    file.write_text(SELF_LOOP, "utf-8")
    made = api.prepare(file).program

    found = explore(made, engine=engine, stop=False, reduced=True).violations["once"]

    assert found.steps == 2
    assert replay(made, found.path, found.last, found.property).violation.property == "once"
