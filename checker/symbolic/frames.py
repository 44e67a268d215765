"""The frames of the machine: what stands in them, and its other stacks."""

from __future__ import annotations

import numpy as np

from ..native.loop.compiled import inlined
from .learning import lookup
from .store import ANSWER, EDGES, FRAMES, PARTS, RESULTS

# Where a frame goes on.
(
    UNION, UNION_BACK, FIRE, FIRE_BACK, GROUP, GROUP_UNION_BACK, GROUP_SATURATED, PICK, EVENTS, MERGE, MERGE_UNION_BACK,
    REBUILD, REBUILD_BACK, REBUILT, SELECT, SELECT_BACK,
) = range(16)  # fmt: skip

# The variables of a frame.  union: A, B, I, J, FIRST.  fire: A the node, B the relation, I, J what follows in the
# relation, FIRST of its parts, RESULT first of its results, EDGE first of its edges, AT the part.  saturate: A the node, B
# the value, I its place among ROWS, J the word of events, BITS of that word, FIRST of its rows, RESULT first of the
# results, AT the result, CHANGED, OWN whether the value's own event is still to be tried, MASK, K the lowest dirty row,
# MINE whether the event is one of this level's process.
RUN, A, B, I, J, FIRST, RESULT, AT, BITS, CHANGED, OWN, MASK, K, MINE = range(14)
EDGE = BITS
FRAME = 14

DONE, ROOM, STOPPED = range(3)  # why the machine was left

UNKNOWN = -1
NONE, MANY = np.uint64(0xFFFFFFFF), np.uint64(0xFFFFFFFE)  # instead of an outcome: no results; a list of them
SELECTED = 1 << 30  # with a relation in `fires`: what `select` keeps, a node
UNSATURATED = 1 << 31  # with a relation in `fires`: what it makes without saturation
LOW = np.uint64(0xFFFFFFFF)


@inlined
def push(st, run, a, b):
    """A new frame on the top; where it is."""
    at = (st.now[FRAMES] + 1) * FRAME
    st.now[FRAMES] += 1
    st.frames[at + RUN], st.frames[at + A], st.frames[at + B] = run, a, b
    st.frames[at + I], st.frames[at + J], st.frames[at + FIRST] = 0, 0, UNKNOWN
    return at


@inlined
def pop(st, answer):
    st.now[FRAMES] -= 1
    st.now[ANSWER] = answer


@inlined
def add_edge(st, value, child):
    top = st.now[EDGES]
    st.edge_value[top], st.edge_child[top] = value, child
    st.now[EDGES] = top + 1


@inlined
def add_result(st, outcome, node):
    top = st.now[RESULTS]
    st.result_outcome[top], st.result_node[top] = outcome, node
    st.now[RESULTS] = top + 1


@inlined
def add_part(st, outcome, value, node):
    top = st.now[PARTS]
    st.part_outcome[top], st.part_value[top], st.part_node[top] = outcome, value, node
    st.now[PARTS] = top + 1


@inlined
def written(ln, level, own, value, outcome):
    """What a value is after an outcome; own: the level is that of the event's process."""
    write = np.int64(ln.outcome_write[outcome])
    if own:
        return write
    if write == 0:
        return value
    return lookup(ln, write, value)
