"""Is what was seen in the machine what the model predicts?  A function for each kind of property: it says what is wrong, or nothing.

driven.toml names the function of each property.
"""

from __future__ import annotations

from collections.abc import Callable

from .operations import OLD, Operation, Workload
from .points import data
from .seen import CALLS, Content, Seen

Judge = Callable[[Seen, Workload, str], str]


def judge_of(property: str) -> Judge | None:
    """How a property is looked for; None if nobody knows how."""
    wanted = data()["properties"].get(property)
    return globals()[wanted["judge"]] if wanted else None


# --------------------------------------------------------------- what should be


def in_order(load: Workload) -> list[tuple[str, int, Operation]]:
    """All operations with their threads and numbers, in the order in which they begin."""
    found = [(name, number, op) for name, ops in load.threads.items() for number, op in enumerate(ops, 1)]
    return sorted(found, key=lambda one: one[2].begins)


def start(load: Workload) -> bytearray:
    """The file before any operation."""
    return bytearray(OLD.encode() * load.data + bytes(load.size - load.data))


def apply(op: Operation, file: bytearray) -> None:
    """What an operation does to a file, if it succeeds."""
    if op.call in ("write", "short", "append"):
        at = len(file) if op.call == "append" else op.numbers[0]
        length = {"write": 1, "append": 0, "short": 2}[op.call]
        file.extend(bytes(max(0, at + op.numbers[length] - len(file))))
        file[at : at + op.numbers[length]] = op.letter.encode() * op.numbers[length]
    elif op.call == "truncate":
        del file[op.numbers[0] :]
        file.extend(bytes(op.numbers[0] - len(file)))
    elif op.call == "punch":
        file[op.numbers[0] : sum(op.numbers)] = bytes(len(file[op.numbers[0] : sum(op.numbers)]))


def _returned(seen: Seen, name: str, number: int) -> int | None:
    return next((r.value for r in seen.returned if (r.thread, r.number) == (name, number)), None)


def _stretch(places: list[int]) -> str:
    return f"byte {places[0]}" if len(places) == 1 else f"{len(places)} bytes from {places[0]} on"


# ---------------------------------------------------------------- what is wrong


def nobody_was_told(seen: Seen, load: Workload, message: str) -> str:
    """An fsync that returns 0, although what it covers has failed to be written and is lost."""
    disk = seen.contents.get("disk", Content())
    for name, number, op in in_order(load):
        if op.call != "fsync" or _returned(seen, name, number) != 0:
            continue
        file = start(load)
        for writer, other, before in in_order(load):
            if before.begins < op.begins and (_returned(seen, writer, other) or 0) >= 0:
                apply(before, file)
        lost = [at for at in range(len(file)) if at >= len(disk.data) or disk.data[at] != file[at]]
        if lost and any("fault" in line or "held" in line for line in seen.log):
            later = [str(r) for r in seen.returned if r.thread == name and (r.number == 0 or r.number > number)]
            return f"fsync() returns 0 and {_stretch(lost)} are lost" + (f"; {later[0]}" if later else "")
    return ""


def promised_and_lost(seen: Seen, load: Workload, message: str) -> str:
    """An fsync that returned 0, and after the power failure something else than what it covers, or than what came later."""
    crash = seen.contents.get("crash")
    for name, number, op in in_order(load):
        if crash is None or op.call != "fsync" or _returned(seen, name, number) != 0:
            continue
        promised, later = start(load), [o for _, _, o in in_order(load) if o.begins > op.begins]
        for _, _, before in in_order(load):
            if before.begins < op.begins:
                apply(before, promised)
        lost = [at for at in range(len(promised)) if not _may_be(crash, at, promised, later)]
        if lost:
            found = crash.data[lost[0]] if lost[0] < len(crash.data) else None
            what = "missing" if found is None else f"0x{found:02x}"
            return f"fsync() returned 0; after the power failure {_stretch(lost)} are {what}"
    return ""


def _may_be(crash: Content, at: int, promised: bytearray, later: list[Operation]) -> bool:
    """Is a byte what was promised, or what one of the later operations makes of it?"""
    allowed, file = [promised], promised
    for op in later:
        file = bytearray(file)
        apply(op, file)
        allowed.append(file)
    found = crash.data[at] if at < len(crash.data) else None
    return any(found == (one[at] if at < len(one) else None) for one in allowed)


def cut_and_back(seen: Seen, load: Workload, message: str) -> str:
    """Bytes that a truncate has cut, and that nobody has written since, are in the file after the power failure."""
    crash, file = seen.contents.get("crash", Content()), start(load)
    for _, _, op in in_order(load):
        apply(op, file)
    if crash.size != len(file):  # the file as it was before the truncate is what a power failure may leave
        return ""
    back = [at for at in range(len(file)) if file[at] == 0 and crash.data[at] == ord(OLD)]
    return f"after the power failure {_stretch(back)} are '{OLD}' again, which a truncate had cut off" if back else ""


def cut_and_read(seen: Seen, load: Workload, message: str) -> str:
    """Bytes that a truncate has cut, as the size of the file showed, are in it again when it is longer."""
    file, disk = start(load), seen.contents.get("disk", Content())
    sizes = {(r.thread, r.number): r.size for r in seen.returned}
    for name, number, op in in_order(load):
        if op.call == "truncate" and sizes.get((name, number)) == op.numbers[0]:  # whatever it returned
            apply(op, file)
    back = [at for at in range(min(len(file), len(disk.data))) if file[at] == 0 and disk.data[at] == ord(OLD)]
    return f"{_stretch(back)} are '{OLD}' again, which a truncate had cut off" if back else ""


def grown_by_nothing(seen: Seen, load: Workload, message: str) -> str:
    """A write that failed, and has left a longer file."""
    file, failed = start(load), []
    for name, number, op in in_order(load):
        if (_returned(seen, name, number) or 0) < 0:
            failed.append(f"{CALLS.get(op.call, op.call)}() of {name}")
        else:
            apply(op, file)
    size = seen.contents.get("cache", Content()).size
    return f"{failed[0]} fails, and the size is {size} instead of {len(file)}" if failed and size > len(file) else ""


def junk(seen: Seen, load: Workload, message: str) -> str:
    """Bytes in the file that nobody has written."""
    known = {0, ord(OLD)} | {ord(op.letter) for _, _, op in in_order(load) if op.letter}
    cache = seen.contents.get("cache", Content())
    found = [at for at, byte in enumerate(cache.data) if byte not in known]
    return f"{_stretch(found)} read as 0x{cache.data[found[0]]:02x}, which nobody has written" if found else ""


def warned(seen: Seen, load: Workload, message: str) -> str:
    """The kernel warns, or stops, in the function that the model names."""
    function = message.split("(")[0]
    said = [line for line in seen.kernel if function in line and ("WARNING" in line or "BUG" in line or "RIP" in line)]
    return said[0] if said else ""


def hung(seen: Seen, load: Workload, message: str) -> str:
    """Threads that never end."""
    return f"{' and '.join(seen.hung)} never end" if seen.hung else ""
