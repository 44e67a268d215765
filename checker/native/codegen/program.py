"""From the IR to LLVM: the step function of a program, and its judges.

The module that is made has two entry points for a program; W is the number of words of a state:

    step(state, out, info) -> number of successors
        writes the successors, W words each, to `out`, in the order process, instance, choice;
        out has room for `NativeText.most` of them.  Records violated checks and transition
        invariants, and what is wrong with a state that has no successors.
    judge(state, info)
        records the invariants and crash properties that the state violates, and which
        reachable properties and premises it reaches.

a third for the search loop, `checker.native.codegen.sift`, and those for partial-order reduction,
`checker.native.codegen.ample`.

`info` is an array of 64-bit integers that one thread owns; `Info` says what stands where.
A site is recorded the first time that it is violated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ...ir.program import Const, Program
from ...ir.sites import REST, STATE, TRANSITION, Sites, Witness, witnesses
from ...reduce.partial_order import analyse
from ...reduce.symmetry import Class
from ..layout import FOLDED, Layout
from .ample import AmpleText
from .expressions import ActorCode, ExpressionCode, most_runs
from .instructions import Available, Code, Join, Operand, condition, constant, signed
from .sift import sift_text
from .state import View, load_word
from .steps import Steps, label_of
from .symmetry import canonical_text

SMALL = 48  # blocks, counted for each instance, up to which the step function is one piece of code
COPY = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"


@dataclass(frozen=True)
class Info:
    """Where things stand in `info`.

    0: number of records.  1: whether the last step violated something.  reached: a word for each
    witness, a bit for each instantiation.  seen: for each site, whether it is recorded.  records: `record` integers
    each: site, process instance (counted over all, -1: none), number of the successor (-1:
    none); then, for the search loop to fill in, the state and the words of the successor.
    """

    sites: int
    witnesses: int
    words: int

    COUNT, VIOLATED, REACHED = 0, 1, 2

    @property
    def seen(self) -> int:
        return self.REACHED + self.witnesses

    @property
    def records(self) -> int:
        return self.seen + self.sites

    @property
    def record(self) -> int:
        return 4 + self.words

    @property
    def size(self) -> int:
        return self.records + self.sites * self.record


class NativeText:
    """The module of `program` as LLVM text, and what the search loop has to know about it.

    most: an upper bound on the successors of one state.  reduced: with what partial-order
    reduction needs (`checker.native.codegen.ample`).  classes: that successors are sorted by (`checker.reduce.symmetry`).
    made_from: a name for the text, or "": the program's digest, which covers this generator too.
    """

    def __init__(
        self, program: Program, layout: Layout | None = None, reduced: bool = False, classes: Sequence[Class] = ()
    ) -> None:
        self.program = program
        self.made_from = f"{program.digest} reduced={reduced} classes={classes}" if program.digest and layout is None else ""
        self.layout = layout or Layout(program)
        self.reduced, self.classes = reduced, classes
        self.sites = Sites(program)
        self.witnesses = witnesses(program)
        self.info = Info(len(self.sites.all), len(self.witnesses), self.layout.words)
        self.expressions = ExpressionCode(program)
        self.most = sum(p.instances * max(most_runs(b.body) for b in p.blocks) for p in program.processes)

    @cached_property
    def text(self) -> str:
        actors = self.actors
        functions = []
        whole = not self.reduced and sum(len(p.blocks) * p.instances for p in self.program.processes) <= SMALL
        if not whole:
            functions = [self._take(actor) for actor in actors]
        functions += [self._step(actors, whole), self._judge(), self._resting(actors)]
        if self.judges_transitions():
            functions.append(self._judge_step())
        if self.reduced:
            functions += self.ample.functions()
        if self.classes:
            functions.append(canonical_text(self.layout, self.classes))
        functions.append(sift_text(self.layout.words, self.layout.words >= FOLDED, bool(self.classes)))
        return "\n".join([*functions, self._record(), COPY, "!0 = !{}", ""])

    @property
    def entry_points(self) -> tuple[str, ...]:
        """Names of the functions that the search loop calls."""
        names = ("step", "judge", "sift") + (("canonical",) if self.classes else ())
        names += ("look", "commutes", "take") if self.reduced else ()
        return names + (("judge_step",) if self.reduced and self.judges_transitions() else ())

    @cached_property
    def ample(self) -> AmpleText:
        """The reduction of this program."""
        return AmpleText(self.layout, self.expressions, self.actors, analyse(self.program))

    @cached_property
    def actors(self) -> list[ActorCode]:
        """All process instances."""
        found: list[ActorCode] = []
        for index, process in enumerate(self.program.processes):
            found += [ActorCode(process, index, i, len(found) + i) for i in range(process.instances)]
        return found

    def judges_transitions(self) -> bool:
        return bool(self.sites.of_kind(TRANSITION)) or any(w.kind == TRANSITION for w in self.witnesses)

    # ---- steps

    def _take(self, actor: ActorCode) -> str:
        """A function that writes the successors by the steps of one process instance."""
        code = Code(f"define internal ptr @take{actor.number}(ptr noalias readonly %state, ptr noalias %out, ptr noalias %info) nounwind")
        end = Join(code.name("end"))
        Steps(code, actor, self.layout, self.sites).write("%out", end)
        code.write(f"ret ptr {code.meet(end)}")
        return code.text()

    def _step(self, actors: list[ActorCode], whole: bool) -> str:
        code = Code("define i64 @step(ptr noalias readonly %state, ptr noalias %out, ptr noalias %info) nounwind")
        code.write(f"store i64 0, ptr {info_at(code, Info.VIOLATED)}")
        for number in range(self.layout.words if whole else 0):
            load_word(code, "%state", number)  # known to all steps then
        cursor, known = "%out", code.scope
        for actor in actors:
            if whole:
                end = Join(code.name("end"))
                Steps(code, actor, self.layout, self.sites).write(cursor, end)
                cursor = code.meet(end, known)
            else:
                cursor = code.emit(f"call ptr @take{actor.number}(ptr %state, ptr {cursor}, ptr %info)")
        self._finish_step(code, cursor)
        return code.text()

    def _finish_step(self, code: Code, cursor: str) -> None:
        """Count the successors; judge what can be judged only now."""
        ends = [code.emit(f"ptrtoint ptr {p} to i64") for p in (cursor, "%out")]
        length = code.emit(f"sub i64 {ends[0]}, {ends[1]}")
        count = code.emit(f"udiv exact i64 {length}, {8 * self.layout.words}")
        none, some, rest, done = (code.name(stem) for stem in ("none", "some", "rest", "done"))
        code.branch(code.binary("==", Operand(count, 0, self.most), constant(0)), none, some)
        code.start(none)
        violated = code.emit(f"load i64, ptr {info_at(code, Info.VIOLATED)}")
        code.branch(Operand(violated, 0, 1), done, rest)
        code.start(rest)
        code.write("call void @resting(ptr %state, ptr %info)")
        code.jump(done)
        code.start(some)
        if self.judges_transitions():
            self._each_successor(code, count)
        code.jump(done)
        code.start(done)
        code.write(f"ret i64 {count}")

    def _each_successor(self, code: Code, count: str) -> None:
        before, loop, after = code.block, code.name("each"), code.name("after")
        number, following = "%" + code.name("number"), "%" + code.name("following")
        code.jump(loop)
        code.start(loop)
        code.write(f"{number} = phi i64 [ 0, %{before} ], [ {following}, %{loop} ]")
        offset = code.emit(f"mul i64 {number}, {self.layout.words}")
        successor = code.emit(f"getelementptr inbounds i64, ptr %out, i64 {offset}")
        code.write(f"call void @judge_step(ptr %state, ptr {successor}, ptr %info, i64 {number})")
        code.write(f"{following} = add i64 {number}, 1")
        last = code.emit(f"icmp eq i64 {following}, {count}")
        code.write(f"br i1 {last}, label %{after}, label %{loop}")
        code.start(after)

    # ---- judges

    def _judge(self) -> str:
        code = Code("define void @judge(ptr noalias readonly %state, ptr noalias %info) nounwind")
        self._judge_in(code, STATE, View(code, self.layout, "%state"), None, "-1")
        code.write("ret void")
        return code.text()

    def _judge_step(self) -> str:
        linkage = "" if self.reduced else "internal "
        code = Code(
            f"define {linkage}void @judge_step(ptr noalias readonly %before, ptr noalias readonly %after, ptr noalias %info, "
            "i64 %number) nounwind"
        )
        before, after = View(code, self.layout, "%before"), View(code, self.layout, "%after")
        self._judge_in(code, TRANSITION, after, before, "%number")
        code.write("ret void")
        return code.text()

    def _resting(self, actors: list[ActorCode]) -> str:
        """Deadlock and terminal properties, for a state in which nothing can move."""
        code = Code("define internal void @resting(ptr noalias readonly %state, ptr noalias %info) nounwind noinline cold")
        view = View(code, self.layout, "%state")
        stuck = condition(False)
        for actor in actors:
            label = label_of(view, actor)
            rests = condition(False)
            for place in sorted(actor.process.rests):
                rests = code.binary("or", rests, code.binary("==", label, constant(place)))
            stuck = code.binary("or", stuck, code.negate(rests))
        deadlock = next(n for n, site in self.sites.of_kind(REST) if site.expr is None)
        self._record_if(code, stuck, deadlock, "-1")
        self._judge_in(code, REST, view, None, "-1")
        code.write("ret void")
        return code.text()

    def _judge_in(self, code: Code, kind: int, view: View, before: View | None, successor: str) -> None:
        """Judge the sites and witnesses of a kind."""
        for number, site in self.sites.of_kind(kind):
            if site.expr is not None:
                holds = self.expressions.value(site.expr, view, None, before)
                self._record_if(code, code.negate(holds), number, successor)
        for number, witness in enumerate(self.witnesses):
            if witness.kind == kind:
                self._look_for(code, number, witness, view, before)

    def _record_if(self, code: Code, cond: Operand, site: int, successor: str) -> None:
        if cond.known and not cond.lo:
            return
        wrong, right = code.name("wrong"), code.name("right")
        known = code.scope
        code.branch(cond, wrong, right)
        code.start(wrong)
        code.write(f"call void @record(ptr %info, i64 {site}, i64 -1, i64 {successor})")
        code.jump(right)
        code.start(right, known)

    def _look_for(self, code: Code, number: int, witness: Witness, view: View, before: View | None) -> None:
        """Set the bits of what is there of a witness; nothing is evaluated once they are all set."""
        sought = [(1 << bit, expr) for bit, (_, expr) in enumerate(witness.exprs) if expr != Const(0)]
        if not sought:
            return
        place = info_at(code, Info.REACHED + number)
        found = code.emit(f"load i64, ptr {place}")
        look, there = code.name("look"), code.name("there")
        missing = code.emit(f"icmp ne i64 {found}, {signed(sum(bit for bit, _ in sought))}")
        known = code.scope
        code.write(f"br i1 {missing}, label %{look}, label %{there}")
        code.start(look, Available(known))
        view, before = view.copy(), before.copy() if before else None
        now = found
        for bit, expr in sought:
            seen = code.as_flag(self.expressions.value(expr, view, None, before))
            now = code.emit(f"or i64 {now}, {code.emit(f'select i1 {seen.text}, i64 {signed(bit)}, i64 0')}")
        code.write(f"store i64 {now}, ptr {place}")
        code.jump(there)
        code.start(there, known)

    def _record(self) -> str:
        info = self.info
        return f"""define internal void @record(ptr noalias %info, i64 %site, i64 %actor, i64 %successor) nounwind noinline cold {{
entry:
 %violated = getelementptr inbounds i64, ptr %info, i64 {Info.VIOLATED}
 store i64 1, ptr %violated
 %seen_at = add i64 %site, {info.seen}
 %seen = getelementptr inbounds i64, ptr %info, i64 %seen_at
 %was = load i64, ptr %seen
 %known = icmp ne i64 %was, 0
 br i1 %known, label %done, label %new
new:
 store i64 1, ptr %seen
 %count = load i64, ptr %info
 %more = add i64 %count, 1
 store i64 %more, ptr %info
 %offset = mul i64 %count, {info.record}
 %begin = add i64 %offset, {info.records}
 %record = getelementptr inbounds i64, ptr %info, i64 %begin
 store i64 %site, ptr %record
 %second = getelementptr inbounds i64, ptr %record, i64 1
 store i64 %actor, ptr %second
 %third = getelementptr inbounds i64, ptr %record, i64 2
 store i64 %successor, ptr %third
 br label %done
done:
 ret void
}}
"""


def info_at(code: Code, place: int) -> str:
    return code.emit(f"getelementptr inbounds i64, ptr %info, i64 {place}")
