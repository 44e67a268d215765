"""Steps of unions, of images under events, and of selecting states: see `checker.symbolic.machine`."""

from __future__ import annotations

import numpy as np

from ..native.loop.compiled import inlined
from ..native.loop.atomic import address, prefetch
from .frames import (
    A, AT, B, EDGE, FIRE, FIRE_BACK, FIRST, GROUP, GROUP_SATURATED, GROUP_UNION_BACK, I, J, LOW, MANY, NONE, PICK,
    RESULT, RUN, SELECT, SELECTED, SELECT_BACK, UNION, UNION_BACK, UNKNOWN, add_edge, add_part, add_result, pop,
    push, written,
)  # fmt: skip
from .learning import LEAF, lookup
from .store import (
    ANSWER, EDGES, FIRES, FIRE_HITS, LISTS_END, PARTS, RESULTS, UNIONS, UNION_HITS, child_of, edges_of, has,
    level_of, mixed, node_with, pair, value_of,
)  # fmt: skip

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
