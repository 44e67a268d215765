"""A counterexample, or a schedule of one's own, in the browser."""

from __future__ import annotations

import os
import signal
import sys
import webbrowser
from typing import Any

import click

from ..base.errors import UsageError
from .options import DESIGN, DRAWN, MODEL, OperationBound


@click.command()
@click.argument("file", required=False)
@MODEL
@DESIGN
@click.option("--scenario", metavar="S", help="Who runs what; by default the design's.")
@click.option("--bound", type=OperationBound(), metavar="N|any", help="Operations started in all.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="The value of a constant; repeatable.")
@click.option("--with", "against", metavar="D", help="The design to be put beside it; by default the baseline of a variant.")
@click.option("--html", metavar="OUT", help="Write the page of FILE as one file that needs no server.")
@DRAWN
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default="one that is free", metavar="N")
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
def explore(
    file: str | None, model: str | None, design: str | None, scenario: str | None, bound: int | str | None, settings: tuple[str, ...],
    against: str | None, html: str | None, perfetto: str | None, mermaid: str | None, svg: str | None, port: int, no_open: bool,
) -> None:  # fmt: skip
    """Step through the counterexample in FILE, or through any interleaving of a scenario, in the browser.

    The page is served on this machine only, until Ctrl-C. Any thread's next step can be chosen, and the page's address
    keeps the schedule. With --html, --perfetto, --mermaid or --svg a file is written instead.
    """
    from ..explorer.page import page
    from ..explorer.session import opened, whole
    from ..output.writing import check_writable, write_text
    from ..output.drawn import write_drawn

    if file and (scenario or bound is not None or settings):
        raise UsageError("explore: FILE says scenario, bound and constants itself")
    files = [html, perfetto, mermaid, svg]
    if any(files) and file is None:
        raise UsageError("explore: name the FILE of a counterexample to be written; `check --save FILE` writes one")
    check_writable(*files)
    session, trace = opened(file, model, design, scenario, bound, settings)
    if html:
        write_text(html, page(whole(session, trace, against=against)))
    write_drawn(trace, next(iter(session.scenes.values())).rows, perfetto, mermaid, svg)
    if not any(files):
        _served(session, trace, against, port, not no_open)


def _served(session: Any, trace: Any, against: str | None, port: int, browser: bool) -> None:
    from ..explorer.server import Explorer, server

    application = Explorer(session, trace, against)
    running = server(application, port)
    address = f"http://{running.host}:{running.port}/"
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        click.echo(f"{address}  (Ctrl-C ends it)")
        sys.stdout.flush()
        if browser and _has_screen():
            webbrowser.open(address)
        running.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        application.stop()
        running.server_close()


def _has_screen() -> bool:
    """Is there a screen for a browser?  One that runs in this terminal would take it over."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
