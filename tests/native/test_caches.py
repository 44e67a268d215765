"""Caches: what is executed is what was written; whatever else lies there is made anew, and costs time only."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from checker.native.loop import compiled
from checker.base import disk_cache

ROOT = Path(__file__).resolve().parents[2]
CONTENT = bytes(range(256)) * 40
CHECK = ("-m", "checker", "--model", "tests/models/peterson.py", "--json", "-")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A file that is kept."""
    disk_cache.keep(tmp_path / "a.o", CONTENT)
    return tmp_path / "a.o"


def test_what_is_kept_is_found(place):
    assert disk_cache.read(place) == CONTENT


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_is_seen(place, bit):
    whole = place.read_bytes()
    for at in (*range(0, len(whole), 501), 31, 32, len(whole) - 1):
        place.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        assert disk_cache.read(place) is None, at


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 5_000, -1])
def test_a_file_that_was_cut_is_seen(place, size):
    place.write_bytes(place.read_bytes()[:size])

    assert disk_cache.read(place) is None


def test_more_than_was_written_is_seen(place):
    place.write_bytes(place.read_bytes() + b"\0")

    assert disk_cache.read(place) is None


def test_a_file_of_another_name_is_not_taken(place):
    other = place.with_name("b.o")
    disk_cache.keep(other, CONTENT)
    place.write_bytes(other.read_bytes())

    assert disk_cache.read(place) is None and disk_cache.read(other) == CONTENT


def test_a_file_of_another_form_is_not_taken(place, monkeypatch):
    monkeypatch.setattr(disk_cache, "FORM", b"0")

    assert disk_cache.read(place) is None


def test_a_file_of_somebody_else_is_not_taken(place, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    assert disk_cache.read(place) is None


@pytest.mark.parametrize("mode, taken", [(0o600, True), (0o644, True), (0o664, False), (0o646, False)])
def test_a_file_that_others_may_write_is_not_taken(place, mode, taken):
    place.chmod(mode)

    assert (disk_cache.read(place) == CONTENT) == taken


def test_a_cache_that_can_only_be_read_is_used(place, monkeypatch):
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "utime", refused)

    assert disk_cache.read(place) == CONTENT


def test_a_full_disk_leaves_nothing_behind(place, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    disk_cache.keep(place.with_name("b.o"), CONTENT)

    assert list(place.parent.iterdir()) == [place]


def test_what_was_never_finished_is_removed_in_the_end(place):
    left, busy = place.with_name("left.new"), place.with_name("busy.new")
    for file in (left, busy):
        file.write_bytes(b"half")
    os.utime(left, (0, 0))
    disk_cache.keep(place.with_name("b.o"), CONTENT)

    assert sorted(f.name for f in place.parent.iterdir()) == ["a.o", "b.o", "busy.new"]


def test_two_that_write_at_the_same_time_leave_one_whole_file(tmp_path):
    code = (
        "import sys; from pathlib import Path; from checker.base import disk_cache\n"
        "for _ in range(200): disk_cache.keep(Path(sys.argv[1]), sys.argv[2].encode() * 20_000)"
    )
    place = tmp_path / "a.o"
    writers = [subprocess.Popen([sys.executable, "-c", code, str(place), letter], cwd=ROOT) for letter in "ab"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if place.exists():
            seen.add(disk_cache.read(place))

    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= {b"a" * 20_000, b"b" * 20_000} and disk_cache.read(place) in seen
    assert list(tmp_path.iterdir()) == [place]


# ------------------------------------------------------------------ the loop


def twice(number: int) -> int:
    return 2 * number


def loaded(damage: Callable[[Path], None] | None, cache: Path) -> tuple[int, int]:
    """How often `twice` was compiled, and loaded, by a new dispatcher after a file was damaged."""
    if damage is not None:
        (file,) = cache.glob("*.loop")
        damage(file)
    function = compiled.compiled_nogil(twice)
    assert function(21) == 42
    return sum(function.stats.cache_misses.values()), sum(function.stats.cache_hits.values())


def test_the_code_of_the_loop_is_taken_only_as_it_was_written(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = disk_cache.cache_dir()

    assert [loaded(None, cache), loaded(None, cache)] == [(1, 0), (0, 1)]
    (file,) = cache.glob("*.loop")
    whole = file.read_bytes()
    for damaged in (whole[:-1], b"", whole[:999] + bytes([whole[999] ^ 4]) + whole[1000:]):
        assert loaded(lambda file, damaged=damaged: file.write_bytes(damaged) and None, cache) == (1, 0)
        assert loaded(None, cache) == (0, 1)


def test_code_that_numba_does_not_understand_is_compiled_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = disk_cache.cache_dir()
    loaded(None, cache)

    assert loaded(lambda file: disk_cache.keep(file, b"whole, but no code"), cache) == (1, 0)


def test_another_source_of_the_loop_makes_other_code(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = disk_cache.cache_dir()
    loaded(None, cache)
    monkeypatch.setattr(compiled, "_sources", lambda: b"changed")
    function = compiled.compiled_nogil(twice)

    assert function(21) == 42 and sum(function.stats.cache_misses.values()) == 1 and len([*cache.glob("*.loop")]) == 2


# ------------------------------------------------------------- the whole checker


def checked(home: Path, before: Callable[[], None] | None = None) -> dict:
    """What a check says that keeps its caches in `home`."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(home)}
    run = subprocess.run(
        [sys.executable, *CHECK], cwd=ROOT, env=environment, capture_output=True, text=True, preexec_fn=before, check=False
    )
    assert run.returncode == 0 and run.stderr == "", run.stderr
    return json.loads(run.stdout)


def essence(result: dict) -> tuple:
    return result["verdict"], result["states"], result["transitions"], result["levels"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple]:
    """A home whose caches are full, and what the check said that filled them."""
    home = tmp_path_factory.mktemp("home")
    return home, essence(checked(home))


def test_all_kinds_of_damage_cost_time_only(filled):
    home, said = filled
    files = sorted((home / "writeback-checker").iterdir())
    assert {file.suffix for file in files} == {".o", ".loop"}
    for number, file in enumerate(files):
        whole, other = file.read_bytes(), files[number - 1].read_bytes()
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        file.write_bytes((flipped, whole[:middle], other, b"")[number % 4])

    assert essence(checked(home)) == said
    assert all(disk_cache.read(file) is not None for file in files if file.suffix == ".o")


def small_files_only() -> None:
    """As on a full disk, a write fails that goes beyond so many bytes of a file."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_a_full_disk_costs_time_only(filled, tmp_path):
    _, said = filled

    assert essence(checked(tmp_path, small_files_only)) == said
    assert [f.name for f in (tmp_path / "writeback-checker").iterdir() if f.suffix == disk_cache.UNFINISHED] == []
