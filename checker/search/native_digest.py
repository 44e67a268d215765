"""The digest of all states of a native search (`checker.search.digest`), column by column."""

from __future__ import annotations

import numpy as np

from ..native.layout import Layout
from .digest import KEYS, STRIDE, shown
from .store import Store


def digest_of(store: Store, layout: Layout) -> str:
    """The same as `digest` of all unpacked states."""
    values = {}  # of the labels: they say which locals are dead
    labels = {layout.slots.pc(n, i) for n, p in enumerate(layout.program.processes) for i in range(p.instances)}
    cells = {slot: (lo, word, shift, mask) for slot, lo, word, shift, mask in layout.cells}
    sums = np.zeros((len(KEYS), store.count()), np.uint64)
    dead = _dead_labels(layout)
    for slot in sorted(range(layout.slots.size), key=lambda slot: slot not in labels):
        column = np.full(store.count(), layout.slots.lo[slot], np.int64)
        if slot in cells:
            lo, word, shift, mask = cells[slot]
            column = (store.words_at(word, 1) >> np.uint64(shift) & np.uint64(mask)).astype(np.int64) + lo
        if slot in labels:
            values[slot] = column
        if slot in dead:
            label, where = dead[slot]
            column = np.where(np.isin(values[label], where), layout.slots.lo[slot], column)
        for number, key in enumerate(KEYS):
            sums[number] += _mixed(column.astype(np.uint64) + np.uint64((key + slot * STRIDE) & (1 << 64) - 1))
    return shown([int(_mixed(one).sum(dtype=np.uint64)) for one in sums])


def _dead_labels(layout: Layout) -> dict[int, tuple[int, list[int]]]:
    """For each slot of a local that is dead somewhere: the slot of its label, and at which labels."""
    found: dict[int, tuple[int, list[int]]] = {}
    for index, process in enumerate(layout.program.processes):
        for instance in range(process.instances):
            pc = layout.slots.pc(index, instance)
            for label, variables in enumerate(layout.dead[process.name]):
                for variable in variables:
                    first = layout.slots.at(variable.name, 0, instance)
                    for slot in range(first, first + variable.count):
                        found.setdefault(slot, (pc, []))[1].append(label)
    return found


def _mixed(numbers: np.ndarray) -> np.ndarray:
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
