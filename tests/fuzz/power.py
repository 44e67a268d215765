"""How much the generator sees: each condition of a reduction left out, and programs drawn until one shows it.

The conditions are those of `tests/reduce/test_partial_order_mutations.py` and `tests/reduce/test_symmetry_mutations.py`, and
the errors put into the native engine; there each is shown by a model made for it.  Here nobody tells the generator.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random

import pytest

from checker.verdict import api
from checker.source.catalogue import load
from checker.base.errors import ModelError
from checker.ir.program import Program

from tests.fuzz.judge import LARGE, Judge
from tests.fuzz.programs import program
from tests.fuzz.memory import forget
from tests.fuzz.truth import Truth, truth_of
from tests.native import test_engine_mutations
from tests.reduce import test_partial_order_mutations, test_symmetry_mutations

Damage = Callable[[pytest.MonkeyPatch], None]


def damages() -> dict[str, tuple[tuple[str, ...], Damage]]:
    """What can be left out: which kinds of search that concerns, and how it is done."""
    found: dict[str, tuple[tuple[str, ...], Damage]] = {}
    for what, one in test_partial_order_mutations.CONDITIONS.items():
        found[f"por: {what}"] = ("por",), lambda patch, one=one: test_partial_order_mutations.drop(patch, *one[:4])
    for what, one in test_engine_mutations.REDUCTIONS.items():
        found[f"por: {what}"] = ("por",), lambda patch, one=one: patch.setattr(*one)
    for what, one in test_symmetry_mutations.CONDITIONS.items():
        found[f"sym: not {what}"] = ("sym",), lambda patch, one=one: patch.setattr(*one[:3])
    for what, one in test_symmetry_mutations.ERRORS.items():
        found[f"native: {what}"] = ("native",), lambda patch, one=one: patch.setattr(*one[:3])
    return found


@contextlib.contextmanager
def damaged(damage: Damage) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        damage(patch)
        forget()
        yield
    forget()


def sees(made: Program, plain: Truth, seed: int, kinds: tuple[str, ...], damage: AbstractContextManager) -> bool:
    """Does the comparison notice?  plain: what the program does."""
    judge = Judge(made, Random(seed), native="native" in kinds, modes=("sym", "both") if "native" in kinds else kinds)
    with damage:
        report = judge.judge(plain)
    return report is not None and bool(report.errors)


def measure(seed: int, programs: int) -> int:
    """Print for each damage in which program it is first seen, and in how many of those that were tried; programs that show
    a damage are no longer asked about it after the third."""
    found: dict[str, list[int]] = {what: [] for what in damages()}
    tried = dict.fromkeys(found, 0)
    start = time.process_time()
    for number, (made, plain) in enumerate(_programs(seed, programs), 1):
        for what, (kinds, damage) in damages().items():
            if len(found[what]) < 3:
                tried[what] = number
                if sees(made, plain, seed + number, kinds, damaged(damage)):
                    found[what].append(number)
                    print(f"{number:>6} {what}", flush=True)
    print(f"\n{time.process_time() - start:.0f} s of processor time")
    for what, numbers in found.items():
        often = f"{len(numbers)} of {tried[what]}" if numbers else f"none of {tried[what]}"
        print(f"| {what} | {numbers[0] if numbers else '-'} | {often} |")
    return 0


def _programs(seed: int, count: int) -> Iterator[tuple[Program, Truth]]:
    """Programs of some states, with what they do."""
    with tempfile.TemporaryDirectory() as directory:
        for number in range(seed, seed + count):
            file = Path(directory) / "program.py"
            file.write_text(program(number), "utf-8")
            with contextlib.suppress(ModelError):
                made = api.prepare(catalogue=load(file)).program
                plain = truth_of(made, LARGE)
                if plain is not None:
                    yield made, plain
