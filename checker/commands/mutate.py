"""`python -m checker mutate`."""

from __future__ import annotations

from typing import Any

import click

from ..base.errors import UsageError
from .options import JSON


@click.command()
@click.argument("function", required=False)
@click.option("--table", "tables", multiple=True, metavar="FILE|DIR", help="Another table; repeatable.")
@click.option("--store", metavar="DIR", help="Where mutants.toml and survivors.toml are.")
@click.option("--processes", type=click.IntRange(1), metavar="N", help="At a time; by default one for each core.")
@click.option(
    "--memory-limit", type=click.FloatRange(0, min_open=True), metavar="G", help="GiB, of all processes together."
)
@click.option(
    "--rows", "most_rows", type=click.IntRange(0), default=0, metavar="N",
    help="Rows searched for a mutant, the most promising first; by default all that take its step.",
)
@click.option("--again", is_flag=True, help="Try everything again, also what earlier runs have found out.")
@JSON
def mutate(
    function: str | None, tables: tuple[str, ...], store: str | None, json_file: str | None, **options: Any
) -> int:
    """Drop or swap single steps of the model: does a property notice?

    Every step of every kernel function, or of FUNCTION, in the rows of the table of verdicts
    that hold and take it.  What is found is kept in properties/mutants.toml; why a survivor is
    harmless is said in properties/survivors.toml.  A run goes on where an earlier one ended, and tries
    again only what a change of the model concerns.  Exit status: 1 if one survives unexplained.
    """
    from ..mutate import run, text
    from ..mutate import store as stored
    from ..output.progress import words_shown
    from ..output.terminal import terminal
    from ..output.writing import check_writable, write_json
    from ..source.catalogue import load
    from ..table.rows import load as load_table

    check_writable(json_file)
    rows = load_table(tables)
    catalogue = load(rows[0].model or None if rows else None)
    if function is not None:
        catalogue.function(function)
    results = stored.path_of(store, stored.MUTANTS)
    reasons = stored.explanations(stored.path_of(store, stored.SURVIVORS))
    before = stored.fates(results)
    with words_shown() as tell:
        progress = lambda what, done, of: tell(f"{done} of {of}: {what}")  # noqa: E731
        found = run.mutated(catalogue, rows, function, before, reasons, progress=progress, **options)
    if not found.fates:
        raise UsageError(_nothing(function))
    kept = found.fates if function is None else {**before, **found.fates}
    stored.write(results, kept)
    if json_file != "-":
        click.echo(text.text(found, function is not None, terminal()[0]))
    if json_file:
        write_json(json_file, _as_json(found))
    return found.exit_status


def _nothing(function: str | None) -> str:
    if function is None:
        return "there is nothing to mutate"
    return f"there is nothing to mutate in {function}(): functions marked @kernel that a scenario runs have steps to drop"


def _as_json(found: Any) -> dict[str, Any]:
    """The object that `mutate --json` writes."""
    return {
        "score": round(found.score, 4),
        "seconds": round(found.seconds, 3),
        "killed_by": dict(found.kills()),
        "mutants": [
            {
                "function": place,
                "change": change,
                "verdict": fate.verdict,
                "by": fate.by or None,
                "design": fate.design or None,
                "scenario": fate.scenario or None,
                "bound": fate.bound,
                "explained": found.reasons.get((place, change)),
            }
            for (place, change), fate in found.fates.items()
        ],
    }
