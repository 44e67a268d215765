"""The symbolic engine: the states, the violations and the witnesses of every program are those of the explicit engines."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

import checker
from checker.base import disk_cache
from checker.verdict.api import prepare
from checker.search.exploration import Exploration
from checker.search.explore import explore
from checker.symbolic.engine import explore as explore_in_sets
from checker.ir.interpreter import Interpreter
from checker.ir.program import Program
from checker.symbolic import order, store
from checker.symbolic.components import Components, TooManyValues
from checker.symbolic.diagram import Diagram
from checker.symbolic.layers import Layers
from checker.symbolic.order import order_of
from checker.symbolic.steps import LearntSteps
from tests.support.textbook import SMALL, Known, of, slow
from tests.support.operators import EXAMPLES, Example
from tests.support.random_ir import random_program

MEMORY = 1 << 30
SCENARIOS = ("append_flush", "reclaim_writer", "f2fs_errors", "nfs_writers", "netfs_one_folio", "short_copy_in_hole")


def symbolic(program: Program, **options) -> Exploration:
    return explore_in_sets(program, stop=False, memory_limit=MEMORY, **options)


def same(one: Exploration, other: Exploration) -> bool:
    return (one.states, set(one.violations), one.reached) == (other.states, set(other.violations), other.reached)


def shuffled(steps: LearntSteps, random: Random) -> list[list[int]]:
    """Some order of the components, some of which are one level."""
    parts = list(range(len(steps.components.parts)))
    random.shuffle(parts)
    order: list[list[int]] = []
    for part in parts:
        alone = steps.components.parts[part].actor is not None
        joins = order and not alone and steps.components.parts[order[-1][0]].actor is None and random.random() < 0.3
        order[-1 if joins else len(order) :] = [[*order[-1], part]] if joins else [[part]]
    return order


def up_to(program_of, bound: int) -> tuple[list[int], set[str], set[str]]:
    """What the native engine finds at each bound: states, and all violations and witnesses together."""
    found = [explore(program_of(k), stop=False) for k in range(bound + 1)]
    return [f.states for f in found], set().union(*(f.violations for f in found)), set().union(*(f.reached for f in found))


@pytest.mark.parametrize("row", of([row for row in SMALL if row.model != "eight_puzzle"]))
def test_textbook_models_have_the_known_counts(row: Known) -> None:
    found = symbolic(prepare(row.file, scenario=row.scenario, settings=row.settings).program)

    assert found.complete
    assert row.states == found.states
    assert bool(row.violated) == bool(found.violations)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_every_operator_means_the_same(example: Example) -> None:
    assert same(explore(example.program, engine="interpret", stop=False), symbolic(example.program))


@pytest.mark.parametrize("seeds", [range(20), *(pytest.param(range(k, k + 50), marks=slow) for k in range(20, 420, 50))])
def test_random_programs_are_the_same_in_any_order(seeds: range, monkeypatch: pytest.MonkeyPatch) -> None:
    compared, different = 0, []
    for seed in seeds:
        monkeypatch.setattr("checker.symbolic.engine.order_of", lambda steps, *_, seed=seed: shuffled(steps, Random(seed)))
        program = random_program(seed)
        plain = explore(program, engine="interpret", stop=False, states=2_000)
        if plain.complete:
            compared += 1
            different += [] if same(plain, symbolic(program)) else [seed]

    assert compared > len(seeds) // 2
    assert different == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_bound_of_a_scenario_is_the_same(scenario: str) -> None:
    sizes, violated, reached = up_to(lambda k: prepare(scenario=scenario, bound=k).program, 2)
    found = symbolic(prepare(scenario=scenario, bound=2).program)

    assert sizes == list(found.sizes.values())
    assert violated == set(found.violations)
    assert reached == found.reached


def test_the_default_scenario_is_the_same() -> None:
    found = symbolic(prepare(bound=3).program)

    assert found.complete
    assert {bound: explore(prepare(bound=bound).program, stop=False).states for bound in range(4)} == found.sizes
    assert found.violations == {}


def test_layers_that_are_closed_stand_for_every_bound() -> None:
    program = prepare(scenario="direct_writes", bound=1_000).program

    found = symbolic(program)

    assert found.complete
    assert found.closed
    assert found.covered < 12
    assert found.sizes[12] == explore(prepare(scenario="direct_writes", bound=12).program, stop=False).states
    assert found.sizes[1_000] == found.states


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Garbage is collected all the time; live nodes after each collection."""
    collected = []

    def make_room(diagram: Diagram) -> None:
        diagram.collect()
        collected.append(diagram.live)
        if 2 * diagram.live > len(diagram.st.table) - 256:
            diagram._grow()
        diagram.st.now[store.LIVE_LIMIT] = diagram.live + 60

    def set_limits(diagram: Diagram) -> None:
        diagram.st.now[store.LIVE_LIMIT], diagram.st.now[store.POOL_LIMIT] = diagram.live + 60, 1 << 31

    monkeypatch.setattr(Diagram, "_make_room", make_room)
    monkeypatch.setattr(Diagram, "_set_limits", set_limits)
    return collected


@pytest.mark.parametrize("row", of([row for row in SMALL if row.name in ("two_phase_commit-RM3", "dining_philosophers-N6")]))
def test_collecting_garbage_changes_nothing(row: Known, poor: list[int]) -> None:
    found = symbolic(prepare(row.file, scenario=row.scenario, settings=row.settings).program)

    assert row.states == found.states
    assert len(poor) > 5


def test_layers_survive_the_collection_of_garbage(poor: list[int]) -> None:
    found = symbolic(prepare(bound=1).program)

    assert {0: 1, 1: 185} == found.sizes
    assert len(poor) > 5


@pytest.mark.parametrize("scenario", ["append_flush", "short_copy_in_hole"])
def test_members_are_reachable_and_what_is_one_value_away_mostly_is_not(scenario: str) -> None:
    program = prepare(scenario=scenario, bound=2).program
    states, pending = set(), Interpreter(program).initial_states()
    while pending:
        state = pending.pop()
        if state not in states:
            states.add(state)
            pending += [step.after for step in Interpreter(program).steps(state) if step.after is not None]
    layers = Layers(LearntSteps(Components(program)), MEMORY)
    made = [layer for layer, _ in layers.layers(2)]  # nothing is collected in so small a search
    random, strangers = Random(1), 0

    for operations, layer in enumerate(made):
        for _ in range(50):
            values = layers.diagram.sample(layer, random)
            assert layers.components.state(values, 2 - operations) in states
            values[random.randrange(len(values))] = 0
            is_member = layers.diagram.contains(layer, values)
            assert is_member == (layers.components.state(values, 2 - operations) in states)
            strangers += not is_member

    assert strangers > 20


def test_a_component_with_too_many_values_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checker.symbolic.components.MOST_VALUES", 20)
    program = prepare(scenario="append_flush", bound=0).program

    with pytest.raises(TooManyValues, match="Folio has more than 20 values"):
        for component in Components(program).parts:
            if component.name == "Folio":
                for value in range(21):
                    component.number((value,))
    assert {len(c.slots) for c in Components(program, frozenset(["Folio"])).parts if c.name.startswith("Folio")} == {1}


def test_an_order_is_kept_and_one_that_lacks_a_part_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = prepare(scenario="append_flush", bound=1).program
    place = tmp_path / "kept.order"
    assert order._place(Components(program)) not in (None, order._place(Components(program, {"Inode"})))
    monkeypatch.setattr(order, "_place", lambda _: place)
    made = order_of(LearntSteps(Components(program)), 1, MEMORY)
    assert place.exists()

    with monkeypatch.context() as patched:
        patched.setattr(order, "_found", lambda *_: pytest.fail("it is on the disk"))
        assert order_of(LearntSteps(Components(program)), 1, MEMORY) == made
    for damaged in (made[1:], [*made, made[0]], [[part for group in made for part in group]]):
        disk_cache.write(place, json.dumps(damaged).encode())
        assert order_of(LearntSteps(Components(program)), 1, MEMORY) == made


def test_a_violation_comes_with_a_counterexample_of_the_least_bound() -> None:
    result = checker.check(scenario="short_copy_in_hole", bound=3, engine="symbolic")

    assert result.verdict == "violated"
    assert result.bound < 3
    assert result.asked == 3
    assert result.violation.property == checker.check(scenario="short_copy_in_hole", bound=result.bound).violation.property
    assert all(one != other for one, other in pairwise(result.violation.trace.states))


def test_a_search_out_of_time_says_which_bound_holds() -> None:
    result = checker.check(bound=6, engine="symbolic", time_limit=prepare(bound=6).seconds + 1)

    assert result.verdict == "incomplete"
    assert result.stopped_by == "time"
    assert result.covered is None or result.covered < 6


def test_a_search_out_of_memory_says_so() -> None:
    result = checker.check(bound=5, engine="symbolic", memory_limit=0.002)

    assert result.verdict == "incomplete"
    assert result.stopped_by == "memory"
    assert result.covered is None or result.covered < 5
