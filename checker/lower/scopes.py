"""What names stand for in an inlined call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..ir import program as ir
from ..parse import tree as t
from ..types.typed import Typed
from ..types.world import FieldInfo
from .values import Value


class Bound(NamedTuple):
    """A name that stands for a value that does not change while the name is in use."""

    value: Value


class Var(NamedTuple):
    """A name that is a local variable of the IR.  lo, hi: what it can be when it is read."""

    name: str
    lo: int
    hi: int


class RecordVars(NamedTuple):
    """A record on the stack: the variable of each field."""

    fields: dict[str, str]


class Slot(NamedTuple):
    """An element of a variable.  info: of the field, None for a local variable; label: for messages."""

    var: str
    index: Value
    type: ir.Type
    info: FieldInfo | None
    label: str


Binding = Bound | Var | RecordVars | Slot


@dataclass(eq=False)
class Scope:
    """One inlined call.  path: the functions called, outermost first; frames: where each
    caller stands; label: how the names of its locals begin, "" if it has none yet."""

    typed: Typed
    names: dict[str, Binding]
    path: tuple[str, ...] = ()
    frames: tuple[ir.Frame, ...] = ()
    label: str = ""
    loops: list[tuple[Any, Any]] = field(default_factory=list)
    exit: Any = None
    result: Binding | None = None
    single: Value | None = None  # the result, if there is one `return`, at the end

    @property
    def function(self) -> t.Function:
        return self.typed.function

    def with_names(self, names: dict[str, Binding]) -> Scope:
        return Scope(self.typed, names, self.path, self.frames)


class Checked(NamedTuple):
    """A condition that has to hold for an expression to mean anything."""

    cond: Value
    name: str
    message: str
    pos: ir.Pos
