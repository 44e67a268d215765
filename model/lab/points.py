"""Between two steps of a thread of the model: where that is in a kernel.

A point is the entry or the exit of a function that can be hooked, or the mark before an operation.  All points between two steps
are as good as each other, since the model has no shared access there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from checker.base import toml
from checker.ir.program import Block

DATA = Path(__file__).with_name("driven.toml")
OPERATION = "o"


@cache
def data() -> dict[str, Any]:
    """driven.toml."""
    return toml.read(DATA)


@dataclass(frozen=True)
class Point:
    """at: "e" entry of `function`, "x" its exit, "o" the mark before operation `nth`.  caller: "-" for any.
    nth: of how many times in a turn."""

    at: str
    function: str = ""
    caller: str = "-"
    nth: int = 1

    def __str__(self) -> str:
        if self.at == OPERATION:
            return f"before its operation {self.nth}"
        place = "in front of" if self.at == "e" else "behind"
        inside = f" in {self.caller}()" if self.caller != "-" else ""
        return f"{place} {self.function}(){inside}" + (f", the {self.nth}. time" if self.nth > 1 else "")


@dataclass(frozen=True)
class Functions:
    """The functions of a kernel that can be hooked, some of which the compiler has given another name."""

    names: frozenset[str]

    def symbol(self, name: str) -> str:
        """What a function of the model is called in this kernel; "" if it cannot be hooked."""
        return self._known(name) or self._known(data()["symbols"].get(name, ""))

    def _known(self, name: str) -> str:
        if not name or name in self.names:
            return name
        return next((f"{name}{part}" for part in (".isra.0", ".constprop.0", ".part.0") if f"{name}{part}" in self.names), "")

    def caller(self, frames: list[str]) -> str:
        """The innermost function around a call that the kernel has as a function; others are inlined in it."""
        return next((symbol for name in reversed(frames) if (symbol := self._known(name))), "-")


def call_of(block: Block) -> str:
    """The function that a step calls, or stands for; "" if it is none."""
    for text, function in data()["steps"].items():
        if block.call.name.startswith(text):
            return function
    found = re.match(r"([A-Za-z_]\w*)(\(\)|$)", block.call.name)
    return found.group(1) if found else ""


def between(last: Block | None, following: Block | None, functions: Functions) -> list[Point]:
    """The points that a thread passes from one step to the next, in this order.

    last: None at the start of an operation.  following: None at its end.
    """
    found = [*_exits(last, following, functions), *_entries(last, following, functions)]
    return [point for point, before in zip(found, [None, *found]) if point != before]  # two functions may be one in the kernel


def _exits(last: Block | None, following: Block | None, functions: Functions) -> Iterator[Point]:
    if last is None:
        return
    frames = [frame.function for frame in last.frames]
    yield from _point("x", call_of(last), frames, functions)
    for depth in range(len(frames) - 1, _common(last, following) - 1, -1):
        yield from _point("x", frames[depth], frames[:depth], functions)


def _entries(last: Block | None, following: Block | None, functions: Functions) -> Iterator[Point]:
    if following is None:
        return
    frames = [frame.function for frame in following.frames]
    for depth in range(_common(last, following), len(frames)):
        yield from _point("e", frames[depth], frames[:depth], functions)
    yield from _point("e", call_of(following), frames, functions)


def _point(at: str, name: str, frames: list[str], functions: Functions) -> Iterator[Point]:
    if symbol := functions.symbol(name):
        yield Point(at, symbol, functions.caller(frames) if symbol in data()["callers"]["of"] else "-")


def _common(last: Block | None, following: Block | None) -> int:
    """How many frames two steps have in common: the same calls, from the same places."""
    if last is None or following is None:
        return 0
    shared = 0
    for one, other in zip(last.frames, following.frames):
        if one.function != other.function:
            break
        shared += 1
        if one.pos != other.pos:
            break
    return shared
