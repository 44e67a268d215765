"""The machine: unions, images under events, and saturation, on a stack of its own.

Four operations call each other to any depth:

* `union` of two nodes of one level;
* `fire` of a relation on a node: what the event makes of its states, as parts (outcome, node), one for
  each outcome on the levels above; the nodes are saturated already;
* `saturate` of a node with saturated children: all that the events that reach no higher than its level lead to;
* `select` of the states of a node that fulfil a condition, or in which an event cannot be taken.

They are steps of one loop, with their variables in frames, because the loop has to be left and entered again: to
make room, to collect garbage, to look at limits.  `RUN` names where a frame goes on.

Saturation after Ciardo, Luettgen and Siminiceanu (2001), with relations that grow on the fly as in Ciardo and Yu (2005).
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled_nogil, inlined
from ..native_atomic import address, lowest_bit, prefetch
from .learning import LEAF, lookup
from .store import (
    ANSWER, BUDGET, EDGES, FAILED, FIRE_HITS, FIRES, FRAMES, LISTS_END, LISTS_LIMIT, LIVE, LIVE_LIMIT, MASK_WORDS, PARTS, POOL_END,
    POOL_LIMIT, RESULTS, ROWS, SATURATIONS, UNION_HITS, UNIONS, ZERO64, child_of, edges_of, has, level_of, mixed, node_with,
    pair, value_of,
)  # fmt: skip

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


# ------------------------------------------------------------------ union


@inlined
def union_known(st, a, b):
    """The union of two nodes if it is known, else UNKNOWN."""
    if a == b or b == 0:
        return a
    if a == 0:
        return b
    if a > b:
        a, b = b, a
    key = pair(a, b)
    slot = np.int64(mixed(key) & np.uint64((len(st.unions) >> 1) - 1)) * 2
    if st.unions[slot] == key:
        st.now[UNION_HITS] += 1
        return np.int64(st.unions[slot + 1])
    return UNKNOWN


@inlined
def union_step(st, ln, at):
    """Go on with a union until a child's is unknown, or to its end."""
    frames = st.frames
    a, b, i, j = frames[at + A], frames[at + B], frames[at + I], frames[at + J]
    if frames[at + FIRST] == UNKNOWN:
        frames[at + FIRST] = st.now[EDGES]
        st.now[UNIONS] += 1
    count_a, count_b = edges_of(st, a), edges_of(st, b)
    if frames[at + RUN] == UNION_BACK:
        add_edge(st, value_of(st, a, count_a, i), st.now[ANSWER])
        i, j = i + 1, j + 1
    while i < count_a or j < count_b:
        value_a = value_of(st, a, count_a, i) if i < count_a else 1 << 20
        value_b = value_of(st, b, count_b, j) if j < count_b else 1 << 20
        if value_a < value_b:
            add_edge(st, value_a, child_of(st, a, i))
            i += 1
        elif value_b < value_a:
            add_edge(st, value_b, child_of(st, b, j))
            j += 1
        else:
            child_a, child_b = child_of(st, a, i), child_of(st, b, j)
            both = union_known(st, child_a, child_b)
            if both == UNKNOWN:
                frames[at + I], frames[at + J], frames[at + RUN] = i, j, UNION_BACK
                push(st, UNION, child_a, child_b)
                return
            add_edge(st, value_a, both)
            i, j = i + 1, j + 1
    answer = node_with(st, ln, level_of(st, a), frames[at + FIRST])
    if a > b:
        a, b = b, a
    key = pair(a, b)
    slot = np.int64(mixed(key) & np.uint64((len(st.unions) >> 1) - 1)) * 2
    st.unions[slot], st.unions[slot + 1] = key, np.uint64(answer)
    pop(st, answer)


# ------------------------------------------------------------------ fire


@inlined
def fire_slot(st, node, relation):
    return np.int64(mixed(pair(node, relation)) & np.uint64((len(st.fires) >> 1) - 1)) * 2


@inlined
def fire_known(st, ln, node, relation, plain):
    """Add the results of `fire` if they are known; were they?  plain: UNSATURATED, or 0."""
    level, event = level_of(st, node), np.int64(ln.rel_event[relation])
    if level <= ln.event_level[event] and (ln.event_starts[event] != 0 or level > ln.event_top[event]):
        if not has(st, np.int64(st.pool[node + 1]), event):
            return True
    slot = fire_slot(st, node, relation | plain)
    if st.fires[slot] != pair(node, relation | plain):
        return False
    st.now[FIRE_HITS] += 1
    found = st.fires[slot + 1]
    outcome, result = found >> np.uint64(32), np.int64(found & LOW)
    if outcome == MANY:
        for k in range(np.int64(st.lists[result])):
            add_result(st, st.lists[result + 1 + 2 * k], st.lists[result + 2 + 2 * k])
    elif outcome != NONE:
        add_result(st, outcome, result)
    return True


@inlined
def take_results(st, ln, at, level, touched, own, value):
    """Turn the results of a child into parts of this node."""
    for k in range(st.frames[at + RESULT], st.now[RESULTS]):
        outcome = np.int64(st.result_outcome[k])
        if touched:
            new = written(ln, level, own, value, outcome)
            add_part(st, ln.outcome_rest[outcome], new, st.result_node[k])
        else:
            add_part(st, outcome, value, st.result_node[k])
    st.now[RESULTS] = st.frames[at + RESULT]


@inlined
def fire_step(st, ln, at, plain):
    """Go on with the edges of a node until a child's image is unknown, or to their end."""
    frames = st.frames
    node, relation, i = frames[at + A], frames[at + B], frames[at + I]
    level, count = level_of(st, node), edges_of(st, node)
    event = np.int64(ln.rel_event[relation])
    touched = level == np.int64(ln.rel_level[relation])
    own = level == np.int64(ln.event_level[event])
    if frames[at + FIRST] == UNKNOWN:
        frames[at + FIRST], frames[at + RESULT] = st.now[PARTS], st.now[RESULTS]
        st.now[FIRES] += 1
        ask_for(st, node, count, relation, plain, touched)
    if frames[at + RUN] == FIRE_BACK:
        take_results(st, ln, at, level, touched, own, value_of(st, node, count, i))
        i += 1
    while i < count:
        child, value, follows = child_of(st, node, i), value_of(st, node, count, i), relation
        if touched:
            if own and lookup(ln, np.int64(ln.event_of[level]), value) != event + 1:
                i += 1
                continue
            follows = lookup(ln, relation, lookup(ln, np.int64(ln.rel_key[relation]), value))
            if follows & LEAF:
                first = np.int64(ln.leaf_at[follows ^ LEAF])
                for k in range(first, first + np.int64(ln.leaf_count[follows ^ LEAF])):
                    outcome = np.int64(ln.leaf_outcomes[k])
                    add_part(st, ln.outcome_rest[outcome], written(ln, level, own, value, outcome), child)
                i += 1
                continue
        if not fire_known(st, ln, child, follows, plain):
            frames[at + I], frames[at + RUN] = i, FIRE_BACK
            push(st, FIRE, child, follows)
            return
        take_results(st, ln, at, level, touched, own, value)
        i += 1
    sort_parts(st, frames[at + FIRST])
    frames[at + RUN], frames[at + AT], frames[at + EDGE] = GROUP, frames[at + FIRST], st.now[EDGES]


@inlined
def sort_parts(st, first):
    """By outcome, then by value.  Shell's sort: mostly there are few parts, nearly in order."""
    count, step = st.now[PARTS] - first, 1
    while 3 * step + 1 < count:
        step = 3 * step + 1
    while step > 0:
        for k in range(first + step, first + count):
            outcome, value, node = st.part_outcome[k], st.part_value[k], st.part_node[k]
            j = k - step
            while j >= first and (st.part_outcome[j] > outcome or (st.part_outcome[j] == outcome and st.part_value[j] > value)):
                st.part_outcome[j + step], st.part_value[j + step], st.part_node[j + step] = (
                    st.part_outcome[j], st.part_value[j], st.part_node[j],
                )  # fmt: skip
                j -= step
            st.part_outcome[j + step], st.part_value[j + step], st.part_node[j + step] = outcome, value, node
        step //= 3


@inlined
def ask_for(st, node, count, relation, plain, touched):
    """Ask the memory for what the edges of a node will need."""
    pool, fires = address(st.pool), address(st.fires)
    for edge in range(count):
        child = child_of(st, node, edge)
        prefetch(pool + 4 * child)
        if not touched:
            prefetch(fires + 8 * fire_slot(st, child, relation | plain))


@inlined
def group_step(st, ln, at, plain):
    """Make a node of the parts with one outcome, one outcome after the other."""
    frames = st.frames
    k, first, level = frames[at + AT], frames[at + EDGE], level_of(st, frames[at + A])
    united = frames[at + RUN] == GROUP_UNION_BACK
    while k < st.now[PARTS]:
        value, part, top = np.int64(st.part_value[k]), np.int64(st.part_node[k]), st.now[EDGES] - 1
        if united:
            st.edge_child[top], united = st.now[ANSWER], False
        elif top >= first and np.int64(st.edge_value[top]) == value:
            both = union_known(st, np.int64(st.edge_child[top]), part)
            if both == UNKNOWN:
                frames[at + AT], frames[at + RUN] = k, GROUP_UNION_BACK
                push(st, UNION, np.int64(st.edge_child[top]), part)
                return
            st.edge_child[top] = both
        else:
            add_edge(st, value, part)
        k += 1
        if k == st.now[PARTS] or st.part_outcome[k] != st.part_outcome[k - 1]:
            node = node_with(st, ln, level, first)
            if plain == 0:
                saturated = np.int64(st.pool[node + 2])
                if saturated == 0:
                    frames[at + AT], frames[at + RUN] = k, GROUP_SATURATED
                    push(st, PICK, node, 0)
                    return
                node = saturated
            add_result(st, st.part_outcome[k - 1], node)
    finish_fire(st, at, plain)


@inlined
def finish_fire(st, at, plain):
    """Keep the results; they stay on the stack for who asked."""
    node, relation, first = st.frames[at + A], st.frames[at + B], st.frames[at + RESULT]
    count = st.now[RESULTS] - first
    if count == 0:
        found = NONE << np.uint64(32)
    elif count == 1:
        found = pair(st.result_outcome[first], st.result_node[first])
    else:
        end = st.now[LISTS_END]
        found = pair(MANY, end)
        st.lists[end] = count
        for k in range(count):
            st.lists[end + 1 + 2 * k], st.lists[end + 2 + 2 * k] = st.result_outcome[first + k], st.result_node[first + k]
        st.now[LISTS_END] = end + 1 + 2 * count
    slot = fire_slot(st, node, relation | plain)
    st.fires[slot], st.fires[slot + 1] = pair(node, relation | plain), found
    st.now[PARTS] = st.frames[at + FIRST]
    pop(st, 0)


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


# ------------------------------------------------------------------ select


@inlined
def follow(st, ln, level, relation, value, child):
    """What a condition, or the question whether an event cannot be taken, is below an edge: 0 never, 1 always, else a map."""
    event = np.int64(ln.rel_event[relation])
    if event >= 0 and np.int64(ln.event_top[event]) <= level < np.int64(ln.event_level[event]):
        if not has(st, np.int64(st.pool[child + 1]), event):
            return 1
    if level != np.int64(ln.rel_level[relation]):
        return relation
    if event < 0:
        return lookup(ln, relation, lookup(ln, np.int64(ln.rel_key[relation]), value))
    if level == np.int64(ln.event_level[event]) and lookup(ln, np.int64(ln.event_of[level]), value) != event + 1:
        return 1
    follows = lookup(ln, relation, lookup(ln, np.int64(ln.rel_key[relation]), value))
    if follows & LEAF:
        return 1 if follows == LEAF else 0
    return follows


@inlined
def select_step(st, ln, at):
    """Keep of a node the states that fulfil a condition, or those in which an event cannot be taken."""
    frames = st.frames
    node, relation, i = frames[at + A], frames[at + B], frames[at + I]
    count, level = edges_of(st, node), level_of(st, node)
    if frames[at + FIRST] == UNKNOWN:
        frames[at + FIRST] = st.now[EDGES]
    if frames[at + RUN] == SELECT_BACK:
        if st.now[ANSWER] != 0:
            add_edge(st, value_of(st, node, count, i), st.now[ANSWER])
        i += 1
    while i < count:
        value, child = value_of(st, node, count, i), child_of(st, node, i)
        follows = follow(st, ln, level, relation, value, child)
        if follows > 1:
            key = pair(child, follows | SELECTED)
            slot = fire_slot(st, child, follows | SELECTED)
            if st.fires[slot] != key:
                frames[at + I], frames[at + RUN] = i, SELECT_BACK
                push(st, SELECT, child, follows)
                return
            child = np.int64(st.fires[slot + 1])
        if follows != 0 and child != 0:
            add_edge(st, value, child)
        i += 1
    answer = node_with(st, ln, level, frames[at + FIRST])
    slot = fire_slot(st, node, relation | SELECTED)
    st.fires[slot], st.fires[slot + 1] = pair(node, relation | SELECTED), np.uint64(answer)
    pop(st, answer)


# ------------------------------------------------------------------ the loop


@compiled_nogil
def run(st, ln, plain):
    """Go on until the stack is empty (DONE), there is need for room (ROOM), or the budget is used up or something
    has failed (STOPPED).  plain: UNSATURATED if what events make is not to be saturated, else 0."""
    now = st.now
    while now[FRAMES] >= 0:
        if now[LIVE] > now[LIVE_LIMIT] or now[POOL_END] > now[POOL_LIMIT] or now[LISTS_END] > now[LISTS_LIMIT]:
            return ROOM
        now[BUDGET] -= 1
        if now[BUDGET] < 0 or now[FAILED] != 0:
            return STOPPED
        at = now[FRAMES] * FRAME
        where = st.frames[at + RUN]
        if where == UNION or where == UNION_BACK:
            union_step(st, ln, at)
        elif where == FIRE or where == FIRE_BACK:
            fire_step(st, ln, at, plain)
        elif where == GROUP or where == GROUP_UNION_BACK:
            group_step(st, ln, at, plain)
        elif where == GROUP_SATURATED:
            add_result(st, st.part_outcome[st.frames[at + AT] - 1], now[ANSWER])
            st.frames[at + RUN] = GROUP
        elif where == PICK:
            pick_step(st, ln, at)
        elif where == EVENTS:
            events_step(st, ln, at)
        elif where == MERGE:
            merge_step(st, ln, at)
        elif where == MERGE_UNION_BACK:
            if np.int64(st.row_child[st.frames[at + OWN]]) != now[ANSWER]:
                change_row(st, at, st.frames[at + OWN], now[ANSWER])
            st.frames[at + AT] += 1
            st.frames[at + RUN] = MERGE
        elif where == REBUILD or where == REBUILD_BACK:
            rebuild_step(st, ln, at)
        elif where == SELECT or where == SELECT_BACK:
            select_step(st, ln, at)
        else:
            st.pool[st.frames[at + A] + 2] = now[ANSWER]
            pop(st, now[ANSWER])
    return DONE
