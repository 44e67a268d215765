"""Theorems: what a model claims of its pure functions, for all values that C's types have.

A theorem is refuted by values for which it is false, or for which some machine operation on
the way does not give the exact result.  Such values come from z3, and are judged again
without it: by computing the functions on Python integers, and, if nothing wraps there, by
the reference interpreter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from ... import lang
from ...base.errors import InternalError, UsageError, shown_path
from ...ir import program as ir
from ...ir.interpreter import Interpreter
from ...lower.properties import for_properties
from ...lower.scopes import Bound, Scope
from ...lower.symbolic import result_of
from ...lower.values import Value, both
from ...parse import tree as t
from ...parse.statements import parse_function
from ...source.catalogue import Catalogue
from ...source.variant import edited
from ...types.infer import Inference
from ...types.world import World
from ..asking import ask
from .functions import Functions, Inexact, Word
from .words import BitVectors, Integers

PROVED, REFUTED, INCOMPLETE = "proved", "refuted", "incomplete"
SMALL = (0, 1, 512, 4096, 1 << 20, 0xFFFFFFFF)  # values that are preferred in a refutation


@dataclass(frozen=True)
class Refutation:
    """Values for which a theorem is not true.

    values: of its parameters; geometry: of the constants that it uses; machine: on which.
    wraps: what is not exact there, as sentences; () if the claim itself is false.
    """

    values: tuple[tuple[str, int], ...]
    geometry: tuple[tuple[str, int], ...]
    machine: str
    wraps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proof:
    """What became of a theorem.

    kind: what sort of proof; doc: the statement.  covers: functions and machines; assumes: its
    premise in words.  limit: what was reached, if it is incomplete.  questions: put to z3.
    """

    name: str
    kind: str
    doc: str
    covers: str
    assumes: str
    verdict: str
    seconds: float
    questions: int
    refutation: Refutation | None = None
    limit: str = ""
    picture: str = field(default="", repr=False)


def theorems_of(catalogue: Catalogue) -> dict[str, FunctionType]:
    """The theorems that a model declares, by name."""
    found = {}
    for module in catalogue.modules:
        for name, value in vars(module).items():
            if getattr(value, "checker_kind", "") == "theorem" and value.__module__ == module.__name__:
                found[name] = value
    return found


def machines_of(catalogue: Catalogue) -> dict[str, lang.Machine]:
    """The machines that a model declares, by name."""
    found: dict[str, lang.Machine] = {}
    for module in catalogue.modules:
        for name, value in vars(module).items():
            if isinstance(value, lang.Machine) and value not in found.values():
                found[name] = value
    return found


class Prover:
    """Proves theorems about the functions of `design`.

    seconds: for one question to z3.
    """

    def __init__(self, catalogue: Catalogue, design: lang.Design | None, seconds: float = 20) -> None:
        self.catalogue, self.seconds = catalogue, seconds
        self.edits = edited(design, catalogue.name_of(design) if design else "")
        self.trees: dict[FunctionType, t.Function] = {}
        self.machines = machines_of(catalogue)
        if not self.machines:
            raise UsageError(f"{catalogue.model} declares no machine, so there is nothing to prove theorems on")

    def parse(self, function: FunctionType) -> t.Function:
        found = self.trees.get(function)
        if found is None:
            edits = self.edits
            found = parse_function(function, edits.body(function), edits.file(function), edits.globals(function))
            self.trees[function] = found
        return found

    def prove(self, name: str, theorem: FunctionType) -> Proof:
        """Ask about every machine and geometry, until one refutes the theorem or z3 gives up."""
        start, asked = time.perf_counter(), {}
        covers = ", ".join(dict.fromkeys(called(self.parse(theorem), self.parse)))

        def done(verdict: str, refutation: Refutation | None = None, limit: str = "") -> Proof:
            doc = " ".join(self.parse(theorem).doc.split())
            where = "; ".join(machine.doc for machine in self.machines.values())
            return Proof(
                name, "arithmetic", doc, f"{covers}; {where}", theorem.checker_theorem, verdict,
                time.perf_counter() - start, len(asked), refutation, limit,
            )  # fmt: skip

        for machine in self.machines.values():
            for geometry in machine.geometries:
                question = _Question(self, theorem, machine, geometry)
                key = (machine.doc, *sorted(question.functions.used.items()))
                if key in asked:
                    continue
                asked[key] = True
                answer, refutation = question.ask(self.seconds)
                if answer == "unknown":
                    where = ", ".join(f"{n} = {v}" for n, v in key[1:])
                    return done(INCOMPLETE, limit=f"z3 has no answer within {self.seconds:g} s ({where})")
                if refutation is not None:
                    return done(REFUTED, refutation)
        return done(PROVED)


def called(function: t.Function, parse: Callable[[FunctionType], t.Function]) -> Iterator[str]:
    """Names of the functions that a function calls, directly or not."""
    for node in _expressions(function.body):
        if isinstance(node, t.Call):
            yield node.function.__name__
            yield from called(parse(node.function), parse)


def _expressions(body: list[t.Stmt]) -> Iterator[t.Node]:
    for stmt in body:
        own, inner = t.parts(stmt)
        queue = list(own)
        while queue:
            node = queue.pop(0)
            yield node
            queue += t.children(node)
        for one in inner:
            yield from _expressions(one)


class _Question:
    """A theorem on one machine, in one geometry."""

    def __init__(self, prover: Prover, theorem: FunctionType, machine: lang.Machine, geometry: dict) -> None:
        self.prover, self.theorem, self.machine, self.geometry = prover, theorem, machine, geometry
        bits = BitVectors()
        self.functions = Functions(bits, prover.parse, machine.long, geometry)
        self.tree = prover.parse(theorem)
        self.params = {}
        words = []
        for param in self.tree.params:
            type_ = self.functions.type_of(param.annotation, self.tree, param.line)
            variable, value = bits.unknown(param.name, type_) if type_ else (bits.z3.Bool(param.name),) * 2
            self.params[param.name] = variable
            words.append(Word(value, type_))
        self.claim = self.functions.call(theorem, words).value

    def ask(self, seconds: float) -> tuple[str, Refutation | None]:
        """z3's answer, and the values that refute the theorem, if there are any.

        A false claim goes before an operation that wraps: it says more.
        """
        import z3

        for wrong in (z3.Not(self.claim), z3.Or(*[one.happens for one in self.functions.inexact])):
            solver = z3.SolverFor("QF_BV")
            solver.set("timeout", max(1, int(seconds * 1000)))
            solver.add(wrong)
            answer = ask(solver)
            if answer == z3.unknown:
                return "unknown", None
            if answer == z3.sat:
                return "sat", self._judged(self._round(solver))
        return "unsat", None

    def _round(self, solver: Any) -> Any:
        """A model with small values, one parameter after the other, as far as z3 finds them at once."""
        import z3

        solver.set("timeout", 500)
        model = solver.model()
        for variable in self.params.values():
            if z3.is_bool(variable):
                continue
            for most in SMALL:
                solver.push()
                solver.add(z3.ULE(variable, most))
                if ask(solver) == z3.sat:
                    model = solver.model()
                    break
                solver.pop()
        return model

    def _judged(self, model: Any) -> Refutation:
        """The values of a model, computed again without z3."""
        values = {}
        for param in self.tree.params:
            found = model.eval(self.params[param.name], model_completion=True)
            type_ = self.functions.type_of(param.annotation, self.tree, param.line)
            if type_ is None:
                values[param.name] = int(bool(found))
            else:
                values[param.name] = found.as_signed_long() if type_.signed else found.as_long()
        claim, inexact = self.computed(values)
        if not inexact and self.interpreted(values):
            raise InternalError(f"z3 refutes {self.tree.name} with {values}, and the interpreter finds it true")
        if claim and not inexact:
            raise InternalError(f"z3 refutes {self.tree.name} with {values}, for which it is true")
        wraps = tuple(_sentence(one) for one in inexact) if claim else ()
        used = tuple(sorted(self.functions.used.items()))
        return Refutation(tuple(values.items()), used, self.machine.doc, wraps)

    def computed(self, values: dict[str, int]) -> tuple[bool, list[Inexact]]:
        """The theorem for some values, computed on Python integers: is it true, and what is not exact?"""
        functions = Functions(Integers(), self.prover.parse, self.machine.long, self.geometry)
        words = []
        for param in self.tree.params:
            type_ = functions.type_of(param.annotation, self.tree, param.line)
            words.append(Word(values[param.name] if type_ else bool(values[param.name]), type_))
        return bool(functions.call(self.theorem, words).value), functions.inexact

    def interpreted(self, values: dict[str, int]) -> bool:
        """The theorem for some values, judged by the reference interpreter."""
        program, claim = lowered(self.prover, self.theorem, self.functions)
        state = tuple(values[variable.name] for variable in program.variables)
        return bool(Interpreter(program).evaluate(claim, state))


def _sentence(one: Inexact) -> str:
    return (
        f"{shown_path(one.file)}:{one.line}: {one.text} is {one.exact:,}, which a value of type "
        f"{one.type.name} ({one.type.bits} bits) cannot be"
    )


# --------------------------------------------------- for the reference interpreter


class _MachineWorld(World):
    """Declared things where types are as wide as C's, and constants are those of a geometry."""

    def __init__(self, catalogue: Catalogue, functions: Functions) -> None:
        super().__init__(catalogue.modules, catalogue.structs, {})
        self.functions = functions

    def constant(self, value: Any) -> int:
        return self.functions.constant(value) if isinstance(value, lang.Const) else super().constant(value)

    def _make_type(self, declared: Any) -> ir.Type:
        if isinstance(declared, lang.Range) and declared.c in self.functions.types:
            type_ = self.functions.types[declared.c]
            return ir.int_type(type_.lo, type_.hi, type_.name)
        return super()._make_type(declared)


def lowered(prover: Prover, theorem: FunctionType, functions: Functions) -> tuple[ir.Program, ir.Expr]:
    """A theorem in the IR: a program whose variables are its parameters, and what must be true of
    them.  A value that leaves the range of its type makes it false, as the language has it."""
    world = _MachineWorld(prover.catalogue, functions)
    inference = Inference(world, prover.parse)
    typed = inference.function(theorem)
    if inference.problems or typed is None:
        raise UsageError("\n".join(map(str, inference.problems.values())))
    builder = for_properties(world, {prover.parse(f).file: "" for f in prover.trees})
    names = {
        name: Bound(Value(ir.Read(name), type_.lo, type_.hi)) for name, type_ in typed.params.items()
    }
    value = result_of(builder, Scope(typed, names, (theorem.__name__,)))
    for check in builder.take_checks():
        value = both(check.cond, value)
    variables = tuple(ir.Variable(name, type_) for name, type_ in typed.params.items())
    return ir.Program(theorem.__name__, variables, ()), value.expr
