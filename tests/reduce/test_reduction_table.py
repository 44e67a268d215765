"""With all reductions and with none, every row of the table of expected verdicts says the same.

The table is what the search without reduction finds (`python -m checker regress` compares that).  Here
every row is checked anew with the reductions from the first state on.  By default the rows of few
states are; those of up to a million are slow.
"""

from __future__ import annotations

import pytest

from checker.regress.measure import RowJob, MeasuredRow, measure
from checker.table.rows import Row, load
from checker.search import policy
from checker.verdict import api
from tests.support.textbook import slow

FEW, MANY = 120, 1_000_000  # states without reduction
SECONDS, MEMORY = 600.0, 3.0  # limits of one row; GiB
ROWS = [row for row in load() if row.expected.states and row.expected.states <= MANY and not row.reduced]
QUICK = [row for row in ROWS if row.expected.states <= FEW]


def at_once(monkeypatch: pytest.MonkeyPatch, row: Row) -> MeasuredRow:
    """The row with reductions, however small the space."""
    monkeypatch.setattr(policy, "SMALL", {"native": 0, "interpret": 0})
    return measure(RowJob(row, SECONDS, MEMORY, True))


def is_seen_only_without(row: Row) -> bool:
    """That nothing occurs is no verdict of a search with partial-order reduction."""
    return row.expected.verdict == "violated" and row.expected.steps is None


@pytest.mark.parametrize("row", [pytest.param(row, marks=() if row in QUICK else slow) for row in ROWS], ids=str)
def test_reductions_change_no_verdict(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    found = at_once(monkeypatch, row)

    assert not found.error
    if not is_seen_only_without(row):
        assert (found.outcome.verdict, found.outcome.property) == (row.expected.verdict, row.expected.property)
        assert found.outcome.steps == row.expected.steps or not found.shortest
    assert found.outcome.states <= row.expected.states


def test_the_rows_are_of_both_verdicts_and_many_designs() -> None:
    assert {row.expected.verdict for row in QUICK} == {"holds", "violated"}
    assert len({row.design for row in QUICK}) > 5
