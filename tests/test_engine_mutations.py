"""Errors put into the native engine on purpose: the comparison of the engines must notice each.

A test that compares two engines is worth what it can see.  Here the generated code, the
layout and the search loop are damaged one at a time, in the ways in which model checkers
have been wrong: a successor is dropped, a hash stands for a state, a bit lands in the
wrong place, a state is never expanded.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import checker
from agreement import differences, same_engines
from checker import api, explore_native, native, visited
from checker.errors import InternalError
from checker.explore import explore
from checker.ir import Program
from checker.layout import Layout
from textbook import MODELS

CORPUS = {
    "two_phase_commit": {"RM": 3},
    "dining_philosophers": {"N": 6},
    "counters": {"N": 3, "K": 3},
    "peterson": {},
    "hanoi": {"N": 5},
    "writeback_core": {"F": 1, "WOPS": 1, "FSOPS": 0, "TROPS": 0},
}
LONG = ("writeback_core", {"F": 2, "WOPS": 1, "FSOPS": 0, "TROPS": 0})  # states of more than one word


@cache
def program(name: str) -> Program:
    return api.prepare(MODELS / f"{name}.py", settings=CORPUS[name]).program


@cache
def long_program() -> Program:
    return api.prepare(MODELS / f"{LONG[0]}.py", settings=LONG[1]).program


def noticed() -> list[str]:
    """The programs of the corpus on which the engines disagree."""
    return [name for name in CORPUS if _differ(program(name))]


def _differ(one: Program) -> bool:
    try:
        return bool(same_engines(one))
    except InternalError:
        return True


def test_engines_agree_as_long_as_nothing_is_damaged() -> None:
    assert [] == noticed()
    assert [] == same_engines(long_program())


# ------------------------------------------------------------- generated code


def in_text(monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str]) -> None:
    """Have all generated code changed."""
    made = native.NativeText.text.func
    monkeypatch.setattr(native.NativeText, "text", property(lambda self: change(made(self))))


def the_step_function(text: str) -> tuple[str, str, str]:
    """What comes before @step, its text, and what comes after."""
    start = text.index("define i64 @step")
    end = text.index("\n}", start)
    return text[:start], text[start:end], text[end:]


def drop_last_successor(text: str) -> str:
    """States with more than two successors lose one."""
    before, step, after = the_step_function(text)
    count = re.search(r"ret i64 (%\S+)", step).group(1)
    lost = f"%lost = icmp ugt i64 {count}, 2\n %one = zext i1 %lost to i64\n %fewer = sub i64 {count}, %one\n ret i64 %fewer"
    return before + step.replace(f"ret i64 {count}", lost) + after


def test_a_dropped_successor_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    in_text(monkeypatch, drop_last_successor)

    assert {"two_phase_commit", "dining_philosophers", "counters", "hanoi", "writeback_core"} <= set(noticed())


def nth(pattern: str, by: Callable[[re.Match], str], number: int) -> Callable[[str], str]:
    """Change occurrence `number` of a pattern."""

    def change(text: str) -> str:
        found = list(re.finditer(pattern, text))
        one = found[number % len(found)]
        return text[: one.start()] + by(one) + text[one.end() :]

    return change


SHIFT = r"((?:shl|lshr) i64 %\S+, )(\d+)"
COMPARE = r"icmp (eq|ne) (i64 %\S+, \d+)"


def shifted(found: re.Match) -> str:
    return found.group(1) + str((int(found.group(2)) + 1) % 64)


def inverted(found: re.Match) -> str:
    return f"icmp {'ne' if found.group(1) == 'eq' else 'eq'} {found.group(2)}"


@pytest.mark.parametrize("number", range(0, 40, 4))
@pytest.mark.parametrize(("pattern", "by"), [(SHIFT, shifted), (COMPARE, inverted)], ids=["shift", "compare"])
def test_wrong_instructions_are_noticed(
    monkeypatch: pytest.MonkeyPatch, pattern: str, by: Callable[[re.Match], str], number: int
) -> None:
    """One instruction of the step function of Peterson or of the philosophers is wrong."""
    in_text(monkeypatch, nth(pattern, by, number))

    assert noticed()


# -------------------------------------------------------------------- layout


@pytest.mark.parametrize("name", ["Rm.state", "Tm.decided", "Rm.counted"])
def test_a_wrong_bit_offset_is_noticed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The generated code finds a variable one bit further up than the packed states have it."""
    right = Layout.sections

    def sections(self: Layout, var: str, instance: int = 0):
        from dataclasses import replace

        return tuple(replace(s, shift=s.shift + (var == name)) for s in right(self, var, instance))

    monkeypatch.setattr(Layout, "sections", sections)

    assert "two_phase_commit" in noticed()


def test_a_range_that_is_too_narrow_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels get one bit too few."""
    items = Layout._label_items

    def label_items(self: Layout):
        found = items(self)
        for item in found:
            key, section = item.sections[0]
            if section.width > 1:
                item.bits -= 1
                item.sections[0] = (key, type(section)(0, 0, section.width - 1))
        return found

    monkeypatch.setattr(Layout, "_label_items", label_items)

    assert {"dining_philosophers", "peterson"} <= set(noticed())


# --------------------------------------------------------------- search loop

LOOPS = {  # name: (text in visited.py, what stands there instead, are states of one word concerned?)
    "the low bits of a hash stand for a state": (
        "if tag_of(there, mask) == tag and same(rows, np.int64((there & mask) - ONE) * words, out, number * words, words):",
        "if tag_of(there, mask) & np.uint64(7 << 24) == tag & np.uint64(7 << 24):",
        False,
    ),
    "the low bits stand for a state": (
        "if there == entry:",
        "if (there & np.uint64(255)) == (entry & np.uint64(255)):",
        True,
    ),
    "a state seen a moment ago is one with the same hash bits": (
        "fresh = recent[place] != found",
        "fresh = (recent[place] & np.uint64(15)) != (found & np.uint64(15))",
        True,
    ),
    "the last state of a piece is not expanded": (
        "own[AT_END] = min(own[AT] + PIECE, shared[FRONTIER_END])",
        "own[AT_END] = min(own[AT] + PIECE, shared[FRONTIER_END] - (shared[FRONTIER_END] - own[AT] > 3))",
        True,
    ),
}


def damaged_loop(directory: Path, old: str, new: str):
    """The module `checker.visited` with a change of its text."""
    text = Path(visited.__file__).read_text(encoding="utf-8")
    assert old in text, "the search loop has changed; so must this test"
    file = directory / "damaged.py"
    file.write_text(text.replace(old, new).replace("cache=True, ", "").replace("cache=True", ""), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("checker.damaged", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", LOOPS)
def test_a_damaged_search_loop_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    old, new, one_word = LOOPS[name]
    monkeypatch.setattr(explore_native, "visited", damaged_loop(tmp_path, old, new))

    wrong = [one for one in (program("two_phase_commit"), program("hanoi"), long_program()) if _differ(one)]

    assert wrong
    assert one_word or long_program() in wrong


def test_a_wrong_parent_is_noticed_by_the_replay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Counts are right and the counterexample is none: the interpreter does not let it pass."""
    old = "worker.origin[kept] = state"
    monkeypatch.setattr(explore_native, "visited", damaged_loop(tmp_path, old, "worker.origin[kept] = state // 2"))
    monkeypatch.setattr(explore_native.visited, "sift_inline", explore_native.visited.sift)

    with pytest.raises(InternalError):
        checker.check(MODELS / "dining_philosophers.py", settings={"N": 7}, reduction=False)


def test_the_interpreter_notices_an_engine_that_finds_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `differences` says of two honest results of different programs."""
    one = explore(program("counters"), engine="interpret")
    other = explore(program("hanoi"), engine="interpret")

    assert differences(one, other)
