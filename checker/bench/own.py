"""Our engine as a contender: a worker process for each case, asked again and again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from .cases import PROJECT, Case
from .process import TAIL, alarm, end
from .sample import Failure, Label, Sample

GLANCE = 0.2  # seconds of exploration that are enough to load all code


def environment(caches: Path) -> dict[str, str]:
    """Environment of a checker that keeps compiled code in `caches`."""
    path = os.environ.get("PYTHONPATH")
    return {
        "PYTHONPATH": os.pathsep.join([str(PROJECT), *([path] if path else [])]),
        "XDG_CACHE_HOME": str(caches / "objects"),
    }


class Worker(AbstractContextManager):
    """A process that explores one case."""

    def __init__(self, case: Case, caches: Path, timeout: float) -> None:
        self.timeout = timeout
        self.errors = open(caches / "worker.txt", "w+", encoding="utf-8")  # noqa: SIM115 (until __exit__)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "checker.bench.worker"],
            env={**os.environ, **environment(caches)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            start_new_session=True,
        )  # fmt: skip
        try:
            self._ask(case.selection)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        end(self.process)
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            if stream is not None:
                stream.close()

    def warm_up(self, threads: Sequence[int]) -> tuple[str, ...]:
        """Have all code loaded that searches with so many threads use; the reductions of this case.

        Only a whole search tells these, as the engine leaves off what does not pay."""
        for count in threads:
            self.explore(count, False, GLANCE)
        answers = [self.explore(count, True) for count in threads]
        return tuple(answers[0]["reductions"])

    def explore(
        self, threads: int, reduction: bool, time_limit: float | None = None, engine: str = "native"
    ) -> dict[str, Any]:
        """One exploration; what `checker.bench.worker` answers."""
        return self._ask({"threads": threads, "reduction": reduction, "time_limit": time_limit, "engine": engine})

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        late = threading.Event()
        with alarm(self.timeout, self.process, late):
            try:
                self.process.stdin.write(json.dumps(request) + "\n")
                self.process.stdin.flush()
                answer = self.process.stdout.readline()
            except BrokenPipeError:
                answer = ""
        if late.is_set():
            raise Failure(f"took more than {self.timeout:g} s", incomplete=True)
        if not answer:
            self.errors.seek(0)
            raise Failure(f"the engine ended: {self.errors.read().strip()[-TAIL:] or 'without a word'}")
        found = json.loads(answer)
        if "error" in found:
            raise Failure(found["error"])
        return found


class Own:
    """Our native engine with so many threads, with or without its reductions; or the symbolic one."""

    def __init__(
        self, worker: Worker, threads: int, reductions: tuple[str, ...] = (), engine: str = "native", time_limit: float | None = None
    ) -> None:
        self.worker, self.time_limit = worker, time_limit
        self.label = Label(engine, threads, reduced=bool(reductions), reductions=reductions)

    def run(self) -> Sample:
        """Explore once."""
        found = self.worker.explore(self.label.threads, self.label.reduced, self.time_limit, self.label.engine)
        if found["violated"]:
            raise Failure(f"{found['violated']} is violated in a model that should hold")
        if found["stopped_by"]:
            raise Failure(f"the search was ended: {found['stopped_by']}", incomplete=True)
        return Sample(
            found["states"], found["transitions"], found["seconds"], found["cpu_seconds"], found["system_seconds"],
            found["bytes_per_state"], found["nodes"],
        )  # fmt: skip
