"""Why a property is false, and why nothing can move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from ..ir.interpreter import NOBODY, Actor, Interpreter, State
from ..ir.program import DEADLOCK, Assign, Binary, Check, Choose, Const, Expr, If, Ite, Read, Stmt, Unary
from .trace import Trace
from .values import Names

if TYPE_CHECKING:
    import networkx

# ------------------------------------------------------------- false properties


def falsifiers(trace: Trace, ghosts: bool = True) -> list[str]:
    """The values that make the violated property false: "i_size = 5", "folio 1 PG_dirty = 0".

    Only what decides counts: of a false `and` its first false operand, of a false
    implication both sides.  [] for violations that are no predicates of a state or a step.
    ghosts: also those that only the model has; without them, if there are others.
    """
    after, before = _last_two(trace)
    reads = _guilty(trace)
    real = [read for read in reads if not trace.program.variable(read.var).ghost]
    return list(dict.fromkeys(_shown(read, trace, after, before) for read in (reads if ghosts else real or reads)))


def guilty_ghosts(trace: Trace) -> set[str]:
    """The ghost variables among what makes the violated property false."""
    return {read.var for read in _guilty(trace) if trace.program.variable(read.var).ghost}


def deciding_slots(trace: Trace) -> set[int]:
    """The places in the state of what makes the violated property false; of a step that fails, of what it tests; where
    nothing can move, of what is waited for."""
    if is_deadlock(trace):
        return {wait.slot for wait in waits(trace) if wait.slot >= 0}
    after, before = _last_two(trace)
    failed = _failed_check(trace)
    if failed is not None:
        actor = trace.actor(len(trace.steps) - 1)
        return _slots(trace, _deciding(failed.cond, trace.judge, after, actor=actor), after, actor=actor)
    return _slots(trace, _guilty(trace), after, before)


def _slots(trace: Trace, reads: list[Read], state: State, before: State = (), actor: Actor = NOBODY) -> set[int]:
    """The places of what is read, locals left out."""
    found, slots = set(), Names(trace.program).slots
    for read in reads:
        variable = trace.program.variable(read.var)
        if variable.process is None:
            element = trace.judge.evaluate(read.index, state, actor, before)
            found.add(slots.at(read.var, element if 0 <= element < variable.count else 0))
    return found


def fails_by_itself(trace: Trace) -> bool:
    """Does the last step fail a test because of what it has done itself?  Before it the test would not fail."""
    failed = _failed_check(trace)
    return failed is not None and bool(trace.judge.evaluate(failed.cond, trace.states[-1], trace.actor(len(trace.steps) - 1)))


def _failed_check(trace: Trace) -> Check | None:
    """The test that the last step fails, if it fails one."""
    failed = trace.steps[-1].violation if trace.steps else None
    if failed is None:
        return None
    block = trace.program.processes[trace.steps[-1].process].blocks[trace.steps[-1].label]
    key = failed.property, failed.message, failed.pos
    return next((one for one in _checks(block.body) if (one.name, one.message, one.pos) == key), None)


def _checks(body: tuple[Stmt, ...]) -> Iterator[Check]:
    for stmt in body:
        if isinstance(stmt, Check):
            yield stmt
        elif isinstance(stmt, If):
            yield from _checks(stmt.then + stmt.other)


def _guilty(trace: Trace) -> list[Read]:
    """The reads that make the violated property false at the end of `trace`."""
    violation, (after, before) = trace.violation, _last_two(trace)
    for prop in trace.program.properties:
        if violation is not None and prop.name == violation.property and prop.kind != "leads_to":
            for one in prop.instances:
                if one.binding == violation.binding:
                    return _deciding(one.expr, trace.judge, after, before)
    return []


def _last_two(trace: Trace) -> tuple[State, State]:
    """The last state, and the one before it if there is one."""
    return trace.states[-1], trace.states[-2] if len(trace.states) > 1 else ()


def _deciding(
    expr: Expr,
    judge: Interpreter,
    state: State,
    before: State = (),
    actor: Actor = NOBODY,
    every: bool = False,
) -> list[Read]:
    """The reads in `expr` that make it what it is, in the order of the text.

    every: of an `and` or `or` that more than one operand settles, take all of these.
    """

    def value(part: Expr) -> int:
        return judge.evaluate(part, state, actor, before)

    def deciding(part: Expr) -> list[Read]:
        match part:
            case Read(_, index):
                return [*deciding(index), part]
            case Unary(_, operand):
                return deciding(operand)
            case Ite(cond, then, other):
                return deciding(cond) + deciding(then if value(cond) else other)
            case Binary(op, left, right):
                parts = [left, right]
                if op in ("and", "or"):  # one operand of this value settles it
                    parts = [one for one in parts if value(one) == int(op == "or")][
                        : None if every else 1
                    ] or parts
                return [read for one in parts for read in deciding(one)]
        return []

    return deciding(expr)


def _shown(read: Read, trace: Trace, state: State, before: State) -> str:
    names = Names(trace.program)
    variable = trace.program.variable(read.var)
    element = trace.judge.evaluate(read.index, state, NOBODY, before)
    element = element if 0 <= element < variable.count else 0
    value = trace.judge.evaluate(read, state, NOBODY, before)
    text = f"{names.elements(variable, [element])} = {names.value(variable.type, value, compact=True)}"
    return text + " before the step" if read.old else text


# ------------------------------------------------------------------- deadlock


@dataclass(frozen=True)
class Waiting:
    """Instance `who` waits in `call` because of `what`, which those in `whom` would have to change.

    done: it is something that those in `whom` have done, and no lock that they hold.  slot: its place in the state, or -1.
    """

    who: str
    call: str
    what: str = ""
    whom: tuple[str, ...] = ()
    done: bool = False
    slot: int = -1


def waits(trace: Trace) -> list[Waiting]:
    """What each instance waits for at the end of `trace`, if it is not at rest, or if there is work for it.

    Who waits for what it has done itself, or what somebody has who is at rest, waits for those who have work and
    cannot begin it: a completion that would end writeback, say.
    """
    judge, state = trace.judge, trace.states[-1]
    found, late = [], []
    for actor in judge.actors:
        process = judge.program.processes[actor.process]
        block = judge.block_of(state, actor.process, actor.instance)
        if block.label not in process.rests:
            found += waiting(actor, trace) or [
                Waiting(Names(trace.program).actors[actor.self - 1], block.call.name)
            ]
        elif _has_work(actor, trace):
            late += waiting(actor, trace)
    stuck = {wait.who for wait in found}
    others = tuple(dict.fromkeys(wait.who for wait in late))
    undone = [wait.done and not stuck - {wait.who} & set(wait.whom) for wait in found]  # by nobody who waits, too
    if not others or not any(undone):
        return found
    return [replace(wait, whom=others) if one else wait for wait, one in zip(found, undone)] + late


def _has_work(actor: Actor, trace: Trace) -> bool:
    """Does a resting instance lack only part of what it waits for, so that what it is there for has come up?"""
    judge, begin, state = trace.judge, trace.states[0], trace.states[-1]
    parts = _conjuncts(judge.block_of(state, actor.process, actor.instance).guard)
    met = [bool(judge.evaluate(part, state, actor)) for part in parts]
    return not all(met) and any(m and not judge.evaluate(part, begin, actor) for m, part in zip(met, parts))


def _conjuncts(expr: Expr) -> list[Expr]:
    if isinstance(expr, Binary) and expr.op == "and":
        return _conjuncts(expr.left) + _conjuncts(expr.right)
    return [expr]


def wait_for_graph(trace: Trace) -> networkx.MultiDiGraph:
    """Who waits for whom at the end of `trace`; edges carry `what` and `call`."""
    import networkx  # heavy: only where something is stuck

    graph = networkx.MultiDiGraph()
    for wait in waits(trace):
        graph.add_node(wait.who)
        for whom in wait.whom:
            graph.add_edge(wait.who, whom, what=wait.what, call=wait.call)
    return graph


def explain_deadlock(trace: Trace, width: int = 78) -> list[str]:
    """Lines that say who waits where and for whom, and the cycle if there is one."""
    found = waits(trace)
    wide = max((len(wait.who) for wait in found), default=0)
    lines = []
    for (who, call), group in groupby(found, key=lambda wait: (wait.who, wait.call)):
        reasons = [wait.what for wait in group if wait.what]
        whole = f"{who:<{wide}}  waits in {call}" + (f": {', '.join(reasons)}" if reasons else "")
        if len(whole) <= width:
            lines.append(whole)
        else:
            lines += [f"{who:<{wide}}  waits in {call}:", *(" " * (wide + 4) + reason for reason in reasons)]
    cycle = shortest_cycle(wait_for_graph(trace))
    if len(cycle) == 1:
        lines.append(f"{cycle[0]} waits for itself")
    elif cycle:
        lines.append("cycle: " + " -> ".join([*cycle, cycle[0]]))
    return lines


def shortest_cycle(graph: networkx.MultiDiGraph) -> list[str]:
    """A shortest cycle, from its least name on; [] if there is none."""
    import networkx

    cycles = list(networkx.simple_cycles(networkx.DiGraph(graph)))
    turned = [cycle[cycle.index(min(cycle)) :] + cycle[: cycle.index(min(cycle))] for cycle in cycles]
    return min(turned, key=lambda cycle: (len(cycle), cycle), default=[])


def is_deadlock(trace: Trace) -> bool:
    return trace.violation is not None and trace.violation.property == DEADLOCK


def waiting(actor: Actor, trace: Trace) -> list[Waiting]:
    """What `actor`, which cannot take a step at the end of `trace`, waits for: all that decides that, each by itself."""
    judge, state, names = trace.judge, trace.states[-1], Names(trace.program)
    block = judge.block_of(state, actor.process, actor.instance)
    call = names.call(block.call, judge, state, actor)
    conditions = [block.guard]
    if judge.evaluate(block.guard, state, actor):  # then it is a choice that has nothing to choose from
        conditions = [s.where for s in block.body if isinstance(s, Choose)]
    found = {}
    for read in (r for c in conditions for r in _deciding(c, judge, state, actor=actor, every=True)):
        variable = trace.program.variable(read.var)
        if variable.process is not None:
            continue
        element = judge.evaluate(read.index, state, actor)
        if not 0 <= element < variable.count:
            continue
        found[variable.name, element] = _wait(trace, names, names.actors[actor.self - 1], call, variable.name, element)
    return list(found.values())


def _wait(trace: Trace, names: Names, who: str, call: str, var: str, element: int) -> Waiting:
    """Why an element keeps `who` waiting in `call`, and who would have to change it."""
    variable, state = trace.program.variable(var), trace.states[-1]
    slot = names.slots.at(var, element)
    name, value = names.elements(variable, [element]), state[slot]
    if variable.type.kind == "owner" and value:
        owner = names.value(variable.type, value)
        return Waiting(who, call, f"{name} is held by {owner}", (owner,) if owner in names.actors else (), slot=slot)
    if variable.lock == "readers" and value:
        reader = names.actors[element % len(names.actors)]
        return Waiting(who, call, f"{name} is held by {reader}", (reader,), slot=slot)
    setter = _last_writer(trace, names, slot)
    shown = f"{name} = {names.value(variable.type, value, compact=True)}"
    if setter == who:
        return Waiting(who, call, f"{shown}, set by {setter} itself", (who,), True, slot)
    if setter:
        return Waiting(who, call, f"{shown}, set by {setter}", (setter,), True, slot)
    others = tuple(sorted(_changers(trace, names, var, value) - {who}))
    return Waiting(who, call, f"{shown} until {' or '.join(others)} changes it" if others else f"{shown} since the start", others, slot=slot)


def _changers(trace: Trace, names: Names, var: str, value: int) -> set[str]:
    """Who has a step somewhere in its text that gives a variable another value, and is not at rest."""
    judge, state = trace.judge, trace.states[-1]
    found = set()
    for actor in judge.actors:
        process = trace.program.processes[actor.process]
        here = judge.block_of(state, actor.process, actor.instance).label
        others = (a.value for b in process.blocks for a in _assignments(b.body) if a.var == var)
        if here not in process.rests and any(one != Const(value) for one in others):
            found.add(names.actors[actor.self - 1])
    return found


def _assignments(body: tuple[Stmt, ...]) -> Iterator[Assign]:
    for stmt in body:
        if isinstance(stmt, Assign):
            yield stmt
        elif isinstance(stmt, If):
            yield from _assignments(stmt.then + stmt.other)


def _last_writer(trace: Trace, names: Names, slot: int) -> str:
    for index in reversed(range(len(trace.states) - 1)):
        if trace.states[index][slot] != trace.states[index + 1][slot]:
            return names.actors[trace.actor(index).self - 1]
    return ""
