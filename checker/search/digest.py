"""A digest of a set of states: 128 bits that do not depend on the order in which they were found.

A state is hashed by its flat values (`checker.ir.slots`), never by how an engine packs it:

    lane(state) = mixed(sum of mixed(KEY + slot * STRIDE + value) over all slots)
    digest      = sum of lane(state) over all states, for each of two KEYs, as 16 hexadecimal digits

where all is modulo 2**64 and `mixed` is the last part of splitmix64.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MASK = (1 << 64) - 1
KEYS = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)
STRIDE = 1 << 32  # more than any value


def mixed(number: int) -> int:
    """64 bits of which each depends on all of `number`."""
    number = ((number & MASK) ^ ((number & MASK) >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & MASK
    return number ^ (number >> 31)


def lane(state: Sequence[int], key: int) -> int:
    """The hash of one state under one key."""
    return mixed(sum(mixed(key + slot * STRIDE + value) for slot, value in enumerate(state)))


def digest(states: Iterable[Sequence[int]]) -> str:
    """The digest of these states, 32 hexadecimal digits."""
    sums = [0] * len(KEYS)
    for state in states:
        for number, key in enumerate(KEYS):
            sums[number] += lane(state, key)
    return shown(sums)


def shown(sums: Sequence[int]) -> str:
    """The sums of all lanes as text."""
    return "".join(f"{total & MASK:016x}" for total in sums)
