"""The steps of one process instance as generated code."""

from __future__ import annotations

from ...ir.program import Assign, Block, Check, Choose, Fail, Goto, If, Note, Stmt
from ...ir.sites import STEP, Sites
from ..layout import Layout
from .expressions import ActorCode, ExpressionCode, assigned, has_choice, is_never, is_plain
from .instructions import Available, Code, Join, Operand, condition, constant, signed
from .state import View, word_at

COPIED_ALONE = 2  # unchanged words up to which each is copied by itself


class Steps:
    """Writes the code of the steps of one process instance."""

    def __init__(self, code: Code, actor: ActorCode, layout: Layout, sites: Sites) -> None:
        self.code, self.actor, self.layout, self.sites = code, actor, layout, sites
        self.pc = layout.pc(actor.index, actor.instance)
        self.evaluate = ExpressionCode(layout.program).value

    def write(self, cursor: str, end: Join) -> None:
        """Take the block at whose label the instance stands; all paths lead to `end`."""
        code, process = self.code, self.actor.process
        taken = [b for b in process.blocks if not is_never(b.guard)]
        if not taken:
            code.leave(end, cursor)
            return
        known = code.scope  # the way to every block leads through here
        for number in range(self.layout.words):
            word_at(code, "%state", number)
        view = self._view(0)
        names = {b.label: code.name("block") for b in taken}
        if self.pc is None:
            code.jump(names[0])
        else:
            self._dispatch(label_of(view, self.actor), names, cursor, end)
        for block in taken:
            code.start(names[block.label], Available(known))
            self._take(self._view(block.label), block, cursor, end)

    def _view(self, label: int) -> View:
        return View(self.code, self.layout, "%state", self.actor.process, self.actor.instance, label)

    def _dispatch(self, label: Operand, names: dict[int, str], cursor: str, end: Join) -> None:
        code, labels = self.code, range(len(self.actor.process.blocks))
        skip, never = code.name("skip"), code.name("never")
        cases = " ".join(f"i64 {n}, label %{names.get(n, skip)}" for n in labels)
        code.write(f"switch i64 {label.text}, label %{never} [ {cases} ]")
        code.start(never)
        code.write("unreachable")
        if len(names) < len(labels):
            code.start(skip)
            code.leave(end, cursor)

    def _take(self, view: View, block: Block, cursor: str, end: Join) -> None:
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
                    view.write(self.layout.program.variable(var), place, self.evaluate(value, view, self.actor))
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
            code.start(label, Available(known))
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

    def _select(self, statement: If, cond: Operand, view: View) -> View:
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
            code.start(label, Available(known))
            self.body(arm + rest, view.copy(), cursor, end)
        return None

    def _choose(self, statement: Choose, rest: tuple[Stmt, ...], view: View, cursor: str, end: Join) -> None:
        """A loop over the values; each time round, the rest of the body runs on the same view."""
        code, variable = self.code, self.layout.program.variable(statement.var)
        if statement.lo > statement.hi:
            code.leave(end, cursor)
            return
        before, head, out = code.block, code.name("choose"), code.name("chosen")
        value, cursors, next_value = ("%" + code.name(stem) for stem in ("value", "cursor", "next"))
        latch = Join(code.name("latch"))
        known = code.scope
        code.jump(head)
        code.start(head, Available(known))
        head_at = len(code.lines)  # the phis are written when the cursor at the latch is known
        view = view.copy()
        view.write(variable, constant(0), Operand(value, statement.lo, statement.hi))
        allowed = code.as_flag(self.evaluate(statement.where, view, self.actor))
        self._when(allowed, cursor=cursors, join=latch)
        if not (allowed.known and not allowed.lo):
            self.body(rest, view, cursors, latch)
        after = code.meet(latch, Available(known))
        code.lines[head_at:head_at] = [
            f" {value} = phi i64 [ {statement.lo}, %{before} ], [ {next_value}, %{latch.label} ]",
            f" {cursors} = phi ptr [ {cursor}, %{before} ], [ {after}, %{latch.label} ]",
        ]
        code.write(f"{next_value} = add i64 {value}, 1")
        last = code.emit(f"icmp eq i64 {value}, {statement.hi}")
        code.write(f"br i1 {last}, label %{out}, label %{head}")
        code.start(out)
        code.leave(end, after)

    def _when(self, cond: Operand, cursor: str, join: Join) -> None:
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

    def _check(self, statement: Check | Fail, holds: Operand, cursor: str, end: Join) -> bool:
        """Record a violation unless `holds`; whether the body can go on."""
        code = self.code
        if holds.known and holds.lo:
            return True
        wrong, right = code.name("wrong"), code.name("right")
        known = code.scope
        code.branch(holds, right, wrong) if not holds.known else code.jump(wrong)
        code.start(wrong)
        site = self.sites.number(STEP, statement.name, statement.message, (), statement.pos)
        code.write(f"call void @record(ptr %info, i64 {site}, i64 {self.actor.number}, i64 -1)")
        code.leave(end, cursor)
        if holds.known:
            return False
        code.start(right, known)
        return True

    def _goto(self, label: int, view: View, cursor: str, end: Join) -> None:
        """Write the successor: the words that changed, and the others as they are."""
        code, size = self.code, self.layout.words
        words = view.packed(label, self.pc)
        if size - len(words) > COPIED_ALONE:
            code.write(f"call void @llvm.memcpy.p0.p0.i64(ptr align 8 {cursor}, ptr align 8 %state, i64 {8 * size}, i1 false)")
        else:
            words = {number: words[number] if number in words else view.word(number) for number in range(size)}
        for number, word in words.items():
            code.write(f"store i64 {signed(word)}, ptr {word_at(code, cursor, number)}, align 8")
        code.leave(end, word_at(code, cursor, size))


def label_of(view: View, actor: ActorCode) -> Operand:
    """The label at which an instance stands."""
    pc = view.layout.pc(actor.index, actor.instance)
    if pc is None:
        return constant(0)
    shifted = view.code.shift_right(view.word(pc.word), pc.shift)
    return Operand(str(view.code.bits_and(shifted, (1 << pc.width) - 1)), 0, len(actor.process.blocks) - 1)
