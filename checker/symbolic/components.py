"""The components of a program: the parts of a state that are the levels of its diagram.

A component is a process instance (its label and its locals), an instance of a struct (its fields),
or a variable of its own.  The values of a component are tuples, numbered in the order in which they
are found, so that nothing need be known of domains in advance.

Left out of all components: the count of operations (`checker.symbolic.engine`: operations are layers),
what never changes, and locals that are dead wherever the process stands.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..ir.interpreter import Actor, Interpreter, State
from ..ir.program import OPS_LEFT, Assign, Choose, If, Program, Stmt, Variable
from ..ir.slots import element_name, instance_name

MOST_VALUES = (1 << 16) - 1  # of one component: a number of 16 bits in the diagram
LARGE = 1 << 12  # the values of an array's elements together, from which on each element is a component

Value = tuple[int, ...]
Order = Sequence[Sequence[int]]  # for each level the numbers of its parts; a process instance stands alone


@dataclass
class Component:
    """A part of the state.  slots: where it stands in a flat state (`checker.ir.slots`), the label first if `actor`, the
    process instance that it belongs to, is not None.  values: those found so far, by number."""

    name: str
    slots: list[int]
    actor: Actor | None = None
    values: list[Value] = field(default_factory=list)
    numbers: dict[Value, int] = field(default_factory=dict)

    def number(self, value: Value) -> int:
        """The number of a value, which may be new.  Raises TooManyValues."""
        number = self.numbers.get(value)
        if number is None:
            number = self.numbers[value] = len(self.values)
            if number >= MOST_VALUES:
                raise TooManyValues(self.name)
            self.values.append(value)
        return number


class TooManyValues(Exception):
    """Of the component `name`: it is to be split."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has more than {MOST_VALUES:,} values")
        self.name = name


class Components:
    """The components of `program`, as levels in their order from the top.

    split: names of those that are to be cut into their slots, because they have too many values.

    parts: the components as they are found; a level is one of them, or several that stand together (`arrange`).
    constants: the slots that never change, with their values; base: the value of every slot that is in no
    component, and None elsewhere.  place: for a slot of a component its level and its position there.
    """

    def __init__(self, program: Program, split: Container[str] = ()) -> None:
        self.program, self.split = program, split
        self.interpreter = Interpreter(program)
        self.initial = self.interpreter.initial_states()
        slots = self.interpreter.slots
        self.size = slots.size
        self.operations = slots.at(OPS_LEFT) if OPS_LEFT in program.by_name else -1
        self.constants = self._constants()
        self.parts = [*self._processes(), *self._shared()]
        self.levels = self.parts
        self.base: list[int | None] = list(slots.lo)
        for slot, value in self.constants.items():
            self.base[slot] = value
        for component in self.levels:
            for slot in component.slots:
                self.base[slot] = None
        self._place()

    def arrange(self, order: Order) -> None:
        """Make a level of each group of parts, from the top; forget all values."""
        self.levels = [_joined([self.parts[k] for k in group]) for group in order]
        self._place()

    def _place(self) -> None:
        self.place = {
            slot: (level, position)
            for level, component in enumerate(self.levels)
            for position, slot in enumerate(component.slots)
        }

    def of_state(self, state: State) -> list[int]:
        """The number of the value of each component in a flat state."""
        return [c.number(tuple(state[slot] for slot in c.slots)) for c in self.levels]

    def state(self, values: Sequence[int], operations: int = 0) -> State:
        """The flat state with these values of the components."""
        flat = list(self.base)
        for component, number in zip(self.levels, values, strict=True):
            for slot, value in zip(component.slots, component.values[number], strict=True):
                flat[slot] = value
        if self.operations >= 0:
            flat[self.operations] = operations
        return tuple(v for v in flat if v is not None)

    # ---- what there is

    def _processes(self) -> Iterator[Component]:
        slots = self.interpreter.slots
        for actor in self.interpreter.actors:
            process = self.program.processes[actor.process]
            ever = set().union(*(block.live for block in process.blocks))
            own = [v for v in self.interpreter.locals[process.name] if v.name in ever]
            places = [slots.at(v.name, e, actor.instance) for v in own for e in range(v.count)]
            name = instance_name(process, actor.instance)
            yield Component(name, [slots.pc(actor.process, actor.instance), *places], actor)

    def _shared(self) -> Iterator[Component]:
        groups: dict[str, list[int]] = {}
        for variable in self.program.variables:
            if variable.process is None and variable.name != OPS_LEFT:
                for element in range(variable.count):
                    slot = self.interpreter.slots.at(variable.name, element)
                    if slot not in self.constants:
                        groups.setdefault(self._group(variable, element), []).append(slot)
        return (Component(name, places) for name, places in groups.items())

    def _group(self, variable: Variable, element: int) -> str:
        """The name of the component that an element of a shared variable belongs to."""
        name = variable.name
        if variable.struct:
            single = variable.count == variable.per
            name = variable.struct if single else f"{variable.struct}[{element // variable.per}]"
        elif variable.count > 1 and (variable.type.hi - variable.type.lo + 1) ** min(variable.count, 64) > LARGE:
            name = f"{variable.name}[{element}]"
        return element_name(variable, element) if name in self.split else name

    def _constants(self) -> dict[int, int]:
        """The shared slots that have one value in every state."""
        written = set()
        for process in self.program.processes:
            for block in process.blocks:
                written |= written_by(block.body)
        found = {}
        for variable in self.program.variables:
            if variable.process is None and variable.name not in written and variable.name != OPS_LEFT:
                for element in range(variable.count):
                    slot = self.interpreter.slots.at(variable.name, element)
                    values = {state[slot] for state in self.initial}
                    if len(values) == 1:
                        found[slot] = values.pop()
        return found


def _joined(parts: list[Component]) -> Component:
    slots = [slot for part in parts for slot in part.slots]
    return Component("+".join(part.name for part in parts), slots, parts[0].actor)


def written_by(body: Iterable[Stmt]) -> set[str]:
    """Names of the variables that statements write."""
    names = set()
    for statement in body:
        if isinstance(statement, (Assign, Choose)):
            names.add(statement.var)
        elif isinstance(statement, If):
            names |= written_by(statement.then) | written_by(statement.other)
    return names


