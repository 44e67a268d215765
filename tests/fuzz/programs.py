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

from dataclasses import replace

from tests.fuzz.claims import Claims
from tests.fuzz.words import Scope, Words, indented

HEADER = '''"""Program {seed}."""

from checker.lang import *
from checker.lang import Array, Flag, Lock, Range, Ref, RwLock, Struct

Two = Range(0, 1)
'''
SIZES = (12, 40, 120, 300, 300)  # about as many states as the interleavings of straight processes may have
CLAIMS = 14  # properties of a program; those that are violated in few states are looked at


class Writer(Words):
    """Draws one program."""

    # ---- whole steps

    def body(self, scope: Scope, primitive: bool, size: int) -> list[str]:
        """Statements of one step; the first may wait."""
        lines = self.begin(scope, primitive)
        if lines and "is_locked" in lines[0] and self.chance(0.6):  # a wait for a lock, and one that is taken, perhaps another
            lines += self.takes(scope, 1)
        if lines and "is_locked" in lines[0]:
            lines += self.looks_behind(lines[0])
        for _ in range(self.random.randint(1 - bool(lines), size)):
            lines += self.effect(scope, primitive, 0)
        return lines or ["h.t = 0"]

    def looks_behind(self, wait: str) -> list[str]:
        """What was waited for is a lock: is what it guards read, whether the lock was taken or not?"""
        owner = wait.split("is_locked(")[1].split(".lock)")[0]
        if self.guard != "write_guard" or "." in owner or not self.chance(0.7):
            return []
        return [f"{f'Own[{self.own}].v' if self.own >= 0 else 'h.g'} = {owner}.kept"]

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
            index = self.pick(*scope.numbers * (9 if self.focus == "joint" else 3), *(f"number({r})" for r in scope.refs), "0", "1")
            own = [f"S[{index}].x", f"S[{index}].y"] + [f"T[{index}].b"] * self.has_twin  # of an instance, and of an array of all
            two = [f"h.arr[{index}]", self.pick(*own)] if self.chance(0.6) else self.random.sample([f"h.arr[{index}]", *own, "h.g"], 2)
            known = self.side if self.side and self.chance(0.8) else self.pick("0", "1")
            self.joint.append(tuple(place.replace(f"[{index}]", f"[{known}]") for place in two))
        value = self.pick(*["True"] * (8 if self.focus == "joint" else 3), "False", "not h.f")
        seen = []
        if not self.alike and self.own >= 0 and self.chance(0.75):  # what the step finds there
            seen = [f"Own[{self.own}].v = {' or '.join(self.joint[-1])}"]
        return seen + [f"{place} = {value}" for place in two]

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
        if self.focus == "joint" and self.own >= 0 and not handler and self.chance(0.6):
            return self.tidy(name)
        scope = Scope(("s",) if per else ())
        lines: list[str] = []
        self.side = ""
        if self.chance(0.65):
            scope = replace(scope, flags=self.pick(("v",), ("v", "w")))
            lines += [f"{flag} = False" for flag in scope.flags]
        if self.chance(0.9 if self.focus == "joint" else 0.5):
            lines.append("i: Two = 0")
            scope = Scope(scope.refs, scope.flags, ("i",))
        if handler:
            lines += ['with atomic("wait"):', *indented([f"wait_until({self.condition(Scope(scope.refs, whole=True))})", *self.effect(Scope(scope.refs, whole=True), False, 1)])]
            length -= 1
        elif self.own >= 0 and self.chance(1 if self.focus == "joint" else 0.7):
            self.side = self.pick("0", "1")
            lines.append(f"Own[{self.own}].n = {self.side}")
            length -= 1
            if "i: Two = 0" in lines and self.chance(0.95 if self.focus == "joint" else 0.8):
                lines.append(f"i = Own[{self.own}].n")
                length -= 1
        while length > 0:
            more, scope, taken = self.step(scope, length) if per or self.chance(0.5) else self.typical(scope, length)
            lines, length = lines + more, length - taken
        lines += self.report(scope)
        self.lines += ["", "", f"def {name}({'s: S' if per else ''}):", '    """A process."""', *indented(lines)]
        return name

    def tidy(self, name: str) -> str:
        """A function that does nothing but write two variables in one step, at an index that it has read, or else raise a flag."""
        own, side = f"Own[{self.own}]", self.pick("0", "1")
        lines = [f"{own}.n = {side}", f"{self.pick('h.f', 'h.g', f'{own}.v')} = True"]
        if not self.joint or self.chance(0.2):
            kinds = ["h.arr[{}]", self.pick("S[{}].x", "S[{}].y", *["T[{}].b"] * self.has_twin)]
            self.random.shuffle(kinds)
            self.joint.append(tuple(kind.format(side) for kind in kinds))
            seen = [f"{own}.v = {place}" for place in self.joint[-1]] if self.chance(0.8) else []
            step = self.simple(Scope(numbers=("i",)), seen + [f"{kind.format('i')} = True" for kind in kinds])
            lines = ["i: Two = 0", f"{own}.n = {side}", f"i = {own}.n", step]
        self.lines += ["", "", f"def {name}():", '    """A process."""', *indented(lines)]
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
        found, states, most = [], 1, self.pick(*SIZES[: 1 if self.crowd else 5])
        for number in range(self.pick(2, 2, 2, 3) if self.apart else self.pick(2, 2, 3, 3, 4)):
            per = self.chance(0.9 if self.alike and not number else 0.4 if self.alike else 0.2)
            instances = self.count if per else 1 if self.focus == "joint" else self.pick(1, 1, 1, 2)
            length = self.random.randint(1, 5)
            while length > 1 and states * (length + 1) ** instances > most:
                length -= 1
            if states * (length + 1) ** instances > most and number > 1:
                break
            states *= (length + 1) ** instances
            found.append(self.process(number, per, instances, length))
        if self.focus == "locks" and self.chance(0.4):
            found = self.guests()
        if self.crowd:
            found = self.latecomers() if self.chance(0.7) else found
            found.insert(self.pick(0, 1, 1, len(found)), self.make_crowd())
        return found

    def latecomers(self) -> list[str]:
        """One process that looks at a place, one that waits for a flag and changes the place, and one that raises the flag."""
        flag, other = self.random.sample(["h.f", "h.g"], 2)
        place = self.pick("S[0].x", "h.arr[0]", other)
        looks, late, wakes = self.fresh("looks"), self.fresh("late"), self.fresh("run")
        one, two, self.actors = self.actors, self.actors + 1, self.actors + 2
        self.lines += ["", "", f"def {looks}():", '    """A process."""', f"    Own[{one}].n = 1", f"    v = {place}", f"    Own[{one}].v = v"]
        self.lines += ["", "", f"def {late}():", '    """A process."""', '    with atomic("wait"):',
                       f"        wait_until({flag} and not {place})", f"        {place} = True"]  # fmt: skip
        self.lines += ["", "", f"def {wakes}():", '    """A process."""', f"    Own[{two}].n = 1", f"    {flag} = True"]
        found = [f'process("looks", {looks})', f'{self.pick("process", "interrupt")}("late", {late})', f'process("wakes", {wakes})']
        self.random.shuffle(found)
        return found

    def guests(self) -> list[str]:
        """One process that waits for a lock and takes it perhaps, and one that takes it and keeps it for long, or for ever."""
        lock, one, two = self.pick("h.lock", "S[0].lock"), self.actors, self.actors + 1
        self.actors += 2
        seen = self.pick("h.f", "h.g", f"Own[{one}].v")
        free = f"not is_locked({lock})"
        waits = [f"wait_until({self.pick(free, free, f'i == 0 or {free}', f'{free} or i == 0')})"]
        takes = self.pick(["if i == 1:", f"    got = try_acquire({lock})"], [f"{self.pick('got', 'h.g')} = try_acquire({lock})"], [])
        given = [f"if held({lock}):", f"    release({lock})"] if self.chance(0.7) else []
        shown = [f"{seen} = True"]
        later = shown if self.chance(0.8) else []  # in a step of its own
        step = self.simple(Scope(numbers=("i",)), [*waits, *takes, *(shown if not later else []), *given])
        visits = ["i: Two = 0", f"Own[{one}].n = {self.pick(0, 0, 0, 1)}", f"i = Own[{one}].n", step, *later]
        stays = self.pick(*[f"wait_until({seen})"] * 3, f"wait_until(Own[{two}].n == 0)", f"Own[{two}].v = {seen}")
        settles = [f"Own[{two}].n = 1", self.simple(Scope(), [f"acquire({lock})"]), 'with atomic("stay"):', f"    {stays}",
                   self.simple(Scope(), [f"release({lock})"])]  # fmt: skip
        found = []
        for lines in (visits, settles):
            name = self.fresh("run")
            self.lines += ["", "", f"def {name}():", '    """A process."""', *indented(lines)]
            found.append(f'process("{name}", {name})')
        self.random.shuffle(found)
        return found

    def process(self, number: int, per: bool, instances: int, length: int) -> str:
        self.draw_territory(per)
        kind = self.one_of(process=5, thread=1.5, worker=1 + bool(self.crowd), interrupt=0.5)
        self.own = -1
        if not per and instances == 1 and self.chance(0.95 if self.focus == "joint" else 0.8):
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
        woken = self.pick(0, 1, 2, self.crowd - 1) % self.crowd
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


def program(seed: int) -> str:
    """The text of a program with one scenario, `run`: always the same for the same seed."""
    return Writer(seed).program()
