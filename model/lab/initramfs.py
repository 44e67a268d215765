"""The guest's first filesystem: a cpio archive in memory, made of files of this machine.  No root is needed, and no cpio."""

from __future__ import annotations

import gzip
import lzma
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from checker.base.errors import UsageError

MAGIC = "070701"  # the format newc, Documentation/driver-api/early-userspace/buffer-format.rst
MODULES = ("crc32c_generic", "libcrc32c", "crc32_generic", "lz4_compress", "lz4hc_compress", "xfs", "f2fs")


@dataclass
class Archive:
    """Files and directories by path, in order."""

    parts: list[bytes] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def add(self, path: str, data: bytes = b"", mode: int = stat.S_IFREG | 0o755) -> None:
        """Add a file, and the directories that it is in."""
        path = path.strip("/")
        if path in self.seen:
            return
        if parent := os.path.dirname(path):
            self.add(parent, mode=stat.S_IFDIR | 0o755)
        self.seen.add(path)
        self._entry(path, data, mode)

    def bytes(self) -> bytes:
        """The archive, compressed."""
        self._entry("TRAILER!!!", b"", 0)
        return gzip.compress(b"".join(self.parts), 1)

    def _entry(self, path: str, data: bytes, mode: int) -> None:
        name = path.encode() + b"\0"
        numbers = (len(self.parts) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        head = (MAGIC + "".join(f"{number:08x}" for number in numbers)).encode() + name
        self.parts.append(_padded(head) + _padded(data))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


# ------------------------------------------------------------------- programs


def program(name: str, roots: Iterable[Path]) -> Path | None:
    """A program: on the path, or below one of `roots`, in which packages were unpacked."""
    found = [place for root in roots for folder in ("bin", "sbin", "usr/bin", "usr/sbin") if (place := root / folder / name).is_file()]
    return found[0] if found else Path(path) if (path := shutil.which(name)) else None


def libraries(file: Path, roots: Iterable[Path]) -> dict[str, Path]:
    """What a program is linked with, by the path at which it looks for it; UsageError if something is missing."""
    folders = [str(root / folder) for root in roots for folder in ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")]
    done = subprocess.run(["ldd", str(file)], capture_output=True, text=True, env={**os.environ, "LD_LIBRARY_PATH": ":".join(folders)})
    if missing := re.findall(r"(\S+) => not found", done.stdout):
        raise UsageError(f"{file.name} lacks the libraries {', '.join(missing)}; install the package that it is from")
    found = {f"lib/{name}": Path(path) for name, path in re.findall(r"(\S+) => (/\S+)", done.stdout)}
    loader = re.search(r"^\s*(/\S*ld-linux\S*)", done.stdout, re.MULTILINE)
    return found | ({loader.group(1): Path(loader.group(1))} if loader else {})


# -------------------------------------------------------------------- modules


def modules(directory: Path | None, wanted: Iterable[str] = MODULES) -> dict[str, bytes]:
    """Modules of a kernel and those that they need, by file name, in the order in which they are loaded.

    What is not there as a file is taken for built in.
    """
    if directory is None:
        return {}
    files = {path.name.split(".ko")[0].replace("-", "_"): path for path in directory.rglob("*.ko*")}
    found: dict[str, bytes] = {}

    def load(name: str) -> None:
        if name in files and f"{name}.ko" not in found:
            data = _module(files[name])
            for other in re.search(rb"\0depends=([^\0]*)\0", data).group(1).decode().split(","):
                load(other.replace("-", "_"))
            found[f"{name}.ko"] = data

    for name in wanted:
        load(name)
    return found


def _module(path: Path) -> bytes:
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", str(path)], capture_output=True, check=True).stdout
    data = path.read_bytes()
    return {".xz": lzma.decompress, ".gz": gzip.decompress}.get(path.suffix, bytes)(data)
