"""A counterexample in the forms of other tools: Perfetto, Mermaid, SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .writing import write_json, write_text

if TYPE_CHECKING:
    from ..picture.cells import DrawnRow
    from ..trace.trace import Trace


def write_drawn(trace: Trace | None, rows: Sequence[DrawnRow], perfetto: str | None, mermaid: str | None, svg: str | None) -> None:
    """Write the files that are asked for, each whole or not at all; without a trace say that there is none.  OSError as from open()."""
    if trace is None:
        for path in filter(None, (perfetto, mermaid, svg)):
            click.echo(f"  {path} is not written: there is no counterexample", err=True)
        return
    if perfetto:
        from ..picture.perfetto import to_perfetto

        write_json(perfetto, to_perfetto(trace, rows))
    if mermaid:
        from ..picture.mermaid import to_mermaid

        write_text(mermaid, to_mermaid(trace, rows))
    if svg:
        from ..picture.svg import to_svg

        write_text(svg, to_svg(trace, rows))
