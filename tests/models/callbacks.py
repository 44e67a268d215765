"""A walk that hands each item to a callback: a function pointer, and the `void *data` that goes with it.

Each of two walkers visits all items, one step each, and then adds up: (ITEMS + 2) ** 2 states and
2 * (ITEMS + 1) * (ITEMS + 2) transitions, whatever the callback.
"""

from checker.lang import Flag, Range, Record, Struct, atomic, baseline, constant, drop, invariant, override, primitive
from checker.lang import process, reachable, replace, scenario, variant

ITEMS = constant(3, "items to visit")
Position = Range(0, ITEMS)


class Item(Struct, count=ITEMS):
    """Something to visit."""

    visited = Flag("visited")


class Total(Struct):
    """What all walkers have found."""

    sum = Range(0, 8 * ITEMS, "sum")


class Counter(Record):
    """How many there were."""

    found = Range(0, ITEMS, "found")


class Scale(Record):
    """What they weigh."""

    found = Range(0, 4 * ITEMS, "found")
    unit = Range(1, 2, "weight of each", init=2)


@primitive()
def visit(item: Item):
    """The item has been visited."""
    item.visited = True


def count(item: Item, counter: Counter):
    """Count an item."""
    visit(item)
    counter.found += 1


def weigh(item: Item, scale: Scale):
    """Add the weight of an item."""
    visit(item)
    scale.found += scale.unit


def walk(data: Record):
    """Visit all items, whatever is done with each, and add up."""
    i: Position = 0
    while i < ITEMS:
        count(Item[i], data)
        i += 1
    with atomic("the sum"):
        Total[0].sum += data.found


def walk_back(data: Record):
    """Visit all items, the last one first, and add up."""
    i: Position = ITEMS
    while i > 0:
        i -= 1
        weigh(Item[i], data)
    with atomic("the sum"):
        Total[0].sum += data.found


def count_all():
    """Walk with a counter."""
    counter = Counter()
    walk(counter)


def weigh_all():
    """Walk with a scale."""
    scale = Scale()
    walk(scale)


counting = baseline("Items are counted.")
weighing = baseline("Items are weighed.", replace(count, by=weigh, inside=walk))
backwards = variant("From behind.", override(walk, by=walk_back), of=weighing)
careless = variant("The items are passed by.", drop(count, inside=walk), of=weighing)
unseen = variant("Items are weighed and not visited.", drop(visit, inside=weigh), of=weighing)
counters = scenario("Two that count.", process("walker", count_all, count=2), of=counting)
scales = scenario("Two that weigh.", process("walker", weigh_all, count=2), of=weighing)


@reachable(of=counting)
def both_have_counted():
    """The sum is that of two walkers, each item once."""
    return Total[0].sum == 2 * ITEMS


@reachable(of=weighing)
def both_have_weighed():
    """The sum is that of two walkers, each item twice."""
    return Total[0].sum == 4 * ITEMS


@invariant(witness=both_have_counted, of=counting)
def no_item_counts_twice():
    """Nothing is counted more than once by a walker."""
    return Total[0].sum <= 2 * ITEMS
