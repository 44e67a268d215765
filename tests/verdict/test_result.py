"""From what a search saw to verdicts; and the memory that a search may take."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.base.limits import available_memory, default_memory_limit
from checker.ir.program import ALWAYS_ON, Const, Instantiation, Program, Property
from checker.search.exploration import Exploration, Found
from checker.search import policy
from checker.search.options import SearchOptions
from checker.verdict import api
from checker.verdict.judge import judged


def prop(name: str, kind: str = "invariant", premise: bool = False, **options) -> Property:
    one = Instantiation((), Const(1), Const(1) if premise else None)
    return Property(name, kind, f"What {name} says.", (one,), **options)


def verdicts(exploration: Exploration, *properties: Property, bound: int | None = None):
    verdict, results, violation = judged(Program("p", (), (), properties, bound=bound), exploration)
    return verdict, {r.name: r.verdict for r in results if r.name not in ALWAYS_ON}, violation


def test_a_complete_search_without_violation_holds():
    assert verdicts(Exploration(complete=True), prop("p")) == ("holds", {"p": "holds"}, None)


def test_always_on_properties_are_judged_too():
    _, results, _ = judged(Program("p", (), ()), Exploration(complete=True))

    assert [r.name for r in results] == list(ALWAYS_ON)


def test_an_incomplete_search_never_holds():
    stopped = Exploration(complete=False, stopped_by="time", exercised={("w", 0)})

    assert verdicts(stopped, prop("p"), prop("w", "reachable"), prop("v", "reachable")) == (
        "incomplete", {"p": "incomplete", "w": "holds", "v": "incomplete"}, None)  # fmt: skip


def test_a_violation_is_one_of_its_property():
    found = Found("p", "No.", [(0,)])
    exploration = Exploration(stopped_by="violation", violation=found, violations={"p": found})
    verdict, results, violation = verdicts(exploration, prop("p"), prop("q"))

    assert (verdict, results) == ("violated", {"p": "violated", "q": "incomplete"})
    assert (violation.property, violation.message) == ("p", "No.")


@pytest.mark.parametrize("bound, verdict, of_witness", [
    (2, "holds", "not due"), (3, "violated", "violated"), (None, "violated", "violated"),
])  # fmt: skip
def test_a_witness_must_be_reached_from_its_bound_on(bound, verdict, of_witness):
    result = verdicts(Exploration(complete=True), prop("w", "reachable", from_bound=3), bound=bound)

    assert result[:2] == (verdict, {"w": of_witness})
    assert result[2] is None or result[2].message == "vacuous: never reached: What w says."


@pytest.mark.parametrize("options, reached, expected", [
    ({"premise": True}, set(), "vacuous"),
    ({"premise": True}, {("p", 0)}, "holds"),
    ({"premise": True, "witness": "w"}, set(), "holds"),
    ({}, set(), "holds"),
])  # fmt: skip
def test_a_premise_without_witness_must_be_seen(options, reached, expected):
    assert verdicts(Exploration(complete=True, exercised=reached), prop("p", **options))[1]["p"] == expected


def test_a_narrow_scenario_need_not_show_every_witness():
    unreached = Program("p", (), (), (prop("w", "reachable"), prop("v", "reachable")))
    verdict, results, violation = judged(unreached, Exploration(complete=True), {"w"})

    assert {r.name: r.verdict for r in results[:2]} == {"w": "violated", "v": "vacuous"}
    assert (verdict, violation.property) == ("violated", "w")
    assert judged(unreached, Exploration(complete=True), ())[0] == "holds"


def test_a_reduced_search_says_nothing_of_what_it_has_not_seen():
    reduced = Exploration(complete=True, reduced=True)

    assert verdicts(reduced, prop("w", "reachable"), prop("p", premise=True)) == (
        "holds", {"w": "not seen", "p": "not seen"}, None)  # fmt: skip


def test_leads_to_is_not_decided_by_the_search():
    begun = {("p", 0)}

    assert verdicts(Exploration(complete=True, exercised=begun), prop("p", "leads_to"))[1] == {"p": "not checked"}


@pytest.mark.parametrize(
    "options, expected",
    [({}, "vacuous"), ({"reduced": True}, "not seen"), ({"symmetries": ("Folio",)}, "not seen"), ({"complete": False}, "not checked")],
)
def test_leads_to_that_never_begins_is_vacuous_if_the_search_has_seen_all(options, expected):
    assert verdicts(Exploration(**{"complete": True} | options), prop("p", "leads_to"))[1] == {"p": expected}


@pytest.mark.parametrize("kind, expected", [("terminal", "vacuous"), ("invariant", "holds"), ("crash", "holds"), ("transition", "holds")])
def test_a_terminal_property_is_judged_somewhere(kind, expected):
    assert verdicts(Exploration(complete=True), prop("p", kind))[1] == {"p": expected}


@pytest.mark.parametrize("options, idle", [({}, ("folio 1",)), ({"reduced": True}, ()), ({"symmetries": ("Folio",)}, ())])
def test_values_of_parameters_for_which_nothing_is_said_are_told(options, idle):
    instances = tuple(Instantiation((("folio", f"folio {n}"),), Const(1), Const(1)) for n in range(2))
    program = Program("p", (), (), (Property("p", "invariant", "P.", instances),))
    _, (one, *_), _ = judged(program, Exploration(complete=True, exercised={("p", 0)}, **options))

    assert (one.verdict, one.idle) == ("holds", idle)


def test_available_memory_is_the_least_that_is_known(tmp_path: Path):
    meminfo, group = tmp_path / "meminfo", tmp_path / "cgroup"
    meminfo.write_text("MemTotal: 100 kB\nMemAvailable:   64 kB\n")
    group.mkdir()

    assert available_memory(meminfo, group) == 64 * 1024
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("10\n")
    assert available_memory(meminfo, group) == 64 * 1024
    (group / "memory.max").write_text("1010\n")
    assert available_memory(meminfo, group) == 1000


def test_the_default_leaves_some_memory():
    assert 0 < default_memory_limit() < available_memory() * 1.01


def test_of_two_searches_that_ran_out_of_time_the_farther_one_is_told(monkeypatch):
    """The reduced one is begun with what is left of the time, and may have to be compiled first."""
    found = [Exploration(states=100, stopped_by="states"), Exploration(states=3, stopped_by="time", reduced=True)]
    monkeypatch.setattr("checker.search.explore.explore", lambda *asked, **options: found.pop(0))

    told = policy.searched(None, SearchOptions(reductions=("partial-order",), time_limit=10.0))

    assert (told.states, told.stopped_by, told.reduced) == (100, "time", False)


def test_a_variant_is_not_blamed_for_what_its_baseline_does_there():
    from dataclasses import replace

    from checker.output.results import known_finding, remarks
    from checker.table import rows

    row = next(row for row in rows.load() if row.finding and row.bound == 3 and not row.settings)
    found = api.check("tests/models/peterson.py", "turn_first")
    violation = replace(found.violation, property=row.expected.property)
    variant = replace(found, model="", design="a_change_of_it", scenario=row.scenario, bound=3, violation=violation)
    said = f"{row.design} violates it here without this change, too (known finding: {row.finding})"

    assert said in " ".join(" ".join(remarks(variant, 500)).split())
    assert known_finding(variant) is None
    assert said not in " ".join(remarks(replace(variant, bound=2), 500))
    assert said not in " ".join(remarks(replace(variant, design=row.design), 500))


def test_a_result_says_itself():
    peterson = Path(__file__).resolve().parents[1] / "models" / "peterson.py"
    result = api.check(peterson, "turn_first", engine="interpret")
    assert str(result).startswith("violated  turn_first  two  mutual_exclusion") and "violated: At most one process" in str(result)
    assert result._repr_html_().startswith("<pre>violated") and "0-&gt;1" in result._repr_html_()
    assert str(api.check(peterson, engine="interpret")).splitlines()[0] == "holds     peterson  two  11 properties"
