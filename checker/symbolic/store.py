"""How a diagram is kept: nodes of one pool, each once, and what is known of each.

A node is a run of 32-bit words in `pool`; its number is where it begins:

    EDGES | LEVEL << 16 | MARK     how many edges, at which level of the diagram
    MASK                           which events cross it: a number of an interned set (see `mask_of`)
    SATURATED                      the node that holds its states and all that events below lead to; 0: unknown
    children, one word each        in the order of their values
    values, half a word each       numbers of values of the level's component, ascending

Node 0 is the empty set, node 1 what is below the last level.  Every path passes every level (the diagram is
quasi-reduced), so that a node alone says which states it stands for; equal nodes are one node, by `table`.

Events are what may move: all this file needs to know of them is the set of those that some value of a
process instance below a node stands for, and which of them reach above the node ("cross" it).

Compiled by Numba.  Beware of int64 mixed with uint64 here: together they would make a float.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from ..native.loop.compiled import compiled, compiled_nogil
from .learning import lookup

# What the machine works on.  pool, halves: the nodes, as words and as half words; table: hash << 32 | node;
# free: first of the free runs for each number of edges; masks ...: interned sets; cache: what `fire` and `union`
# found, two words an entry; lists: results of `fire` with several parts; frames ...: stacks; now: see below.
Store = namedtuple(
    "Store",
    "pool halves table free masks mask_table mask_unions mask_cuts fires unions lists frames "
    "result_outcome result_node part_outcome part_value part_node edge_value edge_child "
    "row_value row_child row_dirty stack now",
)

# Of `now`: sizes, tops of stacks, counters, and when to stop.
(
    POOL_END, LIVE, MADE, MASKS, MASK_WORDS, LISTS_END, FRAMES, RESULTS, PARTS, EDGES, ROWS, ANSWER, FAILED,
    FIRES, FIRE_HITS, UNIONS, UNION_HITS, SATURATIONS, LIVE_LIMIT, POOL_LIMIT, LISTS_LIMIT, BUDGET, STACK,
) = range(23)  # fmt: skip
NOW = 32

HEADER = 3  # words of a node before its edges
MARK, FREE = np.uint32(1 << 31), np.uint32(1 << 30)
COUNT_BITS, LEVEL_BITS = np.uint32(0xFFFF), np.uint32(0x3FFF)
SIXTEEN, LOW, HALF = np.uint32(16), np.uint64(0xFFFFFFFF), np.uint64(32)
ZERO64, ONE64 = np.uint64(0), np.uint64(1)
MULTIPLIER, SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)
SIX, LOW_SIX = np.uint64(6), 63


@compiled
def edges_of(st, node):
    """How many edges a node has."""
    return np.int64(st.pool[node] & COUNT_BITS)


@compiled
def level_of(st, node):
    return np.int64((st.pool[node] >> SIXTEEN) & LEVEL_BITS)


@compiled
def child_of(st, node, edge):
    return np.int64(st.pool[node + HEADER + edge])


@compiled
def value_of(st, node, count, edge):
    """The value of an edge of a node with `count` edges."""
    return np.int64(st.halves[2 * (node + HEADER + count) + edge])


@compiled
def words_of(count):
    """The size of a node with so many edges."""
    return HEADER + count + ((count + 1) >> 1)


@compiled
def mixed(x):
    """A hash of 64 bits."""
    x = (x ^ (x >> HALF)) * MULTIPLIER
    x = (x ^ (x >> SHIFT)) * MULTIPLIER
    return x ^ (x >> HALF)


@compiled
def pair(one, other):
    """Two numbers of 32 bits as one."""
    return np.uint64(one) << HALF | np.uint64(other)


# ------------------------------------------------------------------ masks


@compiled
def mask_hash(st, at):
    """Of the set at masks[at]; words that are zero do not matter, so that sets may be made wider."""
    h = ZERO64
    for w in range(st.now[MASK_WORDS]):
        word = st.masks[at + w]
        if word != ZERO64:
            h += mixed(word + np.uint64(w))
    return mixed(h)


@compiled
def intern_mask(st):
    """The number of the set behind the last one, which is kept if it is new."""
    words, number = st.now[MASK_WORDS], st.now[MASKS]
    at, last = number * words, np.uint64(len(st.mask_table) - 1)
    slot = mask_hash(st, at) & last
    while st.mask_table[slot] != 0:
        other = np.int64(st.mask_table[slot]) - 1
        same = True
        for w in range(words):
            if st.masks[other * words + w] != st.masks[at + w]:
                same = False
                break
        if same:
            return other
        slot = (slot + ONE64) & last
    st.mask_table[slot] = number + 1
    st.now[MASKS] = number + 1
    return number


@compiled
def united(st, one, other):
    """The union of two sets of events."""
    if one == other or other == 0:
        return one
    if one == 0:
        return other
    if one > other:
        one, other = other, one
    key = pair(one, other)
    slot = np.int64(mixed(key) & np.uint64((len(st.mask_unions) >> 1) - 1)) * 2
    if st.mask_unions[slot] == key:
        return np.int64(st.mask_unions[slot + 1])
    words, at = st.now[MASK_WORDS], st.now[MASKS] * st.now[MASK_WORDS]
    for w in range(words):
        st.masks[at + w] = st.masks[one * words + w] | st.masks[other * words + w]
    found = intern_mask(st)
    st.mask_unions[slot], st.mask_unions[slot + 1] = key, np.uint64(found)
    return found


@compiled
def cut(st, ln, mask, level):
    """The events of a set that reach above `level` and down to it."""
    if mask == 0:
        return 0
    key = pair(mask, level)
    slot = np.int64(mixed(key) & np.uint64((len(st.mask_cuts) >> 1) - 1)) * 2
    if st.mask_cuts[slot] == key:
        return np.int64(st.mask_cuts[slot + 1])
    words, at = st.now[MASK_WORDS], st.now[MASKS] * st.now[MASK_WORDS]
    for w in range(words):
        st.masks[at + w] = st.masks[mask * words + w] & ln.crossing[level, w]
    found = intern_mask(st)
    st.mask_cuts[slot], st.mask_cuts[slot + 1] = key, np.uint64(found)
    return found


@compiled
def single(st, event):
    """The set of one event."""
    words, at = st.now[MASK_WORDS], st.now[MASKS] * st.now[MASK_WORDS]
    for w in range(words):
        st.masks[at + w] = ZERO64
    st.masks[at + (event >> 6)] = ONE64 << np.uint64(event & LOW_SIX)
    return intern_mask(st)


@compiled
def has(st, mask, event):
    """Is the event in the set?"""
    word = st.masks[mask * st.now[MASK_WORDS] + (event >> 6)]
    return (word >> np.uint64(event & LOW_SIX)) & ONE64 != ZERO64


@compiled
def mask_of(st, ln, level, first, count):
    """The events that cross a node with the edges [first, first + count) of the stack."""
    mask, last = 0, -1
    process = ln.event_of[level]
    for edge in range(first, first + count):
        below = np.int64(st.pool[np.int64(st.edge_child[edge]) + 1])
        if below != last:
            mask, last = united(st, mask, below), below
        if process >= 0:
            event = lookup(ln, process, np.int64(st.edge_value[edge]))
            if event > 0:
                own = np.int64(ln.event_mask[event - 1])
                if own < 0:
                    own = single(st, event - 1)
                    ln.event_mask[event - 1] = own
                mask = united(st, mask, own)
    return cut(st, ln, mask, level)


# ------------------------------------------------------------------ nodes


@compiled
def edges_hash(st, level, first, count):
    h = np.uint64(level * 65536 + count)
    for edge in range(first, first + count):
        h = (h ^ pair(st.edge_value[edge], st.edge_child[edge])) * MULTIPLIER
        h ^= h >> SHIFT
    return mixed(h)


@compiled
def node_hash(st, node):
    """The same of a node's own edges."""
    count = edges_of(st, node)
    h = np.uint64(level_of(st, node) * 65536 + count)
    for edge in range(count):
        h = (h ^ pair(value_of(st, node, count, edge), child_of(st, node, edge))) * MULTIPLIER
        h ^= h >> SHIFT
    return mixed(h)


@compiled
def is_node(st, node, level, first, count):
    """Does `node` have these edges?"""
    if np.int64(st.pool[node] & ~MARK) != level << 16 | count:
        return False
    values = 2 * (node + HEADER + count)
    for edge in range(count):
        if st.pool[node + HEADER + edge] != st.edge_child[first + edge]:
            return False
        if st.halves[values + edge] != st.edge_value[first + edge]:
            return False
    return True


@compiled
def node_with(st, ln, level, first):
    """The node with the edges from `first` to the top of the stack, which are taken off it; 0 if there are none."""
    count = st.now[EDGES] - first
    st.now[EDGES] = first
    if count == 0:
        return 0
    hashed = edges_hash(st, level, first, count)
    tag, last = hashed >> HALF, np.uint64(len(st.table) - 1)
    slot = hashed & last
    while st.table[slot] != ZERO64:
        entry = st.table[slot]
        if entry >> HALF == tag and is_node(st, np.int64(entry & LOW), level, first, count):
            return np.int64(entry & LOW)
        slot = (slot + ONE64) & last
    mask = mask_of(st, ln, level, first, count)
    node = room_for(st, count)
    st.pool[node], st.pool[node + 1], st.pool[node + 2] = level << 16 | count, mask, 0
    values = 2 * (node + HEADER + count)
    for edge in range(count):
        st.pool[node + HEADER + edge] = st.edge_child[first + edge]
        st.halves[values + edge] = st.edge_value[first + edge]
    st.table[slot] = tag << HALF | np.uint64(node)
    st.now[LIVE] += 1
    st.now[MADE] += 1
    return node


@compiled
def room_for(st, count):
    """Where a node with so many edges may begin."""
    node = st.free[count]
    if node != 0:
        st.free[count] = np.int64(st.pool[node + 1])
        return node
    node = st.now[POOL_END]
    st.now[POOL_END] = node + words_of(count)
    return node


@compiled_nogil
def rebuild_table(st):
    """Enter all nodes of the pool into a new, empty table."""
    last, node = np.uint64(len(st.table) - 1), first_node()
    while node < st.now[POOL_END]:
        if st.pool[node] & FREE == 0:
            hashed = node_hash(st, node)
            slot = hashed & last
            while st.table[slot] != ZERO64:
                slot = (slot + ONE64) & last
            st.table[slot] = (hashed >> HALF) << HALF | np.uint64(node)
        node += words_of(edges_of(st, node))


@compiled
def first_node():
    """Where nodes begin in the pool, behind the two terminal ones."""
    return 2 * HEADER + 2
