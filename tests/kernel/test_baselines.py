"""Several systems in one model: what function pointers stand for, and whose a property is."""

from __future__ import annotations

import pytest

import checker
from checker.base.errors import ModelError, UsageError
from checker.cli import main
from checker.lang import baseline, replace
from checker.search.explore import explore
from checker.source.catalogue import load
from checker.source.variant import edited
from checker.verdict import api
from tests.support.agreement import same_engines
from tests.support.textbook import MODELS

CALLBACKS = MODELS / "callbacks.py"
SYSTEMS = {"counters": {"both_have_counted", "no_item_counts_twice"}, "scales": {"both_have_weighed"}}


@pytest.mark.parametrize("engine", ["native", "interpret"])
@pytest.mark.parametrize("scenario", SYSTEMS)
def test_a_scenario_brings_the_functions_and_the_properties_of_its_baseline(scenario: str, engine: str) -> None:
    result = checker.check(CALLBACKS, scenario=scenario, engine=engine, reduction=False)

    assert ("holds", 25, 40) == (result.verdict, result.states, result.transitions)
    assert SYSTEMS[scenario] == {p.name for p in result.properties if p.name not in checker.ir.program.ALWAYS_ON}


def test_the_engines_agree_on_both() -> None:
    catalogue = load(CALLBACKS)
    for scenario in SYSTEMS:
        assert [] == same_engines(api.prepare(scenario=scenario, catalogue=catalogue).program)


def test_a_property_of_another_system_is_judged_if_it_is_named() -> None:
    result = checker.check(CALLBACKS, scenario="scales", properties=["no_item_counts_twice"])

    assert ("violated", "no_item_counts_twice") == (result.verdict, result.violation.property)


@pytest.fixture
def m():
    return load(CALLBACKS)


@pytest.mark.parametrize(
    "design, states, total",
    [("backwards", 25, "holds"), ("careless", 36, "violated"), ("unseen", 36, "holds")],
)
def test_a_design_s_edit_of_the_same_statement_goes_first(design: str, states: int, total: str) -> None:
    """The binding stays under edits of other statements."""
    result = checker.check(CALLBACKS, design=design, scenario="scales", reduction=False)

    assert result.states == states
    assert {"both_have_weighed": total} == {p.name: p.verdict for p in result.properties if p.name in SYSTEMS["scales"]}


def test_the_diff_of_a_design_leaves_out_what_its_baseline_binds(m) -> None:
    assert "weigh(" not in edited(m.designs["careless"]).diff()


def test_a_baseline_and_the_scenario_of_another_do_not_go_together(m, capsys) -> None:
    with pytest.raises(UsageError, match="scenario scales is one of weighing, and not of counting"):
        m.select("counting", "scales")
    assert main(["check", "--model", str(CALLBACKS), "--design", "counting", "--scenario", "scales"]) == 2
    assert "scenario scales is one of weighing" in capsys.readouterr().err


def test_an_edit_of_a_baseline_that_fits_nowhere_is_said(m) -> None:
    count_all, weigh = m.function("count_all")[0], m.function("weigh")[0]
    broken = baseline("Broken.", replace(weigh, by=weigh, inside=count_all))

    with pytest.raises(ModelError, match="stale-anchor"):
        edited(None, "broken", broken)
    assert explore(api.prepare(scenario="scales", catalogue=m).program).complete
