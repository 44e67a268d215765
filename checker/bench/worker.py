"""The process in which our engine runs: it prepares a model once, then explores it when told to.

One line of JSON comes for each exploration and one goes out for each.  The model is prepared
and the code is loaded before anything is measured.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from typing import Any

from ..base.errors import CheckerError
from ..ir.program import Program
from ..native import build as native_build
from ..search.explore import explore
from ..symbolic.engine import explore as explore_in_sets
from ..verdict.api import prepare


class _Processor:
    """Processor time of exploration, told from what comes before it by the first sign of progress."""

    def __init__(self) -> None:
        self.start, self.system = _used()
        self.exploring: float | None = None

    def __call__(self, now: Any) -> None:
        if self.exploring is None:  # a moment into the search, all of it spent computing
            self.exploring, self.system = _used()
            self.exploring -= now.seconds

    def seconds(self, compile_seconds: float) -> tuple[float, float]:
        """Until now: in all, and the system's part."""
        start = self.start + compile_seconds if self.exploring is None else self.exploring
        used, system = _used()
        return max(used - start, 0.0), system - self.system


def _used() -> tuple[float, float]:
    """Processor seconds of this process: in all, and the system's part."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_stime


def main() -> None:
    """Serve standard input until it ends."""
    native_build.QUICK_LINES = sys.maxsize  # well optimised code at once, as a long search gets it
    answers, sys.stdout = sys.stdout, sys.stderr
    program: Program | None = None
    for line in sys.stdin:
        answer: dict[str, Any] = {}
        try:
            request = json.loads(line)
            if program is None:
                program = prepare(**request).program
            else:
                answer = _explore(program, **request)
        except CheckerError as error:
            answer = {"error": str(error)}
        except MemoryError:
            answer = {"error": "out of memory"}
        print(json.dumps(answer), file=answers, flush=True)


def _explore(
    program: Program, threads: int, reduction: bool, time_limit: float | None, engine: str = "native"
) -> dict[str, Any]:
    gc.collect()  # the arrays of the run before
    processor = _Processor()
    if engine == "symbolic":
        found = explore_in_sets(program, time_limit, progress=processor)
    else:
        found = explore(program, threads=threads, reduced=reduction, time_limit=time_limit, progress=processor)
    cpu_seconds, system_seconds = processor.seconds(found.compile_seconds)
    return {
        "states": found.states,
        "transitions": found.transitions,
        "seconds": found.seconds,
        "cpu_seconds": cpu_seconds,
        "system_seconds": system_seconds,
        "bytes_per_state": found.bytes_per_state,
        "nodes": found.nodes or None,
        "reductions": ["partial order"] if found.reduced else [],
        "stopped_by": found.stopped_by,
        "violated": found.violation.property if found.violation else None,
    }


if __name__ == "__main__":
    main()
