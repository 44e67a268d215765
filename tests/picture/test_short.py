"""A race in ten lines: short, in columns, and with what matters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checker.picture.cells import rows_of
from checker.picture.short import MOST_LINES, short
from checker.trace.explain import falsifiers
from checker.trace.order import orderings
from checker.verdict.replay import replayed
from tests.support.textbook import slow

STORED = sorted(Path("counterexamples").rglob("*.txt"))
ENDLESS = [file for file in STORED if "\nloop " in file.read_text()]
SOME = STORED[:: len(STORED) // 8]
SHOWN = Path("counterexamples/no_io_size_clamp--recorded_size_is_backed.txt")


def lines_of(file: Path) -> tuple[list[str], object]:
    outcome = replayed(str(file))
    trace = outcome.followed.trace
    return short(trace, rows_of(outcome.task.catalogue, outcome.task.program)), trace


@pytest.mark.parametrize("file", [f if f in SOME else pytest.param(f, marks=slow) for f in STORED if f not in ENDLESS], ids=lambda f: f.stem)
def test_it_is_short_and_narrow_and_has_its_last_step(file: Path) -> None:
    lines, trace = lines_of(file)

    assert 3 <= len(lines) <= MOST_LINES and max(map(len, lines)) <= 80
    assert any("violated: " in line or "waits" in line for line in lines)
    steps = [line for line in lines if re.match(r" {1,2}\d+ ", line)]
    assert 1 <= len(steps) <= len(trace.steps)


def test_the_steps_whose_order_matters_are_there_and_named() -> None:
    lines, trace = lines_of(SHOWN)
    found, _ = orderings(trace)

    assert len(found) == 2 and "order that it takes: " in lines[-1] and lines[-1].count(" before ") == 2
    assert "writer" in lines[0] and "kworker" in lines[0]
    assert any("the device writes the blocks" in line for line in lines)
    assert any("<power failure>  disk, once flushed |D0|..|, i_disk_size = 2" in line for line in lines)


def test_a_trace_without_an_end_has_no_short_form() -> None:
    (endless,) = (file for file in STORED if file.stem == "f2fs--f2fs_system_calls_end")
    assert lines_of(endless)[0] == []


def test_a_wide_terminal_gets_wide_lines() -> None:
    outcome = replayed(str(SHOWN))
    rows = rows_of(outcome.task.catalogue, outcome.task.program)
    narrow, wide = (short(outcome.followed.trace, rows, width) for width in (72, 160))
    assert max(map(len, narrow)) <= 72 and sum(map(len, wide)) >= sum(map(len, narrow))
    assert sum(line.endswith("...") for line in wide) < sum(line.endswith("...") for line in narrow)


@pytest.mark.parametrize(("name", "itself"), [("f2fs_r4b--bug_on", False), ("f2fs_r6_13--bug_on", True)])
def test_of_a_test_that_fails_it_says_who_made_it_so_and_where_it_is(name, itself):
    (file,) = (file for file in STORED if file.stem == name)
    lines, _ = lines_of(file)

    assert any("PG_writeback 0->1" in line for line in lines) == (not itself)
    where = "  tested in model/mm/page_writeback.py:64"
    assert where + (", after what this step has done itself" if itself else "") in lines


def test_what_a_call_returned_and_was_given_is_said():
    copied, tried = (next(f for f in STORED if f.stem == name) for name in ("iomap--uptodate_blocks_are_initialised", "f2fs_r3_2--f2fs_only_failures_are_recorded"))

    assert any("copy_to_folio(offset 0, copied 1): page cache |Ds|s0|" in line for line in lines_of(copied)[0])
    assert any("f2fs_trylock_op() = False" in line for line in lines_of(tried)[0])


def test_of_a_deadlock_it_says_who_set_what_is_waited_for():
    (file,) = (file for file in STORED if file.stem == "f2fs_r2_12--deadlock")
    lines, _ = lines_of(file)

    assert any("folio_start_writeback()" in line for line in lines)
    assert any("f2fs_get_dnode_of_data(" in line and "fails" in line for line in lines)


def test_what_only_the_model_has_is_in_the_long_form():
    lines, trace = lines_of(SHOWN)

    assert "  as i_disk_size = 2, cell 1 volatile = ZERO" in lines and not any("logical" in line for line in lines)
    assert any("logical" in value for value in falsifiers(trace)) and not any("logical" in value for value in falsifiers(trace, False))
