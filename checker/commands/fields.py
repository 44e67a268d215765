"""The fields of a struct."""

from __future__ import annotations

from typing import Any

import click

from .completion import names_of
from .options import JSON, MODEL


@click.command()
@click.argument("struct", shell_complete=names_of("structs"))
@MODEL
@JSON
def fields(struct: str, model: str | None, json_file: str | None) -> None:
    """List the fields of STRUCT: their types, which are ghosts, and which lock guards them."""
    from ..output.lists import write_list
    from ..source.catalogue import load

    rows = [_row(name, field) for name, field in load(model).struct(struct).fields.items()]
    write_list(rows, ["name", "type", "kind", "guard", "doc"], json_file)


def _row(name: str, field: Any) -> dict[str, Any]:
    array = f" [{_shown(field.count)}]" if field.count is not None else ""
    guards = ((field.guard, ""), (field.write_guard, " (to write)"))
    return {
        "name": name,
        "type": (field.lock or _type(field.type)) + array,
        "kind": "ghost" if field.ghost else "",
        "guard": ", ".join(f"{lock.struct.__name__}.{lock.name}{when}" for lock, when in guards if lock is not None),
        "doc": field.doc,
    }


def _type(declared: Any) -> str:
    from ..lang import Bool, Range, Ref

    if isinstance(declared, Range):
        return f"{_shown(declared.lo)}..{_shown(declared.hi)}"
    if isinstance(declared, Ref):
        return f"Ref({getattr(declared.struct, '__name__', declared.struct)})"
    return "flag" if declared in (bool, Bool) else getattr(declared, "name", getattr(declared, "__name__", "?"))


def _shown(number: Any) -> str:
    """A number, or the value of an expression of constants as they are by default."""
    return str(number if isinstance(number, int) else number.value({}))
