"""Forecasts, held against what searches really found."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from checker.output.progress import _progress_text
from checker.output.results import remarks
from checker.search import forecast
from checker.search.exploration import Exploration, Progress
from checker.search.explore import explore
from checker.search.forecast import Forecast, Forecaster, duration, number, of_bound, of_levels, span, spread
from checker.search.options import SearchOptions
from checker.verdict import api
from tests.native.test_native import two_phase_commit
from tests.support.textbook import MODELS

SIZES = {  # of bounds 1, 2, ..., measured without reduction
    "default": (185, 17_831, 1_019_073),
    "append_flush": (29, 445, 5_959, 43_623, 135_065, 293_989),
    "two_mappings": (30, 424, 3_172, 16_128, 56_094),
    "two_folios": (40, 4_094, 195_692, 4_532_880),
    "errors": (49, 2_821, 148_059, 4_663_707),
    "one_block_folios": (63, 2_483, 74_580, 994_391),
}
CASES = [(name, bound) for name, sizes in SIZES.items() for bound in range(3, len(sizes) + 1)]
BELL = [1, 7, 21, 38, 50, 54, 49, 36, 21, 9, 2]


def smaller(name: str, bound: int) -> dict[int, int]:
    return dict(enumerate(SIZES[name][: bound - 1], 1))


@pytest.mark.parametrize(("name", "bound"), CASES)
def test_the_next_bound_is_within_what_was_said(name: str, bound: int) -> None:
    states, factor = of_bound(smaller(name, bound), bound)

    assert states / factor <= SIZES[name][bound - 1] <= states * factor
    assert factor == forecast.SPREAD


@pytest.mark.parametrize(("name", "bound"), [case for case in CASES if case[1] > 3])
def test_the_bound_after_it_is_less_certain(name: str, bound: int) -> None:
    states, factor = of_bound(smaller(name, bound - 1), bound)

    assert states / factor <= SIZES[name][bound - 1] <= states * factor
    assert factor == pytest.approx(forecast.SPREAD**3)


def test_a_reduced_search_grows_less_regularly() -> None:
    sizes = (22, 6_937, 457_084, 21_485_180)  # default, with partial-order reduction
    for bound in (3, 4):
        states, factor = of_bound(dict(enumerate(sizes[: bound - 1], 1)), bound, spread(True))
        assert states / factor <= sizes[bound - 1] <= states * factor


@pytest.mark.parametrize("sizes", [{}, {1: 30}, {2: 400}, {1: 30, 3: 3000}])
def test_too_little_is_no_forecast(sizes: dict[int, int]) -> None:
    assert of_bound(sizes, 4) is None


def test_a_space_that_has_stopped_growing() -> None:
    assert of_bound({1: 30, 2: 50, 3: 50}, 5)[0] == 50


def test_levels_say_nothing_while_they_grow() -> None:
    assert [of_levels(BELL[:n]) for n in range(7)] == [None] * 7


@pytest.mark.parametrize("seen", [9, 10, 11])
def test_falling_levels_tell_what_is_missing(seen: int) -> None:
    states, factor = of_levels(BELL[:seen])

    assert states / factor <= sum(BELL) <= states * factor < 2 * sum(BELL)


# ------------------------------------------------------------------ in a search


def now(states: int, seconds: float, reduced: bool = False) -> Progress:
    return Progress(states, states, 9, 9, 40 * states, seconds, levels=(1, 2, 3), reduced=reduced)


def test_smaller_bounds_are_searched_when_they_cost_little() -> None:
    asked = []

    def size(bound: int, seconds: float, at: Progress) -> int | None:
        asked.append((bound, round(seconds, 2)))
        return {1: 30, 2: 424, 3: None}[bound]

    forecaster = Forecaster(4, size)
    said = [forecaster.look(now(1000, seconds)) for seconds in (1.0, 5.0, 5.1, 11.0, 20.0)]

    assert asked == [(1, 0.5), (2, 0.51), (3, 1.1), (3, 2.0)]  # what did not suffice is tried again
    assert said[0] is said[1] is None and said[3].states == pytest.approx(of_bound({1: 30, 2: 424}, 4)[0])
    assert forecaster.look(now(1000, 20.1, reduced=True)) is None and forecaster.sizes == {1: 30}


def test_a_forecast_that_is_passed_is_given_up() -> None:
    forecaster = Forecaster(3, lambda *_: None)
    forecaster.sizes, forecaster.kind = {1: 30, 2: 424}, (False, False)

    assert forecaster.look(now(2_000, 1.0)).states == pytest.approx(3_605, rel=0.01)
    assert forecaster.look(now(9_000, 2.0)) is None


def test_the_same_code_counts_the_states_of_a_smaller_bound() -> None:
    program = api.prepare(scenario="append_flush", bound=4).program

    found = [explore(program, operations=bound, threads=2) for bound in (1, 2, 3)]

    assert [one.states for one in found] == list(SIZES["append_flush"][:3])
    assert explore(program).sizes == {0: 1, **dict(enumerate(SIZES["append_flush"][:4], 1))}


def test_a_violation_of_a_smaller_bound_is_not_looked_at() -> None:
    program = api.prepare(MODELS / "peterson.py", design="turn_first").program
    assert explore(program).violation and program.bound is None
    assert explore(two_phase_commit(3)).sizes == {}


def test_what_is_said_of_the_next_bound() -> None:
    result = api.check(scenario="append_flush", bound=3, memory_limit=0.001)

    assert result.verdict == "holds"
    told = result.next_bound
    assert told.bound == 4 and told.low < 43_623 < told.high and told.beyond == ("--memory-limit",)
    assert result.as_json()["next_bound"]["states"] == round(told.states)
    assert any(line.startswith("  bound 4: about ") for line in remarks(result))


def test_what_the_whole_would_have_cost() -> None:
    forecaster = SimpleNamespace(latest=Forecast(4, 5e6, 1.7, 2 << 30, 400.0), sizes={})
    result = api.explored(api.prepare(scenario="append_flush", bound=4), SearchOptions(time_limit=0.001))

    told = api._with_forecasts(result, forecaster, 300, 1)

    assert told.as_json()["forecast"]["beyond"] == ["--memory-limit", "--time-limit"]
    assert "all of it: about 5.0 million states (2.9 to 8.5 million), 2.0 GiB, 6.7 min: more than" in " ".join(" ".join(remarks(told)).split())


# ------------------------------------------------------------------------ words


def test_words() -> None:
    counts = [number(n) for n in (7, 853_000, 999_999, 34.4e6, 1.52e9)]
    assert counts == ["7", "850,000", "1.0 million", "34 million", "1.5 billion"]
    spans = [span(20e6, 58e6), span(95e4, 12e5), span(9e8, 2e9)]
    assert spans == ["20 to 58 million", "950,000 to 1.2 million", "900 million to 2.0 billion"]
    assert [duration(s) for s in (0.4, 42, 150, 3_000, 9_000)] == ["0.4 s", "42 s", "2.5 min", "50 min", "2.5 h"]


def test_the_progress_line_shows_it() -> None:
    lines = _progress_text(now(1000, 2.0), Forecast(4, 5e6, 1.7, 2 << 30, 400.0)).splitlines()

    assert lines[0].startswith("1,000 states, ") and len(lines[0]) < 120
    assert lines[1] == "at the end: about 5.0 million states (2.9 to 8.5 million), 2.0 GiB, 6.7 min"
    assert isinstance(explore(two_phase_commit(3), progress=lambda at: _progress_text(at)), Exploration)
