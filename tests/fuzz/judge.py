"""What judges a program, side by side: searches with each reduction and without, in both engines, and other opinions.

A reduced search promises that its verdict is that of the whole search, that what it names as violated is, and
what it has reached can be reached.  That it finds *every* violated property it does not promise
(decision 006): a property that is missed while another one is found is counted, and no error.  So each violated property
is also judged alone, where its own verdict is the whole verdict.  Symmetry promises more: all but the number
of states stays as it was.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from random import Random

from checker.ir import program as ir
from checker.base.disk_cache import passing
from checker.base.errors import InternalError
from checker.search.exploration import Exploration
from checker.search.explore import explore
from checker.reduce import symmetry
from checker.trace.trace import replay

from tests.fuzz.parts import ASKED, only
from tests.fuzz import memory
from tests.fuzz.quick import interpreter_of, quick
from tests.fuzz.truth import Truth, truth_of

LIMIT, LARGE, LARGER = 600, 2_500, 4  # states: a program with more is not looked at; of every so many programs more are allowed
MODES = {"por": {"reduced": True}, "sym": {"symmetric": True}, "both": {"reduced": True, "symmetric": True}}
ENGINES = ("interpret", "native")
MOST, HOLDING = 8, 2  # violated properties of a program that are judged alone, and others
SHARES = {  # of what costs much, how much of it is done
    "plain": 0.1,  # whole searches without reduction, beside the one that all is compared with
    "sym": 0.4,  # searches with symmetry alone
    "native": 0.6,  # programs in which the native engine is asked about all properties
    "native alone": 0.4,  # and about one
    "followed": 0.1,  # searches whose counterexamples are made and followed
}


@dataclass(frozen=True)
class Wrong:
    """A disagreement.  what: "verdict", "invented", "missed" (no error), "counts", "trace", "crash", or the name of another opinion.
    mode: "plain" or one of MODES; property: of which, or "" if it is about all."""

    what: str
    mode: str
    engine: str
    property: str
    text: str

    @property
    def kind(self) -> tuple[str, str, str]:
        """What remains the same while a program is made smaller."""
        return self.what, self.mode, self.engine

    def __str__(self) -> str:
        return f"{self.what} ({self.mode}, {self.engine}{self.property and ', ' + self.property + ' alone'}): {self.text}"


@dataclass
class Report:
    """What was found out about one program.  counts: see `tests.fuzz.run.Table`."""

    wrong: list[Wrong] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def errors(self) -> list[Wrong]:
        return [one for one in self.wrong if one.what != "missed"]


class Judge:
    """Judges one program.

    random: draws what only a part of the programs is asked.  native: False leaves that engine out.  modes: of the
    reductions.  limit: of the states of a program that is looked at."""

    def __init__(
        self, program: ir.Program, random: Random, native: bool = True, modes: Collection[str] = tuple(MODES), limit: int = LARGE
    ) -> None:  # fmt: skip
        self.program, self.random, self.native, self.modes, self.limit = program, random, native, modes, limit
        self.report = Report()

    def judge(self, plain: Truth | None = None) -> Report | None:
        """None if there are more than `limit` states.  plain: what is known of the program already."""
        memory.forget()
        with passing():
            plain = plain or truth_of(self.program, self.limit)
            if plain is None:
                return None
            self.report.counts["programs"] += 1
            self._judge_whole(plain)
            self._judge_alone(plain)
        return self.report

    def _judge_whole(self, plain: Truth) -> None:
        """All properties at once."""
        counts, program = self.report.counts, self.program
        modes = self._modes(program)
        found = {mode: self._compare(program, plain, mode, "interpret", "") for mode in self._asked(modes)}
        saves = "por" in found and found["por"] is not None and found["por"].states < plain.states
        counts["with por in force"] += saves
        counts["with symmetry in force"] += "sym" in modes
        counts["with a reduction in force"] += saves or "sym" in modes
        counts["states"] += plain.states
        counts["violated programs"] += bool(plain.violations)
        if self.random.random() < SHARES["plain"]:
            for engine in ENGINES[: 1 + self.native]:
                found["plain"] = self._compare(program, plain, "plain", engine, "")
        elif self.native and self.random.random() < SHARES["native"]:
            self._compare_engines(program, plain, found, self.random.choice(modes[-2:] or ["plain"]), "")

    def _judge_alone(self, plain: Truth) -> None:
        """The properties by themselves: of the violated ones those first that are violated in few states."""
        program, counts = self.program, self.report.counts
        names = [p.name for p in program.properties if p.kind not in ("reachable", "leads_to")]
        truth: Truth | None = plain
        if set(ASKED) & set(plain.violations):
            truth = truth_of(only(program, names), LARGE)
        if truth is None:  # where steps go on that a check would have ended there are too many states
            counts["too large alone"] += 1
            return
        violated = sorted((name for name in truth.violations if name in names), key=truth.often.__getitem__)
        asked = [name for name in (*ASKED, ir.DEADLOCK) if name in plain.violations]
        counts["properties"] += len(names) + len(asked)
        counts["violated properties"] += len(violated) + len(asked)
        violated = violated[:MOST]
        native = self.random.choice([*violated, *asked, ""])
        for name in (*violated, *asked):
            self._judge_one(name, truth if name in violated else plain, name == native)
        holding = [name for name in names if name not in truth.violations]
        some = self.random.sample(holding, min(HOLDING, len(holding)))
        counts["judged alone"] += len(some)
        for name in some:
            self._compare(only(program, [name]), self._restricted(truth, [name]), self.random.choice(list(self.modes)), "interpret", name)
        if holding:  # together: what is not violated cannot be missed
            alone = only(program, holding)
            self._compare(alone, self._restricted(truth, holding), self.random.choice(list(self.modes)), "interpret", "those that hold")

    def _judge_one(self, name: str, truth: Truth, native: bool) -> None:
        alone = only(self.program, [name])
        if name in (*ASKED, ir.DEADLOCK):  # without the other kinds of check more may happen
            larger = truth_of(alone, LARGE)
            if larger is None:
                return
            truth = larger
        self.report.counts["judged alone"] += 1
        known, modes = self._restricted(truth, [name]), self._modes(alone)
        found = {mode: self._compare(alone, known, mode, "interpret", name) for mode in self._asked(modes)}
        if native and self.native and self.random.random() < SHARES["native alone"]:
            self._compare_engines(alone, known, found, self.random.choice(modes[-2:] or ["plain"]), name)

    def _restricted(self, truth: Truth, names: list[str]) -> dict[str, int]:
        """The violations that a program with `names` only has, with the lengths of the ways to them."""
        own = {p.name for p in self.program.properties} | {ir.DEADLOCK}
        return {name: steps for name, steps in truth.violations.items() if name in names or name not in own}

    def _asked(self, modes: list[str]) -> list[str]:
        """Symmetry alone is not always asked: what it says, both together say as well, mostly."""
        return [mode for mode in modes if mode != "sym" or len(modes) == 1 or self.random.random() < SHARES["sym"]]

    def _modes(self, program: ir.Program) -> list[str]:
        """The reductions that change anything."""
        try:
            with quick():
                classes = symmetry.classes_of(program, interpreter_of(program).initial_states())
        except Exception:  # it is tried again, and noted, in a search
            return list(self.modes)
        return [mode for mode in self.modes if classes or mode == "por"]

    # ---- comparisons

    def search(self, program: ir.Program, options: dict, engine: str, followed: bool = True) -> Exploration | None:
        """A search that goes on past violations; None if it crashed, which is noted.  followed: as in `quick`."""
        try:
            with quick(followed):
                return explore(program, engine=engine, stop=False, **options)
        except Exception as error:
            mode = next((name for name, one in MODES.items() if one == options), "plain")
            where = traceback.extract_tb(error.__traceback__)[-1]
            text = f"{type(error).__name__}: {error} ({where.name})"
            self.report.wrong.append(Wrong("crash", mode, engine, "", text))
            return None

    def _compare(self, program: ir.Program, plain: Truth | dict[str, int], mode: str, engine: str, name: str) -> Exploration | None:
        """Search with reductions, and compare with what is known without."""
        followed = engine == "native" or self.random.random() < SHARES["followed"]
        found = self.search(program, MODES.get(mode, {}), engine, followed)
        self.report.counts["searches"] += 1
        if found is not None:
            self.report.wrong += disagreements(plain, found, mode, engine, name)
            if followed:
                self._follow(program, found, mode, engine)
        return found

    def _follow(self, program: ir.Program, found: Exploration, mode: str, engine: str) -> None:
        """The counterexamples must be runs of the program that end in what they are of."""
        for one in found.violations.values():
            try:
                replay(program, one.path, one.last, one.property)
            except InternalError as error:
                self.report.wrong.append(Wrong("trace", mode, engine, one.property, str(error).splitlines()[0]))

    def _compare_engines(
        self, program: ir.Program, plain: Truth | dict[str, int], found: dict[str, Exploration | None], mode: str, name: str
    ) -> None:  # fmt: skip
        """The native engine in one mode: against what is known, and against the interpreter in the same mode."""
        self.report.counts["native searches"] += 1
        one, other = found.get(mode), self.search(program, MODES.get(mode, {}), "native")
        if other is None:
            return
        if mode != "plain":
            self.report.wrong += disagreements(plain, other, mode, "native", name)
            self._follow(program, other, mode, "native")
        if one is not None and mode != "both":  # there states that stand for the same ones may differ, and so may what is ample in them
            texts = differing_counts(one, other)
            self.report.wrong += [Wrong("counts", mode, "native", name, text) for text in texts]


def differing_counts(one: Exploration, other: Exploration) -> list[str]:
    """Where two searches differ in what does not depend on which of several states and ways is taken."""
    shown = [(found.levels, found.transitions, sorted(found.violations), sorted(found.reached)) for found in (one, other)]
    return [f"{shown[0]} and {shown[1]}"] if shown[0] != shown[1] else []


def disagreements(plain: Truth | dict[str, int], found: Exploration, mode: str, engine: str, name: str) -> Iterator[Wrong]:
    """What is wrong about a reduced search, beside what is known of the whole one: all of it, or the violations."""
    known = plain if isinstance(plain, dict) else plain.violations
    exact = mode in ("plain", "sym")
    seen = {key: one.steps for key, one in found.violations.items()}

    def wrong(what: str, text: str) -> Wrong:
        return Wrong(what, mode, engine, name, text)

    if bool(known) != bool(seen):
        yield wrong("verdict", f"{sorted(known)}, reduced {sorted(seen)}")
    elif set(seen) - set(known):
        yield wrong("invented", f"{sorted(known)}, reduced {sorted(seen)}")
    elif set(known) - set(seen):
        yield wrong("verdict" if exact else "missed", f"{sorted(known)}, reduced {sorted(seen)}")
    elif exact and seen != known:
        yield wrong("counts", f"{known}, searched {seen}")
    if isinstance(plain, Truth):
        yield from _other_numbers(plain, found, mode, wrong)


def _other_numbers(plain: Truth, found: Exploration, mode: str, wrong) -> Iterator[Wrong]:
    if found.states > plain.states:
        yield wrong("counts", f"{plain.states} states, reduced {found.states}")
    if found.reached - plain.reached:
        yield wrong("invented", f"reached {sorted(plain.reached)}, reduced {sorted(found.reached)}")
    elif mode == "plain" and found.reached != plain.reached or mode == "sym" and found.reached | plain.progress != plain.reached | plain.progress:
        yield wrong("verdict", f"reached {sorted(plain.reached)}, reduced {sorted(found.reached)}")
    if mode == "sym" and found.depth != len(plain.levels) - 1:
        yield wrong("counts", f"depth {len(plain.levels) - 1}, with symmetry {found.depth}")
    if mode == "plain" and (found.levels, found.transitions) != (plain.levels, plain.transitions):
        yield wrong("counts", f"{plain.transitions} transitions, levels {plain.levels}; searched {found.transitions}, {found.levels}")
