"""What the versions of the kernel add to the command line."""

from __future__ import annotations

import click


@click.command()
@click.option("--of", "version", metavar="VERSION", help="Only that in which this kernel differs from 6.13.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the result as JSON; - is standard output.")
def versions(version: str | None, json_file: str | None) -> None:
    """List what other kernels do otherwise: each change, the texts that have it (y), and the design that makes it.

    The model is that of 6.13.  A design like iomap_v6_18 is the sum of the changes of its system that have one.
    """
    from checker.output.terminal import list_width
    from checker.output.writing import write_json

    from .changes import chosen, table

    changes = chosen(version)
    if json_file is not None:
        write_json(json_file, [one.as_json() for one in changes])
    else:
        click.echo(table(changes, list_width()))


COMMANDS = (versions,)
