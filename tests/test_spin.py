"""SPIN stores as many states of the exported text as the program has.

The counts of the examples are those of the reference interpreter (`tests/test_interpret.py`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.errors import UsageError
from checker.export.promela import extra_states, to_promela
from checker.ir import Instantiation, Property
from tests.operators import EXAMPLES, Example, binary, counting, prop, read
from tests.spin import needs_spin, replayed, run_spin

pytestmark = needs_spin
FITS = [e for e in EXAMPLES if all(-(1 << 31) < v.type.lo and v.type.hi < 1 << 31 for v in e.program.variables)]
COUNT = {"defines": ["-DCOUNT"], "options": ["-c0", "-E"]}  # go on past violations


@pytest.mark.parametrize("example", FITS, ids=lambda e: e.name)
def test_states_of_an_example(example: Example, tmp_path: Path) -> None:
    run = run_spin(to_promela(example.program), tmp_path, **COUNT)

    assert run.stored == example.states + extra_states(example.program)
    if not example.violated and not extra_states(example.program):
        assert run.transitions == example.transitions + 1  # SPIN counts the initial state
        assert run.errors == 0


@pytest.mark.parametrize("example", [e for e in FITS if e.violated], ids=lambda e: e.name)
def test_spin_finds_the_violation_of_an_example(example: Example, tmp_path: Path) -> None:
    assert run_spin(to_promela(example.program), tmp_path).errors == 1


def test_programs_that_do_not_fit_are_refused() -> None:
    for example in EXAMPLES:
        if example not in FITS:
            with pytest.raises(UsageError, match="Promela has no integers that hold"):
                to_promela(example.program)


def test_a_trail_names_the_violated_property(tmp_path: Path) -> None:
    example = next(e for e in EXAMPLES if e.name == "check that fails for some")

    run_spin(to_promela(example.program), tmp_path)

    assert "range: a := x is too large" in replayed(tmp_path)


def test_a_reachable_property_can_be_sought(tmp_path: Path) -> None:
    found = counting("reachable", prop("reachable", binary("==", read("n"), 2)))
    missed = counting("unreachable", prop("reachable", binary("==", read("n"), 4)))

    assert run_spin(to_promela(found.program), tmp_path, ["-DFIND=the_reachable"]).errors == 1
    assert run_spin(to_promela(missed.program), tmp_path, ["-DFIND=the_reachable"]).errors == 0


@pytest.mark.parametrize("goal, errors", [(3, 0), (2, 0), (0, 1)])
def test_leads_to_is_a_formula(goal: int, errors: int, tmp_path: Path) -> None:
    start = Instantiation((), binary("==", read("n"), 1))
    leads = Property("gets_on", "leads_to", "It gets on.", (start,), (binary("==", read("n"), goal),), fair=("p",))
    text = to_promela(counting("leads to", leads).program)

    run = run_spin(text, tmp_path, ["-DLIVENESS"], ["-a", "-f", "-N", "gets_on"], safety=False)

    assert run.errors == errors
