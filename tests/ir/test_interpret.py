"""The reference semantics, against values worked out by hand or by Python itself."""

from __future__ import annotations

import dataclasses

import pytest

from checker.base.errors import InternalError, UsageError
from checker.ir import program as ir
from checker.ir.interpreter import Interpreter
from tests.support.operators import (
    EXAMPLES, SMALL, Example, assign, binary, block, counting, lock_program, process, program, prop, read, rest,
    variable,
)  # fmt: skip
from tests.support.small_search import explore


def nodes(value: object) -> list[object]:
    """Every IR object below `value`."""
    if isinstance(value, (tuple, list, frozenset)):
        return [n for item in value for n in nodes(item)]
    if dataclasses.is_dataclass(value):
        return [value, *(n for f in dataclasses.fields(value) for n in nodes(getattr(value, f.name)))]
    return []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_example(example: Example) -> None:
    states, transitions, violated = explore(example.program)

    assert len(states) == example.states
    assert transitions == example.transitions
    assert violated == example.violated


def test_names_of_examples_differ() -> None:
    assert len({e.name for e in EXAMPLES}) == len(EXAMPLES)


def test_every_operator_statement_and_type_has_an_example() -> None:
    used = nodes([e.program for e in EXAMPLES])

    assert {n.op for n in used if isinstance(n, ir.Binary)} == set(ir.BINARY_OPS)
    assert {n.op for n in used if isinstance(n, ir.Unary)} == set(ir.UNARY_OPS)
    assert set(ir.Expr.__subclasses__()) <= {type(n) for n in used}
    assert set(ir.Stmt.__subclasses__()) <= {type(n) for n in used}
    assert {n.kind for n in used if isinstance(n, ir.Type)} == {"bool", "int", "enum", "ref", "owner"}
    kinds = {"invariant", "transition", "crash", "terminal", "reachable"}
    assert kinds <= {n.kind for n in used if isinstance(n, ir.Property)}


PYTHON = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "min": min,
    "max": max,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "and": lambda a, b: a > 0 and b > 0,
    "or": lambda a, b: a > 0 or b > 0,
    "//": lambda a, b: a // 2 + 4 * (b // 3),
    "%": lambda a, b: a % 2 + 4 * (b % 3),
}


@pytest.mark.parametrize("op", ir.BINARY_OPS)
def test_operator_computes_what_python_does(op: str) -> None:
    example = next(e for e in EXAMPLES if e.name == f"binary {op}")
    slots = Interpreter(example.program).slots
    a, b, c = (slots.at(name) for name in "abc")

    ends = {(s[a], s[b], s[c]) for s in explore(example.program)[0] if s[0] == 2}

    assert ends == {(x, y, int(PYTHON[op](x, y))) for x in range(-3, 4) for y in range(-3, 4)}


def test_an_index_outside_reads_the_first_element_and_writes_nothing() -> None:
    by_name = {e.name: e.program for e in EXAMPLES}
    reading, writing = by_name["read at an index, also outside"], by_name["write at an index, also outside"]
    slots = Interpreter(reading).slots

    got = {(s[slots.at("at")], s[slots.at("got")]) for s in explore(reading)[0] if s[0] == 1}
    left = {
        (s[slots.at("at")], s[slots.at("cells") : slots.at("cells") + 3])
        for s in explore(writing)[0]
        if s[0] == 1
    }

    assert got == {(-2, 5), (-1, 5), (0, 5), (1, 4), (2, 3), (3, 5), (4, 5)}
    whole = (5, 4, 3)
    assert left == {
        (-2, whole),
        (-1, whole),
        (0, (0, 4, 3)),
        (1, (5, 0, 3)),
        (2, (5, 4, 0)),
        (3, whole),
        (4, whole),
    }


def test_steps_come_in_the_order_of_processes_instances_and_choices() -> None:
    two = [
        process(
            "first", block(0, ir.Choose("first:x", 0, 1), assign("a", read("first:x")), ir.Goto(1)), rest(1)
        ),
        process("second", block(0, ir.Goto(1)), rest(1), instances=2),
    ]
    model = program(
        "order", [variable("a", SMALL), variable("first:x", SMALL, init=-3, process="first")], two
    )
    judge = Interpreter(model)

    taken = [(s.process, s.instance, s.choices) for s in judge.steps(judge.initial_states()[0])]

    assert taken == [(0, 0, (0,)), (0, 0, (1,)), (1, 0, ()), (1, 1, ())]


def test_a_choice_is_dead_after_the_step_and_a_note_saw_it() -> None:
    example = next(e for e in EXAMPLES if e.name == "note")
    judge = Interpreter(example.program)

    steps = judge.steps(judge.initial_states()[0])

    assert [s.notes[0].value for s in steps] == list(range(-3, 4))
    assert {s.after[judge.slots.at("p:x")] for s in steps} == {-3}


def test_a_violation_names_property_sentence_binding_and_place() -> None:
    two = next(e.program for e in EXAMPLES if e.name == "invariant with parameters")
    fails = next(e.program for e in EXAMPLES if e.name == "check that fails for some")
    judge, checks = Interpreter(two), Interpreter(fails)

    by_state = [judge.judge((0, n, 0)) for n in range(4)]
    by_step = [s.violation for s in checks.steps(checks.initial_states()[0]) if s.violation]

    assert by_state[:3] == [[], [], []]
    assert [(v.property, v.message, v.binding) for v in by_state[3]] == [
        ("bound", "n stays below the limit.", (("limit", "3"),))
    ]
    assert {(v.property, v.message) for v in by_step} == {("range", "a := x is too large")}


def test_deadlock_names_who_is_stuck() -> None:
    judge = Interpreter(lock_program(in_order=False))
    stuck = next(s for s in explore(judge.program)[0] if not judge.steps(s))

    assert [v.message for v in judge.at_rest(stuck)] == ["Nothing can move; not at rest: CPU0, CPU1"]


def test_reached_gives_witnesses_and_premises() -> None:
    n = read("n")
    model = counting(
        "witnesses",
        prop("reachable", binary("==", n, 1), "one"),
        prop("invariant", ir.Const(1), "two", premise=binary("==", n, 2)),
        prop("transition", ir.Const(1), "from_two", premise=binary("==", read("n", old=True), 2)),
        prop("terminal", ir.Const(1), "at_three", premise=binary("==", n, 3)),
    ).program
    judge = Interpreter(model)
    zero, one, two, three = sorted(explore(model)[0], key=lambda s: s[1])

    assert [judge.reached(s) for s in (zero, one, two, three)] == [set(), {"one"}, {"two"}, set()]
    assert judge.reached(three, before=two, resting=True) == {"from_two", "at_three"}


def test_setup_gives_each_initial_state_once_and_may_not_violate() -> None:
    n_of = [
        s[1]
        for s in Interpreter(
            next(e.program for e in EXAMPLES if e.name == "setup that chooses")
        ).initial_states()
    ]
    wrong = counting("wrong", setup=(ir.Fail("bug_on", "no folio"),)).program

    assert n_of == [2, 3]
    with pytest.raises(UsageError, match="the setup violates bug_on: no folio"):
        Interpreter(wrong).initial_states()


def test_a_value_outside_its_range_without_a_check_is_the_checkers_fault() -> None:
    model = program(
        "overflow", [variable("a", SMALL)], [process("p", block(0, assign("a", 4), ir.Goto(1)), rest(1))]
    )
    judge = Interpreter(model)

    with pytest.raises(InternalError, match="a := 4 is out of its range"):
        judge.steps(judge.initial_states()[0])
