"""Each condition of the partial-order reduction dropped in turn: a minimal model must show it.

The conditions are those of `checker/reduce/`; the models are in `tests/models/soundness`.  A condition is
dropped by changing the text of the function that asks it.  Two judges look at the result: the set of
violated properties against that of the search without reduction, and the definition of an ample
process (`checker.search.ample_check`).  Which of them notices is said for each.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from checker.search import ample_check, plain as explore_plain
from checker.verdict import api
from checker.reduce import known_values, monotone, partial_order, watches
from checker.reduce.ample import Ample
from checker.reduce.granules import Granules
from checker.base.errors import InternalError
from checker.search.explore import explore
from checker.ir.interpreter import Interpreter
from checker.ir.program import (
    BOOL,
    Check,
    Choose,
    Expr,
    Goto,
    If,
    LockGuard,
    Program,
    Self,
    Stmt,
    Type,
    Unary,
    int_type,
)
from tests.reduce import test_known_values, test_monotone
from tests.support.programs import assign, binary, block, local, process, prop, read, rest, variable
from tests.support.programs import program as made
from tests.support.random_ir import random_program

MODELS = Path(__file__).parents[1] / "models" / "soundness"
SEEDS = (6, 10, 27, 53, 78)  # of random programs in which locals have many fates
STATES = 500  # of a model that are held against the definition
BOTH, VERDICT, DEFINITION = ("verdict", "definition"), ("verdict",), ("definition",)


class Condition(NamedTuple):
    """The function that asks a condition, its text, what stands there without it, and who notices in which model."""

    owner: object
    function: str
    text: str
    without: str
    model: str
    noticed: tuple[str, ...] = BOTH


ANALYSIS = partial_order._Analysis
CONDITIONS = {
    # core
    "what others do later counts": Condition(
        ANALYSIS, "futures", "new = (old[0] | reads, old[1] | writes)", "new = old", "por_waits_takes_perhaps", DEFINITION),
    "what a thread does in its next operation counts": Condition(
        ANALYSIS, "futures", "if restart or not", "if not", "por_next_operation"),
    "who can be woken counts": Condition(
        Ample, "_others", ".guard_reads & writes & ~no_write", ".guard_reads & 0", "por_seventy_processes"),
    "a chain ends in a state that is expanded in full": Condition(
        explore_plain._Search, "_enter", "if chosen is None:",
        "if depth >= LONGEST:\n            continue\n        if chosen is None:",
        "por_endless_work", VERDICT),
    "a state whose ample step fails is expanded in full": Condition(
        explore_plain._Search, "_enter", "state in after or not after", "state in after", "por_step_that_fails", VERDICT),
    # locks
    "only who holds a lock is alone": Condition(Ample, "_protected", "== actor.self", "is not None", "por_waits_takes_perhaps"),
    "only a guard that covers reads hides them": Condition(
        ANALYSIS, "held", "mask if guard.reads else 0", "mask", "por_read_without_lock"),
    "the process that waits reads the lock": Condition(
        ANALYSIS, "block", "        accesses += found\n    certain",
        "        accesses += [] if read in waits else found\n    certain",
        "por_waits_takes_perhaps"),
    "a write of a lock is one of what is awaited": Condition(
        ANALYSIS, "_touched", "if write else 0", "if False else 0", "por_watcher_of_a_lock"),
    "a wait is a conjunct of the guard": Condition(
        ANALYSIS, "_waits", "guard.left == NO", "guard.left", "por_waits_or_not", DEFINITION),
    "a read before the check counts": Condition(
        ANALYSIS, "_on_ways", "    for statement in body:\n        yield",
        "    for one in body:\n        held = held | set(self._own_locks(one.cond) if isinstance(one, ir.Check) else ())\n"
        "    for statement in body:\n        yield", "por_read_before_check"),
    "a lock guards its own elements": Condition(
        partial_order, "_is_inside", "return index == lock", "return True", "por_other_element"),
    "of the flags of readers only my own is left out": Condition(
        ANALYSIS, "_is_own_flag", "read.index == own or", "True or", "por_reader_is_seen"),
    # properties
    "a property that a step violates unread watches it": Condition(
        watches.Watches, "of", "{YES: self.restless}", "{}", "por_stutter_elsewhere"),
    "a step that such a property reads is no candidate": Condition(
        ANALYSIS, "block", " and not all_writes & self.watches.restless", "", "por_stutter"),
    "only writes with one index to like granules exclude each other": Condition(
        watches.Watches, "_place", ", tuple(number - numbers[0] for number in numbers)", ", ()", "por_two_variables_one_index"),
    "a step that makes a property true again is watched": Condition(
        watches.Watches, "of", "any_of(*(w.way for w in touching))", "NO", "por_repaired_at_once", DEFINITION),
}  # fmt: skip


def drop(monkeypatch: pytest.MonkeyPatch, owner: object, function: str, text: str, without: str) -> None:
    """Let `owner.function` be what its text is with `text` replaced."""
    source = textwrap.dedent(inspect.getsource(getattr(owner, function)))
    assert source.count(text) == 1, f"{function} has changed; so must this test"
    module = owner if isinstance(owner, ModuleType) else sys.modules[owner.__module__]
    made: dict[str, object] = {}
    exec("from __future__ import annotations\n" + source.replace(text, without), vars(module), made)  # noqa: S102
    monkeypatch.setattr(owner, function, made[function])


def unless(flag: Expr) -> Expr:
    return Unary("not", flag)


def program(model: str) -> Program:
    return api.prepare(MODELS / f"{model}.py").program


def states_of(judge: Interpreter) -> Iterator[tuple[int, ...]]:
    """The first STATES states."""
    pending = judge.initial_states()
    seen = set(pending)
    for state in pending:
        yield state
        after = [step.after for step in judge.steps(state) if step.after is not None]
        if len(seen) < STATES:
            pending += [one for one in dict.fromkeys(after) if one not in seen]
            seen.update(after)


def notices(one: Program) -> tuple[str, ...]:
    """Who sees that the reduction of a program is wrong."""
    whole = explore(one, engine="interpret", stop=False)
    judge = Interpreter(one)
    found = []
    try:
        reduced = explore(one, engine="interpret", stop=False, reduced=True)
        found += ["verdict"] if set(reduced.violations) != set(whole.violations) else []
    except InternalError:  # the sample at the end of a search comes first
        found += ["verdict"]
    try:
        ample_check.hold_against_definition(Ample(judge), states_of(judge))
    except InternalError:
        found += ["definition"]
    return tuple(found)


@pytest.mark.parametrize("what", CONDITIONS)
def test_a_dropped_condition_is_noticed(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr(explore_plain, "check_sample", lambda *_: 0)
    one = program(CONDITIONS[what].model)
    assert notices(one) == ()

    drop(monkeypatch, *CONDITIONS[what][:4])

    assert notices(one) == CONDITIONS[what].noticed


def test_the_sample_of_a_search_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both engines hold some ample steps against the definition before they say anything."""
    drop(monkeypatch, *CONDITIONS["the process that waits reads the lock"][:4])

    for engine in ("interpret", "native"):
        with pytest.raises(InternalError, match="not ample"):
            explore(program("por_waits_takes_perhaps"), engine=engine, stop=False, reduced=True)


# --------------------------------------------- what the language hardly lets a model say

NUMBER = int_type(0, 5)
N, X0, Y0, K = "p:n", read("x", 0), read("y", 0), read("k")
EITHER_IS_ZERO = binary("or", binary("==", X0, 0), binary("==", Y0, 0))
ZERO_AND_ONE = binary("or", binary("and", binary("==", X0, 0), binary("==", read("z", 1), 1)), binary("==", Y0, 0))
NOTHING_SEEN = binary("==", read("seen"), 0)
BOTH_WITH_F = binary("or", unless(read("f")), binary("and", binary("==", X0, 1), binary("==", Y0, 1)))


def two(*step: Stmt, claim: Expr = EITHER_IS_ZERO, other: str = "y", per: int = 1, first: int = 1, index: int = 0) -> Program:
    """p sets its local n to `index` and takes `step`; q sets a flag of its own, then `other`.  x[0] is `first`; k is always 0."""
    variables = [
        variable("x", NUMBER, 2, (first, 0), per=per), variable("z", NUMBER, 2, per=per), variable("y", NUMBER, 2),
        variable("f", BOOL), variable("k", NUMBER),
        variable("i", NUMBER, 1, index), variable("own", BOOL), variable("seen", NUMBER), local("p", "n", NUMBER),
    ]  # fmt: skip
    p = process("p", block(0, assign(N, read("i")), Goto(1)), block(1, *step, Goto(2), live=(N,)), rest(2))
    q = process("q", block(0, assign("own", 1), Goto(1)), block(1, assign(other, 1), Goto(2)), rest(2))
    return Program("by hand", tuple(variables), (p, q), (prop("invariant", claim),))


def of_locks() -> Program:
    """p writes under lock 1; q takes lock n = 0, changes n to 1 in the same step and reads what lock 1 guards."""
    owner, guard = Type("owner", 0, 2), LockGuard("lock", 1, False)
    variables = [
        variable("lock", owner, 2, lock="mutex"), variable("data", BOOL, 2, guard=guard), variable("seen", BOOL),
        variable("k", BOOL), local("q", "n", BOOL),
    ]  # fmt: skip
    mine = Check(binary("==", read("lock", 1), Self()), "guard", "without the lock")
    p = process(
        "p", block(0, assign("lock", Self(), 1), Goto(1), guard=binary("==", read("lock", 1), 0)),
        block(1, mine, assign("data", 1, 1), Goto(2)), block(2, mine, assign("data", 0, 1), Goto(3)),
        block(3, mine, assign("lock", 0, 1), Goto(4)), rest(4),
    )  # fmt: skip
    n = read("q:n")
    look = (assign("lock", Self(), n), assign(n.var, binary("-", 1, K)), assign("seen", read("data", n)), Goto(1))
    q = process("q", block(0, *look, guard=binary("==", read("lock", n), 0), live=(n.var,)), rest(1))
    return Program("locks", tuple(variables), (p, q), (prop("invariant", unless(read("seen"))),))


BY_HAND = {  # what is dropped: (program, owner, function, text, what stands there instead)
    "an assignment that is perhaps not reached is not known": (
        two(assign("x", 0), If(binary("==", read(N), 0), (Goto(2),)), assign("x", 1)),
        watches.Watches, "_left", "branched or isinstance(inner, ir.Goto)", "False"),
    "a later assignment counts": (
        two(assign("x", 1), assign("x", K)),
        watches.Watches, "_left", "self._forget(left, statement)\n            value", "value"),
    "one of two elements is not known": (
        two(assign("x", 1, read(N)), assign("z", 1, read(N)), claim=ZERO_AND_ONE, per=2, first=0, index=1),
        watches.Watches, "_slot", "if len(elements) == 1 else None", "if elements else None"),
    "only what is surely touched stays": (
        two(assign("x", 0), assign("seen", read("y", read(N))), index=1),
        watches.Watches, "_case", "if access.when in (None, when) else 0", ""),
    "writes at other indices may happen too": (
        two(assign("seen", Y0), assign("seen", X0), assign("x", 1, read(N)), assign("y", 1, binary("+", read(N), 0)),
            claim=BOTH_WITH_F, other="f", first=0),
        watches.Watches, "_case", "mine + always + others", "mine + always"),
    "a condition on what the step has changed is not known": (
        two(assign(N, binary("+", K, 1)), If(binary("==", read(N), 1), (assign("y", 2),))),
        ANALYSIS, "_on_ways", "known = self._known_before(statement.cond, so_far)", "known = True"),
    "an index that the step has changed is not known": (
        two(assign(N, K), assign("y", 2, read(N)), index=1),
        ANALYSIS, "_access", " and self._known_before(index, assigned)", ""),
    "a constant index outside the array reads element 0": (
        two(assign("seen", read("x", 7)), claim=NOTHING_SEEN, other="x", first=0),
        Granules, "element", "else 0", "else len(self.of[name]) - 1"),
    "an index outside the array reads element 0": (
        two(assign("seen", read("x", read(N))), claim=NOTHING_SEEN, other="x", first=0, index=5),
        Granules, "inside", "elements[0] == 0", "False"),
    "what a property reads outside the array is element 0": (
        two(assign("x", 0), claim=binary("or", binary("==", read("x", 7), 0), binary("==", Y0, 0))),
        watches.Watches, "__init__", "form_of(expr)", "form_of(one.expr)"),
    "a lock whose index changes is not known": (
        of_locks(), ANALYSIS, "block", "{read for read in waits if self._known_before(read.index, assigned)}", "waits"),
}  # fmt: skip


@pytest.mark.parametrize("what", BY_HAND)
def test_what_is_known_of_a_step_is_certain(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    one, *change = BY_HAND[what]
    monkeypatch.setattr(explore_plain, "check_sample", lambda *_: 0)
    assert notices(one) == ()

    drop(monkeypatch, *change)

    assert "definition" in notices(one)


# ------------------------------------------------------- the parts that ask no model

WAYS = {  # of `checker.reduce.monotone`: (function, text, what stands there instead)
    "what is subtracted turns": ("_of_binary", "_either(left, _turned(right))", "_either(left, right)"),
    "a remainder goes both ways": ("_of_binary", 'expr.op in ("*", "//")', 'expr.op in ("*", "//", "%")'),
    "what is less turns": ("_of_comparison", "_either(_turned(left), right)", "_either(left, right)"),
    "equality goes both ways": ("_of_comparison", "    return BOTH", "    return _either(left, right)"),
    "a negation turns": ("directions", "_turned(directions(expr.operand, change))", "directions(expr.operand, change)"),
    "an index that moves reads anything": ("_of_read", "        return BOTH", "        return NEITHER"),
    "a choice that moves goes both ways": ("_of_choice", "    return BOTH", "    return arms"),
    "the arms of a choice have an order": (
        "_of_choice", "chosen if expr.then.value >= expr.other.value else _turned(chosen)", "chosen"),
    "a comparison with a constant has its sides": ("_becomes", "(other.value, change.value) if swapped else", ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def judge() -> Interpreter:
    """Of the variables that expressions of `test_monotone` read."""
    return test_monotone.small_judge()


@pytest.mark.parametrize("what", WAYS)
def test_a_wrong_direction_is_noticed(monkeypatch: pytest.MonkeyPatch, judge: Interpreter, what: str) -> None:
    drop(monkeypatch, monotone, *WAYS[what])
    monkeypatch.setattr(test_monotone, "directions", monotone.directions)

    with pytest.raises(AssertionError):
        for seed in range(40):
            test_monotone.test_nothing_moves_in_a_way_that_was_ruled_out(judge, seed)


VALUES = {  # of `checker.reduce.known_values.Flow`
    "both arms go on": ("_branch", "joined_envs(*ends) if ends", "ends[0] if ends"),
    "a label is joined with what comes again": ("spread", "joined_envs(known, after)", "known"),
    "an assignment is seen": ("after", "return {**env, statement.var: inside}", "return env"),
    "a choice is seen": ("after", "{**env, statement.var: chosen}", "env"),
    "an arm assumes its condition": (
        "_branch", "self.assuming(statement.cond, truth, env) for",
        "self.assuming(statement.cond, True, env) for"),
    "a comparison is with all values": ("_compared", "any(OPERATORS", "all(OPERATORS"),
}  # fmt: skip


def known_then_changed(*change: Stmt) -> Program:
    """A process waits for its local n to be 0, and changes it."""
    n = local("p", "n", BOOL)
    first = block(0, *change, Goto(1), guard=binary("==", read(n.name), 0), live=(n.name,))
    return made("change", [n], [process("p", first, block(1, Goto(1), live=(n.name,)))])


def loses_values() -> bool:
    """Does the data flow say of some program what is not so?"""
    by_hand = [known_then_changed(assign("p:n", 1)), known_then_changed(Choose("p:n", 0, 1))]
    return any(test_known_values.outside(one) for one in (*by_hand, *map(random_program, SEEDS)))


@pytest.mark.parametrize("what", VALUES)
def test_lost_values_of_locals_are_noticed(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    drop(monkeypatch, known_values.Flow, *VALUES[what])

    assert loses_values()


def test_no_values_are_lost() -> None:
    assert not loses_values()
