"""Programs that judge less: one property alone, with the same states and steps."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from checker.ir import program as ir

ASKED = ("bug_on", "warn_on")  # checks that the text asks for; without them a step goes on


def only(program: ir.Program, names: Collection[str], unchecked: bool = True) -> ir.Program:
    """`program` with the properties `names` only.

    "deadlock" is one of them.  unchecked: without `bug_on` and `warn_on` too, unless they are named; then a step
    that they would have ended goes on.  What keeps values in their ranges stays, and so does what is
    asked of locks, for the reductions count on it.
    """
    kept = tuple(replace(p, instances=tuple(replace(one, premise=None) for one in p.instances)) for p in program.properties if p.name in names)
    dropped = frozenset(name for name in ASKED if unchecked and name not in names)
    processes = tuple(_judging_less(p, dropped, ir.DEADLOCK in names) for p in program.processes)
    return replace(program, properties=kept, processes=processes)


def _judging_less(process: ir.Process, dropped: frozenset[str], deadlock: bool) -> ir.Process:
    rests = process.rests if deadlock else frozenset(range(len(process.blocks)))
    blocks = tuple(replace(block, body=_without(block.body, dropped)) for block in process.blocks)
    return replace(process, rests=rests, blocks=process.blocks if blocks == process.blocks else blocks)  # what is known of the same is kept


def _without(body: tuple[ir.Stmt, ...], dropped: frozenset[str]) -> tuple[ir.Stmt, ...]:
    kept = []
    for statement in body:
        if isinstance(statement, ir.Check) and statement.name in dropped:
            continue
        if isinstance(statement, ir.If):
            statement = replace(statement, then=_without(statement.then, dropped), other=_without(statement.other, dropped))
        kept.append(statement)
    return tuple(kept)
