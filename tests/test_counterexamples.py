"""Every stored counterexample: it recurs, it is what the engine finds, and the baseline does not have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.api import prepare
from checker.explore import explore
from checker.replaying import replayed
from checker.trace_file import Stored, read
from textbook import slow

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "counterexamples").glob("*.txt"))
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

LARGE = ("cyclic_wrap--deadlock",)  # the baseline has so many states in the same scenario

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
every_file_in_time = pytest.mark.parametrize(
    "file",
    [pytest.param(f, marks=() if f.stem.split("--")[0] in (*EXPECTED, "iomap") else slow) for f in FILES],
    ids=lambda file: file.stem,
)


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


@every_file_in_time
def test_the_search_finds_it_at_the_same_depth(file: Path) -> None:
    facts = stored(file).facts
    task = prepare(None, facts.design, facts.scenario, facts.bound, settings=facts.settings)
    found = explore(task.program).violation

    assert found is not None and found.property == stored(file).property
    assert found.steps == len(stored(file).turns)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(f, marks=slow if f.stem in LARGE else ())
        for f in FILES
        if f.stem.split("--")[0] in EXPECTED
    ],
    ids=lambda file: file.stem,
)
def test_the_baseline_does_not_have_it(file: Path) -> None:
    """The same search of Linux as it is finds nothing, and says which step of the trace it cannot take."""
    facts = stored(file).facts
    task = prepare(None, "iomap", facts.scenario, facts.bound, settings=facts.settings)
    found = explore(task.program, reduced=True)

    assert found.complete and found.violation is None
    assert replayed(str(file), design="iomap").violated == ""
