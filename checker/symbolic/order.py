"""The order of the components in a diagram, and which of them are one level.

An event's image is made between the highest and the lowest level that it touches, so an order is good if the
events span few levels: the sum of the spans of all events tells an order's work well (decision 110).  It is
made small by simulated annealing, on the events of a small bound, which are most of those of larger ones.

Then adjacent components are made one level where that hardly makes more edges: there are fewer nodes on
every path.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np

from ..base import disk_cache
from .components import Components, Order
from .diagram import Stopped
from .layers import Layers
from .steps import LearntSteps
from .walk import shapes

SAMPLE_BOUND = 2  # operations of the sample from which events are taken
SAMPLE_WORK = 400_000  # steps of the machine that the sample may take
ROUNDS, MOVES = 4, 6_000  # of annealing; the best of the rounds is taken
HEAT = 0.02  # in the beginning a sum of spans that is greater by this share is often accepted
JOINED = 0.65  # edges of a joined level, as a share of those of the two, up to which they are joined
JOININGS = 2  # how often neighbours are joined


def order_of(steps: LearntSteps, bound: int, memory: int) -> Order:
    """An order for the layers up to `bound`; as the program has it if these are few.  From the disk if the same program
    was asked about before."""
    place = _place(steps.components)
    kept = disk_cache.read(place) if place else None
    if kept is not None and fits(order := json.loads(kept), steps.components):
        return order
    order = _found(steps, bound, memory)
    if place:
        disk_cache.write(place, json.dumps(order).encode())
    return order


def _place(components: Components) -> Path | None:
    """Where the order of a program is kept; None if what it was made from cannot be told (`checker.compile.cache`)."""
    digest = components.program.digest
    if not digest:
        return None
    split = hashlib.sha256("\0".join(part.name for part in components.parts).encode()).hexdigest()[:16]
    return disk_cache.cache_dir() / f"{digest}-{split}.order"


def fits(order: Order, components: Components) -> bool:
    """Does every part have its place, and every process a level of its own?"""
    if sorted(part for group in order for part in group) != [*range(len(components.parts))]:
        return False
    return all(len(group) == 1 or all(components.parts[part].actor is None for part in group) for group in order)


def _found(steps: LearntSteps, bound: int, memory: int) -> Order:
    order: Order = [[part] for part in range(len(steps.components.parts))]
    first = _Sample(steps, order, min(bound, SAMPLE_BOUND), memory)
    if first.whole and bound <= SAMPLE_BOUND:
        return order
    order = [[part] for part in arranged(first.spans(), len(order))]
    for _ in range(JOININGS):
        sample = _Sample(steps, order, min(bound, SAMPLE_BOUND), memory)
        pairs = sample.pairs()
        if not pairs:
            break
        order = joined(order, pairs)
    return order


class _Sample:
    """The first layers under an order.  whole: they were made to the end."""

    def __init__(self, steps: LearntSteps, order: Order, bound: int, memory: int) -> None:
        self.components, self.order, self.layer, self.whole = steps.components, order, 0, True
        self.layers = Layers(steps, memory, self._look, order)
        try:
            for layer, _ in self.layers.layers(bound):
                self.layer = layer
        except Stopped:
            self.whole = False

    def _look(self) -> str:
        return "states" if self.layers.diagram.steps > SAMPLE_WORK else ""

    def spans(self) -> list[list[int]]:
        """The parts that each event touches."""
        return [[part for level in event.levels for part in self.order[level]] for event in self.layers.relations.events]

    def pairs(self) -> list[int]:
        """Levels to be joined with the next one."""
        diagram, levels = self.layers.diagram, self.components.levels
        counts, edges, paths = (np.zeros(len(levels) + 1, np.int64) for _ in range(3))
        shapes(diagram.st, diagram.numbered(self.layer)[0], counts, edges, paths)
        shares = [
            (paths[k] / (edges[k] + edges[k + 1]), k)
            for k in range(len(levels) - 1) if levels[k].actor is None and levels[k + 1].actor is None and edges[k]
        ]  # fmt: skip
        chosen: set[int] = set()
        for share, k in sorted(shares):
            if share <= JOINED and not {k - 1, k, k + 1} & chosen:
                chosen.add(k)
        return sorted(chosen)


def joined(order: Order, pairs: Sequence[int]) -> Order:
    """`order` with these levels joined with the next ones."""
    found, level = [], 0
    while level < len(order):
        take = 2 if level in pairs else 1
        found.append([part for group in order[level : level + take] for part in group])
        level += take
    return found


def arranged(spans: Sequence[Sequence[int]], count: int) -> list[int]:
    """An order of `count` parts in which the sets of parts `spans` reach over few places."""
    if count < 3 or not spans:
        return list(range(count))
    widest = max(len(span) for span in spans)
    table = np.array([[*span, *[span[0]] * (widest - len(span))] for span in spans])
    found = [_annealed(table, count, Random(seed)) for seed in range(ROUNDS)]
    return min(found)[1]


def _annealed(table: np.ndarray, count: int, random: Random) -> tuple[int, list[int]]:
    current = list(range(count))
    cost = _cost(table, current)
    best = cost, current
    for move in range(MOVES):
        heat = HEAT * (1 - move / MOVES) ** 2 + 1e-9
        other = current[:]
        part = other.pop(random.randrange(count))
        other.insert(random.randrange(count), part)
        changed = _cost(table, other)
        if changed <= cost or random.random() < math.exp(-math.log(changed / cost) / heat):
            current, cost = other, changed
            best = min(best, (cost, current))
    return best


def _cost(table: np.ndarray, order: list[int]) -> int:
    """The sum of the spans."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    places = place[table]
    return int((places.max(1) - places.min(1) + 1).sum())
