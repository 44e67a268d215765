"""Speed, side by side with what else is installed, on the same models.

    cases      the models, their settings, and the Promela texts that SPIN gets
    process    running other programs: time limit, processor time, nothing left behind
    own        our engine, in a process of its own (`worker`) that stays for all runs of a case
    spin, tlc  the peers: build, run, read what they print
    rounds     all contenders of a case in turn, again and again; rows with medians and ratios
    growth     the same with more and more states: how far each engine comes; `plot` draws it
    starts     from the command to the answer, with an empty compile cache and with a full one
    table      rows as a table

What is measured. `seconds` is wall time of exploration only: as the engine says (ours), as the
verifier's own clock says (SPIN, to 0.01 s), from the last initial state to the end of checking
(TLC). `cpu_seconds` is processor time: of all threads during exploration (ours), of the whole
process (SPIN, TLC, so with the virtual machine's start); `system_seconds` is the part of it that
the system took, most of it to provide memory. `bytes_per_state` is states, parents and index in
our engine; in SPIN the stored states with their overhead, without the table, whose size is chosen
beforehand, and without the stack; TLC does not say. `ratio_to_spin` is how many times as fast as
SPIN on its fastest text, by wall time; with more than one thread of ours it is that many threads
against one. The machine may be doing other things: only ratios from one bench count, and the range
over its rounds says how much.

May import: base, ir, native, search, symbolic, verdict, export.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import cases, rounds, table
from .rounds import Bench

__all__ = ["Bench", "measured", "table"]


def measured(
    models: Sequence[str] = (),
    settings: Sequence[str] = (),
    promela: Sequence[str] = (),
    runs: int = 5,
    threads: int | None = None,
    timeout: float = 600,
    tlc: str | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Bench:
    """Measure.

    models, settings, promela: see `cases.chosen_cases`.  runs: rounds.  threads: of our engine,
    beside one; None for as many as can run at a time.  timeout: seconds for one run.  tlc: TLC's
    jar.  tell: called with a few words on what is being done.
    UsageError or ModelError if a model, a file or the jar is not there or is wrong.
    """
    if tlc:
        from .tlc import check_jar

        check_jar(tlc)
    chosen = cases.chosen_cases(models, settings, promela)
    return rounds.run_bench(chosen, rounds.Wanted(runs, threads or rounds.processors(), timeout, tlc), tell)
