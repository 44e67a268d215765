"""From the flow graph of a process to its blocks.

Everything behind a node with a step, up to the next such nodes, is local work and becomes
part of the block, as nested Ifs; a piece of local work that several blocks reach is copied
into each of them.  What is known on the way is put in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..base.errors import InternalError
from ..ir import program as ir
from ..types.intervals import comparison
from .graph import BlockHead, FlowNode, cut_loops, find_joins
from .values import Value, negate, rebuild

WIDE = 1 << 62  # wider than any bounds
COPIED_SIZE = 4  # operators in an expression that may stand in place of a temporary


@dataclass
class RawBlock:
    """A block before liveness."""

    label: int
    step: BlockHead
    body: list[ir.Stmt]


class Knowledge:
    """What is known at a point of a block.

    values: what locals are.  facts: conditions that are true, by their numbers.  ranges: bounds
    of expressions, by their numbers.
    """

    __slots__ = ("facts", "ranges", "values")

    def __init__(self, values: dict[str, Value], facts: dict[int, ir.Expr], ranges: dict[int, Value]) -> None:
        self.values, self.facts, self.ranges = values, facts, ranges

    def copy(self) -> Knowledge:
        return Knowledge(dict(self.values), dict(self.facts), dict(self.ranges))

    def meet(self, other: Knowledge) -> Knowledge:
        """What is known where two paths come together."""
        values = {k: v for k, v in self.values.items() if other.values.get(k) == v}
        ranges = {}
        for number, one in self.ranges.items():
            two = other.ranges.get(number)
            if two is not None:
                ranges[number] = Value(one.expr, min(one.lo, two.lo), max(one.hi, two.hi))
        return Knowledge(values, {n: fact for n, fact in self.facts.items() if n in other.facts}, ranges)


class Emitter:
    """Makes the blocks of the graph that begins at `entry`, whose step is made already.

    variables: the locals of the process by name; temporaries: those among them that the
    compiler has made.
    """

    def __init__(self, variables: dict[str, ir.Variable], temporaries: set[str]) -> None:
        self.variables, self.temporaries = variables, temporaries
        self.labels: dict[int, int] = {}
        self.queue: list[FlowNode] = []
        self._uses: dict[int, tuple[ir.Expr, frozenset[str]]] = {}
        self._numbers: dict[int, tuple[ir.Expr, int]] = {}
        self._by_key: dict[tuple, int] = {}

    def label(self, node: FlowNode) -> int:
        """The number of the block that begins at `node`."""
        if id(node) not in self.labels:
            self.labels[id(node)] = len(self.labels)
            self.queue.append(node)
        return self.labels[id(node)]

    def blocks(self, entry: FlowNode) -> tuple[list[RawBlock], int, list[ir.Assign]]:
        """The blocks, the label of the first, and what locals are set to before it.

        `entry` itself becomes a block only if it begins with a step, or if it does more
        than to set locals to constants.
        """
        cut_loops(entry)
        find_joins(entry)
        done: list[RawBlock] = []
        start: list[ir.Stmt] = []
        first = 0
        if entry.step is None:
            self.emit(entry, None, Knowledge({}, {}, {}), start)
            if isinstance(start[-1], ir.Goto) and all(map(self.sets_local, start[:-1])):
                first = start.pop().label
            else:
                entry.step, start = entry.where, []
                self.labels, self.queue = {}, []
                self.label(entry)
        else:
            self.label(entry)
        for node in self.queue:
            out: list[ir.Stmt] = []
            if self.emit(node, None, Knowledge({}, {}, {}), out) is not None:
                raise InternalError("a path of the flow graph ends nowhere")
            done.append(RawBlock(self.labels[id(node)], node.step, choices_last(out)))
        return done, first, start

    def sets_local(self, stmt: ir.Stmt) -> bool:
        """Does `stmt` give a local a constant, and no more?"""
        return isinstance(stmt, ir.Assign) and stmt.var in self.variables and isinstance(stmt.value, ir.Const)

    # one path at a time; `env` is what is known

    def emit(self, node: FlowNode, stop: FlowNode | None, env: Knowledge, out: list[ir.Stmt]) -> Knowledge | None:
        """Write the local work from `node` on to `out`, up to `stop`.  The result is what is
        known there, or None if no path comes there."""
        while True:
            if not self.statements(node.body, env, out):
                return None
            target = node.then
            if node.cond is not None:
                cond = self.value(node.cond.expr, env)
                if cond.constant:
                    target = node.then if cond.lo else node.other
                else:
                    known = self.branch(node, cond, node.join or stop, env, out)
                    if known is None or node.join is None or node.join is stop:
                        return known
                    env, node = known, node.join
                    continue
            if target is None:
                raise InternalError("a path of the flow graph ends nowhere")
            if target.step is not None:
                out.append(ir.Goto(self.label(target)))
                return None
            if target is stop:
                return env
            node = target

    def branch(
        self, node: FlowNode, cond: Value, stop: FlowNode | None, env: Knowledge, out: list[ir.Stmt]
    ) -> Knowledge | None:
        then: list[ir.Stmt] = []
        other: list[ir.Stmt] = []
        yes, no = env.copy(), env.copy()
        self.trust(cond.expr, yes)
        self.trust(negate(cond).expr, no)
        left = self.arm(node.then, stop, yes, then)
        right = self.arm(node.other, stop, no, other)
        if not then and other:
            cond, then, other = negate(cond), other, then
        if then:
            out.append(ir.If(cond.expr, tuple(then), tuple(other), node.pos))
        if left is None or right is None:
            return left if right is None else right
        return left.meet(right)

    def arm(self, target: FlowNode, stop: FlowNode | None, env: Knowledge, out: list[ir.Stmt]) -> Knowledge | None:
        if target.step is not None:
            out.append(ir.Goto(self.label(target)))
            return None
        return env if target is stop else self.emit(target, stop, env, out)

    def statements(self, body: list[ir.Stmt], env: Knowledge, out: list[ir.Stmt]) -> bool:
        """Write straight-line statements; False if one of them always fails."""
        for stmt in body:
            match stmt:
                case ir.Assign():
                    value = self.value(stmt.value, env)
                    index = self.value(stmt.index, env).expr
                    out.append(ir.Assign(stmt.var, index, value.expr, stmt.pos))
                    self.learn(stmt.var, value, env)
                case ir.Check():
                    cond = self.value(stmt.cond, env)
                    if cond.constant and not cond.lo:
                        out.append(ir.Fail(stmt.name, stmt.message, stmt.pos))
                        return False
                    if not cond.constant and not self.implied(cond.expr, env):
                        out.append(ir.Check(cond.expr, stmt.name, stmt.message, stmt.pos))
                        self.trust(cond.expr, env)
                case ir.If():
                    if not self.inner_if(stmt, env, out):
                        return False
                case ir.Choose():
                    self.forget(stmt.var, env)
                    where = self.value(stmt.where, env).expr
                    out.append(ir.Choose(stmt.var, stmt.lo, stmt.hi, where, stmt.pos))
                case ir.Note():
                    out.append(ir.Note(stmt.text, self.value(stmt.value, env).expr, stmt.type, stmt.pos))
                case _:
                    out.append(stmt)
        return True

    def inner_if(self, stmt: ir.If, env: Knowledge, out: list[ir.Stmt]) -> bool:
        cond = self.value(stmt.cond, env)
        if cond.constant:
            return self.statements(list(stmt.then if cond.lo else stmt.other), env, out)
        arms: list[list[ir.Stmt]] = []
        for body in (stmt.then, stmt.other):
            arms.append([])
            self.statements(list(body), env.copy(), arms[-1])
        out.append(ir.If(cond.expr, tuple(arms[0]), tuple(arms[1]), stmt.pos))
        for name in assigned(stmt):
            self.forget(name, env)
        return True

    # what locals are known to be

    def value(self, expr: ir.Expr, env: Knowledge) -> Value:
        """`expr` with what is known put in."""
        if not env.values or self.uses(expr).isdisjoint(env.values):
            return Value(expr, expr.value, expr.value) if isinstance(expr, ir.Const) else Value(expr, 0, WIDE)

        def read(old: ir.Read, index: Value) -> Value:
            if old.var in env.values:
                return env.values[old.var]
            lo, hi = self.bounds(old)
            return Value(old if index.expr is old.index else ir.Read(old.var, index.expr, old.old), lo, hi)

        return rebuild(expr, read, lambda leaf: Value(leaf, 0, WIDE))

    def learn(self, name: str, value: Value, env: Knowledge) -> None:
        self.forget(name, env)
        variable = self.variables.get(name)
        if variable is None or variable.count != 1:
            return
        if isinstance(value.expr, ir.Const):
            env.values[name] = value
        elif (
            name in self.temporaries and name not in self.uses(value.expr) and size(value.expr) <= COPIED_SIZE
        ):
            env.values[name] = Value(value.expr, variable.type.lo, variable.type.hi)

    def forget(self, name: str, env: Knowledge) -> None:
        """`name` changes."""
        env.values.pop(name, None)
        for other in [k for k, v in env.values.items() if name in self.uses(v.expr)]:
            del env.values[other]
        for number in [n for n, fact in env.facts.items() if name in self.uses(fact)]:
            del env.facts[number]
        for number in [n for n, known in env.ranges.items() if name in self.uses(known.expr)]:
            del env.ranges[number]

    def trust(self, cond: ir.Expr, env: Knowledge) -> None:
        """`cond` is true."""
        if isinstance(cond, ir.Binary) and cond.op == "and":
            self.trust(cond.left, env)
            self.trust(cond.right, env)
        elif isinstance(cond, ir.Unary) and isinstance(cond.operand, ir.Binary) and cond.operand.op == "or":
            self.trust(negate(Value(cond.operand.left, 0, 1)).expr, env)
            self.trust(negate(Value(cond.operand.right, 0, 1)).expr, env)
        else:
            env.facts[self.number(cond)] = cond
            if isinstance(cond, ir.Binary) and isinstance(cond.right, ir.Const):
                self.narrow(cond.op, cond.left, cond.right.value, env)

    def narrow(self, op: str, expr: ir.Expr, limit: int, env: Knowledge) -> None:
        """`expr op limit` is true."""
        if op not in ir.COMPARISONS:
            return
        known = env.ranges.get(self.number(expr))
        lo, hi = (known.lo, known.hi) if known else self.bounds(expr)
        if op in ("==", ">", ">="):
            lo = max(lo, limit + (op == ">"))
        if op in ("==", "<", "<="):
            hi = min(hi, limit - (op == "<"))
        if op == "!=":
            lo, hi = lo + (lo == limit), hi - (hi == limit)
        env.ranges[self.number(expr)] = Value(expr, lo, hi)

    def bounds(self, expr: ir.Expr) -> tuple[int, int]:
        variable = self.variables.get(expr.var) if isinstance(expr, ir.Read) else None
        return (variable.type.lo, variable.type.hi) if variable else (-WIDE, WIDE)

    def implied(self, cond: ir.Expr, env: Knowledge) -> bool:
        """Is `cond` certainly true?  "No" may mean "not known"."""
        if not env.facts:
            return False
        if isinstance(cond, ir.Binary) and cond.op == "or":
            return self.implied(cond.left, env) or self.implied(cond.right, env)
        if isinstance(cond, ir.Binary) and cond.op == "and":
            return self.implied(cond.left, env) and self.implied(cond.right, env)
        if isinstance(cond, ir.Binary) and cond.op in ir.COMPARISONS and isinstance(cond.right, ir.Const):
            known = env.ranges.get(self.number(cond.left))
            limit = cond.right.value
            if known is not None and comparison(cond.op, (known.lo, known.hi), (limit, limit)):
                return True
        return self.number(cond) in env.facts

    def number(self, expr: ir.Expr) -> int:
        """Equal expressions have equal numbers."""
        found = self._numbers.get(id(expr))
        if found is None:
            match expr:
                case ir.Const():
                    key: tuple = (expr.value,)
                case ir.Read():
                    key = (expr.var, self.number(expr.index))
                case ir.Unary():
                    key = (expr.op, self.number(expr.operand))
                case ir.Binary():
                    key = (expr.op, self.number(expr.left), self.number(expr.right))
                case ir.Ite():
                    key = ("if", self.number(expr.cond), self.number(expr.then), self.number(expr.other))
                case _:
                    key = (type(expr).__name__, 0, 0, 0, 0)
            found = self._numbers[id(expr)] = (expr, self._by_key.setdefault(key, len(self._by_key)))
        return found[1]

    def uses(self, expr: ir.Expr) -> frozenset[str]:
        """The variables that an expression reads."""
        found = self._uses.get(id(expr))
        if found is None:
            found = self._uses[id(expr)] = (expr, frozenset(read.var for read in reads_in(expr)))
        return found[1]


def reads_in(expr: ir.Expr) -> Iterator[ir.Read]:
    """Every Read in an expression."""
    stack = [expr]
    while stack:
        one = stack.pop()
        if isinstance(one, ir.Read):
            yield one
            if not isinstance(one.index, ir.Const):
                stack.append(one.index)
        elif isinstance(one, ir.Binary):
            stack += (one.left, one.right)
        elif isinstance(one, ir.Unary):
            stack.append(one.operand)
        elif isinstance(one, ir.Ite):
            stack += (one.cond, one.then, one.other)


def size(expr: ir.Expr) -> int:
    """Operators and reads in an expression."""
    match expr:
        case ir.Read():
            return 1 + size(expr.index)
        case ir.Unary():
            return 1 + size(expr.operand)
        case ir.Binary():
            return 1 + size(expr.left) + size(expr.right)
        case ir.Ite():
            return 1 + size(expr.cond) + size(expr.then) + size(expr.other)
    return 0


def assigned(stmt: ir.Stmt) -> set[str]:
    """The variables that a statement may change."""
    if isinstance(stmt, ir.If):
        return set().union(*(assigned(inner) for inner in stmt.then + stmt.other))
    return {stmt.var} if isinstance(stmt, (ir.Assign, ir.Choose)) else set()


def choices_last(body: list[ir.Stmt]) -> list[ir.Stmt]:
    """`body`, where every If that has a Choose in an arm is the last statement of its list."""
    done: list[ir.Stmt] = []
    for position, stmt in enumerate(body):
        if not isinstance(stmt, ir.If):
            done.append(stmt)
            continue
        then, other = choices_last(list(stmt.then)), choices_last(list(stmt.other))
        rest = body[position + 1 :]
        if rest and (has_choice(then) or has_choice(other)):
            then = then if leaves(then) else choices_last(then + rest)
            other = other if leaves(other) else choices_last(other + rest)
            return [*done, ir.If(stmt.cond, tuple(then), tuple(other), stmt.pos)]
        done.append(ir.If(stmt.cond, tuple(then), tuple(other), stmt.pos))
    return done


def has_choice(body: list[ir.Stmt] | tuple[ir.Stmt, ...]) -> bool:
    return any(
        isinstance(s, ir.Choose) or isinstance(s, ir.If) and has_choice(s.then + s.other) for s in body
    )


def leaves(body: list[ir.Stmt] | tuple[ir.Stmt, ...]) -> bool:
    """Does every path through `body` end in it?"""
    if not body:
        return False
    last = body[-1]
    return (
        isinstance(last, (ir.Goto, ir.Fail))
        or isinstance(last, ir.If)
        and leaves(last.then)
        and leaves(last.other)
    )
