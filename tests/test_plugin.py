"""The plugin for pytest, as a project that is not ours uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parent.parent
PETERSON = str(ROOT / "tests" / "models" / "peterson.py")
TESTS = f"""
import pytest

pytestmark = pytest.mark.checks(model={PETERSON!r}, engine="interpret")

@pytest.mark.parametrize("design", ["peterson", "turn_first"])
def test_design(check, design):
    check(design=design).must_hold()

def test_the_broken_one(check):
    result = check(design="turn_first").must_violate("mutual_exclusion")
    assert result.scenario == "two"

@pytest.mark.checks(design="turn_first")
def test_mark(check):
    with pytest.raises(AssertionError, match="does not violate deadlock"):
        check().must_violate("deadlock")
    assert check(design="peterson").must_hold().design == "peterson"

def test_options(check):
    check(design="peterson", time_limit=100).must_hold()
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    pytester.makepyfile(TESTS)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return pytester


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "checker.pytest_plugin", "--strict-markers", "-p", "no:cacheprovider", *options)


def test_a_failure_shows_the_race_in_ten_lines(project):
    result = run(project)

    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines([
        "*AssertionError: does not hold", "E*violated  turn_first  two  mutual_exclusion*", "E*raise_flag(*", "E*violated: At most one*",
        "FAILED *test_design?turn_first?*",
    ])  # fmt: skip
    assert "pytest_plugin.py" not in result.stdout.str()


def test_it_works_with_xdist(project):
    pytest.importorskip("xdist")
    run(project, "-n", "2").assert_outcomes(passed=4, failed=1)


def test_options_go_before_what_tests_say_and_an_error_is_one_message(project):
    result = run(project, "--check-time-limit", "0.000001")

    result.assert_outcomes(failed=5)
    result.stdout.fnmatch_lines(["the time limit of 1e-06 s was over while the model was compiled*"])
    assert "api.py" not in result.stdout.str()
    assert run(project, "--check-bound", "many").ret == pytest.ExitCode.USAGE_ERROR


def test_a_bound_for_all(project):
    project.makepyfile(test_bound="def test_bound(check):\n    assert check(scenario='append_flush', bound=5, engine='interpret').bound == 1\n")

    run(project, "--check-bound", "1", "test_bound.py").assert_outcomes(passed=1)
