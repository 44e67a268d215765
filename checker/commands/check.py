"""What is true in every interleaving of a scenario."""

from __future__ import annotations

from typing import Any

import click

from ..base.errors import UsageError
from .options import BYTES, DRAWN, JSON, SEARCH, SELECTION


@click.command()
@click.argument("file", required=False, metavar="[FILE.py]")
@SELECTION
@SEARCH
@JSON
@click.option("--junit", metavar="FILE", help="Write the verdict on each property as JUnit XML.")
@click.option("--sarif", "sarif_file", metavar="FILE", help="Write a violation as SARIF 2.1.0.")
@click.option("--save", metavar="FILE|DIR/", help="Write the counterexample, to be replayed.")
@click.option("--digest", is_flag=True, help="Take a digest of the states, without reduction; `verify` recounts it.")
@click.option("--quiet", is_flag=True, help="The verdict line only.")
@click.option("--full", is_flag=True, help="Show every step of a counterexample.")
@click.option("--verbose", is_flag=True, help="Name every property that says nothing here.")
@click.option("--accept-findings", is_flag=True, help="A known finding is no reason for exit status 1.")
@DRAWN
@BYTES
@click.option("--no-z3", is_flag=True, help="Do not ask z3 about sizes in bytes.")
def check(
    file: str | None, json_file: str | None, junit: str | None, sarif_file: str | None, save: str | None, quiet: bool, full: bool,
    verbose: bool, block_size: int | None, folio_order: int | None, no_z3: bool, accept_findings: bool,
    perfetto: str | None, mermaid: str | None, svg: str | None, **choice: Any,
) -> int:
    """Explore every interleaving of a scenario and judge its properties: of the kernel's model, or of that in FILE.py."""
    from ..output.drawn import write_drawn
    from ..output.junit import junit_text
    from ..output.progress import progress_shown, tell_bound
    from ..output.results import known_finding, report
    from ..output.terminal import terminal
    from ..output.writing import ITF, check_writable, save_counterexample, write_json, write_text

    if file is not None and choice["model"] is not None:
        raise UsageError(f"{file} and --model {choice['model']} are two models: name one")
    choice["model"] = file or choice["model"]
    check_writable(json_file, junit, sarif_file, perfetto, mermaid, svg, save=save)
    text = "-" not in (json_file, junit, sarif_file, perfetto, mermaid, svg)
    with progress_shown(not quiet) as progress:
        result = _checked(progress=progress, told=tell_bound if text and not quiet else None, **choice)
    said = None
    if not quiet or json_file:
        from ..smt.sizes.said import said_of

        said = said_of(result, choice, block_size, folio_order, no_z3)
    if text:
        width, colour = terminal()
        more = {"more": said.remarks(width), "picture": said.picture(width, colour, full)} if said and not quiet else {}
        click.echo(report(result, quiet, verbose=verbose, full=full, **more))
    saved = save_counterexample(result, save) if save else None
    if saved and text and not quiet:
        click.echo(
            f"\n  saved: {saved}"
            if saved.endswith(ITF)
            else f"\n  replay: python -m checker replay {saved}"
        )
    finding = known_finding(result)
    if json_file:
        beside = {"sizes": said and said.as_json(), "finding": finding and finding.name}
        write_json(json_file, result.as_json(saved) | beside)
    write_drawn(result.violation and result.violation.trace, result.drawings, perfetto, mermaid, svg)
    if junit:
        write_text(junit, junit_text(result))
    if sarif_file:
        from ..regress.sarif import of_result

        write_json(sarif_file, of_result(result, finding))
    return 0 if finding and accept_findings else result.exit_status


def _checked(
    progress: Any, told: Any, reduction: str | None, no_reduction: bool, go_on: bool, time_limit: float, **choice: Any
) -> Any:
    from ..verdict.api import check as run

    if reduction is not None and no_reduction:
        raise UsageError("--reduction and --no-reduction contradict each other")
    names = not no_reduction if reduction is None else [name.strip() for name in reduction.split(",")]
    return run(
        **choice, time_limit=time_limit or None, reduction=names, stop=not go_on, progress=progress, told=told
    )  # fmt: skip
