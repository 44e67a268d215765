"""The README says what is so: parts of it are made here, and the rest is compared.

`python -m tests.test_readme` writes the made parts anew.
"""

from __future__ import annotations

import re
import tomllib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SHOWN = "no_io_size_clamp--recorded_size_is_backed.txt"  # the counterexample that the README shows
SECTIONS = [
    "Two commands", "A counterexample", "Systems and properties", "A design variant in ten lines", "Known limits",
]  # fmt: skip


def part(name: str) -> re.Pattern:
    return re.compile(rf"(<!-- made by tests/test_readme.py: {name} -->\n).*?(<!-- end -->)", re.DOTALL)


def counterexample() -> str:
    """The stored counterexample's picture."""
    from checker.trace_file import read

    path = ROOT / "counterexamples" / SHOWN
    return f"\n```\n{read(path).picture}\n```\n\n" if path.exists() else ""


def properties() -> str:
    """Tables of the properties, one for each file that declares some."""
    from checker.catalogue import load

    by_module: dict[str, list[str]] = {}
    catalogue = load()
    titles = {m.__name__: (m.__doc__ or "").strip().splitlines()[0].rstrip(".") for m in catalogue.modules}
    for name, function in catalogue.properties.items():
        if function.checker_property[0] != "reachable":
            sentence = " ".join((function.__doc__ or "").split("\n\n")[0].split())
            by_module.setdefault(function.__module__, []).append(f"| `{name}` | {sentence} |")
    tables = [f"| {titles[module]} | |\n|---|---|\n" + "\n".join(rows) for module, rows in by_module.items()]
    return "\n" + "\n\n".join(tables) + "\n\n"


def variants() -> str:
    """Table of the design variants, and of what is known to break in each; known bugs and the f2fs proposals have their own."""
    from checker.catalogue import load
    from checker.lang import Baseline

    refuted = tomllib.loads((ROOT / "properties" / "refuted.toml").read_text())
    refuted = {design: name for part in refuted.values() for design, name in part.items()}
    stored = sorted(path.stem.split("--") for path in (ROOT / "counterexamples").glob("*--*.txt"))
    rows = []
    catalogue = load()
    for name, design in catalogue.designs.items():
        place = Path(catalogue.where[design][0])
        told_elsewhere = place.parent.name == "history" or re.fullmatch(r"f2fs_r\d\w?", place.stem)
        if not isinstance(design, Baseline) and not told_elsewhere:
            broken = ", ".join(f"[`{p}`](counterexamples/{n}--{p}.txt)" for n, p in stored if n == name)
            broken = broken or (f"`prove {refuted[name]}`" if name in refuted else "")
            undoes = f"`{design.undoes}`" if design.undoes else ""
            rows.append(f"| `{name}` | {' '.join(design.doc.split())} | {undoes} | {broken} |")
    return "\n| design | change | undoes | violates |\n|---|---|---|---|\n" + "\n".join(rows) + "\n\n"


def mutants() -> str:
    """The score of the stored mutation run."""
    from checker.mutate.run import Mutated
    from checker.mutate.store import MUTANTS, SURVIVORS, explanations, fates, path_of

    found = Mutated((), fates(path_of(None, MUTANTS)), explanations(path_of(None, SURVIVORS)))
    counts = {verdict: len(found.having(verdict)) for verdict in ("killed", "equivalent", "refused")}
    unreached = sum(not found.fates[key].rows for key in found.gaps)
    return (
        f"\nOf {len(found.fates):,} mutants {counts['refused']} are no programs of the language. Of the others {counts['killed']} "
        f"are killed by a property; {counts['equivalent']} are equivalent,\nwhich the compiled programs show; {len(found.told)} are "
        f"harmless for a reason that is told; {len(found.gaps)} survive, {unreached} of them because no scenario takes the step:\n"
        f"a score of {100 * found.score:.0f} %.\n\n"
    )


def verdicts() -> str:
    """Table of the expected verdicts, a row for each baseline."""
    from checker.catalogue import load
    from checker.lang import Baseline
    from checker.regress import table

    catalogue, lines = load(), []
    rows = [row for row in table.load() if not row.model]
    for name, design in catalogue.designs.items():
        own = [row for row in rows if row.design == name]
        others = [row for row in rows if row.design != name and catalogue.baseline_of(catalogue.design(row.design)) is design]
        if not isinstance(design, Baseline) or not own:
            continue
        holding = [row for row in own if row.expected.verdict == "holds"]
        deepest = max((row.bound or 0 for row in holding), default=0)
        largest = max((row.expected.states or 0 for row in holding), default=0)
        found = {row.finding for row in own if row.finding}
        broken = {row.design for row in others if row.expected.verdict == "violated"}
        repaired = {row.design for row in others} - broken
        lines.append(
            f"| `{name}` | {len({row.scenario for row in holding})} | {deepest} | {largest:,} | {len(found)} "
            f"| {len(broken)} | {len(repaired)} |"
        )
    head = "| baseline | scenarios that hold | up to bound | most states | findings | variants violated | variants that hold |"
    return f"\n{head}\n|---|---|---|---|---|---|---|\n" + "\n".join(lines) + "\n\n"


MADE = {"verdicts": verdicts, "mutants": mutants, "counterexample": counterexample, "properties": properties, "variants": variants}


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_is_up_to_date(name):
    text = README.read_text()
    match = part(name).search(text)

    assert match, f"the README has no part {name}"
    if MADE[name]():
        assert match.group(0) == match.group(1) + MADE[name]() + match.group(2), "run: python -m tests.test_readme"


def test_sections_come_in_this_order():
    headings = re.findall(r"^## (.*)$", README.read_text(), re.MULTILINE)

    assert [h for h in headings if h in SECTIONS] == SECTIONS


def test_every_command_that_it_names_exists():
    from checker.cli import commands

    named = set(re.findall(r"python -m checker ([a-z]+)", README.read_text()))
    assert named <= set(commands.commands)


def test_every_design_and_file_that_it_names_exists():
    from checker.catalogue import load

    text = README.read_text()
    assert set(re.findall(r"(?:--design|diff) (\w+)", text)) <= set(load().designs) | {"my_change"}
    for link in re.findall(r"\]\(([^):]+)\)", text):
        assert (ROOT / link).exists(), link


def test_its_design_variant_applies():
    from checker.variant import edited

    text = README.read_text()
    code = text[text.index('    """Truncate does without') :].split("\n\n`python", 1)[0]
    names: dict = {}
    exec("\n".join(line.removeprefix("    ") for line in code.splitlines()), names)

    assert len(code.strip().splitlines()) <= 12
    assert "-        folio_wait_writeback(folio)" in edited(names["my_change"]).diff()


def test_ci_runs_the_second_command():
    second = re.findall(r"^    (.*pytest)$", README.read_text(), re.MULTILINE)

    assert len(second) == 1 and second[0] in (ROOT / ".ci" / "run").read_text().replace("install -q -e", "install -e")


def main() -> None:
    text = README.read_text()
    for name, make in MADE.items():
        text = part(name).sub(lambda match, made=make(): match.group(1) + made + match.group(2), text)
    README.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
