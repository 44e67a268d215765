"""Random programs with instances that are nearly alike: some name one by its number, most do not.

`text(random)` is a program of the modelling language: processes for each page, others that choose pages, references and
owners in locals and in shared fields, arrays in each page, alike threads, and properties of every kind that is judged in a
state or a step.  What prefers a page is rare, so that about half of the programs have a symmetry to get wrong.
"""

from __future__ import annotations

from random import Random

HEADER = '''"""A random program."""

from checker.lang import *
from checker.lang import Array, Flag, Lock, Range, Ref, RwLock, Struct

Part = Range(0, 1)


class Page(Struct, count={pages}):
    """Nearly alike."""

    seen = Flag("seen")
    kept = Flag("kept", init={kept})
    part = Array(Flag("part"), 2)
    {more}


class Hub(Struct):
    """What all share."""

    full = Flag("full")
    n = Range(0, 2, "n")
    last = Ref(Page, "last")
    first = Ref(Page, "first")
    lock = Lock("lock")
    gate = RwLock("gate")


hub = Hub[0]


@primitive()
def read_lock():
    """The gate."""
    acquire_shared(hub.gate)


@primitive()
def read_unlock():
    """If it is held."""
    if held_shared(hub.gate):
        release_shared(hub.gate)


@primitive()
def write_lock():
    """The gate, alone, if nobody is there."""
    hub.full = try_acquire(hub.gate)
'''


class Writer:
    """Draws one program."""

    def __init__(self, random: Random) -> None:
        self.random, self.functions = random, 0
        self.pages = random.choice([2, 2, 3, 3, 3, 4])
        self.odd = random.choice([0.0, 0.0, 0.2, 0.4])  # how often a page is preferred, always in the same manner
        last = self.pages - 1
        self.preferred = random.choice(["Page[0]", f"Page[{last}]", f"Page[{last} if hub.full else {last - 1}]", f"Page[{last} if hub.full else {last - 1}]", "Page[hub.n % 2]", "(Page[0] if hub.n > 0 else Page[1])"])
        self.named = random.random() < 0.3  # do pages name pages?
        self.locked = random.random() < 0.2  # does each page have a lock?

    def program(self) -> str:
        more = "next = Ref(\"Page\", \"next\")" if self.named else "lock = Lock(\"own lock\")" if self.locked else "other = Flag(\"other\")"
        parts = [HEADER.format(pages=self.pages, kept=self.random.random() < 0.3, more=more)]
        processes = []
        for name, extra in self.processes():
            own = ", per=Page" in extra
            parts.append(self.function(name, own))
            processes.append(f'process("{name}", {name}{extra})')
        parts += [self.property(number) for number in range(self.random.randint(1, 3))]
        setup = ""
        if self.random.random() < 0.25:
            one = self.random.choice(["choose(page for page in each(Page))", "choose(page for page in each(Page))", self.page([])])
            parts.append(f'def start():\n    """At the start."""\n    hub.first = {one}')
            setup = ", setup=start"
        return "\n\n\n".join([*parts, f'run = scenario("Random.", {", ".join(processes)}{setup})']) + "\n"

    def processes(self) -> list[tuple[str, str]]:
        pick = self.random.random
        found = [("own", ", per=Page")] if pick() < 0.9 else []
        found += [("own_too", ", per=Page")] if pick() < 0.3 and self.pages < 4 else []
        found += [("any_page", "")] if pick() < 0.6 or not found else []
        return found + ([("alike", ", count=2")] if pick() < 0.3 and self.pages < 4 else [])

    def function(self, name: str, own: bool) -> str:
        """A process and its primitives."""
        known, lines, primitives = ["page"] if own else [], [], []
        for step in range(self.random.randint(1, 3 if own and self.pages > 2 else 4)):
            if self.random.random() < 0.35:
                where = f" if {self.condition(['p'])}" if self.random.random() < 0.4 else ""
                source = "choose(Page[0], Page[1])" if self.random.random() < self.odd / 4 else f"choose(p for p in each(Page){where})"
                known = [*known, f"local{step}"]
                lines.append(f"{known[-1]} = {source}")
            if self.random.random() < 0.15:
                lines.append(self.random.choice(["read_lock()", "read_unlock()", "write_lock()"]))
            given = self.random.sample(known, min(len(known), self.random.randint(0, 2)))
            primitives.append(self.primitive(f"{name}_{step}", given))
            lines.append(f"{name}_{step}({', '.join(given)})")
        body = "\n    ".join(lines)
        return "\n\n\n".join([*primitives, f'def {name}({"page: Page" if own else ""}):\n    """Steps."""\n    {body}'])

    def primitive(self, name: str, pages: list[str]) -> str:
        body = [line for _ in range(self.random.randint(1, 2)) for line in self.statement(pages)]
        if self.random.random() < 0.25:
            body.append(f"bug_on({self.condition(pages)} and {self.condition(pages)})")
        lines = "\n    ".join(body)
        return f'@primitive()\ndef {name}({", ".join(f"{p}: Page" for p in pages)}):\n    """A step."""\n    {lines}'

    def statement(self, pages: list[str]) -> list[str]:
        kind = self.random.randrange(9)
        page = self.page(pages)
        if kind == 0:
            return [f"hub.last = {self.random.choice([page, 'None', 'hub.first'])}"]
        if kind == 1:
            return [f"hub.first = {page} if {self.condition(pages)} else hub.first"]
        if kind == 2:
            return [self.random.choice(["hub.n = min(hub.n + 1, 2)", "hub.full = not hub.full"])]
        if kind == 3:
            return [f"hub.full = {self.random.choice(['try_acquire(hub.lock)', self.condition(pages)])}"]
        if kind == 4:
            return ["if held(hub.lock):", "    release(hub.lock)"]
        if kind == 5 and self.named:
            return [f"{page}.next = {self.page(pages)}"]
        if kind == 5 and self.locked:
            return [f"{page}.kept = try_acquire({page}.lock)"]
        if kind == 6:
            return [f"if {self.condition(pages)}:", f"    {page}.{self.flag()} = {self.condition(pages)}"]
        return [f"{page}.{self.flag()} = {self.random.choice(['True', 'False', self.condition(pages)])}"]

    def flag(self) -> str:
        return self.random.choice(["seen", "seen", "kept", "part[0]", "part[1]", "part[hub.n % 2]"])

    def page(self, pages: list[str]) -> str:
        """One that is there."""
        if pages and self.random.random() >= self.odd:
            return self.random.choice(pages)
        if not pages and self.random.random() >= self.odd + 0.02:
            return "hub.last" if self.random.random() < 0.5 else "hub.first"
        return self.preferred

    def condition(self, pages: list[str]) -> str:
        """Of pages that are there; references that may be None are looked at with care."""
        if self.random.random() < self.odd / 2:
            return f"{self.preferred}.{self.flag()}"
        kind, page = self.random.randrange(10), self.random.choice(pages) if pages else self.preferred if self.random.random() < self.odd else ""
        if page and kind == 0:
            return f"{page}.{self.flag()}"
        if page and kind == 1:
            return f"hub.{self.random.choice(['last', 'first'])} is {page}"
        if page and kind == 2:
            return f"any(q is not {page} and q.{self.flag()} for q in each(Page))"
        if page and kind == 3 and self.random.random() < self.odd:
            return f"number({page}) < {self.random.randint(1, 2)}"
        if kind == 4:
            return f"(hub.last is not None and {'not ' * self.random.randrange(2)}hub.last.seen)"
        if kind == 5:
            return f"(not {self.condition(pages)})"
        if kind == 6:
            return f"({self.condition(pages)} {self.random.choice(['and', 'or'])} {self.condition(pages)})"
        if kind == 7:
            return f"{self.random.choice(['any', 'all'])}(q.{self.flag()} for q in each(Page))"
        return self.random.choice(["hub.full", "hub.n == 1", "hub.n < 2", "hub.last is None", "hub.last is hub.first", "hub.first is None"])

    def property(self, number: int) -> str:
        pages = self.random.choice([[], ["one"], ["one", "two"]])
        parameters = ", ".join(f"{page}: Page" for page in pages)
        claim, kind = self.condition(pages), self.random.choice(["invariant", "invariant", "reachable", "transition_invariant", "terminal"])
        if kind == "transition_invariant":
            claim = f"implies(old({self.condition(pages)}), {claim})"
        elif kind != "reachable":
            claim = f"implies({self.condition(pages)}, {claim})"
        return f'@{kind}\ndef claim{number}({parameters}):\n    """Something."""\n    return {claim}'


def text(random: Random) -> str:
    """A program."""
    return Writer(random).program()
