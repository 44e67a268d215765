"""The writeback core has the state counts that SPIN finds for it in Promela, and its seeded bugs.

SPIN's numbers were stored with `-DNOREDUCE`; its transitions include one into the initial state.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

import checker
from tests.support.textbook import MODELS, slow

CORE = MODELS / "writeback_core.py"
NAMES = ("F", "W", "WOPS", "FLOPS", "FSOPS", "TROPS")
COUNTS = {  # NAMES: states stored, transitions
    (1, 1, 1, 1, 0, 0): (142, 235),
    (1, 1, 2, 1, 0, 0): (548, 1_093),
    (1, 1, 2, 1, 1, 0): (7_294, 19_641),
    (1, 1, 2, 1, 1, 1): (34_206, 95_527),
    (2, 1, 1, 1, 1, 1): (107_367, 333_468),
    (2, 1, 2, 1, 1, 1): (555_981, 1_761_263),
    (2, 2, 1, 1, 1, 1): (827_326, 2_658_280),
    (2, 1, 2, 2, 1, 1): (2_084_486, 7_151_661),
}
BUGS = {  # constant: property, steps of a shortest counterexample
    "BUG_CLAMP": ("size_honest", 26),
    "BUG_BIAS": ("wb_kept", 40),
    "BUG_WRAP": ("deadlock", 48),
    "BUG_ISIZE": ("size_honest", 25),
    "STRICT": ("size_strict", 25),
}


def rows(keys: Iterable[tuple[int, ...]]) -> list:
    return [pytest.param(key, id="-".join(f"{n}{v}" for n, v in zip(NAMES, key))) for key in keys]


@pytest.mark.parametrize("key", rows(COUNTS))
def test_native_engine_counts_as_spin_does(key: tuple[int, ...]) -> None:
    result = checker.check(CORE, settings=dict(zip(NAMES, key)), reduction=False)

    assert "holds" == result.verdict
    assert COUNTS[key] == (result.states, result.transitions + 1)


@pytest.mark.parametrize("key", [*rows(list(COUNTS)[:2]), pytest.param(list(COUNTS)[2], marks=slow)])
def test_interpreter_counts_as_spin_does(key: tuple[int, ...]) -> None:
    result = checker.check(CORE, settings=dict(zip(NAMES, key)), reduction=False, engine="interpret")

    assert COUNTS[key] == (result.states, result.transitions + 1)


@pytest.mark.parametrize("bug", BUGS)
def test_seeded_bug_is_found_by_a_shortest_counterexample(bug: str) -> None:
    result = checker.check(CORE, settings={bug: 1}, reduction=False)

    assert "violated" == result.verdict
    assert BUGS[bug] == (result.violation.property, len(result.violation.trace.steps))


@pytest.mark.parametrize("bug", ["BUG_CLAMP", "BUG_WRAP"])
def test_stable_pages_hide_the_bug_from_the_whole_state_space(bug: str) -> None:
    """Why the device's need for stable pages is a constant that is off by default."""
    result = checker.check(CORE, settings={bug: 1, "STABLE": 1}, reduction=False)

    assert "holds" == result.verdict
