"""A virtual machine: started, saved and gone on with, and never left behind.

qemu has a console on its standard input and output, no network, no disk and no file of its own; it dies with this process,
even if that is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from checker.base.errors import CheckerError

QEMU = "qemu-system-x86_64"
MEMORY = 512  # MiB
CPUS = 2
COMMAND_LINE = (
    "console=ttyS0 quiet panic=-1 oops=panic nokaslr mitigations=off tsc=reliable no_timer_check random.trust_cpu=on init_on_alloc=0"
)
PR_SET_PDEATHSIG = 1


class GuestFailed(CheckerError):
    """The machine did not start, ended or hung; says what it said last."""


class Guest:
    """A running machine.  lines that it has written are read once, in order."""

    def __init__(self, process: subprocess.Popen[bytes], monitor: socket.socket, errors: IO[bytes], out: IO[bytes]) -> None:
        self.process, self.monitor, self.errors, self.out = process, monitor, errors, out
        self.pending = b""
        self.last: list[str] = []
        self.selector = selectors.DefaultSelector()
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self.selector.register(process.stdout, selectors.EVENT_READ)

    def lines(self, limit: float) -> Iterator[str]:
        """Lines of the console as they come, for at most `limit` seconds; GuestFailed when they are over or it has ended."""
        end = time.monotonic() + limit
        while True:
            while b"\n" in self.pending:
                line, self.pending = self.pending.split(b"\n", 1)
                text = line.decode("utf-8", "replace").rstrip("\r")
                self.last = [*self.last[-20:], text]
                yield text
            if (left := end - time.monotonic()) <= 0:
                raise GuestFailed(f"the machine said nothing that was waited for in {limit:.0f} s; {self._said()}")
            if not self.selector.select(left):
                continue
            data = self.process.stdout.read(1 << 16) if self.process.stdout else b""
            if not data:
                raise GuestFailed(f"the machine ended; {self._said()}")
            self.pending += data

    def until(self, mark: str, limit: float) -> list[str]:
        """The lines before one that is `mark`."""
        found = []
        for line in self.lines(limit):
            if line == mark:
                return found
            found.append(line)
        raise AssertionError

    def send(self, text: str) -> None:
        """Type something on the console."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise GuestFailed(f"the machine ended; {self._said()}") from None

    def wait_until_it_runs(self, limit: float) -> None:
        """A machine that goes on from a saved state loses what is typed before."""
        end = time.monotonic() + limit
        with self.monitor.makefile("rw") as monitor:
            _ask(monitor, "qmp_capabilities")
            while _ask(monitor, "query-status").get("status") != "running":
                if time.monotonic() > end:
                    raise GuestFailed(f"the saved state was not read in {limit:.0f} s")
                time.sleep(0.02)

    def written(self) -> bytes:
        """What the guest has written to /sys/kernel/debug/gate/out, which is faster than the console."""
        self.out.seek(0)
        return self.out.read()

    def save(self, place: Path, limit: float) -> None:
        """Stop, and write the state into a file from which a machine can go on.  OSError if there is no room."""
        with self.monitor.makefile("rw") as monitor:
            _ask(monitor, "qmp_capabilities")
            _ask(monitor, "migrate-set-parameters", **{"max-bandwidth": 10 << 30})
            _ask(monitor, "migrate", uri=f"exec:cat > {shlex.quote(str(place))}")
            end = time.monotonic() + limit
            while (status := _ask(monitor, "query-migrate").get("status")) not in ("completed", "failed", "cancelled"):
                if time.monotonic() > end:
                    raise GuestFailed(f"the state of the machine was not saved in {limit:.0f} s")
                time.sleep(0.05)
        if status != "completed":
            raise OSError(28, "the state of the machine could not be written; is there room on the disk?", str(place))

    def _said(self) -> str:
        self.errors.seek(0)
        complaint = [line for line in self.errors.read().decode("utf-8", "replace").splitlines() if "warning" not in line]
        last = [line for line in [*self.last[-3:], *complaint[-2:]] if line.strip()]
        return "it said last:\n  " + "\n  ".join(last) if last else "it said nothing"


def _ask(monitor, command: str, **arguments) -> dict:
    """One command of the QEMU machine protocol, and what it returns."""
    monitor.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    monitor.flush()
    for line in monitor:
        answer = json.loads(line)
        if "return" in answer:
            return answer["return"]
        if "error" in answer:
            raise GuestFailed(f"qemu refuses {command}: {answer['error'].get('desc')}")
    raise GuestFailed(f"qemu ended during {command}")


@contextlib.contextmanager
def running(image: Path, initrd: Path, accelerator: str, state: Path | None = None, extra: Sequence[str] = ()) -> Iterator[Guest]:
    """A machine with this kernel, from the start or going on from a saved state.  It is gone at the end, whatever happens."""
    ours, theirs = socket.socketpair()
    command = [QEMU, "-accel", accelerator, "-cpu", "max", "-smp", str(CPUS), "-m", str(MEMORY), "-nodefaults", "-no-user-config",
               "-no-reboot", "-display", "none", "-nic", "none", "-serial", "stdio", "-chardev", f"socket,id=monitor,fd={theirs.fileno()}",
               "-mon", "chardev=monitor,mode=control", "-add-fd", "fd={out},set=1", "-chardev", "file,id=out,path=/dev/fdset/1",
               "-device", "isa-debugcon,iobase=0xe9,chardev=out",
               "-kernel", str(image), "-initrd", str(initrd), "-append", COMMAND_LINE, *extra]  # fmt: skip
    if state is not None:
        command += ["-incoming", f"exec:cat {shlex.quote(str(state))}"]
    with ours, tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as out:
        written = os.open(f"/proc/self/fd/{out.fileno()}", os.O_WRONLY)  # qemu takes only one that cannot be read
        command = [word.replace("{out}", str(written)) for word in command]
        with theirs, os.fdopen(written, "wb"):
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, pass_fds=[theirs.fileno(), written],
                start_new_session=True, preexec_fn=_die_with_parent,
            )  # fmt: skip
        try:
            yield Guest(process, ours, errors, out)
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def accelerator() -> str:
    """"kvm" if it works on this machine, else "tcg": a machine is started and asked how it is."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg,thread=multi"
    command = [QEMU, "-accel", "kvm", "-cpu", "max", "-m", "16", "-nodefaults", "-display", "none", "-S", "-qmp", "stdio"]
    question = '{"execute":"qmp_capabilities"}{"execute":"query-status"}{"execute":"quit"}'
    try:
        done = subprocess.run(command, input=question, capture_output=True, text=True, timeout=10)
    except subprocess.TimeoutExpired:
        return "tcg,thread=multi"
    return "kvm" if done.returncode == 0 and '"running"' in done.stdout else "tcg,thread=multi"
