"""SPIN stores as many states of the exported text as the program has.

The counts of the examples are those of the reference interpreter (`tests/ir/test_interpret.py`),
those of the kernel's scenarios the native engine's without reductions.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import checker
from checker.base.errors import UsageError
from checker.export.promela.program import extra_states, to_promela
from checker.ir.program import Instantiation, Program, Property
from checker.verdict.api import prepare
from tests.export.test_export import named
from tests.kernel.test_writeback_core import BUGS, CORE, COUNTS, NAMES
from tests.support.operators import EXAMPLES, Example, binary, counting, prop, read
from tests.support.random_ir import random_program
from tests.support.small_search import explore
from tests.support.spin import SpinRun, needs_spin, replayed, run_spin
from tests.support.textbook import LARGE, SMALL, slow

pytestmark = needs_spin
FITS = [
    e for e in EXAMPLES if all(-(1 << 31) < v.type.lo and v.type.hi < 1 << 31 for v in e.program.variables)
]
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


@pytest.mark.parametrize(
    "name, printed",
    [
        ("check that fails for some", "range: a := x is too large"),
        ("fail", "bug_on: x > 0"),
        ("invariant that does not", "the_invariant: The invariant of this test."),
        ("transition invariant that does not", "the_transition: The transition of this test."),
        ("terminal property that does not", "the_terminal: The terminal of this test."),
    ],
)
def test_a_trail_names_the_violated_property(name: str, printed: str, tmp_path: Path) -> None:
    example = next(e for e in EXAMPLES if e.name == name)

    run_spin(to_promela(example.program), tmp_path)

    assert printed in replayed(tmp_path)


def test_a_reachable_property_can_be_sought(tmp_path: Path) -> None:
    found = counting("reachable", prop("reachable", binary("==", read("n"), 2)))
    missed = counting("unreachable", prop("reachable", binary("==", read("n"), 4)))

    assert run_spin(to_promela(found.program), tmp_path, ["-DFIND=the_reachable"]).errors == 1
    assert run_spin(to_promela(missed.program), tmp_path, ["-DFIND=the_reachable"]).errors == 0


@pytest.mark.parametrize("goal, errors", [(3, 0), (2, 0), (0, 1)])
def test_leads_to_is_a_formula(goal: int, errors: int, tmp_path: Path) -> None:
    start = Instantiation((), binary("==", read("n"), 1))
    leads = Property(
        "gets_on", "leads_to", "It gets on.", (start,), (binary("==", read("n"), goal),), fair=("p",)
    )
    text = to_promela(counting("leads to", leads).program)

    run = run_spin(text, tmp_path, ["-DLIVENESS"], ["-a", "-f", "-N", "gets_on"], safety=False)

    assert run.errors == errors


@pytest.mark.parametrize(
    "word", ["init", "proctype", "timeout", "now", "errno", "next", "bit", "SELF", "D1", "x_number"]
)
def test_words_of_promela_and_c_are_no_names(word: str, tmp_path: Path) -> None:
    assert run_spin(to_promela(named(word)), tmp_path).stored == 2


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_random_programs_have_the_interpreters_states(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 10):
        model = random_program(seed)
        try:
            text = to_promela(model)
        except UsageError:
            continue  # integers of more than 32 bits

        run = run_spin(text, tmp_path, **COUNT)

        assert run.stored == len(explore(model)[0]) + extra_states(model), seed


# --------------------------------------------------------------- textbook models


@pytest.mark.parametrize("known", SMALL, ids=lambda k: f"{k.name}-{k.scenario}")
def test_textbook_model(known, tmp_path: Path) -> None:
    model = prepare(model=known.file, scenario=known.scenario, settings=known.settings).program

    run = run_spin(to_promela(model), tmp_path, options=["-c0"])

    assert run.stored == known.states + extra_states(model)
    assert run.transitions == known.transitions + 1
    assert (run.errors > 0) == bool(known.violated)


@slow
@pytest.mark.parametrize("known", LARGE, ids=lambda k: f"{k.name}-{k.scenario}")
def test_large_textbook_model(known, tmp_path: Path) -> None:
    model = prepare(model=known.file, scenario=known.scenario, settings=known.settings).program

    run = run_spin(to_promela(model), tmp_path, optimise=True)

    assert (run.stored, run.transitions) == (known.states, known.transitions + 1)


# -------------------------------------------------------------- the writeback core


@pytest.mark.parametrize("key", list(COUNTS)[:5], ids=str)
def test_writeback_core_has_the_states_of_its_hand_written_promela(
    key: tuple[int, ...], tmp_path: Path
) -> None:
    model = prepare(model=CORE, settings=dict(zip(NAMES, key))).program

    run = run_spin(to_promela(model), tmp_path)

    assert (run.stored, run.transitions, run.errors) == (*COUNTS[key], 0)


@pytest.mark.parametrize("bug", BUGS)
def test_spin_finds_the_seeded_bugs_of_the_core(bug: str, tmp_path: Path) -> None:
    model = prepare(model=CORE, settings={bug: 1}).program

    run = run_spin(to_promela(model), tmp_path)

    assert run.errors == 1
    sign = "invalid end state" if BUGS[bug][0] == "deadlock" else "assertion violated"
    assert sign in run.output


# ------------------------------------------------------------------- the kernel


def counted_alike(model: Program, engine, run: SpinRun) -> None:
    """SPIN went where the unreduced engine went; a failing step is a transition only there."""
    assert engine.stopped_by == ""
    assert run.stored == engine.states + extra_states(model)
    if engine.verdict == "holds":
        assert run.transitions == engine.transitions + 1
        assert run.errors == 0


@pytest.mark.parametrize("bound", [1, pytest.param(2, marks=slow)])
def test_default_scenario_of_the_kernel(bound: int, tmp_path: Path) -> None:
    model = prepare(bound=bound).program

    run = run_spin(to_promela(model), tmp_path, **COUNT)

    counted_alike(model, checker.check(bound=bound, reduction=False, stop=False), run)


def kernel_cases() -> list:
    """Every scenario and every design, at the bound of its own or the next smaller ones."""
    from checker.source.catalogue import load

    catalogue = load(None)
    quick = {("scenario", "append_flush"), ("design", "no_io_size_clamp")}
    cases = [("scenario", name) for name in catalogue.scenarios] + [
        ("design", name) for name in catalogue.designs
    ]
    return [pytest.param(*case, id="-".join(case), marks=() if case in quick else slow) for case in cases]


@pytest.mark.parametrize("kind, name", kernel_cases())
def test_kernel_scenario_or_design(kind: str, name: str, tmp_path: Path) -> None:
    for bound in (3, 2, 1):
        engine = checker.check(**{kind: name}, bound=bound, reduction=False, stop=False, time_limit=20)
        if engine.states < 300_000 and not engine.stopped_by:
            break
    model = prepare(**{kind: name}, bound=bound).program

    run = run_spin(to_promela(model), tmp_path, **COUNT)

    counted_alike(model, engine, run)
