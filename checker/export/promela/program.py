"""Export of a program to Promela, for SPIN.

One block is one step, with the model's own names; a label is a location of its proctype.
All variables are global (a local of several instances is an array), so SPIN's analysis of
dead locals, which is not ours, changes nothing: dead locals are reset by each step, as the
IR says.  `next`, `choice0`, ... are zero in every state that is stored.

What must be equal.  The text, through

    spin -a FILE && gcc -O2 -DNOREDUCE -DSAFETY -o pan pan.c && ./pan

stores exactly the states of the unreduced engine, if there is no violation.  Where setup
chooses between several initial states, or no declaration can say the initial values, there
is one more, the state before setup (`extra_states`).  SPIN's transitions are ours and one
for each initial state that it starts from: one, or the state before setup and each run of
setup.

Violations.  A Check is an assertion with the property's name; an invariant is an option of
the process `properties`, false in a correct model, so that the process adds no state; a
transition invariant is judged inside each step that could violate it.  Deadlock is SPIN's
invalid end state.  SPIN stops at the first one.  To go on past violations and count all
states, as the engines do when told to: `spin -DCOUNT -a`, and `./pan -c0 -E`: a step that
fails is then undone, and leads from its state to itself.  `spin -DFIND=name` makes reaching
the reachable property `name` an error, `spin -DLIVENESS` adds the leads-to properties as
LTL; how to check each of them stands beside it.  SPIN's -f is fair to all processes, where a property
may ask for fairness to some: then an error counts, and that there is none does not.

Integers have 32 bits; what needs more is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.program import Block, Const, Process, Program, Property, Variable
from ..bodies import choice_variables, initial_values
from ..flow import at_labels, shorter, shorter_block, shorter_exprs
from ..names import Identifiers, remark, where
from ..ranges import Known, reads
from ..transition import old_reads, stutters
from .step import Body, Lines, StepWriter, assigned, indent, select, sequence
from .text import WORDS, PromelaPlace, PromelaWriter, quoted, type_name

FORMS = r"(end_)?[LDF]\d+|was_.*|.*_number"  # labels, copies, instance numbers
MACROS = """\
#define MIN(a, b)	((a) < (b) -> (a) : (b))
#define MAX(a, b)	((a) > (b) -> (a) : (b))
#define DIV(a, c)	((a) >= 0 -> (a) / (c) : -(((c) - 1 - (a)) / (c)))	/* rounds down */
#define MOD(a, c)	((((a) % (c)) + (c)) % (c))

#define HOLDS(cond, why)	if :: cond :: else -> printf(why); assert(false) fi

#ifdef COUNT	/* a step that fails is undone, and the search goes on */
#define CHECK(cond, n, why)	if :: cond :: else -> goto F##n fi
#define FAIL(n, why)	goto F##n
#define SAVE(effects)	effects
#define UNDO(n, effects)	goto D##n; F##n: failed = 1; effects; D##n: skip
#define RETRY(label)	if :: failed -> failed = 0; goto label :: else fi;
#define JUDGE	if :: failed :: else -> AFTER fi
bit failed;
hidden int old[SAVED];
#else
#define CHECK(cond, n, why)	HOLDS(cond, why)
#define FAIL(n, why)	printf(why); assert(false); goto D##n
#define SAVE(effects)	skip
#define UNDO(n, effects)	D##n: skip
#define RETRY(label)
#define JUDGE	AFTER
#endif
"""


def to_promela(program: Program) -> str:
    """The text.  UsageError if a value needs more than 32 bits, or if setup fails."""
    return _PromelaExport(program).text()


def extra_states(program: Program) -> int:
    """How many states SPIN stores beyond the program's own."""
    return 1 if _declared_values(program) is None else 0


def _declared_values(program: Program) -> dict[tuple[str, int, int], int] | None:
    """(variable, instance, element) -> value in the initial state; None if declarations cannot
    say it: setup chooses, or an array has different values, some negative (a gap of Promela)."""
    values = initial_values(program)
    rows: dict[str, list[int]] = {}
    for (name, _, _), value in (values or {}).items():
        rows.setdefault(name, []).append(value)
    return None if any(map(_undeclarable, rows.values())) else values


def _undeclarable(values: list[int]) -> bool:
    """Can no declaration give the elements of an array these values?"""
    return len(set(values)) > 1 and min(values) < 0


class _PromelaExport:
    def __init__(self, program: Program) -> None:
        self.program = program
        choice = choice_variables(program)
        self.names = Identifiers(program, [*WORDS, *choice], FORMS)
        self.choice = choice
        self.variables: Mapping[str, Variable] = {**program.by_name, **choice}
        self.instances = {p.name: p.instances for p in program.processes}
        self.initial = _declared_values(program)
        self.transitions = [
            (p, one) for p in program.properties if p.kind == "transition" for one in p.instances
        ]

    def text(self) -> str:
        blocks = [
            self.head(),
            MACROS.replace("SAVED", str(self._most_saved())),
            "\n".join(self.constants() + self.declarations()),
            "\n".join(self.properties()),
        ]
        number = "_pid" if self.initial is None else "(_pid + 1)"
        blocks.append(f"#define SELF\t{number}\t/* number of the process that takes the step */")
        blocks += ["\n".join(self.proctype(p)) for p in self.program.processes]
        blocks += ["\n".join(part) for part in (self.monitor(), self.init(), self.liveness()) if part]
        return "\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"

    def writer(self, process: Process | None = None, known: Known | None = None) -> PromelaWriter:
        """Writes expressions in a process where `known` holds, or outside of all."""
        if process is None:
            return PromelaWriter(self.names, self.variables, self.instances, PromelaPlace(Known(self.variables)))
        number = f"{self.names.processes[process.name]}_number" if process.instances > 1 else "0"
        number_of = "SELF" if process.instances > 1 else str(self.program.first_self(process))
        return PromelaWriter(
            self.names,
            self.variables,
            self.instances,
            PromelaPlace(known or self.everywhere(process), number, number_of),
        )

    def everywhere(self, process: Process) -> Known:
        """What is known at every place of a process."""
        first, count = self.program.first_self(process), process.instances
        return Known(self.variables, (first, first + count - 1), (0, count - 1))

    # ------------------------------------------------------- declarations

    def head(self) -> str:
        program = self.program
        settings = ", ".join(f"{name}={value}" for name, value in program.constants)
        lines = [
            f"/* {remark(program.name)}"
            + (f", {program.bound} operations" if program.bound is not None else "")
        ]
        lines += [f" * {settings}"] if settings else []
        size = f" -DVECTORSZ={self.vector()}" if self.vector() > 1024 else ""
        lines += [
            " *",
            f" * spin -a FILE && gcc -O2 -DNOREDUCE -DSAFETY{size} -o pan pan.c && ./pan -m1000000",
        ]
        extra = ["", " * (one state more than the model has: that before setup)"][self.initial is None]
        return "\n".join([*lines, *([extra] if extra else []), " */"])

    def vector(self) -> int:
        """Bytes that SPIN's state vector has at most."""
        elements = sum(v.count * self.instances.get(v.process or "", 1) for v in self.program.variables)
        processes = sum(p.instances for p in self.program.processes)
        return 64 + 4 * elements + 8 * (processes + 2)

    def constants(self) -> Lines:
        """The values of enumerations."""
        return [f"#define {name}\t{value}" for (_, value), name in self.names.values.items()]

    def declarations(self) -> Lines:
        """Every variable with its initial value."""
        lines = [self._declaration(v) for v in self.program.variables]
        labels = max((len(p.blocks) for p in self.program.processes), default=1) - 1
        lines.append(f"{type_name(0, max(2, labels))} next;\t/* label that follows, within a step */")
        for v in self.choice.values():
            lines.append(f"{type_name(v.type.lo, v.type.hi)} {v.name};\t/* value chosen, within a step */")
        return lines

    def _declaration(self, v: Variable) -> str:
        instances = self.instances.get(v.process or "", 1)
        size = v.count * instances
        name = self.names.variables[v.name] + (f"[{size}]" if size > 1 else "")
        start = self.initial or {}
        values = [start.get((v.name, i, e), v.init[e]) for i in range(instances) for e in range(v.count)]
        texts = [self.writer().text(Const(value), None, v.type) for value in values]
        given = texts[0] if len(set(texts)) == 1 else "{" + ", ".join(texts) + "}"
        note = f"\t/* {remark(v.label)} */" if v.label else ""
        plain = not any(values) or _undeclarable(values)
        return f"{type_name(v.type.lo, v.type.hi)} {name}" + (";" if plain else f" = {given};") + note

    def _most_saved(self) -> int:
        bodies = [self.program.setup, *(b.body for p in self.program.processes for b in p.blocks)]
        return max(1, *(sum(self.variables[var].count for var, _ in assigned(body)) for body in bodies))

    # --------------------------------------------------------- properties

    def properties(self) -> Lines:
        """A macro for each property; copies of what transition invariants compare with."""
        lines = []
        for p in self.program.properties:
            if p.kind == "leads_to":
                continue
            word = " || " if p.kind == "reachable" else " && "
            exprs = [self.writer().text(e) for e in shorter_exprs(p, Known(self.variables))]
            text = word.join(f"({e})" for e in exprs) if len(exprs) > 1 else exprs[0]
            lines += [
                f"/* {p.kind}: {remark(p.doc)} */",
                f"#define {self.names.properties[p.name]}\t({text})",
            ]
        return lines + self._copies()

    def _copies(self) -> Lines:
        if not self.transitions:
            return []
        wanted = sorted({name for _, one in self.transitions for name in old_reads(one.expr)})
        lines, saves = [], []
        for name in wanted:
            v, plain = self.variables[name], self.names.variables[name]
            lines.append(
                f"hidden {type_name(v.type.lo, v.type.hi, True)} was_{plain}"
                + (f"[{v.count}];" if v.count > 1 else ";")
            )
            places = [self.writer().place_of(v, str(e)) for e in range(v.count)]
            saves += [f"was_{place} = {place}" for place in places]
        whole = dict.fromkeys(p for p, _ in self.transitions)
        after = "; ".join(f"HOLDS({self.names.properties[p.name]}, {quoted(p.name, p.doc)})" for p in whole)
        return [*lines, f"#define BEFORE\t{'; '.join(saves) or 'skip'}", f"#define AFTER\t{after}"]

    def _judged(self, block: Block) -> bool:
        """Can the step of `block` violate a transition invariant?"""
        written = {var for var, _ in assigned(block.body)}
        return any(not stutters(one.expr) or written & reads(one.expr) for _, one in self.transitions)

    def monitor(self) -> Lines:
        """The process that judges states; it has one location and never moves if all is well."""
        options = []
        for p in self.program.properties:
            name = self.names.properties[p.name]
            if p.kind in ("invariant", "crash"):
                options.append(f"\t:: d_step {{ !{name} -> HOLDS({name}, {quoted(p.name, p.doc)}) }}")
            elif p.kind == "terminal":
                options.append(
                    f"\t:: atomic {{ timeout && !{name} -> HOLDS({name}, {quoted(p.name, p.doc)}) }}"
                )
        options += ["#ifdef FIND", "\t:: d_step { FIND -> assert(!FIND) }", "#endif"]
        if not any(
            p.kind in ("invariant", "crash", "terminal", "reachable") for p in self.program.properties
        ):
            return []
        return [
            f"{self._active()}proctype properties()",
            "{",
            "end:",
            "\tdo",
            *options,
            "\t:: false",
            "\tod",
            "}",
        ]

    def liveness(self) -> Lines:
        leads = [p for p in self.program.properties if p.kind == "leads_to"]
        if not leads:
            return []
        return ["#ifdef LIVENESS", *(line for p in leads for line in self._ltl(p)), "#endif"]

    def _ltl(self, p: Property) -> Lines:
        name = self.names.properties[p.name]
        lines, formulas = [f"/* {remark(p.doc)}", *self._asked(p, name)], []
        for number, (one, target) in enumerate(zip(p.instances, p.target)):
            lines += [f"#define {name}_from{number}\t({self.writer().text(one.expr)})"]
            lines += [f"#define {name}_to{number}\t({self.writer().text(target)})"]
            formulas.append(f"[] ({name}_from{number} -> <> {name}_to{number})")
        return [*lines, f"ltl {name} {{ {' && '.join(f'({f})' for f in formulas) or 'true'} }}"]

    def _asked(self, p: Property, name: str) -> Lines:
        """How SPIN is asked about a leads-to property, and what its answer says."""
        fair = [process.name for process in self.program.processes if process.name in p.fair]
        option = "-f " if fair else ""
        lines = [" *", f" * spin -DLIVENESS -a FILE && gcc -O2 -DNOREDUCE -o pan pan.c && ./pan -a {option}-N {name} -m1000000"]
        if fair and len(fair) < len(self.program.processes):
            lines += [" *", f" * Fairness is asked for {', '.join(fair)} only, and -f is fair to all: only an error counts."]
        return [*lines, " */"]

    # ---------------------------------------------------------- processes

    def _active(self, instances: int = 1) -> str:
        if self.initial is None:
            return ""
        return f"active [{instances}] " if instances > 1 else "active "

    def proctype(self, process: Process) -> Lines:
        """A process type; the block it begins at comes first."""
        own = self.names.processes[process.name]
        first = self.program.first_self(process)
        lines = []
        if process.instances > 1:
            before = first - (self.initial is not None)
            lines.append(f"#define {own}_number\t(_pid - {before})\t/* which instance takes the step */")
        blocks = sorted(process.blocks, key=lambda b: (b.label != process.entry, b.label))
        lines += [f"{self._active(process.instances)}proctype {own}()", "{"]
        known = at_labels(process, self.everywhere(process), tuple(self._locals(process)))
        for block in blocks:
            if block.label in known:
                lines += self._block(process, shorter_block(block, known[block.label]), known[block.label])
        if process is self.program.processes[0]:
            every = " + ".join(self.writer().place_of(v, "0", "0") for v in self.program.variables)
            lines += [f"\t({every or 0})\t/* never reached; but SPIN keeps only what something reads */"]
        return [*lines, "}"]

    def _label(self, process: Process, label: int) -> str:
        return f"end_L{label}" if label in process.rests else f"L{label}"

    def _block(self, process: Process, block: Block, known: Known) -> Lines:
        head = [f"{self._label(process, block.label)}:\t/* {where(block)} */"]
        if block.guard == Const(0):
            return [*head, "\tfalse;"]
        touched = block.live | {var for var, _ in assigned(block.body)}

        def forget(label: int) -> Lines:
            dead = [v for v in self._locals(process) if v.name in touched - process.blocks[label].live]
            return [line for v in dead for line in self._reset(writer, v, None)]

        writer = self.writer(process, known)
        body = Body(block.body, block.label, forget, block.guard, self._judged(block))
        step = StepWriter(writer, body)
        goals = [self._label(process, label) for label in body.targets]
        own = self._label(process, block.label)
        if step.tree is None and not body.can_fail and len(goals) == 1:
            return [*head, *indent(sequence([select_one(step.d_step()), [f"goto {goals[0]};"]]))]
        inner = step.choose()
        inner = sequence([inner, step.d_step()]) if inner else select_one(step.d_step())
        inner[-1] += ";"
        inner += [f"RETRY({own})"] if body.can_fail else []
        if len(goals) > 1:
            inner += select([(f"next == {n}", [f"next = 0; goto {g}"]) for n, g in zip(body.targets, goals)])
        else:
            inner.append(f"goto {goals[0] if goals else own}")
        return [*head, "\tatomic {", *indent(indent(inner)), "\t};"]

    def _locals(self, process: Process) -> list[Variable]:
        return [v for v in self.program.variables if v.process == process.name]

    def _reset(self, writer: PromelaWriter, v: Variable, instance: str | None) -> Lines:
        zero = writer.text(Const(v.type.lo), None, v.type)
        return [f"{writer.place_of(v, str(e), instance)} = {zero}" for e in range(v.count)]

    # -------------------------------------------------------------- setup

    def init(self) -> Lines:
        """The process that chooses an initial state and starts the others, if there are several."""
        if self.initial is not None:
            return []
        writer = self.writer()
        setup = shorter(self.program.setup, Known(self.variables))
        step = StepWriter(writer, Body(setup, 0, lambda label: self._forget_at_entry(writer)))
        runs = [
            f"run {self.names.processes[p.name]}()"
            for p in self.program.processes
            for _ in range(p.instances)
        ]
        runs += ["run properties()"] if self.monitor() else []
        statements = sequence([self._late(writer), step.choose(), step.d_step(), *([run] for run in runs)])
        return ["init", "{", "\tatomic {", *indent(indent(statements)), "\t}", "}"]

    def _late(self, writer: PromelaWriter) -> Lines:
        """Initial values that no declaration could say."""
        late = [
            [f"{writer.place_of(v, str(e), str(i))} = {value}"]
            for v in self.program.variables
            if _undeclarable(list(v.init))
            for i in range(self.instances.get(v.process or "", 1))
            for e, value in enumerate(v.init)
        ]
        return ["d_step {", *indent(sequence(late)), "}"] if late else []

    def _forget_at_entry(self, writer: PromelaWriter) -> Lines:
        lines = []
        for process in self.program.processes:
            live = process.blocks[process.entry].live
            for v in self._locals(process):
                if v.name not in live:
                    lines += [
                        line for i in range(process.instances) for line in self._reset(writer, v, str(i))
                    ]
        return lines


def select_one(statement: Lines) -> Lines:
    """A `d_step` that a label may stand before: SPIN forbids a jump to the `d_step` itself."""
    return ["if", ":: " + statement[0], *statement[1:], "fi"]
