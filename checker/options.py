"""Options that several commands have, as decorators."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click


def options(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several options as one decorator, in this order."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


JSON = click.option(
    "--json", "json_file", metavar="FILE|-", help="Write the result as JSON; - is standard output."
)
MODEL = click.option("--model", metavar="FILE.py", help="A model in the language, instead of the kernel's.")
DESIGN = click.option("--design", metavar="D", help="A design, or several composed: a+b.")
SELECTION = options(
    MODEL,
    DESIGN,
    click.option("--scenario", metavar="S", help="Who runs what; by default the design's."),
    click.option("--bound", type=click.IntRange(0), metavar="N", help="Operations started in all."),
    click.option(
        "--property", "properties", multiple=True, metavar="P", help="Judge this property only; repeatable."
    ),
    click.option(
        "--set", "settings", multiple=True, metavar="NAME=VALUE", help="The value of a constant; repeatable."
    ),
)
LIMITS = options(
    click.option(
        "--time-limit",
        type=click.FloatRange(0),
        default=120,
        show_default=True,
        metavar="S",
        help="Seconds to search; 0: no limit.",
    ),
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
    click.option("--engine", type=click.Choice(["native", "interpret", "symbolic"]), default="native", show_default=True),
    click.option("--threads", type=click.IntRange(1), default=os.cpu_count() or 1, show_default="all", metavar="N"),
    click.option(
        "--reduction",
        metavar="NAMES",
        help="Use only these reductions where the space is large: partial-order, symmetry, or both with a comma.",
    ),
    click.option("--no-reduction", is_flag=True, help="Use none: explore every interleaving, equivalent ones too."),
    LIMITS,
    click.option(
        "--spill-dir",
        metavar="DIR",
        help="Where states go that memory has no room for; by default TMPDIR, else /var/tmp.",
    ),
    click.option("--continue", "go_on", is_flag=True, help="Explore everything even after a violation."),
)

BYTES = options(
    click.option("--block-size", type=int, metavar="BYTES", help="Show a counterexample with blocks of this size."),
    click.option("--folio-order", type=click.IntRange(0, 9), metavar="N", help="And folios of 2^N pages."),
)
