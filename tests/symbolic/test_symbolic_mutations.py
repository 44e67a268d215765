"""Errors put into the symbolic engine on purpose: the comparison with the interpreter must notice each.

The engine runs as plain Python here (`tests.plain_symbolic`).  The errors are those that decision diagrams are known for:
an identity that is lost, a result taken from the cache for another operation, a level that is skipped, a part of a
relation that is not learnt, a node that is freed while it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from checker.verdict.api import prepare
from checker.base.errors import InternalError
from checker.search.exploration import Exploration
from checker.search.explore import explore
from checker.ir.program import Program
from tests.support.plain_symbolic import Change, damaged, explored
from tests.support.random_ir import random_program
from tests.support.textbook import MODELS

SEEDS = (5, 17, 25, 29, 43, 57)
# fmt: off
WHOLE = {  # text that stands once in its file, and what is put in its place
    "a lost identity": [("images.py", "            add_part(st, outcome, value, st.result_node[k])", "            add_part(st, outcome, st.frames[at + I] * 0, st.result_node[k])")],
    "a lost write": [("relations.py", "        if not changes:\n            return 0\n", "        if len(changes) < 2:\n            return 0\n")],
    "an image of another relation": [
        ("images.py", "if st.fires[slot] != pair(node, relation | plain):", "if st.fires[slot] >> np.uint64(32) != np.uint64(node):"),
        ("images.py", "return np.int64(mixed(pair(node, relation)) &", "return np.int64(mixed(pair(node, 0)) &"),
    ],
    "a union of other nodes": [
        ("images.py", "    if st.unions[slot] == key:\n", "    if st.unions[slot] >> np.uint64(32) == key >> np.uint64(32):\n"),
        ("images.py", "    key = pair(a, b)\n    slot = np.int64(mixed(key) & np.uint64((len(st.unions) >> 1) - 1)) * 2\n    if st.unions", "    key = pair(a, b)\n    slot = np.int64(mixed(np.uint64(a)) & np.uint64((len(st.unions) >> 1) - 1)) * 2\n    if st.unions"),
        ("images.py", "    key = pair(a, b)\n    slot = np.int64(mixed(key) & np.uint64((len(st.unions) >> 1) - 1)) * 2\n    st.unions", "    key = pair(a, b)\n    slot = np.int64(mixed(np.uint64(a)) & np.uint64((len(st.unions) >> 1) - 1)) * 2\n    st.unions"),
    ],
    "a level skipped in a union": [("images.py", "both = union_known(st, child_a, child_b)", "both = child_a")],
    "rows not looked at again": [("saturation.py", "    st.row_child[k], st.row_dirty[k] = child, 1\n", "    st.row_child[k] = child\n")],
    "a row's own event left out": [("saturation.py", "event_starts[event] == 0:\n                return event", "event_starts[event] == 9:\n                return event")],
    "an event that is not seen to cross": [("relations.py", "event.levels[0] + 1\n        learnt.crossing[first", "event.levels[0] + 2\n        learnt.crossing[first")],
    "a class for too many values": [("relations.py", "tuple(values[number][p] for p in positions)", "tuple(values[number][p] for p in positions[1:])")],
    "a leaf that is not learnt": [("relations.py", "return LEAF | self._leaf(event, known)", "return LEAF | (self._leaf(event, known) if known[-1] != 1 else 0)")],
    "a node taken for another": [
        ("store.py", "entry >> HALF == tag and is_node(st, np.int64(entry & LOW), level, first, count):", "entry >> HALF == tag:"),
        ("store.py", "        h = (h ^ pair(st.edge_value[edge], st.edge_child[edge])) * MULTIPLIER", "        h = (h ^ pair(st.edge_value[edge], 0)) * MULTIPLIER"),
    ],
    "a footprint without conditions": [("footprint.py", "            case If(cond, then, other):\n                self.expr(cond, env)\n", "            case If(cond, then, other):\n")],
    "locals that are not reset": [("steps.py", "enumerate(component.slots) if slot in live]", "enumerate(component.slots) if k]")],
    "a write that is not taken over": [("steps.py", "        for slot in writes:\n", "        for slot in writes[1:]:\n")],
    "a choice that always has a value": [("footprint.py", " and not has_conditions(block.body)", "")],
    "a condition forgotten below a level": [("images.py", "    if level != np.int64(ln.rel_level[relation]):\n        return relation\n", "    if level != np.int64(ln.rel_level[relation]):\n        return 1\n")],
    "a residual of other values": [("residuals.py", "return values[here[slot]] if slot in here", "return values[0] if slot in here")],
    "steps that change nothing not judged": [("judge.py", "        self._steps(layer, last)\n", "")],
    "a state without steps overlooked": [("judge.py", "None if values[value][0] in rests else TRUE", "None")],
}
FREED = {
    "what a frame works on": [("collect.py", "        mark(st, st.frames[at + A])\n", "")],
    "rows": [("collect.py", "        mark(st, np.int64(st.row_child[k]))\n", "        pass\n")],
    "parts": [("collect.py", "        mark(st, np.int64(st.part_node[k]))\n", "        pass\n")],
    "images that are kept": [("collect.py", "        if not kept:\n            st.fires[slot] = ZERO64\n", "")],
}
OTHER_LOCALS = [("steps.py", "tuple([value[position] for _, position in places])", "()")]
CHOSEN_CELL = '''"""A cell is chosen, and raised in a step of its own: its place is a local."""

from checker.lang import Range, Struct, atomic, choose, process, scenario


class Cell(Struct, count=3):
    """A cell."""

    value = Range(0, 3, "value")


def write():
    """Raise one of the cells."""
    with atomic("choose"):
        at = choose(0, 1, 2)
    with atomic("raise"):
        Cell[at].value = (Cell[at].value + 1) % 4


raising = scenario("Cells are raised.", process("write", write))
'''
POOR: list[Change] = [  # garbage is collected all the time
    ("diagram.py", "        most = len(st.table) // 2 - SPARE\n", "        most = self.live + 40\n"),
    ("diagram.py", "        if self.live > len(table) // 2 - SPARE and", "        if 0 and"),
    ("diagram.py", "        if before - self.live < LEAST_FREED * before:", "        if 0:"),
]
# fmt: on


def corpus() -> list[Program]:
    models = [("two_phase_commit", {"RM": 2}), ("dining_philosophers", {"N": 4}), ("peterson", {}), ("counters", {"N": 2, "K": 3})]
    programs = [prepare(MODELS / f"{name}.py", settings=settings).program for name, settings in models]
    return [*programs, *(random_program(seed) for seed in SEEDS), prepare(scenario="full_bios", bound=1).program]


@pytest.fixture(scope="module")
def known() -> list[tuple[Program, Exploration]]:
    """The corpus, and what the interpreter finds in it."""
    return [(program, explore(program, engine="interpret", stop=False)) for program in corpus()]


def differs(engine: ModuleType, known: Sequence[tuple[Program, Exploration]]) -> bool:
    """Does the engine find anything else, or end with an error?"""
    for program, plain in known:
        try:
            found = explored(engine, program)
        except (InternalError, IndexError, KeyError, OverflowError, RecursionError):
            return True
        if (found.states, set(found.violations), found.reached) != (plain.states, set(plain.violations), plain.reached):
            return True
    return False


def test_the_plain_engine_is_right(known: list, tmp_path: Path) -> None:
    assert not differs(damaged(tmp_path / "plain"), known)


def test_the_plain_engine_is_right_when_it_collects_garbage(known: list, tmp_path: Path) -> None:
    assert not differs(damaged(tmp_path / "poor", POOR), known)


@pytest.mark.parametrize("what", WHOLE)
def test_a_damaged_engine_is_noticed(known: list, tmp_path: Path, what: str) -> None:
    assert differs(damaged(tmp_path / f"damaged_{list(WHOLE).index(what)}", WHOLE[what]), known)


@pytest.mark.parametrize("what", FREED)
def test_a_node_that_is_freed_while_it_is_needed_is_noticed(known: list, tmp_path: Path, what: str) -> None:
    assert differs(damaged(tmp_path / f"freed_{list(FREED).index(what)}", [*POOR, *FREED[what]]), known)


def test_a_footprint_kept_for_other_values_of_locals_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "chosen_cell.py"
    file.write_text(CHOSEN_CELL)
    program = prepare(file).program
    known = [(program, explore(program, engine="interpret", stop=False))]

    assert known[0][1].states > 3
    assert not differs(damaged(tmp_path / "plain"), known)
    assert differs(damaged(tmp_path / "damaged", OTHER_LOCALS), known)
