"""How problems are said: one message with place, rule, source line and remedy."""

from __future__ import annotations

from pathlib import Path

from checker.base.errors import CheckerError, InternalError, ModelError, Problem, UsageError, shown_path


def test_a_problem_shows_place_rule_source_and_remedy(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "m.py"
    file.write_text("first\n    second()\n")
    problem = Problem(
        str(file), 2, "two-accesses", "one statement touches shared state twice", "Put each on its\nown line."
    )

    assert str(problem).splitlines() == [
        "m.py:2: one statement touches shared state twice   [two-accesses]",
        "    second()",
        "  Put each on its",
        "  own line.",
    ]


def test_a_problem_without_line_names_the_file_only():
    assert str(Problem("/nowhere/m.py", 0, "python", "not Python")) == "/nowhere/m.py: not Python   [python]"
    assert str(Problem("", 0, "stale-anchor", "no function")) == "no function   [stale-anchor]"


def test_a_model_error_lists_all_its_problems():
    problems = [Problem("a.py", 0, "unset", "x is unset"), Problem("b.py", 0, "type", "no bool")]

    assert str(ModelError(problems)) == "a.py: x is unset   [unset]\nb.py: no bool   [type]"
    assert ModelError(problems[0]).problems == problems[:1]


def test_every_error_is_a_checker_error():
    for kind in (ModelError, UsageError, InternalError):
        assert issubclass(kind, CheckerError)


def test_a_path_outside_the_current_directory_stays_as_it_is(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert shown_path("/elsewhere/m.py") == "/elsewhere/m.py"
    assert shown_path(tmp_path / "model" / "state.py") == "model/state.py"
