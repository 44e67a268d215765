"""Where the states of a search are kept: rows, parents, index, and the pools of folded states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..native.disk import PIECE, DiskArray
from ..native.layout import FOLDED, Layout
from ..native.loop import fold as native_fold
from ..native.loop import visited
from ..native.memory import apart, reserve

FULLEST = 0.8  # share of a table's entries in use when it grows
CROWDED = 0.93  # the same when there is no memory to grow
MOST_BITS = 32  # of a number in a table
NO_INDEX, NO_STATES = "the index of the states does not fit into memory", "the states do not fit into memory"
# A table grows to four times its size, not twice, up to so many entries (log2), by the bytes of an entry.
SMALL_TABLE = {4: 20, 8: 22}


class OutOfMemory(MemoryError):
    """The next states would not fit; says what has no room."""


class Keys:
    """A pool of numbered words or pairs (`fold.Pool`).  slack: numbers that may be given out
    before the next look."""

    def __init__(self, room: int, slack: int) -> None:
        self.slack = slack
        self.values = reserved(room, np.uint64)
        self.room = min(len(self.values), (1 << MOST_BITS) - 2)
        self.count = apart(3, np.int64)
        self.bits = first_bits(slack)
        self._make_table()

    @property
    def pool(self) -> native_fold.Pool:
        return native_fold.Pool(self.values, self.table, self.count)

    def bytes(self) -> int:
        return 8 * int(self.count[0]) + self.table.nbytes

    def full(self) -> bool:
        return bool(self.count[0] > self.count[1])

    def grow(self, memory: int, unused: Sequence[tuple[int, int]]) -> None:
        """Make a larger table.  memory: bytes that are left; unused: ranges of numbers that stand for nothing."""
        bits = larger(self.bits, 4, memory + self.table.nbytes)
        if not bits:
            raise OutOfMemory(NO_INDEX)
        self.bits, self.table = bits, None
        self._make_table()
        first = 0
        for gap, behind in [*sorted(unused), (int(self.count[0]),) * 2]:
            native_fold.index_keys(self.pool, first, gap)
            first = behind
        if self.full():
            raise OutOfMemory(NO_INDEX)

    def _make_table(self) -> None:
        self.table = reserve(1 << self.bits, np.uint32)
        self.count[1] = min(int(FULLEST * len(self.table)), self.room) - self.slack
        self.count[2] = 64 - self.bits


class Store:
    """States, parents and index of one search.

    limit: bytes of memory that they may take together.  most: successors that one state may
    have; threads: that will add states.  directory: where rows and parents go when they leave
    the index no room; None: nowhere.  words: of a state; row: words of a row.
    inline: whether states of one word may stand in the index itself.
    """

    def __init__(
        self, layout: Layout, limit: int, most: int, threads: int, directory: str | None = None, inline: bool = True
    ) -> None:
        self.words = layout.words
        self.folded = layout.words >= FOLDED
        self.inline = inline and not self.folded and layout.words == 1 and layout.bits < 64
        self.row = 1 if self.folded else layout.words
        self.limit, self.directory = limit, directory
        self.on_disk: tuple[DiskArray, DiskArray] | None = None  # rows and parents, once they are
        self.row_bytes = 8 * self.row + 4
        self.entry = 8 if self.inline else 4  # bytes of an entry of the table
        self.unused = np.zeros(1, np.uint32 if self.inline else np.uint64)
        self.slack = threads * (visited.CHUNK + visited.BATCH + most)  # rows that may come before the next look
        room = min(limit // self.row_bytes, visited.NO_PARENT - 1) + self.slack
        self.rows = reserved(room * self.row, np.uint64)
        room = len(self.rows) // self.row
        self.parents = reserved(room, np.uint32)
        self.room = min(room, len(self.parents))
        self.shared = apart(8, np.int64)
        self.bits = first_bits(self.slack)
        self.keys = self._pools(threads * (native_fold.TAKEN + (visited.BATCH + most) * self.words))
        self.shape = native_fold.shape(max(self.words, 2))
        self._make_table()
        self.reader = self.folder(np.zeros(self.words, np.uint64), 1)

    def _pools(self, slack: int) -> list[Keys]:
        """The pools of words and of pairs; as small as can be if states are not folded."""
        room = self.limit // 8 + slack
        return [Keys(room, slack) if self.folded else Keys(1, 0) for _ in range(2)]

    @property
    def space(self) -> visited.Space:
        values, numbers = (self.table, self.unused) if self.inline else (self.unused, self.table)
        return visited.Space(self.rows, self.parents, values, numbers, self.shared, self.tree)

    @property
    def tree(self) -> native_fold.Tree:
        return native_fold.Tree(*(keys.pool for keys in self.keys), *self.shape)

    @property
    def shift(self) -> np.uint64:
        return np.uint64(64 - self.bits)

    def folder(self, out: np.ndarray, room: int) -> native_fold.Folder:
        """What a thread needs to fold the successors in `out`, `room` of them.  If states are not
        folded its roots are the successors."""
        roots = reserve(room, np.uint64) if self.folded else out
        changes = apart(room if self.folded else 1)
        nodes = apart(2 * self.words), reserve(2 * self.words * room if self.folded else 1, np.uint64)
        return native_fold.Folder(roots, changes, apart(self.words), *nodes, apart(4, np.int64))

    def count(self) -> int:
        """Rows in use."""
        return int(self.shared[visited.ROWS])

    def bytes(self) -> int:
        """Of memory; what is in files is not counted, the system may take it back."""
        pools = sum(keys.bytes() for keys in self.keys) if self.folded else 0
        return self.table.nbytes + pools + (0 if self.on_disk else self.count() * self.row_bytes)

    def disk_bytes(self) -> int:
        return self.count() * self.row_bytes if self.on_disk else 0

    def full(self) -> bool:
        """Has something to grow before the search goes on?"""
        if self.folded:
            self._set_limit()
        return self.count() > self.shared[visited.ROW_LIMIT] or any(keys.full() for keys in self.keys)

    def grow(self, folders: Sequence[native_fold.Folder]) -> None:
        """Make room.  If the table has become another one it is still empty.  folders: of all threads.
        Raises OutOfMemory if the index has no room, DiskFull if the files have none."""
        if self.on_disk and self.count() > self.on_disk[1].allocated - 2 * self.slack:
            self._extend(self.count())
            return
        try:
            self._grow_index(folders)
        except OutOfMemory:
            if not self.spill():
                raise

    def spill(self) -> bool:
        """Move rows and parents to files; False if they are there already, or may not be.  Raises DiskFull."""
        if self.on_disk or self.directory is None:
            return False
        count, room = self.count(), visited.NO_PARENT - 1
        rows = DiskArray(self.directory, self.rows, count * self.row, room * self.row)
        parents = DiskArray(self.directory, self.parents, count, room)
        self.rows, self.parents = rows.values, parents.values
        self.on_disk, self.room = (rows, parents), room
        self._extend(count)
        return True

    def _extend(self, count: int) -> None:
        """Have room in the files for the states that follow `count`."""
        assert self.on_disk is not None
        count += 2 * self.slack + PIECE // self.row_bytes
        for file, words in zip(self.on_disk, (self.row, 1)):
            file.allocate(count * words)
        self._set_limit()

    def _grow_index(self, folders: Sequence[native_fold.Folder]) -> None:
        for number, keys in enumerate(self.keys):
            if keys.full():
                taken = [folder.taken[2 * number : 2 * number + 2].tolist() for folder in folders]
                keys.grow(self.limit - self.bytes(), [(first, end) for first, end in taken])
                return
        bits = larger(self.bits, self.entry, int(0.97 * self.limit) - self.bytes() + self.table.nbytes)
        if bits:
            self.bits = bits
            self.table = None  # the old one goes before the new one comes: states are entered again
            self._make_table()
        else:
            self._crowd()
        if self.count() > self.shared[visited.ROW_LIMIT]:
            raise OutOfMemory(NO_INDEX if self.on_disk else NO_STATES)

    def _crowd(self) -> None:
        """Fill the table further than is good for speed, where that is the last way out."""
        if self.on_disk or self.directory is None:
            self.share = CROWDED
            self._set_limit()

    def state(self, row: int) -> list[int]:
        """The words of a state."""
        if not self.folded:
            return self.rows[row * self.row : (row + 1) * self.row].tolist()
        native_fold.unfold_row(self.tree, self.reader, self.rows[row])
        return self.reader.state.tolist()

    def words_at(self, word: int, step: int) -> np.ndarray:
        """Word number `word` of every `step`-th state."""
        rows = self.rows[: self.count() * self.row]
        if not self.folded:
            return rows[word :: self.row][::step]
        keys, (left, right, *_) = rows[::step], self.shape
        for pair, on_the_right in native_fold.way_to(word, left, right):
            numbers = keys & native_fold.LOW if on_the_right else keys >> native_fold.HIGH_SHIFT
            keys = self.keys[1].values[numbers] if pair >= 0 else self.keys[0].values[numbers]
        return keys

    def _make_table(self) -> None:
        self.table = reserve(1 << self.bits, np.uint64 if self.inline else np.uint32)
        self.share = FULLEST
        self._set_limit()

    def _set_limit(self) -> None:
        """Up to how many rows there is nothing to be done."""
        if self.on_disk:
            by_rows = self.on_disk[1].allocated
        else:
            by_rows = (self.limit - self.bytes() + self.count() * self.row_bytes) // self.row_bytes
        allowed = min(int(self.share * len(self.table)), by_rows, self.room, visited.NO_PARENT - 1)
        self.shared[visited.ROW_LIMIT] = allowed - self.slack


def first_bits(slack: int) -> int:
    """log2 of the entries of the first table; even, so that more threads do not make all later ones larger."""
    bits = max(12, (4 * slack).bit_length())
    return bits + bits % 2


def larger(bits: int, entry: int, memory: int) -> int:
    """log2 of the entries, of `entry` bytes, of the table that follows one with 2 ** bits; 0 if there is none."""
    for more in (2, 1) if bits < SMALL_TABLE[entry] else (1,):
        if bits + more <= MOST_BITS and entry << bits + more <= memory:
            return bits + more
    return 0


def reserved(count: int, dtype: type) -> np.ndarray:
    """As much address space of what is asked for as the system gives."""
    while True:
        try:
            return reserve(count, dtype)
        except MemoryError:
            if count < 1 << 20:
                raise
            count //= 2
