"""What a name of the model stands for."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from inspect import cleandoc
from typing import TYPE_CHECKING

import click

from .completion import names_of
from .options import MODEL

if TYPE_CHECKING:
    from ..source.catalogue import Catalogue


@click.command()
@click.argument("name", shell_complete=names_of("properties"))
@MODEL
def help(name: str, model: str | None) -> None:
    """Tell what NAME is: a property, a design or a scenario; for options of a command, COMMAND --help."""
    from ..source.catalogue import load

    click.echo("\n".join(_told(load(model), name)))


def _told(catalogue: Catalogue, name: str) -> Iterator[str]:
    from ..base.errors import UsageError
    from ..ir.program import ALWAYS_ON
    from ..source.catalogue import suggestions

    if name in catalogue.properties:
        yield from _property(catalogue, name)
    elif name in catalogue.designs:
        design = catalogue.designs[name]
        of = f", a change of {catalogue.name_of(design.of)}" if design.of else ", a baseline"
        yield from _page(catalogue, design, f"{name}: a design{of}", design.doc)
        yield f"\n  python -m checker diff {name} shows it as a patch"
    elif name in catalogue.scenarios:
        scenario = catalogue.scenarios[name]
        of = f" of {catalogue.name_of(scenario.of)}" if scenario.of else ""
        yield from _page(catalogue, scenario, f"{name}: a scenario{of}", scenario.doc)
        yield "\n  who runs: " + ", ".join(process.name for process in scenario.processes)
    elif name in ALWAYS_ON:
        yield f"{name}: judged in every scenario; `python -m checker language` says what it is, under that name"
    else:
        known = [*catalogue.properties, *catalogue.designs, *catalogue.scenarios]
        raise UsageError(f"there is no property, design or scenario {name!r}" + suggestions(name, known))


def _property(catalogue: Catalogue, name: str) -> Iterator[str]:
    from ..source.functions import definition, lines_of

    function = catalogue.properties[name]
    kind, options = function.checker_property  # type: ignore[attr-defined]
    yield from _page(catalogue, function, f"{name}: @{kind}", function.__doc__ or "")
    witness = options.get("witness")
    if witness is not None:
        yield f"\n  its witness, which shows that the situation occurs: {getattr(witness, '__name__', witness)}"
    node = definition(function)
    body = node.body[1:] or node.body
    text = "".join(lines_of(catalogue.where[function][0])[body[0].lineno - 1 : node.end_lineno])
    yield "\n" + textwrap.indent(textwrap.dedent(text).rstrip(), "    ")


def _page(catalogue: Catalogue, thing: object, title: str, doc: str) -> Iterator[str]:
    from ..base.errors import shown_path

    file, line = catalogue.where[thing]
    yield f"{title}   {shown_path(file)}:{line}\n"
    for part in cleandoc(doc).split("\n\n"):
        yield textwrap.fill(" ".join(part.split()), 80, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
