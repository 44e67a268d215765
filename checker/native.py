"""From the IR to LLVM: the step function of a program, and its judges.

The module that is made has two entry points; W is the number of words of a state:

    step(state, out, info) -> number of successors
        writes the successors, W words each, to `out`, in the order process, instance, choice;
        out has room for `NativeText.most` of them.  Records violated checks and transition
        invariants, and what is wrong with a state that has no successors.
    judge(state, info)
        records the invariants and crash properties that the state violates, and which
        reachable properties and premises it reaches.

`info` is an array of 64-bit integers that one thread owns; `Info` says what stands where.
A site is recorded the first time that it is violated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .ir import Assign, Check, Choose, Fail, Goto, If, Note, Program, Stmt
from .layout import Layout
from .native_ample import AmpleText
from .native_code import Code, Join, Scope, Value, condition, constant, signed
from .native_expr import Actor, Expressions, assigned, has_choice, is_never, is_plain, most_runs
from .native_state import View, load_word, word_at
from .partial_order import analyse
from .sites import REST, STATE, STEP, TRANSITION, Sites, Witness, witnesses

COPIED_ALONE = 2  # unchanged words up to which each is copied by itself
SMALL = 48  # blocks, counted for each instance, up to which the step function is one piece of code


COPY = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"


@dataclass(frozen=True)
class Info:
    """Where things stand in `info`.

    0: number of records.  1: whether the last step violated something.  reached: one bit
    for each witness.  seen: for each site, whether it is recorded.  records: `record` integers
    each: site, process instance (counted over all, -1: none), number of the successor (-1:
    none); then, for the search loop to fill in, the state and the words of the successor.
    """

    sites: int
    witnesses: int
    words: int

    COUNT, VIOLATED, REACHED = 0, 1, 2

    @property
    def seen(self) -> int:
        return self.REACHED + (self.witnesses + 63) // 64

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
    reduction needs (`checker.native_ample`).
    """

    def __init__(self, program: Program, layout: Layout | None = None, reduced: bool = False) -> None:
        self.program = program
        self.layout = layout or Layout(program)
        self.reduced = reduced
        self.sites = Sites(program)
        self.witnesses = witnesses(program)
        self.info = Info(len(self.sites.all), len(self.witnesses), self.layout.words)
        self.expressions = Expressions(program)
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
        return "\n".join([*functions, self._record(), COPY, "!0 = !{}", ""])

    @property
    def entry_points(self) -> tuple[str, ...]:
        """Names of the functions that the search loop calls."""
        names = ("step", "judge") + (("look", "commutes", "take") if self.reduced else ())
        return names + (("judge_step",) if self.reduced and self.judges_transitions() else ())

    @cached_property
    def ample(self) -> AmpleText:
        """The reduction of this program."""
        return AmpleText(self.layout, self.expressions, self.actors, analyse(self.program))

    @cached_property
    def actors(self) -> list[Actor]:
        """All process instances."""
        found: list[Actor] = []
        for index, process in enumerate(self.program.processes):
            found += [Actor(process, index, i, len(found) + i) for i in range(process.instances)]
        return found

    def judges_transitions(self) -> bool:
        return bool(self.sites.of_kind(TRANSITION)) or any(w.kind == TRANSITION for w in self.witnesses)

    # ---- steps

    def _take(self, actor: Actor) -> str:
        """A function that writes the successors by the steps of one process instance."""
        code = Code(f"define internal ptr @take{actor.number}(ptr noalias readonly %state, ptr noalias %out, ptr noalias %info) nounwind")
        end = Join(code.name("end"))
        _Steps(self, code, actor, {}).write("%out", end)
        code.write(f"ret ptr {code.meet(end)}")
        return code.text()

    def _step(self, actors: list[Actor], whole: bool) -> str:
        code = Code("define i64 @step(ptr noalias readonly %state, ptr noalias %out, ptr noalias %info) nounwind")
        code.write(f"store i64 0, ptr {info_at(code, Info.VIOLATED)}")
        words = {n: load_word(code, "%state", n) for n in range(self.layout.words)} if whole else {}
        cursor, known = "%out", code.scope
        for actor in actors:
            if whole:
                end = Join(code.name("end"))
                _Steps(self, code, actor, words).write(cursor, end)
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
        code.branch(code.binary("==", Value(count, 0, self.most), constant(0)), none, some)
        code.start(none)
        violated = code.emit(f"load i64, ptr {info_at(code, Info.VIOLATED)}")
        code.branch(Value(violated, 0, 1), done, rest)
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

    def _resting(self, actors: list[Actor]) -> str:
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

    def _record_if(self, code: Code, cond: Value, site: int, successor: str) -> None:
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
        """Set the bit of a witness if it is there; nothing is evaluated once the bit is set."""
        place = info_at(code, Info.REACHED + number // 64)
        found = code.emit(f"load i64, ptr {place}")
        bit = signed(1 << number % 64)
        look, there = code.name("look"), code.name("there")
        missing = code.emit(f"icmp eq i64 {code.emit(f'and i64 {found}, {bit}')}, 0")
        known = code.scope
        code.write(f"br i1 {missing}, label %{look}, label %{there}")
        code.start(look, Scope(known))
        view, before = view.copy(), before.copy() if before else None
        seen = condition(False)
        for expr in witness.exprs:
            seen = code.binary("or", seen, code.as_flag(self.expressions.value(expr, view, None, before)))
        with_bit = code.emit(f"or i64 {found}, {bit}")
        now = code.emit(f"select i1 {seen.text}, i64 {with_bit}, i64 {found}")
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


class _Steps:
    """Writes the code of the steps of one process instance."""

    def __init__(self, module: NativeText, code: Code, actor: Actor, words: dict[int, str]) -> None:
        self.module, self.code, self.actor = module, code, actor
        self.words = words  # those that are loaded already
        self.pc = module.layout.pc(actor.index, actor.instance)
        self.evaluate = module.expressions.value

    def write(self, cursor: str, end: Join) -> None:
        """Take the block at whose label the instance stands; all paths lead to `end`."""
        code, process = self.code, self.actor.process
        taken = [b for b in process.blocks if not is_never(b.guard)]
        if not taken:
            code.leave(end, cursor)
            return
        known = code.scope  # the way to every block leads through here
        for number in range(self.module.layout.words):
            word_at(code, "%state", number)
        view = self._view(0)
        names = {b.label: code.name("block") for b in taken}
        if self.pc is None:
            code.jump(names[0])
        else:
            self._dispatch(label_of(view, self.actor), names, cursor, end)
        for block in taken:
            code.start(names[block.label], Scope(known))
            self._take(self._view(block.label), block, cursor, end)

    def _view(self, label: int) -> View:
        view = View(self.code, self.module.layout, "%state", self.actor.process, self.actor.instance, label)
        view.words.update(self.words)
        return view

    def _dispatch(self, label: Value, names: dict[int, str], cursor: str, end: Join) -> None:
        code, labels = self.code, range(len(self.actor.process.blocks))
        skip, never = code.name("skip"), code.name("never")
        cases = " ".join(f"i64 {n}, label %{names.get(n, skip)}" for n in labels)
        code.write(f"switch i64 {label.text}, label %{never} [ {cases} ]")
        code.start(never)
        code.write("unreachable")
        if len(names) < len(labels):
            code.start(skip)
            code.leave(end, cursor)

    def _take(self, view: View, block, cursor: str, end: Join) -> None:
        enabled = self.code.as_flag(self.evaluate(block.guard, view, self.actor))
        if not enabled.known:
            go, stay = self.code.name("go"), self.code.name("stay")
            known = self.code.scope
            self.code.branch(enabled, go, stay)
            self.code.start(stay)
            self.code.leave(end, cursor)
            self.code.start(go, known)
        elif not enabled.lo:
            self.code.leave(end, cursor)
            return
        self.body(block.body, view, cursor, end)

    def body(self, statements: tuple[Stmt, ...], view: View, cursor: str, end: Join) -> View | None:
        """Run `statements`; the view behind them, or None if every path has left for `end`."""
        for position, statement in enumerate(statements):
            rest = statements[position + 1 :]
            match statement:
                case Assign(var, index, value):
                    place = self.code.as_int(self.evaluate(index, view, self.actor))
                    view.write(self.module.program.variable(var), place, self.evaluate(value, view, self.actor))
                case If() if has_choice(statement.then) or has_choice(statement.other):
                    return self._fork(statement, rest, view, cursor, end)
                case If():
                    view = self._if(statement, view, cursor, end)
                    if view is None:
                        return None
                case Choose():
                    return self._choose(statement, rest, view, cursor, end)
                case Check(cond):
                    if not self._check(statement, self.code.as_flag(self.evaluate(cond, view, self.actor)), cursor, end):
                        return None
                case Fail():
                    self._check(statement, condition(False), cursor, end)
                    return None
                case Goto(label):
                    self._goto(label, view, cursor, end)
                    return None
                case Note():
                    pass
        return view

    def _if(self, statement: If, view: View, cursor: str, end: Join) -> View | None:
        code = self.code
        cond = code.as_flag(self.evaluate(statement.cond, view, self.actor))
        if cond.known:
            return self.body(statement.then if cond.lo else statement.other, view, cursor, end)
        if is_plain(statement.then) and is_plain(statement.other):
            return self._select(statement, cond, view)
        then, other, behind = code.name("then"), code.name("else"), code.name("behind")
        known = code.scope
        touched = assigned(statement.then) | assigned(statement.other)
        code.branch(cond, then, other)
        ends: list[tuple[str, View]] = []
        for label, arm in ((then, statement.then), (other, statement.other)):
            code.start(label, Scope(known))
            after = self.body(arm, view.copy(), cursor, end)
            if after is not None:
                after.bring(touched)
                ends.append((code.block, after))
                code.jump(behind)
        if not ends:
            return None
        code.start(behind, known)
        block, after = ends[0]
        if len(ends) == 2:
            after.merge(block, ends[1][1], ends[1][0])
        return after

    def _select(self, statement: If, cond: Value, view: View) -> View:
        """Both arms without a branch: they are short and only assign."""
        then, other = view.copy(), view
        for arm, run in ((statement.then, then), (statement.other, other)):
            self.body(arm, run, "", Join(""))
        then.choose(cond, other)
        return then

    def _fork(self, statement: If, rest: tuple[Stmt, ...], view: View, cursor: str, end: Join) -> View | None:
        """An If with a choice in it: what follows it is written in both arms."""
        code = self.code
        cond = code.as_flag(self.evaluate(statement.cond, view, self.actor))
        if cond.known:
            return self.body((statement.then if cond.lo else statement.other) + rest, view, cursor, end)
        then, other = code.name("then"), code.name("else")
        known = code.scope
        code.branch(cond, then, other)
        for label, arm in ((then, statement.then), (other, statement.other)):
            code.start(label, Scope(known))
            self.body(arm + rest, view.copy(), cursor, end)
        return None

    def _choose(self, statement: Choose, rest: tuple[Stmt, ...], view: View, cursor: str, end: Join) -> None:
        """A loop over the values; each time round, the rest of the body runs on the same view."""
        code, variable = self.code, self.module.program.variable(statement.var)
        if statement.lo > statement.hi:
            code.leave(end, cursor)
            return
        before, head, out = code.block, code.name("choose"), code.name("chosen")
        value, cursors, next_value = ("%" + code.name(stem) for stem in ("value", "cursor", "next"))
        latch = Join(code.name("latch"))
        known = code.scope
        code.jump(head)
        code.start(head, Scope(known))
        head_at = len(code.lines)  # the phis are written when the cursor at the latch is known
        view = view.copy()
        view.write(variable, constant(0), Value(value, statement.lo, statement.hi))
        allowed = code.as_flag(self.evaluate(statement.where, view, self.actor))
        self._when(allowed, cursor=cursors, join=latch)
        if not (allowed.known and not allowed.lo):
            self.body(rest, view, cursors, latch)
        after = code.meet(latch, Scope(known))
        code.lines[head_at:head_at] = [
            f" {value} = phi i64 [ {statement.lo}, %{before} ], [ {next_value}, %{latch.label} ]",
            f" {cursors} = phi ptr [ {cursor}, %{before} ], [ {after}, %{latch.label} ]",
        ]
        code.write(f"{next_value} = add i64 {value}, 1")
        last = code.emit(f"icmp eq i64 {value}, {statement.hi}")
        code.write(f"br i1 {last}, label %{out}, label %{head}")
        code.start(out)
        code.leave(end, after)

    def _when(self, cond: Value, cursor: str, join: Join) -> None:
        """Go on if `cond`, else leave for `join`."""
        if cond.known:
            if not cond.lo:
                self.code.leave(join, cursor)
            return
        go, stay = self.code.name("go"), self.code.name("stay")
        known = self.code.scope
        self.code.branch(cond, go, stay)
        self.code.start(stay)
        self.code.leave(join, cursor)
        self.code.start(go, known)

    def _check(self, statement: Check | Fail, holds: Value, cursor: str, end: Join) -> bool:
        """Record a violation unless `holds`; whether the body can go on."""
        code = self.code
        if holds.known and holds.lo:
            return True
        wrong, right = code.name("wrong"), code.name("right")
        known = code.scope
        code.branch(holds, right, wrong) if not holds.known else code.jump(wrong)
        code.start(wrong)
        site = self.module.sites.number(STEP, statement.name, statement.message, (), statement.pos)
        code.write(f"call void @record(ptr %info, i64 {site}, i64 {self.actor.number}, i64 -1)")
        code.leave(end, cursor)
        if holds.known:
            return False
        code.start(right, known)
        return True

    def _goto(self, label: int, view: View, cursor: str, end: Join) -> None:
        """Write the successor: the words that changed, and the others as they are."""
        code, size = self.code, self.module.layout.words
        words = view.packed(label, self.pc)
        if size - len(words) > COPIED_ALONE:
            code.write(f"call void @llvm.memcpy.p0.p0.i64(ptr align 8 {cursor}, ptr align 8 %state, i64 {8 * size}, i1 false)")
        else:
            words = {number: words[number] if number in words else view.word(number) for number in range(size)}
        for number, word in words.items():
            code.write(f"store i64 {signed(word)}, ptr {word_at(code, cursor, number)}, align 8")
        code.leave(end, word_at(code, cursor, size))


def label_of(view: View, actor: Actor) -> Value:
    """The label at which an instance stands."""
    pc = view.layout.pc(actor.index, actor.instance)
    if pc is None:
        return constant(0)
    shifted = view.code.shift_right(view.word(pc.word), pc.shift)
    return Value(str(view.code.bits_and(shifted, (1 << pc.width) - 1)), 0, len(actor.process.blocks) - 1)


def info_at(code: Code, place: int) -> str:
    return code.emit(f"getelementptr inbounds i64, ptr %info, i64 {place}")
