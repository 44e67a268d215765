"""The list of what other kernels do otherwise, and the designs that are sums of it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from checker.cli import commands
from checker.source.catalogue import load
from model.versions import changes

SUMS = {  # design: its system, and the text that it stands for
    "iomap_v6_18": ("iomap", "6.18"), "iomap_v7_2": ("iomap", "7.2"), "iomap_v7_3": ("iomap", "7.3"),
    "nfs_v6_12": ("nfs", "6.12.95"), "nfs_v6_18": ("nfs", "6.18"), "nfs_v7_2": ("nfs", "7.2"),
    "f2fs_v6_12": ("f2fs", "6.12.95"), "f2fs_v6_18": ("f2fs", "6.18"), "f2fs_v7_3": ("f2fs", "7.3"),
    "blkdev_v7_2": ("blkdev", "7.2"), "netfs_v7_2": ("netfs", "7.2"),
}  # fmt: skip


@pytest.fixture(scope="module")
def designs():
    return load(None).designs


def test_every_change_that_is_made_is_a_design_of_its_system(designs) -> None:
    catalogue = load(None)
    for one in changes.load():
        for name in filter(None, (one.design, one.undone)):
            assert catalogue.name_of(designs[name].of) == one.system, one.name


@pytest.mark.parametrize("name", SUMS)
def test_a_kernel_is_the_sum_of_its_changes(designs, name) -> None:
    """Neither more nor less than what its text has, of what is modelled."""
    system, text = SUMS[name]
    made = [one for one in changes.chosen(text) if one.system == system and (one.design if text in one.has else one.undone)]
    expected = [edit for one in made for edit in designs[one.design if text in one.has else one.undone].edits]

    assert made and {*map(id, designs[name].edits)} == {*map(id, expected)}


def test_all_sums_are_asked_about(designs) -> None:
    assert {*SUMS} == {name for name in designs if "_v6_" in name or "_v7_" in name}


def test_versions_that_differ_in_what_is_modelled_have_a_sum() -> None:
    """A version without one has the modelled changes of the one before it, or only those of the model."""
    for system in ("iomap", "nfs", "f2fs", "blkdev", "netfs"):
        known = {frozenset(_made(system, text)) for of, text in SUMS.values() if of == system} | {frozenset()}
        for text in ("6.12.95", "6.18", "7.2", "7.3"):
            assert frozenset(_made(system, text)) in known, (system, text)


def _made(system: str, text: str) -> list[str]:
    return [one.name for one in changes.chosen(text) if one.system == system and not one.left]


def test_the_table_fits_and_says_of_each_change_what_makes_it() -> None:
    for width in (80, 200):
        lines = changes.table(changes.load(), width).splitlines()
        assert max(map(len, lines)) <= width
        assert [line.split()[0] for line in lines[1:] if not line.startswith(" ")] == [one.name for one in changes.load()]


def test_the_command() -> None:
    found = CliRunner().invoke(commands, ["versions", "--of", "7.3", "--json", "-"])
    assert found.exit_code == 0
    assert {"uptodate_once_copied", "folio_unlocked_last"} <= {one["name"] for one in json.loads(found.output)}
    assert CliRunner().invoke(commands, ["versions", "--of", "6.13"]).output.split() == list(changes.TEXTS)


def test_a_text_that_was_not_read_is_refused(capsys) -> None:
    from checker.cli import main

    assert main(["versions", "--of", "5.10"]) == 2
    assert "there is no text of 5.10; there are: 6.12.95," in capsys.readouterr().err


@pytest.mark.parametrize("entry", ['design = "a"\nleft = "b"', "", 'design = "a"\nhas = ["5.10"]'])
def test_an_entry_that_says_two_things_or_nothing_is_refused(monkeypatch, tmp_path, entry) -> None:
    has = "" if "has" in entry else "has = []\n"
    (tmp_path / "changes.toml").write_text(f'[one]\nsystem = "iomap"\ntitle = ""\nfirst = ""\nread = "text"\n{has}{entry}\n')
    monkeypatch.setattr(changes, "FILE", tmp_path / "changes.toml")
    with pytest.raises(ValueError, match="one has to have one of"):
        changes.load()
