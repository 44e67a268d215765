"""What was seen on a kernel, stored beside the counterexamples: a file of TOML for people and programs.

It holds the verdict, the kernel, the schedule, the operations, and what one run printed with the order and one without.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from checker.base.files import whole_file

from .confirm import Confirmed
from .seen import Seen

FOLDER = Path("counterexamples") / "confirmed"


def place(found: Confirmed) -> Path:
    """Where the evidence of a counterexample is kept: under its own path below counterexamples/, with dashes."""
    parts = Path(found.file).with_suffix("").parts
    below = parts[parts.index("counterexamples") + 1 :] if "counterexamples" in parts else parts[-1:]
    return FOLDER / ("--".join(below) + ".toml")


def write(found: Confirmed, to: Path | None = None) -> Path:
    """Store what was seen, whole or not at all."""
    target = to or place(found)
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(str(target)) as file:
        file.write_text(text(found), encoding="utf-8")
    return target


def text(found: Confirmed) -> str:
    """The contents of the file."""
    lines = [
        f"# Tried again by: python -m checker confirm {found.file}", "",
        f"counterexample = {_quoted(found.file)}", f"property = {_quoted(found.property)}", f"kernel = {_quoted(found.kernel)}",
        f"verdict = {_quoted(found.verdict)}", f"line = {_quoted(found.line)}", f"why = {_quoted(found.why)}",
    ]  # fmt: skip
    if found.forced:
        counts = [(name, f"[{sum(map(bool, runs))}, {len(runs)}]") for name, runs in (("forced", found.forced), ("control", found.control))]
        lines += [f"{name} = {count}  # runs in which it happened, and all of them" for name, count in counts]
    if found.schedule:
        lines += _block("operations", found.schedule.workload.text(found.schedule.end)) + _block("schedule", found.schedule.text())
    for name, seen in found.examples.items():
        lines += _block(f"seen_{name}", report(seen))
    return "\n".join(lines) + "\n"


WHEN = {"cache": "the file afterwards", "disk": "the file, read again from the device", "crash": "the file after the power failure"}


def outcome(seen: Seen) -> list[str]:
    """What a run came to, for people."""
    contents = [f"{WHEN.get(when, when)}: {content}" for when, content in seen.contents.items()]
    return [*map(str, seen.returned), *contents, *(f"{who} never ends" for who in seen.hung), *(f"kernel: {line}" for line in seen.kernel)]


def report(seen: Seen) -> str:
    """What a run came to, and how."""
    return "\n".join([*outcome(seen), *seen.log]) + "\n"


def read(file: Path) -> dict:
    """A stored file."""
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _block(name: str, text: str) -> list[str]:
    return [f'{name} = """', *(line.replace("\\", "\\\\").replace('"""', "'''") for line in text.rstrip().splitlines()), '"""']


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
