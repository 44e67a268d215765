"""The properties that watch a step: what they read must not change before the step is taken.

`checker.visibility` says which properties a step may make true again, and when; here that becomes
accesses that the rule of the reduction compares with what other processes may write.  A transition
invariant that is not closed under stuttering (`checker.stutter`) watches every step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from checker import ir
from checker.granules import Access, Granules, constant_of, statements
from checker.monotone import Change, ways_of
from checker.stutter import is_closed
from checker.visibility import NO, YES, Effect, Form, Slot, all_of, any_of, form_of, may_become, reads

VISIBLE_KINDS = ("invariant", "crash", "transition")


@dataclass(frozen=True, eq=False)
class Watcher:
    """One instance of a property; of_state: it does not speak of steps; support: granules that it reads."""

    form: Form
    of_state: bool
    support: int
    variables: frozenset[str]


@dataclass(frozen=True)
class Write:
    """An assignment to a shared variable by one step.  when: the condition under which it writes
    `granules`, or None, on the index that it has; way: without which the step does not come there."""

    assign: ir.Assign
    granules: int
    when: ir.Expr | None
    way: ir.Expr


class Watches:
    """Finds the properties that watch the steps of a program.

    restless: what is read by transition invariants that a step may violate which changes none of it.
    """

    def __init__(self, program: ir.Program, granules: Granules) -> None:
        self.program, self.granules = program, granules
        self.watchers: dict[str, list[Watcher]] = {}
        self.restless = 0
        for prop in program.properties:
            for one in prop.instances if prop.kind in VISIBLE_KINDS else ():
                expr = self._inside(one.expr)
                names = frozenset(read.var for read in reads(expr))
                watcher = Watcher(form_of(expr), prop.kind != "transition", self._support(expr), names)
                self.restless |= 0 if watcher.of_state or is_closed(program, expr) else watcher.support
                for name in names:
                    self.watchers.setdefault(name, []).append(watcher)
        self._answers: dict[tuple, ir.Expr] = {}

    def _inside(self, expr: ir.Expr) -> ir.Expr:
        """`expr` with constant indices that are inside their arrays."""
        if isinstance(expr, ir.Read):
            index = self._inside(expr.index)
            inside = isinstance(index, ir.Const) and ir.Const(self.granules.element(expr.var, index.value))
            return replace(expr, index=inside or index)
        if isinstance(expr, ir.Unary):
            return replace(expr, operand=self._inside(expr.operand))
        if isinstance(expr, ir.Binary):
            return replace(expr, left=self._inside(expr.left), right=self._inside(expr.right))
        if isinstance(expr, ir.Ite):
            return ir.Ite(*map(self._inside, (expr.cond, expr.then, expr.other)))
        return expr

    def of(self, block: ir.Block, accesses: list[Access], writes: list[Write], instance: int, own: int) -> list[Access]:
        """What the step of `block` must not overtake; own: the number of its process instance, as Self.

        accesses, writes: of the step.
        """
        found: dict[ir.Expr, int] = {YES: self.restless} if self.restless else {}
        for when in dict.fromkeys(write.when for write in writes):
            effect, watchers = self._case(when, block, accesses, writes, instance, own)
            for watcher in watchers:
                touching = [w for w in writes if w.granules & watcher.support]
                cond = all_of(any_of(*(w.way for w in touching)), self._may_repair(effect, watcher))
                cond = cond if when is None else all_of(when, cond)
                found[cond] = found.get(cond, 0) | watcher.support
        return [
            Access(0, False, None if cond == YES else cond, support) for cond, support in found.items() if cond != NO
        ]

    def _may_repair(self, effect: Effect, watcher: Watcher) -> ir.Expr:
        """When the step may make the property true again."""
        if not watcher.of_state:
            return YES
        names = watcher.variables
        changes = [change for change in effect.changes if change.var in names]
        found = {slot for slot in effect.found if slot[0] in names}
        left = {slot: value for slot, value in effect.left.items() if slot[0] in names}
        key = (watcher, frozenset(changes), frozenset(found), frozenset(left.items()))
        if key not in self._answers:  # many steps do the same, on other ways there
            self._answers[key] = may_become(Effect(changes, found, left), watcher.form)
        return self._answers[key]

    def _case(
        self, when: ir.Expr | None, block: ir.Block, accesses: list[Access], writes: list[Write], instance: int, own: int
    ) -> tuple[Effect, list[Watcher]]:
        """The effect of the step if `when`, and the watchers that the writes under `when` concern."""
        places = {self._place(write) for write in writes if write.when == when and when is not None}
        others = [w for w in writes if w.when not in (None, when) and self._place(w) not in places]
        mine = [w for w in writes if w.when == when]
        always = [w for w in writes if w.when is None and when is not None]
        changes = [change for write in mine + always + others for change in self._changes(write, instance, own)]
        stable = 0
        for access in accesses:
            stable |= access.granules if access.when in (None, when) else 0
        found = {
            (name, element)
            for name, numbers in self.granules.of.items()
            for element, granule in enumerate(numbers)
            if stable >> granule & 1
        }
        effect = Effect(list(dict.fromkeys(changes)), found, self._left(block, mine + always, others, instance, own))
        concerned: dict[Watcher, None] = {}
        for write in mine:
            for watcher in self.watchers.get(write.assign.var, ()):
                if watcher.support & write.granules:
                    concerned[watcher] = None
        return effect, list(concerned)

    def _place(self, write: Write) -> tuple:
        """Two writes with one place, each to one granule, happen both or not if the granules have the same
        elements, and exclude each other if they have not."""
        numbers = self.granules.of[write.assign.var]
        return write.assign.index, tuple(number - numbers[0] for number in numbers)

    def _changes(self, write: Write, instance: int, own: int) -> list[Change]:
        assign = write.assign
        kind, value = self.program.variable(assign.var).type, _value(assign, instance, own)
        return [
            Change(assign.var, element, value, ways_of(assign), kind.lo, kind.hi)
            for element, granule in enumerate(self.granules.of[assign.var])
            if write.granules >> granule & 1
        ]

    def _left(
        self, block: ir.Block, certain: list[Write], others: list[Write], instance: int, own: int
    ) -> dict[Slot, int]:
        """Slots that are constant behind the step: assigned on every way through it, and by nothing else later."""
        left: dict[Slot, int] = {}
        branched = False
        for statement in block.body:
            if isinstance(statement, ir.If):
                for inner in statements((statement,)):
                    branched = branched or isinstance(inner, ir.Goto)
                    if isinstance(inner, ir.Assign):
                        self._forget(left, inner)
            elif isinstance(statement, ir.Assign):
                self._forget(left, statement)
                value, slot = _value(statement, instance, own), self._slot(statement, certain, instance)
                if value is not None and slot is not None and not branched:
                    left[slot] = value
        return left

    def _forget(self, left: dict[Slot, int], assign: ir.Assign) -> None:
        for slot in [slot for slot in left if slot[0] == assign.var]:
            del left[slot]

    def _slot(self, assign: ir.Assign, certain: list[Write], instance: int) -> Slot | None:
        """The one element that `assign` writes, if it is certain which."""
        index = constant_of(assign.index, instance)
        if index is not None:
            return assign.var, index
        elements = {
            element
            for write in certain
            if write.assign is assign
            for element, granule in enumerate(self.granules.of[assign.var])
            if write.granules >> granule & 1
        }
        return (assign.var, elements.pop()) if len(elements) == 1 else None

    def _support(self, expr: ir.Expr) -> int:
        support = 0
        for read in reads(expr):
            known = isinstance(read.index, ir.Const)
            elements = [read.index.value] if known else range(self.program.variable(read.var).count)
            support |= self.granules.mask(read.var, elements)
        return support


def _value(assign: ir.Assign, instance: int, own: int) -> int | None:
    """What is assigned, if it is constant."""
    return own if assign.value == ir.Self() else constant_of(assign.value, instance)
