"""Symmetry: what counts as interchangeable, and that one state for each orbit tells as much as all of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from checker.cli import main
from checker.ir.interpreter import Interpreter
from checker.ir.program import Program
from checker.reduce.symmetry import Group, classes_of, symmetries
from checker.search.explore import explore
from checker.trace.trace import replay
from checker.search import policy
from checker.verdict import api
from checker.verdict.api import prepare
from tests.support.agreement import changed_by_symmetry
from tests.support.textbook import slow

MODELS = Path("tests/models")


def model(name: str, **settings: int) -> Program:
    return prepare(model=MODELS / f"{name}.py", settings=settings).program


def names(program: Program) -> list[str]:
    return [one.name(program) for one in classes_of(program, Interpreter(program).initial_states())]


def text(directory: Path, body: str, scenario: str) -> Program:
    """A program of two writers, each `work` on a hub and on two slots."""
    file = directory / "written.py"
    file.write_text(HEADER + body + f"\n\nrun = scenario({scenario})\n", encoding="utf-8")
    return prepare(file).program


HEADER = '''
from checker.lang import Array, Flag, Lock, Range, Ref, RwLock, Struct, acquire, acquire_shared, atomic, choose, each
from checker.lang import held, implies, invariant, number, primitive, process, release, release_shared, scenario


class Slot(Struct, count=2):
    used = Flag("used")
    mutex = Lock("mutex")


class Hub(Struct):
    lock = Lock("lock")
    gate = RwLock("gate")
    first = Ref(Slot, "first")
    n = Range(0, 3, "n")


hub = Hub[0]


@primitive()
def enter():
    """Take the lock."""
    acquire(hub.lock)


@primitive()
def leave():
    """Give it back."""
    release(hub.lock)


'''

LOCKED = '''
def work():
    """Count under the lock."""
    enter()
    n = hub.n
    hub.n = n + 1
    leave()
'''

PER_SLOT = '''
def work(slot: Slot):
    """Use the slot of one's own."""
    slot.used = True
    {more}
    slot.used = False
'''

TWO = '"Two.", process("work", work, count=2)'
EACH = '"One for each slot.", process("work", work, per=Slot)'


@pytest.mark.parametrize(
    ("body", "scenario", "expected"),
    [
        (LOCKED, TWO, ["work"]),
        (LOCKED, '"One.", process("work", work)', []),
        (PER_SLOT.format(more="hub.first = slot"), EACH, ["Slot"]),
        (PER_SLOT.format(more="hub.n = number(slot)"), EACH, []),
        (PER_SLOT.format(more="Slot[0].used = True"), EACH, []),
        (PER_SLOT.format(more="hub.n = 1 if number(slot) == 1 else 0"), EACH, []),
        (LOCKED + '\n\n@invariant\ndef first():\n    """Of one by its number."""\n    return not Slot[0].used\n', TWO, ["work"]),
    ],
    ids=["threads", "one thread", "a reference", "a number", "a comparison", "one by its number", "a struct that nobody uses"],
)
def test_what_is_interchangeable(tmp_path: Path, body: str, scenario: str, expected: list[str]) -> None:
    assert names(text(tmp_path, body, scenario)) == expected


NAMED = '''

@invariant
def first_is_free():
    """The first slot is free."""
    return not {claim}
'''


@pytest.mark.parametrize(
    ("claim", "expected"), [("Slot[0].used", []), ("(Slot[0].used and Slot[1].used)", ["Slot"]), ("any(s.used for s in each(Slot))", ["Slot"])]
)
def test_a_property_that_names_an_instance_turns_it_off(tmp_path: Path, claim: str, expected: list[str]) -> None:
    program = text(tmp_path, PER_SLOT.format(more="hub.first = None") + NAMED.format(claim=claim), EACH)

    assert names(program) == expected


def test_a_setup_that_prefers_an_instance_turns_it_off(tmp_path: Path) -> None:
    body = PER_SLOT.format(more="hub.first = None") + '\n\ndef start():\n    """Prefer one."""\n    hub.first = Slot[1]\n'

    assert names(text(tmp_path, body, EACH + ", setup=start")) == []


READERS = '''
@primitive()
def look():
    """Take the gate shared."""
    acquire_shared(hub.gate)


@primitive()
def done():
    """Give it back."""
    release_shared(hub.gate)


def work():
    """Read, then count."""
    look()
    n = hub.n
    done()
    with atomic("one step"):
        acquire(hub.gate)
        hub.n = min(n + 1, 3)
        release(hub.gate)
'''

PROGRAMS = {
    "two_phase_commit": lambda _: model("two_phase_commit", RM=4),
    "counters": lambda _: model("counters", N=3, K=3),
    "writeback_core": lambda _: model("writeback_core", F=1, W=2, WOPS=1, FSOPS=0, TROPS=0),
    "locked": lambda directory: text(directory, LOCKED, '"Three.", process("work", work, count=3)'),
    "readers": lambda directory: text(directory, READERS, '"Three.", process("work", work, count=3)'),
    "slots": lambda directory: text(directory, PER_SLOT.format(more="hub.first = slot"), EACH),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_but_the_number_of_states_changes(tmp_path: Path, name: str) -> None:
    program = PROGRAMS[name](tmp_path)

    assert [] == changed_by_symmetry(program)
    assert explore(program, symmetric=True).states < explore(program).states


@pytest.mark.parametrize("name", PROGRAMS)
def test_permuted_states_have_permuted_successors(tmp_path: Path, name: str) -> None:
    """The definition of symmetry, state by state."""
    program = PROGRAMS[name](tmp_path)
    judge = Interpreter(program)
    classes = classes_of(program, judge.initial_states())
    group = Group(program, classes)
    orders = [tuple(range(one.size))[::-1] for one in classes]
    seen = set(judge.initial_states())
    for state in (pending := list(seen)):
        after = {step.after for step in judge.steps(state)} - {None}
        turned = {step.after for step in judge.steps(group.permuted(state, orders))} - {None}
        assert {group.permuted(one, orders) for one in after} == turned
        pending += after - seen if len(seen) < 3_000 else ()
        seen |= after


def test_all_resource_managers_are_one() -> None:
    program = model("two_phase_commit", RM=5)

    assert explore(program, symmetric=True).states == 314
    assert explore(program, engine="interpret", symmetric=True).states == 314


@pytest.mark.parametrize("bug", ["BUG_CLAMP", "BUG_BIAS", "BUG_WRAP", "BUG_ISIZE"])
def test_a_counterexample_is_a_run_and_a_shortest_one(bug: str) -> None:
    program = model("writeback_core", F=2, W=2, WOPS=1, **{bug: 1})
    whole, found = explore(program), explore(program, symmetric=True)

    assert found.symmetries == ("writer",)
    assert whole.violation and found.violation and whole.violation.steps == found.violation.steps
    replay(program, found.violation.path, found.violation.last, found.violation.property)


def test_with_partial_order_reduction_it_stores_less_than_either() -> None:
    program = model("writeback_core", F=1, W=2, WOPS=1, TROPS=0)
    alone = [explore(program, reduced=True), explore(program, symmetric=True)]
    both = explore(program, reduced=True, symmetric=True)

    assert both.states < min(one.states for one in alone) and both.complete and not both.violation


def test_the_number_of_threads_changes_nothing() -> None:
    program = model("writeback_core", F=2, W=2, WOPS=1, TROPS=0)
    one, two = (explore(program, symmetric=True, threads=threads) for threads in (1, 2))

    assert (one.states, one.transitions, one.levels) == (two.states, two.transitions, two.levels)


# -------------------------------------------------------------- the command line


def checked(capsys: pytest.CaptureFixture, *options: str) -> tuple[int, str, str]:
    status = main(["check", "--model", str(MODELS / "two_phase_commit.py"), "--set", "RM=4", "--engine", "native", "--time-limit", "60", *options])
    return status, *capsys.readouterr()


@pytest.mark.parametrize(
    ("options", "states", "named"),
    [
        ((), 165, "partial order, symmetry of Rm"),
        (("--reduction", "symmetry"), 166, "symmetry of Rm"),
        (("--reduction", "partial-order"), 1_567, "partial order"),
        (("--no-reduction",), 1_568, "no reduction"),
    ],
    ids=["all", "symmetry", "partial order", "none"],
)
def test_the_verdict_line_names_what_is_in_force(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], states: int, named: str
) -> None:
    monkeypatch.setattr(policy, "SMALL", {"native": 100})
    status, out, _ = checked(capsys, *options)

    assert status == 0 and f"{states:,} states" in out and f"complete, {named}" in " ".join(out.split())


@pytest.mark.parametrize(
    ("options", "text"),
    [(("--reduction", "luck"), "there is no reduction 'luck'"), (("--reduction", "symmetry", "--no-reduction"), "contradict")],
)
def test_a_reduction_that_there_is_not(capsys: pytest.CaptureFixture, options: tuple[str, ...], text: str) -> None:
    status, out, err = checked(capsys, *options)

    assert status == 2 and not out and text in err and err.count("\n") == 1


# ------------------------------------------------------------- models that try to deceive

SOUNDNESS = {file.stem.removeprefix("sym_"): file for file in sorted((MODELS / "soundness").glob("sym_*.py"))}
ALIKE = {  # what is interchangeable in those of them in which something is
    "choice_alike": ["Page"], "cross_classes": ["Page"], "many": ["Page"], "own_instance": ["Page"], "owners": ["Page"],
    "parts_alike": ["Page"], "progress": ["Lamp"], "property_of_pairs": ["Page"], "setup_alike": ["Page"], "several_processes": ["Page"],
    "shared_bits": ["Page"], "shared_lock": ["work"], "threads_by_number": ["work"], "two_classes": ["Page", "Block"],
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(name, marks=slow) if name == "many" else name for name in SOUNDNESS])
def test_a_model_that_tries_to_deceive_is_judged_as_without_symmetry(name: str) -> None:
    program = prepare(SOUNDNESS[name]).program
    found = symmetries(program, Interpreter(program).initial_states())

    assert [one.name(program) for one in found.classes] == ALIKE.get(name, [])
    assert all(why for _, why in found.off) and bool(found.off) >= (name not in ALIKE)
    assert [] == changed_by_symmetry(program)


def test_a_reference_that_cannot_name_everybody_turns_it_off() -> None:
    program = prepare(SOUNDNESS["setup_alike"]).program
    narrow = [replace(v, type=replace(v.type, hi=2)) if v.name == "Hub.last" else v for v in program.variables]
    starts = Interpreter(program).initial_states()

    assert names(program) == ["Page"]
    assert symmetries(replace(program, variables=tuple(narrow), by_name={}), starts).off == (
        ("symmetry of see", "Hub.last cannot name each of them"),
    )


def test_everything_may_be_held_against_the_definition(tmp_path: Path) -> None:
    """Every successor of a stored state is looked at, in both engines: tests/reduce/test_symmetry_mutations.py has what it notices."""
    for engine in ("interpret", "native"):
        found = explore(model("two_phase_commit", RM=3), engine=engine, symmetric=True, self_check=True)
        assert found.complete and found.symmetries == ("Rm",)


def test_sorting_finds_all_states_of_an_orbit() -> None:
    """As many as there are when every permutation is tried."""
    program = model("two_phase_commit", RM=4)
    judge = Interpreter(program)
    group = Group(program, classes_of(program, judge.initial_states()))
    seen = set(pending := judge.initial_states())
    for state in pending:
        after = {step.after for step in judge.steps(state)} - {None} - seen
        seen |= after
        pending += after
    orders = list(permutations(range(4)))

    assert len({min(group.permuted(state, (order,)) for order in orders) for state in seen}) == 166
    assert explore(program, symmetric=True).states == 166
