"""What a model declares, by name; what is looked at when nothing is named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from checker.base.errors import ModelError, UsageError
from checker.source.catalogue import load

TEXT = '''\
from checker.lang import Flag, Struct, baseline, constant, drop, invariant, process, scenario, variant

FOLIOS = constant(2, "folios")
CELLS = constant(4, "cells")
ALL = FOLIOS * CELLS


class Folio(Struct, count=FOLIOS):
    """struct folio"""
    dirty = Flag("PG_dirty")


def start(): ...


def run():
    """Run."""
    start()


@invariant
def fine(folio: Folio):
    """Fine."""
    return not folio.dirty


first = baseline("As it is.")
second = baseline("The other one.")
one = scenario("One.", process("p", run), of=second)
default = scenario("By default.", process("p", run), of=first)
large = scenario("Large.", process("p", run), of=first)
free = scenario("Of none.", process("p", run))
eager = variant("Start no more.", drop(start, inside=run), of=first)
lazy = variant("Other.", of=second)
special = variant("Special.", of=second, scenario=large)
'''

ALWAYS = '''\
from checker.lang import invariant
@invariant
def always():
    """Always."""
    return True
'''


@pytest.fixture
def model(tmp_path: Path):
    path = tmp_path / "m.py"
    path.write_text(TEXT)
    return load(path)


def test_names_are_those_of_module_variables_in_their_order(model):
    assert list(model.designs) == ["first", "second", "eager", "lazy", "special"]
    assert list(model.scenarios) == ["default", "one", "large", "free"]
    assert list(model.properties) == ["fine"]
    assert list(model.constants) == ["FOLIOS", "CELLS"]
    assert list(model.structs) == ["Folio"]
    assert list(model.functions) == ["start", "run"]
    assert model.name_of(model.designs["eager"]) == "eager"
    assert model.name_of(None) == "m"


@pytest.mark.parametrize(
    "asked, expected",
    [
        ((None, None), ("first", "default")),
        (("eager", None), ("eager", "default")),
        (("lazy", None), ("lazy", "one")),
        (("special", None), ("special", "large")),
        ((None, "one"), ("second", "one")),
        (("eager", "one"), ("eager", "one")),
        (("second", None), ("second", "one")),
    ],
)
def test_a_design_brings_its_scenario_and_a_scenario_its_baseline(model, asked, expected):
    assert tuple(model.name_of(thing) for thing in model.select(*asked)) == expected


def test_designs_compose(model):
    both = model.design("lazy+special")

    assert both.of is model.designs["second"] and both.doc == "Other. And: Special."


@pytest.mark.parametrize(
    "ask, message",
    [
        (lambda m: m.design("eagre"), "there is no design 'eagre'; did you mean eager?"),
        (lambda m: m.scenario("zzz"), "there is no scenario 'zzz'; there are: default, one, large, free"),
        (lambda m: m.function("stat"), "did you mean start?"),
        (lambda m: m.property_names(["fin"]), "did you mean fine?"),
        (lambda m: m.settings(["FOLIO=3"]), "there is no constant 'FOLIO'; did you mean FOLIOS?"),
        (lambda m: m.settings(["FOLIOS=many"]), "--set FOLIOS=many: 'many' is not an integer"),
        (lambda m: m.settings(["FOLIOS"]), "write NAME=VALUE"),
    ],
)
def test_an_unknown_name_brings_candidates(model, ask, message):
    with pytest.raises(UsageError) as error:
        ask(model)
    assert message in str(error.value)


def test_constants_are_set_by_name_in_any_case(model):
    assert model.settings(["folios=3", "CELLS = 0x10"]) == {"FOLIOS": 3, "CELLS": 16}


def test_always_on_properties_may_be_asked_for(model):
    assert model.property_names(["deadlock", "fine"]) == ["deadlock", "fine"]


def test_places_of_declarations_are_known(model):
    file, line = model.where[model.designs["eager"]]

    assert Path(file).read_text().splitlines()[line - 1].startswith("eager =")


@pytest.mark.parametrize(
    "text, message",
    [
        ("def f(:\n", "m.py:1: not Python"),
        ("x = 1\ny = 1 / 0\n", "m.py:2: ZeroDivisionError: division by zero   [python]\n    y = 1 / 0"),
        ("from checker.lang import nothing\n", "m.py:1: ImportError: cannot import name 'nothing'"),
    ],
)
def test_a_model_that_does_not_run_is_one_clear_message(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(text)
    with pytest.raises(ModelError) as error:
        load("m.py")
    assert str(error.value).startswith(message)


def test_a_missing_file_is_said():
    with pytest.raises(UsageError, match="there is no model file nowhere.py"):
        load("nowhere.py")


def test_a_model_file_may_import_its_neighbours(tmp_path):
    (tmp_path / "neighbour_of_m.py").write_text("from checker.lang import constant\nN = constant(3)\n")
    (tmp_path / "m.py").write_text("from neighbour_of_m import N\n")
    before = list(sys.path)

    assert load(tmp_path / "m.py").constants == {}
    assert sys.path == before


def packages(tmp_path: Path, monkeypatch, **files: str) -> None:
    """Packages `model` and `properties` in an empty directory that comes first on sys.path."""
    for name in [n for n in sys.modules if n.split(".")[0] in ("model", "properties")]:
        monkeypatch.delitem(sys.modules, name)
    for name, text in files.items():
        path = tmp_path / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(
        sys, "path", [str(tmp_path), *(p for p in sys.path if p not in ("", str(Path.cwd())))]
    )


def test_the_packages_are_loaded_with_all_their_modules(tmp_path, monkeypatch):
    packages(
        tmp_path,
        monkeypatch,
        model__fs__io=TEXT,
        model__designs__mine="from checker.lang import variant\nfrom model.fs.io import first, large\n"
        "mine = variant('Mine.', of=first, scenario=large)\n",
            properties__all=ALWAYS,
    )
    catalogue = load()

    assert catalogue.model == "model"
    assert set(catalogue.properties) == {"fine", "always"}
    assert set(catalogue.designs) == {"mine", "first", "second", "eager", "lazy", "special"}
    assert catalogue.name_of(catalogue.select("mine", None)[1]) == "large"
    for name in [n for n in sys.modules if n.split(".")[0] in ("model", "properties")]:
        del sys.modules[name]


@pytest.mark.parametrize("text", ["mine = baseline('{}.')\n", "class mine(Struct):\n    {}_ = Flag('f')\n"])
def test_a_name_that_is_declared_twice_is_refused(tmp_path, monkeypatch, text):
    head = "from checker.lang import Flag, Struct, baseline\n"
    packages(tmp_path, monkeypatch, model__a=head + text.format("a"), model__b=head + text.format("b"))
    with pytest.raises(ModelError) as error:
        load()
    assert "mine is declared a second time   [duplicate]" in str(error.value) and "a.py:2" in str(error.value)
    for name in [n for n in sys.modules if n.split(".")[0] in ("model", "properties")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "twice",
    ['class Folio(Struct):\n    """Another."""\n    clean = Flag("c")\n', "def run():\n    pass\n", "FOLIOS = constant(3, 'three')\n"],
)
def test_a_name_that_is_declared_twice_in_a_file_is_refused(tmp_path, twice):
    (tmp_path / "m.py").write_text(TEXT + twice)
    with pytest.raises(ModelError, match="is declared a second time") as error:
        load(tmp_path / "m.py")
    assert "[duplicate]" in str(error.value) and "m.py:" in str(error.value)


LIKE = TEXT + """\
from checker.lang import interrupt, thread


def stop(): ...


whole = scenario("Whole.", thread("a", run), thread("b", start), interrupt("irq", stop), of=first, setup=start,
                 scope={FOLIOS: 1, CELLS: 3}, bound=2, properties=("fine",))
"""


def like(tmp_path: Path, said: str):
    """The scenario that is declared as `said`, and the one that it is like."""
    (tmp_path / "m.py").write_text(LIKE + f"part = scenario('Part.', {said})\n")
    scenarios = load(tmp_path / "m.py").scenarios
    return scenarios["part"], scenarios["whole"]


def test_a_scenario_is_like_another_one_in_all_that_it_does_not_say(tmp_path):
    part, whole = like(tmp_path, "like=whole, scope={FOLIOS: 2}, bound=0")

    assert (part.doc, part.bound, list(part.scope.values())) == ("Part.", 0, [2, 3])
    assert (part.of, part.setup, part.properties, part.processes) == (whole.of, whole.setup, whole.properties, whole.processes)
    assert list(whole.scope.values()) == [1, 3] and whole.bound == 2


def test_what_it_says_itself_comes_first(tmp_path):
    part, _ = like(tmp_path, "like=whole, of=second, setup=stop, properties=(), lock_order=()")

    assert (part.of.doc, part.setup.__name__, part.properties, part.lock_order) == ("The other one.", "stop", (), ())


@pytest.mark.parametrize(
    "said, processes",
    [
        ("thread('b', run, count=2)", "a b irq"),
        ("also=(interrupt('late', stop), process('c', run))", "a b c irq late"),
        ("without=('a', 'irq')", "b"),
        ("thread('b', run), also=[thread('c', run)], without=['a']", "b c irq"),
    ],
)
def test_its_processes_are_replaced_added_and_left_out(tmp_path, said, processes):
    part, whole = like(tmp_path, said + ", like=whole")

    assert " ".join(process.name for process in part.processes) == processes
    assert [process.name for process in whole.processes] == ["a", "b", "irq"]
    replaced = [process for process in part.processes if process.name == "b" and "thread('b'" in said]
    assert all(process.functions[0].__name__ == "run" for process in replaced)


@pytest.mark.parametrize(
    "said, message",
    [
        ("like=first", "expected a scenario, declared above, as like=, not Baseline"),
        ("like='whole'", "expected a scenario, declared above, as like=, not str"),
        ("like=part", "name 'part' is not defined"),
        ("thread('x', run), like=whole", "the scenario of like= has no process 'x', but 'a', 'b', 'irq'; also= adds one"),
        ("like=whole, without=('x',)", "the scenario of like= has no process 'x', but 'a', 'b', 'irq'; also= adds one"),
        ("like=whole, also=(thread('a', run),)", "the scenario of like= has a process 'a': without also=, it is replaced"),
        ("like=whole, also=thread('c', run)", "expected that also= is a tuple of processes, as (thread(...),), not Process"),
        ("like=whole, without='a'", 'expected that without= is a tuple of names, as ("writer",), not str'),
        ("process('p', run), without=('p',)", "also= and without= say how a scenario differs from the one that is named by like="),
    ],
)
def test_what_a_scenario_cannot_be_like_is_said(tmp_path, said, message):
    with pytest.raises(ModelError) as error:
        like(tmp_path, said)

    assert message in str(error.value) and f"m.py:{len(LIKE.splitlines()) + 1}:" in str(error.value)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of a model, a file of which changes nothing that there is."""
    from checker.source import catalogue

    for name in [name for name in sys.modules if name.partition(".")[0] == "small"]:
        del sys.modules[name]
    for folder in ("", "designs"):
        (tmp_path / "small" / folder).mkdir(exist_ok=True)
        (tmp_path / "small" / folder / "__init__.py").write_text("")
    (tmp_path / "small" / "tank.py").write_text(
        "from checker.lang import Flag, Struct, scenario, thread, baseline\n"
        'class Tank(Struct):\n    """A tank."""\n    open = Flag("open")\n'
        'def empty():\n    """Open it."""\n    Tank[0].open = True\n'
        'plain = baseline("As it is.")\none = scenario("One.", thread("hand", empty), of=plain)\n'
    )
    head = "from checker.lang import drop, variant\nfrom small.tank import empty, plain\n"
    (tmp_path / "small" / "designs" / "good.py").write_text(head + 'good = variant("Good.", of=plain)\n')
    (tmp_path / "small" / "designs" / "bad.py").write_text(head + "from small.tank import fill\n" 'bad = variant("Bad.", of=plain)\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(catalogue, "PACKAGES", ("small",))
    return tmp_path / "small"


def test_a_design_that_cannot_be_loaded_costs_itself_alone(package, capsys):
    from checker.cli import main

    assert main(["designs"]) == 0
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["plain", "good"]
    assert err.startswith("left out: ") and "bad.py:3: ImportError" in err

    assert main(["diff", "good"]) == 0
    capsys.readouterr()
    assert main(["diff", "bad"]) == 2
    assert "bad.py:3: ImportError" in capsys.readouterr().err
    assert main(["diff", "worse"]) == 2
    assert "there is no design 'worse'" in capsys.readouterr().err


def test_what_all_are_made_of_is_not_left_out(package, capsys):
    from checker.cli import main

    (package / "tank2.py").write_text("from small.tank import fill\n")
    assert main(["diff", "good"]) == 2
    assert "tank2.py:1: ImportError" in capsys.readouterr().err
