"""Walks over a diagram that make no nodes: counting, numbering, picking states."""

from __future__ import annotations

import numpy as np

from ..compiled import compiled, compiled_nogil
from .store import HALF, LOW, ONE64, ZERO64, child_of, edges_of, mixed


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
