"""What is learnt while a diagram grows: functions of numbers that are known where they were needed.

All that the machine (`checker.symbolic.machine`) knows of a program are `maps`: functions from small numbers
to small numbers, asked for one argument at a time.  Where a map has no value yet, Python is called and
finds it.  There are three sorts (`checker.symbolic.relations`): the class of a value, the value after a write,
and what follows in an event's relation.
"""

from __future__ import annotations

import ctypes
from collections import namedtuple
from collections.abc import Callable

import numpy as np
from llvmlite import ir as llvm
from numba import types
from numba.extending import intrinsic

from ..native.loop.compiled import compiled
from ..native.memory import reserve

# at, room: where the values of each map stand in `data`, and for how many arguments; -1: not known.
# learn: address of the function that finds a value.  The rest is of `checker.symbolic.relations`.
Learnt = namedtuple(
    "Learnt",
    "at room data learn rel_level rel_event rel_key event_level event_top event_root event_starts event_mask event_of "
    "index_of leaf_at leaf_count leaf_outcomes outcome_write outcome_rest top crossing",
)

MOST_MAPS, MOST_DATA = 1 << 26, 1 << 30
LEAF = 1 << 30  # in a value of a relation: a leaf, no further relation


@intrinsic
def call_learn(typingctx, function, map_, argument):
    """function(map, argument), by its address."""

    def generate(context, builder, signature, arguments):
        number = llvm.IntType(64)
        callee = builder.inttoptr(arguments[0], llvm.FunctionType(number, [number, number]).as_pointer())
        return builder.call(callee, list(arguments[1:]))

    return types.int64(types.int64, types.int64, types.int64), generate


@compiled
def lookup(ln, map_, argument):
    """The value of a map, learnt if it is not known yet."""
    if argument < ln.room[map_]:
        found = np.int64(ln.data[ln.at[map_] + argument])
        if found >= 0:
            return found
    return call_learn(ln.learn, map_, argument)


class Maps:
    """Maps, by number, and how their values are found.

    failure: the exception that one of them ended with; `fail` is called then."""

    def __init__(self, fail: Callable[[], None]) -> None:
        self.at = reserve(MOST_MAPS, np.int64)
        self.room = reserve(MOST_MAPS, np.int32)
        self.data = reserve(MOST_DATA, np.int32)
        self.end = 0
        self.finders: list[tuple[Callable[[int], int], int]] = [(lambda _: 0, 0)] * 2  # 0 and 1 mean something else
        self.failure: BaseException | None = None
        self._fail = fail
        self._callback = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(self._learn)
        self.address = ctypes.cast(self._callback, ctypes.c_void_p).value or 0

    def new(self, find: Callable[[int], int], harmless: int = 0) -> int:
        """A new map, whose values `find` finds.  harmless: a value to go on with for a moment if that fails."""
        self.finders.append((find, harmless))
        return len(self.finders) - 1

    def value(self, number: int, argument: int) -> int:
        """The value of a map, learnt if it is not known yet."""
        if argument < self.room[number]:
            found = int(self.data[self.at[number] + argument])
            if found >= 0:
                return found
        return self._find(number, argument)

    def _learn(self, number: int, argument: int) -> int:
        try:
            return self._find(number, argument)
        except BaseException as error:  # noqa: BLE001: it is raised again when the machine has stopped
            self.failure = self.failure or error
            self._fail()
            return self.finders[number][1]

    def _find(self, number: int, argument: int) -> int:
        found = self.finders[number][0](argument)
        if argument >= self.room[number]:
            self._widen(number, argument + 1)
        self.data[self.at[number] + argument] = found
        return found

    def _widen(self, number: int, room: int) -> None:
        """Move the values of a map to where there is room for more."""
        room = max(4, 1 << (room - 1).bit_length())
        old, count = int(self.at[number]), int(self.room[number])
        if self.end + room > MOST_DATA:
            raise MemoryError("the relations that were learnt")
        self.data[self.end : self.end + count] = self.data[old : old + count]
        self.data[self.end + count : self.end + room] = -1
        self.at[number], self.room[number] = self.end, room
        self.end += room
