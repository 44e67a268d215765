"""Every stored counterexample: it recurs, it is what the engine finds, and the baseline does not have it.

`python tests/trace/test_counterexamples.py` draws all of them anew, after a change of how they are drawn.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from checker.lang import Baseline
from checker.output.results import stored_picture
from checker.picture.cells import rows_of
from checker.search.explore import explore
from checker.source.catalogue import load
from checker.trace.file import Stored, read, write
from checker.verdict.api import prepare
from checker.verdict.replay import Replayed, replayed
from tests.support.textbook import slow

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(file for place in ("", "findings") for file in (ROOT / "counterexamples" / place).glob("*.txt"))
ALL = sorted((ROOT / "counterexamples").rglob("*.txt"))
EXPECTED = {  # a sample that is searched again by default: the property that each of them has to violate
    "no_io_size_clamp": "recorded_size_is_backed",
    "size_at_completion": "recorded_size_is_backed",
    "no_writeback_bias": "writeback_lasts_as_long_as_its_io",
    "cyclic_wrap": "deadlock",
    "sync_stops_on_budget": "fsync_makes_durable",
    "no_towrite_snapshot": "integrity_passes_write_what_they_were_asked_for",
    "truncate_skips_writeback_wait": "io_goes_to_blocks_of_the_file",
    "unlock_before_size": "no_write_is_lost",
}

CATALOGUE = load()

LARGE = ("cyclic_wrap", "sync_stops_on_budget", "truncate_skips_writeback_wait")  # of these only in the slow form


def design_of(file: Path) -> str:
    return file.stem.split("--")[0]


def in_time(files: list[Path]) -> pytest.MarkDecorator:
    """A test of these files, of which only the sample is looked at by default."""
    small = [file for file in files if design_of(file) in EXPECTED and design_of(file) not in LARGE]
    return pytest.mark.parametrize(
        "file",
        [pytest.param(file, marks=() if file in small else slow) for file in files],
        ids=lambda file: file.stem,
    )


def drawn(again: Replayed) -> str:
    """The picture of a counterexample as it is drawn now."""
    return stored_picture(again.followed.trace, rows_of(again.task.catalogue, again.task.program))


every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def stored(file: Path) -> Stored:
    found = read(file)
    assert file.stem == f"{found.facts.design}--{found.property}"
    return found


def test_every_variant_has_one() -> None:
    assert {file.stem for file in FILES} >= {f"{design}--{name}" for design, name in EXPECTED.items()}


@every_file
def test_the_violation_recurs(file: Path) -> None:
    assert replayed(str(file)).violated == stored(file).property


@in_time(FILES)
def test_the_search_finds_it_at_the_same_depth(file: Path) -> None:
    facts = stored(file).facts
    task = prepare(None, facts.design, facts.scenario, facts.bound, settings=facts.settings)
    found = explore(task.program).violation

    assert found is not None and found.property == stored(file).property
    assert found.steps == len(stored(file).turns)


@in_time([file for file in FILES if design_of(file) in EXPECTED])
def test_the_baseline_does_not_have_it(file: Path) -> None:
    """The same search of Linux as it is finds nothing."""
    facts = stored(file).facts
    task = prepare(None, "iomap", facts.scenario, facts.bound, settings=facts.settings)
    found = explore(task.program, reduced=True)

    assert found.complete and found.violation is None


@in_time([file for file in FILES if not isinstance(CATALOGUE.design(design_of(file)), Baseline)])
def test_the_baseline_cannot_take_the_same_steps(file: Path) -> None:
    """Linux as it is, led along the trace, comes to a step that it cannot take, or to no violation."""
    baseline = CATALOGUE.name_of(CATALOGUE.baseline_of(CATALOGUE.design(design_of(file))))

    assert replayed(str(file), design=baseline).violated == ""


@in_time(ALL)
def test_its_picture_is_what_is_drawn_now(file: Path) -> None:
    assert read(file).picture == drawn(replayed(str(file))), "run: python tests/trace/test_counterexamples.py"


@pytest.mark.parametrize("file", ALL, ids=lambda file: file.stem)
def test_its_picture_is_no_wider_than_a_terminal(file: Path) -> None:
    assert [line for line in read(file).picture.splitlines() if len(line) > 80] == []


def main() -> None:
    for file in ALL:
        again = replayed(str(file))
        assert again.violated == read(file).property, file
        if drawn(again) != read(file).picture:
            write(file.relative_to(ROOT), again.followed.trace, drawn(again))
            print(file.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
