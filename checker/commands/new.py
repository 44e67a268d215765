"""Skeletons that run."""

from __future__ import annotations

from pathlib import Path

import click

from ..base.errors import UsageError
from .completion import names_of

DESIGN = '''\
"""What is changed, and why."""

from checker.lang import drop, insert_after, insert_before, override, replace, swap, variant  # noqa: F401
from {module} import {baseline}

{name} = variant(
    "What it changes, in a sentence.",
    # An edit: drop(folio_wait_writeback, inside=truncate_inode_pages_range), of functions that are imported above.
    of={baseline})
'''


@click.group()
def new() -> None:
    """Write a skeleton that runs, to begin with."""


@new.command()
@click.argument("name")
@click.option("--of", "baseline", metavar="D", help="The baseline that it changes; by default the first scenario's.",
              shell_complete=names_of("designs"))  # fmt: skip
@click.option("--to", metavar="FILE.py", help="Where; by default among the designs of the baseline.")
def design(name: str, baseline: str | None, to: str | None) -> None:
    """Write a design called NAME that changes nothing yet."""
    from ..base.errors import shown_path
    from ..lang import Baseline
    from ..source.catalogue import load

    catalogue = load()
    if not name.isidentifier() or name in catalogue.designs:
        raise UsageError(f"{name} is a design already" if name in catalogue.designs else f"{name!r} is no name in Python")
    of = catalogue.design(baseline) if baseline else catalogue.select(None, None)[0]
    if not isinstance(of, Baseline):
        raise UsageError(f"{baseline} is no baseline, which is what designs change")
    file = Path(catalogue.where[of][0])
    module = next(module.__name__ for module in catalogue.modules if module.__file__ == str(file))
    folder = file.parent / "designs"
    path = Path(to) if to else (folder if folder.is_dir() else file.parent) / f"{name}.py"
    _write(path, DESIGN.format(name=name, module=module, baseline=catalogue.name_of(of)))
    click.echo(f"{shown_path(path)}\n  python -m checker --design {name} checks it, diff {name} shows it as a patch")


@new.command()
@click.argument("file", metavar="FILE.py")
def model(file: str) -> None:
    """Write a small model of its own to FILE.py, which holds."""
    _write(Path(file), (Path(__file__).parent / "skeleton.py").read_text(encoding="utf-8"))
    click.echo(f"{file}\n  python -m checker check {file} checks it; python -m checker language has the language")


def _write(path: Path, text: str) -> None:
    """Write a new file; UsageError if there is one."""
    if path.suffix != ".py":
        raise UsageError(f"{path}: a file of Python ends in .py")
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists already") from None
