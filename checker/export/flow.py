"""Blocks made shorter, by what is known of a process's locals at each of its labels.

Only the process itself changes its locals, so what its steps leave in them holds when it
goes on.  A Check that cannot fail and an If that is decided are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..ir.program import Assign, Block, Check, Choose, Const, Expr, Fail, Goto, If, Process, Property, Stmt, Variable
from .bodies import FALSE, TRUE
from .ranges import Fact, Known, joined_facts
from .simplify import condition, simplify

PATIENCE = 6  # times that a label's ranges may grow before they are given up


def at_labels(process: Process, known: Known, locals: tuple[Variable, ...]) -> dict[int, Known]:
    """What is known at each label that the process can come to; known: everywhere in it."""
    names = frozenset(v.name for v in locals)
    facts: dict[int, dict[Expr, Fact]] = {process.entry: {}}
    grown: dict[int, int] = {}
    work = [process.entry]
    while work:
        label = work.pop()
        for target, end in _ends(process.blocks[label], known.with_facts(facts[label])):
            own = names & process.blocks[target].live
            new = {expr: fact for expr, fact in end.facts.items() if fact.of and fact.of <= own}
            if target not in facts:
                facts[target] = new
            elif (merged := _merged(facts[target], new, grown.get(target, 0) > PATIENCE)) != facts[target]:
                facts[target] = merged
                grown[target] = grown.get(target, 0) + 1
            else:
                continue
            if target not in work:
                work.append(target)
    return {label: known.with_facts(found) for label, found in facts.items()}


def _merged(old: Mapping[Expr, Fact], new: Mapping[Expr, Fact], give_up: bool) -> dict[Expr, Fact]:
    both = joined_facts(old, new)
    return {expr: fact for expr, fact in both.items() if fact == old[expr]} if give_up else both


def _ends(block: Block, known: Known) -> list[tuple[int, Known]]:
    """Every Goto of a block: its label, and what is known there."""
    guard = condition(block.guard, known)
    if guard == FALSE:
        return []
    ends: list[tuple[int, Known]] = []
    _walk(block.body, known.assume(guard), ends)
    return ends


def _walk(
    statements: tuple[Stmt, ...], known: Known, ends: list[tuple[int, Known]]
) -> tuple[tuple[Stmt, ...], Known | None]:
    """The statements made shorter, and what is known behind them (None: they end the step)."""
    kept: list[Stmt] = []
    for position, statement in enumerate(statements):
        match statement:
            case Assign(var, index, value):
                index, value = simplify(index, known), simplify(value, known)
                kept.append(replace(statement, index=index, value=value))
                known = known.assigned(var, index, value)
            case Choose(var, lo, hi, where):
                known = known.chosen(var, lo, hi)
                where = condition(where, known)
                kept.append(replace(statement, where=where))
                known = known.assume(where)
            case Check(cond):
                cond = condition(cond, known)
                kept += [replace(statement, cond=cond)] if cond != TRUE else []
                known = known.assume(cond)
            case If(cond, then, other):
                when = condition(cond, known)
                if isinstance(when, Const):
                    rest, end = _walk(
                        (then if when.value else other) + statements[position + 1 :], known, ends
                    )
                    return (*kept, *rest), end
                yes, after_then = _walk(then, known.assume(when), ends)
                no, after_other = _walk(other, known.assume(when, False), ends)
                kept += [replace(statement, cond=when, then=yes, other=no)] if yes or no else []
                behind = after_then.joined(after_other) if after_then else after_other
                if behind is None:
                    return tuple(kept), None
                known = behind
            case Goto(label):
                ends.append((label, known))
                return (*kept, statement), None
            case Fail():
                return (*kept, statement), None
    return tuple(kept), known


def shorter_block(block: Block, known: Known) -> Block:
    """The block with the same steps, at a label where `known` holds."""
    guard = condition(block.guard, known)
    if guard == FALSE:
        return replace(block, guard=FALSE)
    return replace(block, guard=guard, body=shorter(block.body, known.assume(guard)))


def shorter(body: tuple[Stmt, ...], known: Known) -> tuple[Stmt, ...]:
    return _walk(body, known, [])[0]


def shorter_exprs(p: Property, known: Known) -> list[Expr]:
    """What a property says of all its instances (of some, if it is to be reached), each once."""
    exprs = dict.fromkeys(condition(one.expr, known) for one in p.instances)
    neutral = FALSE if p.kind == "reachable" else TRUE
    return [e for e in exprs if e != neutral] or [neutral]
