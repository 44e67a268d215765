"""Small adversarial programs, judged property by property by everything that judges: see `tests/fuzz`.

A fixed number of programs, always the same; `python -m tests.fuzz` is the long form.
"""

from __future__ import annotations

import pytest

from tests.fuzz.programs import program
from tests.fuzz.run import Asked, drawn

FIRST, PROGRAMS, PIECES = 1_000_000, 120, 6


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
