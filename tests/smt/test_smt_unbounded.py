"""Proofs for any number of steps: what is proved, what must fail and how, and the encoding itself."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.cli import main
from checker.smt.arithmetic.theorems import INCOMPLETE, PROVED, REFUTED
from checker.smt.proofs import proofs
from checker.smt.unbounded import induction as unbounded
from checker.smt.unbounded.induction import inductions_of
from checker.smt.unbounded.refinement import compared
from checker.smt.unbounded.transitions import Transitions
from checker.source.catalogue import load
from checker.verdict.api import prepare

SEEN_AS = {"writeback_lasts": "counted_as", "clamp_backs_the_size": "sized_as"}
BROKEN = {  # design: the proof that must fail, and the claims of which a step may break one
    "unbiased_pending": ("writeback_lasts", ["pending_is_what_is_in_flight"]),
    "unclamped_size": ("clamp_backs_the_size", ["io_ends_where_its_data_ends"]),
    "unordered_locks": ("locks_are_ordered", ["waits_go_upwards", "nobody_waits_in_a_circle"]),
}


def test_each_proof_has_a_design_that_it_refutes():
    refuted = tomllib.loads(Path("properties/refuted.toml").read_text())["induction"]

    assert refuted == {design: name for design, (name, _) in BROKEN.items()}
    assert set(refuted.values()) == set(inductions_of(load(None)))


@pytest.mark.parametrize("name", [name for name, _ in BROKEN.values()])
def test_proofs_by_induction_succeed(name):
    [proof] = proofs(names=[name], seconds=60)

    assert (proof.verdict, proof.limit, proof.picture) == (PROVED, "", "")
    assert "any number of steps" in proof.covers
    assert ("Compared with the model, every step of" in proof.assumes) == (name in SEEN_AS)


@pytest.mark.parametrize(
    "design, name", [("no_writeback_bias", "writeback_lasts"), ("no_io_size_clamp", "clamp_backs_the_size")]
)
def test_a_bug_of_the_model_is_no_step_of_the_small_system(design, name, capsys):
    """The small system is not touched by these designs of the model; the comparison notices them."""
    assert main(["prove", name, "--design", design]) == 1
    out = capsys.readouterr().out

    assert "is none of the small system" in " ".join(out.split())
    assert f"VIOLATED {SEEN_AS[name]}" in out and f"design {design}" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("missing", ["start", "add", "finish", "complete", "end"])
def test_a_step_that_the_small_system_lacks_is_noticed(missing):
    catalogue = load(None)
    asked = copy.copy(inductions_of(catalogue)["writeback_lasts"])
    asked.processes = tuple(process for process in asked.processes if process.name != missing)
    small = unbounded._InductionCompiler(catalogue, asked, None).program(None, None)
    found = next(compared(catalogue, asked, small, None, 20))

    assert found.scenario == "append_flush" and found.trace is not None


@pytest.mark.parametrize("design", BROKEN)
def test_broken_designs_have_a_counterexample_to_induction(design):
    name, claims = BROKEN[design]
    [proof] = proofs(design=design, names=[name], seconds=60)

    assert proof.verdict == REFUTED
    assert "counterexample to induction" in proof.picture
    assert any(f"VIOLATED {claim}, 1 step" in proof.picture for claim in claims)


SMALL = '''\
from checker.lang import Range, Struct, atomic, induction, inductive, wait_until, worker

class Spot(Struct):
    """Where it stands."""
    x = Range(0, 3, "x")

spot = Spot[0]

def walk():
    """0 and 1 lead to each other, 2 leads to 3, and nothing leads to 2."""
    with atomic("a step"):
        wait_until(spot.x < 3)
        spot.x = 1 if spot.x == 0 else 0 if spot.x == 1 else 3

@inductive
def never_three(spot: Spot) -> bool:
    """It never stands at 3."""
    return spot.x != 3

@inductive
def never_one(spot: Spot) -> bool:
    """It never stands at 1."""
    return spot.x != 1

once = induction("With one step.", worker("walk", walk), claim=never_three, k=1)
twice = induction("With two steps.", worker("walk", walk), claim=never_three, k=2)
false = induction("What is not so.", worker("walk", walk), claim=never_one, k=2)
'''


def test_two_steps_prove_what_one_does_not(tmp_path):
    file = tmp_path / "small.py"
    file.write_text(SMALL)

    verdicts = {proof.name: proof.verdict for proof in proofs(model=file)}
    assert verdicts == {"once": REFUTED, "twice": PROVED, "false": REFUTED}


def test_a_timeout_is_incomplete_and_named(monkeypatch, capsys):
    def late(self, conditions):
        raise TimeoutError

    monkeypatch.setattr(unbounded._Induction, "_check", late)
    [proof] = proofs(names=["writeback_lasts"], seconds=7)

    assert (proof.verdict, proof.limit) == (INCOMPLETE, "z3 has no answer within 7 s")
    assert main(["prove", "writeback_lasts"]) == 3


def test_a_failed_proof_is_drawn(capsys):
    assert main(["prove", "clamp_backs_the_size", "--design", "unclamped_size"]) == 1
    out = capsys.readouterr().out

    assert "sized_write_back()" in out and "io_offset + io_size 0->4096" in out
    assert max(map(len, out.splitlines())) <= 80


# ------------------------------------------------------------------- the encoding


@pytest.mark.parametrize("model", ["peterson", "dining_philosophers", "two_phase_commit"])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_transitions_are_those_of_the_interpreter(model, data):
    """From any state, reachable or not, the formulas have the successors that the interpreter has."""
    import z3

    system = Transitions(prepare(model=f"tests/models/{model}.py").program)
    slots = system.slots
    state = tuple(data.draw(st.integers(lo, hi)) for lo, hi in zip(slots.lo, slots.hi))
    variables = system.state("s")
    bound = [(variable, z3.IntVal(value)) for variable, value in zip(variables, state)]
    found = set()
    for one in system.alternatives(variables):
        solver = z3.Solver()
        solver.add(*(z3.substitute(term, *bound) for term in one.path if not isinstance(term, bool)))
        while solver.check() == z3.sat:
            answer = solver.model()
            chosen = [(c, answer.eval(c, model_completion=True)) for c in one.choices]
            after = [z3.simplify(z3.substitute(term, *bound, *chosen)) for term in one.state]
            found.add((one.actor, one.violated or tuple(value.as_long() for value in after)))
            if not chosen:
                break
            solver.add(z3.Or(*(c != value for c, value in chosen)))
    expected = {
        (actor, step.violation.property if step.violation else step.after)
        for actor in system.judge.actors
        for step in system.judge.steps_of(state, actor)
    }

    assert found == expected
