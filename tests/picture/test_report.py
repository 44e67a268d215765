"""The text of counterexamples: what is said, and how a violation is explained."""

from __future__ import annotations

import re

import pytest

from checker.ir.program import (
    BOOL, Choose, Goto, If, Self, Type, Unary, int_type,
)  # fmt: skip
from checker.picture.cells import rows_of
from checker.picture.report import counterexample, paint
from checker.trace.explain import explain_deadlock, falsifiers, wait_for_graph, waits
from checker.verdict.line import verdict_line, verdict_lines
from checker.verdict.replay import replayed
from checker.verdict.result import PropertyResult, Result, Violation
from tests.support.appends import FACTS, FAIL, append_program, append_trace, drawings
from tests.support.operators import lock_program
from tests.support.programs import assign, binary, block, process, program, prop, read, rest, variable
from tests.support.small_search import shortest_violation

STORY = """\
VIOLATED size_is_backed, 8 steps, design broken, scenario two, bound 3
  Every cell below the size on disk has its data on disk.
  Violated for cell 2: i_disk_size = 4, cell 2 disk = 0

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


@pytest.mark.parametrize(
    "file, told",
    [
        ("nfs--deadlock", ["PG_writeback = 1, set by reclaim itself", "until reclaim changes it", "cycle: reclaim -> write rpc 0 -> reclaim"]),
        ("afs_truncate_vs_writeback_lock--deadlock", ["io_lock is held by truncater", "cycle: io 0 -> truncater -> io 0"]),
        ("fuse_multi_lock_write_deadlock--deadlock", ["PG_locked is held by writer", "writer waits for itself"]),
    ],
)  # fmt: skip
def test_who_waits_for_what_it_has_done_itself_waits_for_those_who_would_undo_it(file: str, told: list[str]) -> None:
    lines = explain_deadlock(replayed(f"counterexamples/{file}.txt").followed.trace)

    assert [text for text in told if not any(text in line for line in lines)] == []
    assert not any(line.startswith("cycle: reclaim -> reclaim") for line in lines)


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
    sem = {"struct": "Inode", "label": "i_rwsem"}
    rw = variable("Inode.sem", Type("owner", 0, 2), lock="mutex", field="sem", **sem)
    readers = variable("Inode.sem.readers", BOOL, 2, lock="readers", per=2, field="sem.readers", **sem)
    share = block(0, assign(readers.name, 1, binary("-", Self(), 1)), Goto(1))
    reader = process("reader", share, block(1, Goto(2), guard=binary("==", read(rw.name), 2)), rest(2))
    shared = binary("or", read(readers.name, 0), read(readers.name, 1))
    free = binary("and", binary("==", read(rw.name), 0), Unary("not", shared))
    writer = process(
        "writer",
        block(0, Goto(1), guard=read(readers.name, 0)),
        block(1, assign(rw.name, Self()), Goto(2), guard=free, call="down_write"),
        rest(2),
    )
    model = program("shared", [rw, readers], [reader, writer], structs=(("Inode", 1),))

    text = counterexample(shortest_violation(model))

    assert "writer  waits in down_write(): i_rwsem shared is held by reader" in text
    assert "i_rwsem shared 0->1" in text


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
    trace = shortest_violation(
        program(
            "fails",
            [variable("n", int_type(0, 3))],
            [
                process(
                    "p",
                    block(0, assign("n", 1), Goto(1)),
                    block(1, If(read("n"), (FAIL,)), Goto(2), call="end_writeback"),
                    rest(2),
                )
            ],
        )
    )

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


def result(**changes) -> Result:
    facts = dict(
        verdict="holds",
        design="iomap",
        scenario="default",
        bound=4,
        states=1074,
        transitions=9500,
        depth=31,
        levels=(1,),
        seconds=0.8,
        compile_seconds=0.1,
        bytes_per_state=16.0,
        reductions=(),
        shortest=True,
        engine="native",
        properties=tuple(PropertyResult(f"p{i}", "invariant", "holds") for i in range(17)),
        violation=None,
        stopped_by="",
        program=lock_program(),
    )
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
        == f"holds     iomap  default  bound 4  17 properties  {statistics}, complete, no reduction, 0.9 s"
    )
    assert verdict_line(violated) == (
        f"violated  iomap  default  bound 4  size_is_backed  {statistics}, stopped at the violation, no reduction, 0.9 s"
    )
    assert verdict_line(stopped) == (
        f"incomplete  iomap  default  17 properties  {statistics}, stopped by the memory limit, partial order, symmetry, 0.9 s"
    )
    assert verdict_lines(result(), 80) == [
        "holds     iomap  default  bound 4  17 properties",
        f"          {statistics}, complete, no reduction,",
        "          0.9 s",
    ]
    assert verdict_line(result(compile_seconds=2.0)).endswith("no reduction, 2.8 s (2.0 s compiling)")
    assert verdict_lines(result(), 200) == [verdict_line(result())]
    assert verdict_line(result(), colour=True).startswith("\x1b[1;32mholds   \x1b[0m  iomap")
