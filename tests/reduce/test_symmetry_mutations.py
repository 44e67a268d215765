"""Errors put into the symmetry reduction on purpose: the comparison with the whole search must notice each."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.base.errors import InternalError
from checker.ir.program import Program
from checker.native.codegen import symmetry as native_symmetry
from checker.native.layout import Layout
from checker.reduce import symmetry
from checker.verdict import api
from tests.support.agreement import changed_by_symmetry
from tests.support.textbook import MODELS

exchange, put_in_order = native_symmetry._exchange, native_symmetry._put_in_order


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damaged code must not be found by anybody else."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def no_references(layout: Layout, one: symmetry.Class) -> list:
    return []


def half_of_it(code: object, own: list, names: list, k: int) -> None:
    exchange(code, [pieces[: len(pieces) // 2] for pieces in own], names, k)


def of_a_neighbour(code: object, own: list, names: list, k: int) -> None:
    put_in_order(code, [*own[:k], [*own[k][:1], *own[k + 1][1:]], *own[k + 1 :]], names, k)


DAMAGES = {  # what is wrong: (object, attribute, its value)
    "who names an identity is forgotten": (native_symmetry, "_names", no_references),
    "the same in the judge": (symmetry.Group, "_values_of", lambda self, one: []),
    "only a part of what belongs to an identity changes place": (native_symmetry, "_exchange", half_of_it),
    "states are sorted by what belongs to another identity": (native_symmetry, "_put_in_order", of_a_neighbour),
    "what is used as a number counts as interchangeable": (symmetry._Uses, "_number", lambda self, kind: None),
    "a property may name an instance": (symmetry._Text, "keeps_property", lambda self, prop: True),
    "a block may name an instance": (symmetry._Text, "keeps", lambda self, block: True),
}

LAMPS = """
from checker.lang import Flag, Ref, Struct, atomic, each, invariant, number, process, scenario


class Lamp(Struct, count=2):
    on = Flag("on")
    seen = Flag("seen")


class Hub(Struct):
    last = Ref(Lamp, "last")
    second = Flag("second")


def blink(lamp: Lamp):
    \"\"\"On, and off again.\"\"\"
    {work}
    lamp.on = True
    {more}
    lamp.on = False


def watch(lamp: Lamp):
    \"\"\"Once for each lamp.\"\"\"
    {watched}.seen = True


@invariant
def claim():
    \"\"\"Something of the lamps.\"\"\"
    return {claim}


run = scenario("Lamps.", process("blink", blink, per=Lamp), process("watch", watch, per=Lamp))
"""
EITHER_LAST = "not any(lamp.on and Hub[0].last is lamp for lamp in each(Lamp))"
WHICH = '''with atomic("one step"):
        Hub[0].second = number(lamp) == 1
        Hub[0].last = None'''
VARIANTS = [  # a step before the lamp is on, one after it, what is claimed, and the lamp that is watched
    ("Hub[0].last = lamp", "Hub[0].last = None", EITHER_LAST, "lamp"),
    ("Hub[0].last = lamp", "Hub[0].last = lamp", "True", "lamp"),
    ("Hub[0].last = lamp", WHICH, "not (Hub[0].last is None and not Hub[0].second and any(lamp.on for lamp in each(Lamp)))", "lamp"),
    ("Hub[0].last = Lamp[0]", "Hub[0].last = None", "not (Hub[0].last is Lamp[1])", "lamp"),
    ("Hub[0].last = lamp", "Hub[0].last = None", "not (Lamp[1].on and Hub[0].last is None)", "lamp"),
    ("Hub[0].last = lamp", "Hub[0].last = None", "not any(lamp.on and lamp.seen for lamp in each(Lamp))", "Lamp[1]"),
]


@pytest.fixture
def programs(tmp_path: Path) -> list[Program]:
    """Some with interchangeable identities, some with identities that are not."""
    core = {"F": 1, "W": 2, "WOPS": 1, "FLOPS": 0, "FSOPS": 1, "TROPS": 0}
    found = []
    for number, (work, more, claim, watched) in enumerate(VARIANTS):
        file = tmp_path / f"lamps{number}.py"
        file.write_text(LAMPS.format(work=work, more=more, claim=claim, watched=watched), "utf-8")
        found.append(api.prepare(file).program)
    return [*found, compiled("two_phase_commit", {"RM": 3}), compiled("writeback_core", core)]


def compiled(name: str, settings: dict[str, int]) -> Program:
    return api.prepare(MODELS / f"{name}.py", settings=settings).program


def noticed(program: Program) -> bool:
    try:
        return bool(changed_by_symmetry(program))
    except InternalError:
        return True


def test_a_damaged_symmetry_is_noticed(programs: list[Program], monkeypatch: pytest.MonkeyPatch) -> None:
    assert [[]] * len(programs) == [changed_by_symmetry(one) for one in programs]

    for what, damage in DAMAGES.items():
        with monkeypatch.context() as damaged:
            damaged.setattr(*damage)
            assert any(noticed(one) for one in programs), what
