"""Episodes: short workloads, drawn by lot, recorded by a real kernel."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from checker.base import toml
from checker.base.errors import CheckerError, UsageError

from .prepared import Prepared

DATA = Path(__file__).with_name("validated.toml")
SETTING_UP, AN_EPISODE = 400.0, 2.0  # seconds that may pass before the first episode, and for each
ULONG_MAX = 2**64 - 1
LINE = re.compile(r"^\s*(?P<comm>.+)-(?P<tid>\d+)\s+\[\d+\]\s+\S+\s+(?P<time>[\d.]+): (?P<name>\w+): (?P<rest>.*)$")
FIELD = re.compile(r"(\w+)=(-?\w+)")


@cache
def data() -> dict[str, Any]:
    """validated.toml."""
    return toml.read(DATA)


def system(name: str) -> dict[str, Any]:
    """What validated.toml knows of a system; UsageError if it knows nothing."""
    systems = data()["systems"]
    if name not in systems:
        raise UsageError(f"no kernel's trace can be held against {name}; there are {', '.join(systems)}")
    return systems[name]


@dataclass(frozen=True)
class Event:
    """role: the thread, by its name in the model.  name: of the event in the table, "begin" or "end" of an operation.
    fields: what was recorded, in bytes.  said: the operation that begins or ends."""

    role: str
    name: str
    fields: dict[str, int] = field(default_factory=dict)
    said: str = ""

    def __str__(self) -> str:
        values = " ".join(f"{name}={value}" for name, value in self.fields.items() if name not in ("ino", "bio", "work"))
        return f"{self.role}: {self.name} {self.said} {values}".replace("  ", " ").rstrip()


@dataclass(frozen=True)
class Episode:
    """What happened, in the order of the kernel's clock."""

    number: int
    events: tuple[Event, ...]

    def order(self) -> tuple[tuple[str, str, str], ...]:
        """Who came where, without values: two episodes with the same order are no different ones."""
        return tuple((event.role, event.name, event.said) for event in self.events)


# ------------------------------------------------------------------- recording


def record(name: str, constants: dict[str, int], machine: Prepared, number: int, seed: int, tell: Callable[[str], None]) -> str:
    """The trace of `number` episodes; GuestFailed if the machine does not get through."""
    made = system(name)
    files = {"case.conf": _conf(made, constants, number, seed), "operations": operations(made, constants), "fields": _probes(made)}
    with machine.machine() as one:
        for file, text in files.items():
            one.send(f"=== {file}\n{text.rstrip()}\n")
        one.send("=== validate\n")
        said = []
        for line in one.lines(SETTING_UP + AN_EPISODE * number):
            if line == "DONE":
                break
            said.append(line)
            tell({"RECORDING": f"{number} episodes", "READING": "reading the trace"}.get(line, "defining events"))
        if failed := [line for line in said if line.startswith(("FAILED", "KERNEL", "NO f:"))]:
            raise CheckerError("the guest could not record: " + "; ".join(failed[:3]))
        return one.written().decode("utf-8", "replace")


def _conf(made: dict[str, Any], constants: dict[str, int], number: int, seed: int) -> str:
    block = cell(made, constants) * constants["CELLS"]
    return f"FS={made['fs']}\nBLOCK={block}\nEPISODES={number}\nSEED={seed}\n"


def cell(made: dict[str, Any], constants: dict[str, int]) -> int:
    """Bytes of a cell of the model."""
    return made["page"] * constants["PAGES"] // (constants["BLOCKS"] * constants["CELLS"])


def operations(made: dict[str, Any], constants: dict[str, int]) -> str:
    """The file `operations` of the guest."""
    unit = cell(made, constants)
    on_disk = constants["ON_DISK"] * unit
    lines = [f"file {on_disk} {on_disk + constants['HOLE_AT_END'] * unit}", f"most {made['most']}"]
    lines += [f"gate {function}" for function in made["gates"]] + [f"chance {made['permille']}"]
    for thread, known in made["threads"].items():
        lines.append(f"thread {thread} {known['most']}")
        for name, op in known.items():
            if name == "most":
                continue
            for size in dict.fromkeys(constants[one] for one in op["sizes"]) or [0]:
                length = constants[op["length"]] * unit if "length" in op else 0
                unless = f" unless {op['unless']}" if "unless" in op else ""
                lines.append(f"{op['call']} {name} {size * unit} {length}{unless}")
    return "\n".join(lines) + "\n"


def _probes(made: dict[str, Any]) -> str:
    known = data()["events"]
    return "\n".join(f"f:lab/{name} {known[name]['at']} {known[name]['fields']}" for name in made["events"] if name in known) + "\n"


# --------------------------------------------------------------------- reading


def read(trace: str | Iterable[str], roles: Iterable[str]) -> Iterator[Episode]:
    """The episodes of a trace; what is not of their file, or of nobody of `roles`, is left out."""
    known, wanted = data()["events"], frozenset(roles)
    number, inode, events = -1, 0, []
    for line in trace.splitlines() if isinstance(trace, str) else trace:
        found = LINE.match(line)
        if found is None:
            continue
        name, rest = found["name"], found["rest"]
        if name == "tracing_mark_write" and rest.startswith(("episode ", "over ")):
            if number >= 0 and rest.startswith("over "):
                yield Episode(number, tuple(events))
            number, inode, events = _beginning(rest)
        elif number >= 0 and (event := _event(found["comm"], name, rest, inode, known)) is not None and event.role in wanted:
            events.append(event)


def _beginning(mark: str) -> tuple[int, int, list[Event]]:
    words = mark.split()
    return (int(words[1]), int(words[2].partition("=")[2]), []) if words[0] == "episode" else (-1, 0, [])


def _event(comm: str, name: str, rest: str, inode: int, known: dict[str, Any]) -> Event | None:
    if name == "tracing_mark_write":
        kind, operation, *numbers = rest.split()
        values = {"size": int(numbers[0])} if kind == "begin" else {"ret": int(numbers[0].partition("=")[2])}
        return Event(comm, kind, values, operation)
    if name not in known:
        return None
    fields = {key: int(value, 0) for key, value in FIELD.findall(rest.partition(") ")[2]) if value[0] in "-0123456789"}
    if "ino=" in known[name]["fields"] and fields.get("ino") != inode:
        return None
    if fields.get("index") == ULONG_MAX:  # truncate to the end of everything looks for the folio at its end, which no file has
        return None
    return Event(known[name].get("role") or _role(comm), name, fields)


def _role(comm: str) -> str:
    return {"disc": "irq"}.get(comm, "kworker" if comm.startswith("kworker") else comm)
