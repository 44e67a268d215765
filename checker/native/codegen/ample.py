"""The partial-order reduction as generated code and tables: see `checker.reduce.partial_order`.

Three functions are added to the module of a program; n is the number of process instances,
H that of the locks that may protect something:

    look(state, out)
        writes the label of each instance to out[0..n), to out[n..2n) whether its guard is true,
        to out[2n..2n+H) who owns each lock, and to out[2n+H] whether no operation is left.
    commutes(state, instance, others) -> 0 or 1
        whether the step of the instance commutes with all that reads the granules in
        others[0..G) and writes those in others[G..2G); G words of 64 granules each.
    take(state, instance, out, info) -> number of successors
        as `step`, for one instance.

The choice itself is made by the search loop, in `checker.native.loop.chains`.
"""

from __future__ import annotations

import numpy as np

from ...ir.program import OPS_LEFT
from ...reduce.partial_order import Access, BlockFacts, PartialOrder
from .expressions import ActorCode, ExpressionCode, is_never
from .instructions import Code, Join, Operand, condition, constant, signed
from .state import View

WORD = 64
ALL = (1 << WORD) - 1


def words_of(mask: int, count: int) -> list[int]:
    """A mask of granules as `count` words."""
    return [mask >> (WORD * n) & ALL for n in range(count)]


class AmpleText:
    """The functions above, for `program` with the reduction's `tables`."""

    def __init__(self, layout, expressions: ExpressionCode, actors: list[ActorCode], tables: PartialOrder) -> None:
        self.layout, self.expressions, self.actors, self.tables = layout, expressions, actors, tables
        self.words = max((tables.granules + WORD - 1) // WORD, 1)

    def functions(self) -> list[str]:
        enabled = [self._enabled(actor) for actor in self.actors]
        commutes = [self._commutes_one(actor) for actor in self.actors]
        return [*enabled, *commutes, self._look(), self._commutes(), self._take()]

    # ---- look

    def _enabled(self, actor: ActorCode) -> str:
        """Is the guard at the instance's label true?"""
        code = Code(f"define internal i64 @enabled{actor.number}(ptr noalias readonly %state, i64 %label) nounwind")
        names = self._dispatch(code, actor, [b.label for b in actor.process.blocks])
        for block in actor.process.blocks:
            code.start(names[block.label])
            view = self._view(code, actor, block.label)
            value = condition(False) if is_never(block.guard) else self.expressions.value(block.guard, view, actor)
            code.write(f"ret i64 {code.as_int(code.as_flag(value)).text}")
        return code.text()

    def _look(self) -> str:
        code = Code("define void @look(ptr noalias readonly %state, ptr noalias %out) nounwind")
        view = View(code, self.layout, "%state")
        count = len(self.actors)
        for actor in self.actors:
            label = self._label(view, actor)
            self._store(code, actor.number, label)
            enabled = code.emit(f"call i64 @enabled{actor.number}(ptr %state, i64 {label.text})")
            self._store(code, count + actor.number, Operand(enabled, 0, 1))
        program = self.layout.program
        for number, held in enumerate(self.tables.held):
            owner = view.read(program.variable(held.lock), constant(held.element))
            self._store(code, 2 * count + number, owner)
        left = constant(1)
        if OPS_LEFT in program.by_name:
            left = view.read(program.variable(OPS_LEFT), constant(0))
        none = code.as_int(code.binary("==", left, constant(0)))
        self._store(code, 2 * count + len(self.tables.held), none)
        code.write("ret void")
        return code.text()

    def _store(self, code: Code, place: int, value: Operand) -> None:
        at = code.emit(f"getelementptr inbounds i64, ptr %out, i64 {place}")
        code.write(f"store i64 {code.as_int(value).text}, ptr {at}")

    def _label(self, view: View, actor: ActorCode) -> Operand:
        pc = self.layout.pc(actor.index, actor.instance)
        if pc is None:
            return constant(0)
        shifted = view.code.shift_right(view.word(pc.word), pc.shift)
        return Operand(str(view.code.bits_and(shifted, (1 << pc.width) - 1)), 0, len(actor.process.blocks) - 1)

    def _view(self, code: Code, actor: ActorCode, label: int) -> View:
        return View(code, self.layout, "%state", actor.process, actor.instance, label)

    def _dispatch(self, code: Code, actor: ActorCode, labels: list[int], other: str = "") -> dict[int, str]:
        """Switch on %label; what is not in `labels` goes to `other` (or cannot be)."""
        names = {label: code.name("block") for label in labels}
        never = other or code.name("never")
        cases = " ".join(f"i64 {label}, label %{name}" for label, name in names.items())
        code.write(f"switch i64 %label, label %{never} [ {cases} ]")
        if not other:
            code.start(never)
            code.write("unreachable")
        return names

    # ---- commutes

    def _commutes_one(self, actor: ActorCode) -> str:
        header = f"define internal i64 @commutes{actor.number}(ptr noalias readonly %state, i64 %label, ptr noalias readonly %others)"
        code = Code(header + " nounwind")
        facts = self.tables.blocks[actor.index][actor.instance]
        labels = [label for label, fact in enumerate(facts) if fact.candidate]
        names = self._dispatch(code, actor, labels, "no")
        code.start("no")
        code.write("ret i64 0")
        for label in labels:
            code.start(names[label])
            self._judge(code, actor, label, facts[label])
        return code.text()

    def _judge(self, code: Code, actor: ActorCode, label: int, fact: BlockFacts) -> None:
        """Return whether what the step touches is free of conflicts."""
        view = self._view(code, actor, label)
        conflict: str | int = 0
        for access, when in self._cases(fact, view, actor):
            seen = access.granules | access.watched
            part: str | int = 0
            for word, mask in enumerate(words_of(seen, self.words)):
                part = code.bits_or(part, self._meets(code, mask, self.words + word))
            for word, mask in enumerate(words_of(access.granules if access.write else 0, self.words)):
                part = code.bits_or(part, self._meets(code, mask, word))
            if when is not None and part != 0:
                part = code.emit(f"select i1 {when.text}, i64 {part}, i64 0")
            conflict = code.bits_or(conflict, part)
        free = code.emit(f"icmp eq i64 {conflict}, 0")
        code.write(f"ret i64 {code.emit(f'zext i1 {free} to i64')}")

    def _cases(self, fact: BlockFacts, view: View, actor: ActorCode) -> list[tuple[Access, Operand | None]]:
        """The accesses, and the conditions of those that have one that is not known."""
        cases = []
        for access in fact.accesses:
            when = None
            if access.when is not None:
                when = view.code.as_flag(self.expressions.value(access.when, view, actor))
                if when.known and not when.lo:
                    continue
                when = None if when.known else when
            cases.append((access, when))
        return cases

    def _meets(self, code: Code, mask: int, place: int) -> str | int:
        if mask == 0:
            return 0
        at = code.emit(f"getelementptr inbounds i64, ptr %others, i64 {place}")
        return code.bits_and(code.emit(f"load i64, ptr {at}"), mask)

    def _commutes(self) -> str:
        code = Code("define i64 @commutes(ptr noalias readonly %state, i64 %instance, i64 %label, ptr noalias readonly %others) nounwind")
        return self._for_each(code, "commutes", "ptr %state, i64 %label, ptr %others")

    # ---- take

    def _take(self) -> str:
        code = Code("define ptr @take(ptr noalias readonly %state, i64 %instance, ptr noalias %out, ptr noalias %info) nounwind")
        return self._for_each(code, "take", "ptr %state, ptr %out, ptr %info", "ptr")

    def _for_each(self, code: Code, name: str, arguments: str, result: str = "i64") -> str:
        """Call the function of the instance."""
        names = [code.name("actor") for _ in self.actors]
        cases = " ".join(f"i64 {n}, label %{label}" for n, label in enumerate(names))
        code.write(f"switch i64 %instance, label %never [ {cases} ]")
        code.start("never")
        code.write("unreachable")
        for actor, label in zip(self.actors, names):
            code.start(label)
            code.write(f"ret {result} {code.emit(f'call {result} @{name}{actor.number}({arguments})')}")
        return code.text()


class Tables:
    """The reduction's tables as arrays for the search loop.

    first: where the labels of each instance begin in the tables below.  candidate: for each
    label.  future: for each label 4 * G words: reads, writes, reads and writes without further
    operations.  guards: G words each.  held: for each lock 2 * G words: no_write, no_read.
    """

    def __init__(self, actors: list[ActorCode], tables: PartialOrder, words: int) -> None:
        first, candidate, future, guards = [], [], [], []
        for actor in actors:
            first.append(len(candidate))
            where = (actor.index, actor.instance)
            for label, fact in enumerate(tables.blocks[where[0]][where[1]]):
                candidate.append(fact.candidate)
                guards += words_of(fact.guard_reads, words)
                for table in (tables.future_reads, tables.future_writes, tables.last_reads, tables.last_writes):
                    future += words_of(table[where[0]][where[1]][label], words)
        held = [w for one in tables.held for mask in (one.no_write, one.no_read) for w in words_of(mask, words)]
        self.first, self.candidate = np.array(first, np.int64), np.array(candidate, np.uint8)
        self.future, self.guards = np.array(future, np.uint64), np.array(guards, np.uint64)
        self.held = np.array(held + [0], np.uint64)
