"""The graph of the reachable states of a small program, to be looked at."""

from __future__ import annotations

from pathlib import Path

import networkx

from ..base.errors import UsageError
from ..ir.interpreter import Interpreter, State
from ..ir.program import Program
from ..trace.values import Names
from .locks import lock_order_cycles, lock_order_graph, lock_order_text

__all__ = [
    "CAP",
    "check_format",
    "dot_text",
    "lock_order_cycles",
    "lock_order_graph",
    "lock_order_text",
    "state_graph",
    "write_graph",
]

CAP = 250  # states in a graph that a person may still look at


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


def check_format(path: Path | str) -> None:
    """UsageError if the name does not say a format that a graph is written in."""
    if Path(path).suffix not in (".graphml", ".dot", ".gv"):
        raise UsageError(f"{path}: a graph is written as .graphml or .dot")


def write_graph(graph: networkx.MultiDiGraph, path: Path | str) -> None:
    """Write a state graph; the name says the format, see `check_format`."""
    path = Path(path)
    check_format(path)
    if path.suffix == ".graphml":
        networkx.write_graphml(graph, path)
    else:
        path.write_text(dot_text(graph), encoding="utf-8")


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
