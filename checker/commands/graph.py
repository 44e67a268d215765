"""Small state spaces, and the order of locks, as graphs."""

from __future__ import annotations

from typing import Any

import click

from ..base.errors import UsageError
from .options import SELECTION


@click.command()
@click.argument("file", required=False)
@SELECTION
@click.option(
    "--cap", type=click.IntRange(1), default=250, show_default=True, metavar="N", help="States at most."
)
@click.option("--locks", is_flag=True, help="Print which lock is waited for under which other.")
def graph(file: str | None, cap: int, locks: bool, **choice: Any) -> None:
    """Write the reachable states to FILE, as .graphml or .dot.

    At most --cap states are written, the nearest ones; what is written says so.
    """
    from ..base.files import whole_file
    from ..graphs import states as graphs
    from ..graphs.locks import lock_order_graph, lock_order_text
    from ..output.writing import check_writable
    from ..verdict.api import prepare

    if file is None and not locks:
        raise UsageError("graph: name a file to write, or say --locks")
    if file is not None:
        graphs.check_format(file)
        check_writable(file)
    program = prepare(**choice).program
    if locks:
        lines = lock_order_text(lock_order_graph(program))
        click.echo("\n".join(lines) or "no lock is taken under another")
    if file is not None:
        drawn = graphs.state_graph(program, cap)
        with whole_file(file) as path:
            graphs.write_graph(drawn, path)
        click.echo(drawn.graph["note"])
