"""Small programs of the modelling language that a seed draws, as text.

They are made of what reductions and packed states have been wrong about: locks that are waited for and
not taken, taken perhaps, or given back in another branch; fields under every kind of guard;
indices that depend on the state, references read through references, conditional constants; writes of
two variables in one step; locals that are never live together; processes that run for each instance; more
than 64 of them; and properties of every kind, of which about half are violated.  Each program takes a few
of these things only, and much of them (swarm testing: Groce and others 2012).

A text respects the rules of LANGUAGE.md, but need not keep its promises: values leave their ranges and
locks are given back by those who do not hold them, though rarely, for that would hide what is behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from tests.fuzz.claims import Claims

HEADER = '''"""Program {seed}."""

from checker.lang import *
from checker.lang import Array, Flag, Lock, Range, Ref, RwLock, Struct

Two = Range(0, 1)
'''
SIZES = (12, 40, 120, 300, 300)  # about as many states as the interleavings of straight processes may have
FOCUS = {  # what a program may have much of
    "locks": {"section": 4, "calls": 3, "waits": 4, "takes": 3, "guarded": 3, "free": 3, "perhaps": 2, "write": 0.5, "joint": 0, "loops": 0},
    "blinks": {"blink": 6, "write": 2, "calls": 0.7, "straight": 3, "waits": 0.3, "acquires": 0.3, "branch": 0.3},
    "joint": {"joint": 6, "straight": 4, "waits": 0.3, "acquires": 0, "calls": 4, "reads": 3, "write": 2, "branch": 0.3},
    "conditional": {"conditional": 8, "checks": 4, "calls": 2, "write": 2, "reads": 3, "waits": 0.5},
    "refs": {"chooses": 6, "refers": 1, "named": 4, "write": 2, "acquires": 0.5},
}
CLAIMS = 14  # properties of a program; those that are violated in few states are looked at
CROWDS = (1, 3, 62, 64, 66)  # processes of which nearly all wait for ever


@dataclass(frozen=True)
class Scope:
    """What a function can name.  refs: instances of S; flags, numbers: its locals of these types (numbers are
    0 or 1); whole: is it all one step, which may read and write as much as it likes?"""

    refs: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    whole: bool = False
    inside: bool = False  # of a whole step, in an expression that is to be a simple one

    def plain(self) -> Scope:
        return replace(self, whole=False, inside=self.whole or self.inside)

    def typed(self) -> list[tuple[str, str]]:
        """Parameters for all that is named, with their types."""
        types = ((self.refs, "S"), (self.flags, "bool"), (self.numbers, "Two"))
        return [(name, kind) for names, kind in types for name in names]


class Writer:
    """Draws one program."""

    def __init__(self, seed: int) -> None:
        self.seed, self.random = seed, Random(seed)
        focus = self.random.choice(["", "", *FOCUS, "locks"])
        self.taste: dict[str, float] = dict(FOCUS.get(focus, {}))
        self.count = self.random.choice((2, 2, 3)) if focus != "conditional" else 3  # 1 if f else 0 is f
        self.lines: list[str] = []
        self.names = 0
        self.crowd = self.pick(*CROWDS) if self.chance(0.08) else 0
        self.actors = 0  # processes that have a private variable
        self.alike = self.chance({"joint": 0, "blinks": 0.1, "conditional": 1, "refs": 0.95}.get(focus, 0.45))  # no instance of S is named by its number
        self.focus = focus
        self.own = -1  # which private variables the present process has
        self.apart = self.chance(0.7 if focus in ("blinks", "joint", "locks") else 0.3)  # each process writes its own, nearly always
        self.favourite = self.pick("h.lock", "S[0].lock") if focus == "locks" and not self.alike else ""
        self.taken: set[str] = set()  # what processes have as their own
        self.territory: list[str] = []  # what the present process likes to write
        self.joint: list[tuple[str, str]] = []  # what is written in one step
        self._draw_fields()

    # ---- draws

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def likes(self, what: str) -> float:
        """How much this program has of something: the same whenever it is asked."""
        if what not in self.taste:
            self.taste[what] = self.random.choice((0, 0.3, 1, 1, 4))
        return self.taste[what]

    def one_of(self, **kinds: float) -> str:
        """One of the kinds, by their weights and by what the program likes."""
        weights = [weight * self.likes(kind) for kind, weight in kinds.items()]
        if not any(weights):
            weights = list(kinds.values())
        return self.random.choices(list(kinds), weights)[0]

    def fresh(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    # ---- declarations

    def _draw_fields(self) -> None:
        self.guard = self.pick("guard", "write_guard", "write_guard")
        self.flags = ["x", "y"]  # of S
        self.has_locks = self.chance({"locks": 1, "": 0.75}.get(self.focus, 0.3))
        self.has_row = self.chance(0.3)
        self.row_is_kept = self.has_row and self.has_locks and self.chance(0.5)
        self.has_next = self.chance(0.1 if self.alike else 0.4)
        self.has_twin = self.chance(0.4)
        self.has_gate = self.has_locks and self.chance(0.25)

    def declarations(self) -> list[str]:
        guard = f", {self.guard}=lock" if self.has_locks else ""
        own = ['x = Flag("x")', 'y = Flag("y")']
        if self.has_locks:
            own = ['lock = Lock("lock")', *own, f'kept = Flag("kept"{guard})']
        if self.has_row:
            own.append(f'row = Array(Flag("row"{guard if self.row_is_kept else ""}), 2)')
        if self.has_next:
            own.append('next = Ref("S", "next")')
        hub = ['f = Flag("f")', 'g = Flag("g")', 't = Range(0, 2, "t")', 'last = Ref(S, "last")', 'other = Ref(S, "other")',
               f'arr = Array(Flag("arr"), {self.count})']  # fmt: skip
        if self.has_locks:
            hub = ['lock = Lock("lock")', *hub, f'kept = Flag("kept"{guard})']
        if self.has_gate:
            hub.append('gate = RwLock("gate")')
        twin = ['b = Flag("b")'] + ([f'kept = Flag("kept", {self.guard}=S.lock)'] if self.has_locks else [])
        lines = struct("S", self.count, own) + struct("H", 1, hub)
        lines += struct("T", self.count, twin) if self.has_twin else []
        lines += struct("Own", self.actors, ['n = Range(0, 1, "n")', 'v = Flag("v")']) if self.actors else []
        lines += struct("A", self.crowd, ['go = Flag("go")', 'x = Flag("x")']) if self.crowd else []
        return [*lines, "", "", "h = H[0]"]

    # ---- expressions

    def ref(self, scope: Scope) -> str:
        """An instance of S, never None."""
        named = list(scope.refs) * 3
        kind = self.one_of(named=3, constant=2, dynamic=1.5, conditional=1.5)
        free = scope.whole or scope.inside
        if (kind == "conditional" or self.alike and not named) and (free or scope.flags) and (not self.alike or self.focus == "conditional" or self.chance(0.1)):
            one, other = self.pair()
            return f"S[{one} if {self.pick(*scope.flags, *(['h.f', 'h.g'] if free else []))} else {other}]"
        if named and (kind == "named" or self.alike):
            return self.pick(*named)
        if kind == "dynamic" and scope.numbers and not self.alike:
            return f"S[{self.pick(*scope.numbers)}]"
        return self.pick(*named, *(f"S[{k}]" for k in range(self.count) if not self.alike or not named))

    def place(self, scope: Scope) -> str:
        """A flag that nobody guards."""
        if self.own >= 0 and self.chance(0.35):
            return f"Own[{self.own}].v"
        if self.territory and self.chance(0.9 if self.apart else 0.6):
            return self.pick(*self.territory)
        conditional = self.focus == "conditional" and (scope.whole or scope.inside or scope.flags) and self.chance(0.6)
        if self.alike and not scope.refs and not conditional:
            return self.pick("h.f", "h.g")
        r = self.ref(scope)
        kinds = {"x": f"{r}.x", "y": f"{r}.y", "f": "h.f", "g": "h.g"}
        if not self.alike:
            kinds["arr"] = f"h.arr[{self.index(scope)}]"
            if self.has_twin:
                kinds["b"] = f"T[{self.index(scope)}].b"
        if self.has_row and not self.row_is_kept:
            kinds["row"] = f"{r}.row[{self.pick('0', '1', *scope.numbers)}]"
        return kinds[self.one_of(**{kind: 1 for kind in kinds})]

    def pair(self) -> tuple[int, int]:
        """The numbers of two instances; not 0 and 1 if there are others, for `0 if f else 1` is a number."""
        return self.random.choice([(1, 0), (0, 1)] if self.count == 2 else [(2, 1), (1, 2), (2, 0), (0, 2)])

    def index(self, scope: Scope) -> str:
        """An element of an array that has as many as there are instances."""
        inside = [] if self.alike else [f"number({r})" for r in scope.refs] + list(scope.numbers) * 2
        if scope.whole and self.chance(0.2):
            inside.append(f"(1 if {self.pick('h.f', 'h.g')} else 0)")
        return self.pick(*inside, "0", "1")

    def lock(self, scope: Scope) -> str:
        if self.alike and not scope.refs:
            return "h.lock"
        if self.favourite and self.chance(0.7):
            return self.favourite
        return "h.lock" if self.one_of(hub_lock=1, own_lock=2) == "hub_lock" else f"{self.ref(scope)}.lock"

    def atom(self, scope: Scope, depth: int = 0) -> str:
        """A truth value; in a whole step of shared state, else of locals."""
        if not scope.whole:
            return self.pick(*scope.flags, *(f"{n} == 1" for n in scope.numbers), *(["True"] * (not scope.flags + scope.numbers)))
        kind = self.one_of(flag=4, local=2, locked=2, count=1, refs=1, every=1, deep=0.7)
        if kind == "local" and (scope.flags or scope.numbers):
            return self.pick(*scope.flags, *(f"{n} == {self.pick(0, 1)}" for n in scope.numbers))
        if kind == "locked" and self.has_locks:
            plain = scope.plain()
            return f"{self.pick('is_locked', 'is_locked', 'held')}({self.lock(plain)})"
        if kind == "count":
            return self.pick("h.t > 0", "h.t == 2", "h.t < 2", "h.t == 1")
        if kind == "refs":
            return self.pick("h.last is None", "h.last is h.other", *(f"h.last is {r}" for r in scope.refs), "h.other is not None")
        if kind == "every":
            return self.pick("any(e.x for e in each(S))", "all(e.y for e in each(S))", "any(e.x and not e.y for e in each(S))")
        if kind == "deep" and depth == 0:
            return self.deep(scope)
        return self.place(scope.plain())

    def deep(self, scope: Scope) -> str:
        """What is read through a reference that is read."""
        if self.has_next and self.chance(0.4) and scope.refs:
            r = self.pick(*scope.refs)
            return f"({r}.next is not None and {r}.next.{self.pick('x', 'y')})"
        name = self.pick("last", "other")
        return f"(h.{name} is not None and h.{name}.{self.pick('x', 'y')})"

    def condition(self, scope: Scope) -> str:
        one = self.atom(scope)
        if not scope.whole:
            return self.pick(one, f"not {one}")
        form = self.one_of(alone=3, negated=3, both=2, either=2, neither=1)
        if form in ("alone", "negated"):
            return one if form == "alone" else f"not {one}"
        two = self.atom(scope)
        two = two if self.chance(0.5) else f"not {two}"
        return {"both": f"{one} and {two}", "either": f"{one} or {two}", "neither": f"not ({one} or {two})"}[form]

    def wait(self, scope: Scope) -> str:
        """The condition of a wait: of locks above all, if there are any."""
        if not self.has_locks or self.chance(0.3):
            return self.condition(scope)
        free = f"not is_locked({self.lock(scope)})"
        form = self.one_of(free=3, perhaps=2, other_way=2, two=1, further=1, taken=0.5)
        if form == "perhaps":
            return f"{self.pick(*(f'{n} == 0' for n in scope.numbers), *scope.flags, self.atom(scope))} or {free}"
        if form == "other_way":
            return f"{free} or {self.atom(scope)}"
        if form == "two":
            return f"{free} and not is_locked({self.lock(scope)})"
        if form == "further":
            return f"{free} and {self.condition(scope)}"
        return free if form == "free" else f"is_locked({self.lock(scope)})"

    # ---- whole steps

    def body(self, scope: Scope, primitive: bool, size: int) -> list[str]:
        """Statements of one step; the first may wait."""
        lines = self.begin(scope, primitive)
        if lines and "is_locked" in lines[0] and self.chance(0.6):  # a wait for a lock, and one that is taken, perhaps another
            lines += self.takes(scope, 1)
        for _ in range(self.random.randint(1 - bool(lines), size)):
            lines += self.effect(scope, primitive, 0)
        return lines or ["h.t = 0"]

    def begin(self, scope: Scope, primitive: bool) -> list[str]:
        kind = self.one_of(straight=2, waits=2, acquires=2)
        if kind == "waits":
            return [f"wait_until({self.wait(scope) if primitive else self.condition(scope)})"]
        if kind == "acquires" and primitive and self.has_locks:
            if self.has_gate and self.chance(0.3):
                return [self.pick("acquire(h.gate)", "acquire_shared(h.gate)")]
            return [f"acquire({self.lock(scope.plain())})"]
        return []

    def effect(self, scope: Scope, primitive: bool, depth: int) -> list[str]:
        """A statement of a whole step."""
        kind = self.one_of(write=3, joint=1.5, guarded=2, takes=2, gives=2, branch=1.5, refers=1.5, counts=1, all_of_them=0.2, checks=0.2)
        if kind in ("takes", "gives", "guarded") and primitive and self.has_locks:
            return {"takes": self.takes, "gives": self.gives, "guarded": self.guarded}[kind](scope, depth)
        if kind == "joint":
            return self.joint_writes(scope)
        if kind == "branch" and depth < 2:
            lines = [f"if {self.condition(scope)}:", *indented(self.effect(scope, primitive, depth + 1))]
            return lines + (["else:", *indented(self.effect(scope, primitive, depth + 1))] if self.chance(0.4) else [])
        if kind == "refers":
            return [self.refers(scope)]
        if kind == "counts":
            return self.pick(["h.t = min(h.t + 1, 2)"], ["h.t = max(h.t - 1, 0)"], ["if h.t < 2:", "    h.t += 1"], ["h.t = 1"], ["h.t = 0"])
        if kind == "all_of_them":
            return ["for e in each(S):", f"    if e.{self.pick('x', 'y')}:", f"        {self.pick('e.y = not e.y', 'e.x = False', 'h.last = e', 'h.f = True')}"]
        if kind == "checks":
            return [f"{self.pick('bug_on', 'warn_on')}({self.atom(scope)} and {self.atom(scope)})"]
        return [f"{self.place(scope)} = {self.value(scope)}"]

    def joint_writes(self, scope: Scope) -> list[str]:
        """Two variables written in one step, often elements of one index."""
        if self.alike:
            r = self.ref(scope) if scope.refs else ""
            two = self.random.sample(["h.f", "h.g", *([f"{r}.x", f"{r}.y"] if r else [])], 2)
            self.joint.append(tuple(place.replace(r, "s") if r else place for place in two))
        else:
            index = self.pick(*scope.numbers * 3, *(f"number({r})" for r in scope.refs), "0", "1")
            two = self.random.sample([f"h.arr[{index}]", f"S[{index}].x", f"S[{index}].y", "h.g"] + [f"T[{index}].b"] * self.has_twin, 2)
            known = self.pick("0", "1")
            self.joint.append(tuple(place.replace(f"[{index}]", f"[{known}]") for place in two))
        value = self.pick("True", "True", "True", "False", "not h.f")
        return [f"{place} = {value}" for place in two]

    def value(self, scope: Scope) -> str:
        read = self.place(scope.plain()) if scope.whole else "True"
        return self.pick("True", "True", "True", "False", "False", *scope.flags, read, f"not {read}")

    def refers(self, scope: Scope) -> str:
        places = ["h.last", "h.last", "h.other"] + [f"{r}.next" for r in scope.refs if self.has_next]
        given = ["None", "h.other", *(r for r in scope.refs for _ in range(3))]
        if not self.alike or self.chance(0.05):
            one, other = self.pair()
            given += [f"S[{one}]", f"S[{one}] if {self.atom(scope, 1)} else S[{other}]"]
        return f"{self.pick(*places)} = {self.pick(*given)}"

    def takes(self, scope: Scope, depth: int) -> list[str]:
        lock = "h.gate" if self.has_gate and self.chance(0.2) else self.lock(scope.plain())
        take = f"try_acquire({lock})"
        if lock == "h.gate" and self.chance(0.5):
            return [f"got = try_acquire_shared({lock})"]
        into = self.pick("got = ", "got = ", "h.f = ", f"{self.place(scope.plain())} = ")
        if self.chance(0.4):
            cond = self.pick(*(f"{n} == 1" for n in scope.numbers), *scope.flags, self.condition(scope))
            return [f"if {cond}:", f"    {into}{take}"]
        return [f"{into}{take}"] + ([f"if held({lock}):", *indented(self.effect(scope, True, depth + 1))] if self.chance(0.3) and depth < 2 else [])

    def gives(self, scope: Scope, depth: int) -> list[str]:
        if self.has_gate and self.chance(0.3):
            kind = self.pick("", "_shared")
            return [f"if held{kind}(h.gate):", f"    release{kind}(h.gate)"]
        lock = self.lock(scope.plain())
        if self.chance(0.03):
            return [f"release({lock})"]
        return [f"if held({lock}):", f"    {self.pick('release', 'release', 'release', 'release', 'hand_over')}({lock})"]

    def guarded(self, scope: Scope, depth: int) -> list[str]:
        """What a lock guards: written by its holder, and read by anybody if only writes are guarded."""
        plain = scope.plain()
        owner = "h" if self.chance(0.3) or self.alike and not scope.refs else self.ref(plain)
        field = "kept"
        if owner != "h" and self.has_row and self.row_is_kept and self.chance(0.4):
            field = f"row[{self.pick('0', '1', *scope.numbers)}]"
        place = f"{owner}.{field}"
        if owner != "h" and self.has_twin and self.chance(0.2):
            place = f"T[number({owner})].kept"
        shown = self.place(plain)
        if self.guard == "write_guard" and self.chance(0.5):
            return [f"{shown} = {place}"]
        act = self.pick(f"{place} = {self.pick('True', 'True', 'False')}", f"{place} = True", f"{shown} = {place}")
        return [act] if self.chance(0.04) else [f"if held({owner}.lock):", f"    {act}"]

    def primitive(self, scope: Scope) -> str:
        """A primitive that knows all that the caller does; returns a call of it."""
        name = self.fresh("step")
        within = Scope(scope.refs, scope.flags, scope.numbers, whole=True)
        lines = self.body(within, True, 3)
        gives = bool(scope.flags) and self.chance(0.4)
        if any("got = " in line for line in lines) or gives:
            at = 1 if lines[0].startswith(("acquire", "wait_until")) else 0
            lines.insert(at, "got = False")
            if gives:
                lines.append(f"return {self.pick('got', 'got', self.atom(within))}")
        params = ", ".join(f"{name}: {kind}" for name, kind in scope.typed())
        arrow = " -> bool" if gives else ""
        self.lines += ["", "", "@primitive()", f"def {name}({params}){arrow}:", '    """A step."""', *indented(lines)]
        call = f"{name}({', '.join(name for name, _ in scope.typed())})"
        return f"{self.pick(*scope.flags)} = {call}" if gives else call

    # ---- functions of processes

    def function(self, per: bool, length: int, handler: bool) -> str:
        """A function of about so many steps; returns its name."""
        name = self.fresh("run")
        scope = Scope(("s",) if per else ())
        lines: list[str] = []
        if self.chance(0.65):
            scope = replace(scope, flags=self.pick(("v",), ("v", "w")))
            lines += [f"{flag} = False" for flag in scope.flags]
        if self.chance(0.9 if self.focus == "joint" else 0.5):
            lines.append("i: Two = 0")
            scope = Scope(scope.refs, scope.flags, ("i",))
        if handler:
            lines += ['with atomic("wait"):', *indented([f"wait_until({self.condition(Scope(scope.refs, whole=True))})", *self.effect(Scope(scope.refs, whole=True), False, 1)])]
            length -= 1
        elif self.own >= 0 and self.chance(0.7):
            lines.append(f"Own[{self.own}].n = {self.pick(0, 1)}")
            length -= 1
            if "i: Two = 0" in lines and self.chance(0.8):
                lines.append(f"i = Own[{self.own}].n")
                length -= 1
        while length > 0:
            more, scope, taken = self.step(scope, length) if per or self.chance(0.5) else self.typical(scope, length)
            lines, length = lines + more, length - taken
        lines += self.report(scope)
        self.lines += ["", "", f"def {name}({'s: S' if per else ''}):", '    """A process."""', *indented(lines)]
        return name

    def typical(self, scope: Scope, length: int) -> tuple[list[str], Scope, int]:
        """A step that has what the program has much of."""
        if self.focus == "refs" and length > 1:
            return self.chooses(scope)
        if self.focus == "conditional":
            if self.chance(0.35):
                return [f"h.f = {self.pick('True', 'True', *scope.flags)}"], scope, 1
            one, other = self.pair()
            place = f"S[{one} if h.f else {other}].{self.pick('x', 'y')}"
            done = f"{self.pick(*scope.flags)} = {place}" if scope.flags and self.chance(0.6) else f"{place} = {self.pick('True', 'False')}"
            return ['with atomic("look"):', f"    {done}"], scope, 1
        return self.step(scope, length)

    def report(self, scope: Scope) -> list[str]:
        """What a process has seen is shown at its end, or ought to fit together."""
        if not scope.flags or self.chance(0.4):
            return []
        v, w = scope.flags[0], scope.flags[-1]
        if v != w and self.chance(0.4):
            return [f"bug_on({v} and not {w})"]
        return [f"Own[{self.own}].v = {self.pick(v, w)}" if self.own >= 0 else f"h.g = {v}"]

    def step(self, scope: Scope, length: int) -> tuple[list[str], Scope, int]:
        """Statements of a model function, what is in scope behind them, and about how many steps they are."""
        kind = self.one_of(calls=5, group=1.5, write=2, blink=1, reads=1.5, chooses=2, decides=1, section=2, loops=0.2)
        if kind == "calls":
            return [self.primitive(scope)], scope, 1
        if kind == "group":
            within = Scope(scope.refs, scope.flags, scope.numbers, whole=True)
            return ['with atomic("together"):', *indented(self.body(within, False, 3))], scope, 1
        if kind == "blink":
            place = self.place(scope)
            return [f"{place} = True", f"{place} = False"], scope, 2
        if kind == "reads" and (scope.flags or scope.numbers):
            into = self.pick(*scope.flags, *scope.numbers)
            place = self.place(Scope(scope.refs, inside=True))
            return ['with atomic("look"):', f"    {into} = {f'1 if {place} else 0' if into == 'i' else place}"], scope, 1
        if kind == "chooses" and (not self.alike or "s" not in scope.refs):
            return self.chooses(scope)
        if kind == "decides" and length > 1 and scope.flags + scope.numbers:
            lines, _, taken = self.step(scope, 1)
            lines = [f"if {self.condition(scope)}:", *indented(lines)]
            if self.chance(0.4):
                lines += ["else:", *indented(self.step(scope, 1)[0])]
            return lines, scope, taken
        if kind == "section" and length > 2 and self.has_locks:
            return self.section(scope, length)
        if kind == "loops" and length > 1:
            return [f"while {self.pick('h.f', 'h.g', 'not h.f')}:", *indented(self.step(scope, 1)[0])], scope, 2
        return [f"{self.place(scope)} = {self.pick('True', 'True', 'False', *scope.flags * 2)}"], scope, 1

    def chooses(self, scope: Scope) -> tuple[list[str], Scope, int]:
        if scope.numbers and self.focus != "refs" and self.chance(0.3):
            return ["i = choose(0, 1)"], scope, 1
        name = self.fresh("r")
        cond = self.pick("e.x", "not e.x", "e.y", "not e.y", "not (e.x and e.y)")
        where = f" if {cond}" if self.chance(0.5) else ""
        used = [f"{name}.{self.pick('x', 'y')} = {self.pick('True', 'True', 'False')}"] if self.chance(0.5) else []
        if not used and scope.flags and self.chance(0.5):
            used = [f"{self.pick(*scope.flags)} = {name}.{self.pick('x', 'y')}"]
        kept = scope.refs if self.chance(0.4) else tuple(r for r in scope.refs if r == "s")  # else the former is dead
        return [f"{name} = choose(e for e in each(S){where})", *used], replace(scope, refs=(*kept, name)), 1 + len(used)

    def section(self, scope: Scope, length: int) -> tuple[list[str], Scope, int]:
        """Takes a lock, does something, and gives it back, in three steps."""
        lock = self.lock(scope.plain())
        fields = ["kept"] + ["row[0]", "row[1]"] * (self.has_row and self.row_is_kept and lock != "h.lock")
        owner = lock.removesuffix(".lock")
        inner = [f"{owner}.{self.pick(*fields)} = {self.pick('True', 'False')}"]
        within = [self.simple(scope, inner)] if self.chance(0.7) else self.step(scope, 1)[0]
        lines = [self.simple(scope, [f"acquire({lock})"]), *within]
        give = self.simple(scope, [f"release({lock})"])
        if scope.flags and self.chance(0.3):
            lines += ["if v:", f"    {give}", "else:", *indented([*self.step(scope, 1)[0], give])]
        elif self.chance(0.7):
            lines.append(give)
        return lines, scope, 3

    def simple(self, scope: Scope, lines: list[str]) -> str:
        """A primitive with these lines; returns a call of it."""
        name = self.fresh("step")
        params = ", ".join(f"{name}: {kind}" for name, kind in scope.typed())
        self.lines += ["", "", "@primitive()", f"def {name}({params}):", '    """A step."""', *indented(lines)]
        return f"{name}({', '.join(name for name, _ in scope.typed())})"

    # ---- the scenario

    def processes(self) -> list[str]:
        """The declarations of processes whose interleavings are not too many."""
        found, states, most = [], 1, self.pick(*SIZES[: 2 if self.crowd else 5])
        for number in range(self.pick(2, 2, 2, 3) if self.apart else self.pick(2, 2, 3, 3, 4)):
            per = self.chance(0.9 if self.alike and not number else 0.4 if self.alike else 0.2)
            instances = self.count if per else self.pick(1, 1, 1, 2)
            length = self.random.randint(1, 5)
            while length > 1 and states * (length + 1) ** instances > most:
                length -= 1
            if states * (length + 1) ** instances > most and number > 1:
                break
            states *= (length + 1) ** instances
            found.append(self.process(number, per, instances, length))
        if self.crowd:
            found.insert(self.pick(0, 1, 1, len(found)), self.make_crowd())
        return found

    def process(self, number: int, per: bool, instances: int, length: int) -> str:
        self.draw_territory(per)
        kind = self.one_of(process=5, thread=1.5, worker=1 + bool(self.crowd), interrupt=0.5)
        self.own = -1
        if not per and instances == 1 and self.chance(0.8):
            self.own, self.actors = self.actors, self.actors + 1
        handler = kind in ("worker", "interrupt")
        names = self.function(per, length, handler)
        if kind == "thread" and self.chance(0.4):
            names += ", " + self.function(per, length, False)
        extra = ", per=S" if per else f", count={instances}" if instances > 1 else ""
        return f'{kind}("p{number}", {names}{extra})'

    def draw_territory(self, per: bool) -> None:
        """A few variables that this process writes more than others: so it is independent of them, mostly."""
        known = ["h.f", "h.g"] + (["s.x", "s.y"] if per else [])
        if not self.alike:
            known += [f"S[{k}].{name}" for k in range(self.count) for name in ("x", "y")] + [f"h.arr[{k}]" for k in range(self.count)]
        if per and self.alike:
            known = ["s.x", "s.y", self.pick("s.x", "s.y", "h.f", "h.g")]
        if self.apart:
            known = [place for place in known if place not in self.taken] or known
        self.territory = self.random.sample(known, min(self.pick(1, 2), len(known))) if self.apart or self.chance(0.8) else []
        self.taken.update(self.territory)

    def make_crowd(self) -> str:
        """Many handlers, which are woken by nobody but the first ones."""
        woken = self.pick(0, self.crowd - 1)
        self.lines += ["", "", "def crowd(a: A):", '    """Waits."""', '    with atomic("wait"):',
                       "        wait_until(a.go and not a.x)", "        a.x = True"]  # fmt: skip
        texts = [number for number, line in enumerate(self.lines) if line.startswith("def run")]
        for at in reversed(texts):
            if self.chance(0.6):
                end = next((n for n in range(at, len(self.lines)) if not self.lines[n]), len(self.lines))
                self.lines.insert(end, f"    A[{woken}].go = True")
        return 'interrupt("crowd", crowd, per=A)'

    def program(self) -> str:
        processes = self.processes()
        claims = Claims(self.random, self.count, self.has_locks, self.has_twin, self.alike, self.joint, self.actors, self.focus).text(CLAIMS)
        order = ", lock_order=(S.lock, H.lock)" if self.has_locks and self.chance(0.08) else ""
        bound = f", bound={self.pick(1, 1, 2)}" if any(one.startswith("thread(") for one in processes) else ""
        run = f'run = scenario("Program {self.seed}.", {", ".join(processes)}{bound}{order})'
        parts = [HEADER.format(seed=self.seed), *self.declarations(), *self.lines, *claims, "", "", run]
        return "\n".join(parts) + "\n"


def struct(name: str, count: int, fields: list[str]) -> list[str]:
    many = f", count={count}" if count > 1 else ""
    return ["", f"class {name}(Struct{many}):", f'    """{name}."""', "", *indented(fields), ""]


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def program(seed: int) -> str:
    """The text of a program with one scenario, `run`: always the same for the same seed."""
    return Writer(seed).program()
