"""What several opinions on one program have in common, and where they differ.

The engines must agree on everything.  The oracle keeps dead locals, so with it the reachable
values of shared state are compared, the lines at which the processes stand, the verdict,
and the length of the shortest way to each violation.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from checker.ir.interpreter import Interpreter, State
from checker.ir.program import Program
from checker.search.exploration import Exploration
from checker.search.explore import explore
from checker.trace.trace import replay
from tests.support import oracle


@dataclass
class Judged:
    """All that the interpreter says of a program: see `oracle.Opinion`."""

    states: set[State]
    transitions: int
    values: set[tuple[int, ...]]
    places: set[tuple]
    violations: dict[str, int]
    reached: set[str]


def all_states(program: Program, limit: int = 100_000) -> Judged | None:
    """A search of its own over the interpreter, to the end whatever is violated; None if
    there are more than `limit` states."""
    judge = Interpreter(program)
    found = dict.fromkeys(judge.initial_states(), 0)
    transitions, violations, reached = 0, {}, set()
    for state in (order := list(found)):
        depth = found[state]
        for wrong in judge.judge(state):
            violations.setdefault(wrong.property, depth)
        reached |= judge.reached(state)
        steps = judge.steps(state)
        if not steps:
            for wrong in judge.at_rest(state):
                violations.setdefault(wrong.property, depth)
        for step in steps:
            if step.after is None:
                violations.setdefault(step.violation.property, depth + 1)
                continue
            transitions += 1
            for wrong in judge.judge_step(state, step.after):
                violations.setdefault(wrong.property, depth + 1)
            if step.after not in found:
                found[step.after] = depth + 1
                order.append(step.after)
        if len(found) > limit:
            return None
    shared = Shared(program)
    names = {p.name for p in program.properties if p.kind == "reachable"}
    return Judged(
        set(found), transitions, {shared.of(s) for s in found}, {(shared.of(s), shared.lines(judge, s)) for s in found},
        violations, reached & names,
    )  # fmt: skip


class Shared:
    """The shared values of a program's states, in the order of their names."""

    def __init__(self, program: Program) -> None:
        self.program = program
        slots = Interpreter(program).slots
        places = {
            f"{v.name}[{element}]": slots.at(v.name, element)
            for v in program.variables
            if v.process is None
            for element in range(v.count)
        }
        self.names = sorted(places)
        self.places = [places[name] for name in self.names]

    def of(self, state: State) -> tuple[int, ...]:
        return tuple(state[place] for place in self.places)

    def lines(self, judge: Interpreter, state: State) -> tuple:
        """For each process instance the lines of the calls that it is in."""
        where = []
        for actor in judge.actors:
            process = self.program.processes[actor.process]
            block = judge.block_of(state, actor.process, actor.instance)
            idle = block.starts or (process.kind == "process" and block.label in process.rests)
            where.append(() if idle else tuple((Path(f.pos.file).name, f.pos.line) for f in block.frames))
        return tuple(where)


def same_engines(program: Program) -> list[str]:
    """Where the two engines differ, with and without stopping at a violation."""
    wrong = []
    for stop in (False, True):
        one, other = (explore(program, engine=engine, stop=stop) for engine in ("interpret", "native"))
        wrong += [f"stop={stop}: {text}" for text in differences(one, other)]
    return wrong


def same_verdict_when_reduced(program: Program) -> list[str]:
    """Where partial-order reduction changes the verdict of a property."""
    wrong = []
    whole = explore(program, stop=False)
    for engine in ("interpret", "native"):
        reduced = explore(program, engine=engine, stop=False, reduced=True)
        found = set(reduced.violations)
        if found != set(whole.violations):
            wrong.append(f"{engine}: {sorted(whole.violations)}, reduced {sorted(found)}")
        if reduced.states > whole.states:
            wrong.append(f"{engine}: {whole.states} states, reduced {reduced.states}")
    return wrong


def changed_by_symmetry(program: Program) -> list[str]:
    """What changes beside the number of states if interchangeable identities are permuted; and which
    counterexample is no run of the program."""
    wrong = []
    whole = explore(program, stop=False)
    known = {name: one.steps for name, one in whole.violations.items()}
    levels = set()
    for engine in ("interpret", "native"):
        found = explore(program, engine=engine, stop=False, symmetric=True)
        steps = {name: one.steps for name, one in found.violations.items()}
        pairs = [(steps, known), (_promised(program, found), _promised(program, whole)), (found.depth, whole.depth), (found.complete, whole.complete)]
        wrong += [f"{engine}: {one}, and {other} without symmetry" for one, other in pairs if one != other]
        if found.states > whole.states or bool(found.symmetries) < (found.states < whole.states):
            wrong.append(f"{engine}: {whole.states} states, {found.states} with symmetry of {found.symmetries}")
        for one in found.violations.values():
            replay(program, one.path, one.last, one.property)
        levels.add((tuple(found.levels), found.transitions))
        both = explore(program, engine=engine, stop=False, reduced=True, symmetric=True)
        if set(both.violations) != set(known):
            wrong.append(f"{engine}: {sorted(known)}, with both reductions {sorted(both.violations)}")
        for one in both.violations.values():
            replay(program, one.path, one.last, one.property)
    return wrong + [f"the engines differ: {levels}"] * (len(levels) > 1)


def _promised(program: Program, found: Exploration) -> set[str]:
    """What was reached of that which symmetry promises to reach: where a leads_to begins may be at a state that it leaves out."""
    return set(found.reached) - {prop.name for prop in program.properties if prop.kind == "leads_to"}


def differences(one: Exploration, other: Exploration) -> list[str]:
    """Where two explorations differ, in words."""
    return [
        f"{name}: {first!r} and {second!r}"
        for (name, first), (_, second) in zip(summary(one), summary(other))
        if first != second
    ]


def summary(found: Exploration) -> list[tuple[str, object]]:
    """Everything about an exploration that does not depend on the engine."""
    first = found.violation
    return [
        ("complete", found.complete),
        ("stopped by", found.stopped_by),
        ("states", found.states),
        ("transitions", found.transitions),
        ("levels", found.levels),
        ("reached", found.reached),
        ("violation", first and (first.property, first.message, first.binding, first.pos, first.steps)),
        ("violations", {name: (one.message, one.binding, one.steps) for name, one in found.violations.items()}),
    ]


def same_as_oracle(program: Program, opinion: oracle.Opinion, judged: Judged) -> list[str]:
    """Where the interpreter and the oracle differ.

    Loops of local work are steps for the compiler and none for the oracle, and an access that
    constants rule out is none for the compiler.  In a program that has them, the lengths of
    ways and the places where processes stand are not compared; nor is what a violated step
    leaves.
    """
    steps = {where[-1] for _, places in judged.places for where in places if where}
    stood = {where[-1] for _, places in opinion.seen for where in places if where}
    exact = steps <= opinion.lines and opinion.perhaps & stood <= steps and not opinion.doubtful
    lost = set(judged.violations) | set(opinion.violations)
    wrong = []
    names = Shared(program).names
    known = {name: place for place, name in enumerate(opinion.names)}
    missing = [name for name in names if name not in known]
    if missing:
        return [f"the oracle knows no {', '.join(missing)}"]
    places = [known[name] for name in names]
    values = {tuple(one[place] for place in places) for one in opinion.values}
    if values != judged.values and (exact or not lost):
        for text, some in (("the engine alone", judged.values - values), ("the oracle alone", values - judged.values)):
            for one in sorted(some)[:2]:
                wrong.append(f"{text} reaches " + ", ".join(f"{n}={v}" for n, v in zip(names, one) if v))
    if (opinion.violations if exact else set(opinion.violations)) != (judged.violations if exact else set(judged.violations)):
        wrong.append(f"violations: engine {judged.violations}, oracle {opinion.violations}")
    if opinion.reached != judged.reached:
        wrong.append(f"reached: engine {judged.reached}, oracle {opinion.reached}")
    if exact and values == judged.values:
        seen = {(tuple(one[place] for place in places), where) for one, where in opinion.seen}
        for text, some in (("the engine alone", judged.places - seen), ("the oracle alone", seen - judged.places)):
            for one, where in sorted(some)[:2]:
                shown = ", ".join(f"{n}={v}" for n, v in zip(names, one) if v)
                wrong.append(f"{text} stands at {where} with {shown}")
    return wrong
