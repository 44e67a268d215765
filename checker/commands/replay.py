"""A stored counterexample, followed again."""

from __future__ import annotations

import click

from .options import BYTES, DRAWN, JSON, MODEL


@click.command()
@click.argument("file")
@MODEL
@click.option("--design", "--on", metavar="D", help="Try the same steps on another design.")
@BYTES
@click.option("--symbolic", is_flag=True, help="Say for which sizes, in bytes, these steps are bad.")
@JSON
@DRAWN
def replay(
    file: str, model: str | None, design: str | None, block_size: int | None, folio_order: int | None, symbolic: bool,
    json_file: str | None, perfetto: str | None, mermaid: str | None, svg: str | None,
) -> int:
    """Follow the counterexample in FILE again, step by step, and judge its end.

    FILE may be one of those that belong to the model, counterexamples/NAME, wherever the checker is installed.

    Of a variant, or with --design, it also says what becomes of the steps on the baseline, or on that
    design: which is the first that is not possible there, or that leaves other values behind.

    Exit status: 1 if something is violated, 0 if nothing is, 2 if the file does not fit the model.
    """
    from ..base.files import belonging
    from ..output.drawn import write_drawn
    from ..output.results import on_a_kernel
    from ..output.terminal import terminal
    from ..output.writing import check_writable, write_json
    from ..verdict import replay as replaying

    check_writable(json_file, perfetto, mermaid, svg)
    outcome = replaying.replayed(belonging(file), model, design)
    in_bytes = None
    if symbolic or block_size is not None or folio_order is not None:
        from ..smt.sizes.said import replayed_in_bytes

        in_bytes = replayed_in_bytes(outcome, block_size, folio_order, symbolic)
    if json_file:
        write_json(json_file, outcome.as_json() | (in_bytes.as_json() if in_bytes else {}))
    write_drawn(outcome.trace, outcome.drawings, perfetto, mermaid, svg)
    if "-" not in (json_file, perfetto, mermaid, svg):
        click.echo((in_bytes or outcome).text(*terminal()))
        if told := on_a_kernel(outcome.task.name, outcome.task.facts.scenario, outcome.violated):
            click.echo(told)
    return outcome.exit_status
