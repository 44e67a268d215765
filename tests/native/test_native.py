"""The native engine: it agrees with the interpreter, and finds the numbers that are known."""

from __future__ import annotations

import signal
import time
from collections import Counter
from itertools import product

import numpy as np
import pytest

from checker.base import disk_cache
from checker.base.errors import UsageError
from checker.ir.interpreter import Interpreter
from checker.ir.program import Check, Choose, Fail, Goto, If, Instance, Program, Self, Type, Unary, int_type
from checker.native import build as native_build
from checker.native.codegen import program as native
from checker.native.layout import Layout
from checker.native.loop import fold as native_fold
from checker.native.loop import visited
from checker.search import native as explore_native
from checker.search.exploration import Exploration, Found, Limits
from checker.search.explore import explore
from checker.search.store import Store
from tests.support.agreement import differences
from tests.support.operators import EXAMPLES, Example, lock_program
from tests.support.programs import assign, binary, block, local, process, program, prop, read, rest, variable
from tests.support.random_ir import random_program

SHAPES = {"one function": 1 << 30, "a function for each process": -1}


@pytest.fixture(params=SHAPES, ids=SHAPES.keys())
def shape(request, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both forms that the generated code can have."""
    monkeypatch.setattr(native, "SMALL", SHAPES[request.param])


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    """All threads work on every level, and return to Python often."""
    monkeypatch.setattr(explore_native, "ALONE", 0)
    monkeypatch.setattr(explore_native, "FIRST_BUDGET", 600)
    monkeypatch.setattr(explore_native, "MOST_BUDGET", 600)


def agree(model: Program, **options) -> Exploration:
    """Both engines on one program, with and without a stop at violations; the full result."""
    for stop in (True, False):
        found = explore(model, "native", stop=stop, **options)
        assert differences(explore(model, "interpret", stop=stop), found) == []
        for one in found.violations.values():
            replay(model, one)
    return found


def replay(model: Program, found: Found) -> None:
    """The path of a counterexample is one, and ends in the violation."""
    judge = Interpreter(model)
    assert found.path[0] in judge.initial_states()
    for before, after in zip(found.path, found.path[1:]):
        assert after in [step.after for step in judge.steps(before)]
    end = found.path[-1]
    said = judge.judge(end) + [s.violation for s in judge.steps(end) if s.violation and (s.process, s.instance) == found.last]
    said += judge.at_rest(end) if not judge.steps(end) else []
    said += judge.judge_step(*found.path[-2:]) if len(found.path) > 1 else []
    assert (found.property, found.message) in [(v.property, v.message) for v in said]


# ------------------------------------------------------ agreement with the interpreter


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_engines_agree_on_every_operator(example: Example, shape: None) -> None:
    found = agree(example.program)

    assert (found.states, found.transitions) == (example.states, example.transitions)
    assert found.violations.keys() == example.violated


@pytest.mark.parametrize("seed", range(60))
def test_engines_agree_on_random_programs(seed: int, shape: None, crowded: None) -> None:
    model = random_program(seed)
    if explore(model, memory_limit=1 << 24, stop=False).states > 2_000:
        pytest.skip("large")

    agree(model, threads=1 + seed % 2)


# ---------------------------------------------------------------------- known numbers


def two_phase_commit(managers: int, words: int = 1) -> Program:
    """Lamport's two-phase commit; `words`: size of a packed state, by constants that fill it up."""
    working, prepared, committed, aborted = range(4)
    me = Instance()
    undecided = binary("==", read("tm"), 0)

    def all_of(kind: str, value: int) -> Unary:
        """Some manager is in state `value`."""
        none = binary("!=", read(kind, 0), value)
        for i in range(1, managers):
            none = binary("and", none, binary("!=", read(kind, i), value))
        return Unary("not", none)

    def action(name: str, guard, *body, instances: int = managers):
        return process(name, block(0, *body, Goto(0), guard=guard), instances=instances, rests=(0,))

    can_commit = undecided
    for i in range(managers):
        can_commit = binary("and", can_commit, read("told", i))
    processes = [
        action("commit", can_commit, assign("tm", 1), assign("commit_sent", 1), instances=1),
        action("abort", undecided, assign("tm", 2), assign("abort_sent", 1), instances=1),
        action("hear", binary("and", undecided, read("sent", me)), assign("told", 1, me)),
        action("prepare", binary("==", read("rm", me), working), assign("rm", prepared, me), assign("sent", 1, me)),
        action("choose_abort", binary("==", read("rm", me), working), assign("rm", aborted, me)),
        action("be_told_commit", read("commit_sent"), assign("rm", committed, me)),
        action("be_told_abort", read("abort_sent"), assign("rm", aborted, me)),
    ]
    shared = [
        variable("rm", int_type(0, 3), managers), variable("tm", int_type(0, 2)), variable("commit_sent"),
        variable("abort_sent"), variable("told", count=managers), variable("sent", count=managers),
        *(variable(f"filler{i}", int_type(0, (1 << 60) - 1), init=(1 << 60) - 1 - i) for i in range(words - 1)),
    ]  # fmt: skip
    both = binary("and", all_of("rm", committed), all_of("rm", aborted))
    return program("two-phase commit", shared, processes, prop("invariant", Unary("not", both), "consistent"))


LEVELS_OF_THREE = [1, 7, 21, 38, 50, 54, 49, 36, 21, 9, 2]


@pytest.mark.parametrize("words", [1, 2, 3, 4, 7])
@pytest.mark.parametrize(("managers", "states", "generated", "levels"), [(3, 288, 1_146, 11), (5, 8_832, 58_146, 17)])
def test_two_phase_commit(managers: int, states: int, generated: int, levels: int, words: int, shape: None) -> None:
    found = explore(two_phase_commit(managers, words))

    assert found.complete and found.violation is None
    assert (found.states, found.transitions + 1, len(found.levels), found.words) == (states, generated, levels, words)
    assert managers != 3 or found.levels == LEVELS_OF_THREE


@pytest.mark.parametrize("words", [1, 2, 5])
def test_a_table_that_grows_and_threads_that_share_it_change_nothing(words: int, crowded: None) -> None:
    one, two = (explore(two_phase_commit(7, words), threads=n) for n in (1, 2))

    assert (one.states, one.transitions + 1, one.depth) == (296_448, 2_744_706, 22)
    assert differences(one, two) == []


def test_threads_find_the_same_set_of_states(crowded: None) -> None:
    def states(threads: int, words: int) -> set[tuple[int, ...]]:
        search = explore_native.Search(two_phase_commit(5, words), Limits(None, 1 << 28), threads, True, None)
        count = search.run().states
        assert set(search.store.parents[1:count]) <= set(range(count))
        return {tuple(search.store.state(row)) for row in range(count)}

    for words in (1, 3, 4, 9):
        assert len(states(1, words)) == 8_832
        assert states(1, words) == states(2, words) == states(3, words)


@pytest.mark.parametrize("words", [*range(4, 40), 66, 67, 130])
def test_folded_states_come_back(words: int) -> None:
    """Every tree: what was folded is unfolded to the same words, and equal states have equal roots."""
    left, right, _, stages = native_fold.shape(words)
    assert sum(int(stage) for stage in stages) == ((1 << words - 2) - 1 if words <= 66 else 0)
    assert sorted([*left, *right]) == list(range(2 * words - 2)) and len(left) == words - 1

    store = Store(Layout(two_phase_commit(6, words)), 1 << 28, 10, 1)
    words = store.words
    states = [[(n * 77 + w) % (n % 5 + 1) for w in range(words)] for n in range(50)] * 2
    out = np.array(states, np.uint64).ravel()
    folder = store.folder(out, len(states))
    worker = visited.Worker(
        out, np.zeros(100, np.uint64), np.zeros(100, np.uint32), np.zeros(visited.RECENT, np.uint64),
        np.zeros(9, np.int64), np.zeros(8, np.int64), folder,
    )  # fmt: skip
    code = visited.Code(0, 0, 0, words, 1, 0, 1, 0, 0)
    visited.begin(store.space, worker, code, store.shift, len(states))

    distinct = len(set(map(tuple, states)))
    assert store.shared[visited.ROWS] == visited.CHUNK and worker.own[visited.ROW] == distinct
    assert [store.state(row) for row in range(distinct)] == list(map(list, dict.fromkeys(map(tuple, states))))


@pytest.mark.parametrize(("n", "k"), [(3, 3), (5, 5), (7, 2), (2, 12)])
def test_counters_have_their_closed_form(n: int, k: int) -> None:
    up = block(0, assign("n", binary("+", read("n", Instance()), 1), Instance()), Goto(0), guard=binary("<", read("n", Instance()), k))
    model = program("counters", [variable("n", int_type(0, k), n)], [process("p", up, instances=n, rests=(0,))])

    found = explore(model)

    sizes = Counter(sum(values) for values in product(range(k + 1), repeat=n))
    assert (found.states, found.transitions) == ((k + 1) ** n, n * k * (k + 1) ** (n - 1))
    assert found.levels == [sizes[total] for total in range(n * k + 1)]


def test_a_state_of_exactly_64_bits() -> None:
    """One word, all of it used: no entry of the table may be mistaken for an empty one."""
    full = [variable("all", int_type(0, (1 << 62) - 1), init=(1 << 62) - 1), variable("two", int_type(0, 3))]
    up = block(0, assign("two", binary("+", read("two"), 1)), Goto(0), guard=binary("<", read("two"), 3))
    found = agree(program("full", full, [process("p", up, rests=(0,))]))

    assert (found.bits, found.words, found.states) == (64, 1, 4)


# ------------------------------------------------------------------ counterexamples


def test_a_failing_check_is_reached_by_a_shortest_path() -> None:
    """Two counters of which the sum may not be 4; one of them can jump."""
    n = read("n", Instance())
    up = block(
        0, Choose("p:by", 1, 2), Check(binary("!=", binary("+", read("n", 0), binary("+", read("n", 1), read("p:by"))), 4), "bug_on", "four"),
        If(binary("<=", binary("+", n, read("p:by")), 7), (assign("n", binary("+", n, read("p:by")), Instance()),)), Goto(0),
    )  # fmt: skip
    shared = [variable("n", int_type(0, 7), 2), local("p", "by", int_type(0, 2))]
    model = program("jump", shared, [process("p", up, instances=2, rests=(0,))])

    found = explore(model).violation

    assert found.steps == 2 and len(found.path) == 2
    assert found.last == (0, 0)
    replay(model, found)


def test_a_deadlock_is_found_by_the_shortest_way() -> None:
    model = lock_program(3, in_order=False)

    found = explore(model)

    assert (found.stopped_by, found.violation.property, found.violation.steps) == ("violation", "deadlock", 2)
    assert "not at rest" in found.violation.message
    replay(model, found.violation)


def test_a_level_is_finished_and_the_least_violation_is_reported() -> None:
    """Both checks fail at the same depth: the one that comes first in the program is reported,
    by any number of threads, and the counts are those of whole levels."""
    say = [block(0, Choose(f"p{i}:x", 0, 3), Check(binary("!=", read(f"p{i}:x"), 3), "range", f"check {i}"), Goto(1)) for i in range(2)]
    model = program(
        "two", [local(f"p{i}", "x", int_type(0, 3)) for i in range(2)], [process(f"p{i}", say[i], rest(1)) for i in range(2)]
    )

    for options in ({"threads": 1}, {"threads": 2}, {"engine": "interpret"}):
        found = explore(model, **options)
        assert (found.violation.message, found.states, found.transitions) == ("check 0", 3, 6)


def test_without_stop_the_first_of_each_property_is_kept() -> None:
    late = prop("invariant", binary("<", read("n"), 5), "below_5")
    early = prop("invariant", binary("<", read("n"), 2), "below_2")
    up = block(0, assign("n", binary("+", read("n"), 1)), If(binary("==", read("n"), 7), (Fail("bug_on", "seven"),)), Goto(0))
    model = program("count", [variable("n", int_type(0, 7))], [process("p", up)], late, early)

    found = explore(model, stop=False)

    assert {name: one.steps for name, one in found.violations.items()} == {"below_2": 2, "below_5": 5, "bug_on": 7}
    assert found.violation is found.violations["below_2"]
    assert found.complete and found.stopped_by == ""
    assert found.states == 7


def test_several_initial_states_may_already_be_wrong() -> None:
    model = program(
        "start", [variable("n", int_type(0, 2000))], [process("p", block(0, Goto(0)))],
        prop("invariant", binary("!=", read("n"), 1234), "not_1234"), setup=(Choose("n", 0, 2000), Goto(0)),
    )  # fmt: skip

    found = explore(model)

    assert (found.states, found.levels, found.violation.path) == (2001, [2001], [(0, 1234)])


# ------------------------------------------------------------------ large and wide


def test_choices_fan_out() -> None:
    """50 x 40 successors of one state, more than any batch."""
    go = block(0, Choose("p:x", 0, 49), Choose("p:y", 0, 39), assign("x", read("p:x")), assign("y", read("p:y")), Goto(1))
    variables = [variable("x", int_type(0, 49)), variable("y", int_type(0, 39))]
    variables += [local("p", "x", int_type(0, 49)), local("p", "y", int_type(0, 39))]

    found = explore(program("fan", variables, [process("p", go, rest(1))]))

    assert (found.states, found.transitions) == (2001, 2000)


def test_arrays_across_words_are_read_and_written_at_computed_indices() -> None:
    """A token walks through an array of several words and back by another path."""
    size, at = 45, read("p:at")
    walk = block(
        0, Check(binary("==", read("cells", at), 21), "bug_on", "the token is lost"), assign("cells", 3, at),
        assign("p:at", binary("%", binary("+", at, 7), size)), assign("cells", 21, at), Goto(0), live=("p:at",),
    )  # fmt: skip
    cells = variable("cells", int_type(0, 21), size, (21, *[3] * (size - 1)))
    model = program("token", [cells, local("p", "at", int_type(0, size - 1))], [process("p", walk, rests=())])

    found = agree(model)

    assert (found.states, found.words, found.violation) == (size, 4, None)


def test_owners_and_numbers_of_instances() -> None:
    owner = Type("owner", 0, 20)
    take = block(0, assign("lock", Self()), Goto(1), guard=binary("==", read("lock"), 0))
    free = block(1, Check(binary("==", read("lock"), Self()), "lock_owner", "not mine"), assign("lock", 0), Goto(0))

    found = agree(program("lock", [variable("lock", owner)], [process("p", take, free, instances=20, rests=())]))

    assert (found.states, found.transitions) == (21, 40)


# -------------------------------------------------------------------------- limits


@pytest.mark.parametrize("engine", ["native", "interpret"])
def test_a_time_limit_makes_the_result_incomplete(engine: str) -> None:
    found = explore(two_phase_commit(8), engine, time_limit=0.001)

    assert (found.complete, found.stopped_by, found.violation) == (False, "time", None)
    assert sum(found.levels) == found.states


@pytest.mark.parametrize("engine", ["native", "interpret"])
def test_a_memory_limit_makes_the_result_incomplete(engine: str) -> None:
    found = explore(two_phase_commit(8), engine, memory_limit=2 << 20)

    assert (found.complete, found.stopped_by) == (False, "memory")
    assert 0 < found.states and found.states * found.bytes_per_state <= 2.2 * (1 << 20)
    assert sum(found.levels) == found.states


def test_no_memory_at_all_is_no_error() -> None:
    found = explore(two_phase_commit(3), memory_limit=1)

    assert (found.complete, found.stopped_by, found.states) == (False, "memory", 0)


def test_a_system_that_gives_no_memory_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("checker.search.store.reserve", refuse)

    assert explore(two_phase_commit(3)).stopped_by == "memory"


@pytest.mark.parametrize("engine", ["native", "interpret"])
def test_ctrl_c_gives_what_was_found_so_far(engine: str) -> None:
    def press(_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    found = explore(two_phase_commit(8), engine, progress=press)

    assert (found.complete, found.stopped_by) == (False, "interrupt")
    assert 0 < found.states < 1_745_408
    assert signal.getsignal(signal.SIGINT) is before


def test_progress_counts_upwards() -> None:
    seen = []

    explore(two_phase_commit(8), progress=seen.append)

    assert seen
    assert all(a.states <= b.states and a.transitions <= b.transitions for a, b in zip(seen, seen[1:]))


def test_arithmetic_beyond_64_bits_is_refused() -> None:
    big = variable("big", int_type(0, (1 << 40) - 1), init=1)
    square = block(0, If(binary("<", binary("*", read("big"), read("big")), 5), (assign("big", 2),)), Goto(0))

    with pytest.raises(UsageError, match="64 bits"):
        explore(program("square", [big], [process("p", square)]))


@pytest.mark.parametrize("options", [{"engine": "oracle"}, {"threads": 0}])
def test_wrong_options_are_refused(options: dict) -> None:
    with pytest.raises(UsageError):
        explore(two_phase_commit(3), **options)


# ------------------------------------------------------------------ code kept on disk


@pytest.fixture
def cache(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "writeback-checker"


def test_machine_code_is_kept(cache) -> None:
    text = native.NativeText(two_phase_commit(3)).text

    assert [native_build.MachineCode(text).cached for _ in range(2)] == [False, True]
    assert explore(two_phase_commit(3)).states == 288
    assert len(list(cache.glob("*.o"))) == 1


def test_damaged_machine_code_is_made_again(cache) -> None:
    text = native.NativeText(two_phase_commit(3)).text
    native_build.MachineCode(text)
    for file in cache.iterdir():
        file.write_bytes(file.read_bytes()[:-7])

    assert not native_build.MachineCode(text).cached
    assert native_build.MachineCode(text).cached


def test_a_large_program_starts_with_quick_code_and_goes_on_with_better(cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_build, "QUICK_LINES", 0)
    text = native.NativeText(two_phase_commit(4)).text
    machine = native_build.MachineCode(text)
    quick = dict(machine.addresses)

    while not machine.improve():
        assert machine.improving()
        time.sleep(0.02)

    assert not machine.cached and not machine.improving()
    assert all(machine.addresses[name] != quick[name] for name in quick)
    assert native_build.MachineCode(text).cached


def test_code_is_exchanged_while_the_search_goes_on(cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the limits waits until the better code is there."""
    monkeypatch.setattr(native_build, "QUICK_LINES", 0)
    monkeypatch.setattr(explore_native, "IMPROVE_AFTER", 0)
    monkeypatch.setattr(explore_native, "LOOK", 0)
    exchanged = []

    class Patient(native_build.MachineCode):
        def improve(self) -> bool:
            while not super().improve():
                if not self.improving():
                    return False
            exchanged.append(True)
            return True

    monkeypatch.setattr(explore_native, "MachineCode", Patient)
    for reduced in (False, True):
        found = explore(two_phase_commit(5), reduced=reduced)
        assert found.complete and (reduced or (found.states, found.transitions) == (8_832, 58_145))

    assert len(exchanged) == 2


def test_better_code_that_cannot_be_had_is_done_without(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(native_build, "QUICK_LINES", 0)
    machine = native_build.MachineCode(native.NativeText(two_phase_commit(3)).text)

    machine.improve()
    while machine.improving():
        assert not machine.improve()

    machine.close()
    assert not machine.improve()


def test_a_cache_that_cannot_be_written_is_ignored(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert explore(two_phase_commit(3)).states == 288


def test_the_cache_is_bounded(cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_cache, "KEPT_BYTES", 10_000)

    for n in (2, 3, 4, 5):
        explore(two_phase_commit(n))

    assert sum(f.stat().st_size for f in cache.iterdir()) <= 10_000


def test_the_text_of_a_program_is_always_the_same() -> None:
    """Else the code kept on disk would never be found again."""
    texts = {native.NativeText(random_program(7)).text for _ in range(2)}

    assert len(texts) == 1
