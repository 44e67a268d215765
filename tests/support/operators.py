"""One tiny program for each operator, statement and type of the IR, for every engine test to walk.

An engine that gets one of them wrong cannot hide it: what an operator computes is kept
in a shared variable, so a wrong value makes a different set of states.  A new operator
without an example makes `tests/ir/test_interpret.py` fail.
"""

from __future__ import annotations

from dataclasses import dataclass

from checker.ir.program import (
    BINARY_OPS, BOOL, Check, Choose, Const, Expr, Fail, Goto, If, Instance, Instantiation, Ite, Note, Program,
    Property, Self, Stmt, Type, Unary, int_type,
)  # fmt: skip
from tests.support.programs import (
    Binary, assign, binary, block, expr, local, lock_program, process, program, prop, read, rest, variable,
)  # fmt: skip

# ---------------------------------------------------------------- examples


@dataclass(frozen=True)
class Example:
    """A program and what is known of it.

    states, transitions: of the whole space, violations not stopping the search;
    violated: names of the properties that are violated somewhere in it.
    """

    program: Program
    states: int
    transitions: int
    violated: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.program.name


SMALL = int_type(-3, 3)
WIDE = int_type(-20, 20)


def computes(name: str, value: Expr, results: int) -> Example:
    """Shared a, b in -3..3 take every pair of values; then c becomes `value`.

    results: number of different (a, b, c) after that, which is 49 for a function.
    """
    p = process(
        "p",
        block(
            0,
            Choose("p:x", -3, 3),
            Choose("p:y", -3, 3),
            assign("a", read("p:x")),
            assign("b", read("p:y")),
            Goto(1),
        ),
        block(1, assign("c", value), Goto(2)),
        rest(2),
    )
    shared = [variable("a", SMALL), variable("b", SMALL), variable("c", WIDE)]
    model = program(name, shared + [local("p", "x", SMALL, init=-3), local("p", "y", SMALL, init=-3)], [p])
    return Example(model, 1 + 49 + results, 49 + 49)


def truth(var: str) -> Expr:
    return binary(">", read(var), 0)


def _binary(op: str) -> Example:
    a, b = read("a"), read("b")
    if op in ("and", "or"):
        return computes(f"binary {op}", Binary(op, truth("a"), truth("b")), 49)
    if op in ("//", "%"):  # for every divisor 1..4, told apart by sign and size of the sum
        value = binary("+", binary(op, a, 2), binary("*", 4, binary(op, b, 3)))
        return computes(f"binary {op}", value, 49)
    return computes(f"binary {op}", Binary(op, a, b), 49)


def _expressions() -> list[Example]:
    a, b = read("a"), read("b")
    return [
        *(_binary(op) for op in BINARY_OPS),
        computes("unary not", Unary("not", truth("a")), 49),
        computes("unary -", Unary("-", a), 49),
        computes("constant below zero", expr(-20), 49),
        computes("if-then-else", Ite(binary("<", a, b), a, binary("*", b, 2)), 49),
        computes("divide by one", binary("+", binary("//", a, 1), binary("%", b, 1)), 49),
        computes("nested", binary("max", binary("-", a, b), binary("min", Unary("-", b), 2)), 49),
    ]


# Arrays, and what an index outside of them means.


def _arrays() -> list[Example]:
    cells = variable("cells", int_type(0, 5), 3, (5, 4, 3))
    index = local("p", "i", int_type(-2, 4), init=-2)

    def each_index(name: str, *body: Stmt, states: int) -> Example:
        p = process("p", block(0, Choose("p:i", -2, 4), *body, assign("at", read("p:i")), Goto(1)), rest(1))
        shared = [cells, variable("got", int_type(0, 5)), variable("at", int_type(-2, 4))]
        return Example(program(name, [*shared, index], [p]), states, 7)

    array = local("p", "mine", int_type(0, 9), 2)
    fill = process(
        "p",
        block(0, assign("p:mine", Instance()), assign("p:mine", Self(), 1), Goto(1)),
        block(
            1,
            assign("sum", binary("+", read("p:mine"), read("p:mine", 1)), Instance()),
            Goto(2),
            live=("p:mine",),
        ),
        rest(2),
        instances=2,
    )
    return [
        each_index("read at an index, also outside", assign("got", read("cells", read("p:i"))), states=8),
        each_index("write at an index, also outside", assign("cells", 0, read("p:i")), states=8),
        Example(
            program("local arrays of two instances", [variable("sum", int_type(0, 9), 2), array], [fill]),
            9,
            12,
        ),
    ]


# Statements.


def _one_step(
    name: str, *body: Stmt, states: int, transitions: int, violated: tuple[str, ...] = (), **rest_
) -> Example:
    variables = [
        variable("a", SMALL),
        variable("b", SMALL),
        local("p", "x", SMALL, init=-3),
        local("p", "y", SMALL, init=-3),
    ]
    model = program(name, variables, [process("p", block(0, *body), rest(1), **rest_)])
    return Example(model, states, transitions, frozenset(violated))


def _statements() -> list[Example]:
    x, y = read("p:x"), read("p:y")
    to_a, to_b = assign("a", x), assign("b", y)
    choose_x = Choose("p:x", -3, 3)
    positive = binary(">", x, 0)
    return [
        _one_step(
            "assign", assign("a", 2), assign("a", binary("+", read("a"), 1)), Goto(1), states=2, transitions=1
        ),
        _one_step("goto itself", Goto(0), states=1, transitions=1),
        _one_step("if without else", choose_x, If(positive, (to_a,)), Goto(1), states=5, transitions=7),
        _one_step(
            "if with else",
            choose_x,
            If(positive, (to_a,), (assign("a", Unary("-", x)),)),
            Goto(1),
            states=5,
            transitions=7,
        ),
        _one_step(
            "if that leaves",
            choose_x,
            If(positive, (to_a, Goto(1))),
            assign("b", 1),
            Goto(1),
            states=5,
            transitions=7,
        ),
        _one_step(
            "if in if",
            choose_x,
            If(
                positive,
                (If(binary("==", x, 3), (assign("b", 3),)), to_a),
                (If(binary("==", x, -3), (Goto(0),)),),
            ),
            Goto(1),
            states=5,
            transitions=7,
        ),
        _one_step(
            "choose in an arm",
            choose_x,
            If(positive, (Choose("p:y", 0, 1), to_a, to_b, Goto(1)), (to_a, Goto(1))),
            states=11,
            transitions=10,
        ),
        _one_step(
            "choose twice", choose_x, Choose("p:y", 0, 1), to_a, to_b, Goto(1), states=15, transitions=14
        ),
        _one_step(
            "choose with a condition",
            choose_x,
            Choose("p:y", -3, 3, binary("==", y, binary("*", x, x))),
            to_a,
            to_b,
            Goto(1),
            states=4,
            transitions=3,
        ),
        _one_step(
            "choose from nothing",
            Choose("p:x", -3, 3, Const(0)),
            Goto(1),
            states=1,
            transitions=0,
            rests=(0,),
        ),
        _one_step(
            "check that holds",
            choose_x,
            Check(binary("<", x, 4), "range", "no"),
            to_a,
            Goto(1),
            states=8,
            transitions=7,
        ),
        _one_step(
            "check that fails for some",
            choose_x,
            Check(binary("<", x, 2), "range", "a := x is too large"),
            to_a,
            Goto(1),
            states=6,
            transitions=5,
            violated=("range",),
        ),
        _one_step(
            "fail",
            choose_x,
            If(positive, (Fail("bug_on", "x > 0"),)),
            to_a,
            Goto(1),
            states=5,
            transitions=4,
            violated=("bug_on",),
        ),
        _one_step("note", choose_x, Note("returns", x, SMALL), to_a, Goto(1), states=8, transitions=7),
    ]


# Types: each value is stored, read back and compared.


def _stores(name: str, type: Type, values: tuple[int, ...]) -> Example:
    """A shared variable and a local, neighbours on both sides, take `values` in turn."""
    blocks = []
    for label, value in enumerate(values):
        body = (
            assign("v", value),
            assign("p:w", read("v")),
            assign("ok", binary("==", read("p:w"), value)),
            Goto(label + 1),
        )
        blocks.append(block(label, *body, live=("p:w",)))
    shared = [
        variable("before", SMALL, init=-1),
        variable("v", type, init=type.lo),
        variable("ok"),
        variable("after", SMALL, init=3),
    ]
    variables = [*shared, local("p", "w", type, init=type.lo)]
    right = binary("and", binary("==", read("before"), -1), binary("==", read("after"), 3))
    p = process("p", *blocks, rest(len(values)))
    always = binary("or", read("ok"), binary("==", read("v"), type.lo))
    return Example(
        program(name, variables, [p], prop("invariant", binary("and", right, always))),
        1 + len(values),
        len(values),
    )


def _types() -> list[Example]:
    return [
        _stores("bool", BOOL, (1, 0, 1)),
        _stores("integers below zero", int_type(-5, -2), (-5, -2, -4)),
        _stores("integers of one value", int_type(7, 7), (7,)),
        _stores("integers of 40 bits", int_type(0, (1 << 40) - 1), ((1 << 40) - 1, 1 << 39, 0, 12345678901)),
        _stores(
            "integers around zero, 33 bits",
            int_type(-(1 << 32), (1 << 32) - 1),
            (-(1 << 32), (1 << 32) - 1, -1),
        ),
        _stores("enumeration", Type("enum", 0, 2, "Errno", ("OK", "EIO", "ENOSPC")), (0, 2, 1)),
        _stores("reference", Type("ref", 0, 2, "Folio"), (2, 0, 1)),
        _stores("owner", Type("owner", 0, 3), (3, 1, 0)),
    ]


# Processes, guards, locals, initial states, properties.


def _processes() -> list[Example]:
    own = variable("who", int_type(0, 3), 3)
    writers = [
        process("first", block(0, assign("who", Self(), binary("-", Self(), 1)), Goto(1)), rest(1)),
        process(
            "others",
            block(0, assign("who", Self(), binary("+", Instance(), 1)), Goto(1)),
            rest(1),
            instances=2,
        ),
    ]
    low = int_type(4, 9)
    forget = process(
        "p",
        block(0, Choose("p:x", 4, 9), assign("p:y", read("p:x")), Goto(1)),
        block(1, assign("kept", read("p:y")), Goto(2), live=("p:y",)),
        rest(2),
    )
    return [
        Example(program("self and instance", [own], writers), 8, 12),
        Example(lock_program(), 7, 8),
        Example(lock_program(in_order=False), 8, 10, frozenset({"deadlock"})),
        Example(
            program(
                "dead locals",
                [variable("kept", low, init=4), local("p", "x", low, init=4), local("p", "y", low, init=9)],
                [forget],
            ),
            13,
            12,
        ),
        Example(_many_words(), 1 + 40 * 15, 40 * 15),
        Example(_counted(), 16, 28),
    ]


def _many_words() -> Program:
    """One of forty variables of four bits, in several words of a packed state, leaves zero."""
    names = [f"v{i}" for i in range(40)]
    nibble = int_type(0, 15)
    p = process(
        "p",
        block(
            0,
            Choose("p:x", 1, 15),
            Choose("p:i", 0, 39),
            *(If(binary("==", read("p:i"), i), (assign(name, read("p:x")),)) for i, name in enumerate(names)),
            Goto(1),
        ),
        rest(1),
    )
    return program(
        "many words",
        [*(variable(n, nibble) for n in names), local("p", "x", nibble), local("p", "i", int_type(0, 39))],
        [p],
    )


def _counted() -> Program:
    """Two threads that start one of two operations while any are left, four in all."""
    go = block(
        0,
        assign("ops_left", binary("-", read("ops_left"), 1)),
        Goto(1),
        guard=binary(">", read("ops_left"), 0),
        starts=True,
    )
    t = process("t", go, block(1, Goto(0)), instances=2, rests=(0,), kind="thread")
    return program("bounded operations", [variable("ops_left", int_type(0, 4), init=4)], [t], bound=4)


def counting(
    name: str, *properties: Property, states: int = 4, violated: tuple[str, ...] = (), **rest_
) -> Example:
    """n counts 0, 1, 2, 3 and stays."""
    up = block(0, assign("n", binary("+", read("n"), 1)), Goto(0), guard=binary("<", read("n"), 3))
    p = process("p", up, rests=rest_.pop("rests", (0,)))
    setup = rest_.pop("setup", (Goto(0),))
    variables = [variable("n", int_type(0, 3)), local("p", "s", int_type(0, 3))]
    return Example(
        program(name, variables, [p], *properties, setup=setup, **rest_), states, 3, frozenset(violated)
    )


def _properties() -> list[Example]:
    n = read("n")
    grows = binary("==", n, binary("+", read("n", old=True), 1))
    below_2 = binary("<", n, 2)
    start = (
        Choose("p:s", 0, 3, binary("!=", read("p:s"), 1)),
        assign("n", binary("max", read("p:s"), 2)),
        Goto(0),
    )
    two = Property(
        "bound",
        "invariant",
        "n stays below the limit.",
        (
            Instantiation((("limit", "5"),), binary("<", n, 5)),
            Instantiation((("limit", "3"),), binary("<", n, 3)),
        ),
    )
    return [
        counting("invariant that holds", prop("invariant", binary("<=", n, 3))),
        counting("invariant that does not", prop("invariant", below_2), violated=("the_invariant",)),
        counting("invariant with parameters", two, violated=("bound",)),
        counting("transition invariant that holds", prop("transition", grows)),
        counting(
            "transition invariant that does not",
            prop("transition", binary("or", below_2, Unary("not", grows))),
            violated=("the_transition",),
        ),
        counting("crash property", prop("crash", binary("!=", n, 2)), violated=("the_crash",)),
        counting("terminal property that holds", prop("terminal", binary("==", n, 3))),
        counting("terminal property that does not", prop("terminal", below_2), violated=("the_terminal",)),
        counting("reachable", prop("reachable", binary("==", n, 2))),
        counting("premise", prop("invariant", binary("<=", n, 3), premise=binary("==", n, 3))),
        counting("deadlock", rests=(), violated=("deadlock",)),
        Example(counting("setup that chooses", setup=start).program, 2, 1),
    ]


EXAMPLES: tuple[Example, ...] = (
    *_expressions(),
    *_arrays(),
    *_statements(),
    *_types(),
    *_processes(),
    *_properties(),
)
