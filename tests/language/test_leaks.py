"""A process that has ended what it does holds no lock, or it is a violation of its own, wherever that is."""

from __future__ import annotations

import pytest

import checker
from checker.verdict import api
from checker.source.catalogue import load
from tests.support.textbook import MODELS

LEAKS = MODELS / "leaks.py"


@pytest.mark.parametrize("engine", ["native", "interpret"])
@pytest.mark.parametrize(
    "design, scenario, found",
    [
        ("careful", "both", ""),
        ("careful", "one_forgets", "lock_leak"),
        ("careful", "handed_over", ""),
        ("reader_forgets", "both", "lock_leak"),
    ],
)
def test_who_ends_holds_no_lock(engine: str, design: str, scenario: str, found: str) -> None:
    result = checker.check(LEAKS, design=design, scenario=scenario, engine=engine)

    assert (result.violation.property if result.violation else "") == found


def test_it_says_who_holds_which_lock() -> None:
    result = checker.check(LEAKS, scenario="one_forgets")

    assert result.violation is not None and "forget(): it ends while it holds lock" in result.violation.message


def test_who_takes_no_lock_is_not_asked() -> None:
    """The last step of a process looks only at locks that the process takes somewhere."""
    program = api.prepare(scenario="handed_over", catalogue=load(LEAKS)).program
    checks = [str(block.body) for process in program.processes for block in process.blocks if process.name == "irq"]

    assert not any("lock_leak" in text for text in checks)
