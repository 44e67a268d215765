"""Walks over a diagram that make no nodes: counting, numbering, picking states."""

from __future__ import annotations

import numpy as np

from ..native.loop.compiled import compiled, compiled_nogil
from .learning import lookup
from .store import ONE64, ZERO64, child_of, edges_of, level_of, mixed, pair, value_of


@compiled
def place_of(table, key):
    """Where in a table of (key + 1, number) pairs a key is, or belongs."""
    last = np.uint64((len(table) >> 1) - 1)
    slot = mixed(np.uint64(key)) & last
    while table[np.int64(slot) * 2] != ZERO64 and table[np.int64(slot) * 2] != np.uint64(key) + ONE64:
        slot = (slot + ONE64) & last
    return np.int64(slot) * 2


@compiled_nogil
def numbered(st, root, table, nodes, path):
    """Number the nodes below `root`, children before parents, in `table`; how many there are, or -1 if the table is too
    small.  nodes: gets them in this order.  path: room for (node, edge) pairs, one for each level."""
    count, depth, most = 0, 0, len(table) >> 2
    path[0, 0], path[0, 1] = root, 0
    while depth >= 0:
        node, edge = path[depth, 0], path[depth, 1]
        if edge == edges_of(st, node):
            at = place_of(table, node)
            table[at], table[at + 1] = np.uint64(node) + ONE64, np.uint64(count)
            nodes[count] = node
            count += 1
            depth -= 1
            if count >= most:
                return -1
            continue
        path[depth, 1] += 1
        child = child_of(st, node, edge)
        if child >= 2 and table[place_of(table, child)] == ZERO64:
            depth += 1
            path[depth, 0], path[depth, 1] = child, 0
    return count


@compiled_nogil
def counted(st, nodes, table, low, high):
    """The states of each node, in two words: low and high."""
    for number in range(len(nodes)):
        node = np.int64(nodes[number])
        sum_low, sum_high = ZERO64, ZERO64
        for edge in range(edges_of(st, node)):
            child = child_of(st, node, edge)
            if child == 1:
                more_low, more_high = ONE64, ZERO64
            else:
                k = np.int64(table[place_of(table, child) + 1])
                more_low, more_high = low[k], high[k]
            sum_low += more_low
            sum_high += more_high
            if sum_low < more_low:
                sum_high += ONE64
        low[number], high[number] = sum_low, sum_high


@compiled_nogil
def shapes(st, nodes, count, edges, paths):
    """For each level: how many nodes it has, how many edges these have, and how many edges their children have."""
    for number in range(len(nodes)):
        node = np.int64(nodes[number])
        level = level_of(st, node)
        count[level] += 1
        edges[level] += edges_of(st, node)
        for edge in range(edges_of(st, node)):
            child = child_of(st, node, edge)
            paths[level] += 1 if child == 1 else edges_of(st, child)


@compiled_nogil
def found(st, ln, root, goal, memo, path):
    """How many levels of `path` lead to a state below `root` that fulfils a condition, or -1 if there is none.

    goal: a residual (`checker.symbolic.residuals`).  memo: pairs of a node and a residual below which there is nothing;
    a cache that may forget.  path: gets the node, the edge and the residual of each level."""
    last, depth = np.uint64(len(memo) - 1), 0
    path[0, 0], path[0, 1], path[0, 2] = root, -1, goal
    while depth >= 0:
        node, goal = path[depth, 0], path[depth, 2]
        count, level = edges_of(st, node), level_of(st, node)
        path[depth, 1] += 1
        edge = path[depth, 1]
        if edge == count:
            key = pair(node, goal)
            memo[mixed(key) & last] = key
            depth -= 1
            continue
        follows, child = goal, child_of(st, node, edge)
        if level == np.int64(ln.rel_level[goal]):
            value = value_of(st, node, count, edge)
            follows = lookup(ln, goal, lookup(ln, np.int64(ln.rel_key[goal]), value))
        if follows == 1:
            return depth + 1
        if follows != 0:
            key = pair(child, follows)
            if memo[mixed(key) & last] != key:
                depth += 1
                path[depth, 0], path[depth, 1], path[depth, 2] = child, -1, follows
    return -1
