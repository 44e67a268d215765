"""A function with the types of its expressions, and what it does."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import FunctionType

from .. import lang
from ..parse import tree as t
from .world import VOID, AnyType


@dataclass(eq=False)
class Typed:
    """A function with types.

    types: of each expression, by id of its node.  calls: what each Call calls, by id.
    reads, writes: fields of structs accessed by its own text; changes_caller: it assigns to
    a record or to a local that a Place stands for.
    """

    function: t.Function
    declared: FunctionType
    params: dict[str, AnyType]
    result: AnyType = VOID
    locals: dict[str, AnyType] = field(default_factory=dict)
    types: dict[int, AnyType] = field(default_factory=dict)
    calls: dict[int, Typed] = field(default_factory=dict)
    reads: set[lang.Field] = field(default_factory=set)
    writes: set[lang.Field] = field(default_factory=set)
    placed: set[str] = field(default_factory=set)  # locals that some Place stands for
    changes_caller: bool = False
    waits: bool = False
    chooses: bool = False
    conditional: bool = False  # it chooses under a condition
    asserts: bool = False
    loops: bool = False
    groups: bool = False  # it has atomic groups

    def everything_called(self) -> list[Typed]:
        """This function and all that it calls, directly or not, each once."""
        found: dict[int, Typed] = {id(self): self}
        queue = [self]
        while queue:
            for callee in queue.pop().calls.values():
                if id(callee) not in found:
                    found[id(callee)] = callee
                    queue.append(callee)
        return list(found.values())
