"""Steps, calls and choices: what the flow graph of a process is built from."""

from __future__ import annotations

import ast

from . import ir, lang
from . import tree as t
from .errors import Problem
from .infer import Typed
from .lower_access import Accesses
from .lower_expr import Binding, Bound, Scope, Slot, Var, clip
from .lower_flow import Node, Step, reads_in, size
from .lower_value import CONST_0, FALSE, TRUE, Value, both, compare, const, either, if_else, negate, rebuild, within
from .types import PlaceType, RecordType, World

SUBSTITUTED_SIZE = 12  # operators in an argument that may stand wherever its parameter does


class Steps(Accesses):
    """Builds nodes.  `cur` is the node under construction, None where control never comes.

    atomic: the step around, if the text at hand happens within one.  starting: no step has
    begun since the operation started.  unrolling: loops around that are being unrolled.
    """

    def __init__(self, world: World, file_names: dict[str, str], lock_order: tuple[lang.Field, ...], process: str) -> None:
        super().__init__(world, file_names, lock_order)
        self.process = self.owner_of_locals = process
        self.problems: list[Problem] = []
        self.variables: dict[str, ir.Variable] = {}
        self.temporaries: set[str] = set()
        self.cur: Node | None = None
        self.atomic: Step | None = None
        self.starting = False
        self.unrolling = 0
        self._labels: set[str] = set()
        self._plain: dict[int, bool] = {}
        self._sources: dict[int, str] = {}

    # nodes

    def emit(self, stmt: ir.Stmt) -> None:
        if self.cur is not None:
            self.cur.body.append(stmt)

    def flush(self) -> None:
        """Write the checks that expressions asked for."""
        for one in self.take_checks():
            self.emit(ir.Check(one.cond.expr, one.name, one.message, one.pos))

    def evaluate(self, node: t.Node, scope: Scope) -> Value:
        """The value of an expression, its checks written."""
        value = self.value(node, scope)
        self.flush()
        return value

    def goto(self, node: Node) -> None:
        """End the current node; control goes on at `node`."""
        if self.cur is not None:
            self.cur.then = node
            node.reached += 1
        self.cur = None

    def at(self, node: Node) -> None:
        """Go on at `node`, if control comes there."""
        self.cur = node if node.reached else None

    def fork(self, cond: Value, pos: ir.Pos) -> tuple[Node, Node]:
        """End the current node with a branch: nodes for true and false."""
        yes, no = Node(), Node()
        if self.cur is not None:
            if cond.constant:
                taken = yes if cond.lo else no
                self.cur.then, taken.reached = taken, 1
            else:
                self.cur.cond, self.cur.then, self.cur.other, self.cur.pos = cond, yes, no, pos
                yes.reached = no.reached = 1
        self.cur = None
        return yes, no

    def step(self, call: ir.Call, scope: Scope, node: t.Node, atomic: str = "") -> Step:
        """Begin a block here."""
        step = self.place_of_step(call, scope, node, atomic)
        begun = Node(step=step)
        step.node = begun
        self.goto(begun)
        self.at(begun)
        self.starting = False
        return step

    def place_of_step(self, call: ir.Call, scope: Scope, node: t.Node, atomic: str = "") -> Step:
        return Step(call, (*scope.frames, ir.Frame(scope.function.name, self.pos(scope, node))), atomic)

    def source_text(self, stmt: t.Stmt) -> str:
        """The statement, or the first line of it."""
        found = self._sources.get(id(stmt.source))
        if found is None:
            source = stmt.source
            if isinstance(source, (ast.If, ast.While)):
                found = f"{type(source).__name__.lower()} {ast.unparse(source.test)}"
            else:
                found = ast.unparse(source).splitlines()[0].rstrip(":")
            self._sources[id(stmt.source)] = found
        return found

    # variables

    def new_local(self, scope: Scope, name: str, type_: ir.Type, count: int = 1, temporary: bool = False) -> str:
        """A variable for the local `name` of an inlined call; its name says which call."""
        if not scope.label:
            scope.label = self._unused_label(scope)
        full = f"{self.process}:{scope.label}.{name}"
        base, n = full, 1
        while full in self.variables:
            n += 1
            full = f"{base}#{n}"
        variable = ir.Variable(full, type_, count, (type_.lo,) * count, self.owner_of_locals, label=name, field=name)
        self.variables[full] = variable
        if temporary:
            self.temporaries.add(full)
        return full

    def _unused_label(self, scope: Scope) -> str:
        """The function's name, with as many callers in front as make it unique."""
        path = scope.path
        for length in range(1, len(path) + 1):
            label = "/".join(path[-length:])
            if label not in self._labels:
                break
        else:
            n = 2
            while f"{path[-1]}#{n}" in self._labels:
                n += 1
            label = f"{path[-1]}#{n}"
        self._labels.add(label)
        return label

    def temporary(self, scope: Scope, name: str, value: Value, type_: ir.Type) -> Value:
        """Keep a value in a variable of the compiler's own, as it is now."""
        if value.constant:
            return value
        kept = ir.Type(type_.kind, value.lo, value.hi, type_.name) if type_.kind == "int" else type_
        variable = self.new_local(scope, name, kept, temporary=True)
        self.emit(ir.Assign(variable, CONST_0, value.expr))
        return Value(ir.Read(variable), value.lo, value.hi)

    def store(self, slot: Slot, value: Value, scope: Scope, node: t.Node) -> None:
        """Assign to a variable; a value outside its range is a violation."""
        lo, hi = slot.type.lo, slot.type.hi
        if value.lo < lo or value.hi > hi:
            self.check(within(value, lo, hi), ir.RANGE, f"{slot.label} is outside {lo}..{hi}", scope, node)
            self.flush()
            value = clip(value, lo, hi)
        if slot.info is not None:
            self.check_guard(slot, True, scope, node)
            self.flush()
        self.emit(ir.Assign(slot.var, slot.index.expr, value.expr, self.pos(scope, node)))

    # waiting

    def wait(self, cond: Value, scope: Scope, node: t.Node) -> None:
        """The step at hand can be taken only if `cond` is true (or a check of it fails)."""
        if self.cur is None:
            return
        step = self.atomic if self.atomic is not None else self.cur.step
        if not self.at_start(step):
            text = "waiting in the middle of a step"
            remedy = "Wait first; or end the step before, so that others can run meanwhile."
            raise self.refuse(scope, node, "late-wait", text, remedy)
        right, env = TRUE, {}
        for stmt in self.cur.body:
            if isinstance(stmt, ir.Assign):
                env[stmt.var] = _known(stmt.value, env)
            elif isinstance(stmt, ir.Check):
                right = both(right, _known(stmt.cond, env))
        for one in self.checks:
            right = both(right, _known(one.cond.expr, env))
        self.flush()
        step.guard = both(step.guard, either(negate(right), _known(cond.expr, env)))

    def at_start(self, step: Step | None) -> bool:
        """Has the step at hand done nothing so far but local work?"""
        if step is None or self.cur is None or self.cur is not step.node:
            return False
        local = (s.var in self.variables for s in self.cur.body if isinstance(s, ir.Assign))
        return all(local) and not any(isinstance(s, (ir.Choose, ir.If)) for s in self.cur.body)

    # calls

    def hoist(self, node: t.Node, scope: Scope, conditional: bool = False, effects_after: bool = False) -> None:
        """Evaluate what in `node` cannot be one expression: calls with steps or effects, choices.

        conditional: `node` is perhaps not evaluated.  effects_after: something behind it in
        the same statement has effects, so what it reads is kept.
        """
        if not effects_after and self.is_plain(node):
            return
        self.hoisted.pop(id(node), None)
        match node:
            case t.Call():
                self._hoist_call(node, scope, conditional)
            case t.Choose():
                if conditional:
                    text = "choose() where it may not be evaluated"
                    raise self.refuse(scope, node, "call-in-condition", text, "Choose in a statement of its own.")
                self.hoisted[id(node)] = self.choose(node, scope, None)
            case t.LockOp(op=("try_acquire" | "try_acquire_shared")):
                if not conditional:
                    self.hoisted[id(node)] = self.try_lock(node, scope)
            case t.Logic() | t.Cond() if not conditional and self._branches(node, scope):
                self.hoisted[id(node)] = self._by_control_flow(node, scope)
            case t.Logic():
                for position, operand in enumerate(node.operands):
                    self.hoist(operand, scope, conditional or position > 0, effects_after)
            case t.Cond():
                self.hoist(node.test, scope, conditional, effects_after)
                self.hoist(node.then, scope, True)
                self.hoist(node.other, scope, True)
            case t.Quantifier():
                for child in t.children(node):
                    self.hoist(child, scope, True)
            case _:
                children = t.children(node)
                late = [self.has_effects(child, scope) for child in children]
                for position, child in enumerate(children):
                    self.hoist(child, scope, conditional, effects_after or any(late[position + 1 :]))
                if effects_after and not conditional and isinstance(node, (t.Attr, t.Item)) and self._is_value(node, scope):
                    type_ = scope.typed.types[id(node)]
                    self.hoisted[id(node)] = self.temporary(scope, "value", self.evaluate(node, scope), type_)

    def is_plain(self, node: t.Node) -> bool:
        """Is there no call, choice or operation on a lock in `node`?"""
        found = self._plain.get(id(node))
        if found is None:
            found = not isinstance(node, (t.Call, t.Choose, t.LockOp)) and all(map(self.is_plain, t.children(node)))
            self._plain[id(node)] = found
        return found

    def _is_value(self, node: t.Node, scope: Scope) -> bool:
        return isinstance(scope.typed.types.get(id(node)), ir.Type)

    def has_effects(self, node: t.Node, scope: Scope) -> bool:
        """Does evaluating `node` change anything?"""
        if self.is_plain(node):
            return False
        if isinstance(node, t.Call) and not self.quiet(scope.typed.calls[id(node)]):
            return True
        if isinstance(node, t.LockOp):
            return node.op.startswith("try_")
        return any(self.has_effects(child, scope) for child in t.children(node))

    def _branches(self, node: t.Logic | t.Cond, scope: Scope) -> bool:
        """Do parts that are perhaps not evaluated have effects (but no steps of their own)?"""
        late = node.operands[1:] if isinstance(node, t.Logic) else [node.then, node.other]
        if self.atomic is None and any(self.accesses(part, scope) for part in late):
            return False
        return any(self.has_effects(part, scope) for part in late)

    def _by_control_flow(self, node: t.Logic | t.Cond, scope: Scope) -> Value:
        """Evaluate `and`, `or`, `implies` or `a if c else b` with branches."""
        type_ = scope.typed.types[id(node)]
        name = self.new_local(scope, "value", type_, temporary=True)
        behind = Node()
        if isinstance(node, t.Cond):
            self.hoist(node.test, scope)
            arms = self.fork(self.evaluate(node.test, scope), self.pos(scope, node))
            for start, part in zip(arms, (node.then, node.other)):
                self.at(start)
                self._evaluate_into(name, part, scope)
                self.goto(behind)
        else:
            self._evaluate_into(name, node.operands[0], scope, node.op == "implies")
            for part in node.operands[1:]:
                yes, no = self.fork(Value(ir.Read(name), 0, 1), self.pos(scope, node))
                self.at(no if node.op == "and" else yes)
                self.goto(behind)
                self.at(yes if node.op == "and" else no)
                self._evaluate_into(name, part, scope)
            self.goto(behind)
        self.at(behind)
        return Value(ir.Read(name), type_.lo, type_.hi)

    def _evaluate_into(self, name: str, node: t.Node, scope: Scope, negated: bool = False) -> None:
        self.hoist(node, scope)
        value = self.evaluate(node, scope)
        self.emit(ir.Assign(name, CONST_0, (negate(value) if negated else value).expr))

    def _hoist_call(self, node: t.Call, scope: Scope, conditional: bool) -> None:
        callee = scope.typed.calls[id(node)]
        stepping = self.atomic is None and self.touches(callee)
        if conditional and (stepping or not self.quiet(callee)):
            text = f"{callee.function.name}() is called where it may not be evaluated"
            raise self.refuse(scope, node, "call-in-condition", text, "Call it in a statement of its own, before.")
        late = [self.has_effects(arg, scope) for arg in node.args]
        for position, (param, arg) in enumerate(zip(callee.function.params, node.args)):
            for part in t.children(arg) if param.annotation is lang.Place else [arg]:
                self.hoist(part, scope, conditional, any(late[position + 1 :]))
        if conditional:
            return
        if stepping or not self.quiet(callee) or any(f.loops for f in callee.everything_called()):
            self.hoisted[id(node)] = self.inline_call(node, scope)

    def inline_call(self, node: t.Call, scope: Scope) -> Value:
        """Inline a call; its arguments are hoisted already.  The value is valid until
        something changes."""
        callee = scope.typed.calls[id(node)]
        is_step = self.atomic is None and callee.function.kind == "primitive" and self.touches(callee)
        before = self.atomic
        if is_step:
            step = self.step(ir.Call(callee.function.name), scope, node)
            self.atomic = step
        try:
            if is_step and self.quiet(callee) and not any(f.loops for f in callee.everything_called()):
                value = self.evaluate(node, scope)
                step.call = self._shown_call(node, scope)
            else:
                inner = self.bind(node, callee, scope)
                if is_step:
                    step.call = self._shown_call(node, scope)
                value = self.inline(inner)
        finally:
            self.atomic = before
        if is_step and isinstance(callee.result, ir.Type) and callee.result.kind != "void":
            self.emit(ir.Note("", value.expr, callee.result, self.pos(scope, node)))
        return value

    def _shown_call(self, node: t.Call, scope: Scope) -> ir.Call:
        """A primitive call as pictures show it; arguments that need the step's own
        temporaries are left out later."""
        callee = scope.typed.calls[id(node)]
        before, self.checks = self.checks, []
        args = []
        for param, arg in zip(callee.function.params, node.args):
            type_ = callee.params[param.name]
            if isinstance(type_, ir.Type):
                args.append((param.name, self.value(arg, scope).expr, type_))
        self.checks = before
        return ir.Call(callee.function.name, tuple(args))

    def bind(self, node: t.Call, callee: Typed, scope: Scope) -> Scope:
        """The scope of an inlined call, in which its parameters stand for the arguments."""
        aliased = self._aliased(node, callee, scope)
        frames = (*scope.frames, ir.Frame(scope.function.name, self.pos(scope, node)))
        inner = Scope(callee, {}, (*scope.path, callee.function.name), frames)
        for param, arg in zip(callee.function.params, node.args):
            found = self.argument(param, arg, scope, callee)
            self.flush()
            if isinstance(found, Slot) and not self.is_stable(found.index, aliased, callee):
                index = self.temporary(inner, f"{param.name}.index", found.index, ir.int_type(0, 0))
                found = found._replace(index=index)
            elif isinstance(found, Bound):
                found = self._bind_value(param, found.value, inner, aliased)
            inner.names[param.name] = found
        return inner

    def _bind_value(self, param: t.Param, value: Value, inner: Scope, aliased: set[str]) -> Binding:
        callee = inner.typed
        written = assignments(callee, param.name) > 0
        if not written and self.is_stable(value, aliased, callee):
            return Bound(value)
        type_ = callee.params[param.name]
        name = self.new_local(inner, param.name, type_, temporary=self.atomic is not None)
        self.emit(ir.Assign(name, CONST_0, value.expr))
        return Var(name, type_.lo, type_.hi) if written else Var(name, value.lo, value.hi)

    def _aliased(self, node: t.Call, callee: Typed, scope: Scope) -> set[str]:
        """The locals that a call may change: its records, and what its Places stand for."""
        found: set[str] = set()
        for param, arg in zip(callee.function.params, node.args):
            type_ = callee.params[param.name]
            if isinstance(type_, RecordType):
                found.update(scope.names[arg.name].fields.values())
            elif isinstance(type_, PlaceType) and not (type_.field and issubclass(type_.field.struct, lang.Struct)):
                before, self.checks = self.checks, []
                found.add(self.slot(arg, scope).var)
                self.checks = before
        return found

    def is_stable(self, value: Value, aliased: set[str], callee: Typed) -> bool:
        """Does `value` stay what it is while `callee` runs, at no price in states?"""
        if value.constant:
            return True
        quiet = self.quiet(callee)
        for read in reads_in(value.expr):
            if read.var in self.variables:
                if read.var in aliased and not quiet:
                    return False
            elif not (quiet and self.atomic is not None):
                return False
        if self.atomic is None:
            return isinstance(value.expr, ir.Read) or not any(True for _ in reads_in(value.expr))
        return size(value.expr) <= SUBSTITUTED_SIZE

    def inline(self, inner: Scope) -> Value:
        """Inline the body of a function whose parameters are bound; the value that it returns."""
        callee = inner.typed
        inner.exit = Node()
        returns = _returns(callee.function.body)
        single = len(returns) == 1 and returns[0] is callee.function.body[-1]
        if isinstance(callee.result, ir.Type) and callee.result.kind != "void" and not single:
            type_ = callee.result
            inner.result = Var(self.new_local(inner, "return", type_, temporary=True), type_.lo, type_.hi)
        self.block(callee.function.body, inner)
        self.goto(inner.exit)
        self.at(inner.exit)
        if inner.single is not None:
            return inner.single
        if isinstance(inner.result, Var):
            return Value(ir.Read(inner.result.name), inner.result.lo, inner.result.hi)
        return FALSE

    def block(self, body: list[t.Stmt], scope: Scope) -> None:
        raise NotImplementedError

    def try_lock(self, node: t.LockOp, scope: Scope) -> Value:
        raise NotImplementedError

    # choices

    def choose(self, node: t.Choose, scope: Scope, into: Var | None) -> Value:
        """Choose; `into` is a local that takes the value if it can hold all of them."""
        if node.over is None:
            return self._choose_listed(node, scope, into)
        over = node.over
        lo, hi, fixed = self._choice_bounds(over, scope)
        if over.condition is not None or not fixed:
            self._conditional_choice(node, scope)
        right = TRUE if lo <= hi else FALSE
        hi = max(lo, hi)
        type_ = self._choice_type(over, scope, lo, hi)
        plain = over.value is None
        if into is not None and plain and into.lo <= lo and hi <= into.hi:
            name = into.name
        elif lo == hi and over.condition is None and right == TRUE and fixed and plain:
            return const(lo)
        else:
            name = self.new_local(scope, over.var or "choice", type_, temporary=True)
        chosen = clip(Value(ir.Read(name), lo, hi))
        inner = scope.with_names({**scope.names, over.var: Bound(chosen)})
        cond = right if fixed else both(right, self._in_span(over.source, chosen, scope))
        if over.condition is not None:
            cond = both(cond, self.under(cond, over.condition, inner))
        checks = self.take_checks()
        for one in checks:
            cond = either(negate(one.cond), cond)
        self.emit(ir.Choose(name, lo, hi, cond.expr, self.pos(scope, node)))
        self.checks = checks + self.checks
        self.flush()
        return chosen if plain else self.evaluate(over.value, inner)

    def _conditional_choice(self, node: t.Choose, scope: Scope) -> None:
        """A choice that perhaps has no value begins a step, or stands where nothing has happened yet."""
        if self.atomic is None and not self.starting and (self.cur is None or not self.at_start(self.cur.step)):
            self.step(ir.Call("choose"), scope, node)
        elif self.atomic is not None and (self.cur is None or not self._nothing_done(self.atomic)):
            text = "a choice under a condition in the middle of a step"
            raise self.refuse(scope, node, "late-wait", text, "Choose first; or end the step before.")

    def _nothing_done(self, step: Step) -> bool:
        same = self.cur is step.node
        return same and all(s.var in self.variables for s in self.cur.body if isinstance(s, (ir.Assign, ir.Choose)))

    def _choice_bounds(self, over: t.Generator, scope: Scope) -> tuple[int, int, bool]:
        """Least and greatest value of a source, and whether these are constants."""
        if isinstance(over.source, t.Each):
            return 1, self.world.count(over.source.struct), True
        lo, hi = self.evaluate(over.source.lo, scope), self.evaluate(over.source.hi, scope)
        return lo.lo, hi.hi - 1, lo.constant and hi.constant

    def _in_span(self, span: t.Span, chosen: Value, scope: Scope) -> Value:
        lo, hi = self.value(span.lo, scope), self.value(span.hi, scope)
        return both(compare("<=", lo, chosen), compare("<", chosen, hi))

    def _choice_type(self, over: t.Generator, scope: Scope, lo: int, hi: int) -> ir.Type:
        return self.world.ref(over.source.struct) if isinstance(over.source, t.Each) else ir.int_type(lo, hi)

    def _choose_listed(self, node: t.Choose, scope: Scope, into: Var | None) -> Value:
        values = [self.evaluate(value, scope) for value in node.values]
        if all(v.constant for v in values):
            numbers = list(dict.fromkeys(v.lo for v in values))
            values = [const(n) for n in numbers]
            if len(numbers) == 1:
                return values[0]
            if numbers == list(range(numbers[0], numbers[-1] + 1)):
                lo, hi = numbers[0], numbers[-1]
                fits = into is not None and into.lo <= lo and hi <= into.hi
                type_ = scope.typed.types[id(node)]
                name = into.name if fits else self.new_local(scope, "choice", type_, temporary=True)
                self.emit(ir.Choose(name, lo, hi, TRUE.expr, self.pos(scope, node)))
                return Value(ir.Read(name), lo, hi)
        name = self.new_local(scope, "choice", ir.int_type(0, len(values) - 1), temporary=True)
        self.emit(ir.Choose(name, 0, len(values) - 1, TRUE.expr, self.pos(scope, node)))
        chosen = Value(ir.Read(name), 0, len(values) - 1)
        result = values[-1]
        for position in range(len(values) - 2, -1, -1):
            result = if_else(compare("==", chosen, const(position)), values[position], result)
        return result


def assignments(typed: Typed, name: str) -> int:
    """How many statements may change a local."""
    return typed.function.assigned.get(name, 0) + 2 * (name in typed.placed)


def _known(expr: ir.Expr, env: dict[str, Value]) -> Value:
    """`expr` before the assignments that `env` records."""
    wide = 1 << 62

    def read(old: ir.Read, index: Value) -> Value:
        return env[old.var] if old.var in env else Value(ir.Read(old.var, index.expr, old.old), -wide, wide)

    return rebuild(expr, read, lambda leaf: Value(leaf, 0, wide))


def _returns(body: list[t.Stmt]) -> list[t.Return]:
    found = []
    for stmt in body:
        if isinstance(stmt, t.Return):
            found.append(stmt)
        for inner in t.parts(stmt)[1]:
            found += _returns(inner)
    return found
