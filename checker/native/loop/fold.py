"""States of many words kept as one word: a tree of numbered pairs.

In a large state most words are the same as in thousands of other states.  So each word is
entered once into a pool of words and stands for its number there; two numbers make a pair,
which is entered once into a pool of pairs and stands for its number; and so on up to the
root, a pair that is the state's row.  The same pairs come again and again, which makes a row
of one word, and little more, out of states of a hundred bytes.  (The tree database of
Laarman, van de Pol and Weber, SPIN 2011, with pools that can grow.)

Numbering is one to one: states are equal if and only if their roots are.

A successor differs from its parent in few words; only the pairs above those are looked up.  The pools
are large, and a look into them is a wait for memory: so the successors of a batch climb their trees
together, a stage of pairs at a time, whose places are all asked for before the first one is looked at.

The nodes of a tree for W words: 0..W-1 are the words, W + k is pair k, whose children are
the nodes left[k] and right[k]; the last pair is the root.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from .atomic import add_atomic, address, claim_number, lowest_bit, prefetch
from .compiled import compiled, compiled_nogil

# Numbered keys of 64 bits: values[number] is the key; numbers: the index, as in
# `checker.native.loop.visited`; count: next number to be given out, number from which on the pool has to grow
# first, 64 - log2 of the size of the index.
Pool = namedtuple("Pool", "values numbers count")
Tree = namedtuple("Tree", "words pairs left right above stages")

# What one thread needs: roots, changes: of the successors in `Worker.out`, the latter as in
# `checker.native.codegen.sift`, and then the pairs to be looked up, as in `Tree.above`; state: the words of the
# state that is being expanded; known: its nodes' numbers; nodes: those of each successor, 2 W for one;
# taken: the part of each pool that is reserved for this thread (words: next, end; pairs: next, end).
Folder = namedtuple("Folder", "roots changes state known nodes taken")

TAKEN = 256  # numbers of a pool that a thread reserves at a time
LOW, HIGH_SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)
ZERO, ONE, MIX = np.uint64(0), np.uint64(1), np.uint64(0x9E3779B97F4A7C15)


def shape(words: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """`left`, `right`, `above` and `stages` of a balanced tree for states of `words` words (at least 2).

    above: for each word the pairs above it but for the root, bit k % 64 for pair k.  stages: sets of pairs,
    without the root, whose children are all in earlier ones; none if there are more pairs than bits."""
    nodes, left, right = list(range(words)), [], []
    while len(nodes) > 1:
        above = []
        for first, second in zip(nodes[::2], nodes[1::2]):
            above.append(words + len(left))
            left.append(first)
            right.append(second)
        nodes = above + nodes[len(nodes) - len(nodes) % 2 :]
    above = [0] * (2 * words - 1)
    for pair in range(len(left) - 2, -1, -1):
        for child in (left[pair], right[pair]):
            above[child] = above[words + pair] | 1 << pair % 64
    stages, height = [0] * words, [0] * words
    for pair, children in enumerate(zip(left, right)):
        height.append(1 + max(height[child] for child in children))
        stages[height[-1]] |= 1 << pair if pair < min(len(left) - 1, 64) else 0
    used = [stage for stage in stages if stage] if len(left) <= 65 else []
    return (
        np.array(left, np.int64), np.array(right, np.int64), np.array(above[:words], np.uint64),
        np.array(used, np.uint64),
    )  # fmt: skip


def way_to(word: int, left: np.ndarray, right: np.ndarray) -> list[tuple[int, bool]]:
    """From the root down to `word`: the pair that comes next (-1: the word itself), and whether it is the right child."""
    size, node, way = len(left) + 1, word, []
    while node != size + len(left) - 1:
        on_the_right = node in right.tolist()
        pair = (right if on_the_right else left).tolist().index(node)
        way.append((node - size if node >= size else -1, on_the_right))
        node = size + pair
    return way[::-1]


@compiled
def hash_key(key):
    """Of a word or pair; its top bits choose the place in the index."""
    mixed = (key ^ (key >> HIGH_SHIFT)) * MIX
    return (mixed ^ (mixed >> HIGH_SHIFT)) * MIX


@compiled
def number_of(pool, taken, at, key):
    """The number of `key`; a new one, from taken[at]..taken[at + 1], if it has none."""
    values, numbers = pool.values, pool.numbers
    mask, hashed = np.uint64(len(numbers) - 1), hash_key(key)
    slot, tag = hashed >> np.uint64(pool.count[2]), hashed & LOW & ~mask
    while True:
        there = np.uint64(numbers[slot])
        if there == 0:
            if taken[at] == taken[at + 1]:
                taken[at] = add_atomic(address(pool.count), TAKEN)
                taken[at + 1] = taken[at] + TAKEN
            number = np.uint64(taken[at])
            values[number] = key
            there = np.uint64(claim_number(address(numbers) + np.int64(slot) * 4, np.uint32(tag | (number + ONE))))
            if there == 0:
                taken[at] += 1
                return number
        number = (there & mask) - ONE
        if there & LOW & ~mask == tag and values[number] == key:
            return number
        slot = (slot + ONE) & mask


@compiled
def unfold(tree, folder, root):
    """Write the words of a state to folder.state, and its nodes' numbers to folder.known."""
    left, right, state, known = tree.left, tree.right, folder.state, folder.known
    pairs, words, size = tree.pairs.values, tree.words.values, len(folder.state)
    key = root
    for pair in range(len(left) - 1, -1, -1):
        known[left[pair]] = key >> HIGH_SHIFT
        known[right[pair]] = key & LOW
        if pair:
            key = pairs[known[size + pair - 1]]
    for word in range(size):
        state[word] = words[known[word]]


@compiled
def begin_fold(tree, folder, states, at, number):
    """Number the words of the state at states[at], successor `number`; it differs from folder.state in
    the words folder.changes[number]."""
    state, known, nodes = folder.state, folder.known, folder.nodes
    size, first, above = len(state), 2 * len(state) * number, ZERO
    for node in range(2 * size - 2):
        nodes[first + node] = known[node]
    changes = folder.changes[number]
    while changes:
        bit = np.int64(lowest_bit(changes))
        changes &= changes - ONE
        for word in range(bit, size, 64):
            found = states[at + word]
            if found != state[word]:
                nodes[first + word] = number_of(tree.words, folder.taken, 0, found)
                above |= tree.above[word]
    folder.changes[number] = above


@compiled
def pair_of(tree, folder, first, pair):
    """The key of `pair` in the tree whose nodes stand from nodes[first] on."""
    nodes = folder.nodes
    return (nodes[first + tree.left[pair]] << HIGH_SHIFT) | nodes[first + tree.right[pair]]


@compiled
def finish_fold(tree, folder, end):
    """The roots of the successors 0..end-1."""
    size, top, pairs = len(folder.state), len(tree.left) - 1, tree.pairs
    numbers_at, shift = address(pairs.numbers), np.uint64(pairs.count[2])
    for stage in tree.stages:
        for number in range(end):
            some = folder.changes[number] & stage
            while some:
                key = pair_of(tree, folder, 2 * size * number, np.int64(lowest_bit(some)))
                some &= some - ONE
                prefetch(numbers_at + np.int64(hash_key(key) >> shift) * 4)
        for number in range(end):
            some, first = folder.changes[number] & stage, 2 * size * number
            while some:
                pair = np.int64(lowest_bit(some))
                some &= some - ONE
                key = pair_of(tree, folder, first, pair)
                folder.nodes[first + size + pair] = number_of(pairs, folder.taken, 2, key)
    for number in range(end):
        first = 2 * size * number
        if top > 64:  # a bit stands for several pairs
            for pair in range(top):
                if folder.changes[number] >> np.uint64(pair & 63) & ONE:
                    key = pair_of(tree, folder, first, pair)
                    folder.nodes[first + size + pair] = number_of(pairs, folder.taken, 2, key)
        folder.roots[number] = pair_of(tree, folder, first, top)


@compiled
def forget(folder, states, at):
    """Make folder.state a state that has no word in common with the one at states[at]."""
    for word in range(len(folder.state)):
        folder.state[word] = ~states[at + word]


@compiled_nogil
def index_keys(pool, first, last):
    """Enter the keys first..last-1 into a new index."""
    values, numbers = pool.values, pool.numbers
    mask, shift = np.uint64(len(numbers) - 1), np.uint64(pool.count[2])
    for number in range(first, last):
        hashed = hash_key(values[number])
        slot = hashed >> shift
        while numbers[slot] != 0:
            slot = (slot + ONE) & mask
        numbers[slot] = np.uint32((hashed & LOW & ~mask) | np.uint64(number + 1))


@compiled_nogil
def unfold_row(tree, folder, root):
    """`unfold` for callers outside the loop."""
    unfold(tree, folder, root)
