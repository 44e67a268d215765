"""The rule of the partial-order reduction, in plain Python.

The reference engine uses it as it stands; the native engine's generated form of it has to
choose the same process in every state.
"""

from __future__ import annotations

from collections.abc import Callable

from ..base.errors import InternalError
from ..ir import program as ir
from .partial_order import PartialOrder, analyse


class Ample:
    """The rule itself, as the reference interpreter applies it: slow, and the judge of the
    native engine's."""

    def __init__(self, interpreter, tables: PartialOrder | None = None) -> None:
        self.interpreter, self.program = interpreter, interpreter.program
        self.tables = tables or analyse(self.program)
        self.actors = interpreter.actors
        self.ops_left = any(v.name == ir.OPS_LEFT for v in self.program.variables)

    def process(self, state) -> tuple[int, int] | None:
        """(process, instance) of the first ample process instance of `state`, or None."""
        slots, evaluate = self.interpreter.slots, self.interpreter.evaluate
        where = [(a, state[slots.pc(a.process, a.instance)]) for a in self.actors]
        enabled = [bool(evaluate(self.program.processes[a.process].blocks[label].guard, state, a))
                   for a, label in where]
        last = self.ops_left and state[slots.at(ir.OPS_LEFT)] == 0
        for number, (actor, label) in enumerate(where):
            facts = self.tables.blocks[actor.process][actor.instance][label]
            if enabled[number] and facts.candidate and self._commutes(state, number, where, enabled, last):
                return actor.process, actor.instance
        return None

    def _commutes(self, state, number, where, enabled, last) -> bool:
        actor, label = where[number]
        no_write, no_read = self._protected(state, actor)
        reads, writes = self._others(number, where, enabled, last, no_write)
        reads &= ~no_read
        seen, written = 0, 0
        for access in self.tables.blocks[actor.process][actor.instance][label].accesses:
            if access.when is None or self.interpreter.evaluate(access.when, state, actor):
                seen |= access.granules | access.watched
                written |= access.granules if access.write else 0
        return not seen & writes and not written & reads

    def _protected(self, state, actor) -> tuple[int, int]:
        no_write = no_read = 0
        for held in self.tables.held:
            if state[self.interpreter.slots.at(held.lock, held.element)] == actor.self:
                no_write |= held.no_write
                no_read |= held.no_read
        return no_write, no_read

    def _others(self, number, where, enabled, last, no_write) -> tuple[int, int]:
        """What the processes that can move before this one may read and write."""
        tables = self.tables
        future_reads = tables.last_reads if last else tables.future_reads
        future_writes = tables.last_writes if last else tables.future_writes
        reads = writes = 0
        waiting = []
        for other, (actor, label) in enumerate(where):
            if other == number:
                continue
            entry = (actor.process, actor.instance, label)
            if enabled[other]:
                reads |= future_reads[entry[0]][entry[1]][label]
                writes |= future_writes[entry[0]][entry[1]][label]
            else:
                waiting.append(entry)
        changed = True
        while changed:
            changed = False
            for entry in list(waiting):
                process, instance, label = entry
                if tables.blocks[process][instance][label].guard_reads & writes & ~no_write:
                    reads |= future_reads[process][instance][label]
                    writes |= future_writes[process][instance][label]
                    waiting.remove(entry)
                    changed = True
        return reads, writes & ~no_write


def whole_path(
    interpreter, path: list, canonical: Callable = lambda state: state, ends: Callable = lambda before, after: True
) -> list:
    """A path of stored states, with the states that were passed through between them.  canonical: of
    states for which it is the same, only one is stored; then a state is followed by a successor of
    another one of these.  ends: of its last two states, what must be true."""
    whole = path[:1]
    for number, (before, after) in enumerate(zip(path, path[1:]), 2):
        whole += way(interpreter, before, after, canonical, ends if number == len(path) else lambda *_: True)
    return whole


def way(interpreter, before, after, canonical: Callable, ends: Callable) -> list:
    """The states behind `before` up to `after`, which it leads to by a step and then by ample steps only.

    ends: what must be true of the last step, given its two states: several may lead to `after`.
    Raises InternalError if there is no such way.
    """
    rule, goal = Ample(interpreter), canonical(after)
    arrival = {before: None}
    pending = [before]
    for number, state in enumerate(pending):
        chosen = rule.process(state) if number else None
        for step in interpreter.steps(state):
            if step.after is None or number and (step.process, step.instance) != chosen:
                continue
            if canonical(step.after) == goal and ends(state, step.after):
                path = [step.after]
                while state != before:
                    path.append(state)
                    state = arrival[state]
                return path[::-1]
            if step.after not in arrival:
                arrival[step.after] = state
                pending.append(step.after)
    raise InternalError("engines disagree: a chain of ample steps does not lead where the native engine says")
