"""What of the model a row of the table runs: a mutant of a step that it never takes cannot be noticed there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..base import disk_cache
from ..ir.program import Block, If, Program, Stmt
from ..search.exploration import Limits, interruptible
from ..search.native import Search
from .same import hash_of, plain

Line = tuple[str, int]  # file and line


@dataclass(frozen=True)
class Survey:
    """A row's program without a mutant.

    digest: of the program, whatever the lines that it comes from.  all, reached: the lines that its
    steps come from, and those of steps at which some process stands in some state.
    """

    digest: str
    all: frozenset[Line]
    reached: frozenset[Line]

    def takes(self, file: str, spans: Iterable[range]) -> bool:
        """Does a step that comes from these lines happen?"""
        return any((file, line) in self.reached for span in spans for line in span)

    def has(self, file: str, spans: Iterable[range]) -> bool:
        """Is there a step that comes from these lines, whether it happens or not?"""
        return any((file, line) in self.all for span in spans for line in span)


def survey(program: Program) -> Survey:
    """Which steps of a program are taken; the search that says so is done once, and kept on the disk."""
    digest = hash_of(plain(program))
    place = disk_cache.cache_dir() / f"{digest}.labels"
    kept = disk_cache.read(place)
    labels = json.loads(kept) if kept is not None else [sorted(one) for one in _labels(program)]
    if kept is None:
        disk_cache.keep(place, json.dumps(labels).encode())
    whole = frozenset(line for p in program.processes for b in p.blocks for line in lines_of(b))
    taken = ((p.blocks[label] for label in there) for p, there in zip(program.processes, labels, strict=True))
    return Survey(digest, whole, frozenset(line for blocks in taken for b in blocks for line in lines_of(b)))


def _labels(program: Program) -> list[set[int]]:
    """For each process the labels at which an instance of it stands in a reachable state."""
    limits = Limits(None, None)
    with interruptible(limits):
        search = Search(program, limits, 1, stop=False, progress=None)
        result = search.run()
    if not result.complete:  # then all may be
        return [{block.label for block in process.blocks} for process in program.processes]
    layout, store = search.layout, search.store
    cells = {slot: (lo, word, shift, mask) for slot, lo, word, shift, mask in layout.cells}
    found = []
    for index, process in enumerate(program.processes):
        labels: set[int] = set()
        for instance in range(process.instances):
            slot = layout.slots.pc(index, instance)
            if slot not in cells:
                labels.add(layout.slots.lo[slot])
                continue
            lo, word, shift, mask = cells[slot]
            column = store.words_at(word, 1) >> np.uint64(shift) & np.uint64(mask)
            labels |= {int(value) + lo for value in np.unique(column)}
        found.append(labels)
    return found


def lines_of(block: Block) -> Iterator[Line]:
    """Where the statements of a step are, and the calls that lead to it."""
    yield from ((frame.pos.file, frame.pos.line) for frame in block.frames)
    yield from _lines(block.body)


def _lines(body: Iterable[Stmt]) -> Iterator[Line]:
    for stmt in body:
        pos = getattr(stmt, "pos", None)
        if pos is not None:
            yield pos.file, pos.line
        if isinstance(stmt, If):
            yield from _lines(stmt.then)
            yield from _lines(stmt.other)
