"""Short ways to write IR programs by hand, for tests."""

from __future__ import annotations

from checker.ir import (
    BOOL,
    Assign,
    Binary,
    Block,
    Call,
    Const,
    Expr,
    Frame,
    Goto,
    Instantiation,
    Pos,
    Process,
    Program,
    Property,
    Read,
    Stmt,
    Type,
    Variable,
)


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
