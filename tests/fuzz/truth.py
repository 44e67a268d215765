"""What a program does: a search of its own over the interpreter, to the end whatever is violated."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from checker.ir import program as ir

from tests.fuzz.quick import QuickInterpreter, interpreter_of


@dataclass
class Truth:
    """violations: by property, the steps to the first.  often: by property, how many states or steps violate it.
    progress: properties of kind leads_to, of whose beginnings a search with symmetry need not see all."""

    states: int = 0
    transitions: int = 0
    levels: list[int] = field(default_factory=list)
    violations: dict[str, int] = field(default_factory=dict)
    often: Counter[str] = field(default_factory=Counter)
    reached: set[str] = field(default_factory=set)
    progress: frozenset[str] = frozenset()


def truth_of(program: ir.Program, limit: int) -> Truth | None:
    """Every reachable state judged; None if there are more than `limit`."""
    judge = interpreter_of(program)
    truth = Truth(progress=frozenset(p.name for p in program.properties if p.kind == "leads_to"))
    level = list(judge.initial_states())
    found = set(level)
    while level:
        depth, following = len(truth.levels), []
        truth.levels.append(len(level))
        for state in level:
            for after in _steps(judge, truth, state, depth):
                if after not in found:
                    found.add(after)
                    following.append(after)
        if len(found) > limit:
            return None
        level = following
    truth.states = len(found)
    return truth


def _steps(judge: QuickInterpreter, truth: Truth, state: tuple, depth: int) -> list[tuple]:
    """Judges a state and its steps; the states behind it."""

    def note(violations: list, steps: int) -> None:
        for name in {violation.property for violation in violations}:
            truth.violations.setdefault(name, steps)
            truth.violations[name] = min(truth.violations[name], steps)
            truth.often[name] += 1

    note(judge.judge(state), depth)
    truth.reached |= judge.reached(state)
    steps, behind = judge.steps(state), []
    if not steps:
        note(judge.at_rest(state), depth)
        truth.reached |= judge.reached(state, resting=True)
    for step in steps:
        if step.after is None:
            note([step.violation], depth + 1)
            continue
        truth.transitions += 1
        behind.append(step.after)
        note(judge.judge_step(state, step.after), depth + 1)
        truth.reached |= judge.reached(step.after, before=state)
    return behind
