"""Kernels: an image, its modules and its headers, in whatever directory they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from checker.base.errors import UsageError

IMAGES = ("boot/vmlinuz-*", "vmlinuz*", "bzImage", "arch/x86/boot/bzImage")
HEADERS = ("usr/src/linux-headers-{release}", "lib/modules/{release}/build", "headers", ".")


@dataclass(frozen=True)
class Kernel:
    """image: what a machine boots.  modules: the directory with the .ko files of `release`, or None if all is built in.
    headers: against which a module is compiled."""

    release: str
    image: Path
    modules: Path | None
    headers: Path


def find(directory: Path) -> Kernel:
    """The kernel in a directory: one that packages were unpacked in, or in which one was built.

    UsageError that says what is missing.
    """
    if not directory.is_dir():
        raise UsageError(f"--kernel {directory}: there is no such directory")
    image = _first(directory, IMAGES)
    if image is None:
        raise UsageError(f"--kernel {directory}: no image of a kernel; looked for {', '.join(IMAGES)}")
    release = release_of(image)
    headers = _first(directory, [one.format(release=release) for one in HEADERS], "include/generated/autoconf.h")
    if headers is None:
        raise UsageError(f"--kernel {directory}: no headers of {release}; looked in {', '.join(HEADERS)}".format(release=release))
    return Kernel(release, image, modules_in(directory, release), headers)


def modules_in(directory: Path, release: str) -> Path | None:
    """Where the modules are: as installed, or, of a kernel that was built here, all over its tree."""
    installed = directory / "lib" / "modules" / release
    if installed.is_dir():
        return installed
    return directory if (directory / "modules.order").is_file() else None


def release_of(image: Path) -> str:
    """What a kernel calls itself, as the header of a bzImage says (Documentation/arch/x86/boot.rst: kernel_version)."""
    with open(image, "rb") as file:
        start = file.read(0x8000)
    if start[0x202:0x206] != b"HdrS" or start[0x1FE:0x200] != b"\x55\xaa":
        raise UsageError(f"{image} is no image of an x86 kernel")
    at = int.from_bytes(start[0x20E:0x210], "little") + 0x200
    return start[at : start.index(b"\0", at)].decode("ascii", "replace").split(" ")[0]


def version_of(release: str) -> str:
    """6.12.95 of 6.12.95+deb12-amd64."""
    found = re.match(r"\d+(\.\d+)*", release)
    return found.group(0) if found else release


def _first(directory: Path, patterns: list[str] | tuple[str, ...], inside: str = "") -> Path | None:
    for pattern in patterns:
        for place in sorted(directory.glob(pattern)) if pattern != "." else [directory]:
            if (place / inside).exists():
                return place
    return None
