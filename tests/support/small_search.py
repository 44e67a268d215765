"""Breadth-first search over the interpreter, for tests of everything that is not the search."""

from __future__ import annotations

from checker.ir.interpreter import Interpreter, State
from checker.ir.program import Program
from checker.trace.trace import Facts, Trace, replay


def explore(model: Program) -> tuple[set[State], int, set[str]]:
    """All reachable states, the number of transitions, the names of violated properties."""
    judge = Interpreter(model)
    found = judge.initial_states()
    seen, transitions, violated = set(found), 0, set()
    for state in found:
        violated |= {v.property for v in judge.judge(state)}
        steps = judge.steps(state)
        if not steps:
            violated |= {v.property for v in judge.at_rest(state)}
        for step in steps:
            if step.after is None:
                violated.add(step.violation.property)
                continue
            transitions += 1
            violated |= {v.property for v in judge.judge_step(state, step.after)}
            if step.after not in seen:
                seen.add(step.after)
                found.append(step.after)
    return seen, transitions, violated


def shortest_violation(model: Program, facts: Facts = Facts()) -> Trace:
    """A shortest trace to a violation; there must be one."""
    path, last = shortest_path(model)
    return replay(model, path, last, "", facts)


def shortest_path(model: Program) -> tuple[list[State], tuple[int, int] | None]:
    """States from an initial one to a violation, and whose next step fails, if one does."""
    judge = Interpreter(model)
    found = judge.initial_states()
    parent: dict[State, State | None] = dict.fromkeys(found)

    def path_to(state: State | None) -> list[State]:
        return [] if state is None else [*path_to(parent[state]), state]

    for state in found:
        steps = judge.steps(state)
        if judge.judge(state) or (not steps and judge.at_rest(state)):
            return path_to(state), None
        for step in steps:
            if step.after is None:
                return path_to(state), (step.process, step.instance)
            if judge.judge_step(state, step.after):
                return [*path_to(state), step.after], None
            if step.after not in parent:
                parent[step.after] = state
                found.append(step.after)
    raise AssertionError(f"{model.name} violates nothing")
