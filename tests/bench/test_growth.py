"""Growth: each engine on rising sizes, until one takes too long."""

from __future__ import annotations

import json
import sys

import pytest
from tests.support.textbook import MODELS

from checker.base.errors import UsageError
from checker.bench import growth, plot, spin
from checker.bench.cases import Case
from checker.bench.growth import Family, Point
from checker.bench.sample import Failure, Label, Sample
from checker.cli import main

DINING = {n: Case("dining_philosophers", MODELS / "dining_philosophers.py", {"N": n}, scenario="ordered") for n in (3, 4)}


def point(engine: str, size: int, sample: Sample | None = None, problem: str = "") -> Point:
    return Point("dining", size, DINING[3], Label(engine), sample, problem)


def test_the_engines_count_the_same_states(monkeypatch) -> None:
    monkeypatch.setattr(spin, "installed", lambda: False)
    monkeypatch.setattr(growth, "families", lambda: [Family("dining", "philosophers", DINING)])
    points = growth.measured((), 60, None)
    assert [(p.size, p.label.engine) for p in points] == [(3, "native"), (3, "symbolic"), (4, "native"), (4, "symbolic")]
    assert not any(p.problem for p in points)
    assert points[0].sample.states == points[1].sample.states < points[2].sample.states == points[3].sample.states
    assert [bool(p.sample.nodes) for p in points] == [False, True, False, True]


def test_who_takes_too_long_leaves(monkeypatch) -> None:
    def hasty(case, engine, *_):
        raise Failure(f"{engine} took more than 1 s", incomplete=True)

    monkeypatch.setattr(spin, "installed", lambda: True)
    monkeypatch.setattr(growth, "families", lambda: [Family("dining", "philosophers", DINING)])
    monkeypatch.setattr(growth, "_contender", hasty)
    points = growth.measured(("dining",), 1, None)
    assert [(p.label.engine, p.size, p.problem) for p in points] == [
        (engine, 3, f"{engine} took more than 1 s") for engine in ("native", "symbolic", "spin")
    ]


def test_the_families_are_as_large_as_said() -> None:
    sizes = {one.name: list(one.cases) for one in growth.families()}
    assert sizes["two_phase_commit"] == [8, 9, 10, 11, 12]
    assert (sizes["dining_philosophers"][0], sizes["dining_philosophers"][-1]) == (14, 30)
    assert sizes["default"] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(UsageError, match="there is growth of two_phase_commit, dining_philosophers"):
        growth.measured(("hanoi",), 1, None)


def test_tables_have_a_line_for_each_and_the_sources_of_others() -> None:
    text = growth.text([point("native", 3, Sample(1_000_000, 5, 2.0, 1.9, 0.1, 24.0)), point("spin", 3, problem="out of memory")])
    assert "1,000,000" in text and "500,000" in text and "- out of memory" in text
    assert all(source in text for _, _, source in growth.PUBLISHED)
    assert max(map(len, text.splitlines())) <= 140


def test_for_programs_there_are_the_numbers() -> None:
    one = point("symbolic", 3, Sample(10**9, 0, 2.0, 1.9, 0.1, 0.01, 77)).as_json()
    assert (one["states"], one["nodes"], one["states_per_second"], one["problem"]) == (10**9, 77, 500_000_000, None)


def test_without_matplotlib_it_says_what_is_missing(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match="pip install matplotlib"):
        plot.needed("curves.svg")


def test_a_plot_is_drawn(tmp_path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "curves.svg"
    plot.draw([point("native", 3, Sample(10, 5, 0.0, 0.0)), point("spin", 3, problem="out of memory")], str(path))
    assert path.read_text().count("<svg") == 1
    with pytest.raises(UsageError, match="its suffix says the format"):
        plot.needed("curves.xyz")


@pytest.mark.parametrize("arguments", [["--plot", "f.svg"], ["--growth", "--set", "N=3"]])
def test_options_that_do_not_fit_are_refused(arguments, capsys) -> None:
    assert main(["bench", *arguments]) == 2
    assert "growth" in capsys.readouterr().err


def test_points_are_written_as_json(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(growth, "measured", lambda *_: [point("native", 3, Sample(10, 5, 0.1, 0.1))])
    assert main(["bench", "--growth", "--json", str(tmp_path / "f.json")]) == 0
    assert json.loads((tmp_path / "f.json").read_text())[0]["states"] == 10
