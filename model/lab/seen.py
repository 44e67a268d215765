"""What the guest has printed, read: returns of operations, what the file holds, and what the kernel said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

CALLS = {"short": "write", "append": "write", "flush": "sync_file_range", "punch": "fallocate", "collect": "ioctl"}  # of the workload's words
STATES = ("complete", "missed", "unsleepable", "running")  # of the last line of the gate's log


@dataclass(frozen=True)
class Returned:
    """Operation `number` of a thread (0: one that was done afterwards) returned `value`; error: the name of errno, or "".

    size: of the file then; -1 if nobody looked.
    """

    thread: str
    number: int
    call: str
    value: int
    error: str
    size: int = -1

    def __str__(self) -> str:
        call = CALLS.get(self.call, self.call)
        when = f"{self.thread}'s operation {self.number}, {call}()," if self.number else f"the next {call}() of {self.thread}"
        return f"{when} returns {self.error or self.value}"


@dataclass(frozen=True)
class Content:
    """A file: its size, and its bytes as far as they can be read; error: why it cannot be looked at."""

    size: int = 0
    data: bytes = b""
    error: str = ""

    def __str__(self) -> str:
        if self.error:
            return f"cannot be read ({self.error})"
        runs = [f"{a}-{b - 1} {_shown(self.data[a])}" for a, b in _runs(self.data)]
        return f"size {self.size}: {', '.join(runs) or 'no bytes'}"


def _runs(data: bytes) -> Iterable[tuple[int, int]]:
    start = 0
    for at in range(1, len(data) + 1):
        if at == len(data) or data[at] != data[start]:
            yield start, at
            start = at


def _shown(byte: int) -> str:
    return f"'{chr(byte)}'" if 32 < byte < 127 else f"0x{byte:02x}"


@dataclass
class Seen:
    """One run.  turn, turns: how many turns were over, of how many; state: one of STATES, or "" if it did not come so far.

    contents: by when they were looked at: "cache" (afterwards), "disk" (read again), "crash" (after the power failure).
    refused: why the case could not be run at all.
    """

    state: str = ""
    turn: int = 0
    turns: int = 0
    role: str = ""
    returned: list[Returned] = field(default_factory=list)
    contents: dict[str, Content] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    kernel: list[str] = field(default_factory=list)
    stacks: dict[str, list[str]] = field(default_factory=dict)
    hung: list[str] = field(default_factory=list)
    refused: str = ""


def read(lines: Iterable[str]) -> Seen:
    """What a case printed."""
    seen = Seen()
    for line in lines:
        word, _, rest = line.partition(" ")
        if reader := READERS.get(word):
            reader(seen, rest)
    if not seen.state and not seen.refused:
        seen.refused = "the case ended before its schedule was followed"
    return seen


def _op(seen: Seen, rest: str) -> None:
    if found := re.match(r"(\S+) (\d+) (\w+) = (-?\d+) (\S+)(?: size (\d+))?", rest):
        error = "" if found[5] == "-" else found[5]
        seen.returned.append(Returned(found[1], int(found[2]), found[3], int(found[4]), error, int(found[6] or -1)))


def _look(seen: Seen, rest: str) -> None:
    when, size, *others = rest.split()
    if size == "none" or int(others[0]) < 0:
        seen.contents[when] = Content(error=" ".join(others) if size == "none" else f"errno {others[0]}")
        return
    data = bytearray(int(others[0]))
    for run in others[1:]:
        start, end, byte = re.split("[-:]", run)
        data[int(start) : int(end)] = bytes([int(byte, 16)]) * (int(end) - int(start))
    seen.contents[when] = Content(int(size), bytes(data))


def _state(seen: Seen, rest: str) -> None:
    _, turn, turns, role, state = rest.split()
    seen.turn, seen.turns, seen.role, seen.state = int(turn), int(turns), role, state


def _refused(seen: Seen, rest: str) -> None:
    seen.refused = seen.refused or rest


READERS = {
    "OP": _op, "LOOK": _look, "STATE": _state, "FAILED": _refused, "REFUSED": _refused,
    "LOG": lambda seen, rest: seen.log.append(rest), "KERNEL": lambda seen, rest: seen.kernel.append(rest),
    "HUNG": lambda seen, rest: seen.hung.append(rest),
    "STACK": lambda seen, rest: seen.stacks.setdefault(rest.split()[0], []).append(" ".join(rest.split()[1:])),
}  # fmt: skip
