"""Sets of states as nodes of one diagram: making them, counting them, and having room for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import numpy as np

from ..native.memory import reserve
from . import store as at
from .collect import collect, make_node, move_entries
from .learning import Learnt
from .frames import FIRE, FRAME, REBUILD, ROOM, SELECT, UNION, UNSATURATED
from .machine import run
from .walk import counted, found, numbered

POOL_WORDS = 1 << 32
FIRST_TABLE = 1 << 14
MOST_MASKS = 1 << 24
MASK_CACHE = 1 << 17
SLACK = 1 << 18  # words that one step of the machine may take
BUDGET = 1 << 21  # steps between two looks at limits
SPARE = 64  # nodes that one step of the machine may make
LEAST_FREED = 0.2  # share of the nodes that a collection has to free, or the memory is too small
MEMO = 1 << 22  # pairs of a node and a condition that `find` remembers

EMPTY = 0


class Stopped(Exception):
    """The work was given up: `why` as in `Exploration.stopped_by`."""

    def __init__(self, why: str) -> None:
        self.why = why


class Diagram:
    """The nodes, and the operations on them.

    levels: how many there are.  memory: bytes that nodes and caches may take.  look: called now and then; a reason
    to stop, or "".  roots: nodes that are kept when garbage is collected; use `keep`.
    """

    def __init__(self, levels: int, memory: int, look: Callable[[], str]) -> None:
        self.levels, self.memory, self.look = levels, memory, look
        self.learnt: Learnt | None = None
        self.failure: Callable[[], BaseException | None] = lambda: None
        self.roots: list[int] = []
        self.collections = self.nodes = 0  # nodes: of the set that was counted last
        self.memo = reserve(MEMO, np.uint64)  # of `find`
        pool = reserve(POOL_WORDS, np.uint32)
        table = lambda count, kind=np.uint32: reserve(count, kind)  # noqa: E731
        stack = 1 << 26
        self.st = at.Store(
            pool, pool.view(np.uint16), table(FIRST_TABLE, np.uint64), table(1 << 16, np.int64), table(1 << 30, np.uint64),
            table(1 << 25), table(2 * MASK_CACHE, np.uint64), table(2 * MASK_CACHE, np.uint64), table(2 * FIRST_TABLE, np.uint64),
            table(2 * FIRST_TABLE, np.uint64), table(1 << 32), table(1 << 22, np.int64), *[table(stack) for _ in range(5)],
            table(stack), table(stack), table(stack), table(stack), table(stack, np.uint8), table(1 << 30), np.zeros(at.NOW, np.int64),
        )  # fmt: skip
        self._begin()

    def _begin(self) -> None:
        st, now = self.st, self.st.now
        st.pool[1], st.pool[3] = self.levels << 16, 1
        now[:] = 0
        now[at.POOL_END], now[at.FRAMES] = at.HEADER * 2 + 2, -1
        now[at.MASK_WORDS], now[at.MASKS] = 4, 1  # mask 0 is the empty set
        now[at.LISTS_LIMIT] = (1 << 32) - SLACK
        self._set_limits()

    # ---- operations

    def path(self, values: Sequence[int]) -> int:
        """The set of one state."""
        node = 1
        for level in reversed(range(self.levels)):
            node = self.node(level, [(values[level], node)])
        return node

    def node(self, level: int, edges: Sequence[tuple[int, int]]) -> int:
        """The node with these edges, ascending by value."""
        first = int(self.st.now[at.EDGES])
        for k, (value, child) in enumerate(edges, first):
            self.st.edge_value[k], self.st.edge_child[k] = value, child
        self.st.now[at.EDGES] = first + len(edges)
        return int(make_node(self.st, self.learnt, level, first))

    def union(self, one: int, other: int) -> int:
        if one == other or not other:
            return one
        return self._run(UNION, one, other) if one else other

    def saturated(self, node: int) -> int:
        """The states of `node`, and all that events lead to from them, starts of operations left out."""
        return self._run(REBUILD, node, 0) if node else 0

    def image(self, node: int, relation: int) -> int:
        """What an event makes of the states of `node`; relation: its root."""
        if not node:
            return 0
        results = int(self.st.now[at.RESULTS])
        self._run(FIRE, node, relation, UNSATURATED)
        parts = [int(n) for n in self.st.result_node[results : self.st.now[at.RESULTS]]]
        self.st.now[at.RESULTS] = results
        whole = EMPTY
        with self.keep(*parts):
            for part in parts:
                with self.keep(whole):
                    whole = self.union(whole, part)
        return whole

    def select(self, node: int, relation: int) -> int:
        """The states of `node` that fulfil a condition (its residual), or in which an event cannot be taken (its root)."""
        return self._run(SELECT, node, relation) if node and relation > 1 else node * relation

    def keep(self, *nodes: int) -> _KeptNodes:
        """While it lasts these nodes are not collected."""
        return _KeptNodes(self.roots, nodes)

    def _run(self, what: int, a: int, b: int, plain: int = 0) -> int:
        now, frame = self.st.now, self.st.frames
        now[at.FRAMES] = 0
        frame[:FRAME] = 0
        frame[0], frame[1], frame[2], frame[5] = what, a, b, -1
        now[at.BUDGET], now[at.FAILED], now[at.ANSWER] = BUDGET, 0, 0
        while why := run(self.st, self.learnt, plain):
            if why == ROOM:
                self._make_room()
            elif failure := self.failure():
                raise failure
            elif reason := self.look():
                self._clear()
                raise Stopped(reason)
            now[at.BUDGET] = BUDGET
        return int(now[at.ANSWER])

    def _clear(self) -> None:
        """Give up what the machine is at work on."""
        now = self.st.now
        now[at.FRAMES] = -1
        for top in (at.RESULTS, at.PARTS, at.EDGES, at.ROWS):
            now[top] = 0

    def fail(self) -> None:
        """Have the machine stop."""
        self.st.now[at.FAILED] = 1

    def widen(self, words: int) -> None:
        """Let sets of events have so many words."""
        masks, now = self.st.masks, self.st.now
        count, before = int(now[at.MASKS]), int(now[at.MASK_WORDS])
        wide = np.zeros((count, words), np.uint64)
        wide[:, :before] = masks[: count * before].reshape(count, before)
        masks[: count * words] = wide.ravel()
        now[at.MASK_WORDS] = words

    # ---- room

    @property
    def steps(self) -> int:
        """Images and unions that were made: the work so far."""
        return int(self.st.now[at.FIRES] + self.st.now[at.UNIONS])

    @property
    def live(self) -> int:
        """Nodes that are kept, or not collected yet."""
        return int(self.st.now[at.LIVE])

    def bytes(self) -> int:
        """Memory that nodes and caches take."""
        st, now = self.st, self.st.now
        words = int(now[at.POOL_END] + now[at.LISTS_END])
        return 4 * words + st.table.nbytes + st.fires.nbytes + st.unions.nbytes + 8 * int(now[at.MASKS] * now[at.MASK_WORDS])

    def _set_limits(self, freed: int = 0) -> None:
        """When there will be need for room: the table is half full, or memory is used up.

        freed: nodes that a collection freed; their room is used before the next one."""
        st, now = self.st, self.st.now
        most = len(st.table) // 2 - SPARE
        now[at.LIVE_LIMIT] = min(most, self.live + freed) if freed else most
        left = max(self.memory - self.bytes(), 0) // 4
        end = int(now[at.POOL_END])
        now[at.POOL_LIMIT] = min(end + max(left, end // 50 if freed else 0), POOL_WORDS - SLACK)

    def _make_room(self) -> None:
        """Larger tables, as long as there is memory for them; then a collection."""
        table = self.st.table
        if self.live > len(table) // 2 - SPARE and self.bytes() + 4 * table.nbytes < self.memory:
            self._grow()
            return
        before = self.live
        self.collect()
        if before - self.live < LEAST_FREED * before:
            self._clear()
            raise Stopped("memory")
        self._set_limits(before - self.live)

    def _grow(self) -> None:
        size = 2 * len(self.st.table)
        fires, unions = reserve(2 * size, np.uint64), reserve(size, np.uint64)
        move_entries(self.st.fires, fires)
        move_entries(self.st.unions, unions)
        self.st = self.st._replace(table=reserve(size, np.uint64), fires=fires, unions=unions)
        at.rebuild_table(self.st)
        self._set_limits()

    def collect(self) -> None:
        """Give back the room of nodes that nothing leads to."""
        lists = reserve(1 << 32, np.uint32)
        self.collections += 1
        self.memo = reserve(MEMO, np.uint64)
        collect(self.st, np.array(self.roots, np.int64), lists)
        self.st = self.st._replace(table=reserve(len(self.st.table), np.uint64), lists=lists)
        at.rebuild_table(self.st)

    # ---- asking

    def numbered(self, root: int) -> tuple[np.ndarray, np.ndarray]:
        """The nodes below `root`, children first; and a table of their numbers, for `checker.symbolic.walk`."""
        size = 1 << 12
        path = np.zeros((self.levels + 2, 2), np.int64)
        while True:
            table, nodes = reserve(2 * size, np.uint64), reserve(size, np.uint32)
            count = numbered(self.st, root, table, nodes, path) if root >= 2 else 0
            if count >= 0:
                return nodes[:count], table
            size *= 4

    def count(self, root: int) -> int:
        """How many states a node stands for."""
        if root < 2:
            return root
        nodes, table = self.numbered(root)
        self.nodes = len(nodes)
        low, high = np.zeros(len(nodes), np.uint64), np.zeros(len(nodes), np.uint64)
        counted(self.st, nodes, table, low, high)
        return int(low[-1]) + (int(high[-1]) << 64)

    def find(self, root: int, goal: int) -> list[int] | None:
        """The values of the components in a state below `root` that fulfils a condition (its residual), if there is one."""
        if not root or not goal:
            return None
        if reason := self.look():
            raise Stopped(reason)
        path, depth = np.zeros((self.levels + 1, 3), np.int64), 0
        if goal > 1:
            depth = found(self.st, self.learnt, root, goal, self.memo, path)
            if failure := self.failure():
                raise failure
        return None if depth < 0 else self._values(root, path[:depth, 1])

    def edges(self, node: int) -> list[tuple[int, int]]:
        """The edges of a node: values, and the nodes below them."""
        st, count = self.st, int(self.st.pool[node]) & 0xFFFF
        values, first = 2 * (node + at.HEADER + count), node + at.HEADER
        return [(int(st.halves[values + k]), int(st.pool[first + k])) for k in range(count)]

    def contains(self, root: int, values: Sequence[int]) -> bool:
        """Is the state with these values of the components below `root`?"""
        for value in values:
            root = dict(self.edges(root)).get(value, EMPTY)
            if not root:
                return False
        return True

    def sample(self, root: int, random: Random) -> list[int]:
        """The values of the components in some state below `root`."""
        values = []
        while root > 1:
            value, root = random.choice(self.edges(root))
            values.append(value)
        return values

    def _values(self, root: int, edges: np.ndarray) -> list[int]:
        """The values on the way along these edges, and along the first ones from then on."""
        values, node = [], root
        for level in range(self.levels):
            value, node = self.edges(node)[int(edges[level]) if level < len(edges) else 0]
            values.append(value)
        return values

    def size(self, root: int) -> int:
        """How many nodes there are below a node, itself included."""
        return len(self.numbered(root)[0])


class _KeptNodes:
    def __init__(self, roots: list[int], nodes: Sequence[int]) -> None:
        self.roots, self.nodes = roots, nodes

    def __enter__(self) -> None:
        self.roots += self.nodes

    def __exit__(self, *_: object) -> None:
        del self.roots[len(self.roots) - len(self.nodes) :]
