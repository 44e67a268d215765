"""Symmetry: which processes and which instances of structs are interchangeable, and how states are permuted.

A *class* is a set of identities 0..n-1: the instances of processes, those of structs, or both, where a
process runs once for each instance of the struct.  They are interchangeable (a *scalarset*: Ip and Dill
1996) if every permutation of them is an automorphism of the program; then a state and the one in which two of
them have changed places have the same future, up to the same change.  `symmetry.md` in `reduce` has the proof.  What is asked here:

* Renamed by a transposition of neighbours (these generate all permutations), every block and every property is the
  same text as before (`checker.renaming`), and the set of initial states is the same set.
* A variable that names identities can hold the name of each, and is 0 where it is dead.
* Nothing that belongs to an identity names another one, of any class, and nothing belongs to two.  Then sorting the
  identities by what is theirs, and by who refers to them, gives the same state for all states of an orbit.

A search needs to store one state of each orbit only.  Depths, deadlocks, violations and
witnesses stay what they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import factorial

from . import ir
from .renaming import Carrier, Class, Joins, Off, Renaming, State, Text, identities_at, sort_of_index, sort_of_value
from .slots import Slots

SYMMETRY = "symmetry"  # as results name it


@dataclass(frozen=True)
class Symmetries:
    """classes: what is interchangeable.  off: "symmetry of" the others of which there are several, and why they are not."""

    classes: tuple[Class, ...]
    off: tuple[tuple[str, str], ...]


NONE = Symmetries((), ())


def classes_of(program: ir.Program, starts: Iterable[State]) -> tuple[Class, ...]:
    """The symmetries of `program`, whose initial states are `starts`."""
    return symmetries(program, starts).classes


def symmetries(program: ir.Program, starts: Iterable[State]) -> Symmetries:
    """The symmetries of `program`, whose initial states are `starts`, and why there are no more."""
    found: tuple[Class, ...] = ()
    off: list[tuple[str, str]] = []
    initial, seen = set(starts), set()
    carriers: list[Carrier] = [index for index, process in enumerate(program.processes) if process.instances > 1]
    carriers += [name for name, count in program.structs if count > 1]
    for carrier in carriers:
        if carrier in seen:
            continue
        whole = {carrier}
        try:
            one = _grown(program, whole, initial)
            _require_sortable(program, (*found, one))
            found += (one,)
        except Off as why:
            off.append((symmetry_of(_name(program, carrier)), str(why)))
        seen |= whole
    return Symmetries(found, tuple(off) if carriers else ((SYMMETRY, "nothing has several instances"),))


def symmetry_of(name: str) -> str:
    return f"{SYMMETRY} of {name}"


def _grown(program: ir.Program, carriers: set[Carrier], starts: set[State]) -> Class:
    """The class with these carriers, to which those that must belong to it are added.  Raises Off."""
    size = _count(program, next(iter(carriers)))
    while True:
        processes = tuple(index for index in range(len(program.processes)) if index in carriers)
        one = Class(size, processes, tuple(name for name, _ in program.structs if name in carriers))
        try:
            _require_symmetric(program, one, starts)
            return one
        except Joins as more:
            if more.carrier in carriers or _count(program, more.carrier) != size:
                raise Off(f"used as {_name(program, more.carrier)}") from None
            carriers.add(more.carrier)


def _count(program: ir.Program, carrier: Carrier) -> int:
    return program.processes[carrier].instances if isinstance(carrier, int) else dict(program.structs).get(carrier, 0)


def _name(program: ir.Program, carrier: Carrier) -> str:
    return program.processes[carrier].name if isinstance(carrier, int) else carrier


# ------------------------------------------------------------------ what is asked


def _require_symmetric(program: ir.Program, one: Class, starts: set[State]) -> None:
    """Raise Off unless every permutation of the identities is an automorphism of the program."""
    group = Group(program, (one,))
    if not group.own[0][0]:
        raise Off("nothing is theirs")
    for first in range(one.size - 1):
        order = list(range(one.size))
        order[first], order[first + 1] = first + 1, first
        renaming = Renaming(program, one, order)
        _require_room(program, renaming)
        _require_same_text(program, Text(renaming))
        _require_same_start(group, renaming, starts)


def _require_same_start(group: Group, renaming: Renaming, starts: set[State]) -> None:
    """Raise Off unless the initial states are the same when they are renamed: so what is reachable is made of whole orbits."""
    if {renaming.state(state, group.slots) for state in starts} != starts:
        raise Off("the initial states prefer one")


def _require_room(program: ir.Program, renaming: Renaming) -> None:
    """Raise Off unless variables can hold the name of each identity; a dead local is `lo`, which must name none."""
    for variable in program.variables:
        sort, type_ = sort_of_value(variable), variable.type
        if renaming.moves(sort):
            values = {renaming.value(value, sort) for value in range(type_.lo, type_.hi + 1)}
            if not (min(values) == type_.lo == renaming.value(type_.lo, sort) and max(values) == type_.hi):
                raise Off(f"{variable.name} cannot name each of them")


def _require_same_text(program: ir.Program, text: Text) -> None:
    """Raise Off unless blocks and properties are the same when they are renamed; Joins if more must be."""
    for index, process in enumerate(program.processes):
        for block in process.blocks:
            where = f"in {block.frames[-1].function if block.frames else process.name}()"
            _require_kept(lambda: text.keeps(index, block), "one is preferred", where)
    for prop in program.properties:
        if prop.kind != "leads_to":  # judged without reduction
            _require_kept(lambda: text.keeps_property(prop), "one is named", f"by {prop.name}")


def _require_kept(keeps: Callable[[], bool], why: str, where: str) -> None:
    try:
        same = keeps()
    except Off as found:
        raise Off(f"{found} {where}") from None
    if not same:
        raise Off(f"{why} {where}")


def _require_sortable(program: ir.Program, classes: Sequence[Class]) -> None:
    """Raise Off if what belongs to an identity of these classes names one of them, or belongs to another one too."""
    for variable in program.variables:
        named = any(Renaming(program, one, range(one.size)).moves(sort_of_value(variable)) for one in classes)
        for element in range(variable.count):
            theirs = owners_of(program, classes, variable, element)
            if len(theirs) > 1:
                raise Off(f"{variable.name} belongs to two at once")
            if theirs and named:
                raise Off(f"one is named by what belongs to another, {variable.name}")


def owners_of(program: ir.Program, classes: Sequence[Class], variable: ir.Variable, element: int) -> list[tuple[int, int]]:
    """(class, identity) of those to which an element belongs; of a local of a class's process, (class, -1)."""
    if variable.process is not None:
        runs = [any(program.processes[index].name == variable.process for index in one.processes) for one in classes]
        return [(number, -1) for number, own in enumerate(runs) if own]
    sort = sort_of_index(program, variable)
    return [(number, k) for number, one in enumerate(classes) for k in identities_at(program, one, sort, element)]


# ------------------------------------------------------------------ permuted states


class Group:
    """The permutations of the flat states of `program` that `classes` allow."""

    def __init__(self, program: ir.Program, classes: Sequence[Class]) -> None:
        self.program, self.classes, self.slots = program, classes, Slots(program)
        self.own = [[self._slots_of(one, k) for k in range(one.size)] for one in classes]
        self.values = [self._values_of(one) for one in classes]

    def permuted(self, state: State, orders: Sequence[Sequence[int]]) -> State:
        """`state` with identity k of each class in the place of orders[class][k]."""
        result = list(state)
        for order, own, values in zip(orders, self.own, self.values):
            before = list(result)
            for k, place in enumerate(order):
                for source, target in zip(own[k], own[place]):
                    result[target] = before[source]
            for slot, first in values:
                if 0 <= result[slot] - first < len(order):
                    result[slot] = first + order[result[slot] - first]
        return tuple(result)

    def canonical(self, state: State) -> State:
        """The state that stands for all of the orbit of `state`."""
        return self.permuted(state, self._orders(state))

    def keys(self, state: State) -> list[list[list[int]]]:
        """For each class, by what its identities are sorted: what is theirs, then which slots name them."""
        return [
            [[state[slot] for slot in own[k]] + [state[slot] == first + k for slot, first in values] for k in range(len(own))]
            for own, values in zip(self.own, self.values)
        ]

    def orbit(self, state: State) -> int:
        """How many states differ from `state` in the order of identities alone, itself included."""
        sizes = 1
        for keys in self.keys(state):
            sizes *= factorial(len(keys))
            for alike in Counter(map(tuple, keys)).values():
                sizes //= factorial(alike)
        return sizes

    def _orders(self, state: State) -> list[list[int]]:
        orders = []
        for keys in self.keys(state):
            order = [0] * len(keys)
            for place, k in enumerate(sorted(range(len(keys)), key=lambda k: keys[k])):
                order[k] = place
            orders.append(order)
        return orders

    def _slots_of(self, one: Class, k: int) -> list[int]:
        """The slots that belong to identity k, in an order that is the same for all k."""
        program, slots, found = self.program, self.slots, []
        for index in one.processes:
            found.append(slots.pc(index, k))
            for variable in program.variables:
                if variable.process == program.processes[index].name:
                    found += [slots.at(variable.name, element, k) for element in range(variable.count)]
        for variable in program.variables:
            for element in range(variable.count if variable.process is None else 0):
                if (0, k) in owners_of(program, (one,), variable, element):
                    found.append(slots.at(variable.name, element))
        return found

    def _values_of(self, one: Class) -> list[tuple[int, int]]:
        """The slots that may name an identity, with the value that stands for identity 0."""
        program, slots, found = self.program, self.slots, []
        instances = {p.name: p.instances for p in program.processes}
        for variable in program.variables:
            firsts = names_of(program, one, variable)
            for instance in range(instances.get(variable.process or "", 1)):
                places = [slots.at(variable.name, element, instance) for element in range(variable.count)]
                found += [(place, first) for place in places for first in firsts]
        return found


def names_of(program: ir.Program, one: Class, variable: ir.Variable) -> list[int]:
    """The values of a variable that stand for identity 0 of the class, one for each of its carriers; () if it names none."""
    sort = sort_of_value(variable)
    if sort.kind == "owner":
        return [program.first_self(program.processes[index]) for index in one.processes]
    return [1] if sort.kind == "ref" and sort.of in one.structs else []
