"""The command line of the proofs."""

from __future__ import annotations

import click

from .options import DESIGN, JSON, MODEL


@click.command()
@click.argument("names", nargs=-1, metavar="[THEOREM]...")
@MODEL
@DESIGN
@click.option(
    "--time-limit", "seconds", type=click.FloatRange(0, min_open=True), default=20, show_default=True, metavar="S",
    help="Seconds for one question to z3.",
)  # fmt: skip
@JSON
def prove(names: tuple[str, ...], model: str | None, design: str | None, seconds: float, json_file: str | None) -> int:
    """Prove the model's theorems with z3, for all values.

    A theorem that is refuted comes with values that were computed again without z3. Exit status:
    1 if one is refuted, 3 if z3 has no answer to a question.
    """
    from ..output.terminal import terminal
    from ..output.writing import check_writable, write_json
    from ..smt.proofs import as_json, exit_status, proofs, summary, text

    check_writable(json_file)
    width, _ = terminal()
    done = []
    for proof in proofs(model, design, names, seconds):
        done.append(proof)
        if json_file != "-":
            click.echo(text(proof, width) + "\n")
    name = design or "model as it is"
    if json_file:
        write_json(json_file, as_json(done, name))
    if json_file != "-":
        click.echo(summary(done, name))
    return exit_status(done)
