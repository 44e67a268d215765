"""Small random programs of the modelling language, as source text, drawn by Hypothesis.

The declarations are nearly the same in all programs; the functions, the properties and
the processes are drawn.  Texts respect the rules of LANGUAGE.md (one shared access in a
statement and so on), but not its claims: locks are released by those who do not hold
them, values leave their ranges, references are None.  Those are violations, and the
engines must agree on them as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

HEADER = '''"""A random program."""

from checker.lang import *
from checker.lang import Array, Enum, Field, Flag, Ghost, Lock, Place, Range, Record, Ref, RwLock, Struct

LIMIT = constant({limit})
Small = Range(0, LIMIT)
Rounds = Range(0, 2)
Colour = enum("Colour", "RED GREEN BLUE")
RED, GREEN, BLUE = Colour


class Cell(Struct, count={cells}):
    """A cell."""

    mutex = Lock("mutex")
    up = Flag("up")
    n = Field(Small, "n", init={n})
    kept = Range(0, 2, "kept", {guard}=mutex)
    next = Ref("Cell", "next")
    colour = Field(Colour, "colour", init=RED)
    row = Array(Range(0, 1, "row"), 2)


class Hub(Struct):
    """What all share."""

    gate = RwLock("gate")
    on = Flag("on")
    total = Field(Small, "total")
    last = Ref("Cell", "last")
    noted = Ghost(Range(0, 1, "noted"))


class Frame(Record):
    """On the stack."""

    depth = Range(0, 2, "depth")
    cell = Ref(Cell, "cell")


hub = Hub[0]
'''


class Writer:
    """Draws one program.  `free` says how many fields the present statement may still
    read; in a primitive or an atomic group, as many as it likes."""

    def __init__(self, draw: Callable) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.ints: list[str] = []
        self.flags: list[str] = []
        self.cells: list[str] = []  # locals that are instances, perhaps None
        self.records: list[str] = []
        self.free = 0
        self.whole = True  # in a primitive or an atomic group
        self.shared = True  # may read fields at all
        self.loops = 0
        self.names = 0
        self.helpers: list[tuple[str, tuple[str, ...], str]] = []  # name, parameter kinds, result
        self.primitives: list[tuple[str, tuple[str, ...], str]] = []

    # draws

    def upto(self, n: int) -> int:
        return self.draw(st.integers(0, n))

    def pick(self, choices: Sequence):
        return self.draw(st.sampled_from(list(choices)))

    def often(self) -> bool:
        return self.draw(st.sampled_from([True, True, True, False]))

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def fresh(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    # expressions

    def may_read(self) -> bool:
        if not self.shared or (self.free <= 0 and not self.whole):
            return False
        return self.draw(st.booleans())

    def cell(self) -> str:
        """An instance, by an expression that reads nothing; rarely None."""
        sure = [c for c in self.cells if c != "p"] + ["Cell[0]", f"Cell[{self.cell_count - 1}]"]
        if self.whole and self.shared and not self.upto(9):
            return self.pick(["hub.last", f"{self.pick(sure)}.next", f"Cell[{self.pick([*self.ints, '0'])}]"])
        return self.pick(self.cells + 6 * sure)

    def field(self, names: Sequence[str]) -> str:
        self.free -= 1
        return self.pick(names).replace("@", self.cell())

    def number(self, depth: int = 2) -> str:
        """An expression for a small integer."""
        if self.may_read():
            return self.field(["@.n", "@.n", "hub.total", "@.kept", "@.row[0]", "@.row[1]"])
        if depth == 0 or not self.draw(st.booleans()):
            given = [f"{record}.depth" for record in self.records] + [f"number({c})" for c in self.cells if c != "p"]
            return self.pick([*self.ints, *self.ints, *given, "0", "1", "LIMIT"])
        if self.whole and self.shared and not self.upto(5):
            return self.pick(["sum(c.n for c in each(Cell))", "sum(1 for c in each(Cell) if c.up)"])
        form = self.pick(["{} + {}", "{} - {}", "min({}, {})", "max({}, {})", "{} % 2", "{} // 2", "{} if ? else {}"])
        form = form.replace("?", self.flag(depth - 1))
        while "{}" in form:
            form = form.replace("{}", self.number(depth - 1), 1)
        return f"({form})"

    def fitting(self) -> str:
        """An expression for a value of Small: mostly in its range."""
        return f"max(0, min({self.number()}, LIMIT))" if self.often() else self.number()

    def flag(self, depth: int = 2) -> str:
        """An expression for a truth value."""
        if self.may_read():
            return self.field(["@.up", "@.up", "hub.on", "@.colour == GREEN", "@.next is None", "hub.last is not None"])
        if depth == 0 or not self.draw(st.booleans()):
            return self.pick([*self.flags, "True", "False", *(f"{cell} is None" for cell in self.cells)])
        form = self.pick(["{n} < {n}", "{n} == {n}", "not {f}", "{f} and {f}", "{f} or {f}", "0 < {n} <= 2", "{n} in (0, 2)"])
        if "0" in form and not self.whole:  # what is compared twice is read twice
            self.free = 0
        while "{n}" in form:
            form = form.replace("{n}", self.number(depth - 1), 1)
        while "{f}" in form:
            form = form.replace("{f}", self.flag(depth - 1), 1)
        return f"({form})"

    def condition(self) -> str:
        """A truth value; in a primitive also over all cells."""
        self.free = 1
        if self.whole and self.shared and self.draw(st.integers(0, 4)) == 0:
            over = self.pick(["any({} for c in each(Cell))", "all({} for c in each(Cell) if c.n > 0)"])
            inner = self.pick(["c.up", "c.n == LIMIT", "c.next is None", "c.row[0] == 1"])
            return over.format(inner)
        return self.flag()

    # statements that both kinds of functions have

    def write(self, depth: int) -> None:
        """A write of one field; in a model function of local values."""
        self.free = 0
        where = self.cell()
        kind = self.pick(["n", "up", "total", "on", "kept", "next", "last", "colour", "row", "noted"])
        value = {"up": self.flag, "on": self.flag}.get(kind, self.fitting)()
        text = {
            "n": f"{where}.n = {value}",
            "up": f"{where}.up = {value}",
            "total": f"hub.total = {value}",
            "on": f"hub.on = {value}",
            "kept": f"{where}.kept = {self.pick(['0', '1', '2', *self.ints])}",
            "next": f"{where}.next = {self.pick([self.cell(), 'None'])}",
            "last": f"hub.last = {self.pick([self.cell(), 'None'])}",
            "colour": f"{where}.colour = {self.pick(['RED', 'GREEN', 'BLUE'])}",
            "row": f"{where}.row[{self.pick(['0', '1', '1', *self.ints])}] = {self.pick(['0', '1'])}",
            "noted": f"hub.noted = {self.pick(['0', '1'])}",
        }[kind]
        if kind == "kept" and self.upto(5):  # mostly as it ought to be
            text = f"if held({where}.mutex):\n" + "    " * (depth + 1) + text if self.whole else "pass"
        self.line(depth, text)

    def assign(self, depth: int) -> None:
        """An assignment to a local."""
        self.free = 1
        kind = self.pick(["int", "int", "flag", "record", "cell", "choose"])
        if kind == "int" and self.ints:
            self.line(depth, f"{self.pick(self.ints)} = {self.fitting()}")
        elif kind == "flag" and self.flags:
            self.line(depth, f"{self.pick(self.flags)} = {self.flag()}")
        elif kind == "record" and self.records:
            record = self.pick(self.records)
            value = self.pick([f"depth = min({self.number(1)}, 2)", "depth = 1", f"cell = {self.cell()}", "cell = None"])
            self.line(depth, f"{record}.{value}")
        elif kind == "cell" and "p" in self.cells:
            readable = self.shared
            values = [self.cell(), "None"] + (["hub.last", f"{self.cell()}.next"] if readable else [])
            self.line(depth, f"p = {self.pick(values)}")
        elif kind == "choose" and self.ints and self.chooses:
            values = self.pick(["choose(0, 1)", "choose(range(0, 2))", "choose(0, LIMIT)"])
            self.line(depth, f"{self.pick(self.ints)} = {values}")
        else:
            self.line(depth, "pass")

    def branch(self, depth: int, body: Callable[[int], None]) -> None:
        self.line(depth, f"if {self.condition()}:")
        body(depth + 1)
        if self.draw(st.booleans()):
            self.line(depth, "else:")
            body(depth + 1)

    def call(self, depth: int, functions: Sequence[tuple[str, tuple[str, ...], str]]) -> None:
        """A call, whose result goes to a local if there is one."""
        functions = [f for f in functions if self.records or "record" not in f[1]]
        if not functions:
            self.line(depth, "pass")
            return
        self.free = 0
        name, kinds, result = self.pick(functions)
        shared, self.shared = self.shared, False
        args = ", ".join(self.argument(kind) for kind in kinds)
        self.shared = shared
        target = {"int": self.ints, "flag": self.flags, "": []}[result]
        self.line(depth, (f"{self.pick(target)} = " if target else "") + f"{name}({args})")

    def argument(self, kind: str) -> str:
        if kind == "place":
            whole, self.whole = self.whole, False
            places = [f"{self.cell()}.n", "hub.total", "hub.total", f"{self.cell()}.row[0]", *(i for i in self.ints if i == "i")]
            self.whole = whole
            return self.pick(places + [f"{record}.depth" for record in self.records])
        if kind == "record":
            return self.pick(self.records)
        return {"cell": self.cell, "int": self.fitting, "flag": self.flag}[kind]()

    # primitives, pure functions, atomic groups

    def whole_block(self, depth: int, size: int = 2) -> None:
        for _ in range(1 + self.upto(size)):
            self.whole_statement(depth)

    def whole_statement(self, depth: int) -> None:
        kind = self.pick(["write", "write", "assign", "if", "for", "lock", "try", "add", "bug"])
        if kind == "assign":
            self.assign(depth)
        elif kind == "if" and depth < 4:
            self.branch(depth, lambda inner: self.whole_block(inner, 1))
        elif kind == "for" and depth < 3:
            self.line(depth, self.pick(["for c in each(Cell):", "for c in each(Cell):"]))
            self.line(depth + 1, self.pick(["if c.n > 0:", "if c.up:", "if c.next is None:"]))
            self.line(depth + 2, self.pick(["c.up = not c.up", "c.n = 0", "hub.total = c.n", "break", "c.next = Cell[0]"]))
        elif kind == "lock":
            where = self.cell()
            lock, shared, give = self.pick(
                [(f"{where}.mutex", "", "release"), (f"{where}.mutex", "", "hand_over"), ("hub.gate", "", "release"),
                 ("hub.gate", "_shared", "release_shared")]
            )  # fmt: skip
            if self.draw(st.integers(0, 5)):
                self.line(depth, f"if held{shared}({lock}):")
                depth += 1
            self.line(depth, f"{give}({lock})")
        elif kind == "try" and self.flags:
            where = self.cell()
            taken = self.pick([f"try_acquire({where}.mutex)", "try_acquire(hub.gate)", "try_acquire_shared(hub.gate)"])
            self.line(depth, f"{self.pick(self.flags)} = {taken}")
        elif kind == "add":
            where, change, bound = self.pick([("@.n", "+=", "LIMIT"), ("hub.total", "-=", "0"), ("hub.total", "+=", "LIMIT")])
            where = where.replace("@", self.cell())
            if self.upto(5):
                self.line(depth, f"if {where} != {bound}:")
                depth += 1
            self.line(depth, f"{where} {change} 1")
        elif kind == "bug":
            self.line(depth, f"{self.pick(['bug_on', 'warn_on'])}({self.condition()} and hub.total == LIMIT)")
        else:
            self.write(depth)

    def begin(self, params: Sequence[str], whole: bool, shared: bool = True) -> str:
        """Forget the locals of the last function; returns the parameter list of the new one."""
        self.ints = ["v"] if "int" in params else []
        self.flags = ["b"] if "flag" in params else []
        self.cells = ["cell"] if "cell" in params else []
        self.records = ["frame"] if "record" in params else []
        self.whole, self.shared, self.loops = whole, shared, 0
        types = {"int": "v: Small", "flag": "b: bool", "cell": "cell: Cell", "record": "frame: Frame", "place": "place: Place"}
        return ", ".join(types[kind] for kind in params)

    def locals(self, params: Sequence[str]) -> None:
        self.line(1, "i: Small = 0")
        self.line(1, "f = False")
        self.ints.append("i")
        self.flags.append("f")
        if self.draw(st.booleans()):
            self.line(1, "p: Cell = None")
            self.cells.append("p")

    def primitive(self) -> None:
        name = self.fresh("prim")
        params = self.pick([(), ("cell",), ("cell", "int"), ("int",), ("record",)])
        result = self.pick(["", "", "int", "flag"])
        arrow = {"": "", "int": " -> Small", "flag": " -> bool"}[result]
        self.chooses = False
        self.lines += ["", "", "@primitive()", f"def {name}({self.begin(params, True)}){arrow}:", '    """Random."""']
        self.free = 0
        wait = self.pick(["", "", "", "acquire(@.mutex)", "acquire(hub.gate)", "acquire_shared(hub.gate)"])
        wait = wait.replace("@", self.cell())
        if wait:
            self.line(1, wait)
        self.locals(params)
        self.whole_block(1)
        if wait and self.often():
            self.line(1, wait.replace("acquire", "release"))
        if result:
            self.free = 1
            self.line(1, f"return {self.flag() if result == 'flag' else self.fitting()}")
        self.primitives.append((name, params, result))

    # model functions

    def steps(self, depth: int, size: int = 2) -> None:
        for _ in range(1 + self.upto(size)):
            self.step(depth)

    def step(self, depth: int) -> None:
        kinds = ["write", "assign", "assign", "prim", "prim", "if", "while", "for", "atomic", "wait", "pick", "call", "note", "walrus"]
        kind = self.pick(kinds if depth < 3 else ["write", "assign", "prim", "leave"])
        if kind == "write":
            self.write(depth)
        elif kind == "prim":
            self.call(depth, self.primitives + [("bump", ("place",), ""), ("mix", ("int", "int"), "int")])
        elif kind == "call":
            self.call(depth, self.helpers)
        elif kind == "if":
            self.branch(depth, lambda inner: self.steps(inner, 1))
        elif kind == "while":
            self.while_loop(depth)
        elif kind == "for":
            self.loops += 1
            self.line(depth, f"for {self.fresh('k')} in " + self.pick(["range(0, 2):", "each(Cell):", "range(i, 2):", "range(0, min(i, 2)):"]))
            self.steps(depth + 1, 1)
            self.loops -= 1
        elif kind == "atomic":
            self.atomic(depth)
        elif kind == "wait":
            self.free = 1
            likely = self.pick(["not hub.on", "hub.total < LIMIT", f"{self.cell()}.next is None", "hub.last is None"])
            self.line(depth, f"wait_until({likely if self.often() else self.flag(1)})")
        elif kind == "pick":
            self.line(depth, self.pick(["p = choose(c for c in each(Cell) if c.up)", "p = choose(c for c in each(Cell))"])
                      if "p" in self.cells else "i = choose(0, 1)")  # fmt: skip
        elif kind == "leave" and self.loops:
            self.line(depth, self.pick(["break", "continue"]))
        elif kind == "leave":
            self.line(depth, {"": "return", "int": f"return {self.pick(['0', '1', *self.ints])}"}[self.result])
        elif kind == "walrus":
            self.free, self.shared = 0, False
            name, params, _ = self.pick([p for p in self.primitives if p[2] == "int"] or [("mix", ("int", "int"), "int")])
            args = ", ".join(self.argument(kind) for kind in params if kind != "record" or self.records)
            self.shared = True
            if "record" in params and not self.records:
                return self.line(depth, "pass")
            self.line(depth, f"if (i := {name}({args})) > 0:")
            self.steps(depth + 1, 0)
        elif kind == "note":
            self.line(depth, f"bug_on({self.pick(self.flags)} and i == LIMIT)")
        else:
            self.assign(depth)

    def while_loop(self, depth: int) -> None:
        """Loops that end, or that take a step in every round."""
        if self.draw(st.booleans()):
            counter = self.fresh("w")
            self.line(depth, f"{counter}: Rounds = 0")
            self.line(depth, f"while {counter} < 2:")
            loops, self.loops = self.loops, 0  # `continue` would skip the counting
            self.steps(depth + 1, 1)
            self.loops = loops
            self.line(depth + 1, f"{counter} += 1")
        else:
            self.free = 1
            self.line(depth, f"while {self.pick(['hub.on', 'not hub.on', 'hub.total > 0', 'hub.last is None'])}:")
            self.steps(depth + 1, 1)

    def atomic(self, depth: int) -> None:
        self.line(depth, 'with atomic("because"):')
        self.whole = True
        if self.draw(st.booleans()):
            self.line(depth + 1, f"wait_until({self.condition()})")
        if self.draw(st.booleans()):
            self.call(depth + 1, self.primitives_without_waiting())
        self.whole_block(depth + 1, 1)
        self.whole = False

    def primitives_without_waiting(self) -> list[tuple[str, tuple[str, ...], str]]:
        text = "\n".join(self.lines)
        bodies = {name: text.split(f"def {name}(")[1].split("\n\n\n")[0] for name, _, _ in self.primitives}
        return [p for p in self.primitives if " acquire" not in bodies[p[0]]]

    def function(self, name: str, params: tuple[str, ...], result: str = "", handler: bool = False) -> None:
        arrow = {"": "", "int": " -> Small"}[result]
        self.chooses, self.result = True, result
        self.lines += ["", "", f"def {name}({self.begin(params, False)}){arrow}:", '    """Random."""']
        self.locals(params)
        if not self.records and self.draw(st.booleans()):
            self.line(1, "frame = Frame()")
            self.records.append("frame")
        if handler:  # it must have a step, and begins with one
            self.line(1, f"wait_until({self.pick(['not hub.on', 'hub.total < LIMIT', 'not Cell[0].up', 'hub.last is None'])})")
        self.steps(1, 3)
        self.step(1)
        self.step(1)
        if result:
            self.free, self.shared = 0, False
            self.line(1, f"return {self.fitting()}")
            self.shared = True

    # properties and processes

    def property(self, kind: str) -> None:
        name = self.fresh(kind[:5])
        self.whole, self.shared = True, True
        self.ints, self.flags, self.records = [], [], []
        params = self.draw(st.booleans())
        self.cells = ["cell"] if params else []
        self.chooses = False
        self.lines += ["", "", f"@{kind}", f"def {name}({'cell: Cell' if params else ''}):", '    """Random."""']
        claim = self.property_claim(kind)
        self.line(1, f"return {claim}")

    def property_claim(self, kind: str) -> str:
        atoms = ["hub.on", "hub.total < LIMIT", "is_locked(hub.gate)", "Cell[0].up", "Cell[0].next is None",
                 "hub.last is None", "Cell[0].colour == BLUE", "hub.noted == 0", "hub.total == 1",
                 "any(c.n == 2 for c in each(Cell))", "is_locked(Cell[0].mutex)"]  # fmt: skip
        atoms += [f"{c}.{a}" for c in self.cells for a in ("up", "n > 0", "row[1] == 0", "kept < 2")]
        atoms = [a for a in atoms if "is_locked" not in a]
        one, two = self.pick(atoms), self.pick(atoms)
        if kind == "transition_invariant":
            return self.pick([f"implies(old({one}), {one} or {two})", "hub.total <= old(hub.total) + 1"])
        return self.pick([f"{one} or {two}", f"not ({one} and {two})", one, f"implies({one}, {two})"])

    def program(self) -> str:
        """The text of the program."""
        self.cell_count = 1 + self.upto(1)
        header = HEADER.format(limit=1 + self.upto(2), cells=self.cell_count, n=self.upto(1),
                               guard=self.pick(["guard", "write_guard"]))  # fmt: skip
        self.lines = header.rstrip().split("\n")
        self.lines += ["", "", "@primitive()", "def bump(place: Place):", '    """Add one."""', "    place = min(place + 1, LIMIT)"]
        self.lines += ["", "", "@pure()", "def mix(a: Small, b: Small) -> Small:", '    """Local work."""']
        self.begin((), True, shared=False)
        self.ints = ["a", "b"]
        self.line(1, f"return max(0, min({self.number()}, LIMIT))")
        for _ in range(1 + self.upto(2)):
            self.primitive()
        if self.draw(st.booleans()):
            self.function("helper", ("cell", "int"), "int")
            self.helpers.append(("helper", ("cell", "int"), "int"))
        processes = [self.process(index) for index in range(2)]
        for kind in ("invariant", "reachable", "transition_invariant", "terminal"):
            if self.draw(st.booleans()):
                self.property(kind)
        order = self.pick(["", ", lock_order=(Hub.gate, Cell.mutex)"])
        setup = self.draw(st.booleans())
        if setup:
            self.lines += ["", "", "def start():", '    """Random."""', "    hub.total = choose(0, 1)"]
        self.lines += ["", "", f'run = scenario("Random.", {", ".join(processes)}, bound={1 + self.upto(1)}'
                       + (", setup=start" if setup else "") + order + ")"]  # fmt: skip
        return "\n".join(self.lines) + "\n"

    def process(self, index: int) -> str:
        """Draws the functions of a process, and returns its declaration."""
        name = f"op{index}"
        kind = self.pick(["thread", "thread", "process", "worker"])
        per = self.draw(st.booleans())
        self.function(name, ("cell",) if per else (), handler=kind == "worker")
        names = name
        if kind == "thread" and self.draw(st.booleans()):
            self.function(name + "b", ("cell",) if per else ())
            names += f", {name}b"
        extra = ", per=Cell" if per else self.pick(["", "", ", count=2"])
        return f'{kind}("p{index}", {names}{extra})'


@st.composite
def programs(draw: Callable) -> str:
    """The text of a random program with one scenario, `run`."""
    return Writer(draw).program()
