"""Proofs for any number of steps: k-induction, and Horn clauses where z3 finds an invariant by itself.

A counterexample to induction is a state in which all that is claimed is true, and steps from it
after which it is not.  It is followed again by the reference interpreter before it is shown.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ... import lang
from ...base.errors import InternalError
from ...compile.program import _Compiler
from ...ir import program as ir
from ...ir.interpreter import NOBODY, Interpreter, PropertyViolation, Step
from ...picture.report import counterexample
from ...source.catalogue import Catalogue
from ...trace.trace import Facts, Trace
from ...trace.values import Names
from ..arithmetic.theorems import INCOMPLETE, PROVED, REFUTED, Proof
from ..asking import ask
from .refinement import compared
from .transitions import Alternative, Transitions

HORN_SECONDS = 5


def inductions_of(catalogue: Catalogue) -> dict[str, lang.Induction]:
    """The proofs by induction that a model asks for, by name."""
    found: dict[str, lang.Induction] = {}
    for module in catalogue.modules:
        for name, value in vars(module).items():
            if isinstance(value, lang.Induction) and value not in found.values():
                found[name] = value
    return found


class _InductionCompiler(_Compiler):
    """Compiles the small system of a proof, with what is claimed of it as its properties."""

    def __init__(self, catalogue: Catalogue, asked: lang.Induction, design: lang.Design | None) -> None:
        scenario = lang.Scenario(asked.doc, asked.processes, None, None, {}, None, (), ())
        super().__init__(catalogue, scenario, design, {})
        self.asked = asked

    def _properties(self, names: list[str] | None) -> dict[str, Any]:
        return {f.__name__: f for f in (self.asked.claim, *self.asked.helped_by)}


def prove(
    catalogue: Catalogue, name: str, asked: lang.Induction, design: lang.Design | None, seconds: float
) -> Proof:
    """What becomes of one proof by induction; seconds: for one question to z3."""
    start = time.perf_counter()
    program = _InductionCompiler(catalogue, asked, design).program(None, None)
    proof = _Induction(program, asked.k, seconds)
    verdict, limit, picture = proof.run(catalogue.name_of(design) if design else "")
    how = f"{asked.k}-induction" if asked.k > 1 else "induction"
    horn = ""
    if verdict == PROVED and proof.by_horn_clauses(asked.claim.__name__):
        horn = "; z3 also finds an invariant for the claim alone, with Horn clauses"
    told = ""
    if verdict == PROVED and asked.seen_as:
        verdict, limit, picture, told = _compared_with_the_model(catalogue, asked, program, design, seconds)
    helpers = ", ".join(f.__name__ for f in asked.helped_by)
    covers = f"{' '.join(asked.claim.__doc__.split())} In any number of steps, sizes of any value"
    covers += f"; proved together with {helpers}" if helpers else ""
    return Proof(
        name, how, asked.doc, covers + horn, asked.assumes + told, verdict,
        time.perf_counter() - start, proof.asked, None, limit, picture,
    )  # fmt: skip


def _compared_with_the_model(
    catalogue: Catalogue, asked: lang.Induction, program: ir.Program, design: lang.Design | None, seconds: float
) -> tuple[str, str, str, str]:
    """Verdict, limit and picture of the comparison with the model, and what was compared."""
    done: list[str] = []
    try:
        for one in compared(catalogue, asked, program, design, seconds):
            if one.trace is not None:
                head = f"the last step of this run of the model, in {one.scenario}, is none of the small system"
                facts = Facts(catalogue.name_of(design) if design else "", one.scenario, one.bound)
                picture = counterexample(replace(one.trace, facts=facts), (), 76).rstrip()
                return REFUTED, "", "\n".join([*textwrap.wrap(head + ":", 76), "", picture]), ""
            done.append(str(one))
    except TimeoutError:
        return INCOMPLETE, f"comparing with the model, z3 has no answer within {seconds:g} s", "", ""
    return PROVED, "", "", ". Compared with the model, every step of " + ", ".join(done)


class _Induction:
    """k-induction on one program."""

    def __init__(self, program: ir.Program, k: int, seconds: float) -> None:
        self.program, self.k, self.seconds = program, k, seconds
        self.system = Transitions(program)
        self.z3, self.asked = self.system.z3, 0

    def claims(self, state: Sequence[Any]) -> Any:
        """All that is claimed, of a state."""
        return self.z3.And(
            *(self.system.truth(one.expr, state, NOBODY) for prop in self.program.properties for one in prop.instances)
        )

    def _check(self, conditions: Sequence[Any]) -> Any:
        """A model of the conditions, None if there is none; raises TimeoutError."""
        self.asked += 1
        solver = self.z3.Solver()
        solver.set("timeout", max(1, int(1000 * self.seconds)))
        solver.add(*conditions)
        answer = ask(solver)
        if answer == self.z3.unknown:
            raise TimeoutError
        return solver.model() if answer == self.z3.sat else None

    def run(self, design: str) -> tuple[str, str, str]:
        """Verdict, limit, and the picture of a counterexample."""
        initial = [[self.z3.IntVal(v) for v in one] for one in self.system.judge.initial_states()]
        first = self.system.state("s0")
        begins = self.z3.Or(*(self.z3.And(*(a == b for a, b in zip(first, one))) for one in initial))
        somewhere = [*self.system.ranges(first), self.claims(first)]
        try:
            if self._check([begins, self.z3.Not(self.claims(first))]) is not None:
                return REFUTED, "", "the initial state is not as claimed"
            for step, conditions in ((self.k - 1, [begins]), (self.k, somewhere)):
                bad = self._longer(first, conditions, [], step, conditions is not somewhere)
                if bad is not None:
                    return REFUTED, "", self._picture(*bad, first, design)
        except TimeoutError:
            return INCOMPLETE, f"z3 has no answer within {self.seconds:g} s", ""
        return PROVED, "", ""

    def _longer(
        self, state: Sequence[Any], conditions: list[Any], taken: list[Alternative], left: int, at_all: bool
    ) -> tuple[Any, list[Alternative]] | None:
        """`left` more steps: the claims hold before each and not after the last (at_all: after any)."""
        if left == 0:
            return None
        for one in self.system.alternatives(state):
            path = [*conditions, *one.path]
            steps = [*taken, one]
            if one.violated:
                model = self._check(path)
            elif left == 1 or at_all:
                model = self._check([*path, self.z3.Not(self.claims(one.state))])
            else:
                model = None
            if model is not None:
                return model, steps
            if left > 1 and not one.violated:
                further = self._longer(one.state, [*path, self.claims(one.state)], steps, left - 1, at_all)
                if further is not None:
                    return further
        return None

    # counterexamples to induction

    def _picture(self, model: Any, steps: list[Alternative], first: Sequence[Any], design: str) -> str:
        """The state and the steps that z3 found, as the interpreter takes them."""
        state = tuple(model.eval(v, model_completion=True).as_long() for v in first)
        trace = self._followed(state, model, steps)
        names = Names(self.program)
        shown = []
        for variable in self.program.variables:
            for element in range(variable.count if variable.process is None else 0):
                value = state[names.slots.at(variable.name, element)]
                if value:
                    text = names.value(variable.type, value, compact=True)
                    shown.append(f"{names.elements(variable, [element])} = {text}")
        where = textwrap.wrap(", ".join([*shown, "all else 0"]), 74)
        head = ["counterexample to induction, from a state in which all is as claimed:", *("  " + w for w in where)]
        return "\n".join([*head, "", counterexample(replace(trace, facts=Facts(design)), (), 76).rstrip()])

    def _followed(self, state: tuple[int, ...], model: Any, steps: list[Alternative]) -> Trace:
        """The interpreter's trace of these steps, which ends as z3 says."""
        judge, states, taken = Interpreter(self.program), [state], []
        if judge.judge(state):
            raise InternalError("z3 begins a step where the interpreter finds a claim violated")
        for one in steps:
            chosen = [model.eval(c, model_completion=True).as_long() for c in one.choices]
            step = self._step(states[-1], one, chosen)
            taken.append(step)
            if step.after is not None:
                states.append(step.after)
        violation = taken[-1].violation or next(iter(judge.judge(states[-1])), None)
        if not isinstance(violation, PropertyViolation):
            raise InternalError("z3 refutes an induction step, and the interpreter finds nothing wrong with it")
        return Trace(self.program, judge, tuple(states), tuple(taken), violation=violation)

    def _step(self, state: tuple[int, ...], one: Alternative, chosen: list[int]) -> Step:
        """The interpreter's step with these choices: each Choose is narrowed to the value chosen."""
        process = self.program.processes[one.actor.process]
        left = list(chosen)
        body = _narrowed(process.blocks[one.label].body, left)
        blocks = tuple(replace(b, body=body) if b.label == one.label else b for b in process.blocks)
        processes = tuple(replace(p, blocks=blocks) if p is process else p for p in self.program.processes)
        judge = Interpreter(replace(self.program, processes=processes, by_name={}))
        steps = list(judge.steps_of(state, one.actor))
        if len(steps) != 1:
            raise InternalError(f"z3 takes a step that the interpreter has {len(steps)} of")
        return steps[0]

    def by_horn_clauses(self, claim: str) -> bool:
        """Does z3's fixed-point engine find an invariant for the claim without help?"""
        z3 = self.z3
        engine = z3.Fixedpoint()
        engine.set(engine="spacer", timeout=1000 * HORN_SECONDS)
        state = self.system.state("h")
        reached = z3.Function("reached", *(z3.IntSort() for _ in state), z3.BoolSort())
        bad = z3.Bool("bad")
        engine.register_relation(reached, bad.decl())
        engine.declare_var(*state)
        for one in self.system.judge.initial_states():
            engine.rule(reached(*(z3.IntVal(v) for v in one)))
        for one in self.system.alternatives(state):
            engine.declare_var(*one.choices) if one.choices else None
            head = bad if one.violated else reached(*one.state)
            engine.rule(head, [reached(*state), *one.path])
        prop = next(p for p in self.program.properties if p.name == claim)
        right = z3.And(*(self.system.truth(i.expr, state, NOBODY) for i in prop.instances))
        engine.rule(bad, [reached(*state), z3.Not(right)])
        try:
            return engine.query(bad) == z3.unsat
        except z3.Z3Exception:  # its time is up
            return False


def _narrowed(body: Sequence[ir.Stmt], left: list[int]) -> tuple[ir.Stmt, ...]:
    """A body whose Chooses can only take the values of `left`, in order."""
    done: list[ir.Stmt] = []
    for statement in body:
        if isinstance(statement, ir.Choose) and left:
            value = left.pop(0)
            statement = replace(statement, lo=value, hi=value)
        elif isinstance(statement, ir.If):
            statement = replace(statement, then=_narrowed(statement.then, left), other=_narrowed(statement.other, left))
        done.append(statement)
    return tuple(done)
