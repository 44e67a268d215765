"""Model source -> IR text, or -> errors: the cases of tests/language/*.txt.

A file has a header, which precedes each of its cases in the model, and cases:

    == what the case shows
    source; without a scenario of its own, a process runs `run`, and another one `touch` if
        there is such a function (so that fields that it writes are no constants)
    -- ir (all of the program), -- process (its first process alone) or -- error
    expected text

With CHECKER_UPDATE=1 in the environment the expected texts are written anew: read the diff.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from checker.base.errors import ModelError
from checker.compile.program import compile_program
from checker.ir.check import check_program
from checker.ir.text import to_text
from checker.source.catalogue import load
from checker.verdict.api import check

CASES = Path(__file__).parent
ROOT = CASES.parents[1]
UPDATE = bool(os.environ.get("CHECKER_UPDATE"))
WORDS = """
    Array Field Flag Ghost Lock Place Range Record Ref RwLock Struct acquire acquire_shared after_crash atomic bug_on
    choose constant each enum hand_over held held_shared implies interrupt invariant is_locked kernel leads_to number
    old primitive process pure reachable release release_shared scenario terminal thread transition_invariant
    try_acquire try_acquire_shared wait_until warn_on worker
""".split()
PRELUDE = f"from checker.lang import {', '.join(WORDS)}\n"
SCENARIO = '\nalone = scenario("A test.", process("p", run){others})\n'


@dataclass
class Case:
    """A case of `file`; kind: "ir", "process" or "error"."""

    file: Path
    title: str
    header: str
    source: str
    kind: str
    expected: str

    def model(self) -> str:
        own = self.header + self.source
        others = ', process("q", touch)' if "def touch():" in own else ""
        return PRELUDE + own + ("" if "= scenario(" in own else SCENARIO.format(others=others))


def cases_of(file: Path) -> list[Case]:
    header, *parts = re.split(r"^== ", file.read_text(), flags=re.MULTILINE)
    cases = []
    for part in parts:
        title, rest = part.split("\n", 1)
        source, kind, expected = re.split(r"^-- (\w+)\n", rest, flags=re.MULTILINE)
        cases.append(Case(file, title, header, source, kind, expected))
    return cases


ALL = [case for file in sorted(CASES.glob("*.txt")) for case in cases_of(file)]


def compiled(case: Case, folder: Path) -> str:
    """What the compiler makes of a case."""
    file = folder / "model.py"
    file.write_text(case.model())
    try:
        catalogue = load(file)
        scenario = next(iter(catalogue.scenarios.values()))
        program = compile_program(catalogue, scenario, scenario.of)
    except ModelError as error:
        return str(error).replace(str(file), "model.py") + "\n"
    check_program(program)
    text = to_text(program).replace(str(file), "model.py")
    if case.kind == "process":
        parts = re.split(r"\n\n+", text)
        text = next(p for p in parts if re.match(r"(thread|interrupt|worker|process) ", p)) + "\n"
    return re.sub(r"\n+$", "\n", text)


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.file.stem}: {case.title}")
def test_source_gives_the_expected_ir(case: Case, tmp_path: Path) -> None:
    found = compiled(case, tmp_path)
    if UPDATE:
        text = case.file.read_text()
        before = f"== {case.title}\n{case.source}-- {case.kind}\n"
        case.file.write_text(text.replace(before + case.expected, before + found + "\n"))
        return

    assert case.expected.strip() == found.strip()


def test_every_error_code_of_the_language_has_a_test() -> None:
    codes = set(re.findall(r"`\[([a-z-]+)\]`", (ROOT / "checker" / "LANGUAGE.md").read_text()))
    texts = [f.read_text() for f in [*CASES.glob("*.txt"), ROOT / "tests" / "source" / "test_variant.py"]]

    assert not {code for code in codes if not any(re.search(rf"[\[\"]{code}[\]\"]", text) for text in texts)}


UNGUARDED = '''\
from checker.lang import Flag, Lock, Struct, constant, process, scenario

MAPPED = constant(0, "1: no lock is needed")


class Folio(Struct):
    """struct folio"""
    locked = Lock("PG_locked")
    dirty = Flag("PG_dirty", guard=locked, unguarded=MAPPED)


def run():
    """Run."""
    Folio[0].dirty = True


one = scenario("One.", process("p", run))
'''


@pytest.mark.parametrize("mapped, verdict", [(0, "violated"), (1, "holds")])
@pytest.mark.parametrize("engine", ["native", "interpret"])
def test_a_guard_holds_unless_its_constant_says_otherwise(tmp_path, engine, mapped, verdict):
    path = tmp_path / "m.py"
    path.write_text(UNGUARDED)

    assert check(model=path, settings={"MAPPED": mapped}, engine=engine).verdict == verdict
