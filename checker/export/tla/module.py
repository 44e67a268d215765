"""Export of a program to TLA+, for TLC.

One block is one action with the model's own names, a label is a value of `pc`
(`checker.export.tla.state` says how the state is held).  TLC finds exactly the states of
the unreduced engine, every initial state counted, if there is no violation.

A Check is an `Assert` with the property's name, on which TLC stops.  Invariants are named
operators; NoDeadlock says that a state without successors has every process at rest; a
transition invariant is a box formula, which is not judged where a step changes nothing at
all.  A reachable property is the operator of its name, to be sought with the invariant
`Never_name`; a leads-to property is to be checked under the fairness `Fair_name`.
`config` is what TLC reads beside the module.  TLC has integers of 32 bits.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.program import Binary, Block, Const, Expr, Process, Program, Property
from ..bodies import initial_values
from ..flow import at_labels, shorter, shorter_block, shorter_exprs
from ..names import remark, where
from ..ranges import Known
from .state import Lines, State
from .step import ActionWriter, conjunction, followed, guard, indent
from .text import TlaWriter

HELPERS = """\
Number(b_) == IF b_ THEN 1 ELSE 0
Min(m_, n_) == IF m_ < n_ THEN m_ ELSE n_
Max(m_, n_) == IF m_ > n_ THEN m_ ELSE n_
Within(n_, count_) == IF n_ \\in 0..(count_ - 1) THEN n_ ELSE 0"""


def to_tla(program: Program, module: str = "Model") -> str:
    """The module; `module` is its name, which TLC wants to be that of the file."""
    return _TlaExport(program, module).text()


def config(program: Program) -> str:
    """What TLC reads beside the module: what to check."""
    return _TlaExport(program, "Model").config()


def module_name(stem: str) -> str:
    """A legal module name for a file."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in stem)
    return plain if plain[:1].isalpha() else "Model" + plain


class _TlaExport:
    def __init__(self, program: Program, module: str) -> None:
        self.program, self.module = program, module
        self.state = State(program, module)
        self.names, self.variables = self.state.names, program.by_name

    def text(self) -> str:
        parts = [
            [f"{f' MODULE {self.module} ':-^80}", *self.head()],
            ["EXTENDS Integers, TLC"],
            self.constants(),
        ]
        parts += [self.state.declarations(), HELPERS.split("\n"), self.type_invariant(), self.init()]
        parts += [part for p in self.program.processes for part in self.actions(p)]
        parts += [self.next(), *self.properties(), ["=" * 80]]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def head(self) -> Lines:
        program = self.program
        bound = f", {program.bound} operations" if program.bound is not None else ""
        lines = [f"\\* {remark(program.name)}{bound}"]
        settings = ", ".join(f"{name}={value}" for name, value in program.constants)
        return lines + ([f"\\* {settings}"] if settings else [])

    def constants(self) -> Lines:
        return [f"{name} == {value}" for (_, value), name in self.names.values.items()]

    def type_invariant(self) -> Lines:
        items = self.state.types() or [["TRUE"]]
        return ["\\* Every value is in its range.", "TypeOK ==", *indent(conjunction(items), 2)]

    def nobody(self, now: Mapping[str, str], before: Mapping[str, str] | None = None) -> TlaWriter:
        """Writes expressions that belong to no process."""
        return TlaWriter(self.names, self.variables, now, Known(self.variables), 0, "0", before)

    # -------------------------------------------------------------- setup

    def init(self) -> Lines:
        """The initial states."""
        state, initial = self.state, initial_values(self.program)
        if initial is None:
            writer = self.nobody({v.name: state.elements(v, v.init) for v in self.program.variables})
            action = ActionWriter(writer, self._after_setup, self.names.is_free, state.base)
            return ["Init ==", *indent(action.text(shorter(self.program.setup, writer.known)), 2)]

        def text(v, instance: int = 0) -> str:
            return state.elements(v, tuple(initial[v.name, instance, e] for e in range(v.count)))

        locals = {
            p.name: [{v.name: text(v, i) for v in state.own(p)} for i in range(p.instances)]
            for p in state.records
        }
        return [
            "Init ==",
            *indent(conjunction(state.given({v.name: text(v) for v in state.shared}, locals)), 2),
        ]

    def _after_setup(self, changed: Mapping[str, str], label: int) -> Lines:
        """Every process stands at its entry, where dead locals have their least values.  What
        setup did to locals, it did to those of instance 0."""
        state, locals = self.state, {}
        plain = {v.name: state.elements(v, v.init) for v in self.program.variables}
        for p in state.records:
            live = p.blocks[p.entry].live
            dead = {v.name: state.least(v) for v in state.own(p) if v.name not in live}
            start = {v.name: plain[v.name] for v in state.own(p)}
            first = {name: changed.get(name, text) for name, text in start.items()}
            locals[p.name] = [{**(start if i else first), **dead} for i in range(p.instances)]
        return conjunction(state.given({**plain, **changed}, locals))

    # ------------------------------------------------------------ actions

    def actions(self, process: Process) -> list[Lines]:
        """An action for each block, and their disjunction."""
        name, first = self.names.processes[process.name], self.program.first_self(process)
        last = first + process.instances - 1
        everywhere = Known(self.variables, (first, last), (0, last - first))
        known = at_labels(process, everywhere, tuple(self.state.own(process)))
        blocks = [shorter_block(b, known[b.label]) for b in process.blocks if b.label in known]
        blocks = [b for b in blocks if b.guard != Const(0)]
        steps = [f"{name}_L{b.label}(self)" for b in blocks] or ["FALSE"]
        together = [f"{name}_step(self) ==", *indent(["\\/ " + step for step in steps], 2)]
        return [*(self._action(process, block, known[block.label]) for block in blocks), together]

    def _action(self, process: Process, block: Block, known: Known) -> Lines:
        first = self.program.first_self(process)
        writer = TlaWriter(self.names, self.variables, self.state.now(process), known, first)

        def end(changed: Mapping[str, str], label: int) -> Lines:
            return self._end(process, block, changed, label)

        items = [[f'pc[self] = "L{block.label}"']]
        for cond in _conjuncts(block.guard):
            items += [[guard(writer.truth(cond))]] if cond != Const(1) else []
            writer = writer.assuming(cond)
        body = ActionWriter(writer, end, self.names.is_free, self.state.base).text(block.body)
        name = f"{self.names.processes[process.name]}_L{block.label}(self)"
        return [f"\\* {where(block)}", f"{name} ==", *indent(followed(items, body), 2)]

    def _end(self, process: Process, block: Block, changed: Mapping[str, str], label: int) -> Lines:
        """The primed variables; locals that are dead at the next label get their least value."""
        live, new = process.blocks[label].live, dict(changed)
        for v in self.state.own(process):
            if v.name not in live:
                new.pop(v.name, None)  # if dead here and there, it is as it was
                if v.name in block.live:
                    new[v.name] = self.state.least(v)
        return conjunction(self.state.primed(process, new, None if label == block.label else label))

    def next(self) -> Lines:
        calls = []
        for p in self.program.processes:
            name, first = self.names.processes[p.name] + "_step", self.program.first_self(p)
            one = p.instances == 1
            calls.append(
                f"{name}({first})" if one else f"\\E self \\in {self.state.numbers(p)} : {name}(self)"
            )
        return ["Next ==", *indent(["\\/ " + c for c in calls], 2), "", "Spec == Init /\\ [][Next]_vars"]

    # --------------------------------------------------------- properties

    def properties(self) -> list[Lines]:
        rests = conjunction([[self._rests(p)] for p in self.program.processes])
        parts = [["AtRest ==", *indent(rests, 2)]]
        parts.append(
            ["\\* Where nothing can move, every process is at rest.", "NoDeadlock == AtRest \\/ ENABLED Next"]
        )
        return parts + [self._property(p) for p in self.program.properties]

    def _rests(self, p: Process) -> str:
        labels = "{" + ", ".join(f'"L{label}"' for label in sorted(p.rests)) + "}"
        return f"\\A self \\in {self.state.numbers(p)} : pc[self] \\in {labels}"

    def _property(self, p: Property) -> Lines:
        name, plain = self.names.properties[p.name], self.state.now(None)
        now = {var: text + "'" for var, text in plain.items()} if p.kind == "transition" else plain
        writer = self.nobody(now, plain)
        head = [f"\\* {p.kind}: {remark(p.doc)}"]
        if p.kind == "leads_to":
            return head + self._leads_to(p, writer)
        exprs = shorter_exprs(p, writer.known)
        if p.kind == "reachable":
            either = ["\\/ " + writer.truth(e, True) for e in exprs]
            return [*head, f"{name} ==", *indent(either, 2), f"Never_{name} == ~{name}"]
        every = conjunction([[writer.truth(e)] for e in exprs])
        if p.kind == "transition":
            return [*head, f"{name} == [][", *indent(every, 2), "  ]_vars"]
        if p.kind == "terminal":
            return [
                *head,
                f"{name} ==",
                "  \\/ ENABLED Next",
                *indent(["\\/ " + every[0], *indent(every[1:], 3)], 2),
            ]
        return [*head, f"{name} ==", *indent(every, 2)]

    def _leads_to(self, p: Property, writer: TlaWriter) -> Lines:
        fair = [
            [f"\\A self \\in {self.state.numbers(q)} : WF_vars({self.names.processes[q.name]}_step(self))"]
            for q in self.program.processes
            if q.name in p.fair
        ]
        pairs = [
            [f"({writer.truth(one.expr)}) ~> ({writer.truth(to)})"] for one, to in zip(p.instances, p.target)
        ]
        name = self.names.properties[p.name]
        lines = [f"{name} ==", *indent(conjunction(pairs or [["TRUE"]]), 2)]
        return [*lines, f"Fair_{name} ==", *indent(conjunction(fair or [["TRUE"]]), 2)]

    def config(self) -> str:
        """What TLC reads beside the module."""
        kinds = {p.kind for p in self.program.properties}
        names = {
            k: [self.names.properties[p.name] for p in self.program.properties if p.kind == k] for k in kinds
        }
        lines = ["SPECIFICATION Spec", "INVARIANT TypeOK", "INVARIANT NoDeadlock"]
        lines += [
            f"INVARIANT {n}" for kind in ("invariant", "crash", "terminal") for n in names.get(kind, [])
        ]
        lines += [f"PROPERTY {n}" for n in names.get("transition", [])]
        lines += [f"\\* INVARIANT Never_{n}" for n in names.get("reachable", [])]
        lines += [f"\\* PROPERTY {n}  (under Fair_{n})" for n in names.get("leads_to", [])]
        return "\n".join([*lines, "CHECK_DEADLOCK FALSE"]) + "\n"


def _conjuncts(cond: Expr) -> list[Expr]:
    """`cond` as conditions that must all be true."""
    if isinstance(cond, Binary) and cond.op == "and":
        return [*_conjuncts(cond.left), *_conjuncts(cond.right)]
    return [cond]
