"""The list of scenarios, with the numbers of their states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..base.errors import UsageError
from .options import COUNTING, JSON, MODEL

if TYPE_CHECKING:
    from ..source.catalogue import Catalogue


@click.command()
@MODEL
@JSON
@click.option("--measure", is_flag=True, help="Count the states of the scenarios that have changed, and write them down.")
@click.option("--scenario", "only", multiple=True, metavar="S", help="With --measure: this one only; repeatable.")
@COUNTING
def scenarios(model: str | None, json_file: str | None, measure: bool, only: tuple[str, ...], **limits: Any) -> None:
    """List the scenarios: who runs what, and the number of states at bounds 2, 3 and 4, and for any number of operations.

    The numbers are those of properties/scenario_states.toml, which --measure brings up to date: it may be
    interrupted, and goes on where it was.
    """
    from ..output.lists import write_list
    from ..output.terminal import list_width
    from ..output.writing import write_json
    from ..regress import scenario_list, states
    from ..source.catalogue import load

    catalogue = load(model)
    if measure:
        _measured_states(catalogue, model, only, **limits)
    counted = {} if model else states.load()
    rows = scenario_list.rows(catalogue, counted)
    if json_file:
        write_json(json_file, rows)
    elif not counted:
        write_list(rows, ["name", "of", "doc"], None)
    else:
        click.echo(scenario_list.text(catalogue, counted, list_width()))


def _measured_states(
    catalogue: Catalogue, model: str | None, only: tuple[str, ...], processes: int | None, time_limit: float,
    memory_limit: float | None,
) -> None:  # fmt: skip
    from ..base.limits import GIB, default_memory_limit
    from ..base.processes import cores
    from ..output.progress import words_shown
    from ..regress import states
    from ..table.rows import own

    if model:
        raise UsageError("--measure is about the scenarios of the kernel's model")
    names = [name for name in catalogue.scenarios if not only or name in only]
    for name in only:
        catalogue.scenario(name)
    done: list[str] = []
    memory = memory_limit or default_memory_limit() / GIB
    with words_shown() as tell:
        tell(f"counting {len(names)} scenarios")

        def progress(name: str, _: int) -> None:
            done.append(name)
            tell(f"{len(done)} of {len(names)}: {name}")

        counted = states.measured(names, own(states.FILE), processes or cores(), time_limit, memory, progress)
    click.echo(f"{len(counted)} of {len(names)} scenarios counted, the others have not changed", err=True)
