"""The revisions of f2fs_write_cache_folios: their table is made here, and each row has its counterexample.

`python -m tests.kernel.test_f2fs_proposals` writes the table into model/systems/README.md anew; with --save it makes
the counterexamples anew, too.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from checker.cli import main as main_of_checker
from checker.table.rows import Row
from checker.trace.file import read
from checker.verdict.replay import replayed
from tests.support.textbook import slow
from tests.support.verdicts import rows

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "model" / "systems" / "README.md"
FOLDER = ROOT / "counterexamples" / "f2fs_folios"
PART = re.compile(r"(<!-- made by tests/kernel/test_f2fs_proposals.py -->\n).*?(<!-- end -->)", re.DOTALL)
DEFECTS = tomllib.loads((ROOT / "properties" / "f2fs_defects.toml").read_text())
SMALL = ("f2fs_r8", "f2fs_r9")  # the revisions of which every row is followed by default


def stages(revision: str) -> list[tuple[str, str, str]]:
    """Design, its first defect and the repair of that, from the revision as written on."""
    defects, repairs = DEFECTS[revision]["defects"], import_module(f"model.systems.f2fs.designs.{revision}").DOCS
    assert len(defects) == len(repairs)
    return [
        (f"{revision}_{k}" if k else revision, defect, repair)
        for k, (defect, repair) in enumerate(zip(defects, repairs))
    ]


def file_of(design: str) -> Path:
    return FOLDER / f"{design}--{rows()[design][0].expected.property}.txt"


def where(row: Row) -> str:
    """The scenario of a row, and its constants that differ."""
    return f"`{row.scenario}`" + "".join(f", {name}={value}" for name, value in dict(row.settings).items())


def held(design: str) -> str:
    """At which bound a design holds in which scenarios."""
    bounds = sorted({row.bound for row in rows()[design]}, reverse=True)
    return "; ".join(
        f"at bound {bound} in " + ", ".join(f"`{row.scenario}`" for row in rows()[design] if row.bound == bound)
        for bound in bounds
    )


def table() -> str:
    """All revisions, one table each."""
    parts = []
    for revision in DEFECTS:
        doc = " ".join((import_module(f"model.systems.f2fs.designs.{revision}").__doc__ or "").split("\n\n")[0].split())
        lines = [f"**{revision}**: {doc}", "", "| design | defect | violates | steps | repair |", "|---|---|---|---|---|"]
        for design, defect, repair in stages(revision):
            row = rows()[design][0]
            link = f"[`{row.expected.property}`](../../counterexamples/f2fs_folios/{file_of(design).name})"
            what = repair if repair.startswith("f2fs_") else f"{repair[0].upper()}{repair[1:]}"
            lines.append(f"| `{design}` | {defect} | {link}, {where(row)} | {row.expected.steps} | {what} |")
        last = f"{revision}_{len(DEFECTS[revision]['defects'])}"
        lines.append(f"| `{last}` | *holds* {held(last)} | | | |")
        parts.append("\n".join(lines))
    return "\n" + "\n\n".join(parts) + "\n\n"


def test_the_table_is_up_to_date() -> None:
    match = PART.search(README.read_text())

    assert match is not None
    assert match.group(0) == match.group(1) + table() + match.group(2), "run: python -m tests.kernel.test_f2fs_proposals"


@pytest.mark.parametrize("revision", DEFECTS)
def test_each_row_is_violated_and_the_last_design_holds(revision: str) -> None:
    for design, _, _ in stages(revision):
        assert rows()[design][0].expected.verdict == "violated"
    last = f"{revision}_{len(DEFECTS[revision]['defects'])}"
    assert {row.expected.verdict for row in rows()[last]} == {"holds"}


@pytest.mark.parametrize("revision", DEFECTS)
def test_each_row_has_its_counterexample(revision: str) -> None:
    for design, _, _ in stages(revision):
        row, stored = rows()[design][0], read(file_of(design))
        facts = stored.facts
        assert (facts.design, facts.scenario, facts.bound) == (design, row.scenario, row.bound)
        assert facts.settings == dict(row.settings)
        assert (stored.property, len(stored.turns)) == (row.expected.property, row.expected.steps)


@pytest.mark.parametrize("revision", DEFECTS)
def test_the_first_one_recurs(revision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert replayed(str(file_of(revision))).violated == rows()[revision][0].expected.property


@pytest.mark.parametrize("revision", [name if name in SMALL else pytest.param(name, marks=slow) for name in DEFECTS])
def test_each_repair_removes_the_counterexample_before_it(revision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the row would show another defect than the one that it names."""
    monkeypatch.chdir(ROOT)
    for number, (design, _, _) in enumerate(stages(revision), 1):
        again = replayed(str(file_of(design)), design=f"{revision}_{number}")

        assert again.violated != rows()[design][0].expected.property, design


def test_the_check_names_the_stored_counterexample(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert main_of_checker(["check", "--no-z3", "--design", "f2fs_r2_2"]) == 1
    assert f"stored: {file_of('f2fs_r2_2').relative_to(ROOT)}" in capsys.readouterr().out


def test_r6_with_all_repairs_is_r4b_with_all() -> None:
    from checker.verdict.api import prepare

    one, other = (prepare(design=name, scenario="f2fs_cluster_cut").program for name in ("f2fs_r6_20", "f2fs_r4b_24"))
    assert replace(one, name="", digest="") == replace(other, name="", digest="")


def save() -> None:
    """Make the counterexamples anew."""
    for revision in DEFECTS:
        for design, _, _ in stages(revision):
            row = rows()[design][0]
            command = [sys.executable, "-m", "checker", "--quiet", "--design", design, "--scenario", row.scenario]
            command += [word for name, value in dict(row.settings).items() for word in ("--set", f"{name}={value}")]
            subprocess.run([*command, "--bound", str(row.bound), "--save", str(FOLDER)], cwd=ROOT, check=False)


def main() -> None:
    if "--save" in sys.argv:
        save()
    README.write_text(PART.sub(lambda match: match.group(1) + table() + match.group(2), README.read_text()))


if __name__ == "__main__":
    sys.exit(main())
