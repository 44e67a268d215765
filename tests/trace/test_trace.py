"""Replaying, reordering, storing and following traces."""

from __future__ import annotations

import pytest

from checker.base.errors import InternalError, UsageError
from checker.ir.interpreter import Interpreter
from checker.ir.program import Check, Choose, Goto, int_type
from checker.trace.file import RULER, read, text_of, write
from checker.trace.trace import Facts, Turn, fewest_switches, follow, replay
from tests.support.operators import (
    EXAMPLES, assign, binary, block, lock_program, process, program, prop, rest, variable,
)  # fmt: skip
from tests.support.operators import (
    read as value,
)
from tests.support.small_search import shortest_path, shortest_violation

FACTS = Facts("broken", "two", 3, {"CELLS": 2}, "tests/models/locks.py")


def test_replay_finds_the_steps_and_the_violation() -> None:
    model = lock_program(broken=True)

    trace = shortest_violation(model)

    assert [(s.process, s.instance, s.choices) for s in trace.steps][:2] == [(0, 0, ()), (0, 0, ())]
    assert trace.violation.property == "alone"
    assert len(trace.states) == len(trace.steps) + 1


@pytest.mark.parametrize("name", [e.name for e in EXAMPLES if e.violated])
def test_every_violated_example_replays(name: str) -> None:
    example = next(e for e in EXAMPLES if e.name == name)

    assert shortest_violation(example.program).violation.property in example.violated


def test_a_failing_step_has_no_successor() -> None:
    model = next(e.program for e in EXAMPLES if e.name == "check that fails for some")

    trace = shortest_violation(model)

    assert (len(trace.states), len(trace.steps), trace.steps[0].choices) == (1, 1, (2,))


def test_engines_that_disagree_are_an_internal_error() -> None:
    model = lock_program(broken=True)
    path, last = shortest_path(model)

    with pytest.raises(InternalError, match="no such initial state"):
        replay(model, path[1:], last)
    with pytest.raises(InternalError, match="no step 1 like this"):
        replay(model, [path[0], *path[2:]], last)
    with pytest.raises(InternalError, match="sees no violation after 1 steps"):
        replay(model, path[:2], None)
    with pytest.raises(InternalError, match="no violation of nothing_of_the_kind"):
        replay(model, path, last, "nothing_of_the_kind")
    with pytest.raises(InternalError, match="no violation in the next step of CPU1"):
        replay(model, path[:1], (0, 1))


def test_a_trace_may_show_a_state_that_violates_nothing() -> None:
    model = lock_program()
    judge = Interpreter(model)
    start = judge.initial_states()[0]

    trace = replay(model, [start, judge.steps(start)[0].after], None, property=None)

    assert trace.violation is None
    assert len(trace.steps) == 1


def busy(threads: int, steps: int) -> tuple:
    """Threads that each count to `steps` on their own; it is wrong that all have done so."""
    n = [variable(f"n{i}", int_type(0, steps)) for i in range(threads)]
    done = binary("<", value("n0"), steps)
    for i in range(1, threads):
        done = binary("or", done, binary("<", value(f"n{i}"), steps))
    counting = [
        process(
            f"t{i}",
            block(
                0,
                assign(f"n{i}", binary("+", value(f"n{i}"), 1)),
                Goto(0),
                guard=binary("<", value(f"n{i}"), steps),
            ),
            rests=(0,),
        )
        for i in range(threads)
    ]
    model = program("busy", n, counting, prop("invariant", done))
    judge = Interpreter(model)
    path = [judge.initial_states()[0]]
    for number in range(steps * threads):  # one step of each in turn
        path.append(next(s.after for s in judge.steps(path[-1]) if s.process == number % threads))
    return model, path


def test_reordering_leaves_the_fewest_context_switches() -> None:
    trace = replay(*busy(3, 4))

    better = fewest_switches(trace)

    assert (trace.switches(), better.switches()) == (11, 2)
    assert len(better.steps) == len(trace.steps)
    assert better.states[-1] == trace.states[-1]
    assert replay(better.program, better.states).violation == better.violation


def test_reordering_keeps_what_depends_on_the_order() -> None:
    """b can move only after a has, and a second time only after b has."""
    turn = variable("turn", int_type(0, 4))
    ps = [
        process(
            name,
            *(
                block(
                    k,
                    assign("turn", 2 * k + i + 1),
                    Goto(k + 1),
                    guard=binary("==", value("turn"), 2 * k + i),
                )
                for k in range(2)
            ),
            rest(2),
        )
        for i, name in enumerate("ab")
    ]
    trace = shortest_violation(program("turns", [turn], ps, prop("invariant", binary("<", value("turn"), 4))))

    assert fewest_switches(trace) == trace
    assert trace.switches() == 3


def test_reordering_keeps_a_step_that_fails_at_the_end() -> None:
    x = variable("x", int_type(0, 9))
    fails = process(
        "a",
        *(block(k, Goto(k + 1)) for k in range(3)),
        block(3, Check(binary("==", value("x"), 0), "bug_on", "x"), Goto(4)),
        rest(4),
    )
    other = process(
        "b", *(block(k, Goto(k + 1)) for k in range(3)), block(3, assign("x", 1), Goto(4)), rest(4)
    )
    model = program("fails", [x], [fails, other])
    judge = Interpreter(model)
    path = [judge.initial_states()[0]]
    for number in range(8):
        after = next((s.after for s in judge.steps(path[-1]) if s.process == (number + 1) % 2), None)
        path += [after] if after else []
    trace = replay(model, path, (0, 0))

    better = fewest_switches(trace)

    assert (trace.switches(), better.switches()) == (7, 1)
    assert better.steps[-1].violation.property == "bug_on"


# ---------------------------------------------------------------------- files


def stored_locks(tmp_path, **kind):
    trace = shortest_violation(lock_program(**kind), FACTS)
    path = tmp_path / "counterexamples" / "broken.txt"
    write(path, trace, "a picture\n  of it")
    return trace, path


def test_a_file_brings_back_facts_schedule_and_picture(tmp_path) -> None:
    trace, path = stored_locks(tmp_path, broken=True)

    stored = read(path)
    followed = stored.follow(lock_program(broken=True))

    assert stored.facts == FACTS
    assert stored.property == "alone"
    assert stored.picture == "a picture\n  of it"
    assert followed.stopped is None and not followed.strange
    assert followed.trace.states == trace.states
    assert followed.trace.violation == trace.violation
    assert [p.name for p in path.parent.iterdir()] == ["broken.txt"]


def test_a_file_has_choices_and_the_initial_state(tmp_path) -> None:
    choosing = process(
        "p q",
        block(0, Choose("p q:x", -3, 3), Choose("p q:y", 0, 1), assign("a", value("p q:x")), Goto(1)),
        rest(1),
    )
    xs = [variable(f"p q:{n}", int_type(-3, 3), process="p q", init=-3) for n in "xy"]
    setup = (Choose("a", 0, 2), Goto(0))
    model = program(
        "choosing",
        [variable("a", int_type(-3, 3)), *xs],
        [choosing],
        prop("invariant", binary(">", value("a"), -2)),
        setup=setup,
    )
    judge = Interpreter(model)
    first = judge.initial_states()[2]
    trace = replay(model, [first, judge.steps(first)[1].after], None)
    write(tmp_path / "x.txt", trace, "")

    stored = read(tmp_path / "x.txt")

    assert stored.start == 2
    assert stored.turns[0].choices == (-3, 0)  # y is dead, so its values make no difference
    assert stored.follow(model).trace.states == trace.states


def spoil(path, change) -> str:
    """The message for a file whose text has been changed."""
    path.write_text(change(path.read_text()))
    with pytest.raises(UsageError) as caught:
        read(path)
    return str(caught.value)


def test_a_file_cut_off_anywhere_is_refused_with_its_line(tmp_path) -> None:
    _, path = stored_locks(tmp_path, broken=True)
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    for kept in range(len(lines)):
        message = spoil(path, lambda _, kept=kept: "".join(lines[:kept]))

        assert message.startswith(f"{path}:{kept}: ")
        assert "cut off" in message


def test_an_edited_file_is_refused_with_its_line(tmp_path) -> None:
    _, path = stored_locks(tmp_path, broken=True)
    whole = path.read_text()
    lines = whole.splitlines()
    step = next(n for n, line in enumerate(lines, 1) if line.startswith("step 2"))

    def changed(old: str, new: str) -> str:
        assert old in whole
        return spoil(path, lambda _: whole.replace(old, new))

    assert changed("step 2 ", "step 7 ").endswith(f":{step}: step 7 follows step 1")
    assert f":{len(lines)}: the schedule above is not the one that was written" in changed(
        "CPU0 | enter", "CPU1 | enter"
    )
    assert "'three' is not a number" in changed("bound 3", "bound three")
    assert "this is no line of a schedule: 'colour red'" in changed("bound 3", "colour red")
    assert "this version reads format 1" in changed("format 1", "format 9")
    assert "a step is written: step NUMBER | PROCESS" in changed("| enter", "enter")
    assert f":{len(lines) + 1}: there is text behind the digest" in spoil(path, lambda _: whole + "more\n")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not a text file"):
        read(path)
    with pytest.raises(UsageError, match="No such file"):
        read(tmp_path / "absent.txt")


def test_a_schedule_on_another_design_names_the_first_step_that_is_not_possible(tmp_path) -> None:
    _, path = stored_locks(tmp_path, broken=True)

    followed = read(path).follow(lock_program())

    assert followed.trace.violation is None
    assert followed.stopped == len(followed.trace.steps)
    assert followed.why == "CPU1 stands before lock and cannot go on"


def test_a_schedule_with_an_unknown_process_names_those_there_are(tmp_path) -> None:
    _, path = stored_locks(tmp_path, broken=True)

    with pytest.raises(UsageError, match="no process 'CPU0' in this scenario; there are p"):
        read(path).follow(EXAMPLES[0].program)


def test_steps_with_another_name_are_strange_but_possible() -> None:
    turns = [Turn(0, 0, (), "something_else"), Turn(0, 0, (), "lock"), Turn(0, 0, (5,), "enter"), Turn(0, 7)]

    followed = follow(lock_program(), turns)

    assert followed.strange == (0,)
    assert (followed.stopped, followed.why) == (
        2,
        "CPU0 stands before enter, where the choices [5] do not exist, but []",
    )
    assert follow(lock_program(), turns[3:]).why == "there is no such process"
    assert follow(lock_program(), [], start=4).why == "there is no initial state 4; there are 1"


def test_the_text_ends_with_schedule_and_digest() -> None:
    text = text_of(shortest_violation(lock_program(in_order=False), FACTS), "picture", "there.txt")

    assert text.startswith("# Checked again by: python -m checker replay there.txt\n\npicture\n\n" + RULER)
    assert text.split(RULER)[1].splitlines()[1:-1] == [
        "format 1",
        "model tests/models/locks.py",
        "design broken",
        "scenario two",
        "bound 3",
        "set CELLS = 2",
        "property deadlock",
        "start 0",
        "step 1   | CPU0 | lock |",
        "step 2   | CPU1 | lock |",
    ]


def test_other_violations_on_the_way_do_not_stop_the_schedule() -> None:
    n = variable("n", int_type(0, 3))
    up = block(0, assign("n", binary("+", value("n"), 1)), Goto(0), guard=binary("<", value("n"), 3))
    below = [prop("invariant", binary("<", value("n"), limit), f"below_{limit}") for limit in (1, 3)]
    model = program("two", [n], [process("p", up, rests=(0,))], *below)
    turns = [Turn(0, 0)] * 3

    ends = [follow(model, turns, property=name).trace for name in ("below_1", "below_3", "below_9", "")]

    assert [(t.violation.property, len(t.steps)) for t in ends] == [
        ("below_1", 1),
        ("below_3", 3),
        ("below_1", 1),
        ("below_1", 1),
    ]
