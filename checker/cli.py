"""The command line: its commands, and what becomes of their errors.

A command is a function of the file of its name in `commands`; what it needs is imported inside it, so
that `designs` does not wait for a compiler.  All errors end in `main`, as one message.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from . import __version__
from .base.errors import CheckerError, InternalError, NotFinished
from .commands.bench import bench
from .commands.check import check
from .commands.compare import compare
from .commands.completion import PROGRAM, completion
from .commands.designs import designs
from .commands.diff import diff
from .commands.explore import explore
from .commands.export import export
from .commands.fields import fields
from .commands.graph import graph
from .commands.help import help
from .commands.language import language
from .commands.man import man
from .commands.mutate import mutate
from .commands.new import new
from .commands.properties import properties
from .commands.prove import prove
from .commands.regress import regress
from .commands.replay import replay
from .commands.scenarios import scenarios
from .commands.show import show
from .commands.verify import verify
from .source import tools

WRONG_USE, INCOMPLETE = 2, 3  # exit statuses; those of verdicts are in verdict/result.py
OWN_OPTIONS = ("--help", "-h", "--version")  # of the program, not of `check`
SHOW_TRACEBACK = "CHECKER_TRACEBACK"  # environment variable, for work on the checker itself


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status: 0 holds, 1 violated, 2 wrong use, 3 incomplete."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed before we began
            setattr(sys, name, open(os.devnull, "w"))
    try:
        status = commands.main(
            arguments and list(arguments), prog_name=_name(), standalone_mode=False
        )
        sys.stdout.flush()
        return status or 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        return _failed(error.format_message(), hint=_help_hint(error))
    except InternalError as error:
        return _failed(str(error), "internal error")
    except NotFinished as error:
        return _failed(str(error), "incomplete", status=INCOMPLETE)
    except CheckerError as error:
        return _failed(str(error))
    except (KeyboardInterrupt, click.Abort):
        return _failed("interrupted", status=INCOMPLETE)
    except MemoryError:
        return _failed("out of memory; nothing can be said of the model", status=INCOMPLETE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the flush at exit fails again
        return WRONG_USE
    except OSError as error:
        return _failed(f"{error.filename or 'output'}: {error.strerror or error}")
    except Exception as error:
        if os.environ.get(SHOW_TRACEBACK):
            raise
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"
        return _failed(
            f"{text}\n  This is an error of the checker; {SHOW_TRACEBACK}=1 shows where.", "internal error"
        )


def _name() -> str:
    """What we were started as: completion by the shell looks at it."""
    return PROGRAM if os.path.basename(sys.argv[0]) == PROGRAM else "python -m checker"


def _failed(text: str, kind: str = "error", hint: str = "", status: int = WRONG_USE) -> int:
    click.echo(f"{kind}: {text}{hint}", err=True)
    return status


def _help_hint(error: click.UsageError) -> str:
    return f"\n  see: {error.ctx.command_path} --help" if error.ctx else ""


class CheckByDefault(click.Group):
    """A group of commands in which `check` need not be written, and to which tools of the model add theirs."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or tools.commands().get(cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *tools.commands()})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        completing = ctx.resilient_parsing and not args
        if not completing and (not args or args[0].startswith("-") and args[0] not in OWN_OPTIONS or args[0].endswith(".py")):
            args = ["check", *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None:
            from .source.catalogue import suggestions

            raise click.UsageError(
                f"there is no command {args[0]!r}" + suggestions(args[0], self.list_commands(ctx)), ctx
            )
        return super().resolve_command(ctx, args)


@click.group(
    cls=CheckByDefault, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, "--version", prog_name=PROGRAM, message="%(prog)s %(version)s")
def commands() -> None:
    """Check concurrent kernel code in every interleaving.

    Without a command it is `check`: python -m checker --bound 4

    Exit status: 0 holds, 1 violated, 2 wrong use or an error in the model, 3 incomplete,
    or nothing that was asked about by name happens here.
    """


for command in (
    check, verify, designs, scenarios, properties, show, diff, compare, replay, explore,
    graph, bench, export, regress, mutate, prove, new, fields, help, language, man, completion,
):  # fmt: skip
    commands.add_command(command)
