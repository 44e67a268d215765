"""Bounds of arithmetic on bounded integers."""

from __future__ import annotations

Bounds = tuple[int, int]


def arithmetic(op: str, a: Bounds, b: Bounds) -> Bounds:
    """The least interval that holds `x op y` for x in a, y in b.

    The divisor of // and % is a positive constant: b = (d, d).
    """
    if op == "+":
        return a[0] + b[0], a[1] + b[1]
    if op == "-":
        return a[0] - b[1], a[1] - b[0]
    if op == "*":
        corners = [x * y for x in a for y in b]
        return min(corners), max(corners)
    if op == "//":
        return a[0] // b[0], a[1] // b[0]
    if op == "%":
        if a[0] // b[0] == a[1] // b[0]:
            return a[0] % b[0], a[1] % b[0]
        return 0, b[0] - 1
    if op == "min":
        return min(a[0], b[0]), min(a[1], b[1])
    if op == "max":
        return max(a[0], b[0]), max(a[1], b[1])
    raise ValueError(op)


def comparison(op: str, a: Bounds, b: Bounds) -> bool | None:
    """Whether `x op y` for all x in a, y in b; None if it depends."""
    if op == "==":
        return True if a[0] == a[1] == b[0] == b[1] else False if a[1] < b[0] or b[1] < a[0] else None
    if op == "<":
        return True if a[1] < b[0] else False if a[0] >= b[1] else None
    if op == "<=":
        return True if a[1] <= b[0] else False if a[0] > b[1] else None
    if op == ">":
        return comparison("<", b, a)
    if op == ">=":
        return comparison("<=", b, a)
    found = comparison("==", a, b)
    return None if found is None else not found
