"""The order of the components in a diagram."""

from __future__ import annotations

from .components import Components


def order_of(components: Components) -> list[int]:
    return list(range(len(components.levels)))
