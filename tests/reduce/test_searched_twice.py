"""What holds with reduction is searched without it, too, where that takes little; and what is off says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checker.search import policy
from checker.verdict import api
from checker.base.errors import InternalError
from checker.search.exploration import Exploration, Found
from checker.search.explore import explore
from checker.verdict.line import verdict_line

MODELS = Path("tests/models")


@pytest.fixture(autouse=True)
def small_spaces_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "SMALL", {"native": 100, "interpret": 100})
    monkeypatch.setattr(policy, "WHOLE_FACTOR", 100)


def checked(reduction: list[str], **more: object) -> api.Result:
    return api.check(MODELS / "two_phase_commit.py", settings={"RM": 4}, reduction=reduction, **more)


@pytest.mark.parametrize(
    ("reduction", "states", "whole"), [(["symmetry"], 166, 1_568), (["partial-order"], 1_567, 1_568), ([], 1_568, None)]
)
def test_the_line_has_the_states_without_reduction(reduction: list[str], states: int, whole: int | None) -> None:
    result = checked(reduction)
    said = f"also without reduction: {whole:,} states" if whole else "complete, no reduction, "

    assert (result.verdict, result.states, result.whole) == ("holds", states, whole)
    assert said in verdict_line(result) and result.as_json()["unreduced_states"] == whole
    assert not result.named("not seen")


@pytest.mark.parametrize(("name", "value"), [("WHOLE_FACTOR", 2), ("WHOLE_SECONDS", 0)])
def test_not_where_it_would_take_long(monkeypatch: pytest.MonkeyPatch, name: str, value: int) -> None:
    monkeypatch.setattr(policy, name, value)
    result = checked(["symmetry"])

    assert (result.verdict, result.states, result.whole) == ("holds", 166, None)
    assert "also without" not in verdict_line(result)


def violated(found: Exploration) -> Exploration:
    return replace(found, complete=False, stopped_by="violation", violation=(one := Found("consistent", "No.", [(0,), (0,)])), violations={"consistent": one})


WRONG = {  # what the search without reduction finds, and what is said then
    "a violation": (violated, "consistent is violated without reduction, after 1 steps, and holds with symmetry of Rm"),
    "fewer states": (lambda found: replace(found, states=3), "3 states without reduction, and 166 with symmetry of Rm"),
    "another witness": (lambda found: replace(found, exercised={("luck", 0)}), "luck"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_contradiction_is_no_verdict(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    change, text = WRONG[what]

    def damaged(program, **options):
        found = explore(program, **options)
        return found if options.get("symmetric") or found.stopped_by == "states" else change(found)

    monkeypatch.setattr("checker.search.explore.explore", damaged)

    with pytest.raises(InternalError, match="contradict each other") as raised:
        checked(["symmetry"])
    assert text in str(raised.value)


@pytest.mark.parametrize("factor", [0, 100], ids=["reduced only", "searched twice"])
@pytest.mark.parametrize("engine", ["interpret", "native"])
def test_a_promise_is_decided_whether_its_beginning_is_seen_or_not(monkeypatch: pytest.MonkeyPatch, engine: str, factor: int) -> None:
    monkeypatch.setattr(policy, "SMALL", {"native": 1, "interpret": 1})
    monkeypatch.setattr(policy, "WHOLE_FACTOR", factor)

    result = api.check(MODELS / "soundness/sym_progress.py", engine=engine, reduction=["symmetry"])

    assert (result.verdict, result.named("violated"), result.named("vacuous")) == ("violated", ["goes_out"], ["never_both"])


@pytest.mark.parametrize("limit", ["LIVENESS_STATES", "CAP"])
def test_a_promise_that_is_not_decided_is_said(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """Though its beginning was not seen either."""
    monkeypatch.setattr(policy, "SMALL", {"native": 1, "interpret": 1})
    monkeypatch.setattr(policy, "WHOLE_FACTOR", 0)
    monkeypatch.setattr(api, "LIVENESS_STATES", 0)
    asked = {"properties": ["goes_out"]} if limit == "CAP" else {}
    monkeypatch.setattr("checker.trace.temporal.CAP", 0 if asked else 10)

    result = api.check(MODELS / "soundness/sym_progress.py", reduction=["symmetry"], **asked)

    assert "goes_out" in result.named("not checked")
    assert result.verdict == ("incomplete" if asked else "holds")


def test_what_is_off_says_why() -> None:
    core = api.check(MODELS / "writeback_core.py", settings={"F": 1, "WOPS": 1, "FSOPS": 0, "TROPS": 0}, reduction=["symmetry"])

    assert ("symmetry of device", "one is preferred in map_blocks()") in core.off
    assert "complete, no symmetry (device: one is preferred in map_blocks(); " in verdict_line(core)
    assert {"reduction": "symmetry of device", "because": "one is preferred in map_blocks()"} in core.as_json()["reductions_off"]


ALONE = '''
from checker.lang import Range, Struct, process, scenario


class Hub(Struct):
    n = Range(0, 300, "n")


def count():
    """To its end."""
    for n in range(300):
        Hub[0].n = n


run = scenario("One.", process("count", count))
'''


def test_a_model_without_instances_says_so(tmp_path: Path) -> None:
    (tmp_path / "alone.py").write_text(ALONE, "utf-8")
    result = api.check(tmp_path / "alone.py", reduction=["symmetry"])

    assert result.off == (("symmetry", "nothing has several instances"),)
    assert "no symmetry (nothing has several instances)" in verdict_line(result)
