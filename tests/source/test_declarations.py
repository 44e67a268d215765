"""Declarations: each name is a thing of its own, each number a number; everything else is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.verdict.api import check
from checker.source.catalogue import load
from checker.cli import main
from checker.base.errors import ModelError, UsageError

TWICE = Path(__file__).parents[1] / "models" / "soundness" / "range_alias.py"

MODEL = '''\
from checker.lang import *

N = constant(2, "tanks")
Size = Range(0, 3)
Colour = enum("Colour", "RED BLUE"); RED, BLUE = Colour
Other = enum("Other", "NO YES"); NO, YES = Other

class Tank(Struct, count=N):
    """A tank."""
    lock = Lock("lock")
    level = Field(Size, "level", init=0)
    other = Field(Size, "other level")
    colour = Field(Colour, "colour", init=RED)
    full = Array(Flag("full"), N)
    next = Ref("Tank", "next")

class Pump(Struct):
    """A pump."""
    on = Flag("on")

tank = Tank[0]

def fill():
    """One more."""
    tank.level = 1

@reachable(bound=1)
def filled():
    """Filled."""
    return tank.level == 1 and tank.next is None and not tank.full[0]

@leads_to(fair=("filler",))
def fills():
    """It is filled."""
    return tank.level == 0, tank.level == 1

plain = baseline("As it is.")
foreign = baseline("Another.")
less = variant("Less.", drop(fill, inside=fill), of=plain)
set_1 = variant("One.", of=plain, set={N: 1})
set_3 = variant("Three.", of=plain, set={N: 3})
alien = variant("Alien.", of=foreign)
one = scenario("One.", process("filler", fill), of=plain, lock_order=(Tank.lock,), scope={N: 2}, bound=1, properties=("filled",))
'''


def model(path: Path, before: str = "", after: str = "", more: str = "") -> Path:
    assert before in MODEL
    path = path / "m.py"
    path.write_text(MODEL.replace(before, after, 1) + more)
    return path


@pytest.mark.parametrize("engine", ["native", "interpret"])
def test_a_type_that_is_used_twice_makes_two_fields(engine):
    result = check(TWICE, engine=engine)

    assert result.verdict == "holds" and result.states == 2
    assert [v.name for v in result.program.variables if v.struct] == ["S.b"]  # nobody writes a


@pytest.mark.parametrize(
    "fields, init",
    [
        ("a = Size; b = Array(Size, 2); c = Ghost(Size)", {"a": (1, False), "b": (2, False), "c": (1, True)}),
        ("first = Flag('f'); a = Ghost(Flag('g')); b = Array(first, 3)", {"first": (1, False), "a": (1, True), "b": (3, False)}),
    ],
)
def test_what_is_made_of_a_type_leaves_the_type_as_it_is(tmp_path, fields, init):
    catalogue = load(model(tmp_path, 'on = Flag("on")', fields))

    found = {name: (field.count or 1, field.ghost) for name, field in catalogue.structs["Pump"].fields.items()}
    assert found == init


def refused(path: Path, **change: str) -> str:
    """The message on a model that is refused when it is loaded, or when its scenario is compiled."""
    with pytest.raises(ModelError) as error:
        check(model(path, **change), engine="interpret", bound=None)
    assert str(error.value).splitlines()[-1].startswith("  ")  # the remedy
    return str(error.value)


NUMBERS = ["-1", "0", "'2'", "True", "2.0", "(2,)", "1 << 40"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "before, after",
    [
        ('process("filler", fill)', 'process("filler", fill, count={})'),
        ("count=N", "count={}"),
        ('Array(Flag("full"), N)', 'Array(Flag("full"), {})'),
    ],
)  # fmt: skip
def test_a_count_is_a_number_from_1(tmp_path, number, before, after):
    assert "m.py:" in refused(tmp_path, before=before, after=after.format(number))


@pytest.mark.parametrize(
    "before, after, text",
    [
        ("constant(2", "constant('2'", "N: its default is '2', and no number"),
        ("Range(0, 3)", "Range('n', 0, 3)", "its bounds come first, whole numbers"),
        ("Range(0, 3)", "Range(0, 3.5)", "its bounds come first, whole numbers"),
        ("Range(0, 3)", "Range(0, True)", "its bounds come first, whole numbers"),
        ("Range(0, 3)", "Range(0, N * 1.5)", "constants are computed from whole numbers"),
        ("Range(0, 3)", "Range(1 << 65, (1 << 65) + 1)", "is no range of the language"),
        ("Range(0, 3)", "Range(0, 3, c='int')", "c= is 'int'"),
        ('Size, "level", init=0', 'Size, 7, init=0', "what it is called is 7, and no text"),
        ("init=0", "init='0'", "init= is '0', and no number"),
        ("init=0", "init=False", "init= is False, and no number"),
        ("init=RED", "init=NO", "init= is NO, and no value of Colour"),
        ('Flag("on")', 'Flag("on", init="yes")', "init= is 'yes'"),
        ('Flag("on")', 'Field("on")', "'on' is no type"),
        ('Flag("on")', 'Field(int, "on")', "int is no type"),
        ('Flag("on")', "3", "expected a field as Pump.on"),
        ('Flag("on")', 'Array(Array(Flag("on"), 2), 2)', "an array of arrays"),
        ('Flag("on")', 'Flag("on", guard=Tank.level)', "guard= is no lock of a struct"),
        ('Flag("on")', 'Flag("on", write_guard=Lock("free"))', "write_guard= is no lock of a struct"),
        ('Flag("on")', 'Flag("on", unguarded="N")', "unguarded= is 'N', and no number"),
        ('Flag("on")', 'Ref(Colour)', "is no reference to a Struct"),
        ('Flag("on")', 'Ref(Tank, "t", init=1)', "init= is 1, and no instance"),
        ("tank = Tank[0]", "tank = Tank[0]; setattr(Tank.next, 'init', Tank[-1])", "Tank[-1] is none of the 2 instances of Tank"),
        ('"next")', '"next", init="Tank")', "init= is 'Tank', and no instance"),
        ("(Struct, count=N)", "(Struct, count=N, symmetric=1)", "symmetric= is 1"),
        ("class Pump(Struct)", "class Pump(Tank)", "Pump inherits fields"),
        ('full = Array(Flag("full"), N)', "full = level", "Tank.full and Tank.level are one field"),
        ("on = Flag", "lent = Tank.lock; on = Flag", "Pump.lent and Tank.lock are one field"),
        ('"NO YES"', '"NO NO"', "twice"),
        ('"NO YES"', '""', "no values"),
        ('"NO YES"', "('NO', 'YES')", "separated by spaces"),
        ('enum("Other"', 'enum("Colour"', "two enumerations are called Colour"),
        ("tank = Tank[0]", "tank = Tank[2]", "Tank has no instance 2"),
        ("tank = Tank[0]", "tank = Tank[-1]", "Tank has no instance -1"),
        ("tank = Tank[0]", "tank = Tank['a']", "an instance has a whole number"),
    ],
)  # fmt: skip
def test_what_makes_no_state_is_refused(tmp_path, before, after, text):
    message = refused(tmp_path, before=before, after=after)

    assert message.startswith(str(tmp_path / "m.py:")) and text in message


@pytest.mark.parametrize(
    "before, after, text",
    [
        ('process("filler", fill)', "process('', fill)", "its first argument is its name"),
        ('process("filler", fill)', "process(fill, fill)", "its first argument is its name"),
        ('process("filler", fill)', 'thread("filler")', "it runs nothing"),
        ('process("filler", fill)', 'process("filler", filled)', "filled() is a property"),
        ('process("filler", fill)', 'process("filler", acquire)', "acquire() is a word of the language"),
        ('process("filler", fill)', 'process("filler", primitive()(lambda: 1))', "is a primitive, one step of a function"),
        ('process("filler", fill)', 'process("filler", fill, per="Tank")', "per= is 'Tank'"),
        ('process("filler", fill)', 'process("filler", fill, per=Tank, count=2)', "it has count= and per="),
        ('process("filler", fill)', 'process("filler", fill, count=9999)', "count= is 9,999"),
        ("bound=1, prop", "bound=-1, prop", "bound= is -1"),
        ("bound=1, prop", "bound='1', prop", "bound= is '1', and no number"),
        ("scope={N: 2}", "scope={N: 2.5}", "scope= gives N the value 2.5"),
        ("scope={N: 2}", "scope={'M': 2}", "scope= gives a value to 'M'"),
        ("scope={N: 2}", "setup='fill'", "setup= is 'fill'"),
        ("lock_order=(Tank.lock,)", "lock_order=(Tank.level,)", "lock_order= has"),
        ("lock_order=(Tank.lock,)", "lock_order=(Tank.lock, Tank.lock)", "more than once"),
        ("lock_order=(Tank.lock,)", "lock_order=Tank.lock", "lock_order= is a tuple"),
        ('properties=("filled",)', 'properties="filled"', "properties= is one property"),
        ("set={N: 1}", "set={N: True}", "set= gives N the value True"),
        ("inside=fill)", "inside=fill, nth=0)", "nth= is 0"),
        ('fair=("filler",)', 'fair=("filler")', "fair= is 'filler'"),
        ("bound=1)", "bound='x')", "bound= is 'x', and no number"),
    ],
)  # fmt: skip
def test_what_makes_no_search_is_refused(tmp_path, before, after, text):
    message = refused(tmp_path, before=before, after=after)

    assert message.startswith(str(tmp_path / "m.py:")) and text in message


@pytest.mark.parametrize(
    "more, text",
    [
        ("M = N\n", "M is another name of N"),
        ("two = one\n", "two is another name of one"),
        ("same = less\n", "same is another name of less"),
        ("def _b():\n    '''B.'''\n    return True\nb = invariant(_b)\n", "b is called _b by its own declaration"),
        ("also = filled\n", "also is called filled by its own declaration"),
        ("Cask = Tank\n", "Cask is called Tank by its own declaration"),
        ("@terminal\n@invariant\ndef b():\n    '''B.'''\n    return True\n", "b() is declared twice"),
        ("@pure()\n@primitive()\ndef b():\n    '''B.'''\n", "b() is declared twice"),
        ("@primitive\ndef b():\n    '''B.'''\n", "with its parentheses"),
        ("@invariant(witness='x')\ndef b():\n    '''B.'''\n    return True\n", "witness= is 'x'"),
        ("@invariant(witness=fills)\ndef b():\n    '''B.'''\n    return True\n", "witness= is fills"),
        ("SMALL = 1 if N else 2\n", "a constant has no value yet"),
        ("both = plain + less\n", "a baseline is what designs are added to"),
        ("both = less + alien\n", "one is a change of As it is., and another of Another."),
        ("both = less + less\n", "the same edit"),
        ("both = set_1 + set_3\n", "different values"),
    ],
)  # fmt: skip
def test_a_name_is_of_one_thing_and_a_thing_has_one_name(tmp_path, more, text):
    assert text in refused(tmp_path, more=more)


@pytest.mark.parametrize("what", ["constant(3)", 'scenario("A.", process("filler", fill), of=plain)', 'variant("V.", of=plain)'])
@pytest.mark.parametrize("inside", ["if True:", "for turn in range(2):", "try:\n    pass\nfinally:"])
def test_what_is_declared_inside_a_statement_is_not_passed_over(tmp_path, what, inside):
    message = refused(tmp_path, more=f"{inside}\n    more = {what}\n")

    assert f"more is declared inside `{inside.split()[0].rstrip(':')}`" in message and "at the top level" in message


def test_what_is_used_in_a_statement_may_be(tmp_path):
    """The variable of a loop is no declaration, and neither is what is declared above."""
    assert load(model(tmp_path, more="for each_one in (one, less, N):\n    last = [each_one]\n")).scenarios.keys() == {"one"}


def test_a_struct_is_told_by_its_class_name(tmp_path):
    more = "\ndef made(n):\n    class Cup(Struct, count=n):\n        '''A cup.'''\n        on = Flag('on')\n    return Cup\n"
    more += "Cup = made(1)\nMug = made(2)\n"

    assert "Mug is called Cup by its own declaration" in refused(tmp_path, more=more)


@pytest.mark.parametrize(
    "design, text",
    [
        ("plain+foreign", "plain is a baseline"),
        ("less+plain", "plain is a baseline"),
        ("less+less", "less and less have the same edit"),
        ("set_1+set_1", "set_1 is named twice"),
        ("less+alien", "less is a change of plain, and alien of foreign"),
        ("set_1+set_3", "set_1 and set_3 give N different values"),
    ],
)
def test_only_changes_of_one_baseline_compose(tmp_path, design, text, capsys):
    status = main(["--model", str(model(tmp_path)), "--design", design])

    assert status == 2 and text in capsys.readouterr().err


def test_changes_of_one_baseline_do_compose(tmp_path):
    composed = load(model(tmp_path)).design("less+set_1")

    assert len(composed.edits) == 1 and list(composed.set.values()) == [1]
    with pytest.raises(UsageError, match="there is no design ''"):
        load(model(tmp_path)).design("less+")
