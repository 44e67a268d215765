"""What a check found: the verdict, of which properties, and with what statistics."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..ir.program import Program
from ..search.forecast import Forecast, duration, size

if TYPE_CHECKING:
    from ..picture.cells import DrawnRow
    from ..trace.trace import Trace

SCHEMA_VERSION = 1  # of `as_json`, as output/result.schema.json says it; higher when a program that reads it may break
HOLDS, VIOLATED, INCOMPLETE = "holds", "violated", "incomplete"
VACUOUS, NOT_DUE, NOT_SEEN, NOT_CHECKED = "vacuous", "not due", "not seen", "not checked"
ABSENT, UNREACHED, UNSEEN = "changes nothing here", "no change is reached", "no change was seen"  # of a design
NAMED = 3  # witnesses that are named on one line
EXIT_STATUS = {HOLDS: 0, VIOLATED: 1, INCOMPLETE: 3, VACUOUS: 3}


@dataclass(frozen=True)
class PropertyResult:
    """The verdict on one property.

    verdict: "holds", "violated" or "incomplete"; "vacuous" if what the property speaks of never happened
    (`sites.sought`), or if a witness is not reached in a scenario that need not show it; "not
    due" for a witness that need not be reached at this bound yet; "not seen" for a witness or
    a premise that a search with reduction has not come across, which may be reachable all
    the same; "not checked" for a kind that the engine does not decide.
    idle: of a property that holds, the values of its parameters for which it says nothing here.
    """

    name: str
    kind: str
    verdict: str
    idle: tuple[str, ...] = ()


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
class BoundReached:
    """Nothing is violated with up to `bound` operations.

    states: distinct ones, of any number of operations those found so far.  seconds: since the search began.
    missing: witnesses that are due and were not reached: then the bound does not hold.  following: what the next bound costs."""

    bound: int
    states: int
    seconds: float
    missing: tuple[str, ...] = ()
    following: Forecast | None = None

    def text(self) -> str:
        """bound 4 holds: 38,927,331 states, 22 s; bound 5: about 3.1 min, 2.1 GiB"""
        holds = f"bound {self.bound} holds" if not self.missing else f"bound {self.bound}: nothing is violated"
        said = f"{holds}: {self.states:,} states, {duration(self.seconds)}"
        if self.missing:
            more = f" and {len(self.missing) - NAMED} more" if self.missing[NAMED:] else ""
            said += f"; not reached yet: {', '.join(self.missing[:NAMED])}{more}"
        following = self.following
        if following and following.seconds is not None:
            said += f"; bound {following.bound}: about {duration(following.seconds)}, {size(following.bytes)}"
            said += f", more than {' and '.join(following.beyond)}" if following.beyond else ""
        return said

    def as_json(self) -> dict[str, Any]:
        """The object that --json has in "bounds"."""
        return {
            "bound": self.bound, "states": self.states, "seconds": round(self.seconds, 3), "not_reached": list(self.missing),
        }  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What a check found.

    verdict: "holds", "violated" or "incomplete"; "vacuous" if properties were asked for by name, and not one
    of them says anything here.  design, scenario: their names; bound:
    operations that may be started, "any" for any number of them, or None if the model counts none.  states: distinct
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
    bound: int | str | None
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
    drawings: tuple[DrawnRow, ...] = field(default=(), repr=False, compare=False)
    stopped_because: str = ""
    disk_bytes: int = 0
    sizes: dict[int, int] = field(default_factory=dict, repr=False)  # states of this and smaller bounds, if known
    forecast: Forecast | None = None  # if incomplete: what the search would have cost
    next_bound: Forecast | None = None  # what the next bound would cost
    digest: str = ""  # of the reachable states (`checker.search.digest`), if it was asked for and all were seen
    covered: int | None = None  # if incomplete: the greatest smaller bound that was searched to its end
    closed: bool = False  # symbolic: no further operation leads to a state that was not seen
    violated_at: int | None = None  # symbolic: the least bound that has the violation
    asked: int | str | None = None  # the bound asked for, if a smaller one has the violation
    model: str = ""  # the file of the model, or "" for the packages
    settings: dict[str, int] = field(default_factory=dict)  # values of constants that were asked for
    change: str = ""  # what the verdict does not say of the design: ABSENT, UNREACHED or UNSEEN, or ""
    off: tuple[tuple[str, str], ...] = ()  # reductions that a large space was to be searched with, and why they are not used
    bounds: tuple[BoundReached, ...] = ()  # smaller ones, and this one, in the order in which they were known to hold
    whole: int | None = None  # states without reduction, if they were all searched, too

    @property
    def states_per_second(self) -> float:
        """Distinct states found per second of the search."""
        return self.states / self.seconds if self.seconds > 0 else 0.0

    @property
    def exit_status(self) -> int:
        """What the command line ends with: 0 holds, 1 violated, 3 incomplete or vacuous."""
        return EXIT_STATUS[self.verdict]

    def picture(self, width: int = 80, colour: bool = False) -> str:
        """The counterexample as text, in columns, without line end; "" if there is no trace."""
        from ..picture.report import counterexample

        if self.violation is None or self.violation.trace is None:
            return ""
        return counterexample(self.violation.trace, self.drawings, width, colour, places=True).rstrip()

    def short(self, width: int = 80) -> str:
        """The counterexample as a race in ten lines; "" if there is no trace, or if it has no end."""
        from ..picture.short import short

        trace = self.violation.trace if self.violation else None
        return "\n".join(short(trace, self.drawings, width)) if trace else ""

    def __str__(self) -> str:
        """The verdict line, and the counterexample as a race in ten lines."""
        from .line import verdict_lines

        short = self.short() or self.picture()
        vanished = self.violation.message if self.violation and not short else ""
        return "\n".join([*verdict_lines(self, 80), *([f"  {vanished}"] if vanished else []), *(["", short] if short else [])])

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        return f"<pre>{html.escape(str(self))}</pre>"

    def must_hold(self) -> Result:
        """The result itself; AssertionError, with what `str` says, unless the verdict is "holds"."""
        __tracebackhide__ = True
        if self.verdict != HOLDS:
            raise AssertionError(f"does not hold\n{self}")
        return self

    def must_violate(self, property: str = "") -> Result:
        """The result itself; AssertionError unless something is violated: this property, if one is named."""
        __tracebackhide__ = True
        found = self.violation.property if self.violation else ""
        if not found or property not in ("", found):
            raise AssertionError(f"does not violate {property or 'anything'}\n{self}")
        return self

    def named(self, verdict: str) -> list[str]:
        """Names of the properties with this verdict."""
        return [p.name for p in self.properties if p.verdict == verdict]

    def as_json(self, file: str | None = None) -> dict[str, Any]:
        """The object that --json writes; file: where the counterexample was saved."""
        return {
            "schema_version": SCHEMA_VERSION,
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
            "reductions_off": [{"reduction": name, "because": why} for name, why in self.off],
            "unreduced_states": self.whole,
            "shortest": self.shortest,
            "engine": self.engine,
            "stopped_by": self.stopped_by,
            "stopped_because": self.stopped_because,
            "disk_bytes": self.disk_bytes,
            "forecast": self.forecast and self.forecast.as_json(),
            "next_bound": self.next_bound and self.next_bound.as_json(),
            "complete_up_to_bound": self.covered if self.verdict == INCOMPLETE else self.bound,
            "bounds": [one.as_json() for one in self.bounds],
            "properties": [{"name": p.name, "verdict": p.verdict} for p in self.properties],
            "vacuous": self.named(VACUOUS),
            "change": self.change or None,
            "idle": {p.name: list(p.idle) for p in self.properties if p.idle},
            "violation": self.violation and _violation_as_json(self.violation, file),
        }


def _violation_as_json(violation: Violation, file: str | None) -> dict[str, Any]:
    trace, steps = violation.trace, []
    if trace is not None:
        from ..ir.slots import instance_name
        from ..trace.trace import place_of

        processes = trace.program.processes
        for index, turn in enumerate(trace.turns()):
            who = instance_name(processes[turn.process], turn.instance)
            steps.append({"process": who, "call": turn.call, "choices": list(turn.choices), "place": place_of(trace, index) or None})
    return {"property": violation.property, "message": violation.message, "steps": steps, "file": file}
