"""Garbage collection: nodes that nothing leads to any more give their room back.

Marking begins at the nodes that the caller names and at all that the machine has on its stacks.  Nodes do not move, so
what the caches say of nodes that are kept stays true; of the others it is forgotten.
"""

from __future__ import annotations

import numpy as np

from ..native.loop.compiled import compiled, compiled_nogil
from .frames import A, B, FRAME, LOW, MANY, NONE, RUN, UNION, UNION_BACK
from .store import (
    ANSWER, EDGES, FRAMES, FREE, LISTS_END, LIVE, MARK, PARTS, POOL_END, RESULTS, ROWS, ZERO64, child_of, edges_of, first_node,
    mixed, node_with, words_of,
)  # fmt: skip


@compiled
def is_marked(st, node):
    return node < 2 or st.pool[node] & MARK != 0


@compiled
def mark(st, node):
    """Mark a node and all below it."""
    if is_marked(st, node):
        return
    st.pool[node] |= MARK
    top = 1
    st.stack[0] = node
    while top > 0:
        top -= 1
        at = np.int64(st.stack[top])
        for edge in range(edges_of(st, at)):
            child = child_of(st, at, edge)
            if not is_marked(st, child):
                st.pool[child] |= MARK
                st.stack[top] = child
                top += 1


@compiled
def mark_stacks(st):
    """Mark what the machine is at work on."""
    now = st.now
    for k in range(now[EDGES]):
        mark(st, np.int64(st.edge_child[k]))
    for k in range(now[PARTS]):
        mark(st, np.int64(st.part_node[k]))
    for k in range(now[RESULTS]):
        mark(st, np.int64(st.result_node[k]))
    for k in range(now[ROWS]):
        mark(st, np.int64(st.row_child[k]))
    for k in range(now[FRAMES] + 1):
        at = k * FRAME
        mark(st, st.frames[at + A])
        if st.frames[at + RUN] == UNION or st.frames[at + RUN] == UNION_BACK:
            mark(st, st.frames[at + B])
    mark(st, now[ANSWER])


@compiled
def clean_fires(st, lists):
    """Forget images of nodes that go, or that consist of such; copy the lists of the others to `lists`."""
    end = 0
    for slot in range(0, len(st.fires), 2):
        if st.fires[slot] == ZERO64:
            continue
        kept = is_marked(st, np.int64(st.fires[slot] >> np.uint64(32)))
        outcome, result = st.fires[slot + 1] >> np.uint64(32), np.int64(st.fires[slot + 1] & LOW)
        if kept and outcome == MANY:
            count = np.int64(st.lists[result])
            for k in range(count):
                kept &= is_marked(st, np.int64(st.lists[result + 2 + 2 * k]))
            if kept:
                for k in range(1 + 2 * count):
                    lists[end + k] = st.lists[result + k]
                st.fires[slot + 1] = MANY << np.uint64(32) | np.uint64(end)
                end += 1 + 2 * count
        elif kept and outcome != NONE:
            kept = is_marked(st, result)
        if not kept:
            st.fires[slot] = ZERO64
    st.now[LISTS_END] = end


@compiled
def clean_unions(st):
    for slot in range(0, len(st.unions), 2):
        key = st.unions[slot]
        if key != ZERO64:
            sides = is_marked(st, np.int64(key >> np.uint64(32))) and is_marked(st, np.int64(key & LOW))
            if not sides or not is_marked(st, np.int64(st.unions[slot + 1])):
                st.unions[slot] = ZERO64


@compiled
def sweep(st):
    """Free what is not marked; forget of what is kept the saturated nodes that go."""
    node = first_node()
    while node < st.now[POOL_END]:
        if st.pool[node] & FREE == 0 and is_marked(st, node) and not is_marked(st, np.int64(st.pool[node + 2])):
            st.pool[node + 2] = 0
        node += words_of(edges_of(st, node))
    st.now[LIVE], node = 0, first_node()
    while node < st.now[POOL_END]:
        count = edges_of(st, node)
        if st.pool[node] & MARK != 0:
            st.pool[node] &= ~MARK
            st.now[LIVE] += 1
        elif st.pool[node] & FREE == 0:
            st.pool[node] |= FREE
            st.pool[node + 1] = st.free[count]
            st.free[count] = node
        node += words_of(count)


@compiled_nogil
def collect(st, roots, lists):
    """Free all nodes but those that `roots` and the machine's stacks lead to; the table is to be built anew, and what is
    left of the lists of results is in `lists`."""
    for root in roots:
        mark(st, np.int64(root))
    mark_stacks(st)
    clean_fires(st, lists)
    clean_unions(st)
    sweep(st)


@compiled_nogil
def make_node(st, ln, level, first):
    """`node_with`, for Python."""
    return node_with(st, ln, level, first)


@compiled_nogil
def move_entries(old, new):
    """Enter what a cache holds into one of another size."""
    last = np.uint64((len(new) >> 1) - 1)
    for slot in range(0, len(old), 2):
        if old[slot] != ZERO64:
            at = np.int64(mixed(old[slot]) & last) * 2
            new[at], new[at + 1] = old[slot], old[slot + 1]
