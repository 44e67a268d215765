"""The README says what is so: parts of it, and of those below it, are made here, and the rest is compared.

`python -m tests.test_readme` writes the made parts anew.
"""

from __future__ import annotations

import re
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

from checker.ir.program import ANY

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SHOWN = "no_io_size_clamp--recorded_size_is_backed.txt"  # the counterexample that the README shows
SECTIONS = [
    "Two commands", "A counterexample", "Systems and properties", "A design variant in ten lines", "Known limits",
]  # fmt: skip


PROPERTIES = ROOT / "properties" / "README.md"
DESIGNS = ROOT / "model" / "systems" / "README.md"
HISTORY = ROOT / "model" / "history"


def part(name: str) -> re.Pattern:
    return re.compile(rf"(<!-- made by tests/test_readme.py: {name} -->\n).*?(<!-- end -->)", re.DOTALL)


def counterexample() -> str:
    """The stored counterexample as a race in ten lines."""
    from checker.picture.cells import rows_of
    from checker.picture.short import short
    from checker.verdict.replay import replayed

    path = ROOT / "counterexamples" / SHOWN
    if not path.exists():
        return ""
    outcome = replayed(str(path))
    lines = short(outcome.followed.trace, rows_of(outcome.task.catalogue, outcome.task.program))
    return "\n```\n" + "\n".join(lines) + "\n```\n\n"


def families() -> dict[str, list[tuple[str, str]]]:
    """Of each file that declares properties its title, and their names and sentences; without witnesses."""
    from checker.source.catalogue import load

    found: dict[str, list[tuple[str, str]]] = {}
    catalogue = load()
    titles = {m.__name__: " ".join((m.__doc__ or "").strip().splitlines()[0].split()).rstrip(".") for m in catalogue.modules}
    for name, function in catalogue.properties.items():
        if function.checker_property[0] != "reachable":
            sentence = " ".join((function.__doc__ or "").split("\n\n")[0].split())
            found.setdefault(titles[function.__module__], []).append((name, sentence))
    return found


def properties() -> str:
    """Tables of the properties, one for each family."""
    tables = []
    for title, told in families().items():
        rows = "\n".join(f"| `{name}` | {sentence} |" for name, sentence in told)
        tables.append(f"| {title} | |\n|---|---|\n{rows}")
    return "\n" + "\n\n".join(tables) + "\n\n"


def families_told() -> str:
    """Table of the families, with how many properties each has, and the first of them."""
    rows = [f"| {title} | {len(told)} | `{told[0][0]}`: {told[0][1]} |" for title, told in families().items()]
    return "\n| family | properties | the first |\n|---|---|---|\n" + "\n".join(rows) + "\n\n"


def findings() -> str:
    """Table of the findings: the counterexample of each, how it is found, and what repairs it."""
    lines = []
    for row, finding, link in _findings():
        settings = "".join(f" --set {name}={value}" for name, value in row.settings)
        lines.append(
            f"| [{finding.name.replace('_', ' ')}](../{link}) | `--design {row.design} --scenario {row.scenario}{settings}` "
            f"| `{row.expected.property}` | `{finding.repair}` | {finding.kernel or '-'} |"
        )
    head = "| finding | found by | violates | repaired by | real kernel |\n|---|---|---|---|---|\n"
    return "\n" + head + "\n".join(lines) + "\n\n"


def findings_told() -> str:
    """Of each finding the order of steps, and to whom it is known."""
    told = [
        f"* **{finding.name.replace('_', ' ')}** ([{row.expected.property}](../{link})). {finding.order} *{finding.known}*"
        for row, finding, link in _findings()
    ]
    return "\n" + "\n".join("\n  ".join(textwrap.wrap(one, 128, **WHOLE)) for one in told) + "\n\n"


def _findings() -> list[tuple]:
    """Of each finding its row, what is told of it, and the file of its counterexample."""
    from checker.table import findings
    from checker.table import rows as table
    from checker.trace.file import read

    told, found = findings.load(), []
    for row in (row for row in table.load() if row.finding):
        files = (ROOT / "counterexamples").rglob(f"{row.design}--{row.expected.property}.txt")
        link = next(f for f in files if read(f).facts.scenario == row.scenario).relative_to(ROOT)
        found.append((row, told[row.finding], link))
    return sorted(found, key=lambda one: list(told).index(one[1].name))


def variants() -> str:
    """Table of the design variants, and of what is known to break in each; known bugs and the f2fs proposals have their own."""
    from checker.lang import Baseline
    from checker.source.catalogue import load

    refuted = tomllib.loads((ROOT / "properties" / "refuted.toml").read_text())
    refuted = {design: name for part in refuted.values() for design, name in part.items()}
    stored = sorted(path.stem.split("--") for path in (ROOT / "counterexamples").glob("*--*.txt"))
    rows = []
    catalogue = load()
    for name, design in catalogue.designs.items():
        place = Path(catalogue.where[design][0])
        told_elsewhere = HISTORY in place.parents or re.fullmatch(r"f2fs_r\d\w?", place.stem)
        if not isinstance(design, Baseline) and not told_elsewhere:
            broken = ", ".join(f"[`{p}`](../../counterexamples/{n}--{p}.txt)" for n, p in stored if n == name)
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
    from checker.lang import Baseline
    from checker.source.catalogue import load
    from checker.table import rows as table

    catalogue, lines = load(), []
    rows = [row for row in table.load() if not row.model]
    for name, design in catalogue.designs.items():
        own = [row for row in rows if row.design == name]
        others = [row for row in rows if row.design != name and catalogue.baseline_of(catalogue.design(row.design)) is design]
        if not isinstance(design, Baseline) or not own:
            continue
        holding = [row for row in own if row.expected.verdict == "holds"]
        deepest = max((row.bound or 0 for row in holding if row.bound != ANY), default=0)
        endless = len({row.scenario for row in holding if row.bound == ANY})
        largest = max((row.expected.states or 0 for row in holding), default=0)
        found = {row.finding for row in own if row.finding}
        broken = {row.design for row in others if row.expected.verdict == "violated"}
        repaired = {row.design for row in others} - broken
        lines.append(
            f"| `{name}` | {len({row.scenario for row in holding})} | {deepest} | {endless} | {largest:,} | {len(found)} "
            f"| {len(broken)} | {len(repaired)} |"
        )
    head = "| baseline | scenarios that hold | up to bound | for any number of operations | most states | findings | variants violated | variants that hold |"
    return f"\n{head}\n|---|---|---|---|---|---|---|---|\n" + "\n".join(lines) + "\n\n"


MADE = {  # the parts: what makes them, and in which file
    "counterexample": (counterexample, README), "families": (families_told, PROPERTIES), "verdicts": (verdicts, README),
    "findings": (findings, PROPERTIES), "mutants": (mutants, README), "properties": (properties, PROPERTIES),
    "findings told": (findings_told, PROPERTIES), "variants": (variants, DESIGNS),
}  # fmt: skip
WHOLE = {"break_long_words": False, "break_on_hyphens": False}


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_is_up_to_date(name):
    make, file = MADE[name]
    match = part(name).search(file.read_text())

    assert match, f"{file.relative_to(ROOT)} has no part {name}"
    if made := make():
        assert match.group(0) == match.group(1) + made + match.group(2), "run: python -m tests.test_readme"


def test_sections_come_in_this_order():
    headings = re.findall(r"^## (.*)$", README.read_text(), re.MULTILINE)

    assert [h for h in headings if h in SECTIONS] == SECTIONS


def test_every_command_that_it_names_exists():
    from click import Context

    from checker.cli import commands

    named = set(re.findall(r"python -m checker ([a-z]+)", README.read_text()))
    assert named <= set(commands.list_commands(Context(commands)))


def test_every_design_and_file_that_it_names_exists():
    from checker.source.catalogue import load

    text = README.read_text()
    assert set(re.findall(r"(?:--design|diff) (\w+)", text)) <= set(load().designs) | {"my_change"}


@pytest.mark.parametrize("file", [README, PROPERTIES, DESIGNS, ROOT / "model" / "README.md"], ids=lambda file: file.parent.name)
def test_every_link_leads_somewhere(file):
    for link in re.findall(r"\]\(([^):]+)\)", file.read_text()):
        assert (file.parent / link.partition("#")[0]).exists(), link


def test_the_functions_that_it_names_can_be_shown_and_mutated():
    from checker.mutate.mutants import mutants_of
    from checker.source.catalogue import load

    text, catalogue = README.read_text(), load()
    assert set(re.findall(r"checker show (\w+)", text)) <= set(catalogue.functions)
    mutated = {mutant.place.rpartition(".")[2] for mutant in mutants_of(catalogue)}
    assert set(re.findall(r"checker mutate (\w+)", text)) <= mutated


def test_its_design_variant_applies():
    from checker.source.variant import edited

    text = README.read_text()
    code = text[text.index('    """Truncate does without') :].split("\n\n`python", 1)[0]
    names: dict = {}
    exec("\n".join(line.removeprefix("    ") for line in code.splitlines()), names)

    assert len(code.strip().splitlines()) <= 12
    assert "-        folio_wait_writeback(folio)" in edited(names["my_change"]).diff()


def test_ci_runs_the_second_command():
    second = re.findall(r"^    (.*pytest.*)$", README.read_text(), re.MULTILINE)

    assert len(second) == 1 and second[0] in (ROOT / ".ci" / "run").read_text().replace("install -q -e", "install -e")


@pytest.mark.parametrize("package", ["checker", "model"])
def test_the_index_of_decisions_has_each_once(package):
    folder = ROOT / package / "decisions"
    listed = re.findall(r"^\* \[(\d+)\]\((\1-[\w-]+\.md)\) \S", (folder / "README.md").read_text(), re.MULTILINE)

    assert sorted(name for _, name in listed) == sorted(path.name for path in folder.glob("[0-9]*.md"))


def test_decisions_have_numbers_of_their_own():
    numbers = [path.name[:3] for package in ("checker", "model") for path in (ROOT / package / "decisions").glob("[0-9]*.md")]

    assert len(numbers) == len(set(numbers))


def main() -> None:
    for name, (make, file) in MADE.items():
        text = file.read_text()
        file.write_text(part(name).sub(lambda match, made=make(): match.group(1) + made + match.group(2), text))


if __name__ == "__main__":
    sys.exit(main())
