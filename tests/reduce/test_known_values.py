"""What the data flow says that locals can hold is what they hold, and more is not left out of blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.ir import program as ir
from checker.ir.interpreter import Interpreter
from checker.ir.program import Program
from checker.reduce.known_values import known_values, specialised
from checker.verdict.api import prepare
from tests.support.random_ir import random_program

STATES = 300  # of a program that are looked at


def outside(program: Program) -> list[str]:
    """Labels and values of reachable states that the data flow does not know of."""
    judge, known, wrong = Interpreter(program), known_values(program), []
    pending = judge.initial_states()
    seen = set(pending)
    for state in pending:
        for actor in judge.actors:
            label = state[judge.slots.pc(actor.process, actor.instance)]
            if label not in known[actor.process]:
                wrong.append(f"label {label} of process {actor.process}")
                continue
            for name, values in known[actor.process][label].items():
                value = state[judge.slots.at(name, 0, actor.instance)]
                if values is not None and value not in values:
                    wrong.append(f"{name} is {value} at {label}")
        after = [step.after for step in judge.steps(state) if step.after is not None and step.after not in seen]
        if len(seen) < STATES:
            seen.update(after)
            pending += list(dict.fromkeys(after))
    return wrong


def steps(program: Program) -> set[tuple]:
    """The steps of the first states."""
    judge, found = Interpreter(program), set()
    pending = judge.initial_states()
    for state in pending:
        more = [step for step in judge.steps(state)]
        found |= {(state, step.process, step.instance, step.after) for step in more}
        if len(pending) < STATES:
            pending += [step.after for step in more if step.after is not None and step.after not in pending]
    return found


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_stay_inside(seed: int) -> None:
    program = random_program(seed)

    assert outside(program) == []
    assert steps(specialised(program)) == steps(program)


@pytest.mark.parametrize("settings", [{"F": 1}, {"F": 2, "W": 2, "BUG_WRAP": 1}], ids=str)
def test_the_core_stays_inside(settings: dict[str, int]) -> None:
    program = prepare(model=Path("tests/models/writeback_core.py"), settings=settings).program

    assert outside(program) == []
    assert steps(specialised(program)) == steps(program)


def test_a_branch_that_is_never_taken_is_left_out() -> None:
    program = prepare(model=Path("tests/models/writeback_core.py")).program  # BUG_WRAP=0: a pass never wraps
    before, after = (
        sum(isinstance(one, ir.If) for process in some.processes for block in process.blocks for one in block.body)
        for some in (program, specialised(program))
    )

    assert after < before
