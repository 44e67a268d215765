"""Options that several commands have, as decorators."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from ..ir.program import ANY
from .completion import names_of


def options(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several options as one decorator, in this order."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


class OperationBound(click.ParamType):
    """A number of operations, or "any"."""

    name = "bound"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        if value == ANY or isinstance(value, int):
            return value
        try:
            return click.IntRange(0).convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is neither a number of operations, 0 or more, nor {ANY!r}.", param, ctx)


JSON = click.option(
    "--json", "json_file", metavar="FILE|-", help="Write the result as JSON; - is standard output."
)
MODEL = click.option("--model", metavar="FILE.py", help="A model in the language, instead of the kernel's.")
DESIGN = click.option(
    "--design", metavar="D", help="A design, or several composed: a+b.", shell_complete=names_of("designs")
)
SELECTION = options(
    MODEL,
    DESIGN,
    click.option(
        "--scenario", metavar="S", help="Who runs what; by default the design's.", shell_complete=names_of("scenarios")
    ),
    click.option("--bound", type=OperationBound(), metavar="N|any", help="Operations started in all; any: any number of them."),
    click.option(
        "--property", "properties", multiple=True, metavar="P", help="Judge this property only; repeatable.",
        shell_complete=names_of("properties"),
    ),
    click.option(
        "--set", "settings", multiple=True, metavar="NAME=VALUE", help="The value of a constant; repeatable."
    ),
)


def limits(seconds: int) -> Callable[[Any], Any]:
    """Limits of a search.  seconds: by default; 0 for no limit."""
    given = {"default": seconds, "show_default": True, "help": "Seconds to compile and search; 0: no limit."}
    none = {"default": 0, "help": "Seconds to compile and search; by default no limit."}
    return options(
        click.option("--time-limit", type=click.FloatRange(0), metavar="S", **(given if seconds else none)),
        click.option(
            "--memory-limit",
            type=click.FloatRange(0, min_open=True),
            metavar="G",
            help="GiB to use; by default 80 % of what is available.",
        ),
    )


COUNTING = options(
    click.option("--processes", type=click.IntRange(1), metavar="N", help="At a time; by default one for each core."),
    click.option(
        "--time-limit", type=click.FloatRange(0, min_open=True), default=30, show_default=True, metavar="S",
        help="Seconds for one search.",
    ),
    click.option("--memory-limit", type=click.FloatRange(0, min_open=True), metavar="G", help="GiB, of all processes together."),
)  # fmt: skip
SEARCH = options(
    click.option(
        "--engine", type=click.Choice(["auto", "native", "interpret", "symbolic"]), default="auto", show_default=True,
        help="native lists the states, symbolic keeps them in sets; auto: sets where the space is large.",
    ),
    click.option("--threads", type=click.IntRange(1), default=os.cpu_count() or 1, show_default="all", metavar="N"),
    click.option(
        "--reduction",
        metavar="NAMES",
        help="Use only these reductions where the space is large: partial-order, symmetry, or both with a comma.",
    ),
    click.option("--no-reduction", is_flag=True, help="Use none: explore every interleaving, equivalent ones too."),
    limits(0),
    click.option(
        "--spill-dir",
        metavar="DIR",
        help="Where states go that memory has no room for; by default TMPDIR, else /var/tmp.",
    ),
    click.option("--self-check", is_flag=True, help="Hold all stored states against the definition of symmetry, not a sample."),
    click.option("--continue", "go_on", is_flag=True, help="Explore everything even after a violation."),
)

BYTES = options(
    click.option("--block-size", type=click.IntRange(1), metavar="BYTES", help="Show a counterexample with blocks of this size."),
    click.option("--folio-order", type=click.IntRange(0, 9), metavar="N", help="And folios of 2^N pages."),
)
DRAWN = options(
    click.option("--perfetto", metavar="OUT", help="Write the counterexample as a trace for ui.perfetto.dev."),
    click.option("--mermaid", metavar="OUT", help="Write it in short as a sequence diagram of Mermaid."),
    click.option("--svg", metavar="OUT", help="Write it in short as a drawing."),
)
