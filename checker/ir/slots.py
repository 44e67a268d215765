"""The flat numbering of a state: every engine's states are compared in this form.

A state is a tuple of integers: first the labels of all process instances (in
process order, then instance), then the elements of all shared variables (in program
order), then for each process, for each of its instances, the elements of its locals
(in program order).
"""

from __future__ import annotations

from .program import Process, Program, Variable


class Slots:
    """Where each label and each element of each variable stands in the state tuple.

    size: length of the tuple.  names: what each slot is, for display.
    lo, hi: least and greatest value of each slot.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names: list[str] = []
        self.lo: list[int] = []
        self.hi: list[int] = []
        self._pc: list[int] = []
        self._first: dict[str, int] = {}
        self._step: dict[str, int] = {}  # from one instance's locals to the next one's
        self._number_labels()
        self._number_shared()
        for process in program.processes:
            self._number_locals(process)
        self.size = len(self.names)

    def pc(self, process: int, instance: int) -> int:
        """Slot of the label of `instance` of the process with index `process`."""
        return self._pc[process] + instance

    def at(self, var: str, element: int = 0, instance: int = 0) -> int:
        """Slot of `element` of the variable `var`; `instance` matters for locals only."""
        return self._first[var] + instance * self._step[var] + element

    def _number_labels(self) -> None:
        for process in self.program.processes:
            self._pc.append(len(self.names))
            for instance in range(process.instances):
                self._add(instance_name(process, instance) + ".pc", 0, len(process.blocks) - 1)

    def _number_shared(self) -> None:
        for variable in self.program.variables:
            if variable.process is None:
                self._step[variable.name] = 0
                self._add_elements(variable, "")

    def _number_locals(self, process: Process) -> None:
        own = [v for v in self.program.variables if v.process == process.name]
        step = sum(v.count for v in own)
        self._step.update((variable.name, step) for variable in own)
        for instance in range(process.instances):
            prefix = instance_name(process, instance) + "."
            for variable in own:
                self._add_elements(variable, prefix)

    def _add_elements(self, variable: Variable, prefix: str) -> None:
        self._first.setdefault(variable.name, len(self.names))
        for element in range(variable.count):
            name = element_name(variable, element)
            self._add(prefix + name.split(":", 1)[-1], variable.type.lo, variable.type.hi)

    def _add(self, name: str, lo: int, hi: int) -> None:
        self.names.append(name)
        self.lo.append(lo)
        self.hi.append(hi)


def instance_name(process: Process, instance: int) -> str:
    """Display name of an instance: its own, or the process name, numbered if there are several."""
    if process.names:
        return process.names[instance]
    return process.name if process.instances == 1 else f"{process.name} {instance}"


def element_name(variable: Variable, element: int) -> str:
    """Display name of an element: "Folio[1].dirty[0]", "Inode.i_size", "turn"."""
    if not variable.struct:
        return variable.name if variable.count == 1 else f"{variable.name}[{element}]"
    which, index = divmod(element, variable.per)
    owner = variable.struct if variable.count == variable.per else f"{variable.struct}[{which}]"
    return f"{owner}.{variable.field}" + (f"[{index}]" if variable.per > 1 else "")
