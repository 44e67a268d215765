"""Do two programs do the same?  Told from the IR, statement by statement; what is not seen to be the same is not.

`plain` is a program without what only pictures need.  `settled` has the statements of each step in an
order that does not depend on the order of neighbours that commute: of which neither writes what the
other reads or writes.  Programs with equal settled texts take the same steps to the same states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from ..ir.program import Assign, Block, Call, Check, Choose, Expr, Fail, Goto, If, Note, Program, Read, Stmt
from ..ir.text import to_text

Body = tuple[Stmt, ...]


def plain(program: Program) -> str:
    """The program as text, without lines, names of calls, remarks and messages, and the model's constants."""
    return to_text(_with_bodies(program, lambda body: body))


def settled(program: Program) -> str:
    """The same with every step's statements in their settled order."""
    ordered = _with_bodies(program, _settled)
    return to_text(replace(ordered, variables=tuple(sorted(ordered.variables, key=lambda one: one.name))))


def hash_of(text: str) -> str:
    """Stands for the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _with_bodies(program: Program, change: Callable[[Body], Body]) -> Program:
    def bare(block: Block) -> Block:
        return replace(block, body=change(_bare(block.body)), call=Call(""), frames=(), atomic="")

    processes = (replace(p, blocks=tuple(map(bare, p.blocks))) for p in program.processes)
    properties = (replace(p, doc="") for p in program.properties)
    return replace(
        program, name="", processes=tuple(processes), properties=tuple(properties), setup=change(_bare(program.setup)),
        constants=(), structs=(),
    )  # fmt: skip


def _bare(body: Body) -> Body:
    """Statements without remarks and messages."""
    found: list[Stmt] = []
    for stmt in body:
        match stmt:
            case Note():
                continue
            case If():
                stmt = replace(stmt, then=_bare(stmt.then), other=_bare(stmt.other))
            case Check() | Fail():
                stmt = replace(stmt, message="")
        found.append(stmt)
    return tuple(found)


# ------------------------------------------------------------ the settled order


@dataclass(frozen=True)
class _Part:
    """A statement that one run enters and one leaves, unless a check fails in it."""

    stmt: Stmt
    text: str
    reads: frozenset[str]
    writes: frozenset[str]

    def commutes(self, other: _Part) -> bool:
        """Which of two checks fails first does not matter: neither way there is a successor."""
        return not (self.writes & (other.reads | other.writes) or other.writes & self.reads)


def _settled(body: Body) -> Body:
    """The statements in the order of their texts, as far as each stays behind those that it does not commute with."""
    found: list[Stmt] = []
    movable: list[_Part] = []
    for stmt in body:
        if isinstance(stmt, If):
            stmt = replace(stmt, then=_settled(stmt.then), other=_settled(stmt.other))
        if _stays(stmt):
            found += [*_ordered(movable), stmt]
            movable = []
        else:
            movable.append(_Part(stmt, repr(_comparable(stmt)), *_footprint(stmt)))
    return tuple([*found, *_ordered(movable)])


def _ordered(parts: list[_Part]) -> Iterator[Stmt]:
    left = list(parts)
    while left:
        free = [one for n, one in enumerate(left) if all(one.commutes(before) for before in left[:n])]
        first = min(free, key=lambda one: one.text)
        left.remove(first)
        yield first.stmt


def _stays(stmt: Stmt) -> bool:
    """Does more than one run go on behind it, or may it end one?"""
    if isinstance(stmt, If):
        return any(map(_stays, (*stmt.then, *stmt.other)))
    return isinstance(stmt, Choose | Goto | Fail)


def _footprint(stmt: Stmt) -> tuple[frozenset[str], frozenset[str]]:
    """The variables that a statement may read, and those that it may write."""
    match stmt:
        case Assign():
            return _read_by(stmt.index, stmt.value), frozenset({stmt.var})
        case Check():
            return _read_by(stmt.cond), frozenset()
        case If():
            inner = [_footprint(one) for one in (*stmt.then, *stmt.other)]
            reads = _read_by(stmt.cond).union(*(reads for reads, _ in inner))
            return reads, frozenset().union(*(writes for _, writes in inner))
    return frozenset(), frozenset()


def _read_by(*exprs: Expr) -> frozenset[str]:
    return frozenset(name for expr in exprs for name in _reads(expr))


def _reads(expr: object) -> Iterator[str]:
    if isinstance(expr, Read):
        yield expr.var
    if isinstance(expr, Expr):
        for inner in vars(expr).values():
            yield from _reads(inner)


def _comparable(stmt: Stmt) -> tuple:
    """A statement as something that can be compared, whatever line it comes from."""
    if isinstance(stmt, If):
        arms: Iterable[Body] = (stmt.then, stmt.other)
        return ("if", repr(stmt.cond), *(tuple(map(_comparable, arm)) for arm in arms))
    return (type(stmt).__name__, *(repr(value) for name, value in vars(stmt).items() if name != "pos"))
