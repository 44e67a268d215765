"""State graphs and lock-order graphs."""

from __future__ import annotations

import networkx
import pytest

from checker.base.errors import UsageError
from checker.graphs.states import (
    dot_text, lock_order_cycles, lock_order_graph, lock_order_text, state_graph, write_graph,
)  # fmt: skip
from checker.ir.program import Block, Frame, Goto, If, Pos, Program, Self, Type, Unary
from tests.support.operators import assign, binary, block, lock_program, process, program, read, rest, variable


def test_the_state_graph_has_every_state_and_transition() -> None:
    graph = state_graph(lock_program())

    assert (graph.number_of_nodes(), graph.number_of_edges()) == (7, 8)
    assert graph.graph["complete"]
    assert graph.graph["note"] == "locks in order: 7 states, 8 transitions, all that are reachable"
    assert graph.nodes[1]["label"] == "lock 0 lock 0 -> 1"
    assert [data["action"] for *_, data in graph.out_edges(0, data=True)] == ["lock(lock 0)", "lock(lock 0)"]


def test_a_cap_is_stated_in_what_is_written(tmp_path) -> None:
    graph = state_graph(lock_program(), cap=4)
    note = "locks in order: 4 states, 3 transitions, the first ones only: capped at 4 states"

    write_graph(graph, tmp_path / "g.graphml")
    write_graph(graph, tmp_path / "g.dot")

    back = networkx.read_graphml(tmp_path / "g.graphml")
    assert (back.number_of_nodes(), back.graph["note"], back.graph["cap"]) == (4, note, 4)
    assert note in (tmp_path / "g.dot").read_text()
    with pytest.raises(UsageError, match=r"written as .graphml or .dot"):
        write_graph(graph, tmp_path / "g.png")


def test_violated_states_stand_out_in_dot() -> None:
    text = dot_text(state_graph(lock_program(broken=True)))

    assert text.count('color="red"') == 4
    assert text.startswith("digraph states {")
    assert '"CPU0: enter()"' in text


# ------------------------------------------------------------------ lock order


def locking(*threads: tuple[str, ...]) -> Program:
    """Threads whose steps are written "+a" (wait for and take lock a), "?a" (try), "-a" (give back)."""
    names = sorted({step[1:] for thread in threads for step in thread})
    owner = Type("owner", 0, len(threads))
    locks = [variable(name, owner, lock="mutex") for name in names]
    processes = []
    for number, thread in enumerate(threads):
        blocks = []
        for label, step in enumerate(thread):
            lock, free = step[1:], binary("==", read(step[1:]), 0)
            where = (Frame("run", Pos(f"t{number}.py", label + 1)),)
            if step[0] == "+":
                blocks.append(block(label, assign(lock, Self()), Goto(label + 1), guard=free, frames=where))
            elif step[0] == "?":
                body = (If(free, (assign(lock, Self()), Goto(label + 1))), Goto(len(thread)))
                blocks.append(block(label, *body, frames=where))
            else:
                blocks.append(block(label, assign(lock, 0), Goto(label + 1), frames=where))
        processes.append(process(f"t{number}", *blocks, rest(len(thread))))
    return program("locking", locks, processes)


def test_lock_order_has_held_and_taken_with_their_places() -> None:
    graph = lock_order_graph(locking(("+a", "+b", "-b", "-a", "+b", "-b")))

    assert list(graph.edges()) == [("a", "b")]
    assert lock_order_text(graph) == ["a -> b", "    t0: t0.py:1, then t0.py:2"]
    assert lock_order_cycles(graph) == []


def test_opposite_orders_are_a_cycle() -> None:
    graph = lock_order_graph(
        locking(("+a", "+b", "-b", "-a"), ("+b", "+c", "-c", "-b"), ("+c", "+a", "-a", "-c"))
    )

    assert lock_order_cycles(graph) == [["a", "b", "c"]]
    told = " ".join(lock_order_text(graph))
    assert told.count("cycle: a -> b -> c -> a A cycle is no deadlock yet.") == 1


def test_a_try_orders_nothing_but_holds() -> None:
    graph = lock_order_graph(locking(("+a", "?b", "+c", "-c", "-b", "-a")))

    assert sorted(graph.edges()) == [("a", "c"), ("b", "c")]


def test_a_lock_nested_in_its_own_kind_is_told_and_is_no_cycle() -> None:
    graph = lock_order_graph(lock_program())

    assert lock_order_cycles(graph) == []
    assert lock_order_text(graph)[0] == "lock -> lock   (another of the same kind)"


def test_a_lock_held_shared_is_the_same_lock() -> None:
    owner = Type("owner", 0, 1)
    free = binary("and", binary("==", read("rw"), 0), Unary("not", read("rw.readers")))
    t = process(
        "t",
        block(0, assign("rw.readers", 1), Goto(1), guard=binary("==", read("rw"), 0)),
        block(1, assign("m", Self()), Goto(2), guard=binary("==", read("m"), 0)),
        block(2, assign("rw.readers", 0), Goto(3)),
        block(3, assign("rw", Self()), Goto(4), guard=free),
        rest(4),
    )
    locks = [variable(name, owner, lock="mutex") for name in ("rw", "m")]
    model = program("shared", [*locks, variable("rw.readers", lock="readers")], [t])

    assert sorted(lock_order_graph(model).edges()) == [("m", "rw"), ("rw", "m")]


def test_a_branch_on_the_result_of_a_try_is_followed() -> None:
    """Take b if it is free; wait for c where it was not, and for d where it was."""
    locks = [variable(name, Type("owner", 0, 1), lock="mutex") for name in "bcd"]
    got = variable("t:got", process="t")

    def wait_for(label: int, lock: str) -> Block:
        return block(label, assign(lock, Self()), Goto(4), guard=binary("==", read(lock), 0))

    take = If(read("t:got"), (assign("b", Self()),))
    t = process(
        "t",
        block(0, assign("t:got", binary("==", read("b"), 0)), take, Goto(1)),
        block(1, If(read("t:got"), (Goto(3),)), Goto(2), live=("t:got",)),
        wait_for(2, "c"),
        wait_for(3, "d"),
        rest(4),
    )

    assert list(lock_order_graph(program("tries", [*locks, got], [t])).edges()) == [("b", "d")]
