"""All contenders of a case in turn, again and again, and then the next case."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.errors import UsageError
from . import spin
from .cases import Case, Text
from .own import Own, Worker
from .rows import BenchRow, Timed, rows_of
from .sample import Contender, Failure, Label
from .starts import Start, own_start, spin_start

if TYPE_CHECKING:
    from ..ir.program import Program

DIFFERENT, INCOMPLETE = 1, 3  # exit statuses
UNREDUCED = "no row with reductions where there is none: the engine leaves them off if they do not pay"
Tell = Callable[[str], None]


@dataclass
class Bench:
    """What was measured.  notes: what was not, and why; load: of the machine before it began."""

    rows: list[BenchRow] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    load: float = 0.0
    processors: int = 1

    @property
    def exit_status(self) -> int:
        """0 if every engine answered and all counted the same; 1 if not; 3 if one only took too long."""
        if any(row.problem and not row.incomplete for row in self.rows):
            return DIFFERENT
        return INCOMPLETE if any(row.incomplete for row in self.rows) else 0

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "rows": [row.as_json() for row in self.rows],
            "starts": [start.as_json() for start in self.starts],
            "notes": self.notes,
            "load": round(self.load, 2),
            "processors": self.processors,
        }


@dataclass(frozen=True)
class Wanted:
    """What is to be measured.  runs: rounds; threads: of our engine, the second time; timeout:
    seconds for one run of anything; tlc: the jar, or None."""

    runs: int
    threads: int
    timeout: float
    tlc: str | None = None


def processors() -> int:
    """How many threads can run at a time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_bench(cases: Sequence[Case], wanted: Wanted, tell: Tell) -> Bench:
    """Measure every case.

    tell: called with a few words on what is being done.  UsageError and ModelError for a model
    that cannot be checked at all; what fails later is a problem of its row.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    bench = Bench(load=load, processors=processors())
    if not spin.installed():
        bench.notes.append("SPIN is not measured: it needs spin and gcc (Debian packages spin, gcc)")
    started: set[str] = set()
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="checker-bench-") as folder:
            _measure(case, wanted, Path(folder), bench, tell, case.model not in started)
        started.add(case.model)
    return bench


def _measure(case: Case, wanted: Wanted, folder: Path, bench: Bench, tell: Tell, starts: bool) -> None:
    """Measure one case, below `folder`; `starts`: its cold and warm start as well."""
    program = prepared(case)
    caches = folder / "caches"
    caches.mkdir()
    with ExitStack() as until_done:
        if starts:
            tell(f"{case.name}: native, cold and warm start")
            bench.starts.append(own_start(case, caches, wanted.timeout))
        tell(f"{case.name}: building")
        contenders, failed = _contenders(case, program, wanted, folder, until_done, bench)
        measured = alternate(contenders, wanted.runs, lambda text: tell(f"{case.name}: {text}"))
        bench.rows += rows_of(case, [*measured, *failed])
        if starts:
            bench.starts += _spin_starts(case, contenders, measured)


def alternate(contenders: Sequence[Contender], runs: int, tell: Tell) -> list[Timed]:
    """Run each once, then each again, and so on; who has failed is left out from then on."""
    measured = [Timed(one.label) for one in contenders]
    for number in range(1, runs + 1):
        for contender, found in zip(contenders, measured):
            if found.failure is None:
                tell(f"round {number} of {runs}, {contender.label.engine}")
                try:
                    found.samples.append(contender.run())
                except Failure as failure:
                    found.failure = failure
    return measured


def prepared(case: Case) -> Program:
    """Its program."""
    from ..verdict.api import prepare

    return prepare(**case.selection).program


def _contenders(
    case: Case, program: Program, wanted: Wanted, folder: Path, until_done: ExitStack, bench: Bench
) -> tuple[list[Contender], list[Timed]]:
    """Everybody who can run on a case, in the order of their turns, and who could not be built."""
    failed: list[Timed] = []
    ours: list[Contender] = []
    peers: list[Contender] = []
    try:
        worker = until_done.enter_context(Worker(case, folder / "caches", wanted.timeout))
        counts = sorted({1, wanted.threads})
        reductions = worker.warm_up(counts)
        ours = [Own(worker, count) for count in counts]
        if reductions:
            ours += [Own(worker, count, reductions) for count in counts]
        elif UNREDUCED not in bench.notes:
            bench.notes.append(UNREDUCED)
    except Failure as failure:
        failed.append(Timed(Label("native"), failure=failure))
    for number, text in enumerate(case.texts if spin.installed() else ()):
        try:
            peers.append(spin_of(case, text, program, folder / f"spin{number}", wanted.timeout))
        except (Failure, UsageError) as error:
            why = error if isinstance(error, Failure) else Failure(str(error))
            failed.append(Timed(Label("spin", text=text.name), failure=why))
    if wanted.tlc:
        from .tlc import Tlc

        peers.append(Tlc(wanted.tlc, program, folder / "tlc", wanted.timeout))
    return [*ours[:1], *peers[:1], *ours[1:], *peers[1:]], failed


def spin_of(case: Case, text: Text, program: Program, folder: Path, timeout: float) -> spin.Spin:
    """SPIN on a text of a case, built below `folder`; Failure or UsageError if that cannot be done."""
    if text.file is not None:
        promela = text.file.read_text(encoding="utf-8")
        return spin.Spin(text.name, promela, {**case.settings, **text.defines}, case.flags, folder, timeout)
    from ..export.promela.program import extra_states, to_promela

    return spin.Spin(text.name, to_promela(program), {}, case.flags, folder, timeout, extra_states(program))


def _spin_starts(case: Case, contenders: Sequence[Contender], measured: Sequence[Timed]) -> list[Start]:
    """The starts of the first SPIN that ran."""
    for contender, found in zip(contenders, measured):
        if isinstance(contender, spin.Spin) and found.samples:
            return [spin_start(case, contender, found.samples[-1].seconds)]
    return []


def speedup(rows: Sequence[BenchRow]) -> list[tuple[BenchRow, float]]:
    """How many times as fast as with one thread each row of ours with several is."""
    alone = {
        (row.case.name, row.label.reduced): row for row in rows if _is_ours(row) and row.label.threads == 1
    }
    found = []
    for row in rows:
        one = alone.get((row.case.name, row.label.reduced))
        if _is_ours(row) and row.label.threads > 1 and one and one.seconds and row.seconds:
            found.append((row, one.seconds / row.seconds))
    return found


def _is_ours(row: BenchRow) -> bool:
    return row.label.engine == "native" and not row.problem
