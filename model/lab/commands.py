"""What the laboratory adds to the command line.  What a command needs is imported inside it, as in checker/commands."""

from __future__ import annotations

import sys

import click

KERNEL = click.option(
    "--kernel", metavar="DIR", help="A directory with a kernel: its image, modules and headers.  [default: the one that was fetched]"
)


@click.command()
@KERNEL
@click.option("--get", is_flag=True, help="Fetch a kernel and the guest's programs, with apt from the suites of this machine's mirror.")
def lab(kernel: str | None, get: bool) -> int:
    """Prepare a virtual machine with a real kernel, in which counterexamples are tried.

    It takes qemu, a C compiler and make; the machine has no network and no disk of the host, and root is not needed.  What is
    made is kept in the cache.

    Exit status: 0 if it is ready, 2 if something is missing, which is said.
    """
    from . import apt, prepared

    if get:
        _tell("fetching a kernel")
        click.echo(f"fetched: {apt.fetch()}")
    machine = prepared.prepare(prepared.kernel_of(kernel), _tell)
    on = f"qemu ({machine.accelerator.split(',')[0]})"
    click.echo(f"ready: Linux {machine.kernel.release} on {on}; {len(machine.functions):,} of its functions can be gates")
    return 0


@click.command()
@click.argument("counterexample")
@KERNEL
@click.option("-n", "runs", type=click.IntRange(1, 1000), default=5, show_default=True, help="Runs with the order, and as many without.")
@click.option("--script", "directory", metavar="DIR", help="Also write all of it as a directory that runs without the checker.")
@click.option("--store", is_flag=True, help="Keep what was seen in counterexamples/confirmed/.")
def confirm(counterexample: str, kernel: str | None, runs: int, directory: str | None, store: bool) -> int:
    """Force the order of COUNTEREXAMPLE, a stored file or the name of a finding, on a real kernel.

    Threads do what those of the picture do.  Each is held where the picture leaves it, asleep, until it is its turn; what
    the model lets fail fails.  The control does the same operations with the same failures one after the other.

    Exit status: 1 confirmed; 0 if all steps are taken and the kernel's result is another one; 3 if the kernel cannot be brought
    there or the laboratory cannot do it; 2 wrong use, or something is missing.
    """
    from . import evidence, prepared, report, script
    from .confirm import STATUS, confirm as confirmed
    from .confirm import counterexample_of

    file = counterexample_of(counterexample)
    machine = prepared.prepare(prepared.kernel_of(kernel), _tell)
    found = confirmed(file, machine, runs, _tell)
    click.echo(report.text(found, *report.terminal()))
    if directory is not None:
        click.echo(f"written: {script.written(found, directory)}")
    if store:
        click.echo(f"stored: {evidence.write(found)}")
    return STATUS[found.verdict]


@click.command()
@click.argument("system")
@KERNEL
@click.option("--episodes", type=click.IntRange(1, 5000), default=100, show_default=True, help="How many, in each scenario.")
@click.option("--design", help="Hold them against this design.  [default: the system's baseline]")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="From which workloads are drawn; holds are not.")
@click.option("--trace", metavar="FILE", help="Read what was recorded before, instead of recording.")
@click.option("--save", metavar="FILE", help="Keep what is recorded.")
@click.option("--coverage", "table", metavar="FILE", help="Write what the kernel was seen to do, by function.")
def validate(
    system: str, kernel: str | None, episodes: int, design: str | None, seed: int, trace: str | None, save: str | None, table: str | None
) -> int:
    """Record short workloads of SYSTEM on a real kernel, and ask whether the model can do the same.

    Threads do a few operations, drawn by lot, at the same time, and are held now and then where they seldom are.  What the kernel
    does is recorded with its values.  Each episode that is refused is a fault of the model, of the table of events, or of the kernel.

    Exit status: 0 if all episodes are runs of the model, 1 if one is refused; 3 if the search for one was cut off; 2 wrong use, or
    something is missing.
    """
    from checker.output.writing import write_text

    from . import prepared, report
    from . import validate as held

    if trace is not None:
        results = held.read_again(system, trace, design, _tell)
    else:
        machine = prepared.prepare(prepared.kernel_of(kernel), _tell)
        results = held.validate(system, episodes, seed, machine, design, _tell)
    status = 0
    for found, text in results:
        click.echo(report.validated(found, *report.terminal()))
        status = max(status, held.status(found))
        for place, content in ((save, text), (table, report.coverage(found))):
            if place is not None:
                write_text(place, content)
    return status


def _tell(text: str) -> None:
    """What is going on, where somebody looks."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text} ...", nl=False, err=True)


COMMANDS = (lab, confirm, validate)
