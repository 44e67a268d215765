"""What is wrong with declarations: one message that names file, line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.cli import main

MODEL = '''\
from checker.lang import *

Size = Range(0, 3)

class Tank(Struct):
    """A tank."""
    level = Field(Size, "level")
    open = Flag("open")

def fill():
    """One more."""
    Tank[0].level = 1

plain = baseline("As it is.")
one = scenario("One.", thread("filler", fill), bound=1, of=plain)
'''
LINES = len(MODEL.splitlines())


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    """The message on a model with a change, or with more lines."""
    monkeypatch.chdir(tmp_path)

    def says(more: str, before: str = "", after: str = "") -> str:
        assert before in MODEL
        Path("m.py").write_text(MODEL.replace(before, after, 1) + more)
        status = main(["--model", "m.py", "--engine", "interpret"])
        out, err = capsys.readouterr()
        assert status == 2 and out == "" and "Traceback" not in err
        return err

    return says


@pytest.mark.parametrize(
    "before, after, line, text",
    [
        ('Field(Size, "level")', 'Field(Size, "level", init=4)', 7, "Tank.level starts with 4, which is outside 0..3"),
        ('Field(Size, "level")', 'Range(3, 0, "level")', 7, "the range is empty: 3..0"),
        ("Range(0, 3)", "Range(3, 0)", 7, "the range Size is empty: 3..0"),
        ('Field(Size, "level")', 'Ref("Tonk")', 7, "Ref('Tonk'): there is no struct of this name"),
        ("Range(0, 3)", "Range(0, 1 << 70)", 7, "is no range of the language"),
        ("(Struct)", "(Struct, cuont=2)", 5, "cuont"),
        ("(Struct)", "(Struct, count=0)", 5, "Tank: count= is 0"),
        ('thread("filler", fill)', 'thread("filler", fill), thread("filler", fill)', 15, "two processes are called filler"),
        ('thread("filler", fill)', "fill", 15, "expected a process, as thread(...) or worker(...), not function"),
        ("bound=1", 'bound=1, properties=("full",)', 15, "there is no property 'full'"),
        ('baseline("As', 'baseline(drop(fill, inside=fill), "As', 14, "expected a sentence on what it changes, not Edit"),
    ],
)  # fmt: skip
def test_a_declaration_is_told_with_its_place(said, before, after, line, text):
    message = said("", before, after)

    assert message.startswith(f"error: m.py:{line}: ") and text in message


@pytest.mark.parametrize("text", ['variant("More.", of=less)', 'scenario("Two.", thread("filler", fill), of=less)'])
def test_only_a_baseline_is_what_something_is_of(said, text):
    """The edits of `less` would be left out without a word."""
    message = said(f'\nless = variant("Less.", set={{}}, of=plain)\nmore = {text}\n')

    assert message.startswith(f"error: m.py:{LINES + 3}: TypeError: expected a baseline as of=") and "not Design" in message


@pytest.mark.parametrize(
    "options, text",
    [("witnes=None", "a property of this kind has no witnes=; it may have: witness, of"), ("fair=('filler',)", "no fair=")],
)
def test_an_option_that_a_property_does_not_have_is_refused(said, options, text):
    message = said(f'\n@invariant({options})\ndef fine(tank: Tank):\n    """Fine."""\n    return tank.level < 9\n')

    assert message.startswith(f"error: m.py:{LINES + 2}: ") and text in message


def test_fairness_is_of_processes_that_there_are(said):
    message = said('\n@leads_to(fair=("filer",))\ndef full(tank: Tank):\n    """Full."""\n    return True, tank.level == 1\n')

    assert message.startswith(f"error: m.py:{LINES + 2}: full: no scenario has a process 'filer'; did you mean filler?")


def test_a_model_that_exits_is_wrong(said):
    message = said("\nraise SystemExit(0)\n")

    assert message.startswith(f"error: m.py:{LINES + 2}: SystemExit: 0")


@pytest.mark.parametrize(
    "before, after, text, remedy",
    [
        ("Tank[0].level = 1", 'print("full")', "print is Python's, and no word of the language", "LANGUAGE.md lists its words"),
        ("(Struct)", "", "Tank is not a value", "Shared state is declared as class Tank(Struct)."),
        ('open = Flag("open")', "open = 3", "expected a field as Tank.open, such as Flag(...) or Range(0, 3, init=1), not int", ""),
        ("Range(0, 3)", "Range(3, 1)", "the range Size is empty: 3..1", "The least value comes first: Range(0, 3)."),
        ("Range(0, 3)", 'Range("n", 0, 2)', "its bounds come first, whole numbers", ""),
    ],
)
def test_what_a_newcomer_writes_has_a_remedy(said, before, after, text, remedy):
    message = said("", before, after)

    assert text in message and remedy in message
    assert "must run without error" not in message  # what the language refuses has said what it wants


def test_a_witness_must_be_a_property(said):
    more = '@invariant(witness="x")\ndef never_full():\n    """Never."""\n    return Tank[0].level < 3\n'

    assert "witness= is 'x', which is no @reachable property" in said("\n" + more)
