"""Errors put into the native engine on purpose: the comparison of the engines must notice each.

A test that compares two engines is worth what it can see.  Here the generated code, the
layout, the search loop and the reduction are damaged one at a time, in the ways in which
model checkers have been wrong: a successor is dropped, a hash stands for a state, a bit
lands in the wrong place, a state is never expanded, a step that a property sees is left out.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import checker
from checker.base.errors import InternalError
from checker.ir.program import Program
from checker.native import disk as native_disk
from checker.native.codegen import program as native
from checker.native.layout import Layout
from checker.native.loop import expand as search_loop
from checker.native.loop import fold as native_fold
from checker.native.loop import visited
from checker.reduce import monotone, partial_order, visibility, watches
from checker.search import native as explore_native
from checker.search import plain as explore_plain
from checker.search.exploration import Exploration
from checker.search.explore import explore
from checker.verdict import api
from tests.native.test_native import two_phase_commit
from tests.support.agreement import differences, same_verdict_when_reduced
from tests.support.textbook import MODELS, slow

CORPUS = {
    "two_phase_commit": {"RM": 3},
    "dining_philosophers": {"N": 5},
    "counters": {"N": 3, "K": 3},
    "peterson": {},
    "hanoi": {"N": 4},
    "writeback_core": {"F": 1, "WOPS": 1, "FSOPS": 0, "TROPS": 0},
}
LONG = "folios"  # its states have more than one word
LONG_SETTINGS = {"F": 2, "WOPS": 1, "FSOPS": 0, "TROPS": 0}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damaged code must not be found by anybody else."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


class Honest:
    """The corpus, and what the interpreter finds in it."""

    def __init__(self) -> None:
        self.programs = {name: compiled(name, settings) for name, settings in CORPUS.items()}
        self.programs[LONG] = compiled("writeback_core", LONG_SETTINGS)
        self.found = {name: explore(one, engine="interpret", stop=False) for name, one in self.programs.items()}

    def noticed(self, only: tuple[str, ...] = ()) -> set[str]:
        """The programs in which the native engine finds something else."""
        return {name for name in only or self.programs if self.differs(name)}

    def differs(self, name: str) -> bool:
        try:
            return bool(differences(self.found[name], explore(self.programs[name], stop=False)))
        except InternalError:
            return True


def compiled(name: str, settings: dict[str, int]) -> Program:
    return api.prepare(MODELS / f"{name}.py", settings=settings).program


@pytest.fixture(scope="module")
def honest() -> Honest:
    """Made before anything is damaged."""
    made = Honest()
    assert set() == made.noticed()
    assert explore(made.programs[LONG]).words > 1
    return made


# ------------------------------------------------------------- generated code


def in_text(monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str]) -> None:
    """Have all generated code changed."""
    made = native.NativeText.text.func
    monkeypatch.setattr(native.NativeText, "text", property(lambda self: change(made(self))))


def drop_a_successor(text: str) -> str:
    """States with more than two successors lose the last one."""
    start = text.index("define i64 @step")
    end = text.index("\n}", start)
    step = text[start:end]
    count = re.search(r"ret i64 (%\S+)", step).group(1)
    fewer = f"%lost = icmp ugt i64 {count}, 2\n %one = zext i1 %lost to i64\n %fewer = sub i64 {count}, %one\n ret i64 %fewer"
    return text[:start] + step.replace(f"ret i64 {count}", fewer) + text[end:]


def test_a_dropped_successor_is_noticed(honest: Honest, monkeypatch: pytest.MonkeyPatch) -> None:
    in_text(monkeypatch, drop_a_successor)

    assert {"two_phase_commit", "dining_philosophers", "counters", "hanoi", "writeback_core", LONG} == honest.noticed()


def forget_high_bits(text: str) -> str:
    """A state counts as seen a moment ago if the low bits of its words agree with another's."""
    return re.sub(r"%new = icmp ne i64 (%\S+), 0", r"%low = and i64 \1, 15\n %new = icmp ne i64 %low, 0", text)


def test_states_taken_for_one_another_are_noticed(honest: Honest, monkeypatch: pytest.MonkeyPatch) -> None:
    in_text(monkeypatch, forget_high_bits)

    assert honest.noticed((LONG,))


def nth(pattern: str, by: Callable[[re.Match], str], number: int) -> Callable[[str], str]:
    """Change occurrence `number` of a pattern, counted round and round."""

    def change(text: str) -> str:
        found = list(re.finditer(pattern, text))
        one = found[number % len(found)]
        return text[: one.start()] + by(one) + text[one.end() :]

    return change


def shifted(found: re.Match) -> str:
    return found.group(1) + str((int(found.group(2)) + 1) % 64)


def inverted(found: re.Match) -> str:
    return f"icmp {'ne' if found.group(1) == 'eq' else 'eq'} {found.group(2)}"


WRONG = {
    "shift": (r"((?:shl|lshr) i64 %\S+, )(\d+)", shifted),
    "compare": (r"icmp (eq|ne) (i64 %\S+, \d+)", inverted),
}


@pytest.mark.parametrize("number", range(0, 60, 5))
@pytest.mark.parametrize("kind", WRONG)
def test_one_wrong_instruction_is_noticed(honest: Honest, monkeypatch: pytest.MonkeyPatch, kind: str, number: int) -> None:
    in_text(monkeypatch, nth(*WRONG[kind], number))

    assert honest.noticed(("two_phase_commit", "dining_philosophers", "peterson", "writeback_core"))


# -------------------------------------------------------------------- layout


@pytest.mark.parametrize("name", ["Rm.state", "Tm.decided", "Rm.counted"])
def test_a_wrong_bit_offset_is_noticed(honest: Honest, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The generated code finds a variable one bit further up than the packed states have it."""
    right = Layout.sections

    def sections(self: Layout, var: str, instance: int = 0):
        return tuple(replace(s, shift=s.shift + (var == name)) for s in right(self, var, instance))

    monkeypatch.setattr(Layout, "sections", sections)

    assert {"two_phase_commit"} == honest.noticed(("two_phase_commit", "peterson"))


def test_a_label_that_is_too_narrow_is_noticed(honest: Honest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels get one bit too few."""
    right = Layout._label_items

    def label_items(self: Layout):
        found = right(self)
        for item in found:
            key, section = item.sections[0]
            if section.width > 1:
                item.bits -= 1
                item.sections[0] = (key, replace(section, width=section.width - 1))
        return found

    monkeypatch.setattr(Layout, "_label_items", label_items)

    assert {"dining_philosophers", "peterson"} <= honest.noticed(("dining_philosophers", "peterson"))


# --------------------------------------------------------------- search loop

SAME = "and same(rows, np.int64((there & mask) - ONE) * width, found, number * width, width)"
ONE_WORD = ("two_phase_commit", "dining_philosophers", "hanoi")
LOOPS = {  # what is wrong: (text, what stands there instead, programs in which it shows)
    "some bits of a hash stand for a state": (
        f"if tag_of(there, mask) == tag {SAME}:",
        "if (tag_of(there, mask) >> np.uint64(30)) == (tag >> np.uint64(30)):",
        (LONG,),
    ),
    "some bits of a state stand for it": (
        "if there == entry:",
        "if (there & np.uint64(255)) == (entry & np.uint64(255)):",
        ONE_WORD,
    ),
    "a state seen a moment ago is one with the same low bits": (
        "fresh = recent[place] != found",
        "fresh = (recent[place] & np.uint64(15)) != (found & np.uint64(15))",
        ONE_WORD,
    ),
    "the first word of a state stands for it": (f"{SAME}:", "and rows[np.int64((there & mask) - ONE) * width] == found[number * width]:", (LONG,)),
    "the last states of a long frontier are not expanded": (
        "own[AT_END] = min(own[AT] + PIECE, shared[FRONTIER_END])",
        "own[AT_END] = min(own[AT] + PIECE, shared[FRONTIER_END]); own[AT_END] -= 1 * (own[AT_END] - own[AT] > 9)",
        ONE_WORD,
    ),
}  # fmt: skip


COMPILED = """\
from numba import njit
compiled = njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
compiled_nogil = njit(nogil=True, _nrt=False)
"""  # as in `checker.native.loop.compiled`, and not kept


def damage(monkeypatch: pytest.MonkeyPatch, directory: Path, old: str, new: str, piece: int = visited.PIECE) -> None:
    """Let the native engine use a search loop in whose text `old` is replaced; piece: states that a thread takes."""
    texts = {name: Path(module.__file__).read_text("utf-8") for name, module in (("visited", visited), ("expand", search_loop))}
    assert any(old in text for text in texts.values()), "the search loop has changed; so must this test"
    for name, text in texts.items():
        text = text.replace(f"PIECE = {visited.PIECE} ", f"PIECE = {piece} ")
        text = text.replace(old, new).replace("from .visited import", "from .damaged_visited import")
        text = own_compiled(text)
        (directory / f"{name}.py").write_text(text, "utf-8")
    made = [imported(monkeypatch, directory, name) for name in texts]
    monkeypatch.setattr(explore_native, "visited", made[0])
    monkeypatch.setattr(explore_native, "expand", made[1].expand)


def own_compiled(text: str) -> str:
    """The text of a module of the search loop, compiled by itself and not kept."""
    return re.sub(r"from \.compiled import .*", COMPILED, text)


def imported(monkeypatch: pytest.MonkeyPatch, directory: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"checker.native.loop.damaged_{name}", directory / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


QUICK = list(LOOPS)[::4]


@pytest.mark.parametrize("what", [pytest.param(what, marks=() if what in QUICK else slow) for what in LOOPS])
def test_a_damaged_search_loop_is_noticed(honest: Honest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str) -> None:
    old, new, programs = LOOPS[what]
    damage(monkeypatch, tmp_path, old, new)

    assert honest.noticed(programs)


@pytest.mark.parametrize("stage", range(2))
def test_a_stage_of_folding_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch, stage: int) -> None:
    """Some pairs keep the number that they have in the parent."""
    right = native_fold.shape
    assert explore(two_phase_commit(5, 5)).states == 8_832

    def shape(words: int):
        *tree, stages = right(words)
        return (*tree, stages[[k for k in range(len(stages)) if k != stage]])

    monkeypatch.setattr(native_fold, "shape", shape)

    assert explore(two_phase_commit(5, 5)).states != 8_832


NOTHING = "nothing"
GAPS = {  # what is wrong with the numbers that states get when what threads did not use is filled
    NOTHING: ("space.shared[ROWS] = end", "space.shared[ROWS] = end"),
    "a state that moves leaves its words behind": ("copy(rows, row * words, rows, target * words, words)", "pass"),
    "a gap is taken for a state": ("space.shared[ROWS] = end", "space.shared[ROWS] = end + (count > 0)"),
}


class Turns(ThreadPoolExecutor):
    """Threads that wait for each other."""

    def submit(self, function, *arguments):
        job = super().submit(function, *arguments)
        job.result()
        return job


@pytest.mark.parametrize("what", [pytest.param(what, marks=() if what == list(GAPS)[1] else slow) for what in GAPS])
def test_gaps_that_are_badly_closed_are_noticed(
    honest: Honest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
) -> None:
    """Two threads take a state in turn, so that both leave a gap on every level."""
    for name, value in (("ALONE", 0), ("FIRST_BUDGET", 1), ("MOST_BUDGET", 1), ("ThreadPoolExecutor", Turns)):
        monkeypatch.setattr(explore_native, name, value)
    damage(monkeypatch, tmp_path, *GAPS[what], piece=1)

    found = differences(honest.found[LONG], explore(honest.programs[LONG], threads=2, stop=False))

    assert bool(found) == (what != NOTHING)


def test_a_circle_of_parents_is_noticed() -> None:
    search = SimpleNamespace(
        result=SimpleNamespace(levels=[1, 2]), layout=SimpleNamespace(unpack=tuple),
        store=SimpleNamespace(parents=[visited.NO_PARENT, 0, 3, 2], state=lambda state: [state]),
    )  # fmt: skip
    assert explore_native.Search._path(search, 1) == [(0,), (1,)]
    with pytest.raises(InternalError):
        explore_native.Search._path(search, 3)


def test_a_wrong_parent_is_noticed_by_the_replay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Counts are right and the counterexample is none: the interpreter does not let it pass."""
    damage(monkeypatch, tmp_path, "origin[kept] = found, hashed, state", "origin[kept] = found, hashed, state // 2")

    with pytest.raises(InternalError):
        checker.check(MODELS / "dining_philosophers.py", settings={"N": 7}, reduction=False)


def the_first_only(self: native_disk.DiskArray, source, count: int) -> None:
    """Only the first words of what was in memory go to the file."""
    self.file.write(source[: min(count, 40)].tobytes())


@pytest.mark.parametrize("name", ["two_phase_commit", LONG])
def test_a_state_lost_on_its_way_to_disk_is_noticed(
    honest: Honest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    def found() -> Exploration:
        scarce = chain([1 << 40] * 5, [0], repeat(1 << 40))
        monkeypatch.setattr(explore_native, "available_memory", lambda: next(scarce))
        return explore(honest.programs[name], stop=False, memory_limit=1 << 28, spill_dir=str(tmp_path))

    monkeypatch.setattr(explore_native, "LOOK", 0.0)
    monkeypatch.setattr(explore_native, "FIRST_BUDGET", 100)
    monkeypatch.setattr(explore_native, "MOST_BUDGET", 100)
    right = found()
    assert right.disk_bytes and differences(honest.found[name], right) == []

    monkeypatch.setattr(native_disk.DiskArray, "_fill", the_first_only)

    try:
        assert differences(honest.found[name], found())
    except InternalError:
        pass


# ----------------------------------------------------------------- reduction

NEVER_BOTH = """
@invariant
def never_both():
    \"\"\"At most one lamp is on.\"\"\"
    return not (Lamp[0].on and Lamp[1].on)


both = scenario("Two lamps.", process("blink", blink, per=Lamp))
"""

TOGGLES = """
from checker.lang import Flag, Struct, invariant, process, scenario


class Lamp(Struct, count=2):
    on = Flag("on")
    tried = Flag("tried")


def blink(lamp: Lamp):
    \"\"\"On, and off again.\"\"\"
    lamp.tried = True
    lamp.on = True
    lamp.on = False

""" + NEVER_BOTH


BRANCHES = """
from checker.lang import Flag, Range, Struct, atomic, choose, invariant, process, scenario

Way = Range(0, 1)


class Lamp(Struct, count=2):
    on = Flag("on")
    tried = Flag("tried")


def blink(lamp: Lamp):
    \"\"\"On, and off again, or tried only.\"\"\"
    way: Way = choose(0, 1)
    if way == 0:
        lamp.on = True
    with atomic("one or the other"):
        if way > 0:
            lamp.tried = True
        else:
            lamp.on = False

""" + NEVER_BOTH


def toggles(directory: Path, text: str = TOGGLES) -> Program:
    file = directory / "toggles.py"
    file.write_text(text, "utf-8")
    return api.prepare(file).program


def no_future(self: partial_order._Analysis, process: object, masks: list, restart: bool) -> list:
    return [(0, 0) for _ in masks]


REDUCTIONS = {  # what is wrong: (object, attribute, its value)
    "a step that a property sees is taken for invisible": (watches, "VISIBLE_KINDS", ()),
    "a step is believed to make nothing true again": (visibility, "directions", lambda expr, change: monotone.NEITHER),
    "a property is believed to hold before every step": (visibility, "may_be", lambda *asked, **more: visibility.NO),
    "one branch of a step is taken for the other": (partial_order, "_unless", lambda cond: cond),
    "what other processes do later is not thought of": (partial_order._Analysis, "futures", no_future),
    "what a step touches is not thought of": (partial_order, "_union", lambda accesses: 0),
}


@pytest.mark.parametrize("what", REDUCTIONS)
def test_a_damaged_reduction_is_noticed(
    honest: Honest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
) -> None:
    programs = [toggles(tmp_path), toggles(tmp_path, BRANCHES), honest.programs["dining_philosophers"]]
    assert [[], [], []] == [same_verdict_when_reduced(one) for one in programs]

    monkeypatch.setattr(*REDUCTIONS[what])
    for engine in (explore_native, explore_plain):  # which would notice it before any verdict
        monkeypatch.setattr(engine, "check_sample", lambda *_: 0)

    assert any(same_verdict_when_reduced(one) for one in programs)


# ------------------------------------------------------------- the comparison


def test_a_missing_state_is_a_difference(honest: Honest) -> None:
    """`differences` itself: any number that is off by one is one."""
    right = honest.found["counters"]
    wrong = [
        replace(right, states=right.states - 1),
        replace(right, transitions=right.transitions + 1),
        replace(right, levels=[*right.levels[:-1], right.levels[-1] + 1]),
        replace(right, exercised={("something", 0)}),
        replace(right, complete=False),
        replace(honest.found["dining_philosophers"], violation=None),
    ]

    assert [] == differences(right, replace(right, seconds=1.0))
    assert all(differences(right, one) for one in wrong)
    assert isinstance(right, Exploration)
