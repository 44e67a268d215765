"""Running another program: with a time limit, its processor time, and nothing left behind."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .sample import Failure

TAIL = 400  # characters of what a failed program printed that are shown


@dataclass(frozen=True)
class Ran:
    """A program that ended.

    lines: (seconds since its start, text) of all that it printed.  seconds: wall time;
    cpu_seconds: processor time, of its children too; system_seconds: the system's part of it.
    """

    status: int
    lines: list[tuple[float, str]]
    seconds: float
    cpu_seconds: float
    system_seconds: float

    @property
    def output(self) -> str:
        return "".join(text for _, text in self.lines)


def run(
    command: Sequence[str], folder: Path, timeout: float, environment: Mapping[str, str] | None = None
) -> Ran:
    """Run `command` in `folder`.

    Its processor time is told from that of other children by running one at a time.
    Failure if it takes more than `timeout` seconds, cannot be started, or is killed by a signal.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=None if environment is None else {**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise Failure(f"{command[0]}: {error.strerror}") from None
    late = threading.Event()
    lines = []
    assert process.stdout is not None
    with alarm(timeout, process, late), process.stdout as printed:
        for line in printed:
            lines.append((time.perf_counter() - start, line))
        process.wait()
    seconds = time.perf_counter() - start
    name = os.path.basename(command[0])
    if late.is_set():
        raise Failure(f"{name} took more than {timeout:g} s", incomplete=True)
    if process.returncode < 0:
        raise Failure(f"{name} was ended by {signal.Signals(-process.returncode).name}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    system = after.ru_stime - before.ru_stime
    return Ran(process.returncode, lines, seconds, after.ru_utime - before.ru_utime + system, system)


def must_run(command: Sequence[str], folder: Path, timeout: float) -> Ran:
    """`run`; Failure with what it printed if its exit status is not 0."""
    ran = run(command, folder, timeout)
    if ran.status:
        raise Failure(f"{' '.join(command)}: {ran.output.strip()[-TAIL:] or f'exit status {ran.status}'}")
    return ran


class alarm:
    """While it lasts, and not after it: `process` and all that it started are killed after `timeout` seconds.

    late: set if that happened.  However it is left (Ctrl-C too), the process has ended then.
    """

    def __init__(self, timeout: float, process: subprocess.Popen[str], late: threading.Event) -> None:
        self.process, self.late = process, late
        self.timer = threading.Timer(timeout, self._too_late)
        self.timer.daemon = True

    def __enter__(self) -> None:
        self.timer.start()

    def __exit__(self, kind: object, *_: object) -> None:
        self.timer.cancel()
        if kind is not None:
            end(self.process)

    def _too_late(self) -> None:
        self.late.set()
        kill(self.process)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process that leads a session, with all that it started."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()


def end(process: subprocess.Popen[str]) -> None:
    """Kill it and wait until it has ended."""
    kill(process)
    process.wait()
