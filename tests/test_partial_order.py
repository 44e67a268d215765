"""Partial-order reduction: the same verdicts, fewer states, the same choice in both engines."""

from __future__ import annotations

import pytest

from checker import chains, partial_order
from checker.ample import Ample
from checker.ample_check import hold_against_definition
from checker.api import prepare
from checker.explore import Exploration, explore
from checker.interpret import Interpreter
from checker.ir import Program
from checker.trace import replay
from tests.random_ir import random_program

MOST = 120  # states of a random program that is looked at
SEEDS = range(0, 30)


def core(**sizes: int) -> Program:
    return prepare(model="tests/models/writeback_core.py", settings=sizes).program


def figures(found: Exploration) -> tuple:
    return found.states, found.transitions, found.levels, sorted(found.violations), found.reached


def small_random_programs(seeds: range) -> list[tuple[int, Program, Exploration]]:
    """Random programs of at most MOST states, with what the unreduced search finds."""
    found = []
    for seed in seeds:
        program = random_program(seed)
        whole = explore(program, engine="interpret", stop=False, states=MOST)
        if whole.complete:
            found.append((seed, program, whole))
    return found


def wrong_verdicts(seeds: range) -> list[int]:
    """Seeds of programs in which the reduced search does not find the same properties violated."""
    return [
        seed for seed, program, whole in small_random_programs(seeds)
        if set(whole.violations) != set(explore(program, engine="interpret", stop=False, reduced=True).violations)
    ]  # fmt: skip


def test_random_programs_keep_their_verdict() -> None:
    assert wrong_verdicts(SEEDS) == []


def test_ample_processes_of_random_programs_keep_to_their_definition() -> None:
    looked = 0
    for _, program, _ in small_random_programs(range(0, 20)):
        judge = Interpreter(program)
        states = dict.fromkeys(judge.initial_states())
        for state in (pending := list(states)):
            pending += [s.after for s in judge.steps(state) if s.after not in states and s.after is not None]
            states.update(dict.fromkeys(pending))
        looked += hold_against_definition(Ample(judge), states)

    assert looked > 100


def test_both_engines_take_the_same_ample_steps() -> None:
    saved = 0
    for seed, program, whole in small_random_programs(range(0, 15)):
        plain = explore(program, engine="interpret", stop=False, reduced=True)
        native = explore(program, engine="native", stop=False, reduced=True)
        saved += whole.states - native.states

        assert figures(native) == figures(plain), f"seed {seed}"

    assert saved > 20, "programs on which the reduction does nothing show nothing"


def test_counterexamples_of_a_reduced_search_can_be_replayed() -> None:
    seen = 0
    for _, program, _ in small_random_programs(range(0, 15)):
        for engine in ("interpret", "native"):
            for found in explore(program, engine=engine, stop=False, reduced=True).violations.values():
                replay(program, found.path, found.last, found.property)
                seen += 1

    assert seen > 5


def test_the_number_of_threads_changes_nothing() -> None:
    program = core(F=2, WOPS=1)
    one = explore(program, reduced=True)
    two = explore(program, reduced=True, threads=2)

    assert figures(one) == figures(two)


@pytest.mark.parametrize(
    ("sizes", "states"), [({"F": 1, "WOPS": 1, "FSOPS": 0, "TROPS": 0}, 142), ({"F": 1, "WOPS": 2, "TROPS": 0}, 7_294)],
    ids=str,
)
def test_the_core_holds_with_at_most_half_of_its_states(sizes: dict[str, int], states: int) -> None:
    program = core(**sizes)
    whole, reduced = explore(program), explore(program, reduced=True)

    assert (whole.states, whole.violation, reduced.violation) == (states, None, None)
    assert reduced.reduced and reduced.states <= states / 2


@pytest.mark.parametrize("bug", ["BUG_CLAMP", "BUG_BIAS", "BUG_WRAP", "BUG_ISIZE"])
def test_seeded_bugs_of_the_core_are_found(bug: str) -> None:
    program = core(F=2, WOPS=2, **{bug: 1})
    whole, reduced = explore(program), explore(program, reduced=True)

    assert whole.violation is not None and reduced.violation is not None
    assert whole.violation.steps <= reduced.violation.steps


def test_a_search_on_which_it_does_not_pay_is_begun_anew_without_it() -> None:
    program = prepare(model="tests/models/two_phase_commit.py", settings={"RM": 5}).program
    whole, tried = explore(program), explore(program, reduced=True)

    assert not tried.reduced and figures(tried) == figures(whole)


def test_chains_are_shorter_than_the_stack() -> None:
    assert partial_order.LONGEST < chains.FULL
