"""A property says something only where what it speaks of happens; a run tells of which ones nothing did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker import api
from checker.cli import main
from checker.explore import explore
from checker.result import judged

SOUNDNESS = Path(__file__).parent / "models" / "soundness"
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
