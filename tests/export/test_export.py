"""Exports to Promela and TLA+: the text, and what it means.

The meaning of Promela is tested by SPIN itself (`tests/search/test_spin.py`).  That of TLA+ is
tested here by a reader of our own (`tests/support/tla_reader.py`, `tests/support/tla_run.py`), which counts
the states that the exported module has.
"""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path

import pytest

from checker.base.errors import UsageError
from checker.cli import main
from checker.export import files
from checker.export.bodies import Past, Pick, choices, possible
from checker.export.flow import at_labels
from checker.export.names import Identifiers
from checker.export.promela.program import to_promela
from checker.export.ranges import Known
from checker.export.simplify import condition, simplify
from checker.export.tla.module import config, to_tla
from checker.export.transition import stutters
from checker.ir.interpreter import NOBODY, Interpreter
from checker.ir.program import Binary, Check, Choose, Const, Fail, Goto, If, Ite, Program, Unary, int_type
from checker.verdict.api import prepare
from tests.support.operators import (
    EXAMPLES, SMALL, Example, assign, binary, block, local, process, program, read, rest, variable,
)  # fmt: skip
from tests.support.random_ir import Drawn, random_program
from tests.support.small_search import explore
from tests.support.textbook import MODELS
from tests.support.textbook import SMALL as BOOKS
from tests.support.tla_reader import TlaError, read_module
from tests.support.tla_run import Found, Machine, search

GOLDENS = Path(__file__).parent / "goldens"


def run_tla(model: Program) -> Found:
    """What the exported module has, judged by what the exported configuration names."""
    wanted = config(model)
    machine = Machine(read_module(to_tla(model)))
    invariants, steps = (
        re.findall(rf"^{kind} (\w+)", wanted, re.MULTILINE) for kind in ("INVARIANT", "PROPERTY")
    )
    found = search(machine, invariants, steps)
    found.violated = {"deadlock" if name == "NoDeadlock" else name.split(":")[0] for name in found.violated}
    return found


# ------------------------------------------------------------------- TLA+


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_tla_module_of_an_example_has_its_states(example: Example) -> None:
    found = run_tla(example.program)

    assert (found.states, found.transitions) == (example.states, example.transitions)
    assert found.violated == example.violated


@pytest.mark.parametrize(
    "known", [k for k in BOOKS if k.states < 1_500], ids=lambda k: f"{k.name}-{k.scenario}"
)
def test_tla_module_of_a_textbook_model_has_its_states(known) -> None:
    found = run_tla(prepare(model=known.file, scenario=known.scenario, settings=known.settings).program)

    assert (found.states, found.transitions) == (known.states, known.transitions)
    assert found.violated == ({known.violated} if known.violated else set())


def test_a_flag_that_becomes_a_condition_is_one_value_in_tla() -> None:
    """`x' = a /\\ b` is `(x' = a) /\\ b`, which has fewer steps."""
    program = prepare(model=MODELS / "flags_of_conditions.py").program
    states, transitions, _ = explore(program)
    found = run_tla(program)

    assert (found.states, found.transitions) == (len(states), transitions)


@pytest.mark.parametrize("operations, states, transitions", [(1, 142, 234), (2, 548, 1_092)])
def test_tla_module_of_the_writeback_core_has_its_states(operations: int, states: int, transitions: int) -> None:
    """The counts are SPIN's for the hand-written Promela model."""
    settings = {"F": 1, "WOPS": operations, "FSOPS": 0, "TROPS": 0}

    found = run_tla(prepare(model=MODELS / "writeback_core.py", settings=settings).program)

    assert (found.states, found.transitions, found.violated) == (states, transitions, set())


@pytest.mark.parametrize("first", range(0, 100, 10))
def test_tla_modules_of_random_programs_have_their_states(first: int) -> None:
    for seed in range(first, first + 10):
        model = random_program(seed)
        states, transitions, violated = explore(model)

        found = run_tla(model)

        assert (seed, found.states, found.transitions) == (seed, len(states), transitions)
        unclear = {"a_transition"}  # a box formula does not judge a step that changes nothing
        if violated & {"range", "bug_on"}:
            unclear |= {"deadlock", "a_terminal"}  # where the only step fails, nothing can move
        assert found.violated - unclear == violated - unclear, seed


@pytest.mark.parametrize(
    "text, message",
    [
        ("Init == x = 1 /\\ y = 1", "y is not defined"),
        ("Init == x = 1\nInit == x = 2", "Init is defined twice"),
        ("Init == x = 1 /\\ x = 2 \\/ x = 3", "want parentheses"),
        ("Init == LET x == 1 IN x = 1", "x is defined twice"),
        ("Init == Assert(x = 1)", "Assert takes 2 arguments"),
    ],
)
def test_the_reader_knows_what_is_wrong(text: str, message: str) -> None:
    module = f"---- MODULE M ----\nEXTENDS Integers, TLC\nVARIABLES x\n{text}\n{'=' * 20}\n"

    with pytest.raises(TlaError, match=message):
        read_module(module)


# ---------------------------------------------------------------- goldens


def golden_texts() -> dict[str, str]:
    """Name -> text of every stored export."""
    peterson = prepare(model=MODELS / "peterson.py").program
    chooses = next(e.program for e in EXAMPLES if e.name == "check that fails for some")
    starts = next(e.program for e in EXAMPLES if e.name == "setup that chooses")
    return {
        "peterson.pml": to_promela(peterson), "peterson.tla": to_tla(peterson, "peterson"),
        "peterson.cfg": config(peterson),
        "check.pml": to_promela(chooses), "check.tla": to_tla(chooses, "check"),
        "setup.pml": to_promela(starts), "setup.tla": to_tla(starts, "setup"),
    }  # fmt: skip


@pytest.mark.parametrize("name", golden_texts())
def test_text_is_as_stored(name: str) -> None:
    """CHECKER_STORE=1 stores the texts anew: look at the difference before it is committed."""
    if os.environ.get("CHECKER_STORE"):
        (GOLDENS / name).write_text(golden_texts()[name])

    assert golden_texts()[name] == (GOLDENS / name).read_text()


# ------------------------------------------------------------------ names


def test_names_become_legal_and_stay_apart() -> None:
    shared = [
        variable("Folio.dirty"),
        variable("Folio_dirty"),
        variable("bit"),
        variable("9 lives"),
        variable("L3"),
    ]
    names = Identifiers(
        program("names", [*shared, local("p", "f.pos", SMALL)], [process("p", rest(0))]), ["bit"], r"L\d+"
    )

    assert names.variables == {
        "Folio.dirty": "Folio_dirty", "Folio_dirty": "Folio_dirty_2", "bit": "bit_2", "9 lives": "_9_lives",
        "L3": "L3_2", "p:f.pos": "p_f_pos",
    }  # fmt: skip


def named(word: str) -> Program:
    """A program in which a variable, a process and a local have the name."""
    body = (assign(word, 1), assign(f"{word}:{word}", 1), Goto(1))
    own = local(word, word, SMALL)
    return program(
        "words",
        [variable(word), own],
        [process(word, block(0, *body), block(1, Goto(1), guard=0, live=(own.name,)))],
    )


@pytest.mark.parametrize(
    "word", ["VARIABLE", "self", "pc", "Next", "TRUE", "vars", "Assert", "i", "m_", "if", "L1"]
)
def test_words_of_tla_are_no_names(word: str) -> None:
    assert run_tla(named(word)).states == 2


# --------------------------------------------------------------- the parts


def values_of_a_and_b():
    return itertools.product(range(-3, 4), repeat=2)


@pytest.mark.parametrize("seed", range(40))
def test_simplified_expressions_have_the_same_value(seed: int) -> None:
    drawn = Drawn(seed)
    drawn.shared, drawn.own = [variable("a", SMALL), variable("b", SMALL)], []
    judge = Interpreter(program("ab", drawn.shared, [process("p", rest(0))]))
    for _ in range(30):
        given, value, truth = drawn._condition(2), drawn._value(3), drawn._condition(3)
        known = Known(judge.program.by_name).assume(given)
        lo, hi = known.range(value)
        for a, b in values_of_a_and_b():
            state = (0, a, b)
            if judge.evaluate(given, state, NOBODY):
                real = judge.evaluate(value, state, NOBODY)
                assert lo <= real <= hi
                assert judge.evaluate(simplify(value, known), state, NOBODY) == real
                assert judge.evaluate(condition(truth, known), state, NOBODY) == judge.evaluate(
                    truth, state, NOBODY
                )


def test_what_lowering_leaves_behind_is_simplified() -> None:
    folio, block_number = read("p:folio"), read("p:block")
    variables = {
        "p:folio": local("p", "folio", int_type(0, 2)),
        "p:block": local("p", "block", int_type(0, 3)),
    }
    known = Known(variables).assume(binary("!=", folio, 0))

    number = binary("-", folio, 1)
    assert known.inside(number, 2) and not Known(variables).inside(number, 2)
    assert condition(binary("<", number, 2), known) == Const(1)
    assert simplify(binary("//", binary("*", number, 2), 2), known) == number
    assert simplify(binary("//", binary("+", binary("*", number, 4), block_number), 4), known) == number
    assert simplify(binary("+", binary("-", folio, 1), 1), known) == folio
    assert simplify(Ite(binary(">", folio, 0), number, Const(0)), known) == number


def test_what_is_known_of_locals_goes_from_label_to_label() -> None:
    i = local("p", "i", int_type(0, 9))
    up = assign("p:i", binary("+", read("p:i"), 1))
    below = binary("<", read("p:i"), 3)
    p = process(
        "p",
        block(0, assign("p:i", 0), Goto(1)),
        block(1, If(below, (up, Goto(1))), Goto(2), live=("p:i",)),
        block(2, Goto(0), live=("p:i",)),
    )

    known = at_labels(p, Known({"p:i": i}), (i,))

    assert known[0].range(read("p:i")) == (0, 9)
    assert known[1].range(read("p:i")) == (0, 3)
    assert known[2].range(read("p:i")) == (3, 3)


def test_a_choice_behind_assignments_is_seen_from_before_the_step() -> None:
    variables = {
        v.name: v for v in [variable("a", SMALL), local("p", "x", SMALL), variable("choice0", SMALL)]
    }
    body = (
        If(binary(">", read("a"), 0), (assign("a", 0),), (assign("a", binary("+", read("a"), 1)),)),
        Choose("p:x", 0, 1, binary("==", read("a"), read("p:x"))),
        Goto(0),
    )

    tree = choices(body, Past(variables))

    assert isinstance(tree, Pick)
    judge = Interpreter(program("a", [variables["a"], variables["p:x"]], [process("p", rest(0))]))
    for a in range(-3, 4):
        after = 0 if a > 0 else a + 1
        allowed = [value for value, when in tree.options if judge.evaluate(when, (0, a, 0), NOBODY)]
        assert allowed == [value for value in (0, 1) if value == after]
        assert judge.evaluate(possible(tree), (0, a, 0), NOBODY) == (after in (0, 1))


def test_a_failing_check_before_a_choice_is_not_lost() -> None:
    ok = Check(binary(">", read("a"), 0), "range", "no")
    body = (ok, Choose("p:x", 0, 1, binary("==", read("a"), read("p:x"))), Goto(1))
    model = program(
        "check first", [variable("a"), local("p", "x", SMALL)], [process("p", block(0, *body), rest(1))]
    )

    assert "range" in run_tla(model).violated
    assert "!(a > 0)" in to_promela(model) or "a <= 0" in to_promela(model)


def test_a_step_that_changes_nothing_keeps_most_transition_invariants() -> None:
    new, old = read("a"), read("a", old=True)

    assert stutters(binary(">=", new, old))
    assert stutters(Binary("or", Unary("not", Binary("and", old, Unary("not", new))), read("b")))
    assert not stutters(binary(">", new, old))


# ------------------------------------------------------------ the commands


def test_the_command_writes_promela(tmp_path: Path, capsys) -> None:
    file = tmp_path / "peterson.pml"

    assert main(["export", "--to", "promela", "--model", str(MODELS / "peterson.py"), str(file)]) == 0
    assert "active [2] proctype compete()" in file.read_text()
    assert main(["export", "--to", "promela", "--model", str(MODELS / "peterson.py"), "-"]) == 0
    assert capsys.readouterr().out == file.read_text()


def test_the_command_writes_tla_and_what_to_check(tmp_path: Path) -> None:
    model = ["--model", str(MODELS / "two_phase_commit.py"), "--set", "RM=2"]

    assert main(["export", "--to", "tla", *model, str(tmp_path / "Commit.tla")]) == 0
    assert read_module((tmp_path / "Commit.tla").read_text()).name == "Commit"
    assert "INVARIANT consistent" in (tmp_path / "Commit.cfg").read_text()


def test_a_tla_file_is_named_as_a_module_can_be() -> None:
    model = EXAMPLES[0].program

    with pytest.raises(UsageError, match="try two_phase.tla"):
        files(model, "tla", "out/two-phase.tla")
    assert list(files(model, "tla", "out/TwoPhase.tla")) == ["out/TwoPhase.tla", "out/TwoPhase.cfg"]
    with pytest.raises(UsageError, match="there is no export to 'smv'; there are: promela, tla"):
        files(model, "smv", "x.smv")


def test_a_setup_that_fails_is_a_wrong_use() -> None:
    p = process("p", rest(0))

    for export in (to_promela, to_tla):
        with pytest.raises(UsageError, match="the setup violates range: no"):
            export(program("setup", [variable("a")], [p], setup=(Check(read("a"), "range", "no"), Goto(0))))
        with pytest.raises(UsageError, match="the setup violates bug_on: bug"):
            export(program("setup", [variable("a")], [p], setup=(Fail("bug_on", "bug"),)))
