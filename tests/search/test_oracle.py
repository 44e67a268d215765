"""The oracle on its own, and the oracle against the compiler and the engines."""

from __future__ import annotations

import pytest

from checker.source.catalogue import load
from checker.verdict import api
from tests.support import oracle
from tests.support.agreement import all_states, same_as_oracle, same_engines
from tests.support.textbook import MODELS, SMALL, Known, of

CORE = {
    "append": {"F": 1, "WOPS": 1, "FSOPS": 0, "TROPS": 0},
    "twice": {"F": 1, "FSOPS": 0, "TROPS": 0},
    "truncate": {"F": 1, "WOPS": 1, "FLOPS": 0, "FSOPS": 0},
    "sync": {"F": 1, "WOPS": 1, "FLOPS": 0, "TROPS": 1},
    "folios": {"F": 2, "B": 1, "K": 2, "LEN_A": 3, "LEN_B": 0, "CUT_A": 1, "CUT_B": 0, "MAXB": 2, "TROPS": 0, "WOPS": 1},
    "cut": {"F": 2, "B": 1, "K": 2, "LEN_A": 3, "LEN_B": 0, "CUT_A": 1, "CUT_B": 0, "MAXB": 2, "FSOPS": 0},
    "no_clamp": {"F": 1, "FSOPS": 0, "TROPS": 0, "BUG_CLAMP": 1},
    "no_bias": {"F": 1, "LEN_B": 0, "LEN_A": 8, "MAXB": 1, "WOPS": 1, "TROPS": 0, "BUG_BIAS": 1},
}


@pytest.mark.parametrize("row", of([row for row in SMALL if row.states < 2_000]))
def test_oracle_and_engines_agree_on_textbook_models(row: Known) -> None:
    catalogue = load(row.file)
    opinion = oracle.explore(catalogue.scenario(row.scenario), row.settings)
    program = api.prepare(scenario=row.scenario, settings=row.settings, catalogue=catalogue).program
    judged = all_states(program)

    assert [] == same_as_oracle(program, opinion, judged)
    assert [] == same_engines(program)
    assert (row.states, row.transitions) == (len(judged.states), judged.transitions)


@pytest.mark.parametrize(
    "row", of([row for row in SMALL if row.states < 10_000 and row.model not in ("hanoi", "eight_puzzle")])
)
def test_oracle_finds_the_known_counts(row: Known) -> None:
    """Without any compiler; where a model has no locals the oracle counts as the engines do."""
    opinion = oracle.explore(load(row.file).scenario(row.scenario), row.settings)

    assert (row.states, row.transitions, row.depth) == (opinion.states, opinion.transitions, len(opinion.levels) - 1)
    assert ({row.violated: row.steps} if row.violated else {}) == opinion.violations


@pytest.mark.parametrize("name", CORE)
def test_oracle_and_engines_agree_on_the_writeback_core(name: str) -> None:
    catalogue = load(MODELS / "writeback_core.py")
    opinion = oracle.explore(catalogue.scenario("core"), CORE[name])
    program = api.prepare(settings=CORE[name], catalogue=catalogue).program

    assert [] == same_as_oracle(program, opinion, all_states(program))
