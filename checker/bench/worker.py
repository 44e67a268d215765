"""The process in which our engine runs: it prepares a model once, then explores it when told to.

One line of JSON comes for each exploration and one goes out for each.  The model is prepared
and the code is loaded before anything is measured.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import Any

from ..api import Task, explored, prepare
from ..errors import CheckerError
from ..result import HOLDS


class _Processor:
    """Processor time of exploration, told from what comes before it by the first sign of progress."""

    def __init__(self) -> None:
        self.start = time.process_time()
        self.exploring: float | None = None

    def __call__(self, now: Any) -> None:
        if self.exploring is None:  # a moment into the search, all of it spent computing
            self.exploring = time.process_time() - now.seconds

    def seconds(self, compile_seconds: float) -> float:
        """Until now."""
        start = self.start + compile_seconds if self.exploring is None else self.exploring
        return max(time.process_time() - start, 0.0)


def main() -> None:
    """Serve standard input until it ends."""
    answers, sys.stdout = sys.stdout, sys.stderr
    task: Task | None = None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            if task is None:
                task = prepare(request["model"], settings=request["settings"])
                answer: dict[str, Any] = {}
            else:
                answer = _explore(task, **request)
        except CheckerError as error:
            answer = {"error": str(error)}
        except MemoryError:
            answer = {"error": "out of memory"}
        print(json.dumps(answer), file=answers, flush=True)


def _explore(task: Task, threads: int, reduction: bool, time_limit: float | None) -> dict[str, Any]:
    gc.collect()  # the arrays of the run before
    processor = _Processor()
    result = explored(task, threads=threads, reduction=reduction, time_limit=time_limit, progress=processor)
    cpu_seconds = processor.seconds(result.compile_seconds - task.seconds)
    return {
        "states": result.states,
        "transitions": result.transitions,
        "seconds": result.seconds,
        "cpu_seconds": cpu_seconds,
        "bytes_per_state": result.bytes_per_state,
        "reductions": list(result.reductions),
        "stopped_by": result.stopped_by,
        "verdict": result.verdict,
        "holds": result.verdict == HOLDS,
    }


if __name__ == "__main__":
    main()
