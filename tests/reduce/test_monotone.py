"""Which way a write can change an expression: what is claimed, against all values there are."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from checker.ir.interpreter import Interpreter
from checker.ir.program import Assign, Binary, Const, Expr, Ite, Read, Type, Unary
from checker.reduce.monotone import BOTH, DOWN, NEITHER, UP, Change, directions, ways_of
from tests.support.programs import block, process, program, variable

RANGE = range(0, 3)
X, Y = Read("x"), [Read("y", Const(k)) for k in range(2)]
INDEXED = Read("y", Binary("min", X, Const(1)))


@pytest.fixture(scope="module")
def judge() -> Interpreter:
    return small_judge()


def small_judge() -> Interpreter:
    """Of a program with the variables x and y."""
    kind = Type("int", RANGE[0], RANGE[-1])
    return Interpreter(program("none", [variable("x", kind), variable("y", kind, 2)], [process("p", block(0))]))


def number(random: Random, depth: int) -> Expr:
    """A random expression with a number as value."""
    if depth == 0:
        return random.choice([X, *Y, *Y, Const(random.randint(0, 2))])
    kind = random.choice(["leaf", "leaf", "sum", "less", "most", "scaled", "choice", "indexed", "minus"])
    parts = [number(random, depth - 1) for _ in range(2)]
    return {
        "leaf": parts[0],
        "sum": Binary("+", *parts),
        "less": Binary("-", *parts),
        "most": Binary(random.choice(["min", "max"]), *parts),
        "scaled": Binary(random.choice(["*", "//", "%"]), parts[0], Const(2)),
        "choice": Ite(flag(random, depth - 1), *(parts if random.random() < 0.5 else random.choice(((Const(1), Const(0)), (Const(0), Const(1)))))),
        "indexed": INDEXED,
        "minus": Unary("-", parts[0]),
    }[kind]


def flag(random: Random, depth: int) -> Expr:
    """A random expression with a truth value."""
    if depth > 0 and random.random() < 0.6:
        parts = [flag(random, depth - 1) for _ in range(2)]
        return random.choice([Binary("and", *parts), Binary("or", *parts), Unary("not", parts[0])])
    compare = random.choice(["==", "!=", "<", "<=", ">", ">="])
    return Binary(compare, number(random, max(depth - 1, 0)), number(random, max(depth - 1, 0)))


def changes() -> list[Change]:
    lo, hi = RANGE[0], RANGE[-1]
    sets = [Change(var, k, value, BOTH, lo, hi) for var, k in (("x", 0), ("y", 0), ("y", 1)) for value in RANGE]
    return sets + [Change(var, k, None, ways, lo, hi) for var, k in (("x", 0), ("y", 1)) for ways in (UP, DOWN, BOTH)]


def effects(judge: Interpreter, change: Change):
    """Every state, and every state that `change` can make of it."""
    at = judge.slots.at(change.var, change.element)
    for values in product(RANGE, repeat=3):
        before = (0, *values)
        may_rise, may_fall = change.ways
        for value in RANGE if change.value is None else [change.value]:
            risen = value > before[at]
            if change.value is not None or value == before[at] or (may_rise if risen else may_fall):
                yield before, before[:at] + (value,) + before[at + 1 :]


@pytest.mark.parametrize("seed", range(40))
def test_nothing_moves_in_a_way_that_was_ruled_out(judge: Interpreter, seed: int) -> None:
    random = Random(seed)
    for expr in (flag(random, 3), number(random, 2)):
        for change in changes():
            rise, fall = directions(expr, change)
            for before, after in effects(judge, change):
                old, new = (judge.evaluate(expr, state) for state in (before, after))
                assert (new <= old or rise) and (new >= old or fall), (expr, change, before, after)


def test_what_is_ruled_out_is_worth_something() -> None:
    """An answer that is always "both" would be right, and useless."""
    clean, busy = Binary("==", X, Const(0)), Binary("!=", Y[0], Const(0))
    implied = Binary("or", Unary("not", busy), clean)
    to_zero, to_one = (Change("x", 0, value, BOTH, 0, 2) for value in (0, 1))

    assert directions(implied, to_zero) == UP and directions(implied, to_one) == DOWN
    assert directions(implied, Change("y", 0, None, UP, 0, 2)) == BOTH  # `!=` is not ordered
    assert directions(implied, Change("y", 1, 0, BOTH, 0, 2)) == NEITHER
    assert directions(Binary("<=", X, Y[0]), Change("y", 0, None, UP, 0, 2)) == UP


@pytest.mark.parametrize(
    "value, ways",
    [
        (Binary("+", X, Const(1)), UP), (Binary("-", X, Const(1)), DOWN), (Binary("min", X, Y[0]), DOWN),
        (Binary("max", X, Y[0]), UP), (Binary("-", Const(1), X), BOTH), (Y[0], BOTH),
    ],
)  # fmt: skip
def test_assignments_move_one_way(value: Expr, ways) -> None:
    assert ways_of(Assign("x", Const(0), value)) == ways
