"""Two designs side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.cli import main

PETERSON = ["--model", str(Path(__file__).parents[1] / "models" / "peterson.py")]


@pytest.fixture
def run(capsys):
    def runner(*arguments: str) -> tuple[int, str, str]:
        status = main(["compare", *arguments])
        return status, *capsys.readouterr()

    return runner


def test_designs_that_differ(run):
    status, out, _ = run(*PETERSON, "peterson", "turn_first")

    assert status == 1 and max(map(len, out.splitlines())) <= 80
    assert "mutual_exclusion: holds / violated" in out and out.splitlines()[-1] == "1 of 1 scenario tells them apart"


def test_designs_that_do_not(run):
    status, out, _ = run(*PETERSON, "peterson", "peterson")

    assert status == 0 and "0 of 1 scenario" in out


def test_for_programs(run):
    status, out, _ = run(*PETERSON, "peterson", "turn_first", "--json", "-")
    found = json.loads(out)

    (one,) = found["scenarios"]
    assert found["designs"] == ["peterson", "turn_first"] and one["differs"]
    assert [r["verdict"] for r in one["results"]] == ["holds", "violated"]
    assert one["results"][0]["properties"]["deadlock"] == one["results"][1]["properties"]["deadlock"] == "holds"


def test_names_that_there_are_not(run):
    assert run(*PETERSON, "peterson", "gone")[0] == 2
    assert run(*PETERSON, "peterson", "turn_first", "--scenario", "gone")[0] == 2


CHANGES = '''\
from checker.lang import Flag, Struct, baseline, drop, primitive, scenario, thread, variant

class Tank(Struct):
    """A tank."""
    open = Flag("open")

@primitive()
def open_tank():
    """Open it."""
    Tank[0].open = True

@primitive()
def close_tank():
    """Close it."""
    Tank[0].open = False

def fill():
    """Open it."""
    open_tank()

def empty():
    """Open it, and close it."""
    open_tank()
    close_tank()

plain = baseline("As it is.")
first = scenario("Filled.", thread("filler", fill), of=plain)
second = scenario("Emptied.", thread("owner", empty), of=plain)
stays = variant("It stays open.", drop(close_tank, inside=empty), of=plain)
bound_to_first = variant("It stays open.", drop(close_tank, inside=empty), of=plain, scenario=first)
'''


def test_a_design_is_looked_at_in_a_scenario_that_it_changes(tmp_path):
    from checker import check

    (tmp_path / "tank.py").write_text(CHANGES)
    found = {
        design: check(tmp_path / "tank.py", design, engine="interpret").scenario for design in ("plain", "stays", "bound_to_first")
    }

    assert found == {"plain": "first", "stays": "second", "bound_to_first": "first"}
    assert check(tmp_path / "tank.py", "stays", "first", engine="interpret").scenario == "first"  # as one says
