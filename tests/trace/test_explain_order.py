"""The orders that matter, against all orders of a trace's steps."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from checker.trace.order import orderings, sentences
from checker.trace.trace import Trace, Turn, follow
from checker.verdict.api import check
from checker.verdict.replay import replayed

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "tests" / "models"


@pytest.fixture(scope="module")
def race() -> Trace:
    return check(MODELS / "peterson.py", "turn_first").violation.trace


def orders(trace: Trace) -> list[tuple[int, ...]]:
    """All orders of the indices of the steps that keep those of each process."""
    who = [(s.process, s.instance) for s in trace.steps]
    found = []
    for pattern in set(permutations(who)):
        left = {one: [i for i, w in enumerate(who) if w == one] for one in who}
        found.append(tuple(left[one].pop(0) for one in pattern))
    return found


def violates(trace: Trace, order: tuple[int, ...]) -> bool:
    """Do the steps in this order, the same calls, violate the property?"""
    turns = trace.turns()
    again = follow(trace.program, [Turn(t.process, t.instance, t.choices, t.call) for t in (turns[i] for i in order)])
    same = not again.strange and again.trace.violation is not None
    return same and again.trace.violation.property == trace.violation.property


def test_every_order_that_violates_has_the_orderings(race):
    found, whole = orderings(race)
    bad = [order for order in orders(race) if violates(race, order)]

    assert found and bad and len(bad) < len(orders(race))
    for one in found:
        assert all(order.index(one.first) < order.index(one.second) for order in bad), one
        assert any(order.index(one.first) > order.index(one.second) for order in orders(race))


def test_none_of_them_follows_from_the_others(race):
    found, _ = orderings(race)
    who = [(s.process, s.instance) for s in race.steps]

    def follows(one, rest):
        """By one other ordering and the order of each process's own steps."""
        return any(
            who[o.first] == who[one.first] and o.first >= one.first
            and who[o.second] == who[one.second] and o.second <= one.second
            for o in rest
        )  # fmt: skip

    assert not any(follows(one, [o for o in found if o != one]) for one in found)


def test_one_process_has_no_order(tmp_path):
    found = check(MODELS / "counters.py").violation
    assert found is None or sentences(found.trace) == []


@pytest.mark.parametrize(
    "file, told",
    [
        ("unlock_before_size--no_write_is_lost",
         "flusher's iomap_writepage_handle_eof() in iomap_writepage_map() before writer's i_size_write()"),
        ("no_io_size_clamp--recorded_size_is_backed",
         "writer's i_size_write() in iomap_write_iter() before kworker's"),
    ],
)  # fmt: skip
def test_the_race_in_words(file, told, monkeypatch):
    monkeypatch.chdir(ROOT)
    lines = sentences(replayed(f"counterexamples/{file}.txt").followed.trace)

    assert told in " ".join(" ".join(lines).split()) and max(map(len, lines)) <= 80
