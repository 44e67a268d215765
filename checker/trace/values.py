"""Values, variables and changes by the names that people know them by."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from ..ir.interpreter import Actor, Interpreter, State
from ..ir.program import OPS_LEFT, Call, Program, Type, Variable, as_in_c
from ..ir.slots import Slots, instance_name

LONG_LABEL = 20  # a label of several words that is longer is a description; the field's own name is shown instead


class Names:
    """How the values of one program are shown."""

    def __init__(self, program: Program) -> None:
        self.program, self.slots = program, Slots(program)
        self.structs = dict(program.structs)
        for variable in program.variables:  # for programs made by hand
            if variable.struct:
                self.structs.setdefault(variable.struct, variable.count // variable.per)
        self.actors = [instance_name(p, i) for p in program.processes for i in range(p.instances)]

    def value(self, type: Type, value: int, compact: bool = False) -> str:
        """A value of a type: EIO, folio 1, None, writer 0.  compact: flags as 0 and 1."""
        if type.kind == "enum" and 0 <= value - type.lo < len(type.names):
            return type.names[value - type.lo]
        if type.kind == "ref":
            return self.instance(type.name, value - 1) if value else "None"
        if type.kind == "owner":
            if not value:
                return "nobody"
            return self.actors[value - 1] if value <= len(self.actors) else "somebody"
        if type.kind == "bool" and not compact:
            return "True" if value else "False"
        return str(value)

    def instance(self, struct: str, number: int) -> str:
        """Instance of a struct: "folio 1", "buffer_head 0", or "inode" if there is one only."""
        name = as_in_c(struct)
        return name if self.structs.get(struct, 2) == 1 else f"{name} {number}"

    def variable(self, variable: Variable) -> str:
        """What a variable is called where its instance is clear."""
        if variable.label and (len(variable.label) <= LONG_LABEL or " " not in variable.label):
            return variable.label
        return variable.field or variable.name.split(":", 1)[-1]

    def elements(self, variable: Variable, elements: Sequence[int]) -> str:
        """Elements of a variable: "i_size", "folio 1 PG_dirty", "folio 0 data[0-3]"."""
        name = self.variable(variable)
        if not variable.struct:
            return name if variable.count == 1 else f"{name}[{ranges(elements)}]"
        if variable.lock == "readers":  # the processes that hold it stand in the columns
            name, elements = f"{name} shared", [e // len(self.actors) for e in elements]
            variable = replace(variable, per=1, count=variable.count // len(self.actors))
        which = sorted({e // variable.per for e in elements})
        inside = sorted({e % variable.per for e in elements})
        name += f"[{ranges(inside)}]" if variable.per > 1 else ""
        if variable.count == variable.per:
            return name
        return f"{as_in_c(variable.struct)} {ranges(which)} {name}"

    def changes(
        self, before: State, after: State, ghosts: Container[str] | bool = False, hidden: Container[str] = ()
    ) -> list[str]:
        """What a step has changed: "folio 1 PG_dirty 0->1"; elements that change alike together.
        ghosts: whether to show ghosts, or which.  hidden: names of variables to leave out."""
        found = []
        for variable in self.program.variables:
            if variable.process is not None or variable.name == OPS_LEFT or variable.name in hidden:
                continue
            if variable.ghost and not (ghosts if isinstance(ghosts, bool) else variable.name in ghosts):
                continue
            first = self.slots.at(variable.name)
            changed: dict[tuple[int, ...], list[int]] = {}
            for element in range(variable.count):
                old, new = before[first + element], after[first + element]
                if old != new:
                    where = (element // variable.per,) if variable.per > 1 else ()
                    changed.setdefault((*where, old, new), []).append(element)
            for (*_, old, new), elements in changed.items():
                found.append(f"{self.elements(variable, elements)} {self._change(variable, old, new)}")
        return found

    def _change(self, variable: Variable, old: int, new: int) -> str:
        if variable.type.kind == "owner":  # taken and given back by who takes the step
            return f"{min(old, 1)}->{min(new, 1)}" if not (old and new) else "changes hands"
        return "->".join(self.value(variable.type, value, compact=True) for value in (old, new))

    def argument(self, name: str, type: Type, value: int) -> str:
        """An argument of a call: "folio 1", "pos 3", "WB_SYNC_ALL", "not dirty"."""
        if type.kind == "bool":
            return name if value else f"not {name}"
        shown = self.value(type, value)
        return f"{name} {shown}" if type.kind == "int" or (type.kind == "ref" and not value) else shown

    def call(self, call: Call, judge: Interpreter, state: State, actor: Actor) -> str:
        """A call with its arguments as they are in `state`; a plain access as it is written."""
        if not call.name.isidentifier():
            return call.name
        values = [(name, type, judge.evaluate(value, state, actor)) for name, value, type in call.args]
        shown = [self.argument(*value) for value in values if not self._is_the_only_one(*value)]
        return f"{call.name}({', '.join(shown)})"

    def _is_the_only_one(self, name: str, type: Type, value: int) -> bool:
        return type.kind == "ref" and value == 1 and self.structs.get(type.name) == 1


def ranges(numbers: Iterable[int]) -> str:
    """0,1,2,5 as "0-2,5"."""
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    ]
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
