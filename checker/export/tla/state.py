"""How the variables of a TLA+ module hold a program's state.

A shared variable is a variable; an array is a function of 0..n-1.  The locals of a process
are the fields of one record, which has the process's name; of several instances there is a
record each, by process number.  `pc` gives each process number its label.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ...ir.program import Process, Program, Variable
from ..names import Identifiers, remark
from .text import WORDS, constant, values

Lines = list[str]
Row = tuple[int, ...]

FORMS = r"L\d+|i|[bmn]_|count_|.*_(L\d+|step|fields)|(Never|Fair)_.*"  # names that the export makes


class State:
    """The module's variables; names: identifiers of everything else."""

    def __init__(self, program: Program, module: str) -> None:
        self.program = program
        self.names = Identifiers(program, [*WORDS, module], FORMS)
        self.shared = self.own(None)
        self.records = [p for p in program.processes if self.own(p)]
        self.fields = {
            v.name: field for p in self.records for v, field in zip(self.own(p), self._field_names(p))
        }
        self.groups = self._groups()

    def _groups(self) -> dict[str, list[Variable]]:
        """The shared variables: the fields of a struct together, the others alone."""
        structs = {
            s: self.names.fresh(s) + "_fields"
            for s in dict.fromkeys(v.struct for v in self.shared if v.struct)
        }
        groups: dict[str, list[Variable]] = {}
        for v in self.shared:
            groups.setdefault(structs[v.struct] if v.struct else self.names.variables[v.name], []).append(v)
        return groups

    def own(self, process: Process | None) -> list[Variable]:
        """The locals of a process, or the shared variables."""
        name = process.name if process else None
        return [v for v in self.program.variables if v.process == name]

    def _field_names(self, process: Process) -> list[str]:
        names: dict[str, None] = {}
        for v in self.own(process):
            plain = re.sub(r"\W+", "_", v.name.split(":", 1)[-1], flags=re.ASCII).strip("_")
            plain = plain if plain[:1].isalpha() else "x" + plain
            number = 1
            while (name := plain + (f"_{number}" if number > 1 else "")) in names:
                number += 1
            names[name] = None
        return list(names)

    def record(self, process: Process) -> str:
        """The variable that holds a process's locals."""
        return self.names.processes[process.name]

    def base(self, var: str) -> str:
        """What later values of a variable are named after."""
        return self.fields.get(var) or self.names.variables[var]

    def numbers(self, process: Process) -> str:
        """The set of the numbers of a process's instances."""
        first = self.program.first_self(process)
        return f"{first}..{first + process.instances - 1}"

    def now(self, process: Process | None) -> dict[str, str]:
        """Text of each variable that a process sees; of a local, of the instance `self`."""
        seen = {v.name: self.names.variables[v.name] for v in self.shared}
        if process is not None:
            whole = self.record(process) + ("[self]" if process.instances > 1 else "")
            seen |= {v.name: f"{whole}.{self.fields[v.name]}" for v in self.own(process)}
        return seen

    # ------------------------------------------------------- declarations

    def declarations(self) -> Lines:
        """The variables, and tuples of them."""
        every = [(self.names.variables[v.name], v.label) for v in self.shared]
        every += [(self.record(p), f"locals of {p.name}") for p in self.records] + [
            ("pc", "label of each process")
        ]
        lines = ["VARIABLES"]
        for number, (name, label) in enumerate(every, 1):
            comma = "," if number < len(every) else ""
            lines.append(f"  {name}{comma}" + (f"  \\* {remark(label)}" if label else ""))
        several = {name: group for name, group in self.groups.items() if group[0].struct}
        lines += [""] + [f"{name} == {self._tuple(group)}" for name, group in several.items()]
        whole = [*self.groups, *(self.record(p) for p in self.records), "pc"]
        return [*lines, f"vars == <<{', '.join(whole)}>>"]

    def _tuple(self, variables: list[Variable]) -> str:
        return "<<" + ", ".join(self.names.variables[v.name] for v in variables) + ">>"

    def types(self) -> list[Lines]:
        """For each variable that it is in the set of its values."""
        items = [[f"{self.names.variables[v.name]} \\in {_domain(v)}"] for v in self.shared]
        for p in self.records:
            domain = "[" + ", ".join(f"{self.fields[v.name]} : {_domain(v)}" for v in self.own(p)) + "]"
            domain = f"[{self.numbers(p)} -> {domain}]" if p.instances > 1 else domain
            items.append([f"{self.record(p)} \\in {domain}"])
        return items

    # ------------------------------------------------------------- values

    def elements(self, v: Variable, row: Row) -> str:
        """A variable with these elements."""
        texts = [constant(value, v.type, self.names) for value in row]
        if v.count == 1:
            return texts[0]
        if len(set(texts)) == 1:
            return f"[i \\in 0..{v.count - 1} |-> {texts[0]}]"
        return f"[i \\in 0..{v.count - 1} |-> <<{', '.join(texts)}>>[i + 1]]"

    def least(self, v: Variable) -> str:
        """A variable that is dead."""
        return self.elements(v, (v.type.lo,) * v.count)

    def given(
        self, shared: Mapping[str, str], instances: Mapping[str, Sequence[Mapping[str, str]]]
    ) -> list[Lines]:
        """Equations for a whole state.

        shared: text of each shared variable; instances: for each process, of each instance,
        text of each local.
        """
        items = [[f"{self.names.variables[v.name]} = {shared[v.name]}"] for v in self.shared]
        for p in self.records:
            rows = [
                "[" + ", ".join(f"{self.fields[n]} |-> {t}" for n, t in row.items()) + "]"
                for row in instances[p.name]
            ]
            text = rows[0]
            if len(rows) > 1:
                first = self.program.first_self(p)
                same = len(set(rows)) == 1
                text = rows[0] if same else f"<<{', '.join(rows)}>>[self - {first - 1}]"
                text = f"[self \\in {self.numbers(p)} |-> {text}]"
            items.append([f"{self.record(p)} = {text}"])
        entries = [f'"L{p.entry}"' for p in self.program.processes for _ in range(p.instances)]
        return [*items, [f"pc = <<{', '.join(entries)}>>"]]

    def primed(self, process: Process, changed: Mapping[str, str], label: int | None) -> list[Lines]:
        """Equations for the state after a step of `process`.

        changed: text of each variable that may have another value; label: where it goes to,
        None if it stays.
        """
        items = [
            [f"{self.names.variables[v.name]}' = {changed[v.name]}"] for v in self.shared if v.name in changed
        ]
        which = "![self]." if process.instances > 1 else "!."
        new = [
            f"{which}{self.fields[v.name]} = {changed[v.name]}"
            for v in self.own(process)
            if v.name in changed
        ]
        if new:
            name = self.record(process)
            items.append([f"{name}' = [{name} EXCEPT {', '.join(new)}]"])
        if label is not None:
            items.append([f'pc\' = [pc EXCEPT ![self] = "L{label}"]'])
        same = []
        for name, group in self.groups.items():
            touched = any(v.name in changed for v in group)
            same += (
                [self.names.variables[v.name] for v in group if v.name not in changed] if touched else [name]
            )
        same += [self.record(p) for p in self.records if p is not process or not new] + (
            ["pc"] if label is None else []
        )
        return [*items, [f"UNCHANGED <<{', '.join(same)}>>"]] if same else items


def _domain(v: Variable) -> str:
    """The set of a variable's values."""
    one = values(v.type.lo, v.type.hi, v.type)
    return f"[0..{v.count - 1} -> {one}]" if v.count > 1 else one
