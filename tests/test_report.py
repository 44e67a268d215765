"""The text of counterexamples: what is said, where it stands, how it fits the width."""

from __future__ import annotations

import re
from dataclasses import replace
from types import ModuleType

import pytest

from checker import lang
from checker.catalogue import Catalogue
from checker.drawing import draw, rows_of
from checker.explain import falsifiers, wait_for_graph, waits
from checker.interpret import Interpreter
from checker.ir import (
    BOOL,
    Call,
    Choose,
    Fail,
    Frame,
    Goto,
    If,
    Instance,
    Instantiation,
    Note,
    Pos,
    Program,
    Property,
    Self,
    Type,
    Unary,
    int_type,
)  # fmt: skip
from checker.itf import to_itf
from checker.picture import Line, Picture, lay_out
from checker.report import counterexample, paint, verdict_line
from checker.result import PropertyResult, Result, Violation
from checker.trace import Facts, fewest_switches, replay
from checker.values import Names, ranges
from tests.operators import assign, binary, block, lock_program, process, program, prop, read, rest, variable
from tests.small_search import shortest_violation

FAIL = Fail("bug_on", "not under writeback")
FACTS = Facts("broken", "two", 3, {"CELLS": 2})


# ----------------------------------------------------- a file that is appended to

SIZE, CELL = int_type(0, 4), int_type(0, 3)


def at(line: int, *functions: str) -> tuple[Frame, ...]:
    return tuple(Frame(name, Pos("file.py", line + depth)) for depth, name in enumerate(functions))


def append_program() -> Program:
    """A writer that appends two cells twice, and a completion that records the size too early.

    Cells are written behind the size; the completion takes the size of the moment for the
    size on disk, after the device got what was there before.
    """
    memory = variable("Cell.memory", BOOL, 4, label="memory", struct="Cell", field="memory")
    disk = variable("Cell.disk", BOOL, 4, label="disk", struct="Cell", field="disk")
    size = variable("Inode.i_size", SIZE, label="i_size", struct="Inode", field="i_size")
    on_disk = variable("Inode.i_disk_size", SIZE, label="i_disk_size", struct="Inode", field="i_disk_size")
    submitted = variable("Inode.submitted", SIZE, label="submitted", struct="Inode", field="submitted")
    shared = [memory, disk, size, on_disk, submitted]

    def ahead(n: int) -> Binary_:
        return binary("+", read(size.name), n)

    write = process(
        "writer",
        block(0, Goto(1), shown=Call("append", (("len", binary("+", 1, 1), SIZE),)), guard=binary("<", read(size.name), 4), starts=True, frames=()),
        block(1, assign(memory.name, 1, ahead(0)), assign(memory.name, 1, ahead(1)), Goto(2), call="copy_data",
              frames=at(20, "append", "write_iter"), shown=Call("copy_data", (("pos", read(size.name), SIZE),))),
        block(2, assign(size.name, ahead(2)), Note("", ahead(0), SIZE), Goto(0), frames=at(30, "append"), call="i_size_write"),
        rests=(0,), kind="thread", names=("writer 0",),
    )  # fmt: skip
    flush = process(
        "flusher",
        block(0, assign(submitted.name, read(size.name)), *(assign(disk.name, read(memory.name, c), c) for c in range(4)), Goto(1),
              call="submit", frames=at(40, "writepages"), guard=binary(">", read(size.name), 0)),
        block(1, assign(on_disk.name, read(size.name)), Goto(2), call="end_io", frames=at(50, "writepages", "completion")),
        rest(2), rests=(0, 2),
    )  # fmt: skip
    backed = Property(
        "size_is_backed", "crash", "Every cell below the size on disk has its data on disk.",
        tuple(
            Instantiation((("cell", f"cell {c}"),), binary("or", binary("<=", read(on_disk.name), c), read(disk.name, c)))
            for c in range(4)
        ),
    )  # fmt: skip
    return program("file", shared, [write, flush], backed, structs=(("Cell", 4), ("Inode", 1)))


Binary_ = type(binary("+", 1, 1))


def append_trace():
    return fewest_switches(shortest_violation(append_program(), replace(FACTS, settings={})))


class Cell(lang.Struct, count=4):
    memory = lang.Flag()
    disk = lang.Flag()


class Inode(lang.Struct):
    i_size = lang.Range(0, 4)
    i_disk_size = lang.Range(0, 4)
    other = lang.Range(0, 4)


CELLS = lang.constant(2)


def drawings() -> Catalogue:
    module = ModuleType("drawn")
    letters = {False: "0", True: "D"}
    module.cache = lang.drawing(
        "page cache", Cell.memory, letters, CELLS, (Inode.i_size,), legend="D data, 0 zeros"
    )
    module.disk = lang.drawing(
        "disk", Cell.disk, letters, CELLS, (Inode.i_disk_size,), durable=True, legend="D data, 0 zeros"
    )
    module.absent = lang.drawing("absent", Inode.other, {}, 1)
    return Catalogue("file", modules=[module], constants={"CELLS": CELLS})


STORY = """\
VIOLATED size_is_backed, 8 steps, design broken, scenario two, bound 3
  Every cell below the size on disk has its data on disk.
  Not so for cell 2: i_disk_size = 4, cell 2 disk = 0

  At the start:
    page cache  |00|00|
                ^ i_size = 0
    disk        |00|00|
                ^ i_disk_size = 0

  writer 0              flusher
  append(len 2)
    write_iter()
      copy_data(pos 0)                  page cache |DD|00|
    i_size_write() = 2                  i_size 0->2
  append(len 2)
                        writepages()
                          submit()      disk |DD|00|, submitted 0->2
    write_iter()
      copy_data(pos 2)                  page cache |DD|DD|
    i_size_write() = 4                  i_size 2->4
                          completion()
                            end_io()    i_disk_size 0->4

  Before the power failure:
    page cache  |DD|DD|
                      ^ i_size = 4

  <power failure>

  After it:
    disk  |DD|00|
                ^ i_disk_size = 4

  D data, 0 zeros"""


def test_the_story_of_an_append_and_a_power_failure() -> None:
    assert counterexample(append_trace(), rows_of(drawings(), append_program())) == STORY


def test_colour_is_escape_sequences_around_the_same_text() -> None:
    rows = rows_of(drawings(), append_program())

    coloured = counterexample(append_trace(), rows, colour=True)

    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == STORY
    assert STORY.isascii()
    assert paint("", "bad", True) == ""


def test_a_lock_that_deadlocks_is_explained_by_who_waits_for_whom() -> None:
    trace = shortest_violation(lock_program(in_order=False), FACTS)

    assert counterexample(trace).startswith(
        "VIOLATED deadlock, 2 steps, design broken, scenario two, bound 3, CELLS = 2\n"
        "  CPU0  waits in lock(lock 1): lock 1 lock is held by CPU1\n"
        "  CPU1  waits in lock(lock 0): lock 0 lock is held by CPU0\n"
        "  cycle: CPU0 -> CPU1 -> CPU0\n"
    )
    assert sorted((a, b) for a, b, _ in wait_for_graph(trace).edges) == [("CPU0", "CPU1"), ("CPU1", "CPU0")]


def test_waiting_for_a_flag_names_who_set_it_last() -> None:
    flag, never = (
        variable("Folio.wb", label="PG_writeback", struct="Folio", field="wb", count=2),
        variable("never"),
    )
    a = process("a", block(0, assign("Folio.wb", 1, 1), Goto(1)), rest(1))
    wait = binary("and", Unary("not", read("Folio.wb", 1)), binary("==", 1, 1))
    b = process(
        "b",
        block(0, Goto(1), guard=read("Folio.wb", 1)),
        block(1, Goto(2), guard=wait, call="folio_wait"),
        rest(2),
    )
    c = process("c", block(0, Goto(1), guard=read("never"), call="wait_event"), rest(1))
    trace = shortest_violation(program("waits", [flag, never], [a, b, c]))

    found = {w.who: w for w in waits(trace)}

    assert found["b"].what == "folio 1 PG_writeback = 1, set by a"
    assert found["b"].whom == ("a",)
    assert found["c"].what == "never = 0 since the start"
    assert found["c"].whom == ()


def test_waiting_for_a_shared_lock_names_its_holders() -> None:
    rw = variable("rw", Type("owner", 0, 2), lock="mutex")
    readers = variable("readers", int_type(0, 2), lock="readers")
    share = block(0, assign("readers", binary("+", read("readers"), 1)), Goto(1))
    reader = process("reader", share, block(1, Goto(2), guard=binary("==", read("rw"), 2)), rest(2))
    free = binary("and", binary("==", read("rw"), 0), binary("==", read("readers"), 0))
    writer = process("writer", block(0, Goto(1), guard=binary("==", read("readers"), 1)),
                     block(1, assign("rw", Self()), Goto(2), guard=free, call="down_write"), rest(2))  # fmt: skip
    trace = shortest_violation(program("shared", [rw, readers], [reader, writer]))

    found = {w.who: w for w in waits(trace)}

    assert (found["writer"].what, found["writer"].whom) == ("readers is held shared by reader", ("reader",))


def test_waiting_with_nothing_to_choose_from_is_explained_too() -> None:
    n = variable("n", int_type(0, 3))
    none = Choose("p:x", 0, 3, binary("<", read("p:x"), read("n")))
    p = process("p", block(0, none, Goto(1), call="find_slot"), rest(1))
    trace = shortest_violation(program("choice", [n, variable("p:x", int_type(0, 3), process="p")], [p]))

    assert "p  waits in find_slot(): n = 0 since the start" in counterexample(trace)
    assert "(in the initial state)" in counterexample(trace)


def test_only_what_decides_makes_a_property_false() -> None:
    shared = [variable(name, int_type(0, 5), init=2) for name in "abcd"]
    a, b, c, d = (read(name) for name in "abcd")
    two = [binary("==", x, 2) for x in (a, b, c, d)]
    implication = binary(
        "or", Unary("not", two[0]), binary("and", two[1], binary("and", binary("<", c, 2), two[3]))
    )
    p = process("p", rest(0), rests=(0,))

    trace = shortest_violation(program("decides", shared, [p], prop("invariant", implication)))

    assert falsifiers(trace) == ["a = 2", "c = 2"]


def test_a_transition_shows_values_before_the_step() -> None:
    n = variable("n", int_type(0, 3))
    p = process("p", block(0, assign("n", 2), Goto(1)), rest(1))
    grows = binary("<=", read("n"), binary("+", read("n", old=True), 1))

    trace = shortest_violation(program("jump", [n], [p], prop("transition", grows)))

    assert falsifiers(trace) == ["n = 2", "n = 0 before the step"]


def test_a_failing_step_is_marked_in_its_column() -> None:
    trace = shortest_violation(program("fails", [variable("n", int_type(0, 3))], [
        process("p", block(0, assign("n", 1), Goto(1)), block(1, If(read("n"), (FAIL,)), Goto(2), call="end_writeback"), rest(2))
    ]))  # fmt: skip

    assert counterexample(trace).splitlines()[-2:] == [
        "    end_writeback()",
        "    *** bug_on: not under writeback",
    ]


def test_several_initial_states_say_which_one_it_is() -> None:
    setup = (Choose("n", 0, 3), Goto(0))
    model = program(
        "several",
        [variable("n", int_type(0, 3))],
        [process("p", rest(0), rests=(0,))],
        prop("invariant", binary("<", read("n"), 2)),
        setup=setup,
    )

    assert "  At the start:\n    n = 2\n" in counterexample(shortest_violation(model))


def test_what_a_function_returned_stands_behind_it_and_around_it() -> None:
    errno = Type("enum", 0, 1, "Errno", ("OK", "EIO"))
    frames = at(5, "write", "write_begin")
    calls = block(0, Note("get_folio", Instance(), Type("ref", 0, 1, "Folio")), Note("write_begin", binary("+", 0, 1), errno),
                  Note("left", Self(), int_type(0, 3)), assign("n", 1), Goto(1), call="get_folio", frames=frames)  # fmt: skip
    model = program(
        "returns",
        [variable("n")],
        [process("p", calls, rest(1))],
        prop("invariant", binary("==", read("n"), 0)),
    )

    lines = counterexample(shortest_violation(model)).splitlines()

    assert [line[:40].rstrip() for line in lines[-4:]] == [
        "  write()", "    write_begin()", "      get_folio() = None   left = 1  n 0", "    write_begin() = EIO",
    ]  # fmt: skip


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
        Line(0, 0, "append()"), Line(0, 1, "iomap_file_buffered_write()"), Line(0, 2, "iomap_write_iter()"),
        Line(0, 3, "copy_folio_from_iter_atomic(folio 0, pos 0)", ("cell 0-2 memory 0->1", "folio 0 PG_dirty 0->1")),
        Line(1, 0, "writepages()"), Line(1, 1, "folio_lock(folio 0)", ("folio 0 PG_locked 0->1",)),
        Line(0, 3, "i_size_write(pos 3)", ("i_size 0->3",)), Line(-1, 0, "<the end>"),
    ),
)  # fmt: skip


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


# ---------------------------------------------------------------- names, lines


def test_changes_are_grouped_and_named() -> None:
    fields = [
        variable("Folio.locked", Type("owner", 0, 3), 2, label="PG_locked", struct="Folio", field="locked", lock="mutex"),
        variable("Folio.data", Type("enum", 0, 2, "Data", ("ZERO", "OLD", "NEW")), 6, per=3, struct="Folio", field="data"),
        variable("Wbc.folio", Type("ref", 0, 2, "Folio"), struct="Wbc", field="folio", label="the folio that is being written"),
        variable("seen", ghost=True), variable("ops_left", int_type(0, 3), init=3), variable("plain", count=2),
    ]  # fmt: skip
    names = Names(program("named", fields, [process("t", rest(0), instances=2, names=("CPU0", "CPU1"))]))
    before = (0, 0) + (0, 2) + (0, 0, 0, 1, 1, 1) + (0,) + (0,) + (3,) + (0, 0)
    after = (0, 0) + (1, 1) + (2, 2, 0, 1, 2, 1) + (2,) + (1,) + (2,) + (1, 1)

    assert names.changes(before, after) == [
        "folio 0 PG_locked 0->1", "folio 1 PG_locked changes hands", "folio 0 data[0-1] ZERO->NEW", "folio 1 data[1] OLD->NEW",
        "folio None->folio 1", "plain[0-1] 0->1",
    ]  # fmt: skip
    assert "seen 0->1" in names.changes(before, after, ghosts=True)
    assert [names.value(fields[0].type, v) for v in range(4)] == ["nobody", "CPU0", "CPU1", "somebody"]
    assert names.argument("inode", Type("ref", 0, 1, "Folio"), 0) == "inode None"
    assert [names.argument("sync", BOOL, v) for v in (0, 1)] == ["not sync", "sync"]
    assert ranges([5, 1, 0, 2]) == "0-2,5"


def result(**changes) -> Result:
    facts = dict(
        verdict="holds", design="iomap", scenario="default", bound=4, states=1074, transitions=9500, depth=31, levels=(1,),
        seconds=0.8, compile_seconds=0.1, bytes_per_state=16.0, reductions=(), engine="native",
        properties=tuple(PropertyResult(f"p{i}", "invariant", "holds") for i in range(17)), violation=None, stopped_by="",
        program=lock_program(),
    )  # fmt: skip
    return Result(**(facts | changes))


def test_the_verdict_line_has_one_form() -> None:
    statistics = "1,074 states, 9,500 transitions, depth 31"
    violated = result(
        verdict="violated", stopped_by="violation", violation=Violation("size_is_backed", "...")
    )
    stopped = result(
        verdict="incomplete", stopped_by="memory", reductions=("partial order", "symmetry"), bound=None
    )

    assert (
        verdict_line(result())
        == f"holds     iomap  default  bound 4  17 properties  {statistics}, complete, no reduction, 0.8 s"
    )
    assert verdict_line(violated) == (
        f"violated  iomap  default  bound 4  size_is_backed  {statistics}, stopped at the violation, no reduction, 0.8 s"
    )
    assert verdict_line(stopped) == (
        f"incomplete  iomap  default  17 properties  {statistics}, stopped by the memory limit, partial order, symmetry, 0.8 s"
    )
    assert verdict_line(result(), colour=True).startswith("\x1b[1;32mholds   \x1b[0m  iomap")


# ------------------------------------------------------------------------- ITF


def test_itf_has_states_by_name_and_steps_as_metadata() -> None:
    trace = append_trace()

    itf = to_itf(trace)

    assert itf["vars"] == ["Cell", "Inode", "pc", "locals", "mbt::actionTaken", "mbt::nondetPicks"]
    assert itf["#meta"]["violation"]["property"] == "size_is_backed"
    assert (itf["#meta"]["format"], itf["#meta"]["bound"]) == ("ITF", 3)
    assert len(itf["states"]) == len(trace.states)
    last = itf["states"][-1]
    assert last["Inode"]["i_disk_size"] == {"#bigint": "4"}
    assert last["Cell"][2] == {"memory": True, "disk": False}
    assert last["#meta"] == {
        "index": 8, "thread": "flusher", "action": "end_io()", "source": "file.py:51", "calls": ["writepages", "completion"],
    }  # fmt: skip
    assert last["mbt::actionTaken"] == "end_io"
    assert last["pc"]["#map"][0] == ["writer 0", "append"]
    assert itf["states"][0]["mbt::actionTaken"] == "init"
    assert set(last) == {"#meta", *itf["vars"]}
    assert "loop" not in itf


def test_itf_has_choices_locals_failing_step_and_loop() -> None:
    n = variable("p:n", int_type(0, 3), process="p")
    p = process(
        "p",
        block(0, Choose("p:n", 2, 3), Goto(1)),
        block(1, If(read("p:n"), (FAIL,)), Goto(0), live=("p:n",)),
    )
    trace = shortest_violation(program("choice", [n], [p]))

    itf = to_itf(trace)

    assert itf["states"][1]["mbt::nondetPicks"] == {"choices": [{"#bigint": "2"}]}
    assert itf["states"][1]["locals"] == {"#map": [["p", {"n": {"#bigint": "2"}}]]}
    assert itf["#meta"]["violation"]["failing step"]["action"] == "step 1"
    assert to_itf(replace(trace, steps=trace.steps[:1], loop=1, violation=None))["loop"] == 1
    assert replay(trace.program, trace.states[:1], None, property=None).violation is None
