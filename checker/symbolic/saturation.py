"""Steps of saturation: see `checker.symbolic.machine`."""

from __future__ import annotations

import numpy as np

from ..native.loop.compiled import inlined
from ..native.loop.atomic import lowest_bit
from .frames import (
    A, AT, B, BITS, CHANGED, EVENTS, FIRE, FIRST, I, J, K, MASK, MERGE, MERGE_UNION_BACK, MINE, OWN, PICK, REBUILD,
    REBUILD_BACK, REBUILT, RESULT, RUN, UNION, UNKNOWN, add_edge, add_result, pop, push, written,
)  # fmt: skip
from .images import fire_known, union_known
from .learning import LEAF, lookup
from .store import (
    ANSWER, EDGES, MASK_WORDS, RESULTS, ROWS, SATURATIONS, ZERO64, child_of, edges_of, level_of, node_with, value_of,
)  # fmt: skip

# ------------------------------------------------------------------ saturate


@inlined
def pick_step(st, ln, at):
    """Choose the first row that has changed since its events were fired; with none left the node is saturated."""
    frames = st.frames
    node = frames[at + A]
    if frames[at + FIRST] == UNKNOWN:
        begin_rows(st, at, node)
    first, k = frames[at + FIRST], frames[at + K]
    while k < st.now[ROWS] and st.row_dirty[k] == 0:
        k += 1
    frames[at + K] = k
    if k < st.now[ROWS]:
        st.row_dirty[k] = 0
        frames[at + I], frames[at + B], frames[at + J], frames[at + BITS] = k, st.row_value[k], -1, 0
        frames[at + OWN], frames[at + MASK] = 1, np.int64(st.pool[np.int64(st.row_child[k]) + 1])
        frames[at + RUN] = EVENTS
        return
    answer = node
    if frames[at + CHANGED]:
        edges = st.now[EDGES]
        for row in range(first, st.now[ROWS]):
            add_edge(st, st.row_value[row], st.row_child[row])
        answer = node_with(st, ln, level_of(st, node), edges)
    st.now[ROWS] = first
    st.pool[node + 2], st.pool[answer + 2] = answer, answer
    pop(st, answer)


@inlined
def begin_rows(st, at, node):
    first, count = st.now[ROWS], edges_of(st, node)
    for k in range(count):
        st.row_value[first + k], st.row_child[first + k] = value_of(st, node, count, k), child_of(st, node, k)
        st.row_dirty[first + k] = 1
    st.now[ROWS] = first + count
    st.now[SATURATIONS] += 1
    st.frames[at + FIRST], st.frames[at + K], st.frames[at + CHANGED] = first, first, 0


@inlined
def next_event(st, ln, at, level):
    """The next event that reaches up to this level and that the chosen row may have; UNKNOWN if there is none."""
    frames = st.frames
    if frames[at + OWN]:
        frames[at + OWN] = 0
        if ln.event_of[level] >= 0:
            event = lookup(ln, np.int64(ln.event_of[level]), frames[at + B]) - 1
            if event >= 0 and ln.event_top[event] == level and ln.event_starts[event] == 0:
                return event
    words, j = st.now[MASK_WORDS], frames[at + J]
    bits = np.uint64(frames[at + BITS])
    while bits == ZERO64:
        j += 1
        if j >= words:
            return UNKNOWN
        bits = st.masks[frames[at + MASK] * words + j] & ln.top[level, j]
    frames[at + J], frames[at + BITS] = j, np.int64(bits & (bits - np.uint64(1)))
    return j * 64 + np.int64(lowest_bit(bits))


@inlined
def events_step(st, ln, at):
    """Fire the next event on the chosen row."""
    frames = st.frames
    level = level_of(st, frames[at + A])
    event = next_event(st, ln, at, level)
    if event == UNKNOWN:
        frames[at + RUN] = PICK
        return
    value, child = frames[at + B], np.int64(st.row_child[frames[at + I]])
    root = np.int64(ln.event_root[event])
    follows = lookup(ln, root, lookup(ln, np.int64(ln.rel_key[root]), value))
    results = st.now[RESULTS]
    frames[at + RESULT], frames[at + AT], frames[at + RUN] = results, results, MERGE
    frames[at + OWN] = 0
    frames[at + MINE] = 1 if np.int64(ln.event_level[event]) == level else 0
    if follows & LEAF:
        first = np.int64(ln.leaf_at[follows ^ LEAF])
        for k in range(first, first + np.int64(ln.leaf_count[follows ^ LEAF])):
            add_result(st, ln.leaf_outcomes[k], child)
    elif not fire_known(st, ln, child, follows, 0):
        push(st, FIRE, child, follows)


@inlined
def row_at(st, first, value):
    """The row of a value, or that before which it belongs."""
    low, high = first, st.now[ROWS]
    while low < high:
        middle = (low + high) >> 1
        if np.int64(st.row_value[middle]) < value:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def change_row(st, at, k, child):
    st.row_child[k], st.row_dirty[k] = child, 1
    st.frames[at + CHANGED] = 1
    st.frames[at + K] = min(st.frames[at + K], k)


@inlined
def merge_step(st, ln, at):
    """Put what the event has led to into the rows."""
    frames = st.frames
    level, value, own = level_of(st, frames[at + A]), frames[at + B], frames[at + MINE] != 0
    while frames[at + AT] < st.now[RESULTS]:
        number = frames[at + AT]
        new = written(ln, level, own, value, np.int64(st.result_outcome[number]))
        node, k = np.int64(st.result_node[number]), row_at(st, frames[at + FIRST], new)
        if k < st.now[ROWS] and np.int64(st.row_value[k]) == new:
            there = np.int64(st.row_child[k])
            both = union_known(st, there, node)
            if both == UNKNOWN:
                frames[at + RUN], frames[at + OWN] = MERGE_UNION_BACK, k
                push(st, UNION, there, node)
                return
            if both != there:
                change_row(st, at, k, both)
        else:
            insert_row(st, at, k, new, node)
        frames[at + AT] = number + 1
    st.now[RESULTS] = frames[at + RESULT]
    frames[at + RUN], frames[at + OWN] = EVENTS, 0


@inlined
def insert_row(st, at, k, value, child):
    top = st.now[ROWS]
    while top > k:
        st.row_value[top], st.row_child[top] = st.row_value[top - 1], st.row_child[top - 1]
        st.row_dirty[top] = st.row_dirty[top - 1]
        top -= 1
    st.now[ROWS] += 1
    st.row_value[k] = value
    change_row(st, at, k, child)
    if k <= st.frames[at + I]:
        st.frames[at + I] += 1


# ------------------------------------------------------------------ saturate what is not saturated below


@inlined
def rebuild_step(st, ln, at):
    """Saturate the children of a node, then the node of the saturated ones."""
    frames = st.frames
    node, i = frames[at + A], frames[at + I]
    count, level = edges_of(st, node), level_of(st, node)
    if frames[at + FIRST] == UNKNOWN:
        frames[at + FIRST] = st.now[EDGES]
    if frames[at + RUN] == REBUILD_BACK:
        add_edge(st, value_of(st, node, count, i), st.now[ANSWER])
        i += 1
    while i < count:
        child = child_of(st, node, i)
        saturated = child if child < 2 else np.int64(st.pool[child + 2])
        if saturated == 0:
            frames[at + I], frames[at + RUN] = i, REBUILD_BACK
            push(st, REBUILD, child, 0)
            return
        add_edge(st, value_of(st, node, count, i), saturated)
        i += 1
    made = node_with(st, ln, level, frames[at + FIRST])
    saturated = np.int64(st.pool[made + 2])
    if saturated == 0:
        frames[at + RUN] = REBUILT
        push(st, PICK, made, 0)
        return
    st.pool[node + 2] = saturated
    pop(st, saturated)
