"""How the search loop keeps states: each once, in rows with parents and an exact index.

States are rows of W words in one array that only grows; a row's number is the state's
number.  `parents` holds the state that each was first reached from.  The index is a table
with open addressing, linear probing from the top bits of the hash; 0 is an empty entry:

* `values`, for states of one word with a bit to spare (`inline`): an entry is the state + 1;
* `numbers` else: with 2^b entries, the low b bits of an entry are the state's number + 1, the
  others are those of the hash's low half, whose disagreement saves a look at the state.
  Where they agree the whole state is compared, so the set is exact.

Large states are `folded`: a row is not the state but the root of a tree (`checker.native.loop.fold`),
one word, with an index of `numbers`, because they are kept to save memory.

Successors go through in batches: generate, hash, drop those seen a moment ago, and ask the
memory for their table entries; by the time that they are looked up the entries have come.

Any number of threads may expand the same frontier.  They take pieces of it, and reserve rows
in chunks, by atomic additions; an entry of the table is claimed by compare-and-swap, after
the row that it names is written.

Compiled by Numba, once for all programs: the step function is called through its address.
Beware of int64 mixed with uint64 here: together they would make a float.  Without `_nrt=False`
Numba counts references to the arrays, atomically, in the innermost loops: half of the speed.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from .. import hash as native_hash
from .atomic import add_atomic, address, call_judge, call_sift, claim_number, claim_value, prefetch
from .compiled import compiled, compiled_nogil
from .fold import begin_fold, finish_fold, forget

# What all threads share: a space of states and the numbers below.
Space = namedtuple("Space", "rows parents values numbers shared tree")
NEXT, FRONTIER_END, ROWS, ROW_LIMIT, STOP = range(5)  # of `shared`

# What one thread owns.  out: successors, W words each; hashes, origin: theirs; recent: states
# that were looked up lately; info: see native.Info; folder: see native_fold.
Worker = namedtuple("Worker", "out hashes origin recent info own folder")
ROW, ROW_END, AT, AT_END, TRANSITIONS, PASSED = range(6)  # of `own`

# The program: addresses of its functions (judge 0: nothing to judge), the words of a state and of
# a row, and where the records of `info` are.
Code = namedtuple("Code", "step judge sift words row inline folded records record")

PIECE = 256  # states of the frontier that a thread takes at a time
CHUNK = 128  # rows that a thread reserves at a time
BATCH = 512  # successors that are looked up together, if there are as many
NO_PARENT = (1 << 32) - 1

ZERO, ONE, LOW, HIGH_SHIFT = np.uint64(0), np.uint64(1), np.uint64(0xFFFFFFFF), np.uint64(32)
MIX, KEYS = np.uint64(native_hash.MIX), np.array(native_hash.KEYS, np.uint64)
RECENT, RECENT_MASK = native_hash.RECENT, np.uint64(native_hash.RECENT - 1)

# ------------------------------------------------------------- small steps


@compiled
def hash_of(states, at, words):
    """Hash of the state at states[at] (`checker.native.hash`); its top bits choose the place in the table."""
    value = ZERO
    for w in range(words):
        word = states[at + w]
        value += (word ^ (word >> HIGH_SHIFT)) * KEYS[w & 63]
        if w & 63 == 63:
            value = (value ^ (value >> HIGH_SHIFT)) * MIX
    return (value ^ (value >> HIGH_SHIFT)) * MIX


@compiled
def tag_of(number, mask):
    """The bits of a hash, or of an entry of `numbers`, that tell states with the same slot apart."""
    return number & LOW & ~mask


@compiled
def same(states, at, others, other_at, words):
    for w in range(words):
        if states[at + w] != others[other_at + w]:
            return False
    return True


@compiled
def copy(states, at, target, target_at, words):
    for w in range(words):
        target[target_at + w] = states[at + w]


@compiled
def note(worker, code, before, state, base):
    """Complete the records from number `before` on: the state, and the successor if there is one."""
    info = worker.info
    for number in range(before, info[0]):
        record = code.records + number * code.record
        info[record + 3] = state
        successor = info[record + 2]
        if successor >= 0:
            for w in range(code.words):
                info[record + 4 + w] = np.int64(worker.out[(base + successor) * code.words + w])


@compiled
def sift(space, worker, code, shift, kept, count, state, state_at):
    """Of `count` successors behind the `kept` first ones keep those not seen a moment ago; how many are
    kept then.  state, state_at: number and address of their parent."""
    folder, start = worker.folder, kept
    kept = call_sift(
        code.sift, state_at, address(worker.out), kept, count, state, address(worker.hashes), address(worker.origin),
        address(worker.recent), address(folder.changes),
    )  # fmt: skip
    if code.folded:
        for number in range(start, kept):
            begin_fold(space.tree, folder, worker.out, number * code.words, number)
    else:
        ask_for(space, worker, shift, start, kept)
    return kept


@compiled
def ask_for(space, worker, shift, first, end):
    """Ask the memory for the entries of the successors first..end-1."""
    numbers_at = address(space.numbers)
    for number in range(first, end):
        prefetch(numbers_at + np.int64(worker.hashes[number] >> shift) * 4)


@compiled
def fold_all(space, worker, shift, kept):
    """Give the first `kept` successors their roots; it is these that are looked up."""
    finish_fold(space.tree, worker.folder, kept)
    for number in range(kept):
        worker.hashes[number] = hash_of(worker.folder.roots, number, 1)
    ask_for(space, worker, shift, 0, kept)


@compiled
def sift_inline(space, worker, code, shift, kept, count, state):
    """`sift` for states of one word.  It has no branch, because none could be predicted."""
    out, recent, hashes, origin = worker.out, worker.recent, worker.hashes, worker.origin
    values_at = address(space.values)
    for number in range(kept, kept + count):
        found = out[number]
        hashed = hash_of(out, number, 1)
        place = hashed & RECENT_MASK
        fresh = recent[place] != found
        recent[place] = found
        out[kept], hashes[kept], origin[kept] = found, hashed, state
        prefetch(values_at + np.int64(hashed >> shift) * 8)
        kept += np.int64(fresh)
    return kept


@compiled
def new_row(space, worker):
    """A row that nobody else has; it is this thread's next one until it moves on."""
    own = worker.own
    if own[ROW] == own[ROW_END]:
        own[ROW] = add_atomic(address(space.shared) + 8 * ROWS, CHUNK)
        own[ROW_END] = own[ROW] + CHUNK
    return own[ROW]


@compiled
def judge_row(worker, code, number, row):
    """Successor `number` is the new state `row`."""
    worker.own[ROW] += 1
    if code.judge:
        before = worker.info[0]
        call_judge(code.judge, address(worker.out) + number * 8 * code.words, address(worker.info))
        if worker.info[0] != before:
            note(worker, code, before, row, 0)


@compiled
def admit_inline(space, worker, code, shift, kept):
    """Look up the first `kept` successors; those that are new become states."""
    rows, values, found = space.rows, space.values, worker.folder.roots
    values_at, mask = address(values), np.uint64(len(values) - 1)
    for number in range(kept):
        entry = found[number] + ONE
        slot = worker.hashes[number] >> shift
        while True:
            there = values[slot]
            if there == 0:
                there = claim_value(values_at + np.int64(slot) * 8, entry)
                if there == 0:
                    row = new_row(space, worker)
                    rows[row] = found[number]
                    space.parents[row] = worker.origin[number]
                    judge_row(worker, code, number, row)
                    break
            if there == entry:
                break
            slot = (slot + ONE) & mask


@compiled
def admit(space, worker, code, shift, kept):
    """Look up the first `kept` successors; those that are new become states."""
    if code.folded:
        fold_all(space, worker, shift, kept)
    rows, numbers, found, width = space.rows, space.numbers, worker.folder.roots, code.row
    numbers_at, rows_at, mask = address(numbers), address(rows), np.uint64(len(numbers) - 1)
    for number in range(kept):
        hashed = worker.hashes[number]
        there = np.uint64(numbers[hashed >> shift])
        if there != 0 and tag_of(there, mask) == tag_of(hashed, mask):
            prefetch(rows_at + np.int64((there & mask) - ONE) * 8 * width)
    for number in range(kept):
        hashed = worker.hashes[number]
        slot, tag = hashed >> shift, tag_of(hashed, mask)
        while True:
            there = np.uint64(numbers[slot])
            if there == 0:
                row = new_row(space, worker)
                copy(found, number * width, rows, row * width, width)
                space.parents[row] = worker.origin[number]
                there = np.uint64(claim_number(numbers_at + np.int64(slot) * 4, np.uint32(tag | np.uint64(row + 1))))
                if there == 0:
                    judge_row(worker, code, number, row)
                    break
            if tag_of(there, mask) == tag and same(rows, np.int64((there & mask) - ONE) * width, found, number * width, width):
                break
            slot = (slot + ONE) & mask


# ------------------------------------------------------- the index as a whole


@compiled_nogil
def begin(space, worker, code, shift, count):
    """Make states of the first `count` rows of `worker.out`, the initial ones, all different."""
    out, words, found = worker.out, code.words, worker.folder.roots
    for number in range(count):
        if code.folded:
            forget(worker.folder, out, number * words)
            worker.folder.changes[number] = ~ZERO
            begin_fold(space.tree, worker.folder, out, number * words, number)
        else:
            worker.hashes[number] = hash_of(found, number * code.row, code.row)
        worker.origin[number] = NO_PARENT
    if code.inline:
        admit_inline(space, worker, code, shift, count)
    else:
        admit(space, worker, code, shift, count)


@compiled_nogil
def index_rows(space, worker, code, shift, first, last):
    """Enter the rows first..last-1, all different, into a new table."""
    rows, values, numbers, words, hashes = space.rows, space.values, space.numbers, code.row, worker.hashes
    size = 8 if code.inline else 4
    table_at, mask = address(values) if code.inline else address(numbers), np.uint64(2 ** (64 - np.int64(shift)) - 1)
    for start in range(first, last, BATCH):
        count = min(BATCH, last - start)
        for number in range(count):
            hashes[number] = hash_of(rows, (start + number) * words, words)
            prefetch(table_at + np.int64(hashes[number] >> shift) * size)
        for number in range(count):
            row, slot = start + number, hashes[number] >> shift
            if code.inline:
                entry = rows[row] + ONE
                while values[slot] != 0 or claim_value(table_at + np.int64(slot) * 8, entry) != 0:
                    slot = (slot + ONE) & mask
            else:
                short = np.uint32(tag_of(hashes[number], mask) | np.uint64(row + 1))
                while numbers[slot] != 0 or claim_number(table_at + np.int64(slot) * 4, short) != 0:
                    slot = (slot + ONE) & mask


@compiled
def move_row(space, code, shift, row, target):
    """Give the state `row` the number `target`, which no state has."""
    rows, numbers, words = space.rows, space.numbers, code.row
    copy(rows, row * words, rows, target * words, words)
    space.parents[target] = space.parents[row]
    if not code.inline:
        mask, hashed = np.uint64(len(numbers) - 1), hash_of(rows, row * words, words)
        tag, slot = tag_of(hashed, mask), hashed >> shift
        while np.uint64(numbers[slot]) != tag | np.uint64(row + 1):
            slot = (slot + ONE) & mask
        numbers[slot] = np.uint32(tag | np.uint64(target + 1))


@compiled_nogil
def close_gaps(space, code, shift, gaps, moved):
    """Fill the gaps between states with the last states, so that every number is used; how many moved.

    gaps: first and end of each, in ascending order.  moved: gets the old and the new number of
    each state that moved."""
    end, low, high, count = space.shared[ROWS], 0, len(gaps) - 1, 0
    while low <= high:
        if gaps[high, 1] == end:
            end = gaps[high, 0]
            high -= 1
        else:
            end -= 1
            target = gaps[low, 0]
            move_row(space, code, shift, end, target)
            moved[count, 0], moved[count, 1] = end, target
            count += 1
            gaps[low, 0] += 1
            low += gaps[low, 0] == gaps[low, 1]
    space.shared[ROWS] = end
    return count
