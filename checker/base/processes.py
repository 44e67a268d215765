"""Many independent jobs, each in one of several processes."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.process import BaseProcess
from typing import Any

from .errors import InternalError

AHEAD = 2  # jobs that are begun or wait, for each process


def cores() -> int:
    """How many processes this one may run beside each other."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(work: Callable[[Any], Any], jobs: Iterable[Any], processes: int) -> Iterator[tuple[int, Any]]:
    """`work(job)` of every job, as they end, each with the number of its job.

    They are begun in the order given: let the longest ones come first.  One process: this one.
    jobs: asked for when a process is about to be free, so that a job may depend on earlier results.
    work: a function of a module, whose argument and result can be pickled.
    Raises what `work` raises; InternalError if a process dies.
    """
    numbered = enumerate(jobs)
    if processes <= 1:
        yield from ((number, work(job)) for number, job in numbered)
        return
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), end_with_parent)
    children: list[BaseProcess] = []
    try:
        begun = {pool.submit(work, job): number for number, job in islice(numbered, AHEAD * processes)}
        children = multiprocessing.active_children()  # not to be waited for if this is left early
        while begun:
            for future in wait(begun, return_when=FIRST_COMPLETED).done:
                yield begun.pop(future), future.result()
                begun.update((pool.submit(work, job), number) for number, job in islice(numbered, 1))
        children = []
    except BrokenProcessPool:
        raise InternalError("a process died, most likely for want of memory: use fewer, or --memory-limit") from None
    finally:
        for child in children:
            child.terminate()
        pool.shutdown(cancel_futures=True)


def end_with_parent() -> None:
    """Let this process end when the one that started it does, however that ended."""
    parent = multiprocessing.parent_process()

    def wait_for_it() -> None:
        assert parent is not None
        parent.join()
        os._exit(1)

    if parent is not None:
        threading.Thread(target=wait_for_it, daemon=True).start()
