"""The catalogue of known bugs: its table is made here, and compared with what the model and the verdicts say.

`python -m tests.kernel.test_history` writes model/history/README.md anew.
"""

from __future__ import annotations

import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from checker.lang import Design
from checker.source.catalogue import load
from tests.support.verdicts import rows

ROOT = Path(__file__).resolve().parents[2]
HISTORY = ROOT / "model" / "history"
README = HISTORY / "README.md"
HEAD = """\
# Known bugs of page-cache writeback

Made by `python -m tests.kernel.test_history` of `bugs.toml`, the files in the folders beside it, and `properties/verdicts/`.

Each file brings a bug back by a change of the model, and says in its docstring what happened and, where the
code that had the bug is not modelled, on what it is expressed instead. The last two columns are the first property
that the search finds violated and the length of the shortest counterexample, which is linked. In the same scenario
and bound the baseline holds: Linux 6.13.1, or the small model of its own that a file declares.

"""


@cache
def bugs() -> dict[str, dict[str, str]]:
    """The entries of bugs.toml by the name of the file that they may have here."""
    return {
        entry["id"].replace("-", "_"): entry
        for entry in tomllib.loads((HISTORY / "bugs.toml").read_text())["bug"]
    }


@cache
def designs() -> dict[str, tuple[str, Design]]:
    """Name and variant of each bug that is expressed: the one in its file that undoes something, or the only one."""
    catalogue = load()
    found: dict[str, tuple[str, Design]] = {}
    for name, design in catalogue.designs.items():
        path = Path(catalogue.where[design][0])
        if HISTORY in path.parents and (design.undoes or name == path.stem):
            assert path.stem not in found, f"{path.name} has two variants that undo something"
            found[path.stem] = name, design
    return found


def file_of(stem: str) -> str:
    """The file of a bug, from model/history/ on."""
    name, design = designs()[stem]
    return Path(load().where[design][0]).relative_to(HISTORY).as_posix()


def docstring(stem: str) -> str:
    """What the file of a bug says of it, on one line."""
    module = ".".join(("model", "history", *Path(file_of(stem)).with_suffix("").parts))
    return " ".join(str(sys.modules[module].__doc__).split())


def table() -> str:
    """The catalogue as a table."""
    lines = ["| bug | fix | how it is brought back | violates | steps |", "|---|---|---|---|---|"]
    for stem, bug in bugs().items():
        fix = " ".join(part for part in ("`" + bug["fix"].replace(", ", "`, `") + "`" if bug["fix"] else "", bug["version"]) if part)
        what = f"{bug['title']}<br>`{bug['id']}` | {fix}"
        if stem in designs():
            name, design = designs()[stem]
            first = rows()[name][0].expected
            link = f"[`{first.property}`](../../counterexamples/{name}--{first.property}.txt)"
            lines.append(f"| {what} | [`{name}`]({file_of(stem)}): {' '.join(design.doc.split())} | {link} | {first.steps} |")
        else:
            lines.append(f"| {what} | *Not expressed.* {bug.get('missing', '')} | | |")
    count = sum(stem in designs() for stem in bugs())
    return HEAD + f"{count} of {len(bugs())} bugs are expressed.\n\n" + "\n".join(lines) + "\n"


def test_the_table_is_up_to_date() -> None:
    assert README.read_text() == table(), "run: python -m tests.kernel.test_history"


def test_every_file_is_of_a_bug() -> None:
    assert {path.stem for path in HISTORY.rglob("*.py")} - {"__init__"} == set(designs()) <= set(bugs())


@pytest.mark.parametrize("stem", bugs())
def test_a_bug_is_expressed_or_it_is_said_why_not(stem: str) -> None:
    bug = bugs()[stem]

    assert stem in designs() or bug["missing"]
    if stem in designs():
        name, design = designs()[stem]
        assert (design.undoes or "") in bug["fix"].split(", ")
        assert bug["title"] in docstring(stem)


@pytest.mark.parametrize("stem", designs())
def test_its_variant_is_violated_where_the_baseline_holds(stem: str) -> None:
    name, design = designs()[stem]
    baseline = rows()[load().name_of(load().baseline_of(design))]

    for row in rows()[name]:
        same = [b for b in baseline if (b.scenario, b.bound, b.settings) == (row.scenario, row.bound, row.settings)]
        assert row.expected.verdict == "violated" and same[0].expected.verdict == "holds"
        assert (ROOT / "counterexamples" / f"{name}--{row.expected.property}.txt").exists()


def main() -> None:
    README.write_text(table())


if __name__ == "__main__":
    sys.exit(main())
