"""The syntax tree of the modelling language: what is left of Python after `checker.parse.statements`.

Names are resolved: a node says `Local` or holds the declared thing itself.  Types and
values of constants are not known yet, so one tree serves every scope.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

# ------------------------------------------------------------ expressions


@dataclass(eq=False, slots=True)
class Node:
    """Anything with a place in the file of its function."""

    line: int


@dataclass(eq=False, slots=True)
class Global(Node):
    """A value declared in the module: int, bool, None, Const, EnumValue, Instance or a Struct."""

    name: str
    value: Any


@dataclass(eq=False, slots=True)
class Local(Node):
    name: str


@dataclass(eq=False, slots=True)
class Attr(Node):
    base: Node
    name: str


@dataclass(eq=False, slots=True)
class Item(Node):
    """An element of an array, or an instance of a struct (base: Global)."""

    base: Node
    index: Node


@dataclass(eq=False, slots=True)
class Number(Node):
    operand: Node


@dataclass(eq=False, slots=True)
class Unary(Node):
    op: str  # "not" or "-"
    operand: Node


@dataclass(eq=False, slots=True)
class Binary(Node):
    """Arithmetic, and comparisons of two operands (`is` and `in` are gone)."""

    op: str
    left: Node
    right: Node


@dataclass(eq=False, slots=True)
class Logic(Node):
    """op: "and", "or" or "implies"; evaluated from the left, as far as needed."""

    op: str
    operands: list[Node]


@dataclass(eq=False, slots=True)
class Cond(Node):
    test: Node
    then: Node
    other: Node


@dataclass(eq=False, slots=True)
class Each:
    """All instances of a struct."""

    struct: Any


@dataclass(eq=False, slots=True)
class Span:
    """The integers lo..hi-1."""

    lo: Node
    hi: Node


@dataclass(eq=False, slots=True)
class Generator:
    """`value for var in source if condition`."""

    var: str
    source: Each | Span
    condition: Node | None
    value: Node | None  # None: the variable itself


@dataclass(eq=False, slots=True)
class Quantifier(Node):
    kind: str  # "any", "all" or "sum"
    over: Generator


@dataclass(eq=False, slots=True)
class Choose(Node):
    """Exactly one of `values` (given one by one) and `over`."""

    values: list[Node]
    over: Generator | None


@dataclass(eq=False, slots=True)
class Call(Node):
    function: FunctionType
    args: list[Node]


@dataclass(eq=False, slots=True)
class LockOp(Node):
    op: str
    lock: Node


@dataclass(eq=False, slots=True)
class Old(Node):
    operand: Node


@dataclass(eq=False, slots=True)
class NewRecord(Node):
    record: Any


@dataclass(eq=False, slots=True)
class Pair(Node):
    """(p, q), the result of a leads_to property."""

    left: Node
    right: Node


# ------------------------------------------------------------- statements


@dataclass(eq=False, slots=True)
class Stmt(Node):
    """source: the Python statement, for its text."""

    source: ast.AST


@dataclass(eq=False, slots=True)
class Assign(Stmt):
    target: Node  # Local, Attr or Item
    value: Node
    annotation: Any = None  # the declared type of a local


@dataclass(eq=False, slots=True)
class If(Stmt):
    """before: the assignments made by `:=` in the test."""

    before: list[Assign]
    test: Node
    then: list[Stmt]
    other: list[Stmt]


@dataclass(eq=False, slots=True)
class While(Stmt):
    before: list[Assign]
    test: Node
    body: list[Stmt]


@dataclass(eq=False, slots=True)
class For(Stmt):
    var: str
    over: Each | Span
    body: list[Stmt]


@dataclass(eq=False, slots=True)
class Break(Stmt):
    pass


@dataclass(eq=False, slots=True)
class Continue(Stmt):
    pass


@dataclass(eq=False, slots=True)
class Pass(Stmt):
    pass


@dataclass(eq=False, slots=True)
class Return(Stmt):
    value: Node | None


@dataclass(eq=False, slots=True)
class Do(Stmt):
    """A call for its effect."""

    call: Node


@dataclass(eq=False, slots=True)
class Wait(Stmt):
    condition: Node


@dataclass(eq=False, slots=True)
class Assert(Stmt):
    """kind: "warn_on" or "bug_on"; a violation if the condition is true."""

    kind: str
    condition: Node


@dataclass(eq=False, slots=True)
class Atomic(Stmt):
    reason: str
    body: list[Stmt]


# -------------------------------------------------------------- functions


@dataclass(eq=False, slots=True)
class Param:
    name: str
    annotation: Any
    line: int


@dataclass(eq=False, slots=True)
class Function:
    """kind: "kernel" (a model function), "primitive", "pure" or "property".

    assigned: how many statements assign to each local (parameters included).
    """

    name: str
    kind: str
    file: str
    line: int
    doc: str
    params: list[Param]
    result: Any
    returns: bool
    body: list[Stmt]
    assigned: dict[str, int] = field(default_factory=dict)


def children(node: Node) -> list[Node]:
    """The expressions directly inside an expression, in the order of evaluation."""
    match node:
        case Attr():
            return [node.base]
        case Item():
            return [node.base, node.index]
        case Number() | Unary() | Old():
            return [node.operand]
        case Binary() | Pair():
            return [node.left, node.right]
        case Logic():
            return node.operands
        case Cond():
            return [node.test, node.then, node.other]
        case Quantifier():
            return _of_generator(node.over)
        case Choose():
            return node.values + (_of_generator(node.over) if node.over else [])
        case Call():
            return node.args
        case LockOp():
            return [node.lock]
    return []


def _of_generator(over: Generator) -> list[Node]:
    bounds = [over.source.lo, over.source.hi] if isinstance(over.source, Span) else []
    return bounds + [part for part in (over.condition, over.value) if part is not None]


def parts(stmt: Stmt) -> tuple[list[Node], list[list[Stmt]]]:
    """The expressions evaluated by a statement itself, and the statement lists inside it."""
    match stmt:
        case Assign():
            return [stmt.value, stmt.target], []
        case If():
            return [stmt.test], [stmt.before, stmt.then, stmt.other]
        case While():
            return [stmt.test], [stmt.before, stmt.body]
        case For():
            span = stmt.over
            return ([span.lo, span.hi] if isinstance(span, Span) else []), [stmt.body]
        case Return():
            return ([stmt.value] if stmt.value else []), []
        case Do():
            return [stmt.call], []
        case Wait() | Assert():
            return [stmt.condition], []
        case Atomic():
            return [], [stmt.body]
    return [], []


def text(node: Node) -> str:
    """An expression as it is written in the model, for messages."""
    match node:
        case Global() | Local():
            return node.name
        case Attr():
            return f"{text(node.base)}.{node.name}"
        case Item():
            return f"{text(node.base)}[{text(node.index)}]"
        case Number():
            return f"number({text(node.operand)})"
        case Unary():
            return ("not " if node.op == "not" else "-") + text(node.operand)
        case Binary(op=("min" | "max") as op):
            return f"{op}({text(node.left)}, {text(node.right)})"
        case Binary():
            return f"{_operand(node.left)} {node.op} {_operand(node.right)}"
        case Logic(op="implies"):
            return f"implies({', '.join(map(text, node.operands))})"
        case Logic():
            return f" {node.op} ".join(map(_operand, node.operands))
        case Cond():
            return f"{text(node.then)} if {text(node.test)} else {text(node.other)}"
        case Call():
            return f"{node.function.__name__}({', '.join(map(text, node.args))})"
        case LockOp():
            return f"{node.op}({text(node.lock)})"
        case Quantifier():
            return f"{node.kind}(...)"
        case Choose():
            return "choose(...)"
    return "..."


def _operand(node: Node) -> str:
    inner = text(node)
    plain = isinstance(node, (Global, Local, Attr, Item, Number, Call, LockOp, Quantifier))
    return inner if plain or (isinstance(node, Binary) and node.op in ("min", "max")) else f"({inner})"
