"""`leads_to` decided another way, by definition: is there a reachable cycle, or a stop, that is fair and has no q?"""

from __future__ import annotations

import networkx as nx

from checker.ir import program as ir

from tests.fuzz.quick import QuickInterpreter


def leads_to_holds(program: ir.Program, prop: ir.Property) -> bool:
    """Does each state with p lead to q on every fair behaviour?"""
    judge, graph = QuickInterpreter(program), nx.MultiDiGraph()
    pending = list(judge.initial_states())
    graph.add_nodes_from(pending)
    able = {}  # fair instances that can move, by state
    fair = {(n, i) for n, p in enumerate(program.processes) if p.name in prop.fair for i in range(p.instances)}
    while pending:
        state = pending.pop()
        steps = [step for step in judge.steps(state) if step.after is not None]
        able[state] = {(step.process, step.instance) for step in steps} & fair
        for step in steps:
            if step.after not in graph:
                graph.add_node(step.after)
                pending.append(step.after)
            graph.add_edge(state, step.after, who=(step.process, step.instance))
    return not any(_violated(judge, graph, able, one.expr, target) for one, target in zip(prop.instances, prop.target))


def _violated(judge: QuickInterpreter, graph: nx.MultiDiGraph, able: dict, p: ir.Expr, q: ir.Expr) -> bool:
    without = graph.subgraph([state for state in graph if not judge.evaluate(q, state)])
    starts = [state for state in without if judge.evaluate(p, state)]
    seen = set(starts).union(*(nx.descendants(without, state) for state in starts)) if starts else set()
    for part in nx.strongly_connected_components(without.subgraph(seen)):
        moved = {who for _, _, who in without.subgraph(part).edges(data="who")}
        starved = set.intersection(*(able[state] for state in part)) - moved
        if not starved:  # a behaviour may also stop for ever in a state, where nobody is starved
            return True
    return False
