"""The flow graph of a process, and questions about it.

Nodes hold statements; a node with a `step` begins a block.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..base.errors import InternalError
from ..ir import program as ir
from .values import TRUE, Value


@dataclass(eq=False)
class BlockHead:
    """What begins a block."""

    call: ir.Call
    frames: tuple[ir.Frame, ...]
    atomic: str = ""
    guard: Value = TRUE
    starts: bool = False
    node: FlowNode | None = None


@dataclass(eq=False)
class FlowNode:
    """Statements, then `then`; or, if there is a condition, `then` or `other`.

    where: what a block that begins here shows if it begins for the sake of a loop alone.
    """

    body: list[ir.Stmt] = field(default_factory=list)
    cond: Value | None = None
    then: FlowNode | None = None
    other: FlowNode | None = None
    pos: ir.Pos = ir.NOWHERE
    step: BlockHead | None = None
    where: BlockHead | None = None
    reached: int = 0  # edges to it
    join: FlowNode | None = None  # where the arms of its branch meet again

    def next(self) -> list[FlowNode]:
        return [n for n in (self.then, self.other) if n is not None]


def nodes_from(entry: FlowNode) -> list[FlowNode]:
    """All nodes that can be reached."""
    found, queue = {id(entry): entry}, [entry]
    while queue:
        for node in queue.pop().next():
            if id(node) not in found:
                found[id(node)] = node
                queue.append(node)
    return list(found.values())


def cut_loops(entry: FlowNode) -> None:
    """Make a block begin in every loop that has none: a step that does local work alone."""
    starts = [n for n in nodes_from(entry) if n.step is not None or n is entry]
    acyclic: set[int] = set()  # nodes from which no loop without a step is reached
    while starts:
        loop = find_loop(starts[-1], acyclic)
        if loop is None:
            starts.pop()
            continue
        head = next((n for n in loop if n.where is not None), None)
        if head is None:
            raise InternalError("a loop of the flow graph has no head")
        head.step = head.where
        starts.append(head)


def find_loop(start: FlowNode, acyclic: set[int]) -> list[FlowNode] | None:
    """The nodes of a loop without a step that is reached from `start` without a step."""
    path, position = [start], {id(start): 0}
    stack = [iter(start.next())]
    while stack:
        target = next(stack[-1], None)
        if target is None:
            stack.pop()
            done = path.pop()
            del position[id(done)]
            acyclic.add(id(done))
        elif target.step is None and id(target) in position:
            return path[position[id(target)] :]
        elif target.step is None and id(target) not in acyclic:
            position[id(target)] = len(path)
            path.append(target)
            stack.append(iter(target.next()))
    return None


def find_joins(entry: FlowNode) -> None:
    """Where the arms of each branch meet again, not counting paths that leave for another block."""
    every = nodes_from(entry)
    for node in every:
        node.reached = 0
    for node in every:
        for target in node.next():
            target.reached += 1
    closed: set[int] = set()  # reached once, and all paths leave for another block
    meet: dict[int, FlowNode | None] = {}
    depth: dict[int, int] = {}
    for node in local_postorder(every):
        inside = [n for n in node.next() if n.step is None and id(n) not in closed]
        if not inside and node.reached <= 1 and node.step is None:
            closed.add(id(node))
        if len(inside) == 2:
            node.join = _common(inside[0], inside[1], meet, depth)
        else:
            node.join = inside[0] if inside else None
        meet[id(node)] = node.join
        depth[id(node)] = depth[id(node.join)] + 1 if node.join is not None else 0


def _common(
    a: FlowNode | None, b: FlowNode | None, meet: dict[int, FlowNode | None], depth: dict[int, int]
) -> FlowNode | None:
    while a is not b and a is not None and b is not None:
        if depth[id(a)] >= depth[id(b)]:
            a = meet[id(a)]
        else:
            b = meet[id(b)]
    return a if a is b else None


def local_postorder(nodes: list[FlowNode]) -> list[FlowNode]:
    """`nodes`, each behind the nodes without a step that it leads to."""
    done: dict[int, FlowNode] = {}
    for start in nodes:
        if id(start) in done:
            continue
        visiting = {id(start)}
        stack = [(start, iter(start.next()))]
        while stack:
            node, successors = stack[-1]
            target = next(successors, None)
            if target is None:
                stack.pop()
                done[id(node)] = node
            elif target.step is None and id(target) not in done and id(target) not in visiting:
                visiting.add(id(target))
                stack.append((target, iter(target.next())))
    return list(done.values())
