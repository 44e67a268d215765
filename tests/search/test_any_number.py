"""Any number of operations: the states are those of all numbers, and so are the verdicts (decision 075)."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from tests.support.small_search import explore as reference

from checker.verdict import api
from checker.cli import commands
from checker.search.explore import explore
from checker.ir.program import ANY, OPS_LEFT, Program
from checker.ir.slots import Slots

MODEL = "tests/models/stuck_writer.py"
SCENARIOS = [(MODEL, None), (None, "reclaim_writer"), (None, "calls_in_turn")]


def program(model: str | None, scenario: str | None, bound: int | str, **more) -> Program:
    return api.prepare(model, scenario=scenario, bound=bound, **more).program


def without_count(made: Program, states: set) -> set:
    """The states by name and value, with what is left of the operations reduced to whether any are."""
    slots = Slots(made)
    at = slots.at(OPS_LEFT)
    return {(*state[:at], min(state[at], 1), *state[at + 1 :]) for state in states}


def test_the_states_are_those_of_all_bounds() -> None:
    made = program(MODEL, None, ANY, properties=["deadlock"])
    union: set = set()
    sizes = []
    for bound in range(1, 12):
        counted = program(MODEL, None, bound, properties=["deadlock"])
        union |= without_count(counted, reference(counted)[0])
        sizes.append(len(union))
    choices = [v for v in made.variables if v.name.endswith(":further")]
    assert len(choices) == 2 and not any(v.name in b.live for v in choices for p in made.processes for b in p.blocks)
    assert sizes[-1] == sizes[-3], "eleven operations reach all that any number reaches"
    found = reference(made)[0]
    slots, other = Slots(made), Slots(counted)
    kept = [slots.at(v.name, e, i) for v in counted.variables for i in instances(counted, v) for e in range(v.count)]
    order = [other.at(v.name, e, i) for v in counted.variables for i in instances(counted, v) for e in range(v.count)]
    places = [slots.pc(p, i) for p, one in enumerate(made.processes) for i in range(one.instances)]
    labels = [other.pc(p, i) for p, one in enumerate(counted.processes) for i in range(one.instances)]
    assert {tuple(s[k] for k in kept + places) for s in found} == {tuple(s[k] for k in order + labels) for s in union}


def instances(made: Program, variable) -> range:
    return range(next((p.instances for p in made.processes if p.name == variable.process), 1))


@pytest.mark.parametrize("scenario", ["reclaim_writer", "append_flush"])
def test_every_state_occurs_with_and_without_further_operations(scenario: str) -> None:
    made = program(None, scenario, ANY, properties=["deadlock"])
    found = explore(made)
    assert found.complete and found.states % 2 == 0 and found.states > 1000


def test_both_engines_and_the_reductions_agree() -> None:
    made = program(MODEL, None, ANY)
    counts = {explore(made, engine=engine, stop=False).states for engine in ("native", "interpret")}
    violated = {
        frozenset(explore(made, engine=engine, stop=False, reduced=reduced).violations)
        for engine in ("native", "interpret")
        for reduced in (False, True)
    }
    assert len(counts) == 1 and violated == {frozenset({"deadlock", "one_write"})}


def test_a_thread_that_is_stuck_is_found_beside_one_that_goes_on() -> None:
    found = api.check(MODEL, bound=ANY, properties=["deadlock"])
    assert (found.verdict, found.violation.property, found.bound, found.asked) == ("violated", "deadlock", 4, ANY)


def test_a_violation_is_told_with_the_fewest_operations() -> None:
    found = api.check(MODEL, bound=ANY, properties=["one_write"])
    assert (found.violation.property, found.bound, found.asked) == ("one_write", 2, ANY)
    assert api.check(MODEL, bound=1, properties=["one_write"]).verdict == "holds"


def test_liveness_is_not_decided() -> None:
    found = api.check(MODEL, scenario="flushes", bound=ANY, properties=["a_flush_ends"])
    assert found.named("not checked") == ["a_flush_ends"] and found.verdict == "incomplete"
    assert api.check(MODEL, scenario="flushes", bound=2, properties=["a_flush_ends"]).verdict == "holds"


def test_the_line_and_the_object_say_so() -> None:
    command = ["--bound", "any", "--scenario", "reclaim_writer", "--no-z3", "--json", "-"]
    result = json.loads(CliRunner().invoke(commands, ["check", *command]).output)
    assert (result["verdict"], result["bound"]) == ("holds", "any")
    text = CliRunner().invoke(commands, ["check", *command[:-2]]).output
    assert "any number of operations" in text and "complete" in text


def test_a_bound_is_a_number_or_any() -> None:
    found = CliRunner().invoke(commands, ["check", "--bound", "all"])
    assert found.exit_code == 2 and "'all' is neither a number of operations, 0 or more, nor 'any'" in found.output
