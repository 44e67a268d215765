"""The numbers of states that `scenarios` lists: all there, of the scenarios as they are, and right."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from checker.base.errors import UsageError
from checker.cli import main
from checker.regress import states
from checker.regress.scenario_list import text
from checker.regress.states import ABOVE, ALL, BOUNDS, REDUCED, SETS, Count, Counted, digest_of, program_of
from checker.source.catalogue import load as load_catalogue
from checker.verdict.api import check

CATALOGUE = load_catalogue()
STORED = states.load()
ALL_OF_THEM = os.environ.get("CHECKER_ALL_STATES")  # count and compare every scenario that does not take long
SOME = ["fault_and_invalidate", "split_and_walk", "append_flush", "nfs_server_reboot", "netfs_no_request", "blkdev_journal"]
SMALL = 200_000  # states that are counted again


def test_every_scenario_is_counted():
    assert list(STORED) == list(CATALOGUE.scenarios), "run: python -m checker scenarios --measure"
    for one in STORED.values():
        sizes = [count.states for count in one.counts.values() if count.kind == ALL]
        assert tuple(one.counts) == BOUNDS and sizes == sorted(sizes) and all(sizes)


@pytest.mark.parametrize("name", CATALOGUE.scenarios)
def test_what_was_counted_is_the_scenario_as_it_is(name):
    """To compile all of them takes half a minute."""
    assert STORED[name].program == digest_of(program_of(CATALOGUE, name)), "run: python -m checker scenarios --measure"


@pytest.mark.parametrize("name", STORED if ALL_OF_THEM else SOME)
def test_counted_again_it_is_the_same(name):
    for bound, one in STORED[name].counts.items():
        if one.kind == ALL and one.states <= SMALL:
            assert check(scenario=name, bound=bound, stop=False, catalogue=CATALOGUE).states == one.states


def test_a_change_of_a_step_changes_the_digest_and_a_move_does_not(tmp_path):
    model = Path("tests/models/peterson.py").read_text()

    def digest(text: str) -> str:
        (tmp_path / "m.py").write_text(text)
        catalogue = load_catalogue(tmp_path / "m.py")
        return digest_of(program_of(catalogue, "two"))

    assert digest(model) == digest("\n\n" + model)
    assert digest(model) != digest(model.replace("raise_flag(me)", "give_turn_away(me)", 1))


def test_measuring_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    path = tmp_path / "states.toml"
    done: list[str] = []
    wanted = ["fault_and_invalidate", "split_and_walk"]

    def measure(names: list[str]) -> list[str]:
        return states.measured(names, path, 1, 30, 1, lambda name, _: done.append(name))

    assert measure(wanted[:1]) == wanted[:1] and measure(wanted) == wanted[1:] and measure(wanted) == []
    assert states.load(path) == {name: STORED[name] for name in STORED if name in wanted}

    entries = states.load(path)
    entries[wanted[0]] = Counted("of another program", {bound: Count(1) for bound in BOUNDS})
    states.write(path, entries)
    assert measure(wanted) == wanted[:1] and states.load(path)[wanted[0]] == STORED[wanted[0]]


def test_what_was_not_finished_is_tried_again_with_more_time():
    name = "fault_and_invalidate"
    found = Counted(STORED[name].program, {bound: Count(1, ABOVE) for bound in BOUNDS}, 30)

    assert states.count(states.CountJob(name, found, 30, 1)) is found
    assert states.count(states.CountJob(name, found, 31, 1)) == STORED[name]


def test_a_search_that_runs_out_of_time_says_more_than(tmp_path):
    found = states.count(states.CountJob("default", None, 0.001, 1))
    assert {one.kind for one in found.counts.values()} == {ABOVE}

    path = tmp_path / "states.toml"
    one = Counted("p", {2: Count(3), 3: Count(4_000, REDUCED), 4: Count(5_000_000, ABOVE)}, 30, Count(10**9, SETS))
    states.write(path, {"a": one})
    assert states.load(path) == {"a": one}
    assert [str(count) for count in one.counts.values()] == ["3", "~4,000", "> 5,000,000"]
    assert str(one.endless) == "=1,000,000,000"


def test_any_number_of_operations_is_counted_too():
    job = states.CountJob("reclaim_writer", None, 60, 1)
    found = states.count(job)
    assert found.endless == STORED["reclaim_writer"].endless == Count(105_712)


@pytest.mark.parametrize("content", ["[a]\nprogram = 3\n", "a = 3\n", '[a]\nprogram = "p"\nbound_2 = "x"\n', "[a\n"])
def test_a_file_that_says_nothing_is_refused(tmp_path, content):
    (tmp_path / "f.toml").write_text(content)
    with pytest.raises(UsageError, match="f.toml"):
        states.load(tmp_path / "f.toml")


@pytest.mark.parametrize("width", [80, 200])
def test_the_list_fits_the_terminal(width):
    lines = text(CATALOGUE, STORED, width).splitlines()

    assert max(map(len, lines)) <= width and not any(line != line.rstrip() for line in lines)
    assert sum(name in " ".join(lines) for name in CATALOGUE.scenarios) == len(CATALOGUE.scenarios)


def test_the_list_of_another_model_has_no_numbers(capsys):
    assert main(["scenarios", "--model", "tests/models/peterson.py"]) == 0
    assert "bound 2" not in capsys.readouterr().out
    assert main(["scenarios", "--model", "tests/models/peterson.py", "--measure"]) == 2
    assert "--measure is about" in capsys.readouterr().err


def test_for_programs_there_are_the_numbers_too(capsys):
    assert main(["scenarios", "--json", "-"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["append_flush"]["states"]["4"] == {"states": 43623, "kind": "all"}
