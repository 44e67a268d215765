"""A counterexample of one design, tried on another: which step is no longer possible, or does something else.

Steps are found again by the call that they are and the function that they are in, because designs
differ in their steps: what the other design does besides is done when its turn comes, what it does
not do is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..base.errors import shown_path
from ..ir.interpreter import Actor, Interpreter, State, Step
from ..ir.program import OPS_LEFT, Block, Program
from .explain import waits
from .trace import Followed, Trace, violations_at_end
from .values import Names

MOST = 8  # steps that an actor may do more, or less, than the trace before it is in step again
Key = tuple[str, str]  # call and function of a step


@dataclass(frozen=True)
class Transplanted(Followed):
    """How far a trace could be followed on another design; turns are numbered as in the trace, `origin`.

    effect: the first step that leaves other values behind: its number, its place and the values.  passed: turns that the other design has not;
    more: steps that it has and the trace has not, as number of the turn before which they come and place.
    again: of a trace that goes round for ever, `stopped` is the turn that begins the second round.
    """

    origin: Trace | None = None
    effect: tuple[int, str, str] | None = None
    passed: tuple[int, ...] = ()
    more: tuple[tuple[int, str], ...] = ()
    again: bool = False

    def origin_place(self, index: int) -> str:
        """Where a step of the trace is."""
        step = self.origin.steps[index]
        return place_of(self.origin.program.processes[step.process].blocks[step.label])


def transplanted(origin: Trace, program: Program) -> Transplanted:
    """Follow `origin`, a violation of another design, in `program`, which has the same processes."""
    return _Transplant(origin, program).run()


def place_of(block: Block) -> str:
    """Where a step is: "folio_lock() in iomap_writepages(), model/fs/iomap/buffered_io.py:12"."""
    call = f"{block.call.name}()" if block.call.name.isidentifier() else block.call.name
    if not block.frames:
        return call
    frame = block.frames[-1]
    return f"{call} in {frame.function}(), {shown_path(frame.pos.file)}:{frame.pos.line}"


class _Transplant:
    """One attempt."""

    def __init__(self, origin: Trace, program: Program) -> None:
        self.origin, self.program = origin, program
        self.judge = Interpreter(program)
        initial = self.judge.initial_states()
        start = min(origin.start, len(initial) - 1)
        self.trace = Trace(program, self.judge, (initial[start],), (), start, facts=origin.facts)
        self.keys = [_key(origin.program.processes[s.process].blocks[s.label]) for s in origin.steps]
        self.known = [{_key(block) for block in process.blocks} for process in program.processes]
        self.common = _common_variables(origin.program, program)
        self.effect: tuple[int, str, str] | None = None
        self.passed: list[int] = []
        self.more: list[tuple[int, str]] = []

    def run(self) -> Transplanted:
        wanted = self.origin.violation.property if self.origin.violation else ""
        for index, step in enumerate(self.origin.steps):
            actor = self.origin.actor(index)
            ahead = self._ahead(index, actor)
            if ahead is None:
                return self._stopped(index, actor)
            if ahead < 0:
                self.passed.append(index)
            else:
                for _ in range(ahead):
                    self.more.append((index, place_of(self._block(actor))))
                    self._take(next(self.judge.steps_of(self.trace.states[-1], actor)))
                taken = self._chosen(actor, step.choices)
                if taken is None:
                    return self._stopped(index, actor)
                self._take(taken)
            self._compare(index)
            if found := violations_at_end(self.trace):
                first = next((v for v in found if v.property == wanted), found[0])
                return self._result(replace(self.trace, violation=first))
        round_again = self.origin.loop
        if round_again is not None and round_again < len(self.origin.steps):
            actor = self.origin.actor(round_again)
            if self._ahead(round_again, actor) in (None, -1):
                return replace(self._stopped(round_again, actor), again=True)
        return self._result(self.trace)

    def _ahead(self, index: int, actor: Actor) -> int | None:
        """How many steps `actor` does before that of turn `index`; -1: it does not do that one; None: it cannot."""
        if self.keys[index] not in self.known[actor.process]:
            return -1
        mine = [k for i, k in enumerate(self.keys[index:], index) if self.origin.actor(i) == actor]
        state = self.trace.states[-1]
        for count in range(MOST + 1):
            key = _key(self._block(actor, state))
            if key == mine[0]:
                return count
            if key in mine[1 : MOST + 1]:
                return -1
            steps = list(self.judge.steps_of(state, actor))
            if not steps or steps[0].after is None:
                return None
            state = steps[0].after
        return -1

    def _block(self, actor: Actor, state: State | None = None) -> Block:
        return self.judge.block_of(state or self.trace.states[-1], actor.process, actor.instance)

    def _chosen(self, actor: Actor, choices: tuple[int, ...]) -> Step | None:
        """The step of `actor` with these choices; with any if it has no choice."""
        steps = list(self.judge.steps_of(self.trace.states[-1], actor))
        fitting = [step for step in steps if step.choices == choices]
        return fitting[0] if fitting else steps[0] if len(steps) == 1 else None

    def _take(self, step: Step) -> None:
        states = self.trace.states if step.after is None else (*self.trace.states, step.after)
        self.trace = replace(self.trace, states=states, steps=(*self.trace.steps, step))

    def _compare(self, index: int) -> None:
        """Note the first step after which variables have other values than in the trace."""
        if self.effect is not None or index + 1 >= len(self.origin.states):
            return
        old, new = Names(self.origin.program), Names(self.program)
        told = []
        for name in self.common:
            variable = self.program.variable(name)
            for element in range(variable.count):
                was = self.origin.states[index + 1][old.slots.at(name, element)]
                now = self.trace.states[-1][new.slots.at(name, element)]
                if was != now:
                    values = [new.value(variable.type, value, compact=True) for value in (now, was)]
                    told.append(f"{new.elements(variable, [element])} = {values[0]}, not {values[1]}")
        if told:
            step = self.origin.steps[index]
            place = place_of(self.origin.program.processes[step.process].blocks[step.label])
            self.effect = index, place, "; ".join(told[:3])

    def _stopped(self, index: int, actor: Actor) -> Transplanted:
        who = Names(self.program).actors[actor.self - 1]
        state = self.trace.states[-1]
        for _ in range(MOST + 1):  # what it can still do before it has to stop
            steps = list(self.judge.steps_of(state, actor))
            if not steps or steps[0].after is None or _key(self._block(actor, state)) == self.keys[index]:
                break
            self.more.append((index, place_of(self._block(actor))))
            self._take(steps[0])
            state = steps[0].after
        return replace(self._result(self.trace), stopped=index, why=self._why(who, actor))

    def _why(self, who: str, actor: Actor) -> str:
        block = self._block(actor)
        stands = f"{who} stands before {place_of(block)},"
        if list(self.judge.steps_of(self.trace.states[-1], actor)):
            return f"{stands} without such a choice"
        if block.label in self.program.processes[actor.process].rests:
            return f"{stands} with nothing to do"
        reasons = [wait.what for wait in waits(self.trace) if wait.who == who and wait.what]
        return f"{stands} and waits" + (f": {', '.join(reasons)}" if reasons else "")

    def _result(self, trace: Trace) -> Transplanted:
        return Transplanted(
            trace, origin=self.origin, effect=self.effect, passed=tuple(self.passed), more=tuple(self.more)
        )


def _key(block: Block) -> Key:
    return block.call.name, block.frames[-1].function if block.frames else ""


def _common_variables(one: Program, other: Program) -> Sequence[str]:
    """Names of the shared variables, ghosts left out, that both programs have alike."""
    known = {v.name: (v.count, v.type) for v in one.variables if v.process is None}
    shared = [v for v in other.variables if v.process is None and not v.ghost and v.name != OPS_LEFT]
    return [v.name for v in shared if known.get(v.name) == (v.count, v.type)]
