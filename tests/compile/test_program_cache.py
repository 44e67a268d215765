"""Compiled programs kept on disk: what is found again, and what is not."""

from __future__ import annotations

import pickle
import zlib
from pathlib import Path

import pytest

from checker import lang
from checker.base import disk_cache
from checker.compile import cache as program_cache
from checker.compile.program import compile_program
from checker.ir.program import Program
from checker.source.catalogue import Catalogue, load
from model.include import size


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return disk_cache.cache_dir()


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def asked(catalogue: Catalogue, design: str = "iomap", bound: int = 1, **more) -> Program:
    return program_cache.program(
        catalogue, catalogue.scenario("append_flush"), catalogue.design(design), more.pop("bound", bound), **more
    )


def test_a_program_is_found_again_as_it_was_made(kept, catalogue, monkeypatch) -> None:
    made = asked(catalogue)
    monkeypatch.setattr(program_cache, "compile_program", None)  # must not be needed

    found = asked(catalogue)

    assert found == made == compile_program(catalogue, catalogue.scenario("append_flush"), catalogue.design("iomap"), 1)
    assert found.digest == made.digest != ""


@pytest.mark.parametrize(
    "more",
    [{"bound": 2}, {"design": "no_io_size_clamp"}, {"settings": {"BLOCKS": 1}}, {"properties": ["no_write_is_lost"]}],
)
def test_what_differs_in_anything_is_another_program(kept, catalogue, more) -> None:
    assert asked(catalogue).digest != asked(catalogue, **more).digest


def test_a_design_is_known_by_what_it_changes_and_not_by_its_name(kept, catalogue, monkeypatch) -> None:
    honest = asked(catalogue, "no_io_size_clamp").digest
    monkeypatch.setitem(catalogue.designs, "no_io_size_clamp", catalogue.designs["no_writeback_bias"])

    assert asked(catalogue, "no_io_size_clamp").digest != honest


def test_a_changed_source_makes_another_program(kept, catalogue, monkeypatch) -> None:
    before = asked(catalogue).digest
    read = Path.read_bytes
    monkeypatch.setattr(program_cache, "_hashes", {})
    monkeypatch.setattr(Path, "read_bytes", lambda self: read(self) + b"#" * (self.name == "size.py"))

    assert asked(catalogue).digest != before


def test_what_is_made_while_the_program_runs_is_not_kept(kept, catalogue, monkeypatch) -> None:
    def own(offset: int, length: int, isize: int) -> int:
        """A function outside the packages."""
        return length

    own.checker_kind, own.checker_kernel = "pure", ""
    foreign = lang.variant("Foreign.", lang.override(size.clamp_io_size, by=own), of=catalogue.designs["iomap"])
    monkeypatch.setattr(program_cache, "compile_program", lambda *asked: "compiled")

    found = program_cache.program(catalogue, catalogue.scenario("append_flush"), foreign, 1)

    assert found == "compiled" and not kept.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda file, other: file.write_bytes(file.read_bytes()[:-3]),
        lambda file, other: file.write_bytes(other.read_bytes()),
        lambda file, other: disk_cache.keep(file, b"no program"),
        lambda file, other: disk_cache.keep(file, zlib.compress(pickle.dumps("no program"))),
    ],
    ids=["cut", "another program's", "no pickle", "another pickle"],
)
def test_a_damaged_file_is_made_again(kept, catalogue, damage) -> None:
    asked(catalogue, bound=2)
    (other,) = kept.glob("*.program")
    asked(catalogue)
    (file,) = {*kept.glob("*.program")} - {other}
    damage(file, other)

    assert asked(catalogue) == compile_program(catalogue, catalogue.scenario("append_flush"), catalogue.design("iomap"), 1)
