"""How much the generator sees: each condition of a reduction left out, and in how many programs that shows.

The conditions are those of `tests/reduce/test_partial_order_mutations.py` and `tests/reduce/test_symmetry_mutations.py`, the
errors those put into the native engine; there each is shown by a model made for it.  Here nobody tells the generator.
Asked is only the kind of search that a damage concerns, and only a program in which it changes what that search goes by:
the tables of the partial-order reduction, the classes of symmetry, or the generated code.  Each damage is asked about in a
process of its own, which damaged code may well take down: that shows it, too.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from checker.base.disk_cache import passing
from checker.base.errors import CheckerError, ModelError
from checker.ir.program import DEADLOCK, Program
from checker.native.codegen.program import NativeText
from checker.native.loop import expand
from checker.reduce import partial_order, symmetry
from checker.reduce.ample import Ample
from checker.search import native as explore_native
from checker.search.explore import explore
from checker.search.plain import _Search
from checker.source.catalogue import load
from checker.verdict import api

from tests.fuzz.judge import LIMIT, disagreements
from tests.fuzz.memory import forget
from tests.fuzz.parts import ASKED, only
from tests.fuzz.programs import program
from tests.fuzz.quick import interpreter_of, quick
from tests.fuzz.truth import Truth, truth_of
from tests.fuzz.words import Words
from tests.native import test_engine_mutations
from tests.reduce import test_partial_order_mutations, test_symmetry_mutations

Put = Callable[[pytest.MonkeyPatch], None]
POR, SYMMETRY, CODE, MANY = "partial order", "symmetry", "generated symmetry", "more than 64 processes"
SEARCH = {  # how a kind is searched
    POR: {"engine": "interpret", "reduced": True}, SYMMETRY: {"engine": "interpret", "symmetric": True},
    CODE: {"engine": "native", "symmetric": True}, MANY: {"engine": "native", "reduced": True},
}  # fmt: skip
FORK = multiprocessing.get_context("fork")  # the subjects need not be made again
TOGETHER, MANY_TOGETHER = 40, 5  # subjects that are asked about by one process, and of more than 64 processes among them
PATIENCE = 300  # seconds for an answer about a program
ENOUGH = 3  # programs that show a damage, then no more are asked
FAULTS = {  # of issue 13: which condition mends it
    "names that share bits are renamed at once": 1, "two owners are renamed at once": 1,
    "the process that waits reads the lock": 2,
    "a property that a step violates unread watches it": 3, "a step that such a property reads is no candidate": 3,
    "only writes with one index to like granules exclude each other": 4,
    "what stands in the arms of a condition": 5,
    "who waits is kept in 64 bits": 6,
}  # fmt: skip
BITS = (  # the old text of `add_wakeable` in `checker.native.loop.chains`: (text of today, text of then)
    ("    waiting, changed = passage.waiting, True\n", "    waiting, changed = 0, True\n"),
    (
        "        waiting[other] = other != actor and not looked[actors + other]\n",
        "        if other != actor and not looked[actors + other]:\n            waiting |= 1 << other\n",
    ),
    ("            if waiting[other]:\n", "            if waiting >> other & 1:\n"),
    ("                    waiting[other] = 0\n", "                    waiting &= ~(1 << other)\n"),
)


@dataclass(frozen=True)
class Damage:
    """Something left out.  put: does it.  always: it changes no table, so every program is asked."""

    what: str
    kind: str
    put: Put
    always: bool = False

    @property
    def fault(self) -> int:
        return FAULTS.get(self.what, 0)


@dataclass
class Subject:
    """A program, and what it does; with it all that is asked of it alone, by the name of the property ("": all)."""

    number: int
    parts: dict[str, Program]
    known: dict[str, dict[str, int]]

    @property
    def whole(self) -> Program:
        return self.parts[""]


def damages() -> list[Damage]:
    """What can be left out."""
    found = []
    for what, one in test_partial_order_mutations.CONDITIONS.items():
        found.append(Damage(what, POR, lambda patch, one=one: test_partial_order_mutations.drop(patch, *one[:4]), one[0] in (Ample, _Search)))
    for what, one in test_engine_mutations.REDUCTIONS.items():
        found.append(Damage(what, POR, lambda patch, one=one: patch.setattr(*one)))
    for what, one in test_symmetry_mutations.CONDITIONS.items():
        found.append(Damage(what, SYMMETRY, lambda patch, one=one: patch.setattr(*one[:3])))
    for what, one in test_symmetry_mutations.ERRORS.items():
        kind = SYMMETRY if one[0] is symmetry.Group else CODE
        found.append(Damage(what, kind, lambda patch, one=one: patch.setattr(*one[:3]), kind == SYMMETRY))
    return [*found, Damage("who waits is kept in 64 bits", MANY, sixty_four, True)]


def sixty_four(patch: pytest.MonkeyPatch) -> None:
    """The search loop as it was, when a number of 64 bits said which instances wait."""
    directory = Path(tempfile.mkdtemp())
    made = {}
    for name in ("chains", "expand"):
        text = (Path(expand.__file__).parent / f"{name}.py").read_text("utf-8")
        for now, then in BITS if name == "chains" else ():
            assert text.count(now) == 1, "the search loop has changed; so must this"
            text = text.replace(now, then)
        text = test_engine_mutations.own_compiled(text).replace("from .chains import", "from .damaged_chains import")
        (directory / f"{name}.py").write_text(text, "utf-8")
        made[name] = test_engine_mutations.imported(patch, directory, name)
    patch.setattr(explore_native, "chains", made["chains"])
    patch.setattr(explore_native, "expand", made["expand"].expand)


@contextlib.contextmanager
def damaged(damage: Damage) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        damage.put(patch)
        forget()
        yield
    forget()


def facts(made: Program, kind: str) -> object:
    """What a kind of search goes by, in a program; an error is one, too."""
    try:
        if kind == POR:
            return partial_order.analyse(made)
        classes = symmetry.classes_of(made, interpreter_of(made).initial_states())
        return NativeText(made, classes=classes).text if kind == CODE and classes else classes
    except Exception as error:  # whatever a damage does
        return repr(error)


def fits(subject: Subject, kind: str) -> bool:
    """Has the program what this kind of search is about?"""
    actors = sum(process.instances for process in subject.whole.processes)
    if kind == MANY or actors > 64:
        return kind == MANY and actors > 64
    return kind == POR or actors > len(subject.whole.processes)


def shows(subject: Subject, damage: Damage, honest: dict[str, object]) -> bool | None:
    """Does a search with the damage disagree?  None if the damage changes nothing in this program.

    honest: the `facts` without it, by the name of the part."""
    concerned = [name for name in subject.parts if damage.always or facts(subject.parts[name], damage.kind) != honest[name]]
    return any(_differs(subject, name, damage.kind) for name in concerned) if concerned else None


def _differs(subject: Subject, name: str, kind: str) -> bool:
    mode = "sym" if kind in (SYMMETRY, CODE) else "por"
    try:
        with quick(followed=kind == CODE):
            found = explore(subject.parts[name], stop=False, **SEARCH[kind])
    except (CheckerError, IndexError, ValueError, RuntimeError):  # the search contradicts itself
        return True
    wrong = disagreements(subject.known[name], found, mode, "", name)
    return any(one.what != "missed" for one in wrong)


def subject_of(number: int, directory: Path) -> Subject | None:
    """The program of this seed; None if it is none of the language, or large."""
    file = directory / "program.py"
    file.write_text(program(number), "utf-8")
    try:
        made = api.prepare(catalogue=load(file)).program
    except ModelError:
        return None
    forget()
    whole = truth_of(made, LIMIT)
    if whole is None:
        return None
    alone = {*(p.name for p in made.properties), *ASKED, DEADLOCK}
    parts = {"": made} | {name: only(made, [name]) for name in whole.violations if name in alone}
    truths = {name: whole if name == "" else truth_of(one, 4 * LIMIT) for name, one in parts.items()}
    kept = {name: truth for name, truth in truths.items() if truth is not None}
    return Subject(number, {name: parts[name] for name in kept}, {name: truth.violations for name, truth in kept.items()})


@dataclass
class Row:
    """Of one damage: programs asked about, those in which it changes something, and those that show it.

    lost: of these, those whose process died, or did not answer."""

    damage: Damage
    tried: int = 0
    concerned: int = 0
    shown: int = 0
    first: int = 0
    lost: int = 0

    def text(self) -> str:
        fault, lost = str(self.damage.fault or ""), f", {self.lost} by a process that died" if self.lost else ""
        what = f"{self.damage.kind}: {self.damage.what}"
        return f"| {fault} | {what} | {self.tried:,} | {self.concerned:,} | {self.shown:,}{lost} | {self.first or '-'} |"


HEAD = "| fault | left out | programs tried | in which it changes something | that show it | first |\n|---|---|---|---|---|---|"


def measure(seed: int, programs: int, crowds: int = 0, faults: bool = False, seconds: float | None = None) -> int:
    """Print in how many programs each damage shows; crowds: so many more programs, of more than 64 processes each.

    faults: ask about the known faults only, and about each in every program.  seconds: then no more is asked."""
    rows = [Row(damage) for damage in damages() if damage.fault or not faults]
    start, enough = time.monotonic(), programs + crowds + 1 if faults else ENOUGH
    with_many = (number for number in range(seed, seed + 200 * crowds + programs) if Words(number).crowd > 60)
    with tempfile.TemporaryDirectory() as name, passing():
        many = itertools.islice(_subjects(with_many, Path(name)), crowds)
        few = _subjects(range(seed, seed + programs), Path(name))
        while subjects := [*itertools.islice(many, MANY_TOGETHER), *itertools.islice(few, TOGETHER)]:
            for row in rows:
                if seconds is None or time.monotonic() < start + seconds:
                    _ask(row, [one for one in subjects if fits(one, row.damage.kind)], enough)
            if seconds is not None and time.monotonic() >= start + seconds:
                break
    print("\n".join([HEAD, *(row.text() for row in rows)]))
    found = sum(bool(row.shown) for row in rows)
    print(f"\n{found} of {len(rows)} are found; {time.monotonic() - start:.0f} s")
    return 0


def _subjects(numbers: Iterable[int], directory: Path) -> Iterator[Subject]:
    return (one for number in numbers if (one := subject_of(number, directory)) is not None)


def _ask(row: Row, subjects: list[Subject], enough: int) -> None:
    """Ask about `subjects` until `enough` have shown the damage, in a process that ends with them; it may end earlier, or never:
    that shows it, too, and it is followed by another one."""
    while subjects and row.shown < enough:
        here, there = multiprocessing.Pipe(duplex=False)
        child = FORK.Process(target=_answer, args=(row.damage, subjects, there), daemon=True)
        child.start()
        there.close()
        answered = 0
        with contextlib.suppress(EOFError):
            while answered < len(subjects) and row.shown < enough and here.poll(PATIENCE):
                _enter(row, subjects[answered], here.recv())
                answered += 1
        child.kill()
        child.join()
        if answered < len(subjects) and row.shown < enough:
            row.lost += 1
            _enter(row, subjects[answered], True)
            answered += 1
        subjects = subjects[answered:]


def _answer(damage: Damage, subjects: list[Subject], answers: Connection) -> None:
    """Send what `shows` says of each."""
    forget()
    honest = [{name: facts(one, damage.kind) for name, one in subject.parts.items()} for subject in subjects if not damage.always]
    with damaged(damage):
        for number, subject in enumerate(subjects):
            answers.send(shows(subject, damage, {} if damage.always else honest[number]))


def _enter(row: Row, subject: Subject, shown: bool | None) -> None:
    row.tried += 1
    row.concerned += shown is not None
    row.shown += bool(shown)
    if shown and not row.first:
        row.first = subject.number
        print(f"{subject.number:>8} {row.damage.what}", flush=True)
