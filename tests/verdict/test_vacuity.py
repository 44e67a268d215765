"""A property says something only where what it speaks of happens; a run tells of which ones nothing did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.verdict import api
from checker.verdict.changed_steps import changed_steps
from checker.cli import main
from checker.search.explore import explore
from checker.verdict.judge import judged

SOUNDNESS = Path(__file__).parents[1] / "models" / "soundness"
ENGINES = ("native", "interpret")

MODEL = '''\
from checker.lang import *

class Lamp(Struct, count=2):
    """A lamp."""
    lit = Flag("lit")
    broken = Flag("broken")

Wide = Range(0, 69)
one, other = Lamp[0], Lamp[1]

def switch():
    """One lamp after the other."""
    one.lit = True
    one.lit = False
    other.lit = True

def blink():
    """For ever."""
    while True:
        one.lit = True
        one.lit = False

{kind}
def claim({parameters}):
    """A claim."""
    return {condition}

once = scenario("Once.", process("hand", switch))
endless = scenario("For ever.", process("hand", blink))
'''


@pytest.fixture
def said(tmp_path: Path):
    """The verdict on a property in both engines, and the values for which it says nothing."""

    def of(condition: str, kind: str = "@invariant", parameters: str = "", scenario: str = "once") -> tuple:
        path = tmp_path / "m.py"
        path.write_text(MODEL.format(condition=condition, kind=kind, parameters=parameters))
        found = [api.check(path, scenario=scenario, engine=engine) for engine in ENGINES]
        assert [result.verdict for result in found] == ["holds", "holds"]
        claims = [next(p for p in result.properties if p.name == "claim") for result in found]
        assert claims[0] == claims[1]
        return claims[0].verdict, claims[0].idle

    return of


NEVER, SOMEWHERE, CLAIM = "one.lit and other.lit", "one.lit and not other.lit", "(one.lit != other.lit)"


@pytest.mark.parametrize("premise, expected", [(NEVER, "vacuous"), (SOMEWHERE, "holds")])
@pytest.mark.parametrize(
    "condition",
    [
        "implies({p}, {c})",
        "not ({p}) or {c} and {c}",
        "{c} if {p} else True",
        "True if not ({p}) else {c}",
        "implies({p}, {c}) and implies({p}, one.lit)",
        "implies(True, implies({p}, {c}))",
        "implies(one.lit, not ({p}) or one.lit)",
        "not (not (implies({p}, {c})))",
        "all(implies({p}, lamp.lit or {c}) for lamp in each(Lamp))",
        "all(lamp.lit or {c} for lamp in each(Lamp) if {p})",
        "not ({p} and one.lit and not one.lit)",
    ],
)
def test_an_implication_speaks_where_its_premise_is_true(said, condition, premise, expected):
    assert said(condition.format(p=f"({premise})", c=CLAIM))[0] == expected


@pytest.mark.parametrize("condition", ["not (one.lit and other.lit)", "one.lit != other.lit or one.lit == other.lit and not one.lit"])
def test_what_has_no_premise_speaks_everywhere(said, condition):
    assert said(condition) == ("holds", ())


def test_what_nothing_can_make_false_says_nothing(said):
    """Nobody breaks a lamp here, as nobody calls fsync() in many a scenario."""
    assert said("not other.broken") == ("vacuous", ())


@pytest.mark.parametrize(
    "kind, condition, scenario, expected",
    [
        ("@after_crash", "implies(one.lit and other.lit, False)", "once", "vacuous"),
        ("@after_crash", "implies(other.lit, not one.lit)", "once", "holds"),
        ("@terminal", "not one.lit", "once", "holds"),
        ("@terminal", "not one.lit", "endless", "vacuous"),
        ("@terminal", "implies(one.lit, other.lit)", "once", "vacuous"),
        ("@transition_invariant", "old(other.lit) == other.lit or other.lit", "once", "holds"),
        ("@transition_invariant", "implies(old(other.lit), other.lit)", "once", "vacuous"),
        ("@transition_invariant", "other.lit == old(other.lit)", "endless", "vacuous"),
        ("@transition_invariant", "not (old(one.lit) and other.lit) or one.lit", "once", "vacuous"),
        ("@leads_to(fair=('hand',))", "(one.lit, not one.lit)", "endless", "holds"),
        ("@leads_to(fair=('hand',))", "(one.lit and other.lit, other.lit)", "once", "vacuous"),
    ],
)
def test_each_kind_speaks_of_something_that_happens(said, kind, condition, scenario, expected):
    assert said(condition, kind, scenario=scenario)[0] == expected


def test_a_parameter_may_have_values_that_say_nothing(said):
    condition = "implies(lamp.lit and lit == one.lit, not (one.lit and other.lit))"

    assert said(condition, parameters="lamp: Lamp, lit: bool") == ("holds", ("lamp 0, False", "lamp 1, True"))


def test_more_than_64_values_of_parameters_are_told_apart(said):
    condition = "implies(one.lit and n > 66 or other.lit and n < 2, not (one.lit and other.lit))"
    idle = tuple(str(n) for n in range(2, 67))

    assert said(condition, parameters="n: Wide") == ("holds", idle)


def test_the_shipped_example_is_told(capsys):
    status = main(["--model", str(SOUNDNESS / "vacuous2.py"), "--json", "-"])
    told = json.loads(capsys.readouterr().out)

    assert status == 0 and told["vacuous"] == ["never_judged", "never_begins", "nested_premise", "no_step_does"]
    assert told["idle"] == {"one_of_two": ["False"]}


@pytest.mark.parametrize(
    "asked, status, verdict",
    [
        (["nested_premise"], 3, "vacuous"),
        (["nested_premise", "never_begins"], 3, "vacuous"),
        (["nested_premise", "one_of_two"], 0, "holds"),
        (["nested_premise", "deadlock"], 0, "holds"),
        ([], 0, "holds"),
    ],
)
def test_a_run_that_judges_nothing_of_what_was_asked_for_does_not_hold(capsys, asked, status, verdict):
    options = [word for name in asked for word in ("--property", name)]

    assert main(["--model", str(SOUNDNESS / "vacuous2.py"), *options]) == status
    out = capsys.readouterr().out
    assert out.startswith(verdict) and ("not exercised: nested_premise" in out or not asked)


def test_many_names_are_counted_and_verbose_tells_them(capsys):
    model = str(SOUNDNESS / "vacuous2.py")
    main(["--model", model])
    short = capsys.readouterr().out
    main(["--model", model, "--verbose"])
    long = capsys.readouterr().out

    assert "(4 vacuous)" in short and "4 properties are not exercised" in short and "never_judged" not in short
    assert "not exercised: never_judged, never_begins" in long and "one_of_two says nothing here for False" in long


def test_a_reduced_search_does_not_call_vacuous_what_it_may_have_missed():
    program = api.prepare(model=SOUNDNESS / "vacuous2.py").program
    _, results, _ = judged(program, explore(program, reduced=True, engine="interpret"))

    assert {r.name for r in results if r.verdict == "not seen"} >= {"never_judged", "never_begins"}
    assert not [r for r in results if r.verdict == "vacuous" or r.idle]

DESIGNS = '''\
from checker.lang import *

class Lamp(Struct):
    """A lamp."""
    lit = Flag("lit")
    spare = Flag("spare")

lamp = Lamp[0]

@primitive()
def light():
    """On."""
    lamp.lit = True

@primitive()
def swap():
    """The spare one."""
    lamp.spare = True

@primitive()
def nothing():
    """Nothing."""

def switch():
    """On, and the spare one if that has failed, which it never does."""
    light()
    if not lamp.lit:
        swap()
        lamp.lit = True

def other():
    """Another call."""
    swap()

def blink():
    """The same twice."""
    light()
    light()

plain = baseline("As it is.")
foreign = baseline("Another.")
dark = variant("No light.", drop(light, inside=switch), of=plain)
no_spare = variant("No spare lamp.", drop(swap, inside=switch), of=plain)
elsewhere = variant("Another call.", drop(swap, inside=other), of=plain)
alien = variant("Another system.", drop(swap, inside=other), of=foreign)
twice = variant("Only once.", drop(light, inside=blink, nth=2), of=plain)
shared = variant("Shared code.", drop(light, inside=switch), of=foreign)
main = scenario("Switched.", process("hand", switch), process("finger", blink), of=plain)
theirs = scenario("Theirs.", process("hand", other), of=foreign)
'''


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "design, change",
    [
        ("plain", ""), ("dark", ""), ("no_spare", "no change is reached"), ("elsewhere", "changes nothing here"),
        ("no_spare+elsewhere", "no change is reached"), ("dark+elsewhere", ""), ("shared", ""), ("twice", ""),
    ],
)  # fmt: skip
def test_a_design_none_of_whose_changes_happens_is_told(tmp_path, capsys, design, change, engine):
    path = tmp_path / "m.py"
    path.write_text(DESIGNS)
    options = ["--model", str(path), "--scenario", "main", "--engine", engine]

    assert main([*options, "--design", design]) == 0
    line = capsys.readouterr().out
    assert line.startswith(f"holds     {design} ({change})  main" if change else f"holds     {design}  main")
    main([*options, "--design", design, "--json", "-"])
    assert json.loads(capsys.readouterr().out)["change"] == (change or None)


def test_a_design_of_another_system_that_changes_nothing_is_refused(tmp_path, capsys):
    path = tmp_path / "m.py"
    path.write_text(DESIGNS)

    assert main(["--model", str(path), "--scenario", "main", "--design", "alien"]) == 2
    assert "alien is a change of foreign, and changes nothing in main, a scenario of plain" in capsys.readouterr().err


def test_a_reduced_search_that_comes_to_no_change_may_have_missed_one(tmp_path):
    path = tmp_path / "m.py"
    path.write_text(DESIGNS)
    task = api.prepare(path, "no_spare", "main")
    own = changed_steps(task.program, api.prepare(path, "plain", "main").program)
    found = explore(task.program, engine="interpret", reduced=True, steps=own)

    assert own and found.complete and not found.came and api._change(own, found) == "no change was seen"
