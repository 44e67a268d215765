"""LLVM text to machine code, kept on disk for the next run.

Object code is kept in the user's cache directory under the hash of its text, of LLVM's
version and of the processor.  A cache that cannot be read or written is ignored.

A large program is first compiled without optimisation, all but its smaller functions: that
takes a tenth of the time.  If the search lasts, another process compiles it well meanwhile, and the
search goes on with that code (`Machine.improve`).

Run as a program it reads text from standard input and writes object code to the file named.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

KEPT_BYTES = 256 << 20  # object code kept on disk, of all programs together
PASSES = ("instruction_combine", "simplify_cfg")
OPTIMISATION = 1  # of LLVM's code generator: 0 compiles faster and runs half as fast, 2 gains nothing
QUICK_LINES = 20_000  # of text, up to which it is compiled well at once
HASH_BYTES = 32

_names = (f"program{n}" for n in itertools.count())


class Machine:
    """Loaded machine code.  addresses: of the functions `names`, valid as long as this object lives.

    cached: the code came from the disk.
    """

    def __init__(self, text: str, names: tuple[str, ...] = ("step", "judge")) -> None:
        self.names = names
        self.addresses: dict[str, int] = {}
        self._trackers: list[llvm.ResourceTracker] = []
        self._place = cache_dir() / (_key(text) + ".o")
        self._text = self._child = None
        code = _read(self._place)
        self.cached = code is not None
        if code is not None:
            self._load(code, names)
        elif text.count("\n") <= QUICK_LINES:
            self._load(kept := compiled(text), names)
            _write(self._place, kept)
        else:
            self._text = text
            self._load(compiled(text, 0, ()), names)
            self._load(compiled(only(text, ("judge", "sift", "record"))), tuple({"judge", "sift"} & {*names}))

    def improve(self) -> bool:
        """Have well optimised code made, if there is none yet; whether `addresses` have changed to it."""
        if self._text is None:
            return False
        if self._child is None:
            self._child = _compile_elsewhere(self._text, self._place)
            self._text = self._text if self._child else None
        elif self._child.poll() is not None:
            self._text = None
            code = _read(self._place)
            if code is not None:
                self._load(code, self.names)
                return True
        return False

    def improving(self) -> bool:
        """Is better code being made?"""
        return self._child is not None and self._text is not None

    def close(self) -> None:
        """End what is under way.  The code remains."""
        if self._child is not None and self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._text = self._child = None

    def _load(self, code: bytes, names: tuple[str, ...]) -> None:
        builder = llvm.JITLibraryBuilder().add_object_img(code)
        for name in names:
            builder.export_symbol(name)
        tracker = builder.link(_jit(), next(_names))
        self._trackers.append(tracker)
        self.addresses.update((name, tracker[name]) for name in names)


def compiled(text: str, optimisation: int = OPTIMISATION, passes: tuple[str, ...] = PASSES) -> bytes:
    """Object code for a module."""
    machine = _target_machine(optimisation)
    module = llvm.parse_assembly(text)
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=1))
    manager = llvm.create_new_function_pass_manager()
    for name in passes:
        getattr(manager, f"add_{name}_pass")()
    for function in module.functions if passes else ():
        if not function.is_declaration:
            manager.run(function, builder)
    return machine.emit_object(module)


def only(text: str, names: tuple[str, ...]) -> str:
    """A module with these functions of `text`, and with everything in it that is no function."""
    kept = []
    for part in re.split(r"(?m)^(?=define |declare |!)", text):
        defined = re.match(r"define [^@]*@(\w+)\(", part)
        if defined is None or defined.group(1) in names:
            kept.append(part)
    return "".join(kept)


def _compile_elsewhere(text: str, place: Path) -> subprocess.Popen[bytes] | None:
    """A process that compiles `text` and writes the code to `place`; None if it cannot be started."""
    try:
        with tempfile.TemporaryFile() as file:
            file.write(text.encode())
            file.seek(0)
            quiet = subprocess.DEVNULL
            return subprocess.Popen([sys.executable, "-P", __file__, str(place)], stdin=file, stdout=quiet, stderr=quiet)
    except OSError:
        return None


@cache
def _target_machine(optimisation: int = OPTIMISATION) -> llvm.TargetMachine:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=optimisation, jit=True,
        reloc="pic",
    )  # fmt: skip


@cache
def _jit() -> llvm.LLJIT:
    return llvm.create_lljit_compiler(_target_machine())


def _key(text: str) -> str:
    cpu = llvm.get_host_cpu_name() + llvm.get_host_cpu_features().flatten()
    made_by = (llvmlite.__version__, cpu, *PASSES, str(OPTIMISATION))
    return hashlib.sha256("\0".join((text, *made_by)).encode()).hexdigest()


def cache_dir() -> Path:
    """Where machine code is kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "writeback-checker"


def _read(place: Path) -> bytes | None:
    """The object code there, if it is whole: it follows its own hash."""
    try:
        kept = place.read_bytes()
        os.utime(place)  # used just now: the last to be removed
    except OSError:
        return None
    return kept[HASH_BYTES:] if kept[:HASH_BYTES] == hashlib.sha256(kept[HASH_BYTES:]).digest() else None


def _write(place: Path, code: bytes) -> None:
    """Put `code` there in one piece, so that nobody reads half of it; make room if there is too much."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, suffix=".new", delete=False) as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(file.name, place)
        _make_room(place.parent)


def _make_room(directory: Path) -> None:
    """Remove what was not used for longest until at most KEPT_BYTES are left."""
    files = sorted((f.stat().st_mtime, f.stat().st_size, f) for f in directory.iterdir() if f.is_file())
    excess = sum(size for _, size, _ in files) - KEPT_BYTES
    for _, size, file in files:
        if excess <= 0:
            return
        file.unlink()
        excess -= size


if __name__ == "__main__":
    _write(Path(sys.argv[1]), compiled(sys.stdin.read()))
