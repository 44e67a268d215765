"""What is shown on the terminal while somebody waits; nothing of it stays there but the bounds that hold."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import click

from ..search.forecast import size
from ..verdict.result import BoundReached
from .terminal import terminal


@contextlib.contextmanager
def progress_shown(wanted: bool) -> Iterator[Callable[[Any], None] | None]:
    """A callable that shows a search under way on the terminal, or None if there is no terminal."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    shared = sys.stdout.isatty()  # then what is written there meanwhile goes above the moving lines
    console = Console(stderr=True)
    with Live(Text("compiling"), console=console, transient=True, refresh_per_second=4, redirect_stdout=shared) as live:
        yield lambda now, forecast=None: live.update(Text(_progress_text(now, forecast)))


@contextlib.contextmanager
def words_shown() -> Iterator[Callable[[str], None]]:
    """A callable that shows on the terminal, if there is one, what is being done."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield status.update


def tell_bound(reached: BoundReached) -> None:
    """Write that a bound holds, at once."""
    click.echo("\n".join(textwrap.wrap(reached.text(), terminal()[0], subsequent_indent="  ", break_on_hyphens=False)))


def _progress_text(now: Any, forecast: Any = None) -> str:
    """How far a search is, and if that can be said what it will have cost at its end."""
    if now.symbolic:
        held = "" if now.operations is None else f"bound {now.operations} holds, {now.states:,} states; "
        following = f"\nbound {forecast.bound}: {forecast.text()}" if forecast else ""
        return f"{held}{now.frontier:,} nodes, {size(now.bytes)}, {now.seconds:.0f} s{following}"
    rate = now.states / now.seconds if now.seconds else 0
    disk = f" + {size(now.disk_bytes)} on disk" if now.disk_bytes else ""
    return (
        f"{now.states:,} states, {now.transitions:,} transitions, {rate:,.0f} states/s, "
        f"frontier {now.frontier:,}, depth {now.depth}, {size(now.bytes)}{disk}, {now.seconds:.0f} s"
    ) + (f"\nat the end: {forecast.text()}" if forecast else "")
