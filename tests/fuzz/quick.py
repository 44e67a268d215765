"""The interpreter made fast: blocks and properties become Python functions, each when it is first needed.

It is what thousands of tiny programs are searched with.  It takes the place of the interpreter below the
reference engine and below the rule of the partial-order reduction.  What one search has asked of a state, and
symmetry of a block, the next search of the same program need not ask again (`tests.fuzz.memory`).  A share of
programs is searched with the interpreter itself, from nothing, and everything has to be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from checker.reduce import ample, symmetry
from checker.search import native as explore_native
from checker.search import plain as explore_plain
from checker.ir import program as ir
from checker.ir.interpreter import NOBODY, Actor, Interpreter, State, Step, Values, PropertyViolation
from checker.ir.sites import REST, STATE, TRANSITION
from checker.search.real_run import Real

from tests.fuzz import memory

SIGNS = {"and": "and", "or": "or", "//": "//", "%": "%", "+": "+", "-": "-", "*": "*"}


class QuickInterpreter(Interpreter):
    """Notes are left out: nothing is drawn from these steps."""

    def __init__(self, program: ir.Program) -> None:
        super().__init__(program)
        self.values: dict[int, tuple[ir.Expr, Callable]] = {}  # by identity; the expression is kept alive
        self.judges: dict[tuple, Callable] = {}  # by the kinds of what they judge
        moves = tuple(process.blocks for process in program.processes)
        self.blocks, self.moves = memory.once(("moves", *map(id, moves)), moves, lambda: ({}, {}))  # steps depend on nothing else
        self.starts: list[State] | None = None

    def initial_states(self) -> list[State]:
        if self.starts is None:
            self.starts = super().initial_states()
        return list(self.starts)

    def evaluate(self, expr: ir.Expr, state: Values, actor: Actor = NOBODY, before: Values = ()) -> int:
        known = self.values.get(id(expr))
        if known is None:
            text = f"lambda s, b, me, at: {_Text(self).expr(expr)}"
            known = self.values[id(expr)] = expr, eval(text, {"inside": inside})
        return known[1](state, before, actor.self, actor.instance)

    def steps(self, state: State) -> list[Step]:
        if state not in self.moves:
            self.moves[state] = super().steps(state)
        return self.moves[state]

    def steps_of(self, state: State, actor: Actor) -> Iterator[Step]:
        label = state[self.slots.pc(actor.process, actor.instance)]
        key = actor.process, label
        if key not in self.blocks:
            self.blocks[key] = self._functions(actor.process, label)
        guard, body = self.blocks[key]
        if guard(state, (), actor.self, actor.instance):
            for after, choices, violation in body(list(state), actor.self, actor.instance):
                yield Step(actor.process, actor.instance, label, after, choices, (), violation)

    def exercised(self, state: State, before: Values = (), resting: bool = False) -> set[tuple[str, int]]:
        kinds = (STATE, *(TRANSITION,) * bool(before), *(REST,) * resting)
        if kinds not in self.judges:
            sought = [((w.name, number), expr) for w in self.witnesses if w.kind in kinds for number, expr in w.exprs]
            self.judges[kinds] = self._those(sought, "")
        return set(self.judges[kinds](state, before))

    def _violated(self, kinds: Sequence[str], state: State, before: Values = ()) -> list[PropertyViolation]:
        if kinds not in self.judges:
            judged = [(PropertyViolation(p.name, p.doc, one.binding, p.pos), one.expr) for p, one in self._instantiations(kinds)]
            self.judges[kinds] = self._those(judged, "not ")
        return self.judges[kinds](state, before)

    def _those(self, named: list[tuple[object, ir.Expr]], negated: str) -> Callable:
        """A function that gives the names of the expressions that are true, or not."""
        lines = ["def those(s, b, me=0, at=0):", "    out = []"]
        lines += [f"    if {negated}{_Text(self).expr(expr)}: out.append(named[{k}])" for k, (_, expr) in enumerate(named)]
        scope = {"inside": inside, "named": [name for name, _ in named]}
        exec("\n".join([*lines, "    return out"]), scope)
        return scope["those"]

    def _functions(self, process: int, label: int) -> tuple[Callable, Callable]:
        block, text = self.program.processes[process].blocks[label], _Text(self)
        lines = text.body(block.body, process, 1, "s", "()", "return out")
        named = {"inside": inside, **text.violations}
        exec("\n".join(["def body(s, me, at):", "    b, out = (), []", *lines, "    return out"]), named)
        return eval(f"lambda s, b, me, at: {text.expr(block.guard)}", {"inside": inside}), named["body"]


def inside(index: int, count: int) -> int:
    """The element that is read: the first one if there is no such element."""
    return index if 0 <= index < count else 0


class _Text:
    """Python text for expressions and bodies.  Names: s the state, b the one before, me the process number,
    at the instance."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter, self.program, self.slots = interpreter, interpreter.program, interpreter.slots
        self.violations: dict[str, PropertyViolation] = {}
        self.names = 0

    def expr(self, expr: ir.Expr, s: str = "s") -> str:
        match expr:
            case ir.Const(value):
                return str(value) if value >= 0 else f"({value})"
            case ir.Read(var, index, old):
                return f"{'b' if old else s}[{self._slot(var, index, s)}]"
            case ir.Self():
                return "me"
            case ir.Instance():
                return "at"
            case ir.Unary(op, operand):
                return f"(+(not {self.expr(operand, s)}))" if op == "not" else f"(-{self.expr(operand, s)})"
            case ir.Binary(op, left, right):
                one, other = self.expr(left, s), self.expr(right, s)
                if op in ("min", "max"):
                    return f"{op}({one}, {other})"
                return f"({one} {op} {other})" if op in SIGNS else f"(+({one} {op} {other}))"
            case ir.Ite(cond, then, other):
                return f"({self.expr(then, s)} if {self.expr(cond, s)} else {self.expr(other, s)})"
        raise NotImplementedError(repr(expr))

    def _slot(self, var: str, index: ir.Expr, s: str) -> str:
        variable, first = self.program.variable(var), self._first(var)
        if isinstance(index, ir.Const):
            return f"{first} + {inside(index.value, variable.count)}"
        return f"{first} + inside({self.expr(index, s)}, {variable.count})"

    def _first(self, var: str) -> str:
        base = self.slots.at(var)
        if self.program.variable(var).process is None:
            return str(base)
        return f"{base} + {self.slots.at(var, 0, 1) - base} * at"

    def body(self, body: tuple[ir.Stmt, ...], process: int, depth: int, s: str, chosen: str, end: str) -> list[str]:
        """chosen: a tuple of the choices made.  end: what leaves this run."""
        lines: list[str] = []
        pad = "    " * depth

        def add(*some: str) -> None:
            lines.extend(pad + one for one in some)

        for position, statement in enumerate(body):
            match statement:
                case ir.Assign(var, index, value):
                    add(*self._assign(var, index, value, s))
                case ir.If(cond, then, other):
                    add(f"if {self.expr(cond, s)}:", "    pass")
                    lines += self.body(then, process, depth + 1, s, chosen, end)
                    add("else:", "    pass")
                    lines += self.body(other, process, depth + 1, s, chosen, end)
                case ir.Choose(var, lo, hi, where):
                    self.names += 1
                    one, new = f"c{self.names}", f"s{self.names}"
                    add(f"for {one} in range({lo}, {hi + 1}):", f"    {new} = list({s})", f"    {new}[{self._first(var)}] = {one}",
                        f"    if not {self.expr(where, new)}: continue")  # fmt: skip
                    rest = body[position + 1 :]
                    lines += self.body(rest, process, depth + 1, new, f"({chosen} + ({one},))", "continue")
                    add(end)
                    return lines
                case ir.Check(cond, name, message, pos):
                    add(f"if not {self.expr(cond, s)}:", f"    out.append((None, {chosen}, {self._violation(name, message, pos)}))", f"    {end}")
                case ir.Fail(name, message, pos):
                    add(f"out.append((None, {chosen}, {self._violation(name, message, pos)}))", end)
                case ir.Goto(label):
                    add(*self._goto(process, label, s), f"out.append((tuple({s}), {chosen}, None))", end)
        return lines

    def _assign(self, var: str, index: ir.Expr, value: ir.Expr, s: str) -> list[str]:
        variable, first = self.program.variable(var), self._first(var)
        if isinstance(index, ir.Const):
            right = 0 <= index.value < variable.count
            return [f"{s}[{first} + {index.value}] = {self.expr(value, s)}"] if right else []
        return [f"i = {self.expr(index, s)}", f"v = {self.expr(value, s)}", f"if 0 <= i < {variable.count}: {s}[{first} + i] = v"]

    def _violation(self, *what) -> str:
        name, message, pos = what
        known = f"wrong{len(self.violations)}"
        self.violations[known] = PropertyViolation(name, message, (), pos)
        return known

    def _goto(self, index: int, label: int, s: str) -> list[str]:
        process = self.program.processes[index]
        lines = [f"{s}[{self.slots.pc(index, 0)} + at] = {label}"]
        for variable in self.interpreter.locals[process.name]:
            if variable.name not in process.blocks[label].live:
                lines += [f"{s}[{self._first(variable.name)} + {k}] = {variable.type.lo}" for k in range(variable.count)]
        return lines


class QuickAmple(ample.Ample):
    """The rule, asked once about a state."""

    def __init__(self, interpreter: Interpreter) -> None:
        program = interpreter.program
        tables, self.chosen = memory.once(("ample", id(program)), program, lambda: (ample.analyse(program), {}))
        super().__init__(interpreter, tables)

    def process(self, state: State) -> tuple[int, int] | None:
        if state not in self.chosen:
            self.chosen[state] = super().process(state)
        return self.chosen[state]


def interpreter_of(program: ir.Program) -> QuickInterpreter:
    """One for a program, with what it knows."""
    return memory.once(("interpreter", id(program)), program, lambda: QuickInterpreter(program))


def _unchecked(*asked, **more) -> int:
    """In place of what a search checks of itself at its end."""
    return 0


def _not_followed(interpreter, site, path, last, passes, group) -> Real:
    """A way of stored states only: long enough to be counted, and not to be shown."""
    return Real(path, last, site.binding)


@contextmanager
def quick(followed: bool = True) -> Iterator[None]:
    """While it lasts, the reference engine runs on `QuickInterpreter`; followed: and checks itself, and makes
    counterexamples that are runs of the program, which takes longer than to find them."""
    changed = [(explore_plain, "Interpreter", interpreter_of), (explore_plain, "Ample", QuickAmple)]
    if not followed:
        changed.append((explore_plain, "real_run", _not_followed))
        changed += [(explore_plain, name, _unchecked) for name in ("check_sample", "check_orbits")]
    changed += memory.of_symmetry((explore_plain, explore_native), symmetry)
    before = [(module, name, getattr(module, name)) for module, name, _ in changed]
    try:
        for module, name, value in changed:
            setattr(module, name, value)
        yield
    finally:
        for module, name, value in reversed(before):
            setattr(module, name, value)
