"""Export of a program to TLA+, for TLC.

One block is one action with the model's own names, a label is a value of `pc`.  Everything
is a variable of the module; a local of several instances is a function of the process
number.  TLC finds exactly the states of the unreduced engine (every initial state counts),
if there is no violation.

A Check is an `Assert` with the property's name, on which TLC stops.  Invariants are named
operators; NoDeadlock says that a state without successors has every process at rest; a
transition invariant is a box formula, which is not judged where a step changes nothing at
all.  A reachable property is the operator of its name, to be sought with the invariant
`Never_name`.  `config` is what TLC reads beside the module.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..ir import Binary, Block, Const, Expr, Process, Program, Property, Variable
from .flow import at_labels, shorter, shorter_block, shorter_exprs
from .names import Names, remark
from .ranges import Known
from .symbolic import initial_values
from .tla_step import ActionWriter, Lines, conjunction, guard, indent
from .tla_text import WORDS, Writer, constant, values

HELPERS = """\
Number(b_) == IF b_ THEN 1 ELSE 0
Min(m_, n_) == IF m_ < n_ THEN m_ ELSE n_
Max(m_, n_) == IF m_ > n_ THEN m_ ELSE n_
Within(n_, count_) == IF n_ \\in 0..(count_ - 1) THEN n_ ELSE 0"""


def to_tla(program: Program, module: str = "Model") -> str:
    """The module; `module` is its name, which TLC wants to be that of the file."""
    return _Export(program, module).text()


def config(program: Program) -> str:
    """What TLC reads beside the module: what to check."""
    return _Export(program, "Model").config()


def module_name(stem: str) -> str:
    """A legal module name for a file."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in stem)
    return plain if plain[:1].isalpha() else "Model" + plain


class _Export:
    def __init__(self, program: Program, module: str) -> None:
        self.program, self.module = program, module
        self.names = Names(program, [*WORDS, module], r"L\d+|i|[bmn]_|count_|.*_(L\d+|locals)|(Never|Fair)_.*")
        self.instances = {p.name: p.instances for p in program.processes}
        self.initial = initial_values(program)

    def text(self) -> str:
        parts = [[f"{f' MODULE {self.module} ':-^80}", *self.head()], ["EXTENDS Integers, TLC"], self.constants()]
        parts += [self.declarations(), HELPERS.split("\n"), self.type_invariant(), self.init()]
        parts += [part for p in self.program.processes for part in self.actions(p)]
        parts += [self.next(), *self.properties(), ["=" * 80]]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    # ------------------------------------------------------- declarations

    def head(self) -> Lines:
        program = self.program
        bound = f", {program.bound} operations" if program.bound is not None else ""
        lines = [f"\\* {remark(program.name)}{bound}"]
        settings = ", ".join(f"{name}={value}" for name, value in program.constants)
        return lines + ([f"\\* {settings}"] if settings else [])

    def constants(self) -> Lines:
        return [f"{name} == {value}" for (_, value), name in self.names.values.items()]

    def _own(self, process: Process | None) -> list[Variable]:
        name = process.name if process else None
        return [v for v in self.program.variables if v.process == name]

    def _locals(self, process: Process) -> str:
        """The tuple of a process's locals."""
        return self.names.processes[process.name] + "_locals"

    def declarations(self) -> Lines:
        """The variables, and tuples of them."""
        every = [(self.names.variables[v.name], v.label) for v in self.program.variables] + [("pc", "label of each process")]
        lines = ["VARIABLES"]
        for number, (name, label) in enumerate(every, 1):
            comma = "," if number < len(every) else ""
            lines.append(f"  {name}{comma}" + (f"  \\* {remark(label)}" if label else ""))
        lines.append("")
        for process in self.program.processes:
            if self._own(process):
                lines.append(f"{self._locals(process)} == {self._tuple(self._own(process))}")
        shared = [self.names.variables[v.name] for v in self._own(None)]
        tuples = [self._locals(p) for p in self.program.processes if self._own(p)]
        return [*lines, f"vars == <<{', '.join([*shared, *tuples, 'pc'])}>>"]

    def _tuple(self, variables: list[Variable]) -> str:
        return "<<" + ", ".join(self.names.variables[v.name] for v in variables) + ">>"

    def _numbers(self, process: Process) -> str:
        """The set of the numbers of a process's instances."""
        first = self.program.first_self(process)
        return f"{first}..{first + process.instances - 1}"

    def _many(self, variable: Variable) -> Process | None:
        """The process of a local that has several instances."""
        return next((p for p in self.program.processes if p.name == variable.process and p.instances > 1), None)

    def type_invariant(self) -> Lines:
        items = []
        for v in self.program.variables:
            domain = values(v.type.lo, v.type.hi, v.type)
            domain = f"[0..{v.count - 1} -> {domain}]" if v.count > 1 else domain
            many = self._many(v)
            domain = f"[{self._numbers(many)} -> {domain}]" if many else domain
            items.append([f"{self.names.variables[v.name]} \\in {domain}"])
        return ["\\* Every value is in its range.", "TypeOK ==", *indent(conjunction(items or [["TRUE"]]), 2)]

    # -------------------------------------------------------------- setup

    def init(self) -> Lines:
        """The initial states."""
        if self.initial is not None:
            items = [[f"{self.names.variables[v.name]} = {self._start(v)}"] for v in self.program.variables]
            return ["Init ==", *indent(conjunction([*items, self._labels()]), 2)]
        now = {v.name: self._elements(v, v.init) for v in self.program.variables}
        writer = Writer(self.names, self.program.by_name, now, Known(self.program.by_name), 0, "0")
        action = ActionWriter(writer, self._after_setup, self.names.is_free)
        return ["Init ==", *indent(action.text(shorter(self.program.setup, writer.known)), 2)]

    def _labels(self) -> Lines:
        entries = [f'"L{p.entry}"' for p in self.program.processes for _ in range(p.instances)]
        return [f"pc = <<{', '.join(entries)}>>"]

    def _start(self, v: Variable) -> str:
        """The value of `v` in the one initial state."""
        assert self.initial is not None
        instances = range(self.instances.get(v.process or "", 1))
        rows = [tuple(self.initial[v.name, i, e] for e in range(v.count)) for i in instances]
        texts = [self._elements(v, row) for row in rows]
        return self._of_instances(v, texts)

    def _of_instances(self, v: Variable, texts: list[str]) -> str:
        many = self._many(v)
        if not many:
            return texts[0]
        numbers, first = self._numbers(many), self.program.first_self(many)
        if len(set(texts)) == 1:
            return f"[self \\in {numbers} |-> {texts[0]}]"
        return f"[self \\in {numbers} |-> <<{', '.join(texts)}>>[self - {first - 1}]]"

    def _elements(self, v: Variable, row: tuple[int, ...]) -> str:
        """A variable with these elements."""
        texts = [constant(value, v.type, self.names) for value in row]
        if v.count == 1:
            return texts[0]
        if len(set(texts)) == 1:
            return f"[i \\in 0..{v.count - 1} |-> {texts[0]}]"
        return f"[i \\in 0..{v.count - 1} |-> <<{', '.join(texts)}>>[i + 1]]"

    def _after_setup(self, changed: Mapping[str, str], label: int) -> Lines:
        items = []
        live = {p.name: p.blocks[p.entry].live for p in self.program.processes}
        for v in self.program.variables:
            plain = self._elements(v, v.init)
            if v.process is not None and v.name not in live[v.process]:
                plain = text = self._elements(v, (v.type.lo,) * v.count)
            else:
                text = changed.get(v.name, plain)
            others = [plain] * (self.instances.get(v.process or "", 1) - 1)
            items.append([f"{self.names.variables[v.name]} = {self._of_instances(v, [text, *others])}"])
        return conjunction([*items, self._labels()])

    # ------------------------------------------------------------ actions

    def actions(self, process: Process) -> list[Lines]:
        """An action for each block, and their disjunction."""
        name = self.names.processes[process.name]
        everywhere = self._writer(process).known
        known = at_labels(process, everywhere, tuple(self._own(process)))
        blocks = [shorter_block(b, known[b.label]) for b in process.blocks if b.label in known]
        blocks = [b for b in blocks if b.guard != Const(0)]
        steps = [f"{name}_L{b.label}(self)" for b in blocks] or ["FALSE"]
        together = [f"{name}(self) ==", *indent(["\\/ " + step for step in steps], 2)]
        return [*(self._action(process, block, known[block.label]) for block in blocks), together]

    def _writer(self, process: Process) -> Writer:
        first = self.program.first_self(process)
        own = [v.name for v in self._own(process)]
        now = {v.name: self.names.variables[v.name] for v in self._own(None)}
        now |= {name: self.names.variables[name] + ("[self]" if process.instances > 1 else "") for name in own}
        known = Known(self.program.by_name, (first, first + process.instances - 1), (0, process.instances - 1))
        return Writer(self.names, self.program.by_name, now, known, first)

    def _action(self, process: Process, block: Block, known: Known) -> Lines:
        writer = self._writer(process)
        writer = writer.at(writer.now, known)

        def end(changed: Mapping[str, str], label: int) -> Lines:
            return self._end(process, block, changed, label)

        items = [[f'pc[self] = "L{block.label}"']]
        for cond in _conjuncts(block.guard):
            items += [[guard(writer.truth(cond))]] if cond != Const(1) else []
            writer = writer.assuming(cond)
        items.append(ActionWriter(writer, end, self.names.is_free).text(block.body))
        chain = " > ".join(f"{f.function}:{f.pos.line}" for f in block.frames)
        head = [f"\\* {remark(chain)}: {remark(block.call.name)}" + (f" [{remark(block.atomic)}]" if block.atomic else "")]
        return [*head, f"{self.names.processes[process.name]}_L{block.label}(self) ==", *indent(conjunction(items), 2)]

    def _end(self, process: Process, block: Block, changed: Mapping[str, str], label: int) -> Lines:
        """The primed variables: the last values, locals that are dead there at their least
        value, and what is as it was."""
        live, new = process.blocks[label].live, dict(changed)
        for v in self._own(process):
            if v.name not in live:
                new.pop(v.name, None)  # dead here and there, so as it was
                if v.name in block.live:
                    new[v.name] = self._elements(v, (v.type.lo,) * v.count)
        items = []
        for v in [*self._own(None), *self._own(process)]:
            if v.name in new:
                name = self.names.variables[v.name]
                inside = f"[{name} EXCEPT ![self] = {new[v.name]}]" if self._many(v) else new[v.name]
                items.append([f"{name}' = {inside}"])
        if label != block.label:
            items.append([f'pc\' = [pc EXCEPT ![self] = "L{label}"]'])
        same = [self.names.variables[v.name] for v in self._own(None) if v.name not in new]
        for p in self.program.processes:
            if p is process and any(v.name in new for v in self._own(p)):
                same += [self.names.variables[v.name] for v in self._own(p) if v.name not in new]
            elif self._own(p):
                same.append(self._locals(p))
        same += ["pc"] if label == block.label else []
        return conjunction([*items, [f"UNCHANGED <<{', '.join(same)}>>"]] if same else items)

    def next(self) -> Lines:
        calls = []
        for p in self.program.processes:
            name, first = self.names.processes[p.name], self.program.first_self(p)
            one = p.instances == 1
            calls.append(f"{name}({first})" if one else f"\\E self \\in {self._numbers(p)} : {name}(self)")
        return ["Next ==", *indent(["\\/ " + c for c in calls], 2), "", "Spec == Init /\\ [][Next]_vars"]

    # --------------------------------------------------------- properties

    def properties(self) -> list[Lines]:
        parts = [["AtRest ==", *indent(conjunction([[self._rests(p)] for p in self.program.processes]), 2)]]
        parts.append(["\\* Where nothing can move, every process is at rest.", "NoDeadlock == AtRest \\/ ENABLED Next"])
        return parts + [self._property(p) for p in self.program.properties]

    def _rests(self, p: Process) -> str:
        labels = "{" + ", ".join(f'"L{label}"' for label in sorted(p.rests)) + "}"
        return f"\\A self \\in {self._numbers(p)} : pc[self] \\in {labels}"

    def _property(self, p: Property) -> Lines:
        name = self.names.properties[p.name]
        plain = {v.name: self.names.variables[v.name] for v in self.program.variables}
        primed = {var: text + "'" for var, text in plain.items()}
        now = primed if p.kind == "transition" else plain
        writer = Writer(self.names, self.program.by_name, now, Known(self.program.by_name), 0, "0", plain)
        head = [f"\\* {p.kind}: {remark(p.doc)}"]
        if p.kind == "leads_to":
            return head + self._leads_to(p, writer)
        if p.kind == "reachable":
            either = ["\\/ " + writer.truth(e, True) for e in shorter_exprs(p, writer.known)]
            return [*head, f"{name} ==", *indent(either, 2), f"Never_{name} == ~{name}"]
        every = conjunction([[writer.truth(e)] for e in shorter_exprs(p, writer.known)])
        if p.kind == "transition":
            return [*head, f"{name} == [][", *indent(every, 2), "  ]_vars"]
        if p.kind == "terminal":
            return [*head, f"{name} ==", "  \\/ ENABLED Next", *indent(["\\/ " + every[0], *indent(every[1:], 3)], 2)]
        return [*head, f"{name} ==", *indent(every, 2)]

    def _leads_to(self, p: Property, writer: Writer) -> Lines:
        fair = [
            [f"\\A self \\in {self._numbers(q)} : WF_vars({self.names.processes[q.name]}(self))"]
            for q in self.program.processes
            if q.name in p.fair
        ]
        pairs = [[f"({writer.truth(one.expr)}) ~> ({writer.truth(to)})"] for one, to in zip(p.instances, p.target)]
        name = self.names.properties[p.name]
        lines = [f"{name} ==", *indent(conjunction(pairs or [["TRUE"]]), 2)]
        return [*lines, f"Fair_{name} ==", *indent(conjunction(fair or [["TRUE"]]), 2)]

    def config(self) -> str:
        """What TLC reads beside the module."""
        kinds = {p.kind for p in self.program.properties}
        names = {k: [self.names.properties[p.name] for p in self.program.properties if p.kind == k] for k in kinds}
        lines = ["SPECIFICATION Spec", "INVARIANT TypeOK", "INVARIANT NoDeadlock"]
        lines += [f"INVARIANT {n}" for kind in ("invariant", "crash", "terminal") for n in names.get(kind, [])]
        lines += [f"PROPERTY {n}" for n in names.get("transition", [])]
        lines += [f"\\* INVARIANT Never_{n}" for n in names.get("reachable", [])]
        lines += [f"\\* PROPERTY {n}  (under Fair_{n})" for n in names.get("leads_to", [])]
        return "\n".join([*lines, "CHECK_DEADLOCK FALSE"]) + "\n"


def _conjuncts(cond: Expr) -> list[Expr]:
    """`cond` as conditions that must all be true."""
    if isinstance(cond, Binary) and cond.op == "and":
        return [*_conjuncts(cond.left), *_conjuncts(cond.right)]
    return [cond]
