"""Checking from Python: `checker.check(...)` returns a `Result`.

result = check(model="tests/models/peterson.py", design="turn_first")
assert result.verdict == "violated"
for state in result.violation.trace.states: ...
"""

from __future__ import annotations

import math
import os
import signal
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.errors import NotFinished, UsageError, shown_path
from ..base.limits import GIB, default_memory_limit
from ..base.patience import OutOfTime, within
from ..ir.program import ANY, Program
from ..lang import Baseline, Design, Scenario
from ..search.forecast import Forecast, Forecaster, next_bound
from ..search.options import SearchOptions, chosen
from ..source.catalogue import Catalogue, load, shortened
from .bounds import BoundsReached
from .choice import AUTO, NATIVE, SYMBOLIC, found
from .deepening import FIRST, Deepening
from .judge import judged
from .result import (
    ABSENT, HOLDS, INCOMPLETE, NOT_CHECKED, NOT_SEEN, UNREACHED, UNSEEN, VACUOUS, VIOLATED, BoundReached, PropertyResult, Result,
    Violation,
)  # fmt: skip

if TYPE_CHECKING:
    from ..search.exploration import Exploration
    from ..trace.trace import Facts, Trace

__all__ = ["ENGINES", "BoundReached", "PropertyResult", "Result", "Task", "Violation", "check", "prepare"]

ENGINES = (AUTO, NATIVE, "interpret", SYMBOLIC)
LEAST = 0.001  # seconds, where no time is left
SETTING_UP = 1.0  # seconds that a search may take to begin, beside what it is given
LIVENESS_STATES = 10_000  # leads_to properties are decided up to so many states; more if asked for by name


@dataclass(frozen=True)
class Task:
    """A program ready to be explored, and what it was made from.

    name: of the design, or of the model if it has none.  shows: the witnesses that must be
    reached, see `_shows`.  seconds: that it took.
    """

    catalogue: Catalogue
    design: Design | None
    scenario: Scenario
    program: Program
    facts: Facts
    name: str
    shows: frozenset[str] | None
    seconds: float


def prepare(
    model: str | Path | None = None,
    design: str | None = None,
    scenario: str | None = None,
    bound: int | str | None = None,
    properties: Sequence[str] | None = None,
    settings: Mapping[str, int] | Sequence[str] = (),
    catalogue: Catalogue | None = None,
) -> Task:
    """Load, select and compile; the arguments are those of `check`."""
    from ..compile.cache import program as compiled
    from ..compile.program import MOST_OPERATIONS
    from ..trace.trace import Facts

    start = time.perf_counter()
    if bound not in (None, ANY) and not 0 <= bound <= MOST_OPERATIONS:
        raise UsageError(f"the bound is a number of operations, at most {MOST_OPERATIONS:,}, not {bound:,}")
    catalogue = catalogue or load(model)
    chosen, where = catalogue.select(design, scenario)
    texts = [f"{n}={v}" for n, v in settings.items()] if isinstance(settings, Mapping) else settings
    values = catalogue.settings(texts)
    wanted = catalogue.property_names(properties) if properties else None
    if scenario is None:
        where = _where_it_changes(catalogue, chosen, where, bound, values, wanted)
    program = compiled(catalogue, where, chosen, bound, values, wanted)
    design_name = design or (catalogue.name_of(chosen) if chosen else "")
    file = shown_path(model) if model else ""
    number = ANY if program.any_number else program.bound
    facts = Facts(design_name, catalogue.name_of(where), number, values, file)
    name = design_name or catalogue.model
    shows = _shows(catalogue, chosen, where, wanted)
    return Task(catalogue, chosen, where, program, facts, name, shows, time.perf_counter() - start)


def _where_it_changes(
    catalogue: Catalogue, design: Design | None, first: Scenario, bound: int | str | None, values: dict[str, int],
    wanted: Sequence[str] | None,
) -> Scenario:  # fmt: skip
    """`first`; of a design that names no scenario, and changes nothing in that one, the first other in which it does."""
    from ..compile.cache import program as compiled

    if design is None or isinstance(design, Baseline) or not design.edits or design.scenario is not None:
        return first
    for one in dict.fromkeys((first, *catalogue.scenarios_of(design).values())):
        program = compiled(catalogue, one, design, bound, values, wanted)
        if _parting(catalogue, design, one, program, bound, values, wanted):
            return one
    return first


def _shows(
    catalogue: Catalogue, design: Design | None, scenario: Scenario, wanted: Sequence[str] | None
) -> frozenset[str] | None:
    """The witnesses that a scenario must show: all in a system's first scenario; in the narrower
    ones those that it, or the caller, names.  None for all."""
    if wanted is not None:
        return frozenset(wanted)
    if scenario.properties is not None:
        return frozenset(getattr(p, "__name__", str(p)) for p in scenario.properties)
    first = next(iter(catalogue.scenarios_of(design).values()), scenario)
    return None if scenario is first else frozenset()


def check(
    model: str | Path | None = None,
    design: str | None = None,
    scenario: str | None = None,
    bound: int | str | None = None,
    properties: Sequence[str] | None = None,
    settings: Mapping[str, int] | Sequence[str] = (),
    *,
    engine: str = AUTO,
    threads: int = 1,
    reduction: bool | Sequence[str] = True,
    stop: bool = True,
    time_limit: float | None = None,
    memory_limit: float | None = None,
    spill_dir: str | None = None,
    progress: Callable[[Any], None] | None = None,
    told: Callable[[BoundReached], None] | None = None,
    catalogue: Catalogue | None = None,
    digest: bool = False,
    self_check: bool = False,
    at_once: bool = False,
) -> Result:
    """Explore every interleaving of a scenario and judge the properties.

    model: a file in the language; None for the packages `model` and `properties`.
    design, scenario: names; by default the model's first, and of a design the first scenario that it changes.  "a+b" composes two designs.
    bound: operations that may be started in all; by default the scenario's.  "any": any number of them.  If that is
    violated, the result is that of the smallest number that suffices.
    properties: names of those to judge, beside those that are always on; None or () for all that
    the scenario has.
    settings: values of constants, {"FOLIOS": 3} or ["FOLIOS=3"].
    engine: "native", "interpret" or "symbolic"; "auto": native where the space is small, symbolic where it is large.
    threads: that search, natively.  reduction: those that may be used (`REDUCTIONS`); True for all, False for none. Anything
    but True is about lists of states, and so are `digest`, `self_check` and stop=False: then "auto" is native.
    stop: False to explore everything even after a violation.
    time_limit: seconds, to compile and to search.  memory_limit: GiB; by default most of what is available.  spill_dir: the directory
    in which states are kept that memory has no room for; by default TMPDIR, else /var/tmp; "" for none.
    progress: called now and then with what has been explored so far (`exploration.Progress`), and with what it
    will be at the end (`Forecast`, or None).  told: called with each smaller bound that is known to hold, as it is reached.
    catalogue: of a model that is loaded already.
    digest: also take the digest of the reachable states (`checker.search.digest`), if all are seen; no reduction is used.
    self_check: hold every stored state against the definition of symmetry (`checker.search.self_check`), not a sample.
    at_once: use the reductions from the first state on; else a small space is searched without, and a larger one again.

    A violation comes with its trace, which the interpreter has replayed.
    Raises UsageError for names and values that do not exist, ModelError for what is wrong in
    the model, InternalError if the engines contradict each other, NotFinished if the time is over before anything was explored.
    """
    _check_options(engine, threads, time_limit, memory_limit)
    if engine == AUTO and (digest or self_check or not stop or reduction is not True):
        engine = NATIVE
    if engine == SYMBOLIC and (digest or self_check):
        raise UsageError("the symbolic engine lists no states: `digest` and `self_check` need another one")
    task = _in_time(time_limit, lambda: prepare(model, design, scenario, bound, properties, settings, catalogue))
    options = SearchOptions(
        engine, threads, () if digest else chosen(reduction), stop, time_limit and max(time_limit - task.seconds, LEAST),
        memory_limit and int(memory_limit * GIB), _spill_dir(spill_dir), progress and (lambda now: progress(now, None)),
        digest, self_check, at_once, _own_steps(task, bound, properties),
    )  # fmt: skip
    of_bound = lambda bound: prepare(model, design, scenario, bound, properties, settings, task.catalogue)  # noqa: E731
    return _decided(_by_bounds(task, options, of_bound, progress, told), properties or ())


def _by_bounds(
    task: Task, options: SearchOptions, of_bound: Callable[[int], Task], progress: Callable[..., None] | None,
    told: Callable[[BoundReached], None] | None,
) -> Result:  # fmt: skip
    """The result of a search that tells of smaller bounds on its way; of a violation that of the smallest bound that has one.

    of_bound: the same task with another bound."""
    memory, program = options.memory, task.program
    bounds = BoundsReached(program, task.shows, told, {
        "--time-limit": (None, options.time_limit), "--memory-limit" if memory else "the memory": (memory or default_memory_limit(), None),
    })  # fmt: skip

    def smaller(bound: int, seconds: float | None, engine: str = options.engine) -> Result:
        return explored(of_bound(bound), replace(options, time_limit=seconds, engine=NATIVE if engine == AUTO else engine))

    def searched(bound: int, seconds: float | None) -> Result:
        one = smaller(bound, seconds)
        bounds.searched(one)
        return one

    forecaster = Forecaster(program.bound, lambda bound, *now: _size(program, bound, options, *now))
    deepening = Deepening(FIRST + 1 if program.any_number else program.bound, searched)
    first = deepening if options.stop and not options.digest else None
    result = explored(task, replace(options, progress=_watched(forecaster, bounds, progress)), first, bounds)
    if deepening.violated:
        return replace(deepening.violated, asked=task.facts.bound)
    if result.engine == SYMBOLIC:
        whole = _with_trace(replace(result, next_bound=bounds.following), smaller, options.time_limit)
    elif program.any_number and (fewest := _with_fewest_operations(result, smaller, options.time_limit)):
        return fewest
    else:
        covered = max((b for b in (result.covered, deepening.covered) if b is not None), default=None)
        whole = replace(_with_forecasts(result, forecaster, options.time_limit, memory), covered=covered)
    return replace(whole, bounds=tuple(bounds.reached))


def _in_time(seconds: float | None, prepare: Callable[[], Task]) -> Task:
    """The prepared task; NotFinished if that takes longer."""
    try:
        with within(seconds):
            return prepare()
    except OutOfTime:
        text = f"the time limit of {seconds:g} s was over while the model was compiled; nothing was explored"
        raise NotFinished(f"{text}\n  Allow more with --time-limit, or take smaller constants (--set).") from None


def _with_trace(result: Result, of_bound: Callable[..., Result], time_limit: float | None) -> Result:
    """The result of the symbolic engine; with a counterexample, by the native engine at the least bound that has one."""
    if result.violation is None or result.stopped_by != "violation":
        return result
    bound = result.bound if result.violated_at is None else result.violated_at
    left = None if time_limit is None else max(time_limit - result.seconds, SETTING_UP)
    found = of_bound(bound, left, engine=NATIVE)
    if found.violation is None or found.violation.trace is None:
        why = f"it has no trace: the search for one in a list of states was ended ({found.stopped_by or found.verdict})"
        return replace(result, stopped_because=why)
    return replace(found, asked=result.bound if bound != result.bound else None)


def _with_fewest_operations(
    result: Result, of_bound: Callable[[int, float | None], Result], time_limit: float | None
) -> Result | None:
    """The violation of `result`, which is about any number of operations, with as few as it takes.

    None if there is no violation with a trace, or if the time that is left does not suffice."""
    if result.violation is None or result.violation.trace is None:
        return None
    trace = result.violation.trace
    blocks = [trace.program.processes[step.process].blocks[step.label] for step in trace.steps]
    end = None if time_limit is None else time.monotonic() + max(time_limit - result.seconds, SETTING_UP)
    for bound in range(sum(block.starts for block in blocks) + 1):
        one = of_bound(bound, end and max(end - time.monotonic(), SETTING_UP))
        if one.violation is not None and one.violation.trace is not None:
            return replace(one, asked=ANY)
        if not one.properties or one.stopped_by:
            return None
    return None


def _own_steps(
    task: Task, bound: int | str | None, properties: Sequence[str] | None
) -> frozenset[tuple[int, int]] | None:
    """The steps that a design has and its baseline does not, in this scenario; None of a baseline.

    UsageError if there are none because the scenario is one of another baseline."""
    design, scenario, catalogue = task.design, task.scenario, task.catalogue
    if design is None or isinstance(design, Baseline) or not design.edits:
        return None
    wanted = list(properties) if properties else None
    own = _parting(catalogue, design, scenario, task.program, bound, task.facts.settings, wanted)
    if not own and scenario.of not in (None, (of := catalogue.baseline_of(design))):
        name, fitting = catalogue.name_of(scenario), [*catalogue.scenarios_of(design)]
        text = f"{task.name} is a change of {catalogue.name_of(of)}, and changes nothing in {name}, a scenario of "
        raise UsageError(f"{text}{catalogue.name_of(scenario.of)}; it has scenarios of its own: {shortened(fitting)}")
    return own


def _parting(
    catalogue: Catalogue, design: Design, scenario: Scenario, program: Program, bound: int | str | None,
    settings: Mapping[str, int], wanted: Sequence[str] | None,
) -> frozenset[tuple[int, int]]:  # fmt: skip
    """The steps at which the program of a design parts from that of its baseline."""
    from ..compile.cache import program as compiled
    from .changed_steps import changed_steps

    named = {c if isinstance(c, str) else catalogue.name_of(c): value for c, value in design.set.items()}
    values = {name: value for name, value in named.items() if isinstance(value, int)} | dict(settings)
    base = compiled(catalogue, scenario, scenario.of or catalogue.baseline_of(design), bound, values, wanted)
    return changed_steps(program, base)


def _decided(result: Result, names: Sequence[str]) -> Result:
    """The result; not "holds" if one of the properties that were asked for by name was not checked, nor if all of
    them speak of what never happens."""
    from ..trace.temporal import CAP

    if result.verdict != HOLDS:
        return result
    if any(name in names for name in result.named(NOT_CHECKED)):
        limit = "for a given number of operations" if result.bound == ANY else f"in up to {CAP:,} states"
        return replace(result, verdict=INCOMPLETE, stopped_because=f"leads_to is decided {limit}")
    if names and {*names} <= {*result.named(VACUOUS)}:
        return replace(result, verdict=VACUOUS, stopped_because="nothing that was asked about happens in this scenario")
    return result


def _watched(
    forecaster: Forecaster, bounds: BoundsReached, progress: Callable[..., None] | None
) -> Callable[[Any], None]:
    """A callable for the search to tell its progress to, for forecasts and for `progress`."""

    def watch(now: Any) -> None:
        forecast = bounds.following if now.symbolic else forecaster.look(now)
        if progress is not None:
            progress(now, forecast)

    return watch


def _size(program: Program, bound: int, options: SearchOptions, seconds: float, now: Any) -> int | None:
    """States of a smaller bound in a search like that of which `now` tells; None if `seconds` do not suffice."""
    from ..search.explore import explore

    memory = (options.memory or default_memory_limit()) // 10
    found = explore(
        program, threads=options.threads, time_limit=SETTING_UP + seconds, memory_limit=memory, reduced=now.reduced,
        symmetric=now.symmetric, operations=bound,
    )  # fmt: skip
    if found.stopped_by == "interrupt":  # Ctrl-C is meant for the search that waits
        signal.raise_signal(signal.SIGINT)
    return found.states if found.complete and found.reduced == now.reduced else None


def _with_forecasts(
    result: Result, forecaster: Forecaster, time_limit: float | None, memory: int | None
) -> Result:
    """The result with what it, or the next bound, would cost; and which limits that is beyond."""
    following = next_bound({**forecaster.sizes, **result.sizes}, result) if result.verdict == HOLDS else None
    limits = (("--memory-limit", memory), ("--time-limit", time_limit))

    def judged_by_limits(one: Forecast | None) -> Forecast | None:
        costs = one and dict(zip(("--memory-limit", "--time-limit"), (one.bytes, one.seconds)))
        return one and replace(one, beyond=tuple(name for name, most in limits if most and (costs[name] or 0) > most))

    latest = forecaster.latest if result.verdict == INCOMPLETE else None
    return replace(result, forecast=judged_by_limits(latest), next_bound=judged_by_limits(following))


def explored(
    task: Task, options: SearchOptions = SearchOptions(), deepening: Deepening | None = None, bounds: BoundsReached | None = None
) -> Result:
    """The result of a prepared task.

    deepening: the smaller bounds that are searched first if the space is large; where one of them is violated the
    task's own search is not carried on.  bounds: is told of each that the symbolic engine has judged."""
    options = replace(options, memory=options.memory or default_memory_limit())
    seen = found(task.program, options, deepening, bounds and bounds.layer)
    verdict, properties, violation = judged(task.program, seen, task.shows)
    if seen.violation is not None and seen.violation.path and violation is not None:
        violation = replace(violation, trace=_trace(task, seen))
    elif verdict == HOLDS:
        verdict, properties, violation = _with_liveness(task, properties, seen.states)
    return replace(_result(task, seen, verdict), properties=properties, violation=violation, change=_change(options.steps, seen))


def _result(task: Task, found: Exploration, verdict: str) -> Result:
    """The result but for what is judged."""
    from ..picture.cells import rows_of

    return Result(
        verdict=verdict,
        model=task.facts.model,
        design=task.name,
        scenario=task.facts.scenario,
        bound=task.facts.bound,
        settings=dict(task.facts.settings),
        states=found.states,
        transitions=found.transitions,
        depth=found.depth,
        levels=tuple(found.levels),
        digest=found.digest,
        seconds=found.seconds,
        compile_seconds=task.seconds + found.compile_seconds,
        bytes_per_state=found.bytes_per_state,
        reductions=found.reductions,
        shortest=not found.reduced,
        engine=found.engine,
        properties=(),
        violation=None,
        stopped_by=found.stopped_by,
        stopped_because=found.stopped_because,
        covered=found.covered,
        closed=found.closed,
        violated_at=found.operations,
        disk_bytes=found.disk_bytes,
        sizes=found.sizes or ({task.program.bound: found.states} if found.complete and task.program.bound else {}),
        program=task.program,
        drawings=rows_of(task.catalogue, task.program),
        off=found.off,
        whole=found.whole,
    )


def _change(steps: frozenset[tuple[int, int]] | None, found: Exploration) -> str:
    """What became of a design's own steps in a search."""
    if steps is None or found.came or steps and not found.complete:
        return ""
    return ABSENT if not steps else UNSEEN if found.reduced else UNREACHED


def _trace(task: Task, found: Exploration) -> Trace:
    """The violation's trace, found again by the interpreter, with fewest context switches."""
    from ..trace.trace import fewest_switches, replay

    assert found.violation is not None
    one = found.violation
    return fewest_switches(replay(task.program, one.path, one.last, one.property, task.facts))


def _with_liveness(
    task: Task, properties: tuple[PropertyResult, ...], states: int
) -> tuple[str, tuple[PropertyResult, ...], Violation | None]:
    """The same verdicts with those of the leads_to properties, which need a search of their own."""
    from ..trace.temporal import CAP, check_leads_to

    verdicts, violation = {p.name: p.verdict for p in properties}, None
    for prop in task.program.properties:
        if prop.kind != "leads_to" or verdicts[prop.name] not in (NOT_CHECKED, NOT_SEEN):  # where it begins need not be seen
            continue
        most = CAP if task.shows and prop.name in task.shows else LIVENESS_STATES
        if states > most or task.program.any_number:  # then nobody would have to let others go on
            verdicts[prop.name] = NOT_CHECKED
            continue
        found = check_leads_to(task.program, prop, facts=task.facts)
        verdicts[prop.name] = NOT_CHECKED if found.verdict == INCOMPLETE else found.verdict if found.begins else VACUOUS
        if found.trace is not None and violation is None:
            violation = Violation(prop.name, prop.doc, found.trace)
    judged_now = tuple(replace(p, verdict=verdicts[p.name]) for p in properties)
    return VIOLATED if violation else HOLDS, judged_now, violation


def _spill_dir(wanted: str | None) -> str | None:
    """The directory for large temporary files, which exists; None for none."""
    if wanted is None:
        given = os.environ.get("TMPDIR") or "/var/tmp"
        return given if _writable(given) else tempfile.gettempdir()
    if wanted and not _writable(wanted):
        raise UsageError(f"{wanted} is no directory that can be written to")
    return wanted or None


def _writable(directory: str) -> bool:
    return os.path.isdir(directory) and os.access(directory, os.W_OK)


def _check_options(engine: str, threads: int, time_limit: float | None, memory_limit: float | None) -> None:
    if engine not in ENGINES:
        raise UsageError(f"there is no engine {engine!r}; there are: " + ", ".join(ENGINES))
    for name, value in (("threads", threads), ("time limit", time_limit), ("memory limit", memory_limit)):
        if value is not None and not value > 0:
            raise UsageError(f"the {name} must be positive, not {value}")
    if memory_limit == math.inf:
        raise UsageError("the memory limit must be a number of GiB, not inf")
