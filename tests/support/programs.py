"""Short ways to write IR programs by hand, for tests."""

from __future__ import annotations

from checker.ir.program import (
    BOOL, Assign, Binary, Block, Call, Const, Expr, Frame, Goto, Instance, Instantiation, Pos, Process, Program,
    Property, Read, Self, Stmt, Type, Variable, int_type,
)  # fmt: skip


def expr(value: Expr | int) -> Expr:
    """An expression; an integer stands for the constant."""
    return Const(value) if isinstance(value, int) else value


def read(var: str, index: Expr | int = 0, old: bool = False) -> Read:
    return Read(var, expr(index), old)


def binary(op: str, left: Expr | int, right: Expr | int) -> Binary:
    return Binary(op, expr(left), expr(right))


def assign(var: str, value: Expr | int, index: Expr | int = 0) -> Assign:
    return Assign(var, expr(index), expr(value))


def variable(
    name: str, type: Type = BOOL, count: int = 1, init: int | tuple[int, ...] = 0, **rest
) -> Variable:
    """A variable; `init` may be one value for all elements."""
    values = init if isinstance(init, tuple) else (init,) * count
    return Variable(name, type, count, values, **rest)


def local(process: str, name: str, type: Type, count: int = 1, init: int = 0) -> Variable:
    return variable(f"{process}:{name}", type, count, init, process=process)


def block(
    label: int, *body: Stmt, guard: Expr | int = 1, live: tuple[str, ...] = (), call: str = "", **rest
) -> Block:
    """A block; it is named `call` or else by its label, and claims line 10 + label of its process."""
    name = call or f"step {label}"
    frames = rest.pop("frames", (Frame("run", Pos("model.py", 10 + label)),))
    return Block(
        label, expr(guard), body, rest.pop("shown", Call(name)), frames, live=frozenset(live), **rest
    )


def process(
    name: str,
    *blocks: Block,
    instances: int = 1,
    rests: tuple[int, ...] | None = None,
    entry: int = 0,
    **rest,
) -> Process:
    """A process; it rests at its last label unless `rests` says otherwise."""
    resting = (len(blocks) - 1,) if rests is None else rests
    return Process(name, rest.pop("kind", "process"), instances, blocks, entry, frozenset(resting), **rest)


def rest(label: int) -> Block:
    """A block that is never left."""
    return block(label, Goto(label), guard=0, call="rest")


def prop(kind: str, holds: Expr, name: str = "", premise: Expr | None = None, **rest) -> Property:
    return Property(
        name or f"the_{kind}", kind, f"The {kind} of this test.", (Instantiation((), holds, premise),), **rest
    )


def program(
    name: str, variables: list[Variable], processes: list[Process], *properties: Property, **rest
) -> Program:
    return Program(name, tuple(variables), tuple(processes), properties, **rest)


def lock_program(instances: int = 2, broken: bool = False, in_order: bool = True) -> Program:
    """`instances` threads that each take lock 0 and 1, count, and let go, for ever.

    broken: a lock is taken even if it is held.  in_order=False: a thread takes lock
    (number + i) % 2 as its i-th, so that two of them can block each other.
    """
    owner = Type("owner", 0, instances)
    locks = variable("Lock.held_by", owner, 2, label="lock", struct="Lock", field="held_by", lock="mutex")
    inside = variable("inside", int_type(0, instances), label="inside")

    def which(i: int) -> Expr:
        return expr(i) if in_order else binary("%", binary("+", Instance(), i), 2)

    def take(label: int, i: int) -> Block:
        free = binary("==", read(locks.name, which(i)), 0)
        call = Call("lock", (("lock", which(i), int_type(0, 1)),))
        guard = expr(1) if broken else free
        frames = (Frame("both", Pos("locks.py", 20 + i)),)
        return block(
            label,
            assign(locks.name, Self(), which(i)),
            Goto(label + 1),
            guard=guard,
            shown=call,
            frames=frames,
        )

    leave = [
        assign("inside", binary("-", read("inside"), 1)),
        assign(locks.name, 0, 0),
        assign(locks.name, 0, 1),
    ]
    t = process(
        "thread",
        take(0, 0),
        take(1, 1),
        block(2, assign("inside", binary("+", read("inside"), 1)), Goto(3), call="enter"),
        block(3, *leave, Goto(0), call="leave"),
        instances=instances,
        rests=(),
        kind="thread",
        names=tuple(f"CPU{i}" for i in range(instances)),
    )
    alone = Property(
        "alone",
        "invariant",
        "At most one thread is inside.",
        (Instantiation((), binary("<=", read("inside"), 1)),),
    )
    return program("locks in order" if in_order else "locks in any order", [locks, inside], [t], alone)
