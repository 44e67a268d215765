"""Traces in the Informal Trace Format, the JSON that TLA+ and Quint tools read (Apalache ADR-015).

A struct is a record, or a sequence of records if it has several instances.  Beside the
model's variables a state has `pc` (where each process instance stands) and `locals`.  The
metadata of a state say which step led to it.
"""

from __future__ import annotations

from typing import Any

from ..base.errors import shown_path
from ..ir.interpreter import State
from ..ir.program import Block, Program, Variable
from ..trace.trace import Trace
from ..trace.values import Names

TAKEN, PICKS = "mbt::actionTaken", "mbt::nondetPicks"  # names that model-based testing tools look for
LOCALS, PLACES = "locals", "pc"


def to_itf(trace: Trace) -> dict[str, Any]:
    """The trace as a JSON object in the Informal Trace Format."""
    writer = _Writer(trace.program, trace)
    states = [writer.state(index) for index in range(len(trace.states))]
    result: dict[str, Any] = {
        "#meta": {
            "format": "ITF",
            "format-description": "https://apalache.informal.systems/docs/adr/015adr-trace.html",
            "description": "A counterexample of a model checker for kernel concurrency",
            **_facts(trace),
            **writer.violation(),
        },
        "params": [],
        "vars": writer.variables(),
        "states": states,
    }
    if trace.loop is not None:
        result["loop"] = min(trace.loop, len(states) - 1)
    return result


def _facts(trace: Trace) -> dict[str, Any]:
    facts = trace.facts
    named = {
        "model": facts.model,
        "design": facts.design,
        "scenario": facts.scenario,
        "settings": facts.settings,
    }
    found = {name: value for name, value in named.items() if value}
    return found | ({} if facts.bound is None else {"bound": facts.bound})


class _Writer:
    def __init__(self, program: Program, trace: Trace) -> None:
        self.program, self.trace, self.names = program, trace, Names(program)
        self.shared = [v for v in program.variables if v.process is None]

    def variables(self) -> list[str]:
        names = dict.fromkeys(v.struct or v.name for v in self.shared)
        return [*names, PLACES, LOCALS, TAKEN, PICKS]

    def state(self, index: int) -> dict[str, Any]:
        state = self.trace.states[index]
        values: dict[str, Any] = {"#meta": {"index": index, **(self._step(index - 1) if index else {})}}
        for variable in self.shared:
            if not variable.struct:
                values[variable.name] = self._elements(variable, state, range(variable.count))
            elif variable.struct not in values:
                values[variable.struct] = self._struct(variable.struct, state)
        values[PLACES] = {
            "#map": [[name, self._place(who, state)] for who, name in enumerate(self.names.actors)]
        }
        values[LOCALS] = {
            "#map": [[name, self._locals(who, state)] for who, name in enumerate(self.names.actors)]
        }
        values[TAKEN] = self.trace.call(index - 1) if index else "init"
        picks = self.trace.steps[index - 1].choices if index else ()
        values[PICKS] = {"choices": [_integer(choice) for choice in picks]}
        return values

    def violation(self) -> dict[str, Any]:
        """What is violated, and the step that fails, which leads to no state."""
        wrong = self.trace.violation
        if wrong is None:
            return {}
        found: dict[str, Any] = {
            "property": wrong.property,
            "message": wrong.message,
            "binding": dict(wrong.binding),
        }
        if len(self.trace.steps) == len(self.trace.states):
            found["failing step"] = self._step(len(self.trace.steps) - 1)
        return {"violation": found}

    def _step(self, index: int) -> dict[str, Any]:
        """The step from state `index`: thread, action, source position."""
        step, actor = self.trace.steps[index], self.trace.actor(index)
        block = self.program.processes[step.process].blocks[step.label]
        return {
            "thread": self.names.actors[actor.self - 1],
            "action": self.names.call(block.call, self.trace.judge, self.trace.states[index], actor),
            "source": _place_of(block),
            "calls": [frame.function for frame in block.frames],
        }

    def _struct(self, struct: str, state: State) -> Any:
        fields = [v for v in self.shared if v.struct == struct]
        count = fields[0].count // fields[0].per
        records = [
            {v.field: self._elements(v, state, range(number * v.per, (number + 1) * v.per)) for v in fields}
            for number in range(count)
        ]
        return records[0] if count == 1 else records

    def _elements(self, variable: Variable, state: State, elements: range, instance: int = 0) -> Any:
        first = self.names.slots.at(variable.name, 0, instance)
        values = [self._value(variable, state[first + element]) for element in elements]
        return values[0] if len(values) == 1 else values

    def _value(self, variable: Variable, value: int) -> Any:
        if variable.type.kind == "bool":
            return bool(value)
        return _integer(value) if variable.type.kind == "int" else self.names.value(variable.type, value)

    def _place(self, who: int, state: State) -> str:
        actor = self.trace.judge.actors[who]
        block = self.trace.judge.block_of(state, actor.process, actor.instance)
        return f"{block.call.name} at {_place_of(block)}" if block.frames else block.call.name

    def _locals(self, who: int, state: State) -> dict[str, Any]:
        """The locals that are live; the others have no meaning."""
        actor = self.trace.judge.actors[who]
        process = self.program.processes[actor.process]
        live = self.trace.judge.block_of(state, actor.process, actor.instance).live
        own = [v for v in self.program.variables if v.process == process.name and v.name in live]
        return {
            v.name.split(":", 1)[-1]: self._elements(v, state, range(v.count), actor.instance) for v in own
        }


def _place_of(block: Block) -> str:
    return f"{shown_path(block.frames[-1].pos.file)}:{block.frames[-1].pos.line}" if block.frames else ""


def _integer(value: int) -> dict[str, str]:
    return {"#bigint": str(value)}
