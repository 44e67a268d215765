"""What a check found: the verdict, of which properties, and with what statistics."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .ir import ALWAYS_ON, Program, Property

if TYPE_CHECKING:
    from .drawing import Row
    from .explore import Exploration
    from .forecast import Forecast
    from .trace import Trace

HOLDS, VIOLATED, INCOMPLETE = "holds", "violated", "incomplete"
VACUOUS, NOT_DUE, NOT_SEEN, NOT_CHECKED = "vacuous", "not due", "not seen", "not checked"
EXIT_STATUS = {HOLDS: 0, VIOLATED: 1, INCOMPLETE: 3}


@dataclass(frozen=True)
class PropertyResult:
    """The verdict on one property.

    verdict: "holds", "violated" or "incomplete"; "vacuous" if the premise of an invariant
    was never true, or if a witness is not reached in a scenario that need not show it; "not
    due" for a witness that need not be reached at this bound yet; "not seen" for a witness or
    a premise that a search with reduction has not come across, which may be reachable all
    the same; "not checked" for a kind that the engine does not decide.
    """

    name: str
    kind: str
    verdict: str


@dataclass(frozen=True)
class Violation:
    """Property `property` is violated.

    message: a sentence.  trace: how it comes about, replayed by the interpreter; None for a
    witness that is never reached, of which no trace can tell.
    """

    property: str
    message: str
    trace: Trace | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Result:
    """What a check found.

    verdict: "holds", "violated" or "incomplete".  design, scenario: their names; bound:
    operations that may be started, or None if the model counts none.  states: distinct
    states; transitions: between them; depth: steps to the farthest state; levels: states at
    each depth.  seconds: of the search; compile_seconds: of what came before it.
    reductions: names of those in force, () for none.  stopped_by: "" if every state was
    seen, else "violation", "time", "memory", "disk" or "interrupt"; stopped_because: more on that,
    if there is more to say.  disk_bytes: of states that went to files.  program: what was explored;
    drawings: how the model draws its states.
    """

    verdict: str
    design: str
    scenario: str
    bound: int | None
    states: int
    transitions: int
    depth: int
    levels: tuple[int, ...]
    seconds: float
    compile_seconds: float
    bytes_per_state: float
    reductions: tuple[str, ...]
    shortest: bool  # the counterexample, if there is one, is a shortest one
    engine: str
    properties: tuple[PropertyResult, ...]
    violation: Violation | None
    stopped_by: str
    program: Program = field(repr=False, compare=False)
    drawings: tuple[Row, ...] = field(default=(), repr=False, compare=False)
    stopped_because: str = ""
    disk_bytes: int = 0
    sizes: dict[int, int] = field(default_factory=dict, repr=False)  # states of this and smaller bounds, if known
    forecast: Forecast | None = None  # if incomplete: what the search would have cost
    next_bound: Forecast | None = None  # what the next bound would cost
    digest: str = ""  # of the reachable states (`checker.digest`), if it was asked for and all were seen
    covered: int | None = None  # if incomplete: the greatest smaller bound that was searched to its end
    closed: bool = False  # symbolic: no further operation leads to a state that was not seen
    violated_at: int | None = None  # symbolic: the least bound that has the violation
    asked: int | None = None  # the bound asked for, if a smaller one has the violation
    model: str = ""  # the file of the model, or "" for the packages
    settings: dict[str, int] = field(default_factory=dict)  # values of constants that were asked for

    @property
    def states_per_second(self) -> float:
        """Distinct states found per second of the search."""
        return self.states / self.seconds if self.seconds > 0 else 0.0

    @property
    def exit_status(self) -> int:
        """What the command line ends with: 0 holds, 1 violated, 3 incomplete."""
        return EXIT_STATUS[self.verdict]

    def picture(self, width: int = 80, colour: bool = False) -> str:
        """The counterexample as text, in columns, without line end; "" if there is no trace."""
        from .report import counterexample

        if self.violation is None or self.violation.trace is None:
            return ""
        return counterexample(self.violation.trace, self.drawings, width, colour).rstrip()

    def named(self, verdict: str) -> list[str]:
        """Names of the properties with this verdict."""
        return [p.name for p in self.properties if p.verdict == verdict]

    def as_json(self, file: str | None = None) -> dict[str, Any]:
        """The object that --json writes; file: where the counterexample was saved."""
        return {
            "verdict": self.verdict,
            "model": self.model or None,
            "design": self.design,
            "scenario": self.scenario,
            "bound": self.bound,
            "asked_bound": self.asked or self.bound,
            "settings": self.settings,
            "states": self.states,
            "transitions": self.transitions,
            "depth": self.depth,
            "levels": list(self.levels),
            "digest": self.digest or None,
            "seconds": round(self.seconds, 6),
            "states_per_second": round(self.states_per_second, 1),
            "compile_seconds": round(self.compile_seconds, 6),
            "bytes_per_state": self.bytes_per_state,
            "reductions": list(self.reductions),
            "shortest": self.shortest,
            "engine": self.engine,
            "stopped_by": self.stopped_by,
            "stopped_because": self.stopped_because,
            "disk_bytes": self.disk_bytes,
            "forecast": self.forecast and self.forecast.as_json(),
            "next_bound": self.next_bound and self.next_bound.as_json(),
            "complete_up_to_bound": self.covered if self.verdict == INCOMPLETE else self.bound,
            "properties": [{"name": p.name, "verdict": p.verdict} for p in self.properties],
            "violation": self.violation and _violation_as_json(self.violation, file),
        }


def _violation_as_json(violation: Violation, file: str | None) -> dict[str, Any]:
    trace, steps = violation.trace, []
    if trace is not None:
        from .slots import instance_name

        processes = trace.program.processes
        for turn in trace.turns():
            who = instance_name(processes[turn.process], turn.instance)
            steps.append({"process": who, "call": turn.call, "choices": list(turn.choices)})
    return {"property": violation.property, "message": violation.message, "steps": steps, "file": file}


# ------------------------------------------------------------------- judging


def judged(
    program: Program, exploration: Exploration, shows: Container[str] | None = None
) -> tuple[str, tuple[PropertyResult, ...], Violation | None]:
    """The verdict of a search, that on each property, and the violation (still without trace).

    shows: names of the witnesses that this scenario must show (None: all of them).  One
    that is due and was not reached by a complete search makes the verdict "violated":
    what the properties speak of does not happen, so that their holding says nothing.
    """
    violation = None
    if exploration.violation is not None:
        violation = Violation(exploration.violation.property, exploration.violation.message)
    results = [
        _judged(p, program, exploration, shows is None or p.name in shows) for p in program.properties
    ]
    results += [PropertyResult(name, "always", _plain(name, exploration)) for name in ALWAYS_ON]
    if violation is None:
        unreached = [p for p, r in zip(program.properties, results, strict=False) if r.verdict == VIOLATED]
        if unreached:
            violation = Violation(unreached[0].name, f"vacuous: never reached: {unreached[0].doc}")
    verdict = VIOLATED if violation else HOLDS if exploration.complete else INCOMPLETE
    return verdict, tuple(results), violation


def _judged(prop: Property, program: Program, exploration: Exploration, shown: bool) -> PropertyResult:
    verdict = _plain(prop.name, exploration)
    if prop.kind == "leads_to":
        verdict = NOT_CHECKED  # by this search; see api
    elif prop.kind == "reachable":
        due = program.bound is None or program.bound >= prop.from_bound
        if prop.name in exploration.reached:
            verdict = HOLDS
        elif exploration.complete:
            never = NOT_SEEN if exploration.reduced else VIOLATED if shown else VACUOUS
            verdict = never if due else NOT_DUE
    elif verdict == HOLDS and _has_premise(prop) and prop.name not in exploration.reached:
        verdict = NOT_SEEN if exploration.reduced else VACUOUS
    return PropertyResult(prop.name, prop.kind, verdict)


def _plain(name: str, exploration: Exploration) -> str:
    if name in exploration.violations:
        return VIOLATED
    return HOLDS if exploration.complete else INCOMPLETE


def _has_premise(prop: Property) -> bool:
    """Must the premise have been seen?  Not where a witness stands for it."""
    return not prop.witness and any(one.premise is not None for one in prop.instances)
