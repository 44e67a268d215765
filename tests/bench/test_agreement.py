"""Our distinct states and TLC's are the same, as the table says; TLC counts again where CHECKER_TLC names its jar."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from checker.bench import agreement
from checker.cli import main

TLC = os.environ.get("CHECKER_TLC")  # tla2tools.jar
KEPT = agreement.kept()


def test_the_table_has_twenty_rows_that_both_count_alike():
    assert len(KEPT.rows) >= 20 and KEPT.tlc
    assert [row.name for row in KEPT.rows if row.states is None or row.states != row.tlc_states] == []
    assert len({row.name for row in KEPT.rows}) == len(KEPT.rows)


@pytest.mark.parametrize("row", KEPT.rows, ids=lambda row: row.name)
def test_we_count_what_the_table_says(row):
    now = agreement.counted([row], TLC, 600)

    assert agreement.differences(replace(KEPT, rows=(row,)), now) == []


def test_the_table_is_written_as_it_is_read(tmp_path):
    file = tmp_path / "agreement.toml"
    file.write_text(KEPT.as_toml())

    assert agreement.kept(file) == KEPT


def test_each_difference_is_told():
    first = KEPT.rows[0]
    before = replace(KEPT, rows=(first,))

    def told(**changed):
        return agreement.differences(before, replace(KEPT, rows=(replace(first, **changed),)))

    assert told() == []
    assert "TLC has" in told(tlc_states=first.states + 1)[0]
    assert "the table has" in told(states=first.states + 1, tlc_states=None)[0]
    assert told(failure="TLC: no result")[0].endswith("TLC: no result")


@pytest.mark.parametrize(
    "options, said",
    [
        (["--update"], "--update is of --agreement"),
        (["--agreement", "--update"], "name its jar"),
        (["--agreement", "--tlc", "nowhere.jar"], "there is no file nowhere.jar"),
        (["--agreement", "--model", "peterson"], "counts the models of its table"),
    ],
)
def test_what_cannot_be_compared_is_refused(options, said, capsys):
    assert main(["bench", *options]) == 2
    assert said in capsys.readouterr().err
