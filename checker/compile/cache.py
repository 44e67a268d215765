"""Compiled programs of the packages `model` and `properties`, kept on disk for the next run.

To compile the default scenario takes longer than to search it up to three operations.  A program
is kept under a hash of everything that it is made from: the sources of the checker, of the model
and of the properties, the functions that the design changes with its edits applied, the names
and values asked for, and the directory that files are shown relative to.  What cannot be told by
these is not kept: models in files of their own, scenarios and functions made while the program runs.
"""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import sys
import zlib
from dataclasses import replace
from pathlib import Path

from ..base import disk_cache
from ..ir.program import Program
from ..lang import Design, Scenario
from ..source.catalogue import PACKAGES, Catalogue
from ..source.variant import Edits, edited
from .program import compile_program

_hashes: dict[tuple[Path, ...], bytes] = {}  # of sources, which do not change while we run


def program(
    catalogue: Catalogue,
    scenario: Scenario,
    design: Design | None = None,
    bound: int | None = None,
    settings: dict[str, int] | None = None,
    properties: list[str] | None = None,
) -> Program:
    """What `compile_program` makes of the same arguments, from the disk if it is there."""
    asked = (bound, sorted((settings or {}).items()), properties)
    key = _key(catalogue, scenario, design, asked)
    if key is None:
        return compile_program(catalogue, scenario, design, bound, settings, properties)
    place = disk_cache.cache_dir() / (key + ".program")
    kept = disk_cache.read(place)
    found = None if kept is None else _loaded(kept)
    if found is not None:
        return found
    made = replace(compile_program(catalogue, scenario, design, bound, settings, properties), digest=key)
    disk_cache.write(place, zlib.compress(pickle.dumps(made, pickle.HIGHEST_PROTOCOL), 1))
    return made


def _loaded(kept: bytes) -> Program | None:
    """The program in a file; None if it is not one for this Python, whatever that says to it."""
    collecting = gc.isenabled()
    gc.disable()  # everything made here is in use until the end
    try:
        found = pickle.loads(zlib.decompress(kept))
        return found if isinstance(found, Program) else None
    except Exception:
        return None
    finally:
        if collecting:
            gc.enable()


def _key(catalogue: Catalogue, scenario: Scenario, design: Design | None, asked: object) -> str | None:
    """The hash of all that the program is made from; None if that cannot be told."""
    name = next((n for n, s in catalogue.scenarios.items() if s is scenario), None)
    files = [Path(m.__file__ or "") for m in catalogue.modules]
    packaged = all(m.__name__.split(".")[0] in PACKAGES for m in catalogue.modules)
    if name is None or scenario not in catalogue.where or not packaged:
        return None
    edits = edited(design, catalogue.name_of(design))
    if not all(_is_packaged(function) for function in _functions(design)):
        return None
    parts = [sys.version, os.getcwd(), name, repr(asked), *_design_texts(catalogue, design, edits)]
    hashed = hashlib.sha256("\0".join(parts).encode())
    for sources in (Path(__file__).parents[1].rglob("*.py"), files):
        hashed.update(_hash_of(tuple(sorted(sources))))
    return hashed.hexdigest()


def _functions(design: Design | None) -> list[object]:
    """The functions that the edits of a design name."""
    edits = design.edits if design else ()
    return [f for edit in edits for f in (edit.inside, edit.anchor, edit.new) if f is not None]


def _is_packaged(function: object) -> bool:
    return getattr(function, "__module__", "").split(".")[0] in PACKAGES


def _design_texts(catalogue: Catalogue, design: Design | None, edits: Edits) -> list[str]:
    """What a design changes: the texts of functions, and values of constants."""
    if design is None:
        return []
    values = ((c if isinstance(c, str) else catalogue.name_of(c), value) for c, value in design.set.items())
    texts = [catalogue.name_of(design), repr(sorted(values))]
    for function in edits.functions():
        lines = "".join(text for _, text in edits.text(function))
        others = sorted(f"{n}={getattr(v, '__module__', '')}" for n, v in edits.extra_globals(function).items())
        texts += [function.__module__, function.__qualname__, lines, *others]
    return texts


def _hash_of(files: tuple[Path, ...]) -> bytes:
    """The hash of the contents of `files`, known from the second time on."""
    if files not in _hashes:
        hashed = hashlib.sha256()
        for file in files:
            content = file.read_bytes()
            hashed.update(f"{file}\0{len(content)}\0".encode() + content)
        _hashes[files] = hashed.digest()
    return _hashes[files]
