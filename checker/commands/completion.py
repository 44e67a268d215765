"""Completion by the shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

PROGRAM = "writeback-checker"
VARIABLE = "_WRITEBACK_CHECKER_COMPLETE"  # what click asks for


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what SHELL needs to complete commands, options, and names of designs, scenarios and properties.

    For bash: writeback-checker completion bash >>~/.bashrc
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(click.Group(), {}, PROGRAM, VARIABLE).source())


def names_of(kind: str) -> Callable[..., list[CompletionItem]]:
    """A completer: of the model's designs, scenarios, properties or structs, the names that begin like what is written."""

    def complete(ctx: click.Context, param: Any, incomplete: str) -> list[CompletionItem]:
        from ..base.errors import CheckerError
        from ..source.catalogue import load

        try:
            known = getattr(load(ctx.params.get("model")), kind)
        except CheckerError:  # which is told when the command runs
            return []
        return [CompletionItem(name) for name in known if name.startswith(incomplete)]

    return complete
