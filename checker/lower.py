"""Statements of the model -> the flow graph of a process.

In a model function every shared access begins a step (rule 1 of LANGUAGE.md); inside a
primitive or an atomic group everything belongs to the step that has begun.
"""

from __future__ import annotations

from . import ir
from . import tree as t
from .errors import InternalError, ModelError
from .lower_call import Calls, assignments
from .lower_flow import reads_in
from .lower_graph import Node
from .lower_lock import has_readers, readers
from .lower_scope import Bound, RecordVars, Scope, Slot, Var
from .lower_value import CONST_0, CONST_1, FALSE, TRUE, Value, arith, both, compare, const, either, negate
from .types import RecordType


class Statements(Calls):
    """Lowers statements."""

    def block(self, body: list[t.Stmt], scope: Scope) -> None:
        for stmt in body:
            if self.cur is None:
                return
            try:
                self.statement(stmt, scope)
            except ModelError as error:
                self.problems += error.problems
                self.take_checks()

    def statement(self, stmt: t.Stmt, scope: Scope) -> None:
        match stmt:
            case t.Assign():
                self._assign(stmt, scope)
            case t.If():
                self._if(stmt, scope)
            case t.While():
                self._while(stmt, scope)
            case t.For():
                unrolled = self.atomic is not None or scope.function.kind in ("primitive", "pure")
                (self._unrolled if unrolled else self._for)(stmt, scope)
            case t.Break() | t.Continue():
                self.goto(scope.loops[-1][isinstance(stmt, t.Continue)])
            case t.Return():
                self._return(stmt, scope)
            case t.Do():
                self._do(stmt, scope)
            case t.Wait():
                self._wait(stmt, scope)
            case t.Assert():
                self.begin(stmt, [stmt.condition], scope)
                bad = self.evaluate(stmt.condition, scope)
                name = ir.WARN if stmt.kind == "warn_on" else ir.BUG
                self.check(negate(bad), name, f"{stmt.kind}({t.text(stmt.condition)})", scope, stmt)
                self.flush()
            case t.Atomic():
                self._atomic(stmt, scope)

    def begin(self, stmt: t.Stmt, values: list[t.Node], scope: Scope, target: t.Node | None = None) -> None:
        """Begin a step if the statement touches shared state; evaluate the calls in `values`."""
        self.open(stmt, values, scope, target)
        for value in [*values, *(t.children(target) if target is not None else [])]:
            self.hoist(value, scope)

    def open(self, stmt: t.Stmt, values: list[t.Node], scope: Scope, target: t.Node | None = None) -> None:
        """Begin a step if the statement itself is a shared access; refuse it if it has several."""
        if self.atomic is None:
            found = [access for value in values for access in self.accesses(value, scope)]
            if target is not None:
                found += self.accesses(target, scope)
            if len(found) > 1:
                names = " and ".join(dict.fromkeys(access.text for access in found))
                often = "twice" if len(found) == 2 else "several times"
                text = f"a statement touches shared state {often} ({names}); others may run in between"
                remedy = 'Give each a statement of its own, or put all into `with atomic("reason"):`.'
                raise self.refuse(scope, stmt, "two-accesses", text, remedy)
            field = bool(found) and found[0].kind == "field"
            self.begun = self.step(ir.Call(self.source_text(stmt)), scope, stmt) if field else None

    # assignments

    def _assign(self, stmt: t.Assign, scope: Scope) -> None:
        if isinstance(stmt.value, t.NewRecord):
            return self._new_record(stmt, scope)
        local = isinstance(stmt.target, t.Local) and not isinstance(scope.names.get(stmt.target.name), Slot)
        if local and isinstance(stmt.value, t.Choose):
            self._choose_into(stmt, scope)
        elif local:
            self.begin(stmt, [stmt.value], scope)
            self._set(stmt.target.name, self.evaluate(stmt.value, scope), stmt, scope)
        else:
            self.begin(stmt, [stmt.value], scope, stmt.target)
            value = self.evaluate(stmt.value, scope)
            slot = self.slot(stmt.target, scope)
            self.flush()
            self.store(slot, value, scope, stmt)

    def _set(self, name: str, value: Value, stmt: t.Stmt, scope: Scope) -> None:
        """Assign to a local.  One that only ever gets one constant is that constant."""
        type_ = scope.typed.locals[name]
        once = not self.unrolling and name not in _params(scope) and assignments(scope.typed, name) == 1
        if once and type_.lo <= value.lo and value.hi <= type_.hi and self._never_changes(value):
            scope.names[name] = Bound(value)
            return
        var = self._variable(name, type_, scope)
        self.store(Slot(var.name, FALSE, type_, None, name), value, scope, stmt)
        if once:
            scope.names[name] = Var(var.name, max(var.lo, value.lo), min(var.hi, value.hi))

    def _never_changes(self, value: Value) -> bool:
        """Does the value depend on nothing but who runs?"""
        return not any(True for _ in reads_in(value.expr))

    def _variable(self, name: str, type_: ir.Type, scope: Scope) -> Var:
        known = scope.names.get(name)
        if isinstance(known, Var):
            return known
        var = Var(self.new_local(scope, name, type_, temporary=self.atomic is not None), type_.lo, type_.hi)
        scope.names[name] = var
        return var

    def _choose_into(self, stmt: t.Assign, scope: Scope) -> None:
        name, type_ = stmt.target.name, scope.typed.locals[stmt.target.name]
        self.open(stmt, [stmt.value], scope)
        for value in stmt.value.values:
            self.hoist(value, scope)
        var = self._variable(name, type_, scope)
        into = Var(var.name, type_.lo, type_.hi)
        value = self.choose(stmt.value, scope, into)
        if value.expr != ir.Read(var.name):
            self._set(name, value, stmt, scope)
        elif not self.unrolling and name not in _params(scope) and assignments(scope.typed, name) == 1:
            scope.names[name] = Var(var.name, value.lo, value.hi)
        if self.atomic is None:
            self.emit(ir.Note(name, value.expr, type_, self.pos(scope, stmt)))

    def _new_record(self, stmt: t.Assign, scope: Scope) -> None:
        name = stmt.target.name
        record = scope.typed.locals[name]
        if not isinstance(record, RecordType):
            raise InternalError(f"{name} is no record")
        infos = {key: self.world.field(field) for key, field in record.record.fields.items()}
        known = scope.names.get(name)
        if not isinstance(known, RecordVars):
            made = {key: self.new_local(scope, f"{name}.{key}", i.type, i.per) for key, i in infos.items()}
            known = scope.names[name] = RecordVars(made)
        for key, info in infos.items():
            for element in range(info.per):
                start = const(info.init).expr
                self.emit(ir.Assign(known.fields[key], const(element).expr, start, self.pos(scope, stmt)))

    # control

    def _if(self, stmt: t.If, scope: Scope) -> None:
        self._before(stmt, scope)
        self.begin(stmt, [stmt.test], scope)
        test = self.evaluate(stmt.test, scope)
        if test.constant:
            return self.block(stmt.then if test.lo else stmt.other, scope)
        then, other = self.fork(test, self.pos(scope, stmt))
        behind = Node()
        for start, body in ((then, stmt.then), (other, stmt.other)):
            self.at(start)
            self.block(body, scope)
            self.goto(behind)
        self.at(behind)

    def _before(self, stmt: t.If | t.While, scope: Scope) -> None:
        for one in stmt.before:
            self.statement(one, scope)
            if (
                self.atomic is None
                and self.accesses(one.value, scope)
                and (found := self.accesses(stmt.test, scope))
            ):
                text = f"a statement touches shared state twice ({t.text(one.value)} and {found[0].text})"
                raise self.refuse(scope, stmt, "two-accesses", text, "Put each in a statement of its own.")

    def _while(self, stmt: t.While, scope: Scope) -> None:
        if self.atomic is not None:
            text = f"`while` of {scope.function.name}() inside an atomic group"
            raise self.refuse(scope, stmt, "loop-in-atomic", text, "for i in range(a, b): is unrolled.")
        head, behind = self._head(stmt, scope), Node()
        self._before(stmt, scope)
        self.begin(stmt, [stmt.test], scope)
        test = self.evaluate(stmt.test, scope)
        body, out = self.fork(test, self.pos(scope, stmt))
        self.at(out)
        self.goto(behind)
        self.at(body)
        self._body(stmt.body, head, behind, scope)
        self.goto(head)
        self.at(behind)

    def _head(self, stmt: t.Stmt, scope: Scope) -> Node:
        """A node that a loop comes back to."""
        head = Node(where=self.place_of_step(ir.Call(self.source_text(stmt)), scope, stmt))
        self.goto(head)
        self.at(head)
        self.starting = False
        return head

    def _body(self, body: list[t.Stmt], again: Node, behind: Node, scope: Scope) -> None:
        scope.loops.append((behind, again))
        self.block(body, scope)
        scope.loops.pop()

    def _bounds(self, stmt: t.For, scope: Scope) -> tuple[Value, Value]:
        """First value of the loop's variable, and the one behind the last."""
        if isinstance(stmt.over, t.Each):
            return const(1), const(self.world.count(stmt.over.struct) + 1)
        self.begin(stmt, [stmt.over.lo, stmt.over.hi], scope)
        lo, hi = self.evaluate(stmt.over.lo, scope), self.evaluate(stmt.over.hi, scope)
        if not self._never_changes(hi):
            hi = self._kept(f"{stmt.var}.end", hi, scope)
        return lo, hi

    def _kept(self, name: str, value: Value, scope: Scope) -> Value:
        """A value as it is before the loop; a variable, as it is needed in later steps."""
        variable = self.new_local(scope, name, ir.int_type(value.lo, value.hi))
        self.emit(ir.Assign(variable, CONST_0, value.expr))
        return Value(ir.Read(variable), value.lo, value.hi)

    def _for(self, stmt: t.For, scope: Scope) -> None:
        """A loop that tests behind its body, so that its variable never leaves its range."""
        lo, hi = self._bounds(stmt, scope)
        type_ = scope.typed.locals[stmt.var]
        behind, again = Node(), Node()
        enter, out = self.fork(compare("<", lo, hi), self.pos(scope, stmt))
        self.at(out)
        self.goto(behind)
        self.at(enter)
        if self.cur is not None:
            var = self._variable(stmt.var, type_, scope)
            if type_.kind == "ref":
                var = scope.names[stmt.var] = Var(var.name, 1, var.hi)
            slot = Slot(var.name, FALSE, type_, None, stmt.var)
            now = Value(ir.Read(var.name), max(var.lo, lo.lo), min(var.hi, hi.hi - 1))
            self.store(slot, lo, scope, stmt)
            head = self._head(stmt, scope)
            self._body(stmt.body, again, behind, scope)
            self.goto(again)
            self.at(again)
            more, out = self.fork(compare("<", arith("+", now, const(1)), hi), self.pos(scope, stmt))
            self.at(out)
            self.goto(behind)
            self.at(more)
            step_up = Value(arith("+", now, const(1)).expr, type_.lo, type_.hi)
            self.store(slot, step_up, scope, stmt)
            self.goto(head)
        self.at(behind)

    def _unrolled(self, stmt: t.For, scope: Scope) -> None:
        lo, hi = self._bounds(stmt, scope)
        if not self._never_changes(lo):
            lo = self._kept(f"{stmt.var}.begin", lo, scope)
        behind = Node()
        self.unrolling += 1
        for number in range(lo.lo, hi.hi):
            again = Node()
            here = const(number)
            enter, skip = self.fork(
                both(compare("<=", lo, here), compare("<", here, hi)), self.pos(scope, stmt)
            )
            self.at(skip)
            self.goto(again)
            self.at(enter)
            scope.names[stmt.var] = Bound(here)
            self._body(stmt.body, again, behind, scope)
            self.goto(again)
            self.at(again)
        self.unrolling -= 1
        self.goto(behind)
        self.at(behind)

    def _return(self, stmt: t.Return, scope: Scope) -> None:
        if stmt.value is not None:
            self.begin(stmt, [stmt.value], scope)
            value = self.evaluate(stmt.value, scope)
            type_ = scope.typed.result
            if isinstance(scope.result, Var):
                slot = Slot(scope.result.name, FALSE, type_, None, f"the result of {scope.function.name}()")
                self.store(slot, value, scope, stmt)
            elif isinstance(type_, ir.Type) and type_.kind != "void":
                scope.single = self._single(value, type_, scope, stmt)
        self.goto(scope.exit)

    def _single(self, value: Value, type_: ir.Type, scope: Scope, stmt: t.Return) -> Value:
        """The result of a function with one `return`, good until the caller has used it."""
        checked = value
        if value.lo < type_.lo or value.hi > type_.hi:
            cond = both(compare(">=", value, const(type_.lo)), compare("<=", value, const(type_.hi)))
            label = f"the result of {scope.function.name}()"
            self.check(cond, ir.RANGE, f"{label} is outside {type_.lo}..{type_.hi}", scope, stmt)
            self.flush()
            checked = Value(value.expr, max(value.lo, type_.lo), min(value.hi, type_.hi))
        if all(read.var in self.variables for read in reads_in(value.expr)):
            return checked
        return self.temporary(scope, "return", checked, type_)

    # statements that are words

    def _do(self, stmt: t.Do, scope: Scope) -> None:
        if isinstance(stmt.call, t.LockOp):
            return self._lock_statement(stmt.call, scope)
        self.begin(stmt, [stmt.call], scope)
        if id(stmt.call) not in self.hoisted:
            self.evaluate(stmt.call, scope)

    def _wait(self, stmt: t.Wait, scope: Scope) -> None:
        if self.atomic is None:
            self.step(ir.Call(self.source_text(stmt)), scope, stmt)
        if self.has_effects(stmt.condition, scope):
            text = "what is waited for has effects"
            raise self.refuse(
                scope, stmt, "call-in-condition", text, "Wait for a condition; then do the rest."
            )
        self.wait(self.value(stmt.condition, scope), scope, stmt)

    def _atomic(self, stmt: t.Atomic, scope: Scope) -> None:
        if self.atomic is not None:
            return self.block(stmt.body, scope)
        self.atomic = self.step(ir.Call(stmt.reason), scope, stmt, stmt.reason)
        try:
            self.block(stmt.body, scope)
        finally:
            self.atomic = None

    # locks

    def _lock_statement(self, node: t.LockOp, scope: Scope) -> None:
        if not self.guarded:
            raise self.refuse(
                scope, node, "type", "the setup belongs to no process and takes no locks", "Leave it out."
            )
        lock = self.lock(node, scope)
        match node.op:
            case "acquire" | "acquire_shared":
                shared = node.op == "acquire_shared"
                self.wait(compare("==", self.owner(lock), FALSE) if shared else self.free(lock), scope, node)
                order = f"{lock.label} is taken out of order, or while a later one of its kind is held"
                self.check(self.in_order(lock), ir.LOCK_ORDER, order, scope, node)
                if shared:
                    twice = f"{lock.label} is taken shared twice by one process"
                    self.check(negate(self.reads(lock, self.me)), ir.OWNER, twice, scope, node)
                self.flush()
                self._take(lock, shared, TRUE, scope, node)
            case "release":
                right = self.held(lock)
                if lock.info.handed_over:
                    right = either(right, compare("==", self.owner(lock), const(lock.info.type.hi)))
                self._owned(
                    right, f"{lock.label} is released by a process that does not hold it", scope, node
                )
                self._own(lock, FALSE, scope, node)
            case "release_shared":
                text = f"{lock.label} is released by a process that does not hold it shared"
                self._owned(self.reads(lock, self.me), text, scope, node)
                self._read(lock, FALSE, scope, node)
            case "hand_over":
                text = f"{lock.label} is handed over by a process that does not hold it"
                self._owned(self.held(lock), text, scope, node)
                self._own(lock, const(lock.info.type.hi), scope, node)
            case "try_acquire" | "try_acquire_shared":
                self.try_lock(node, scope)
            case _:
                raise self.refuse(scope, node, "syntax", f"{node.op}() alone does nothing", "Use its value.")

    def _owned(self, right: Value, text: str, scope: Scope, node: t.Node) -> None:
        self.check(right, ir.OWNER, text, scope, node)
        self.flush()

    def _own(self, lock: Slot, who: Value, scope: Scope, node: t.Node) -> None:
        self.emit(ir.Assign(lock.var, lock.index.expr, who.expr, self.pos(scope, node)))

    def _read(self, lock: Slot, value: Value, scope: Scope, node: t.Node) -> None:
        if has_readers(lock.info):
            index = self.reader_index(lock, self.me)
            self.emit(ir.Assign(readers(lock.info), index.expr, value.expr, self.pos(scope, node)))

    def _take(self, lock: Slot, shared: bool, cond: Value, scope: Scope, node: t.Node) -> None:
        self.taken[lock.info.var] = lock.info
        if shared:
            taken = ir.Assign(
                readers(lock.info), self.reader_index(lock, self.me).expr, CONST_1, self.pos(scope, node)
            )
        else:
            taken = ir.Assign(lock.var, lock.index.expr, self.me.expr, self.pos(scope, node))
        self.emit(taken if cond == TRUE else ir.If(cond.expr, (taken,), (), self.pos(scope, node)))

    def try_lock(self, node: t.LockOp, scope: Scope) -> Value:
        """`try_acquire` and `try_acquire_shared`: whether it was taken."""
        lock = self.lock(node, scope)
        self.flush()
        shared = node.op == "try_acquire_shared"
        free = compare("==", self.owner(lock), FALSE) if shared else self.free(lock)
        if shared:
            free = both(free, negate(self.reads(lock, self.me)))
        free = self.temporary(scope, "taken", free, ir.BOOL)
        self._take(lock, shared, free, scope, node)
        return free


def _params(scope: Scope) -> list[str]:
    return [param.name for param in scope.function.params]
