"""Writing to variables, and waiting, in the step at hand."""

from __future__ import annotations

from ..ir import program as ir
from ..parse import tree as t
from .builder import Builder
from .graph import BlockHead
from .lock_state import check_guard
from .scopes import Scope, Slot
from .values import TRUE, Value, both, clip, either, negate, rebuild, within


def store(b: Builder, slot: Slot, value: Value, scope: Scope, node: t.Node) -> None:
    """Assign to a variable; a value outside its range is a violation."""
    lo, hi = slot.type.lo, slot.type.hi
    if value.lo < lo or value.hi > hi:
        b.check(within(value, lo, hi), ir.RANGE, f"{slot.label} is outside {lo}..{hi}", scope, node)
        b.flush()
        value = clip(value, lo, hi)
    if slot.info is not None:
        check_guard(b, slot, True, scope, node)
        b.flush()
    b.emit(ir.Assign(slot.var, slot.index.expr, value.expr, b.pos(scope, node)))


def wait_for(b: Builder, cond: Value, scope: Scope, node: t.Node) -> None:
    """The step at hand can be taken only if `cond` is true (or a check of it fails)."""
    if b.cur is None:
        return
    step = b.atomic if b.atomic is not None else b.cur.step
    if not _at_start(b, step):
        text = "waiting in the middle of a step"
        remedy = "Wait first; or end the step before, so that others can run meanwhile."
        raise b.refuse(scope, node, "late-wait", text, remedy)
    right, env = TRUE, {}
    for stmt in b.cur.body:
        if isinstance(stmt, ir.Assign):
            env[stmt.var] = _known(stmt.value, env)
        elif isinstance(stmt, ir.Check):
            right = both(right, _known(stmt.cond, env))
    for one in b.checks:
        right = both(right, _known(one.cond.expr, env))
    b.flush()
    step.guard = both(step.guard, either(negate(right), _known(cond.expr, env)))


def _at_start(b: Builder, step: BlockHead | None) -> bool:
    """Has the step at hand done nothing so far but local work?"""
    if step is None or b.cur is None or b.cur is not step.node:
        return False
    local = (s.var in b.variables for s in b.cur.body if isinstance(s, ir.Assign))
    return all(local) and not any(isinstance(s, (ir.Choose, ir.If)) for s in b.cur.body)


def _known(expr: ir.Expr, env: dict[str, Value]) -> Value:
    """`expr` before the assignments that `env` records."""
    wide = 1 << 62

    def read(old: ir.Read, index: Value) -> Value:
        return env[old.var] if old.var in env else Value(ir.Read(old.var, index.expr, old.old), -wide, wide)

    return rebuild(expr, read, lambda leaf: Value(leaf, 0, wide))
