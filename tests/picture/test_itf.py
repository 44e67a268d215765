"""Traces in the Informal Trace Format."""

from __future__ import annotations

from dataclasses import replace

from checker.ir.program import (
    Choose,
    Goto,
    If,
    int_type,
)
from checker.picture.itf import to_itf
from checker.trace.trace import replay
from tests.support.appends import FAIL, append_trace
from tests.support.programs import block, process, program, read, variable
from tests.support.small_search import shortest_violation


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
        "index": 8,
        "thread": "flusher",
        "action": "end_io()",
        "source": "file.py:51",
        "calls": ["writepages", "completion"],
    }
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
