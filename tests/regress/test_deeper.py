"""Rows that hold, with more operations than the table gives them; rows that need sets of states."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.base.errors import UsageError
from checker.cli import main
from checker.table.rows import load

MODELS = Path(__file__).resolve().parents[1] / "models"


@pytest.fixture
def table(tmp_path):
    """Write a table of the stuck writer; its path."""

    def write(*rows: str) -> str:
        path = tmp_path / "table.toml"
        path.write_text(f'model = "{MODELS / "stuck_writer.py"}"\n' + "".join(f"[[row]]\ndesign = \"\"\n{row}\n" for row in rows))
        return str(path)

    return write


FLUSHES = 'scenario = "flushes"\nverdict = "holds"\nstates = 4'
STUCK = 'scenario = "both"\nproperties = ["deadlock"]\nbound = 2\nverdict = "holds"\nstates = 30'


def test_what_is_violated_with_more_operations_is_a_finding(table, tmp_path, capsys):
    found, folder = tmp_path / "found.json", tmp_path / "found"
    folder.mkdir()
    command = ["regress", "--table", table(FLUSHES, STUCK), "--deeper", "2", "--json", str(found), "--save", str(folder)]
    assert main(command) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("holds       ") and "flushes  bound 4" in lines[0]
    assert lines[1].startswith("violated    ") and "deadlock at bound 4: " in lines[1]
    assert lines[2] == "2 rows at their bound + 2: 1 hold, 1 are violated, 0 are not done within 300 s"
    assert [(row["bound"], row["verdict"]) for row in json.loads(found.read_text())] == [(4, "holds"), (4, "violated")]
    assert [file.suffix for file in folder.iterdir()] == [".txt"]


def test_of_the_same_row_the_greatest_bound_is_judged(table, capsys):
    assert main(["regress", "--table", table(FLUSHES, FLUSHES + "0\nbound = 3"), "--deeper", "1"]) == 0
    assert "bound 4" in capsys.readouterr().out.splitlines()[0]


def test_rows_for_any_number_are_left_out(table, capsys):
    assert main(["regress", "--table", table(FLUSHES + '\nbound = "any"'), "--deeper", "1"]) == 0
    assert capsys.readouterr().out.startswith("0 rows")


def test_counterexamples_are_saved_of_deeper_rows_only(table, capsys):
    assert main(["regress", "--table", table(FLUSHES), "--save", "x/"]) == 2
    assert "--deeper" in capsys.readouterr().err


@pytest.mark.parametrize("number, status", [(3, 0), (6, 1)])
def test_a_row_may_need_sets_of_states(table, number, status):
    """In sets each state is counted once, in a list for any number of operations twice."""
    row = f'scenario = "flushes"\nbound = "any"\nengine = "symbolic"\nverdict = "holds"\nstates = {number}'
    assert main(["regress", "--processes", "1", "--table", table(row)]) == status


def test_there_is_no_other_engine_of_a_row(table):
    with pytest.raises(UsageError, match="engine is 'symbolic', or left out"):
        load([table(FLUSHES + '\nengine = "native"')])
