"""LLVM text to machine code, kept on disk for the next run.

Object code is kept in the user's cache directory under the hash of its text, of LLVM's
version and of the processor.  A cache that cannot be read or written is ignored.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

KEPT_BYTES = 256 << 20  # object code kept on disk, of all programs together
PASSES = ("instruction_combine", "simplify_cfg")
OPTIMISATION = 1  # of LLVM's code generator: 0 compiles faster and runs half as fast, 2 gains nothing
HASH_BYTES = 32

_names = (f"program{n}" for n in itertools.count())


class Machine:
    """Loaded machine code.  addresses: of the functions `names`, valid as long as this object lives.

    cached: the code came from the disk.
    """

    def __init__(self, text: str, names: tuple[str, ...] = ("step", "judge")) -> None:
        place = _cache_dir() / (_key(text) + ".o")
        code = _read(place)
        self.cached = code is not None
        if code is None:
            code = compiled(text)
            _write(place, code)
        builder = llvm.JITLibraryBuilder().add_object_img(code)
        for name in names:
            builder.export_symbol(name)
        self._tracker = builder.link(_jit(), next(_names))
        self.addresses = {name: self._tracker[name] for name in names}


def compiled(text: str) -> bytes:
    """Object code for a module."""
    machine = _target_machine()
    module = llvm.parse_assembly(text)
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=1))
    passes = llvm.create_new_function_pass_manager()
    for name in PASSES:
        getattr(passes, f"add_{name}_pass")()
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)
    return machine.emit_object(module)


@cache
def _target_machine() -> llvm.TargetMachine:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=OPTIMISATION, jit=True,
        reloc="pic",
    )  # fmt: skip


@cache
def _jit() -> llvm.LLJIT:
    return llvm.create_lljit_compiler(_target_machine())


def _key(text: str) -> str:
    cpu = llvm.get_host_cpu_name() + llvm.get_host_cpu_features().flatten()
    made_by = (llvmlite.__version__, cpu, *PASSES, str(OPTIMISATION))
    return hashlib.sha256("\0".join((text, *made_by)).encode()).hexdigest()


def _cache_dir() -> Path:
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
    files = sorted((f.stat().st_mtime, f.stat().st_size, f) for f in directory.iterdir())
    excess = sum(size for _, size, _ in files) - KEPT_BYTES
    for _, size, file in files:
        if excess <= 0:
            return
        file.unlink()
        excess -= size
