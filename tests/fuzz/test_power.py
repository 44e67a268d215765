"""The measure of what the generator sees: it runs, and each thing that it leaves out can be left out."""

from __future__ import annotations

import pytest

from checker.native.loop import expand
from checker.search import native as explore_native
from tests.fuzz import power
from tests.fuzz.__main__ import main

DAMAGES = power.damages()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.what)
def test_each_damage_can_be_put_there_and_taken_away(damage: power.Damage) -> None:
    with power.damaged(damage):
        pass

    assert explore_native.expand is expand.expand


def test_each_fault_has_a_damage() -> None:
    assert {damage.fault for damage in DAMAGES} == set(range(7))
    assert {damage.what for damage in DAMAGES if damage.fault} == set(power.FAULTS)


def test_power_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["fuzz", "--power", "--programs", "1", "--seed", "600152"])
    monkeypatch.setattr(power, "SEARCH", {kind: {**options, "engine": "interpret"} for kind, options in power.SEARCH.items()})

    assert main() == 0

    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("| ") and "that show it" not in line]) == len(DAMAGES)
    assert "what others do later counts | 1 | 1 | 1 | 600152 |" in "\n".join(lines)
