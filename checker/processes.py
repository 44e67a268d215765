"""Many independent jobs, each in one of several processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import Any

from .errors import InternalError


def cores() -> int:
    """How many processes this one may run beside each other."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(work: Callable[[Any], Any], jobs: Sequence[Any], processes: int) -> Iterator[tuple[int, Any]]:
    """`work(job)` of every job, as they end, each with the number of its job.

    They are begun in the order given: let the longest ones come first.  One process: this one.
    work: a function of a module, whose argument and result can be pickled.
    Raises what `work` raises; InternalError if a process dies.
    """
    processes = min(processes, len(jobs))
    if processes <= 1:
        yield from ((number, work(job)) for number, job in enumerate(jobs))
        return
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
    children: list[BaseProcess] = []
    try:
        numbers = {pool.submit(work, job): number for number, job in enumerate(jobs)}
        children = multiprocessing.active_children()  # not to be waited for if this is left early
        for future in as_completed(numbers):
            yield numbers[future], future.result()
        children = []
    except BrokenProcessPool:
        raise InternalError("a process died, most likely for want of memory: use fewer, or --memory-limit") from None
    finally:
        for child in children:
            child.terminate()
        pool.shutdown(cancel_futures=True)
