"""The manual page."""

from __future__ import annotations

from collections.abc import Iterator

import click

from .completion import PROGRAM


@click.command()
@click.pass_context
def man(ctx: click.Context) -> None:
    """Print the manual page: writeback-checker man | man -l -"""
    assert ctx.parent is not None and isinstance(ctx.parent.command, click.Group)
    click.echo("\n".join(_page(ctx.parent.command)))


def _page(program: click.Group) -> Iterator[str]:
    from .. import __version__

    first, *more = (program.help or "").split("\n\n")
    yield f'.TH {PROGRAM.upper()} 1 "" "{PROGRAM} {__version__}"'
    yield f".SH NAME\n{PROGRAM} \\- {_plain(first)}"
    yield f".SH SYNOPSIS\n.B {PROGRAM}\n[COMMAND] [OPTION]...\n.SH DESCRIPTION"
    yield from (f"{_plain(part)}\n.PP" for part in more)
    yield ".SH COMMANDS"
    for name, command in sorted(program.commands.items()):
        yield from _command(name, command)


def _command(name: str, command: click.Command) -> Iterator[str]:
    ctx = click.Context(command, info_name=name)
    yield f".SS {name} {_plain(' '.join(command.collect_usage_pieces(ctx)))}"
    yield from (f"{_plain(part)}\n.PP" for part in (command.help or "").split("\n\n"))
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            yield f".TP\n.B {_plain(record[0])}\n{_plain(record[1])}"
    if isinstance(command, click.Group):
        for inner, one in sorted(command.commands.items()):
            yield from _command(f"{name} {inner}", one)


def _plain(text: str) -> str:
    """Text as roff takes it: no line begins with a command, and a hyphen is one."""
    return " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").lstrip(".'")
