"""LLVM text to machine code, kept on disk for the next run.

Object code is kept on disk under a hash of its text, or of what the text is made from, of LLVM's
version and of the processor.

A large program is first compiled without optimisation, all but its smaller functions: that
takes a tenth of the time.  If the search lasts, another process compiles it well meanwhile, and the
search goes on with that code (`Machine.improve`).

`main`, in that process, reads text from standard input and writes object code to the file named.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

from ..base import disk_cache
from ..base.patience import waited

PASSES = ("instruction_combine", "simplify_cfg")
OPTIMISATION = 1  # of LLVM's code generator: 0 compiles faster and runs half as fast, 2 gains nothing
QUICK = ("judge", "sift", "canonical", "record")  # functions that are always compiled well
QUICK_LINES = 20_000  # of text, up to which it is compiled well at once

_names = (f"program{n}" for n in itertools.count())


class MachineCode:
    """Loaded machine code.  addresses: of the functions `names`, valid as long as this object lives.

    text: of the module, or what makes it; made_from: names the text without it, so that it need not
    be made if its code is on the disk.  cached: the code came from there.
    """

    def __init__(
        self, text: str | Callable[[], str], names: tuple[str, ...] = ("step", "judge"), made_from: str = ""
    ) -> None:
        self.names = names
        self.addresses: dict[str, int] = {}
        self._trackers: list[llvm.ResourceTracker] = []
        if isinstance(text, str) or not made_from:
            text = made_from = text if isinstance(text, str) else text()
        self._place = disk_cache.cache_dir() / (_key(made_from) + ".o")
        self._text: str | Callable[[], str] | None = None  # of which there may be better code
        self._child: subprocess.Popen[bytes] | None = None  # that makes it
        code = disk_cache.read(self._place)
        self.cached = code is not None
        if code is not None:
            self._load(code, names)
        elif self._load_quick():
            self._text = text
        else:
            self._make(text if isinstance(text, str) else text())

    def _make(self, text: str) -> None:
        """Compile the text: well if it is short and may be run again, else quickly."""
        if text.count("\n") <= QUICK_LINES and not disk_cache.is_passing():
            self._load(code := compiled(text), self.names)
            disk_cache.write(self._place, code)
            return
        self._text = text
        for place, code, names in zip(self._quick_places(), _quick(text), (self.names, self._judges())):
            self._load(code, names)
            disk_cache.write(place, code)

    def _load_quick(self) -> bool:
        """Load what an earlier run compiled quickly; whether there is any."""
        found = [disk_cache.read(place) for place in self._quick_places()]
        if any(code is None for code in found):
            return False
        for code, names in zip(found, (self.names, self._judges())):
            self._load(code, names)
        return True

    def _quick_places(self) -> tuple[Path, Path]:
        return self._place.with_suffix(".quick"), self._place.with_suffix(".judges")

    def _judges(self) -> tuple[str, ...]:
        return tuple({*QUICK[:-1]} & {*self.names})

    def improve(self) -> bool:
        """Have well optimised code made, if there is none yet; whether `addresses` have changed to it."""
        if self._text is None or disk_cache.is_passing():
            return False
        if self._child is None:
            text = self._text if isinstance(self._text, str) else self._text()
            self._child = _compile_elsewhere(text, self._place)
            self._text = self._text if self._child else None
        elif self._child.poll() is not None:
            self._text = None
            code = disk_cache.read(self._place)
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


def is_kept(made_from: str) -> bool:
    """Is there code on the disk of what `MachineCode` calls so, well made or quickly?"""
    place = disk_cache.cache_dir() / (_key(made_from) + ".o")
    return bool(made_from) and (place.exists() or place.with_suffix(".quick").exists())


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
    return waited(lambda: machine.emit_object(module))


def _quick(text: str) -> tuple[bytes, bytes]:
    """Code for a module that is made in a moment, and good code for its smaller functions."""
    return compiled(text, 0, ()), compiled(only(text, QUICK))


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
            root = str(Path(__file__).resolve().parents[2])
            run = f"import sys; sys.path.insert(0, {root!r}); from checker.native import build; build.main()"
            command = [sys.executable, "-P", "-c", run, str(place)]
            return subprocess.Popen(command, stdin=file, stdout=quiet, stderr=quiet)
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


def main() -> None:
    """Compile well what standard input holds, into the cache."""
    disk_cache.write(Path(sys.argv[1]), compiled(sys.stdin.read()))
