"""Kernels, archives, evidence, and what is said where something is missing; one test runs a machine, if there is one."""

from __future__ import annotations

import gzip
import lzma
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checker.base.errors import UsageError
from checker.trace.file import read
from model.lab import evidence, guest, initramfs, kernels, places
from model.lab.prepared import SOURCES, kernel_of, missing, prepare
from model.lab.turns import COMPLETION, DONE, TRANSFER

FSYNC = "counterexamples/iomap--fsync_reports_errors.txt"


def image(place: Path, release: str = "6.12.95-test") -> Path:
    """A file that begins as the image of a kernel does."""
    head = bytearray(0x1000)
    head[0x1FE:0x206] = b"\x55\xaa\0\0HdrS"
    head[0x20E:0x210] = (0x300 - 0x200).to_bytes(2, "little")
    head[0x300 : 0x300 + len(release) + 8] = release.encode() + b" (us) #1"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(head)
    return place


def test_a_kernel_in_a_directory(tmp_path):
    image(tmp_path / "boot" / "vmlinuz-6.12.95-test")
    (tmp_path / "usr/src/linux-headers-6.12.95-test/include/generated").mkdir(parents=True)
    (tmp_path / "usr/src/linux-headers-6.12.95-test/include/generated/autoconf.h").touch()

    found = kernels.find(tmp_path)

    assert (found.release, found.modules, kernels.version_of(found.release)) == ("6.12.95-test", None, "6.12.95")
    assert found.headers == tmp_path / "usr/src/linux-headers-6.12.95-test"


@pytest.mark.parametrize("made, said", [((), "no image"), (("boot/vmlinuz-1",), "no headers of 6.12.95-test")])
def test_what_a_directory_lacks_is_said(tmp_path, made, said):
    for name in made:
        image(tmp_path / name)

    with pytest.raises(UsageError, match=said):
        kernels.find(tmp_path)


def test_a_file_that_is_no_kernel(tmp_path):
    (tmp_path / "vmlinuz").write_bytes(b"\x7fELF" + bytes(0x1000))

    with pytest.raises(UsageError, match="no image of an x86 kernel"):
        kernels.find(tmp_path)


def test_no_kernel_yet(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(UsageError, match="lab --get"):
        kernel_of(None)


def test_each_program_that_is_missing_is_named_with_its_package(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")

    assert "qemu-system-x86_64 (package qemu-system-x86)" in missing([]) and "mkfs.xfs (package xfsprogs)" in missing([])


def entries(archive: bytes) -> dict[str, tuple[int, bytes]]:
    """Mode and data of what is in a cpio archive, by path."""
    data, at, found = gzip.decompress(archive), 0, {}
    while True:
        fields = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        name = data[at + 110 : at + 110 + fields[11] - 1].decode()
        body = at + (110 + fields[11] + 3) // 4 * 4
        at = body + (fields[6] + 3) // 4 * 4
        if name == "TRAILER!!!":
            return found
        found[name] = fields[1], data[body : body + fields[6]]


def test_an_archive_has_each_directory_before_what_is_in_it():
    archive = initramfs.Archive()
    archive.add("/bin/busybox", b"abcde")
    archive.add("bin/sh", b"/bin/busybox", mode=0o120777)
    archive.add("bin/sh", b"again")

    assert entries(archive.bytes()) == {"bin": (0o040755, b""), "bin/busybox": (0o100755, b"abcde"), "bin/sh": (0o120777, b"/bin/busybox")}


def test_modules_come_after_those_that_they_need(tmp_path):
    (tmp_path / "xfs.ko.xz").write_bytes(lzma.compress(b"\x7fELF\0depends=libcrc32c\0license=GPL\0"))
    (tmp_path / "libcrc32c.ko").write_bytes(b"\x7fELF\0depends=\0")

    assert list(initramfs.modules(tmp_path, ["xfs", "not_there"])) == ["libcrc32c.ko", "xfs.ko"]
    assert initramfs.modules(None) == {}


def test_a_directory_is_filled_whole_or_not_at_all(tmp_path):
    place = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt), places.replaced(place) as new:
        (new / "half").touch()
        raise KeyboardInterrupt
    assert not place.exists() and not (tmp_path / "state.new").exists()

    (tmp_path / "state.new").mkdir()  # of a run that was killed
    (tmp_path / "state.new" / "old").touch()
    with places.replaced(place) as new:
        (new / "whole").touch()
    assert [file.name for file in place.iterdir()] == ["whole"]


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Make a shell script of a line take the place of qemu; its path."""

    def write(line: str) -> Path:
        qemu = tmp_path / "qemu"
        qemu.write_text(f"#!/bin/sh\n{line}\n")
        qemu.chmod(0o755)
        monkeypatch.setattr(guest, "QEMU", str(qemu))
        return qemu

    return write


def test_a_machine_that_ends_says_what_it_said_last(script):
    qemu = script("echo one; echo two; echo no such kernel >&2")

    with pytest.raises(guest.GuestFailed, match="(?s)ended.*two.*no such kernel"), guest.running(qemu, qemu, "tcg") as one:
        one.until("READY", 10)


def test_a_machine_that_hangs_is_ended(script):
    qemu = script("exec sleep 1000")

    with pytest.raises(guest.GuestFailed, match="in 0 s"), guest.running(qemu, qemu, "tcg") as one:
        one.until("READY", 0.1)
    assert one.process.poll() is not None


def test_marks_of_the_device_are_those_of_the_module():
    text = (SOURCES / "gate_main.c").read_text()

    assert [f"arrive(d->role, 'o', NULL, 0, {mark});" in text for mark in (TRANSFER, COMPLETION, DONE)] == [True] * 3


STORED = sorted(Path("counterexamples/confirmed").glob("*.toml"))


@pytest.mark.parametrize("file", STORED, ids=lambda file: file.stem)
def test_evidence_is_of_a_counterexample_that_is_stored(file):
    found = evidence.read(file)

    assert read(found["counterexample"]).property == found["property"]
    assert found["line"].startswith(found["verdict"]) and found["kernel"] in found["line"]


def test_findings_say_what_the_evidence_says():
    from checker.table import findings, rows

    said = {(row.design, row.scenario, row.expected.property): findings.load()[row.finding].kernel for row in rows.load() if row.finding}
    for found in map(evidence.read, STORED):
        facts = read(found["counterexample"]).facts
        key = facts.design, facts.scenario, found["property"]
        if key in said:
            assert said[key] == found["line"], found["counterexample"]


def test_the_command_says_what_is_missing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "checker", "confirm", FSYNC, "--kernel", str(tmp_path)], capture_output=True, text=True
    )

    assert done.returncode == 2 and "no image of a kernel" in done.stderr and "Traceback" not in done.stderr


def test_a_script_is_all_that_it_takes(tmp_path):
    from model.lab import confirm, script, turns
    from model.lab.points import Functions

    given = confirm.follow(FSYNC)
    names = Functions(frozenset({"__filemap_set_wb_err", "xfs_bmapi_convert_delalloc", "folio_unlock"}))
    found = confirm.Confirmed(FSYNC, given.stored.property, "6.12.95", confirm.CONFIRMED, "it happens", ["bad"], [""])
    with pytest.raises(UsageError, match="no schedule"):
        script.written(found, str(tmp_path / "case"))
    found.schedule = turns.derive(given.trace, given.system, names)

    place = script.written(found, str(tmp_path / "case"))

    assert {"README", "Makefile", "run.sh", "schedule", "control", "operations.control", "case.conf", "picture.txt"} <= {f.name for f in place.iterdir()}
    assert "xfs_map_blocks" in (place / "picture.txt").read_text() and "turn flusher e __filemap_set_wb_err" in (place / "schedule").read_text()
    assert len((place / "README").read_text().splitlines()) <= 20
    with pytest.raises(UsageError, match="not empty"):
        script.written(found, str(place))


@pytest.mark.slow
def test_the_first_finding_happens_on_a_real_kernel():
    """Minutes without a prepared machine, half a minute with one."""
    from model.lab.confirm import CONFIRMED, confirm

    if shutil.which(guest.QEMU) is None or not list(places.fetched().glob("*/boot")):
        pytest.skip("no qemu, or no kernel: python -m checker lab --get")
    found = confirm(FSYNC, prepare(kernel_of(None)), 1)

    assert found.verdict == CONFIRMED and "EIO" in found.why and found.control == [""]
