"""Graphs: the reachable states of a small program, and the order in which locks are taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import networkx

from .errors import UsageError, shown_path
from .interpret import Interpreter, State
from .ir import (
    NOWHERE,
    Assign,
    Binary,
    Const,
    Expr,
    Goto,
    If,
    Ite,
    Pos,
    Process,
    Program,
    Read,
    Self,
    Stmt,
    Unary,
)
from .values import Names

CAP = 250  # states in a graph that a person may still look at

# ----------------------------------------------------------------- state graph


def state_graph(program: Program, cap: int = CAP) -> networkx.MultiDiGraph:
    """The reachable states and the transitions between them, breadth first, at most `cap` states.

    Its graph attributes say how much of the whole it is: states, transitions, cap,
    complete, and `note`, a sentence for people.  A state has its number (in the order of
    discovery), depth and `label`; a transition has thread and action.
    """
    judge, names = Interpreter(program), Names(program)
    graph = networkx.MultiDiGraph(name=program.name)
    found = judge.initial_states()[:cap]
    number = {state: i for i, state in enumerate(found)}
    depth = dict.fromkeys(found, 0)
    complete = len(found) == len(judge.initial_states())
    for state in found:
        _add_state(graph, number[state], depth[state], state, names, judge)
        for step in judge.steps(state):
            if step.after is None:
                continue
            if step.after not in number:
                if len(number) == cap:
                    complete = False
                    continue
                number[step.after], depth[step.after] = len(number), depth[state] + 1
                found.append(step.after)
            actor = next(a for a in judge.actors if (a.process, a.instance) == (step.process, step.instance))
            block = program.processes[step.process].blocks[step.label]
            action = names.call(block.call, judge, state, actor)
            graph.add_edge(
                number[state], number[step.after], thread=names.actors[actor.self - 1], action=action
            )
    note = f"{len(found)} states, {graph.number_of_edges()} transitions, " + (
        "all that are reachable" if complete else f"the first ones only: capped at {cap} states"
    )
    graph.graph.update(
        states=len(found),
        transitions=graph.number_of_edges(),
        cap=cap,
        complete=complete,
        note=f"{program.name}: {note}",
    )
    return graph


def _add_state(
    graph: networkx.MultiDiGraph, number: int, depth: int, state: State, names: Names, judge: Interpreter
) -> None:
    start = judge.initial_states()[0] if number else state
    changed = names.changes(start, state, ghosts=True)
    label = (
        "start"
        if not number
        else "\n".join(change.replace("->", " -> ") for change in changed) or "as at the start"
    )
    violated = ", ".join(v.property for v in judge.judge(state))
    graph.add_node(number, depth=depth, label=label, violated=violated)


def write_graph(graph: networkx.MultiDiGraph, path: Path | str) -> None:
    """Write a state graph; the name says the format: .graphml or .dot.  UsageError for other names."""
    path = Path(path)
    if path.suffix == ".graphml":
        networkx.write_graphml(graph, path)
    elif path.suffix in (".dot", ".gv"):
        path.write_text(dot_text(graph), encoding="utf-8")
    else:
        raise UsageError(f"{path}: a graph is written as .graphml or .dot")


def dot_text(graph: networkx.MultiDiGraph) -> str:
    """A state graph for Graphviz; its label says how much of the whole it is."""
    lines = [
        "digraph states {",
        f"  label={_quoted(graph.graph['note'])};",
        "  node [shape=box, fontname=monospace];",
    ]
    threads = list(dict.fromkeys(thread for *_, thread in graph.edges(data="thread")))
    for number, data in graph.nodes(data=True):
        shape = ', color="red", penwidth=2' if data["violated"] else ""
        lines.append(f"  s{number} [label={_quoted(str(number) + chr(10) + data['label'])}{shape}];")
    for before, after, data in graph.edges(data=True):
        colour = threads.index(data["thread"]) % 8 + 1
        label = _quoted(f"{data['thread']}: {data['action']}")
        lines.append(
            f"  s{before} -> s{after} [label={label}, colorscheme=dark28, color={colour}, fontcolor={colour}];"
        )
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\l") + '"'


# ------------------------------------------------------------------ lock order


@dataclass(frozen=True)
class Nesting:
    """While `held` (taken at `held_at`) is held, `process` waits for `taken` (at `taken_at`)."""

    held: str
    taken: str
    process: str
    held_at: Pos
    taken_at: Pos


def lock_order_graph(program: Program) -> networkx.MultiDiGraph:
    """Which lock is waited for while which other may be held, by classes of locks as lockdep's.

    Found in the IR, without looking at states: a branch that cannot happen counts.  Taking
    a lock without waiting for it (a try) orders nothing.  Transitions carry `nesting`.
    """
    graph = networkx.MultiDiGraph()
    names = {v.name: Names(program).variable(v) for v in program.variables}
    for process in program.processes:
        for nesting in sorted(_nestings(program, process), key=str):
            held, taken = names[nesting.held], names[nesting.taken]
            graph.add_edge(held, taken, nesting=nesting)
    return graph


def lock_order_cycles(graph: networkx.MultiDiGraph) -> list[list[str]]:
    """Cycles of several locks, shortest first.  (A lock class nested in itself is no cycle:
    its instances may have an order.)"""
    cycles = networkx.simple_cycles(networkx.DiGraph((a, b) for a, b in graph.edges() if a != b))
    turned = [cycle[cycle.index(min(cycle)) :] + cycle[: cycle.index(min(cycle))] for cycle in cycles]
    return sorted(turned, key=lambda cycle: (len(cycle), cycle))


def lock_order_text(graph: networkx.MultiDiGraph) -> list[str]:
    """Lines: `held -> taken`, then who does it where; then the cycles."""
    lines = []
    for held, taken in dict.fromkeys(graph.edges()):
        lines.append(f"{held} -> {taken}" + ("   (another of the same kind)" if held == taken else ""))
        for data in graph.get_edge_data(held, taken).values():
            nesting = data["nesting"]
            lines.append(f"    {nesting.process}: {_shown(nesting.held_at)}, then {_shown(nesting.taken_at)}")
    for cycle in lock_order_cycles(graph):
        lines.append("cycle: " + " -> ".join([*cycle, cycle[0]]))
    return lines


def _shown(pos: Pos) -> str:
    return f"{shown_path(pos.file)}:{pos.line}" if pos.line else "?"


Held = frozenset[tuple[str, Pos]]  # locks that may be held, and where they were taken


def _nestings(program: Program, process: Process) -> set[Nesting]:
    locks = {v.name for v in program.variables if v.lock}
    may_hold: dict[int, Held] = {process.entry: frozenset()}
    found: set[Nesting] = set()
    todo = [process.entry]
    while todo:
        block = process.blocks[todo.pop()]
        waited = {read.var for read in _reads(block.guard) if read.var in locks}
        at = block.frames[-1].pos if block.frames else NOWHERE
        for label, held, taken in _paths(block.body, may_hold[block.label], locks, at):
            for lock in taken & waited:
                found |= {
                    Nesting(other, lock, process.name, where, at)
                    for other, where in may_hold[block.label]
                    if (other, where) != (lock, at)
                }
            known = may_hold.get(label)
            if known is None or not held <= known:
                may_hold[label] = held | (known or frozenset())
                todo.append(label)
    return found


def _paths(
    body: tuple[Stmt, ...], held: Held, locks: set[str], at: Pos, taken: frozenset[str] = frozenset()
) -> Iterator[tuple[int, Held, frozenset[str]]]:
    """For each path through a body: where it goes, what is held then, what it took."""
    for position, statement in enumerate(body):
        rest = body[position + 1 :]
        if isinstance(statement, Assign) and statement.var in locks:
            if _takes(statement):
                held, taken = held | {(statement.var, at)}, taken | {statement.var}
            else:
                held = frozenset(h for h in held if h[0] != statement.var)
        elif isinstance(statement, If):
            yield from _paths(statement.then + rest, held, locks, at, taken)
            yield from _paths(statement.other + rest, held, locks, at, taken)
            return
        elif isinstance(statement, Goto):
            yield statement.label, held, taken
            return


def _takes(statement: Assign) -> bool:
    """A mutex is taken by who writes its own number into it; a shared lock, by who counts up."""
    value = statement.value
    if isinstance(value, Binary) and value.op == "+" and isinstance(value.right, Const):
        return value.right.value > 0
    return isinstance(value, Self)


def _reads(expr: Expr) -> list[Read]:
    match expr:
        case Read():
            return [expr, *_reads(expr.index)]
        case Unary(_, operand):
            return _reads(operand)
        case Binary(_, left, right):
            return _reads(left) + _reads(right)
        case Ite(cond, then, other):
            return _reads(cond) + _reads(then) + _reads(other)
    return []
