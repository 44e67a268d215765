"""What the programs of `tests.fuzz.programs` are made of: their fields, references, conditions and locks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

FOCUS = {  # what a program may have much of
    "locks": {"section": 4, "calls": 3, "waits": 4, "takes": 3, "guarded": 3, "free": 3, "perhaps": 2, "write": 0.5, "joint": 0, "loops": 0},
    "blinks": {"blink": 6, "write": 2, "calls": 0.7, "straight": 3, "waits": 0.3, "acquires": 0.3, "branch": 0.3},
    "joint": {"joint": 6, "straight": 4, "waits": 0.3, "acquires": 0, "calls": 4, "reads": 3, "write": 2, "branch": 0.3},
    "conditional": {"conditional": 8, "checks": 4, "calls": 2, "write": 2, "reads": 3, "waits": 0.5},
    "refs": {"chooses": 6, "refers": 1, "named": 4, "write": 2, "acquires": 0.5},
}
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


class Words:
    """Draws the small parts of one program."""

    def __init__(self, seed: int) -> None:
        self.seed, self.random = seed, Random(seed)
        focus = self.random.choice(["", "", *FOCUS, "locks"])
        self.taste: dict[str, float] = dict(FOCUS.get(focus, {}))
        self.count = self.random.choice((2, 2, 3)) if focus != "conditional" else 3  # 1 if f else 0 is f
        self.lines: list[str] = []
        self.names = 0
        self.crowd = self.pick(*CROWDS) if self.chance(0.04) else 0
        self.actors = 0  # processes that have a private variable
        self.alike = self.chance({"joint": 0, "blinks": 0.1, "conditional": 1, "refs": 0.95}.get(focus, 0.45))  # no instance of S is named by its number
        self.focus = focus
        self.own = -1  # which private variables the present process has
        self.apart = self.chance(0.7 if focus in ("blinks", "joint", "locks") else 0.3)  # each process writes its own, nearly always
        self.favourite = self.pick("h.lock", "S[0].lock") if focus == "locks" and not self.alike else ""
        self.taken: set[str] = set()  # what processes have as their own
        self.territory: list[str] = []  # what the present process likes to write
        self.side = ""  # the index that the present process gives itself
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


def struct(name: str, count: int, fields: list[str]) -> list[str]:
    many = f", count={count}" if count > 1 else ""
    return ["", f"class {name}(Struct{many}):", f'    """{name}."""', "", *indented(fields), ""]


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
