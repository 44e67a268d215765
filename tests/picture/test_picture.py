"""The picture: calls, columns, drawings, names."""

from __future__ import annotations

import pytest

from checker import check, lang
from checker.ir.interpreter import Interpreter
from checker.ir.program import (
    BOOL, Call, Frame, Goto, If, Note, Pos, Program, Type, as_in_c, int_type,
)  # fmt: skip
from checker.picture.cells import draw, rows_of
from checker.picture.columns import lay_out
from checker.picture.lines import Line, Picture, picture_of
from checker.picture.report import counterexample
from checker.trace.values import Names, ranges
from tests.support.appends import Cell, Inode, append_program, at, drawings
from tests.support.programs import assign, binary, block, expr, process, program, prop, read, rest, variable
from tests.support.small_search import shortest_violation


def test_what_a_call_returned_and_what_an_operation_chose_stand_with_it() -> None:
    folio, count = Type("ref", 0, 1, "Folio"), int_type(0, 3)
    call = Call("get_folio", (("index", expr(0), count), ("mapping", expr(1), Type("ref", 0, 1, "Only"))))
    p = process(
        "p",
        block(0, Note("len", expr(2), count), Goto(1), shown=Call("append", call.args[:1]), starts=True),
        block(
            1, Note("", expr(1), folio), assign("n", 1), Goto(2), frames=at(5, "append", "begin"), shown=call
        ),
        rest(2),
    )
    below = prop("invariant", binary("==", read("n"), 0))
    model = program("returns", [variable("n")], [p], below, structs=(("Only", 1), ("Folio", 2)))

    assert counterexample(shortest_violation(model)).splitlines()[-3:] == [
        "  append(index 0, len = 2)",
        "    begin()",
        "      get_folio(index 0) = folio 0  n 0->1",
    ]


def calls_program() -> Program:
    """write() that calls one function for two steps, then another for one, twice."""
    deep = at(5, "write", "buffered_write", "write_iter")
    once = at(20, "write", "put_folio")
    p = process(
        "p",
        block(0, assign("n", 1), Goto(1), frames=deep, call="folio_lock"),
        block(
            1,
            assign("n", 0),
            Goto(2),
            frames=(*deep[:-1], Frame("write_iter", Pos("file.py", 9))),
            call="folio_unlock",
        ),
        block(2, assign("n", 1), Goto(3), frames=once, call="folio_put"),
        block(3, assign("n", 2), Goto(4), frames=deep, call="folio_lock"),
        rest(4),
    )
    return program(
        "calls", [variable("n", int_type(0, 2))], [p], prop("invariant", binary("<", read("n"), 2))
    )


def test_a_call_that_does_one_thing_only_joins_the_line_of_what_it_does() -> None:
    lines = picture_of(shortest_violation(calls_program())).lines

    assert [("  " * line.depth + line.text, line.changes) for line in lines] == [
        ("write()", ()),
        ("  buffered_write() -> write_iter()", ()),
        ("    folio_lock()", ("n 0->1",)),
        ("    folio_unlock()", ("n 1->0",)),
        ("  put_folio() -> folio_put()", ("n 0->1",)),
        ("  buffered_write() -> write_iter() -> folio_lock()", ("n 1->2",)),
    ]


def test_where_there_is_room_each_call_has_its_line() -> None:
    lines = picture_of(shortest_violation(calls_program()), joined=0).lines

    assert [line.text for line in lines if line.depth == 1] == [
        "buffered_write()",
        "put_folio()",
        "buffered_write()",
    ]
    assert len(lines) == 10


def test_a_call_that_begins_again_is_printed_again() -> None:
    again = at(5, "run", "fill")
    p = process(
        "p",
        block(0, assign("n", 1), Goto(1), frames=again, call="first"),
        block(
            1,
            If(binary("==", read("m"), 1), (assign("n", 2),)),
            assign("m", 1),
            Goto(0),
            call="second",
            frames=(again[0], Frame("fill", Pos("file.py", 9))),
        ),
        rests=(),
    )
    model = program(
        "again",
        [variable("n", int_type(0, 2)), variable("m")],
        [p],
        prop("invariant", binary("<", read("n"), 2)),
    )

    lines = picture_of(shortest_violation(model), joined=0).lines

    assert [line.text for line in lines] == [
        "run()",
        "fill()",
        "first()",
        "second()",
        "fill()",
        "first()",
        "second()",
    ]


# -------------------------------------------------------------------- drawings


def test_cells_and_marks_are_drawn_where_the_kernel_draws_them() -> None:
    model = append_program()
    state = list(Interpreter(model).initial_states()[0])
    slots = Names(model).slots
    state[slots.at("Cell.memory", 1)] = 1
    state[slots.at("Inode.i_size")], state[slots.at("Inode.i_disk_size")] = 3, 2

    assert draw(rows_of(drawings(), model), tuple(state)) == [
        "page cache  |0D|00|",
        "                 ^ i_size = 3",
        "disk        |00|00|",
        "               ^ i_disk_size = 2",
    ]


def test_a_layer_over_a_row_replaces_its_letters() -> None:
    catalogue = drawings()
    over = {Inode.i_disk_size: {0: "."}}
    catalogue.modules[0].cache = lang.drawing("disk", Cell.disk, {False: "0"}, 4, over=over)
    catalogue.modules[0].disk = None
    model = append_program()
    state = list(Interpreter(model).initial_states()[0])

    empty = draw(rows_of(catalogue, model), tuple(state))
    state[Names(model).slots.at("Inode.i_disk_size")] = 1
    state[Names(model).slots.at("Cell.disk", 2)] = 1

    assert empty == ["disk  |....|"]
    assert draw(rows_of(catalogue, model), tuple(state)) == ["disk  |00?0|"]


# ---------------------------------------------------------------------- layout

DEEP = Picture(
    ("writer 0", "flusher"),
    (
        Line(0, 0, "append()"),
        Line(0, 1, "iomap_file_buffered_write()"),
        Line(0, 2, "iomap_write_iter()"),
        Line(
            0,
            3,
            "copy_folio_from_iter_atomic(folio 0, pos 0)",
            ("cell 0-2 memory 0->1", "folio 0 PG_dirty 0->1"),
        ),
        Line(1, 0, "writepages()"),
        Line(1, 1, "folio_lock(folio 0)", ("folio 0 PG_locked 0->1",)),
        Line(0, 3, "i_size_write(pos 3)", ("i_size 0->3",)),
        Line(-1, 0, "<the end>"),
    ),
)


def test_columns_stand_beside_each_other_where_there_is_room() -> None:
    assert lay_out(DEEP, 102) == [
        "  writer 0                                           flusher",
        "  append()",
        "    iomap_file_buffered_write()",
        "      iomap_write_iter()",
        "        copy_folio_from_iter_atomic(folio 0, pos 0)                         cell 0-2 memory 0->1",
        "                                                                            folio 0 PG_dirty 0->1",
        "                                                     writepages()",
        "                                                       folio_lock(folio 0)  folio 0 PG_locked 0->1",
        "        i_size_write(pos 3)                                                 i_size 0->3",
        "  <the end>",
    ]


def test_changes_of_one_step_stand_on_one_line_if_there_is_room() -> None:
    assert lay_out(DEEP, 200)[4].endswith("  cell 0-2 memory 0->1, folio 0 PG_dirty 0->1")


def test_where_there_is_none_they_are_staggered_and_each_run_is_named() -> None:
    assert lay_out(DEEP, 72) == [
        "  [writer 0]",
        "  append()",
        "    iomap_file_buffered_write()",
        "      iomap_write_iter()",
        "        copy_folio_from_iter_atomic(folio 0, pos 0)",
        "                                                  cell 0-2 memory 0->1",
        "                                                  folio 0 PG_dirty 0->1",
        "                           [flusher]",
        "                           writepages()",
        "                             folio_lock(folio 0)  folio 0 PG_locked 0->1",
        "  [writer 0]",
        "        i_size_write(pos 3)                       i_size 0->3",
        "  <the end>",
    ]


@pytest.mark.parametrize("width", [72, 76, 80, 100, 120, 160, 200])
def test_no_line_is_wider_than_the_text(width: int) -> None:
    assert all(len(line) <= width for line in lay_out(DEEP, width))


def test_what_is_too_long_for_a_line_goes_on_in_the_next() -> None:
    sentence = "folio_lock(), and a second look at folio->mapping, which its holder alone may change"
    call = "filemap_get_folios_tag(start 0, end 2, PAGECACHE_TAG_WRITEBACK) = 2"
    other = (Line(1, d, "f()") for d in range(12))
    picture = Picture(("reader", "truncater"), (Line(0, 0, "a_call_that_is_rather_long(folio 0, pos 0)"), *other,
                                                Line(1, 12, sentence), Line(1, 12, call)))  # fmt: skip
    lines = lay_out(picture, 80)

    assert all(len(line) <= 80 for line in lines)
    assert sentence in " ".join(" ".join(lines).split()) and call in " ".join(" ".join(lines).split())


# ---------------------------------------------------------------- names, lines


def test_structs_have_the_names_that_they_have_in_c() -> None:
    assert [as_in_c(name) for name in ("Folio", "BufferHead", "NfsPgioHeader")] == ["folio", "buffer_head", "nfs_pgio_header"]


def test_changes_are_grouped_and_named() -> None:
    fields = [
        variable(
            "Folio.locked",
            Type("owner", 0, 3),
            2,
            label="PG_locked",
            struct="Folio",
            field="locked",
            lock="mutex",
        ),
        variable(
            "Folio.data",
            Type("enum", 0, 2, "Data", ("ZERO", "OLD", "NEW")),
            6,
            per=3,
            struct="Folio",
            field="data",
        ),
        variable(
            "Wbc.folio",
            Type("ref", 0, 2, "Folio"),
            struct="Wbc",
            field="folio",
            label="the folio that is being written",
        ),
        variable("seen", ghost=True),
        variable("ops_left", int_type(0, 3), init=3),
        variable("plain", count=2),
    ]
    names = Names(program("named", fields, [process("t", rest(0), instances=2, names=("CPU0", "CPU1"))]))
    before = (0, 0) + (0, 2) + (0, 0, 0, 1, 1, 1) + (0,) + (0,) + (3,) + (0, 0)
    after = (0, 0) + (1, 1) + (2, 2, 0, 1, 2, 1) + (2,) + (1,) + (2,) + (1, 1)

    assert names.changes(before, after) == [
        "folio 0 PG_locked 0->1",
        "folio 1 PG_locked changes hands",
        "folio 0 data[0-1] ZERO->NEW",
        "folio 1 data[1] OLD->NEW",
        "folio None->folio 1",
        "plain[0-1] 0->1",
    ]
    assert "seen 0->1" in names.changes(before, after, ghosts=True)
    assert [names.value(fields[0].type, v) for v in range(4)] == ["nobody", "CPU0", "CPU1", "somebody"]
    assert names.argument("inode", Type("ref", 0, 1, "Folio"), 0) == "inode None"
    assert [names.argument("sync", BOOL, v) for v in (0, 1)] == ["not sync", "sync"]
    assert ranges([5, 1, 0, 2]) == "0-2,5"


MODEL = '''
from checker.lang import Array, Field, Flag, Range, Struct, constant, drawing, enum, invariant, process, scenario

CELLS = constant(2, "cells in a block")
Content = enum("Content", "STALE ZERO NEW")
STALE, ZERO, NEW = Content


class Folio(Struct, count=2):
    """A folio of two blocks."""

    there = Flag("mapping")
    data = Array(Field(Content, "data", init=ZERO), 2 * CELLS)


class Inode(Struct):
    """The file."""

    size = Range(0, 8, "i_size")


def write():
    """Write three cells of the second folio."""
    Folio[1].there = True
    Folio[1].data[0] = NEW
    Inode[0].size = 5


@invariant
def small(inode: Inode):
    """The file stays small."""
    return inode.size < 5


row = drawing(
    "cache", Folio.data, {STALE: "s", ZERO: "0", NEW: "D"}, group=CELLS, marks=(Inode.size,), over={Folio.there: {False: " "}}
)
alone = scenario("One writer.", process("writer", write))
'''


def test_a_drawing_declared_in_a_model_appears_in_its_counterexamples(tmp_path) -> None:
    file = tmp_path / "file_model.py"
    file.write_text(MODEL)

    lines = check(model=str(file), engine="interpret").picture().splitlines()

    assert [line.strip() for line in lines[4:8]] == ["At the start:", "cache  |  |  |  |  |", "^ i_size = 0", ""]
    assert lines[-2:] == ["    cache  |  |  |D0|00|", "                   ^ i_size = 5"]
    assert any("cache |  |  |D0|00|" in line for line in lines)
