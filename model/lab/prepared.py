"""A machine that waits for a case: built once for a kernel, and kept in the cache as a saved state."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checker.base.errors import UsageError

from . import guest, initramfs, kernels, places
from .kernels import Kernel

SOURCES = Path(__file__).parent / "guest"
COMPILED = ("gate.ko", "workload", "episodes")
PROGRAMS = ("busybox", "mkfs.xfs", "mkfs.f2fs")
PACKAGES = {
    "qemu-system-x86_64": "qemu-system-x86", "busybox": "busybox-static", "mkfs.xfs": "xfsprogs", "mkfs.f2fs": "f2fs-tools", "cc": "gcc",
}  # fmt: skip
BOOT, CASE = 400.0, 120.0  # seconds that starting may take, and a case
KEPT = 3  # machines in the cache


@dataclass(frozen=True)
class Prepared:
    """A machine that goes on from a saved state.

    functions: the names that can be hooked in its kernel.
    """

    kernel: Kernel
    place: Path
    accelerator: str
    functions: frozenset[str]

    @contextmanager
    def machine(self) -> Iterator[guest.Guest]:
        """The machine, where it waits for a case."""
        with guest.running(self.kernel.image, self.place / "initrd", self.accelerator, self.place / "state") as one:
            one.wait_until_it_runs(CASE)
            yield one

    def run(self, files: dict[str, str], what: str, limit: float = CASE) -> list[str]:
        """The lines that a case prints: `files` by name, of which run.sh gets the argument `what`."""
        with self.machine() as one:
            for name, text in files.items():
                one.send(f"=== {name}\n{text.rstrip()}\n")
            one.send(f"=== run {what}\n")
            return one.until("DONE", limit)


def kernel_of(directory: str | None) -> Kernel:
    """The kernel in a directory, or the newest one that was fetched; UsageError with the remedy if there is none."""
    if directory is not None:
        return kernels.find(Path(directory))
    fetched = sorted((place for place in places.fetched().glob("*") if (place / "boot").is_dir() and place.suffix != places.UNFINISHED))
    if not fetched:
        raise UsageError("no kernel yet: `python -m checker lab --get` fetches one (Debian), --kernel DIR names one")
    return kernels.find(fetched[-1])


def missing(roots: list[Path]) -> list[str]:
    """What is not on this machine, each with the package that brings it."""
    needed = [guest.QEMU, "make", "cc", *PROGRAMS]
    return [f"{name} (package {PACKAGES.get(name, name)})" for name in needed if initramfs.program(name, roots) is None]


def prepare(kernel: Kernel, tell: Callable[[str], None] = lambda text: None) -> Prepared:
    """The machine for a kernel: from the cache, or built.  tell: is told what takes long.

    UsageError for what is missing on this machine.
    """
    roots = [kernel.image.parent.parent, *places.fetched().glob("*")]
    if lacks := missing(roots):
        names = "\n  ".join(lacks)
        raise UsageError(f"missing for the laboratory:\n  {names}\n  install it and try again (Debian: apt-get install PACKAGE)")
    accelerator = guest.accelerator()
    place = places.prepared() / _key(kernel, accelerator)
    if not (place / "state").is_file():
        _make_room(place.parent)
        with places.replaced(place) as new:
            _build(kernel, roots, new, tell)
            tell(f"starting {kernel.release}, once")
            _boot(kernel, new, accelerator)
    functions = frozenset((place / "functions").read_text().split())
    return Prepared(kernel, place, accelerator, functions)


def _key(kernel: Kernel, accelerator: str) -> str:
    """A name that changes with all that the machine is made of."""
    parts = [kernel.release, str(kernel.image), str(kernel.image.stat().st_mtime_ns), accelerator, guest.COMMAND_LINE]
    parts += [path.read_text() for path in sorted(SOURCES.iterdir())] + [Path(initramfs.__file__).read_text()]
    return f"{kernel.release}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"


def _make_room(folder: Path) -> None:
    """States are large: those that were made before the last KEPT are removed, and what was left unfinished with them."""
    found = sorted((one for one in folder.glob("*") if one.is_dir()), key=lambda one: one.stat().st_mtime)
    for old in found[: -KEPT + 1]:
        shutil.rmtree(old, ignore_errors=True)


def _build(kernel: Kernel, roots: list[Path], place: Path, tell: Callable[[str], None]) -> None:
    """The module and the workload, and the initramfs with them."""
    tell(f"compiling the gate module for {kernel.release}")
    shutil.copytree(SOURCES, place / "build")
    done = subprocess.run(["make", f"KERNEL={kernel.headers.resolve()}"], cwd=place / "build", capture_output=True, text=True)
    if done.returncode or not all((place / "build" / name).is_file() for name in COMPILED):
        complaint = [line for line in done.stderr.splitlines() if "rror" in line] or done.stderr.splitlines()[-3:]
        raise UsageError("the gate module cannot be compiled against " + str(kernel.headers) + ":\n  " + "\n  ".join(complaint[:5]))
    (place / "initrd").write_bytes(_initrd(kernel, roots, place / "build"))


def _initrd(kernel: Kernel, roots: list[Path], build: Path) -> bytes:
    archive = initramfs.Archive()
    for folder in ("proc", "sys", "dev", "tmp", "mnt", "etc"):
        archive.add(folder, mode=0o040755)
    for name in PROGRAMS:
        file = initramfs.program(name, roots)
        archive.add(f"bin/{name}", file.read_bytes())
        for path, library in (initramfs.libraries(file, roots) if name != "busybox" else {}).items():
            archive.add(path, library.read_bytes())
    for name in _applets(initramfs.program("busybox", roots)):
        archive.add(f"bin/{name}", b"/bin/busybox", mode=0o120777)
    for name in (*COMPILED, "run.sh", "validate.sh"):
        archive.add(f"case/{name}", (build / name).read_bytes())
    loaded = initramfs.modules(kernel.modules)
    for name, data in loaded.items():
        archive.add(f"modules/{name}", data)
    archive.add("modules/order", "\n".join(loaded).encode())
    archive.add("init", (build / "init").read_bytes())
    return archive.bytes()


def _applets(busybox: Path) -> list[str]:
    return [name for name in subprocess.run([str(busybox), "--list"], capture_output=True, text=True).stdout.split() if name != "busybox"]


def _boot(kernel: Kernel, place: Path, accelerator: str) -> None:
    """Start the machine, ask what can be hooked, and save it where it waits for a case."""
    with guest.running(kernel.image, place / "initrd", accelerator) as one:
        said = one.until("READY", BOOT)
        if failed := [line for line in said if line.startswith("FAILED")]:
            raise guest.GuestFailed("the guest could not be prepared: " + "; ".join(failed))
        (place / "functions").write_bytes(one.written())
        one.save(place / "state", BOOT)
