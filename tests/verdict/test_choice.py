"""The engine is chosen by the size of the space, and each bound is told as it is reached."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from checker.base.errors import UsageError
from checker.cli import commands
from checker.ir.program import ANY
from checker.search import policy
from checker.search.exploration import Exploration
from checker.search.explore import explore
from checker.search.forecast import LayerForecaster
from checker.verdict import api, choice

MODEL = "tests/models/stuck_writer.py"


@pytest.fixture
def few(monkeypatch) -> None:
    """More than five states are many."""
    monkeypatch.setitem(policy.SMALL, "native", 5)


def checked(bound: int | str, **more):
    told: list = []
    return api.check(MODEL, scenario="flushes", bound=bound, told=told.append, **more), told


def test_a_small_space_is_listed() -> None:
    result, told = checked(3)
    assert (result.engine, result.verdict, told) == ("native", "holds", [])


def test_a_large_space_is_kept_in_sets_and_each_bound_is_told(few) -> None:
    told: list = []
    result = api.check(MODEL, bound=3, properties=["deadlock"], told=told.append)
    assert (result.engine, result.verdict, result.stopped_by) == ("symbolic", "holds", "")
    assert [one.bound for one in told] == [1, 2], "the one asked for is what the verdict line tells"
    assert [one.bound for one in result.bounds] == [1, 2, 3] == [one["bound"] for one in result.as_json()["bounds"]]
    listed = [api.check(MODEL, bound=n, properties=["deadlock"], engine="interpret", reduction=False).states for n in (1, 2, 3)]
    assert [one.states for one in result.bounds] == listed


@pytest.mark.parametrize(("long", "kept", "known"), [(1, False, [1]), (1, True, []), (10_000, False, [])])
def test_the_first_bound_is_told_before_there_is_machine_code(monkeypatch, long, kept, known) -> None:
    told: list = []

    def sampled(*_):
        assert [one.bound for one in told] == known
        assert all(one.states == api.check(MODEL, bound=1, properties=["deadlock"], engine="interpret").states for one in told)
        return []

    monkeypatch.setattr(choice, "LONG", long)
    monkeypatch.setattr("checker.search.native.is_compiled", lambda program: kept)
    monkeypatch.setattr(choice, "_samples", sampled)
    assert api.check(MODEL, bound=3, properties=["deadlock"], told=told.append).verdict == "holds"
    assert [one.bound for one in told] == known


@pytest.mark.parametrize("change", [{"complete": False}, {"violations": {"deadlock": None}}])
def test_a_first_bound_that_was_not_seen_to_hold_is_not_told(monkeypatch, change) -> None:
    told: list = []

    def other(program, engine="native", **options):
        return replace(explore(program, engine, **options), **change if engine == "interpret" else {})

    monkeypatch.setattr(choice, "LONG", 1)
    monkeypatch.setattr("checker.search.native.is_compiled", lambda program: False)
    monkeypatch.setattr("checker.search.explore.explore", other)
    assert (api.check(MODEL, bound=3, properties=["deadlock"], told=told.append).verdict, told) == ("holds", [])


@pytest.mark.parametrize("more", [{"reduction": False}, {"reduction": ["symmetry"]}, {"stop": False}, {"digest": True}, {"self_check": True}])
def test_what_is_about_lists_lists(few, more) -> None:
    assert checked(6, **more)[0].engine == "native"


@pytest.mark.parametrize("more", [{"digest": True}, {"self_check": True}])
def test_sets_have_no_digest(more) -> None:
    with pytest.raises(UsageError, match="lists no states"):
        checked(2, engine="symbolic", **more)


def test_a_bound_that_misses_a_witness_is_not_said_to_hold() -> None:
    one = api.BoundReached(2, 10, 1.0, ("it_happens",))
    assert one.text() == "bound 2: nothing is violated: 10 states, 1.0 s; not reached yet: it_happens"
    assert api.BoundReached(2, 10, 1.0, tuple("abcde")).text().endswith("not reached yet: a, b, c and 2 more")


def test_a_violation_in_sets_has_the_trace_of_its_least_bound(few) -> None:
    result = api.check(MODEL, bound=7)
    assert (result.verdict, result.bound, result.asked, result.engine) == ("violated", 2, 7, "native")
    assert result.violation.trace is not None


def test_a_violation_whose_trace_is_not_found_says_why(few, monkeypatch) -> None:
    real = api.found

    def hasty(program, options, *more):
        return Exploration(stopped_by="memory") if options.engine == "native" else real(program, options, *more)

    monkeypatch.setattr(api, "found", hasty)
    result = api.check(MODEL, bound=7)
    assert (result.verdict, result.violation.trace) == ("violated", None)
    assert "no trace" in result.stopped_because and "memory" in result.stopped_because


@pytest.mark.parametrize("why", ["interrupt", "time"])
def test_a_sample_that_is_ended_ends_the_search(monkeypatch, why) -> None:
    asked: list = []
    found = lambda *_, **options: asked.append(options["operations"]) or Exploration(stopped_by=why, levels=[1] * 9)  # noqa: E731
    monkeypatch.setattr("checker.search.explore.explore", found)
    result, told = checked(6)
    assert (result.verdict, result.stopped_by, result.exit_status, told, asked) == ("incomplete", why, 3, [], [1])
    assert not result.levels, "nothing was judged in them"


# ------------------------------------------------------------- out of memory


def out_of_memory(monkeypatch, covered: int | None, sizes: dict[int, int]) -> None:
    found = lambda *_: Exploration(stopped_by="memory", covered=covered, sizes=sizes, engine="symbolic")  # noqa: E731
    monkeypatch.setattr(choice, "_in_sets", found)


def test_states_are_listed_where_sets_outgrow_the_memory(few, monkeypatch) -> None:
    out_of_memory(monkeypatch, 4, {0: 1, 1: 20, 2: 90, 3: 200, 4: 400})
    result, told = checked(6)
    assert (result.engine, result.verdict) == ("native", "holds")
    assert {one.bound for one in told} <= {5}, "what holds already is not searched again"


def test_they_are_not_where_a_list_would_outgrow_it_too(few, monkeypatch) -> None:
    out_of_memory(monkeypatch, 4, {0: 1, 1: 10**5, 2: 10**7, 3: 10**9, 4: 10**11})
    result, _ = checked(6, memory_limit=1)
    assert (result.engine, result.verdict, result.stopped_by, result.covered) == ("symbolic", "incomplete", "memory", 4)
    assert result.exit_status == 3


# ---------------------------------------------------- any number of operations


def test_sets_of_any_number_of_operations_are_half_a_list() -> None:
    sets, told = checked(ANY, engine="symbolic", properties=["deadlock"])
    listed, _ = checked(ANY, engine="native", properties=["deadlock"])
    assert (sets.verdict, sets.bound, sets.closed) == ("holds", ANY, True)
    assert 2 * sets.states == listed.states
    assert [one.states for one in told] == sorted({one.states for one in told}), "each further operation adds states, or it ends"


def test_their_violation_is_told_with_the_fewest_operations() -> None:
    found = api.check(MODEL, bound=ANY, properties=["deadlock"], engine="symbolic")
    assert (found.verdict, found.violation.property, found.bound, found.asked) == ("violated", "deadlock", 4, ANY)
    found = api.check(MODEL, bound=ANY, properties=["one_write"], engine="symbolic")
    assert (found.violation.property, found.bound, found.asked) == ("one_write", 2, ANY)


# ----------------------------------------------------------- what is not said


def test_the_line_counts_what_is_not_checked() -> None:
    from checker.verdict.line import verdict_line

    result, _ = checked(ANY)
    assert "(1 vacuous, 1 not checked)  " in verdict_line(result)


@pytest.mark.parametrize("scenario", ["append_flush", "reclaim_writer"])
def test_sets_say_whether_a_change_is_reached(scenario) -> None:
    sets, listed = (api.check(design="no_io_size_clamp", scenario=scenario, bound=1, engine=e) for e in ("symbolic", "native"))
    assert sets.change == listed.change


# ----------------------------------------------------------------- forecasts


def test_a_layer_is_expected_to_grow_as_the_last_one() -> None:
    forecaster = LayerForecaster()
    for bound, (states, seconds, size) in enumerate([(10, 0.5, 1e6), (200, 1.0, 2e6), (3000, 3.0, 4e6)], 1):
        assert forecaster.following() is None
        forecaster.add(bound, states, seconds, size)
    following = forecaster.following()
    assert (following.bound, following.seconds, following.bytes) == (4, 11.0, 8e6)
    assert following.within({"--time-limit": (None, 10), "--memory-limit": (1e9, None)}).beyond == ("--time-limit",)


def test_layers_that_take_no_time_say_nothing() -> None:
    forecaster = LayerForecaster()
    for bound in (1, 2, 3):
        forecaster.add(bound, 10**bound, 0.01 * bound, 1e6)
    assert forecaster.following() is None


# -------------------------------------------------------------- command line


def test_bounds_stand_above_the_verdict(few) -> None:
    command = ["check", "--model", MODEL, "--property", "deadlock", "--bound", "3"]
    lines = CliRunner().invoke(commands, command).output.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["bound 1 holds", "bound 2 holds"]
    assert lines[2].startswith("holds")
    assert CliRunner().invoke(commands, [*command, "--quiet"]).output.count("\n") == 1
    assert json.loads(CliRunner().invoke(commands, [*command, "--json", "-"]).output)["engine"] == "symbolic"


def test_there_is_no_time_limit_unless_one_is_given() -> None:
    assert next(one for one in commands.commands["check"].params if one.name == "time_limit").default == 0
