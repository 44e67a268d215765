"""Small random programs in the IR, for engines: whatever the IR allows, also what no front end writes.

Values are brought into their range before they are stored, so that the only violations are
those of the drawn checks and properties.
"""

from __future__ import annotations

from random import Random

from checker.ir.program import (
    ARITHMETIC, COMPARISONS, LOGIC, Assign, Binary, Block, Check, Choose, Const, Expr, Fail, Goto, If, Instance,
    Instantiation, Ite, Note, Process, Program, Property, Read, Self, Stmt, Type, Unary, Variable,
)  # fmt: skip
from tests.support.operators import assign, binary, block, local, process, read, variable

RANGES = [(0, 1), (0, 1), (0, 2), (-2, 1), (3, 3), (0, 6), (-1, 2)]
LONG = [(0, 0x1FFFFFFFF), (-5, 0x7FFFFFFFF)]  # fill words, and are rarely written
COUNTS = [1, 1, 1, 1, 2, 3, 5, 30, 70]


class Drawn:
    """Draws one program."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.shared = [self._variable(f"s{i}", long=i > 3) for i in range(self.random.randint(2, 6))]
        self.locals: dict[str, list[Variable]] = {}
        self.labels = 1
        self.own: list[Variable] = []

    def program(self) -> Program:
        processes = [self._process(f"p{i}") for i in range(self.random.randint(1, 3))]
        self.own = []
        properties = [self._property(kind) for kind in ("invariant", "transition", "terminal", "reachable", "crash")]
        variables = [*self.shared, *(v for own in self.locals.values() for v in own)]
        return Program("random", tuple(variables), tuple(processes), tuple(properties), self._setup())

    # ---- declarations

    def _variable(self, name: str, long: bool = False) -> Variable:
        lo, hi = self.random.choice(LONG if long and self.random.random() < 0.5 else RANGES)
        count = self.random.choice(COUNTS) if self.random.random() < 0.4 else 1
        init = tuple(self.random.randint(lo, hi) for _ in range(count))
        return variable(name, Type("int", lo, hi), count, init)

    def _process(self, name: str) -> Process:
        random = self.random
        own = []
        for i in range(random.randint(1, 4)):
            like = self._variable(f"l{i}", long=i > 2)
            own.append(local(name, f"l{i}", like.type, like.count, init=like.type.lo))
        own.append(local(name, "chosen", Type("int", 0, 3)))
        self.own = self.locals[name] = own
        self.labels = random.randint(2, 6)
        blocks = [self._block(label) for label in range(self.labels)]
        rests = tuple(label for label in range(self.labels) if random.random() < 0.5)
        return process(name, *blocks, instances=random.randint(1, 2), rests=rests, entry=random.randrange(self.labels))

    def _block(self, label: int) -> Block:
        live = tuple(v.name for v in self.own if self.random.random() < 0.5)
        guard = self._condition(2) if self.random.random() < 0.3 else Const(int(self.random.random() < 0.9))
        return block(label, *self._body(3), guard=guard, live=live)

    def _property(self, kind: str) -> Property:
        old = kind == "transition"
        always = [Instantiation(((("n", str(i)),)), self._condition(2, old), self._maybe_premise()) for i in range(2)]
        often = [Instantiation(i.binding, self._mostly(i.expr, old), i.premise) for i in always]
        return Property(f"a_{kind}", kind, f"Some {kind}.", tuple(often))

    def _mostly(self, expr: Expr, old: bool = False) -> Expr:
        return binary("or", binary("or", expr, self._condition(1, old)), binary("or", self._condition(1), self._condition(1)))

    def _maybe_premise(self) -> Expr | None:
        return self._condition(1) if self.random.random() < 0.5 else None

    def _setup(self) -> tuple[Stmt, ...]:
        scalar = next((v for v in self.shared if v.type.hi - v.type.lo < 10), None)
        if scalar is None or scalar.count > 1:
            return (Goto(0),)
        return (Choose(scalar.name, scalar.type.lo, scalar.type.hi), Goto(0))

    # ---- statements

    def _body(self, depth: int) -> tuple[Stmt, ...]:
        """Statements that end in Goto or Fail on every path."""
        body: list[Stmt] = []
        for _ in range(self.random.randint(0, 3)):
            body.append(self._statement(depth))
        if self.random.random() < 0.3:
            body.append(self._choose())
            body += [self._statement(depth) for _ in range(self.random.randint(0, 2))]
        if depth and self.random.random() < 0.3:
            return (*body, If(self._condition(1), self._body(depth - 1), self._body(depth - 1)))
        if self.random.random() < 0.02:
            return (*body, Fail("bug_on", "bug"))
        return (*body, Goto(self.random.randrange(self.labels)))

    def _choose(self) -> Choose:
        chosen = self.own[-1]
        lo = self.random.randint(0, 1)
        where = self._condition(1) if self.random.random() < 0.4 else Const(1)
        return Choose(chosen.name, lo, self.random.randint(lo, 3), where)

    def _statement(self, depth: int) -> Stmt:
        kind = self.random.random()
        if kind < 0.7 or depth == 0:
            return self._assign()
        if kind < 0.9:
            arms = [[self._statement(depth - 1) for _ in range(self.random.randint(0, 2))] for _ in range(2)]
            if self.random.random() < 0.2:
                arms[0].append(Goto(self.random.randrange(self.labels)))
            return If(self._condition(1), tuple(arms[0]), tuple(arms[1]))
        if kind < 0.95:
            return Note("sees", self._value(1), Type("int", -9, 9))
        return Check(self._mostly(self._condition(1)), "range", f"check {self.random.randint(0, 3)}")

    def _assign(self) -> Assign:
        into = self.random.choice(self.own + [v for v in self.shared if v.type.hi < 100 or self.random.random() < 0.3])
        lo, size = into.type.lo, into.type.hi - into.type.lo + 1
        value = binary("+", lo, binary("%", self._value(2), size))
        return assign(into.name, value, self._index(into))

    # ---- expressions

    def _index(self, of: Variable) -> Expr:
        """Mostly inside; sometimes outside."""
        if of.count == 1 or self.random.random() < 0.3:
            return Const(self.random.randint(-1, of.count))
        return binary("-", self._value(1), 1) if self.random.random() < 0.2 else binary("%", self._value(1), of.count)

    def _value(self, depth: int, old: bool = False) -> Expr:
        random = self.random
        if depth == 0:
            return Const(random.randint(-3, 3))
        kind = random.random()
        if kind < 0.45:
            of = random.choice(self.shared + self.own)
            return read(of.name, self._index(of) if depth > 1 else Const(random.randrange(of.count)), old and random.random() < 0.5)
        if kind < 0.8:
            op = random.choice((*ARITHMETIC, *COMPARISONS))
            right = Const(random.randint(1, 4)) if op in ("//", "%") else self._value(depth - 1, old)
            return Binary(op, self._value(depth - 1, old), right)
        if kind < 0.85:
            return Unary("-", self._value(depth - 1, old))
        if kind < 0.9 and self.own:
            return random.choice([Self(), Instance()])
        return Ite(self._condition(depth - 1, old), self._value(depth - 1, old), self._value(depth - 1, old))

    def _condition(self, depth: int, old: bool = False) -> Expr:
        kind = self.random.random()
        if depth == 0 or kind < 0.6:
            return Binary(self.random.choice(COMPARISONS), self._value(1, old), self._value(1, old))
        if kind < 0.8:
            return Binary(self.random.choice(LOGIC), self._condition(depth - 1, old), self._condition(depth - 1, old))
        return Unary("not", self._condition(depth - 1, old))


def random_program(seed: int) -> Program:
    """A program, always the same for the same seed."""
    return Drawn(seed).program()
