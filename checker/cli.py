"""The command line: reads options, calls the library, writes what it found.

A command is a function below with its options; what it needs is imported inside it, so
that `designs` does not wait for a compiler.  All errors end in `main`, as one message.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from .errors import CheckerError, InternalError, UsageError
from .mutate.command import mutate
from .options import BYTES, COUNTING, DESIGN, JSON, LIMITS, MODEL, SEARCH, SELECTION, Bound
from .regress.command import regress
from .smt.commands import prove

if TYPE_CHECKING:
    from .catalogue import Catalogue

WRONG_USE, INCOMPLETE = 2, 3  # exit statuses; those of verdicts are in result.py
SHOW_TRACEBACK = "CHECKER_TRACEBACK"  # environment variable, for work on the checker itself


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status: 0 holds, 1 violated, 2 wrong use, 3 incomplete."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed before we began
            setattr(sys, name, open(os.devnull, "w"))
    try:
        status = commands.main(
            arguments and list(arguments), prog_name="python -m checker", standalone_mode=False
        )
        sys.stdout.flush()
        return status or 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        return _failed(error.format_message(), hint=_help_hint(error))
    except InternalError as error:
        return _failed(str(error), "internal error")
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


def _failed(text: str, kind: str = "error", hint: str = "", status: int = WRONG_USE) -> int:
    click.echo(f"{kind}: {text}{hint}", err=True)
    return status


def _help_hint(error: click.UsageError) -> str:
    return f"\n  see: {error.ctx.command_path} --help" if error.ctx else ""


class CheckByDefault(click.Group):
    """A group of commands in which `check` need not be written."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "-h")):
            args = ["check", *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None:
            from .catalogue import suggestions

            raise click.UsageError(
                f"there is no command {args[0]!r}" + suggestions(args[0], list(self.commands)), ctx
            )
        return super().resolve_command(ctx, args)


@click.group(
    cls=CheckByDefault, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
def commands() -> None:
    """Check concurrent kernel code in every interleaving.

    Without a command it is `check`: python -m checker --bound 4

    Exit status: 0 holds, 1 violated, 2 wrong use or an error in the model, 3 incomplete.
    """


# --------------------------------------------------------------------- checking


@commands.command()
@SELECTION
@SEARCH
@JSON
@click.option("--junit", metavar="FILE", help="Write the verdict on each property as JUnit XML.")
@click.option("--save", metavar="FILE|DIR/", help="Write the counterexample, to be replayed.")
@click.option("--digest", is_flag=True, help="Take a digest of the states, without reduction; `verify` recounts it.")
@click.option("--quiet", is_flag=True, help="The verdict line only.")
@click.option("--accept-findings", is_flag=True, help="A known finding is no reason for exit status 1.")
@BYTES
@click.option("--no-z3", is_flag=True, help="Do not ask z3 about sizes in bytes.")
def check(
    json_file: str | None, junit: str | None, save: str | None, quiet: bool, block_size: int | None,
    folio_order: int | None, no_z3: bool, accept_findings: bool, **choice: Any,
) -> int:
    """Explore every interleaving of a scenario and judge its properties."""
    from . import output

    output.check_writable(json_file, junit, save=save)
    with output.progress_shown(not quiet) as progress:
        result = _checked(progress=progress, **choice)
    text = "-" not in (json_file, junit)
    said = None
    if not quiet or json_file:
        from .smt.said import said_of

        said = said_of(result, choice, block_size, folio_order, no_z3)
    if text:
        click.echo(said.report() if said and not quiet else output.report(result, quiet))
    saved = output.save_counterexample(result, save) if save else None
    if saved and text and not quiet:
        click.echo(
            f"\n  saved: {saved}"
            if saved.endswith(output.ITF)
            else f"\n  replay: python -m checker replay {saved}"
        )
    finding = output.known_finding(result)
    if json_file:
        more = {"sizes": said and said.as_json(), "finding": finding and finding.name}
        output.write_json(json_file, result.as_json(saved) | more)
    if junit:
        output.write_text(junit, output.junit_text(result))
    return 0 if finding and accept_findings else result.exit_status


def _checked(
    progress: Any, reduction: str | None, no_reduction: bool, go_on: bool, time_limit: float, **choice: Any
) -> Any:
    from .api import check as run

    if reduction is not None and no_reduction:
        raise UsageError("--reduction and --no-reduction contradict each other")
    names = not no_reduction if reduction is None else [name.strip() for name in reduction.split(",")]
    return run(**choice, time_limit=time_limit or None, reduction=names, stop=not go_on, progress=progress)


@commands.command()
@click.argument("file")
@SELECTION
def verify(file: str, **choice: Any) -> int:
    """Count the states of a result FILE, written by `check --digest --json FILE`, again.

    The interpreter does it, which is slow: small results only.  What is not said is taken from the file.
    Exit status: 1 if the file says anything else.
    """
    from .api import prepare
    from .verify import differences, read, selected

    result = read(file)
    catalogue = _catalogue(choice["model"] or result["model"])
    found = differences(result, prepare(**selected(result, choice, catalogue), catalogue=catalogue).program)
    click.echo("\n".join(found) or f"the same {result['states']:,} states")
    return int(bool(found))


# ------------------------------------------------------------------------ lists


@commands.command()
@MODEL
@JSON
def designs(model: str | None, json_file: str | None) -> None:
    """List the designs: baselines and their variants."""
    from .output import first_sentence, write_list

    catalogue = _catalogue(model)
    rows = [
        {
            "name": name,
            "of": catalogue.name_of(design.of) if design.of else None,
            "undoes": design.undoes,
            "doc": first_sentence(design.doc),
        }
        for name, design in catalogue.designs.items()
    ]
    write_list(rows, ["name", "of", "undoes", "doc"], json_file)


@commands.command()
@MODEL
@JSON
@click.option("--measure", is_flag=True, help="Count the states of the scenarios that have changed, and write them down.")
@click.option("--scenario", "only", multiple=True, metavar="S", help="With --measure: this one only; repeatable.")
@COUNTING
def scenarios(model: str | None, json_file: str | None, measure: bool, only: tuple[str, ...], **limits: Any) -> None:
    """List the scenarios: who runs what, and the number of states at bounds 2, 3 and 4.

    The numbers are those of properties/scenario_states.toml, which --measure brings up to date: it may be
    interrupted, and goes on where it was.
    """
    from . import scenario_list
    from .output import list_width, write_json, write_list
    from .regress import states

    catalogue = _catalogue(model)
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
    from .limits import GIB, default_memory_limit
    from .output import words_shown
    from .processes import cores
    from .regress import states
    from .regress.table import own

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


@commands.command()
@MODEL
@JSON
def properties(model: str | None, json_file: str | None) -> None:
    """List the properties, and what each says."""
    from .output import first_sentence, write_list

    rows = [
        {
            "name": name,
            "kind": function.__dict__["checker_property"][0],
            "doc": first_sentence(function.__doc__),
        }
        for name, function in _catalogue(model).properties.items()
    ]
    write_list(rows, ["name", "kind", "doc"], json_file)


def _catalogue(model: str | None) -> Catalogue:
    from .catalogue import load

    return load(model)


# ---------------------------------------------------------------------- showing


@commands.command()
@click.argument("function", required=False)
@MODEL
@DESIGN
@click.option("--atomic", is_flag=True, help="List all atomic groups and their reasons instead.")
def show(function: str | None, model: str | None, design: str | None, atomic: bool) -> None:
    """Show FUNCTION with its steps numbered in the margin."""
    from . import listing

    if (function is None) == (not atomic):
        raise UsageError("show: name a function, or write --atomic")
    catalogue = _catalogue(model)
    for line in (
        listing.atomic_groups(catalogue) if atomic else listing.with_steps(catalogue, str(function), design)
    ):
        click.echo(line)


@commands.command()
@click.argument("design")
@MODEL
def diff(design: str, model: str | None) -> None:
    """Show DESIGN as a unified diff of the model."""
    from .variant import edited

    catalogue = _catalogue(model)
    click.echo(edited(catalogue.design(design), design).diff(), nl=False)


@commands.command()
@click.argument("first")
@click.argument("second")
@MODEL
@click.option("--scenario", "scenarios", multiple=True, metavar="S", help="In this scenario only; repeatable.")
@click.option("--bound", type=Bound(), metavar="N|any", help="Operations; by default the scenario's.")
@LIMITS
@JSON
def compare(
    first: str, second: str, model: str | None, scenarios: tuple[str, ...], bound: int | None, json_file: str | None,
    time_limit: float, **limits: Any,
) -> int:  # fmt: skip
    """Check two designs in every scenario that both have, side by side.

    Exit status: 1 if a scenario tells them apart, else 0.
    """
    from . import compare as comparing
    from . import output

    output.check_writable(json_file)
    catalogue = _catalogue(model)
    options = {"time_limit": time_limit or None, **limits}
    with output.words_shown() as tell:
        pairs = comparing.compared(catalogue, first, second, scenarios, bound, tell, **options)
    if json_file:
        output.write_json(json_file, comparing.as_json(first, second, pairs))
    if json_file != "-":
        click.echo(comparing.text(first, second, pairs, output.terminal()[1]))
    return int(any(pair.differs for pair in pairs))


# -------------------------------------------------------------------- replaying


@commands.command()
@click.argument("file")
@MODEL
@click.option("--design", "--on", metavar="D", help="Try the same steps on another design.")
@BYTES
@click.option("--symbolic", is_flag=True, help="Say for which sizes, in bytes, these steps are bad.")
@JSON
def replay(
    file: str, model: str | None, design: str | None, block_size: int | None, folio_order: int | None, symbolic: bool,
    json_file: str | None,
) -> int:
    """Follow the counterexample in FILE again, step by step, and judge its end.

    Of a variant, or with --design, it also says what becomes of the steps on the baseline, or on that
    design: which is the first that is not possible there, or that leaves other values behind.

    Exit status: 1 if something is violated, 0 if nothing is, 2 if the file does not fit the model.
    """
    from . import output, replaying

    output.check_writable(json_file)
    outcome = replaying.replayed(file, model, design)
    in_bytes = None
    if symbolic or block_size is not None or folio_order is not None:
        from .smt.said import replayed_in_bytes

        in_bytes = replayed_in_bytes(outcome, block_size, folio_order, symbolic)
    if json_file:
        output.write_json(json_file, outcome.as_json() | (in_bytes.as_json() if in_bytes else {}))
    if json_file != "-":
        click.echo((in_bytes or outcome).text(*output.terminal()))
    return outcome.exit_status


# ----------------------------------------------------------------------- graphs


@commands.command()
@click.argument("file", required=False)
@SELECTION
@click.option(
    "--cap", type=click.IntRange(1), default=250, show_default=True, metavar="N", help="States at most."
)
@click.option("--locks", is_flag=True, help="Print which lock is waited for under which other.")
def graph(file: str | None, cap: int, locks: bool, **choice: Any) -> None:
    """Write the reachable states to FILE, as .graphml or .dot.

    At most --cap states are written, the nearest ones; what is written says so.
    """
    from . import graph as graphs
    from .api import prepare
    from .files import whole_file
    from .lock_order import lock_order_graph, lock_order_text
    from .output import check_writable

    if file is None and not locks:
        raise UsageError("graph: name a file to write, or say --locks")
    if file is not None:
        graphs.check_format(file)
        check_writable(file)
    program = prepare(**choice).program
    if locks:
        lines = lock_order_text(lock_order_graph(program))
        click.echo("\n".join(lines) or "no lock is taken under another")
    if file is not None:
        drawn = graphs.state_graph(program, cap)
        with whole_file(file) as path:
            graphs.write_graph(drawn, path)
        click.echo(drawn.graph["note"])


# ------------------------------------------------------------------------ speed


@commands.command()
@click.option(
    "--model", "models", multiple=True, metavar="NAME|FILE.py", help="This model only; repeatable."
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="The value of a constant; repeatable.")
@click.option("--runs", type=click.IntRange(1), default=5, show_default=True, metavar="N", help="Rounds.")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="As well as with 1; by default all.")
@click.option(
    "--promela", multiple=True, metavar="MODEL=FILE[,NAME=VALUE]", help="Another text for SPIN; repeatable."
)
@click.option("--tlc", metavar="JAR", help="Measure TLC as well (tla2tools.jar).")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=600, show_default=True, metavar="S",
    help="Seconds for one run.",
)  # fmt: skip
@JSON
def bench(
    models: tuple[str, ...], settings: tuple[str, ...], promela: tuple[str, ...], json_file: str | None, **wanted: Any
) -> int:
    """Measure speed, side by side with SPIN and TLC where they are installed.

    Exit status: 1 if the engines do not count the same states, or one fails; 3 if one takes too long.
    """
    from . import output
    from .bench import measured, table

    output.check_writable(json_file)
    with output.words_shown() as tell:
        found = measured(models, settings, promela, tell=tell, **wanted)
    if json_file:
        output.write_json(json_file, found.as_json())
    if json_file != "-":
        click.echo(table.text(found, sys.stdout.isatty(), output.terminal()[0]))
    return found.exit_status


# ---------------------------------------------------------------------- exports


@commands.command()
@click.argument("file")
@click.option("--to", required=True, type=click.Choice(["promela", "tla"]), help="For SPIN, or for TLC.")
@SELECTION
def export(file: str, to: str, **choice: Any) -> None:
    """Write the scenario to FILE for another model checker; - is standard output.

    Names and steps are the model's own, so that the other checker counts the same states. What
    it has to be told is said at the beginning of the text; for TLC it is in a .cfg beside FILE.
    """
    from .api import prepare
    from .export import files
    from .output import write_text

    for path, text in files(prepare(**choice).program, to, file).items():
        write_text(path, text)


# ------------------------------------------------------- groups with files of their own

commands.add_command(regress)
commands.add_command(mutate)
commands.add_command(prove)
