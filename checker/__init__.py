"""A model checker for concurrent kernel code.

    import checker
    result = checker.check(design="no_io_size_clamp", bound=3)
    print(result.verdict, result.states)

`from checker.lang import ...` in a model loads nothing but the words of the language.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Result", "check"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in __all__:
        from .verdict import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
