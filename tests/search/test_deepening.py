"""Smaller bounds are searched first where the space is large."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from checker.output.results import remarks
from checker.search.explore import explore
from checker.smt.sizes.said import said_of
from checker.search import policy
from checker.verdict import api
from checker.verdict.deepening import Deepening


def one(verdict: str, seconds: float = 1.0, trace: bool = True) -> SimpleNamespace:
    violation = SimpleNamespace(trace="a trace" if trace else None) if verdict == "violated" else None
    return SimpleNamespace(verdict=verdict, seconds=seconds, violation=violation, stopped_by="")


def deepened(bound: int | None, answers: dict[int, SimpleNamespace], left: float | None = 100.0):
    asked = []

    def search(smaller: int, seconds: float | None) -> SimpleNamespace:
        asked.append((smaller, seconds))
        return answers[smaller]

    deepening = Deepening(bound, search)
    return deepening, deepening.suffices(lambda: left), asked


def test_the_greatest_bound_that_holds_is_remembered() -> None:
    deepening, enough, asked = deepened(6, {3: one("holds"), 4: one("holds", 9.0), 5: one("incomplete", 75.0)})
    assert not enough and deepening.covered == 4
    assert asked == [(3, 75.0), (4, 75.0), (5, 75.0)]


def test_the_first_violation_is_enough() -> None:
    deepening, enough, asked = deepened(6, {3: one("holds"), 4: one("violated")})
    assert enough and deepening.violated.verdict == "violated" and [bound for bound, _ in asked] == [3, 4]


def test_a_witness_that_is_missing_neither_holds_nor_ends_the_search() -> None:
    deepening, enough, _ = deepened(6, {3: one("violated", trace=False)})
    assert not enough and deepening.covered is None and deepening.violated is None


def test_the_next_bound_is_left_out_where_it_would_take_too_long() -> None:
    deepening, _, asked = deepened(6, {3: one("holds", 11.0)})
    assert deepening.covered == 3 and len(asked) == 1
    deepening, _, asked = deepened(5, {3: one("holds", 11.0), 4: one("holds", 99.0)}, left=None)
    assert deepening.covered == 4 and asked == [(3, None), (4, None)]


def test_ctrl_c_is_meant_for_the_whole_search() -> None:
    stopped = SimpleNamespace(verdict="incomplete", seconds=1.0, violation=None, stopped_by="interrupt")
    deepening, enough, asked = deepened(6, {3: one("holds"), 4: stopped})
    assert enough and deepening.interrupted and deepening.covered == 3 and len(asked) == 2


@pytest.mark.parametrize(("bound", "smaller"), [(None, []), (0, []), (1, []), (2, [1]), (3, [2]), (4, [3])])
def test_small_bounds_have_few_that_are_smaller(bound, smaller) -> None:
    _, _, asked = deepened(bound, {1: one("holds"), 2: one("holds"), 3: one("holds")})
    assert [bound for bound, _ in asked] == smaller


# ------------------------------------------------------------------ in a check


def test_a_violation_of_a_smaller_bound_is_the_answer(monkeypatch) -> None:
    monkeypatch.setitem(policy.SMALL, "native", 1_000)
    result = api.check(design="no_io_size_clamp", bound=6, properties=["recorded_size_is_backed"], engine="native")

    assert (result.verdict, result.bound, result.asked) == ("violated", 3, 6)
    assert result.as_json()["asked_bound"] == 6
    assert "  bound 3 was searched before bound 6, which was asked for" in remarks(result)


@pytest.mark.parametrize("reduction", [True, False])
def test_what_a_smaller_bound_says_is_told_of_a_search_that_ends_early(monkeypatch, reduction) -> None:
    def hasty(program, **options):
        """Time is over after 2,000 states of bound 5."""
        most = options.pop("states", None) or (2_000 if program.bound == 5 else None)
        found = explore(program, states=most, **options)
        found.stopped_by = "time" if found.stopped_by and most == 2_000 else found.stopped_by
        return found

    monkeypatch.setitem(policy.SMALL, "native", 1_000)
    monkeypatch.setattr("checker.search.explore.explore", hasty)
    result = api.check(scenario="append_flush", bound=5, reduction=reduction, engine="native")

    assert (result.verdict, result.bound, result.covered) == ("incomplete", 5, 4)
    assert "  bound 4 was searched to its end: it holds" in remarks(result)
    assert said_of(result, {"scenario": "append_flush"}).lines[0].startswith("bound 4, sizes: ")
    stopped = replace(result, stopped_by="interrupt")  # then nobody waits for more
    assert said_of(stopped, {"scenario": "append_flush"}).lines == ("sizes: not looked at, as the search was stopped",)


def test_a_space_that_is_large_is_searched_to_its_end(monkeypatch) -> None:
    monkeypatch.setitem(policy.SMALL, "native", 1_000)
    result = api.check(scenario="append_flush", bound=4, reduction=False)
    assert (result.verdict, result.states, result.asked) == ("holds", 43_623, None)
